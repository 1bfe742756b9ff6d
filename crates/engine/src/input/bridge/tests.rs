//! A device with a clock of its own, in virtual time.

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
    let blocks = ((until - from) * 750.0) as usize;
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

#[test]
fn a_wandering_clock_that_is_200_ppm_fast_is_held_for_ten_minutes_without_losing_a_frame() {
    assert_held_for_ten_minutes(200.0);
}

#[test]
fn a_wandering_clock_that_is_200_ppm_slow_is_held_for_ten_minutes_without_losing_a_frame() {
    assert_held_for_ten_minutes(-200.0);
}

fn assert_held_for_ten_minutes(ppm: f64) {
    // The clocks are the same in any quality, and this one is soon done.
    let (mut device, mut bridge) = Device::of_quality(48_000.0, ppm, &[512], Quality::LowLatency);
    (device.hz, device.wander) = (0.0, 10.0);
    run(&mut device, &mut bridge, 0.0, 30.0);
    assert!(bridge.report().locked, "{:?}", bridge.report());
    let heard = run(&mut device, &mut bridge, 30.0, 630.0);
    let (_, rms, worst) = heard.spread(0);
    assert!(
        rms < 30e-6 && worst < 100e-6,
        "{ppm} ppm: rms {:.1}, worst {:.1} us",
        rms * 1e6,
        worst * 1e6
    );
    let report = bridge.report();
    assert_eq!(
        (report.frames_lost, report.frames_missing, heard.quiet_blocks),
        (0, 0, 0)
    );
    assert!(report.locked && report.error.abs() < 100e-6, "{report:?}");
}

/// Runs from `from` to `until`, locked all the time. Returns the fastest change of the bridge's ratio, a second, and its
/// lowest and highest, relative to nominal.
fn ratio(device: &mut Device, bridge: &mut Bridge, from: f64, until: f64) -> (f64, f64, f64) {
    let (mut fastest, mut low, mut high) = (0.0_f64, f64::MAX, f64::MIN);
    let (mut place, mut before) = (bridge.place(), None);
    for n in 0..((until - from) * 750.0) as usize {
        let due = from + n as f64 / 750.0;
        device.run_until(due);
        assert!(bridge.read(&mut SILENCE.clone(), &BlockTime { due, speed: 1.0 }));
        assert!(bridge.report().locked, "not locked at {due:.2} s");
        // What was really read, not what was asked of the resampler.
        let now = (bridge.place() - place) / bridge.block;
        place = bridge.place();
        let change = (now - before.replace(now).unwrap_or(now)).abs() * 750.0;
        (fastest, low, high) = (fastest.max(change), low.min(now), high.max(now));
    }
    (fastest, low, high)
}

#[test]
fn a_locked_ratio_changes_by_5_ppm_a_second_at_most_and_faster_only_while_the_room_moves() {
    for (ppm, sizes) in [(200.0, &[512][..]), (-200.0, &[64]), (-200.0, &[441, 1, 1024, 64])] {
        let (mut device, mut bridge) = Device::of_quality(48_000.0, ppm, sizes, Quality::LowLatency);
        (device.hz, device.wander) = (0.0, 10.0);
        run(&mut device, &mut bridge, 0.0, 30.0);
        let (fastest, low, high) = ratio(&mut device, &mut bridge, 30.0, 150.0);
        assert!(
            fastest < 5.1e-6,
            "{ppm} ppm, {sizes:?}: {:.2} ppm a second",
            fastest * 1e6
        );
        let off = (low - 1.0 - ppm * 1e-6).abs().max((high - 1.0 - ppm * 1e-6).abs());
        assert!(off < 40e-6, "{ppm} ppm, {sizes:?}: {:.1} ppm off", off * 1e6);
        // Ten milliseconds more room are made in twenty seconds.
        bridge.margin.was_late(0.0065);
        let (fastest, low, _) = ratio(&mut device, &mut bridge, 150.0, 180.0);
        assert!(bridge.margin.seconds() > 0.0125, "the room did not grow");
        assert!(
            fastest > 1e-3 && fastest < 2.1e-3,
            "{ppm} ppm, {sizes:?}: {:.0} ppm a second",
            fastest * 1e6
        );
        let behind = 1.0 + ppm * 1e-6 - low;
        assert!(
            behind < MARGIN_PACE + 100e-6,
            "{:.0} ppm behind its device",
            behind * 1e6
        );
    }
}

