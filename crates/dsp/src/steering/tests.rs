//! A bridge without its audio: two devices, a loop for each, the steering between them, in virtual time.

use std::f64::consts::TAU;

use super::*;
use crate::delay_locked_loop::{DelayLockedLoop, Follow};

const NOMINAL: f64 = 48_000.0;
const HOUR: f64 = 3600.0;

/// A device whose clock is off and wanders, and whose callbacks come up to 0.3 ms late.
struct Device {
    ppm: f64,
    /// To either side, ppm, once in ten minutes.
    wander: f64,
    frames: f64,
    position: f64,
    /// When its last callback should have come, seconds.
    even: f64,
    random: u64,
}

impl Device {
    fn new(ppm: f64, wander: f64, frames: u32) -> Self {
        Self {
            ppm,
            wander,
            frames: f64::from(frames),
            position: 0.0,
            even: 0.0,
            random: u64::from(frames) * 7919 + ppm.to_bits() % 1_000_003,
        }
    }

    fn speed(&self, time: f64) -> f64 {
        1.0 + (self.ppm + self.wander * (TAU * time / 600.0).sin()) * 1e-6
    }

    /// The next callback: the frames up to it, and when it comes.
    fn call(&mut self) -> (f64, f64) {
        self.even += self.frames / NOMINAL / self.speed(self.even);
        self.position += self.frames;
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (
            self.position,
            self.even + (self.random >> 40) as f64 / (1_u64 << 24) as f64 * 0.000_3,
        )
    }

    /// Where it truly is, in frames; `time` lies within some callbacks of the last.
    fn place(&self, time: f64) -> f64 {
        self.position + (time - self.even) * NOMINAL * self.speed(self.even)
    }
}

/// A microphone (`from`) read by the clock of an output (`to`), at each of the output's callbacks.
struct Rig {
    from: Device,
    to: Device,
    source: DelayLockedLoop,
    sink: DelayLockedLoop,
    steering: Steering,
    /// The source's frame read next, and by how many times nominal it moves on.
    read: f64,
    ratio: f64,
    reseats: u32,
    slew: f64,
}

impl Rig {
    const TARGET: f64 = 0.015;

    fn new(from: Device, to: Device) -> Self {
        Self {
            from,
            to,
            source: DelayLockedLoop::new(NOMINAL),
            sink: DelayLockedLoop::new(NOMINAL),
            steering: Steering::new(),
            read: 0.0,
            ratio: 1.0,
            reseats: 0,
            slew: 0.0,
        }
    }

    /// One callback of the output, and those of the microphone before it. Returns the true error of the delay.
    fn turn(&mut self) -> f64 {
        let (position, at) = self.to.call();
        if self.sink.follow(position, at) == Follow::Broken {
            self.sink.restart(position, at);
        }
        while self.from.even < at - 0.000_3 {
            let (position, at) = self.from.call();
            if self.source.follow(position, at) == Follow::Broken {
                self.source.restart(position, at);
            }
        }
        let due = self.sink.time_at(position);
        let elapsed = self.to.frames / NOMINAL;
        let delay = (self.source.position_at(due) - self.read) / NOMINAL;
        let clocks = self.source.rate() / self.sink.rate();
        let was_locked = self.steering.is_locked();
        match self.steering.steer(delay - Self::TARGET, clocks, 0.0, elapsed) {
            Steer::Pull(ratio) => {
                if was_locked && self.steering.is_locked() {
                    self.slew = self.slew.max((ratio - self.ratio).abs() / elapsed);
                }
                self.ratio = ratio;
            }
            Steer::Reseat => {
                self.reseats += 1;
                self.read = self.source.position_at(due) - Self::TARGET * NOMINAL;
                self.ratio = clocks;
            }
        }
        let heard = (self.from.place(self.to.even) - self.read) / NOMINAL;
        self.read += self.to.frames * self.ratio;
        // The jitter's mean is in both lines, and cancels.
        heard - Self::TARGET
    }

    /// Runs until `seconds` and returns mean, root mean square about it, and the largest distance from it, seconds.
    fn run(&mut self, seconds: f64) -> (f64, f64, f64) {
        let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        while self.to.even < seconds {
            let error = self.turn();
            (sum, squares, count) = (sum + error, squares + error * error, count + 1.0);
            (low, high) = (low.min(error), high.max(error));
        }
        let mean = sum / count;
        (
            mean,
            (squares / count - mean * mean).sqrt(),
            (high - mean).max(mean - low),
        )
    }
}

