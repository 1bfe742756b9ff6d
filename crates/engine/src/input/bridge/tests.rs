//! A device with a clock of its own, in virtual time.

mod clocks;
mod gaps;

use std::f64::consts::TAU;

use super::*;
use crate::inlet::{InletWriter, inlet};
use crate::time::Nanos;

struct Device {
    writer: InletWriter,
    nominal: f64,
    ppm: f64,
    /// How its clock wanders, ppm to either side, once in ten minutes.
    wander: f64,
    sizes: &'static [usize],
    calls: usize,
    position: u64,
    /// When the last callback should have come, seconds.
    even: f64,
    audio: Vec<Frame>,
    jitter: u64,
    /// Its tone; zero is a constant, which costs less.
    hz: f64,
    stalled_until: f64,
}

impl Device {
    fn new(nominal: f64, ppm: f64, sizes: &'static [usize]) -> (Self, Bridge) {
        Self::of_quality(nominal, ppm, sizes, Quality::default())
    }

    fn of_quality(nominal: f64, ppm: f64, sizes: &'static [usize], quality: Quality) -> (Self, Bridge) {
        let (writer, inlet) = inlet(nominal, (nominal * 4.0) as usize);
        let device = Self {
            writer,
            nominal,
            ppm,
            wander: 0.0,
            sizes,
            calls: 0,
            position: 0,
            even: 0.0,
            audio: Vec::new(),
            jitter: 1,
            hz: 1000.0,
            stalled_until: 0.0,
        };
        (device, Bridge::with_quality(inlet, SampleRate::DESK, quality))
    }

    /// Frames a second at `time`.
    fn rate(&self, time: f64) -> f64 {
        self.nominal * (1.0 + (self.ppm + self.wander * (TAU * time / 600.0).sin()) * 1e-6)
    }

    /// Delivers every callback that falls before `now`, each up to 0.3 ms late.
    fn run_until(&mut self, now: f64) {
        loop {
            let size = self.sizes[self.calls % self.sizes.len()];
            let even = self.even + size as f64 / self.rate(self.even);
            self.jitter = self
                .jitter
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let late = (self.jitter >> 40) as f64 / (1_u64 << 24) as f64 * 0.0003;
            let at = (even + late).max(self.stalled_until);
            if at > now {
                return;
            }
            let step = TAU * self.hz / self.nominal;
            self.audio.clear();
            if self.hz == 0.0 {
                self.audio.resize(size, [0.25; 2]);
            } else {
                let tone = |n| [(0.5 * (step * (self.position + n as u64) as f64).sin()) as f32; 2];
                self.audio.extend((0..size).map(tone));
            }
            self.writer.write_stamped(&self.audio, Nanos::from_seconds(at));
            self.position += size as u64;
            self.even = even;
            self.calls += 1;
        }
    }

    /// It loses what it would have captured in the next `seconds`, and calls back so much later from then on.
    fn lose(&mut self, seconds: f64) {
        self.even += seconds;
    }

    /// Seconds from the moment it captured what the bridge reads next to `due`.
    fn delay(&self, bridge: &Bridge, due: f64) -> f64 {
        due - self.even + (self.position as f64 - bridge.place()) / self.rate(self.even)
    }
}

struct Heard {
    delays: Vec<f64>,
    audio: Vec<f32>,
    quiet_blocks: usize,
    /// When the last of them was over, seconds.
    quiet_until: f64,
    /// The lowest and the highest that was reported.
    ppm: (f64, f64),
}

impl Heard {
    /// Mean, root mean square about it, and the largest distance from it, of the delays after the first `skip` blocks.
    fn spread(&self, skip: usize) -> (f64, f64, f64) {
        let delays = &self.delays[skip..];
        let count = delays.len() as f64;
        let mean = delays.iter().sum::<f64>() / count;
        let square = delays.iter().map(|delay| (delay - mean).powi(2)).sum::<f64>() / count;
        let worst = delays.iter().map(|delay| (delay - mean).abs()).fold(0.0, f64::max);
        (mean, square.sqrt(), worst)
    }

    /// The largest second difference: a click, or a step of the ratio, in a tone of 1 kHz.
    fn step(&self) -> f64 {
        let turn = 2.0 * (TAU * 1000.0 / 48_000.0).cos();
        let bend = |w: &[f32]| (f64::from(w[2]) - turn * f64::from(w[1]) + f64::from(w[0])).abs();
        self.audio.windows(3).map(bend).fold(0.0, f64::max)
    }
}

/// Runs the desk from `from` to `until` seconds.
fn run(device: &mut Device, bridge: &mut Bridge, from: f64, until: f64) -> Heard {
    let mut heard = Heard {
        delays: Vec::new(),
        audio: Vec::new(),
        quiet_blocks: 0,
        quiet_until: from,
        ppm: (f64::MAX, f64::MIN),
    };
    let blocks = ((until - from) * 750.0).round() as usize;
    for n in 0..blocks {
        let due = from + n as f64 / 750.0;
        device.run_until(due);
        let mut block = SILENCE;
        if bridge.read(&mut block, &BlockTime { due, speed: 1.0 }) {
            // The truth: where the device really is, against the place that was read.
            heard.delays.push(device.delay(bridge, due));
        } else {
            heard.quiet_blocks += 1;
            heard.quiet_until = due + 1.0 / 750.0;
        }
        let ppm = f64::from(bridge.report().ppm);
        heard.ppm = (heard.ppm.0.min(ppm), heard.ppm.1.max(ppm));
        if device.hz > 0.0 {
            heard.audio.extend(block.map(|frame| frame[0]));
        }
    }
    heard
}