#[test]
fn other_rates_and_odd_callbacks_are_held_as_well() {
    for ppm in [-200.0, 200.0] {
        for (nominal, sizes) in [
            (44_100.0, &[441, 1, 1024, 64][..]),
            (96_000.0, &[256]),
            (48_000.0, &[1, 8192]),
        ] {
            let (mut device, mut bridge) = Device::new(nominal, ppm, sizes);
            device.hz = 0.0;
            run(&mut device, &mut bridge, 0.0, 30.0);
            let heard = run(&mut device, &mut bridge, 30.0, 70.0);
            let (_, rms, worst) = heard.spread(0);
            assert!(
                rms < 30e-6 && worst < 100e-6,
                "{ppm} ppm, {nominal} Hz: worst {:.0} us",
                worst * 1e6
            );
            let report = bridge.report();
            assert_eq!(
                (report.frames_lost, report.frames_missing, heard.quiet_blocks),
                (0, 0, 0)
            );
            assert!((f64::from(report.ppm) - ppm).abs() < 10.0, "{} for {ppm}", report.ppm);
        }
    }
}

#[test]
fn a_sine_comes_out_as_a_sine_of_the_devices_pitch() {
    let (mut device, mut bridge) = Device::new(48_000.0, 150.0, &[480]);
    device.hz = 1000.0;
    run(&mut device, &mut bridge, 0.0, 20.0);
    let heard = run(&mut device, &mut bridge, 20.0, 22.0);
    let step = heard.step();
    assert!(step < 1e-4, "a step of {:.1} dBFS", 20.0 * step.log10());
}

/// The largest bend of the tone where it is faded over a block: a corner of 1/64 in 0.5, and what the resampler adds.
const SOFT: f64 = 0.02;

#[test]
fn a_device_that_stalls_for_less_than_there_is_room_falls_silent_softly_too() {
    let (mut device, mut bridge) = Device::new(48_000.0, 100.0, &[256]);
    run(&mut device, &mut bridge, 0.0, 20.0);
    bridge.margin.was_late(0.050);
    bridge.margin.settle();
    let settling = run(&mut device, &mut bridge, 20.0, 25.0);
    assert!(settling.quiet_blocks > 0 && bridge.margin.seconds() > 0.090);
    device.lose(0.060);
    let gap = run(&mut device, &mut bridge, 25.0, 27.0);
    assert!(
        (45..79).contains(&gap.quiet_blocks),
        "{} quiet blocks",
        gap.quiet_blocks
    );
    let step = gap.step();
    assert!(step < SOFT, "a step of {:.1} dBFS", 20.0 * step.log10());
    assert!(
        gap.audio[gap.audio.len() - 4800..]
            .iter()
            .any(|sample| sample.abs() > 0.49)
    );
}

#[test]
fn a_device_that_stops_at_once_fades_within_what_its_resampler_holds() {
    for (quality, most) in [
        (Quality::LowLatency, 2.0 * SOFT),
        (Quality::Balanced, SOFT),
        (Quality::Best, SOFT),
    ] {
        for size in [&[64][..], &[441], &[1024]] {
            let (mut device, mut bridge) = Device::of_quality(48_000.0, 100.0, size, quality);
            run(&mut device, &mut bridge, 0.0, 5.0);
            device.stalled_until = 7.0;
            let heard = run(&mut device, &mut bridge, 5.0, 6.0);
            assert!(heard.quiet_blocks > 700, "{quality:?}, {size:?}");
            let step = heard.step();
            assert!(
                step < most,
                "{quality:?}, {size:?}: a step of {:.1} dBFS",
                20.0 * step.log10()
            );
        }
    }
}

#[test]
fn a_device_that_stalls_falls_silent_softly_and_is_taken_back() {
    for (ppm, stalls) in [(100.0, &[0.05, 0.5][..]), (2_000.0, &[30.0]), (-2_000.0, &[30.0])] {
        for &stall in stalls {
            let (mut device, mut bridge) = Device::new(48_000.0, ppm, &[256]);
            run(&mut device, &mut bridge, 0.0, 20.0);
            // While it stalls its audio is not captured: it goes on from where it stopped.
            device.lose(stall);
            let during = run(&mut device, &mut bridge, 20.0, 20.0 + stall);
            assert!(during.quiet_blocks > 0);
            let back = run(&mut device, &mut bridge, 20.0 + stall, 22.0 + stall);
            // A period and 100 ms.
            assert!(back.quiet_blocks <= 79, "{stall} s: {} quiet blocks", back.quiet_blocks);
            let step = during.step().max(back.step());
            assert!(step < SOFT, "{stall} s: a step of {:.1} dBFS", 20.0 * step.log10());
            let tail = &back.audio[back.audio.len() - 4800..];
            assert!(tail.iter().any(|sample| sample.abs() > 0.49), "it sounds again");
            device.hz = 0.0;
            let later = run(&mut device, &mut bridge, 22.0 + stall, 62.0 + stall);
            assert_eq!(later.quiet_blocks, 0);
            let (_, rms, worst) = later.spread(30 * 750);
            assert!(
                rms < 30e-6 && worst < 100e-6,
                "{ppm} ppm, {stall} s: {:.0} us",
                worst * 1e6
            );
            assert!(bridge.report().locked, "{:?}", bridge.report());
            assert!(
                (f64::from(bridge.report().ppm) - ppm).abs() < 5.0,
                "{:?}",
                bridge.report()
            );
        }
    }
}

