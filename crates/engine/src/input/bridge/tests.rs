//! A device with a clock of its own, in virtual time.

use std::f64::consts::TAU;

use airdesk_dsp::SILENCE;

use super::*;
use crate::inlet::{InletWriter, inlet};
use crate::time::Nanos;

struct Device {
    writer: InletWriter,
    rate: f64,
    sizes: &'static [usize],
    calls: usize,
    position: u64,
    jitter: u64,
    hz: f64,
    stalled_until: f64,
}

impl Device {
    fn new(nominal: f64, ppm: f64, sizes: &'static [usize]) -> (Self, Bridge) {
        let (writer, inlet) = inlet(nominal, (nominal * 4.0) as usize);
        let rate = nominal * (1.0 + ppm * 1e-6);
        let device = Self {
            writer,
            rate,
            sizes,
            calls: 0,
            position: 0,
            jitter: 1,
            hz: 1000.0,
            stalled_until: 0.0,
        };
        (device, Bridge::new(inlet, SampleRate::DESK))
    }

    /// Delivers every callback that falls before `now`, each up to 0.3 ms late.
    fn run_until(&mut self, now: f64) {
        loop {
            let size = self.sizes[self.calls % self.sizes.len()];
            let due = (self.position + size as u64) as f64 / self.rate;
            self.jitter = self
                .jitter
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let late = (self.jitter >> 40) as f64 / (1_u64 << 24) as f64 * 0.0003;
            let at = (due + late).max(self.stalled_until);
            if at > now {
                return;
            }
            let step = TAU * self.hz / self.rate;
            let frames: Vec<Frame> = (0..size)
                .map(|n| [(0.5 * (step * (self.position + n as u64) as f64).sin()) as f32; 2])
                .collect();
            self.writer.write_stamped(&frames, Nanos::from_seconds(at));
            self.position += size as u64;
            self.calls += 1;
        }
    }
}

struct Heard {
    delays: Vec<f64>,
    audio: Vec<f32>,
    quiet_blocks: usize,
}

/// Runs the desk from `from` to `until` seconds.
fn run(device: &mut Device, bridge: &mut Bridge, from: f64, until: f64) -> Heard {
    let mut heard = Heard {
        delays: Vec::new(),
        audio: Vec::new(),
        quiet_blocks: 0,
    };
    let blocks = ((until - from) * 750.0) as usize;
    for n in 0..blocks {
        let due = from + n as f64 / 750.0;
        device.run_until(due);
        let mut block = SILENCE;
        if bridge.read(&mut block, &BlockTime { due, speed: 1.0 }) {
            // The truth: where the device really is, against the place that was read.
            heard.delays.push(due - bridge.place() / device.rate);
        } else {
            heard.quiet_blocks += 1;
        }
        heard.audio.extend(block.map(|frame| frame[0]));
    }
    heard
}

#[test]
fn two_clocks_200_ppm_apart_stay_locked_without_losing_a_frame() {
    for ppm in [-200.0, 200.0, 0.0] {
        for (nominal, sizes) in [
            (48_000.0, &[512][..]),
            (44_100.0, &[441, 1, 1024, 64]),
            (96_000.0, &[256]),
        ] {
            let (mut device, mut bridge) = Device::new(nominal, ppm, sizes);
            run(&mut device, &mut bridge, 0.0, 30.0);
            let heard = run(&mut device, &mut bridge, 30.0, 150.0);
            assert_eq!(heard.quiet_blocks, 0, "{ppm} ppm, {nominal} Hz");
            let mean = heard.delays.iter().sum::<f64>() / heard.delays.len() as f64;
            // Whole frames leave the ring: that is a sawtooth of one frame in this measure.
            let frame = 1.0 / nominal;
            let worst = heard
                .delays
                .iter()
                .map(|delay| (delay - mean).abs())
                .fold(0.0, f64::max)
                - frame;
            assert!(
                worst < 100e-6,
                "{ppm} ppm, {nominal} Hz, {sizes:?}: {:.0} us",
                worst * 1e6
            );
            let report = bridge.report();
            assert_eq!((report.frames_lost, report.frames_missing), (0, 0));
            assert!((f64::from(report.ppm) - ppm).abs() < 5.0, "{} for {ppm}", report.ppm);
        }
    }
}

#[test]
fn a_sine_comes_out_as_a_sine_of_the_devices_pitch() {
    let (mut device, mut bridge) = Device::new(48_000.0, 150.0, &[480]);
    device.hz = 1000.0;
    run(&mut device, &mut bridge, 0.0, 20.0);
    let heard = run(&mut device, &mut bridge, 20.0, 22.0);
    // Predict each sample from the two before: only a pure sine of this pitch obeys.
    let turn = 2.0 * (TAU * 1000.0 / 48_000.0).cos();
    let worst = heard
        .audio
        .windows(3)
        .map(|w| (f64::from(w[2]) - turn * f64::from(w[1]) + f64::from(w[0])).abs())
        .fold(0.0, f64::max);
    assert!(worst < 1e-4, "a step of {:.1} dBFS", 20.0 * worst.log10());
}

#[test]
fn a_device_that_stalls_falls_silent_softly_and_is_taken_back() {
    for stall in [0.05, 0.5, 30.0] {
        let (mut device, mut bridge) = Device::new(48_000.0, 100.0, &[256]);
        run(&mut device, &mut bridge, 0.0, 10.0);
        device.stalled_until = 10.0 + stall;
        // While it stalls its audio is not captured: it goes on from where it stopped.
        let during = run(&mut device, &mut bridge, 10.0, 10.0 + stall);
        assert!(during.quiet_blocks > 0);
        let missed = (stall * device.rate) as u64;
        device.position += missed;
        device.writer.write(&[]);
        let back = run(&mut device, &mut bridge, 10.0 + stall, 12.0 + stall);
        assert!(back.quiet_blocks < 300, "{stall} s: {} quiet blocks", back.quiet_blocks);
        let tail = &back.audio[back.audio.len() - 4800..];
        assert!(tail.iter().any(|sample| sample.abs() > 0.49), "it sounds again");
        let later = run(&mut device, &mut bridge, 12.0 + stall, 42.0 + stall);
        assert_eq!(later.quiet_blocks, 0);
        let spread = later.delays[15_000..]
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), d| (low.min(*d), high.max(*d)));
        assert!(
            spread.1 - spread.0 < 300e-6,
            "{stall} s: {:.0} us",
            (spread.1 - spread.0) * 1e6
        );
    }
}

#[test]
fn a_device_that_never_calls_back_is_silence_and_nothing_missing() {
    let (_writer, inlet) = inlet(48_000.0, 4800);
    let mut bridge = Bridge::new(inlet, SampleRate::DESK);
    for n in 0..7500 {
        assert!(!bridge.read(
            &mut SILENCE.clone(),
            &BlockTime {
                due: f64::from(n) / 750.0,
                speed: 1.0
            }
        ));
    }
    assert_eq!(bridge.report().frames_missing, 0);
}