#[test]
fn two_wandering_clocks_400_ppm_apart_are_held_to_microseconds_and_the_ratio_hardly_moves() {
    for (from, to) in [(200.0, -200.0), (-200.0, 200.0), (0.0, 0.0)] {
        for frames in [64, 256, 1024] {
            let mut rig = Rig::new(Device::new(from, 10.0, 512), Device::new(to, -10.0, frames));
            rig.run(30.0);
            rig.slew = 0.0;
            let reseats = rig.reseats;
            let (mean, rms, peak) = rig.run(630.0);
            assert!(
                rms < 30e-6,
                "{from} and {to} ppm, {frames} frames: {:.1} us rms",
                rms * 1e6
            );
            assert!(
                peak < 100e-6,
                "{from} and {to} ppm, {frames} frames: {:.1} us",
                peak * 1e6
            );
            assert!(
                mean.abs() < 50e-6,
                "{from} and {to} ppm, {frames} frames: {:.1} us",
                mean * 1e6
            );
            assert!(rig.slew <= 5.001e-6, "{:.2} ppm a second", rig.slew * 1e6);
            assert!(rig.steering.is_locked());
            assert_eq!(rig.reseats, reseats);
        }
    }
}

#[test]
fn after_a_day_the_delay_is_what_it_was_after_a_minute() {
    let mut rig = Rig::new(Device::new(200.0, 10.0, 1024), Device::new(-200.0, -10.0, 512));
    rig.run(60.0);
    let reseats = rig.reseats;
    let (first, _, _) = rig.run(120.0);
    let (_, rms, peak) = rig.run(24.0 * HOUR - 60.0);
    let (last, _, _) = rig.run(24.0 * HOUR);
    assert!(
        (last - first).abs() < 50e-6 && rms < 30e-6 && peak < 100e-6,
        "{first} {last} {rms} {peak}"
    );
    assert_eq!(rig.reseats, reseats);
}

#[test]
fn a_stall_of_30_s_winds_nothing_up_and_the_delay_is_right_10_s_later() {
    for ppm in [2_000.0, -2_000.0, 200.0, -200.0] {
        let mut rig = Rig::new(Device::new(ppm, 0.0, 512), Device::new(0.0, 0.0, 256));
        rig.run(60.0);
        let reseats = rig.reseats;
        // What it would have recorded is lost: its frames go on from where they stopped.
        rig.from.even += 30.0;
        rig.run(90.5);
        let (mean, _, peak) = rig.run(100.0);
        assert!((rig.ratio - 1.0 - ppm * 1e-6).abs() < 60e-6, "{ppm}: {}", rig.ratio);
        let (settled, rms, later) = rig.run(130.0);
        assert!(settled.abs() < 50e-6, "{ppm}: {:.0} us", settled * 1e6);
        assert!(mean.abs() < 200e-6 && peak < 500e-6, "{ppm}: {mean} {peak}");
        assert!(
            rms < 30e-6 && later < 100e-6 && rig.steering.is_locked(),
            "{ppm}: {rms} {later}"
        );
        assert!(rig.reseats <= reseats + 3, "{ppm}: {} times", rig.reseats - reseats);
    }
}

#[test]
fn an_error_is_pulled_in_from_both_sides_without_overshoot() {
    for start in [0.010, -0.010] {
        let (mut steering, mut error) = (Steering::new(), start);
        for _ in 0..45_000 {
            let Steer::Pull(pull) = steering.steer(error, 1.0, 0.0, 64.0 / NOMINAL) else {
                panic!("{error} is not lost")
            };
            error -= (pull - 1.0) * 64.0 / NOMINAL;
            assert!(error * start >= -start.abs() * 20e-6, "overshot to {error}");
        }
        assert!(error.abs() < 20e-6 && steering.is_locked(), "{error}");
    }
}

#[test]
fn a_delay_far_off_is_taken_up_anew() {
    for error in [0.5, -0.021] {
        assert_eq!(Steering::new().steer(error, 1.0, 0.0, 0.001), Steer::Reseat);
    }
}

#[test]
fn a_target_that_moves_at_the_pace_of_a_bridges_room_is_locked_but_for_a_quarter_of_a_second_when_it_sets_out_and_arrives()
 {
    for pace in [5e-4, -5e-4] {
        let (mut steering, mut error, elapsed) = (Steering::new(), 0.0, 64.0 / NOMINAL);
        for n in 0..45_000 {
            // It rests for ten seconds, moves for thirty, and rests again.
            let drift = if (7_500..30_000).contains(&n) { pace } else { 0.0 };
            let Steer::Pull(pull) = steering.steer(error, 1.0001, drift, elapsed) else {
                panic!("{error} is not lost")
            };
            error += (1.0001 - pull - drift) * elapsed;
            let catches_up = [7_500, 30_000].iter().any(|since| (*since..since + 190).contains(&n));
            assert!(
                n < 7_499 || steering.is_locked() || catches_up,
                "{pace}: not locked at {:.3} s",
                f64::from(n) * elapsed
            );
            assert!(error.abs() < 100e-6, "{pace}: {:.0} us off", error * 1e6);
        }
        assert!(error.abs() < 10e-6, "{pace}: {:.0} us off", error * 1e6);
    }
}