#[test]
fn a_stall_of_5_ms_to_30_s_is_over_100_ms_and_a_period_later_and_counted_to_the_frame() {
    for sizes in [&[64][..], &[256], &[1024]] {
        for stall in [0.005, 0.05, 0.5, 30.0] {
            let (mut device, mut bridge) = Device::of_quality(48_000.0, 100.0, sizes, Quality::LowLatency);
            device.hz = 0.0;
            run(&mut device, &mut bridge, 0.0, 30.0);
            assert_eq!(bridge.report().frames_missing, 0);
            let room = bridge.margin.seconds();
            device.lose(stall);
            let gap = run(&mut device, &mut bridge, 30.0, 32.0 + stall);
            let missing = bridge.report().frames_missing;
            let back = gap.quiet_until - 30.0 - stall - sizes[0] as f64 / 48_000.0;
            assert!(back < 0.100, "{stall} s, {sizes:?}: {:.0} ms and a period", back * 1e3);
            // The last block before is heard as far as there was something for it.
            let part = missing as i64 - (gap.quiet_blocks * BLOCK_FRAMES) as i64;
            assert!((0..=64).contains(&part), "{stall} s, {sizes:?}: {part} frames");
            // What was not captured, less what the resampler held and the block that fades in; a stall that there is
            // room for is not heard.
            let least = if stall < room { 0.0 } else { stall * 48_000.0 - 96.0 };
            assert!(missing as f64 >= least, "{stall} s, {sizes:?}: {missing} of {least:.0}");
        }
    }
}

#[test]
fn a_device_that_is_closed_is_not_missing() {
    let (mut device, mut bridge) = Device::of_quality(48_000.0, 0.0, &[256], Quality::LowLatency);
    device.hz = 0.0;
    run(&mut device, &mut bridge, 0.0, 5.0);
    drop(device);
    for n in 0..3_000 {
        let due = 5.0 + f64::from(n) / 750.0;
        bridge.read(&mut SILENCE.clone(), &BlockTime { due, speed: 1.0 });
    }
    assert_eq!(
        (bridge.phase(), bridge.report().frames_missing),
        (InputPhase::Waiting, 0)
    );
}

#[test]
fn callbacks_of_21_ms_may_come_4_ms_late_from_the_first_on() {
    for (size, late, lost) in [
        (1024, 0.0045, false),
        (1024, 0.0065, true),
        (64, 0.0025, false),
        (64, 0.0045, true),
    ] {
        let sizes: &'static [usize] = if size == 64 { &[64] } else { &[1024] };
        let (mut device, mut bridge) = Device::of_quality(48_000.0, 100.0, sizes, Quality::LowLatency);
        device.hz = 0.0;
        run(&mut device, &mut bridge, 0.0, 5.0);
        // Late is what it is after when it should have come.
        device.stalled_until = device.even + size as f64 / 48_000.0 + late;
        let heard = run(&mut device, &mut bridge, 5.0, 6.0);
        assert_eq!(
            heard.quiet_blocks > 0,
            lost,
            "{size} frames, {late} s: {} blocks",
            heard.quiet_blocks
        );
    }
}

#[test]
fn one_callback_that_comes_half_a_second_late_is_one_gap_and_nothing_else() {
    for (late, least) in [(0.5, 360), (0.05, 20)] {
        let (mut device, mut bridge) = Device::new(48_000.0, -100.0, &[256]);
        run(&mut device, &mut bridge, 0.0, 40.0);
        let before = run(&mut device, &mut bridge, 40.0, 45.0);
        // All of it arrives, at once.
        device.stalled_until = 45.0 + late;
        let gap = run(&mut device, &mut bridge, 45.0, 46.0);
        device.hz = 0.0;
        let after = run(&mut device, &mut bridge, 46.0, 76.0);
        assert!(
            (least..least + 30).contains(&gap.quiet_blocks),
            "{} blocks",
            gap.quiet_blocks
        );
        assert_eq!(after.quiet_blocks, 0);
        for (low, high) in [gap.ppm, after.ppm] {
            assert!(low > -120.0 && high < -80.0, "{low:.0} to {high:.0} ppm");
        }
        let moved = after.spread(20 * 750).0 - before.spread(0).0;
        assert!(moved.abs() < 0.002, "{:.1} ms", moved * 1e3);
    }
}

#[test]
fn a_device_that_leaves_out_a_cycle_costs_that_cycle_and_neither_pitch_nor_latency() {
    for (sizes, lost) in [(&[1024][..], 1024.0), (&[256], 256.0), (&[256], 768.0)] {
        let (mut device, mut bridge) = Device::new(48_000.0, 150.0, sizes);
        run(&mut device, &mut bridge, 0.0, 40.0);
        let before = run(&mut device, &mut bridge, 40.0, 45.0);
        device.lose(lost / 48_000.0);
        let gap = run(&mut device, &mut bridge, 45.0, 47.0);
        device.hz = 0.0;
        let after = run(&mut device, &mut bridge, 47.0, 87.0);
        let moved = after.spread(30 * 750).0 - before.spread(0).0;
        assert!(
            (gap.quiet_blocks as f64) < 2.0 * lost / 64.0 + 15.0,
            "{} blocks",
            gap.quiet_blocks
        );
        assert_eq!(after.quiet_blocks, 0);
        for (low, high) in [gap.ppm, after.ppm] {
            assert!(low > 130.0 && high < 170.0, "{sizes:?}: {low:.0} to {high:.0} ppm");
        }
        assert!(moved.abs() < 0.001, "{sizes:?}, {lost}: {:.2} ms", moved * 1e3);
        assert!(bridge.report().locked);
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

/// Runs the desk from `from` to `until` seconds on a machine that stands still: in each of `stops` (when it begins and
/// how long it lasts, seconds) device and desk come late together. Returns when the device was locked and when not, and
/// the blocks that were not heard.
fn run_with_stops(
    device: &mut Device,
    bridge: &mut Bridge,
    (from, until): (f64, f64),
    stops: impl Fn(f64) -> Option<f64>,
) -> (Vec<(f64, bool)>, usize) {
    let (mut changes, mut quiet) = (vec![(from, bridge.report().locked)], 0);
    for n in 0..((until - from) * 750.0) as usize {
        let due = from + n as f64 / 750.0;
        let stopped = stops(due);
        device.stalled_until = stopped.unwrap_or(device.stalled_until);
        device.run_until(stopped.unwrap_or(due));
        quiet += usize::from(!bridge.read(&mut SILENCE.clone(), &BlockTime { due, speed: 1.0 }));
        let locked = bridge.report().locked;
        if changes.last().is_some_and(|(_, before)| *before != locked) {
            changes.push((due, locked));
        }
    }
    (changes, quiet)
}

#[test]
fn a_machine_that_stands_still_now_and_then_leaves_a_device_followed_while_its_room_grows() {
    let once = |_| 0.040;
    let often = |stop: usize| [0.050, 0.020, 0.035, 0.027][stop % 4];
    for (frames, every, length) in [
        (&[1024][..], f64::MAX, &once as &dyn Fn(usize) -> f64),
        (&[256], 30.0, &often),
        (&[1024], 30.0, &often),
    ] {
        let (mut device, mut bridge) = Device::of_quality(48_000.0, 60.0, frames, Quality::LowLatency);
        device.hz = 0.0;
        run(&mut device, &mut bridge, 0.0, 40.0);
        let stops = |due: f64| {
            let since = due - 45.0;
            let stop = (since / every).floor();
            let end = 45.0 + stop * every + length(stop as usize);
            (since >= 0.0 && due < end).then_some(end)
        };
        let room = bridge.margin.seconds();
        let (changes, quiet) = run_with_stops(&mut device, &mut bridge, (40.0, 200.0), stops);
        assert_eq!((changes, quiet), (vec![(40.0, true)], 0), "{frames:?}");
        assert!(
            bridge.margin.seconds() > room + 0.010,
            "its room did not grow: nothing was tried"
        );
    }
}
