//! Follows a device's clock by the times of its callbacks.
//!
//! A second-order delay-locked loop after F. Adriaensen, "Using a DLL to filter time" (LAC 2005),
//! for callbacks of any and varying size. It locks with 0.25 Hz bandwidth and narrows to 0.016 Hz over
//! a minute, so callback jitter of a millisecond ends as microseconds. It starts no wider, because the
//! rate learnt from a few late callbacks would be off by thousands of ppm, and no device is. No threads,
//! no allocation; positions in frames, times in seconds.

use std::f64::consts::{SQRT_2, TAU};

/// Bandwidth at the first callbacks, Hz.
const WIDE_HZ: f64 = 0.25;
/// Bandwidth once locked, Hz.
const NARROW_HZ: f64 = 0.016;
/// For so long after the start a callback that comes earlier than expected is the truth: callbacks can
/// be late, never early, so those before it were late.
const FIRST_SECONDS: f64 = 0.3;
/// A callback this many seconds off its time is no jitter: the device stopped, or its clock jumped.
const OUTLIER_SECONDS: f64 = 0.030;
/// So many outliers in a row are the truth.
const OUTLIERS_BELIEVED: u32 = 4;

/// How far a stamp may pull the loop: this many times the usual error, which is the median of the last stamps'.
/// A callback that comes 10 ms late on a machine whose callbacks are 0.3 ms late says nothing about the device,
/// however often it happens (a mean would learn from it); if they are all late from now on, that becomes the usual.
const PULL_SPREADS: f64 = 3.0;
/// In so many seconds the usual error becomes 2.7 times larger or smaller, and it stays between these, seconds.
const SPREAD_SECONDS: f64 = 0.25;
const SPREAD_RANGE: (f64, f64) = (0.000_05, 0.010);

/// What a stamp did to the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// It was taken in.
    Steady,
    /// It was far off and left out; the next ones will tell.
    Outlier,
    /// Outliers went on: the device's time line has broken. The loop still follows the old one until
    /// it is told to [`DelayLockedLoop::restart`].
    Broken,
}

/// The loop.
#[derive(Debug, Clone)]
pub struct DelayLockedLoop {
    nominal: f64,
    period: f64,
    position: f64,
    time: f64,
    locked_at: Option<f64>,
    /// The usual error, seconds.
    spread: f64,
    outliers: u32,
}

impl DelayLockedLoop {
    /// A loop for a device that claims `rate` frames a second.
    pub fn new(rate: f64) -> Self {
        Self {
            nominal: rate,
            period: rate.recip(),
            position: 0.0,
            time: 0.0,
            locked_at: None,
            spread: 0.001,
            outliers: 0,
        }
    }

    /// Takes in that the device had reached `position` at `time`.
    pub fn follow(&mut self, position: f64, time: f64) -> Follow {
        let Some(locked_at) = self.locked_at else {
            self.restart(position, time);
            return Follow::Steady;
        };
        let frames = position - self.position;
        if frames <= 0.0 {
            return Follow::Steady; // nothing moved, nothing to learn
        }
        let error = time - (self.time + frames * self.period);
        if error.abs() > OUTLIER_SECONDS {
            self.outliers += 1;
            if self.outliers < OUTLIERS_BELIEVED {
                return Follow::Outlier;
            }
            return Follow::Broken;
        }
        self.outliers = 0;
        let age = time - locked_at;
        if age < FIRST_SECONDS && error < 0.0 {
            (self.position, self.time) = (position, time);
            return Follow::Steady;
        }
        let bandwidth = (4.0 + age).recip().clamp(NARROW_HZ, WIDE_HZ);
        // A step up for what is above and a step down for what is below ends at the median.
        let step = 1.0 + (frames * self.period / SPREAD_SECONDS).min(0.5);
        let spread = if error.abs() > self.spread {
            self.spread * step
        } else {
            self.spread / step
        };
        self.spread = spread.clamp(SPREAD_RANGE.0, SPREAD_RANGE.1);
        let most = PULL_SPREADS * self.spread;
        let error = error.clamp(-most, most);
        // Bounded: a callback after a long silence must not make the loop leap.
        let omega = (TAU * bandwidth * frames * self.period).min(0.5);
        self.time += frames * self.period + SQRT_2 * omega * error;
        self.period += omega * omega * error / frames;
        // No sound device is off by 1 %: past that the stamps are wrong, not the clock.
        self.period = self.period.clamp(0.99 / self.nominal, 1.01 / self.nominal);
        self.position = position;
        Follow::Steady
    }

    /// Believes this stamp entirely. The rate learnt so far is kept.
    pub fn restart(&mut self, position: f64, time: f64) {
        (self.position, self.time, self.locked_at, self.outliers) = (position, time, Some(time), 0);
    }

    /// Carries on by what was learnt, and believes the next stamp entirely.
    pub fn pause(&mut self) {
        self.locked_at = None;
    }

    /// It is following: there has been a stamp since the start or the last pause.
    pub fn is_running(&self) -> bool {
        self.locked_at.is_some()
    }

    /// Seconds the loop has followed without a break, as of `time`.
    pub fn age(&self, time: f64) -> f64 {
        self.locked_at.map_or(0.0, |locked_at| time - locked_at)
    }

    /// Where the device is at `time`, in frames.
    pub fn position_at(&self, time: f64) -> f64 {
        self.position + (time - self.time) / self.period
    }

    /// When the device is at `position`, in seconds.
    pub fn time_at(&self, position: f64) -> f64 {
        self.time + (position - self.position) * self.period
    }

    /// The device's rate as the stamps say, frames a second.
    pub fn rate(&self) -> f64 {
        self.period.recip()
    }

    /// The device's clock against its nominal rate, parts per million. Positive is fast.
    pub fn ppm(&self) -> f64 {
        (self.rate() / self.nominal - 1.0) * 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Late by up to 0.3 ms, evenly, repeatably.
    struct Jitter(u64);

    impl Jitter {
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f64 / (1_u64 << 24) as f64 * 0.0003
        }
    }

    fn error_after_30_s(ppm: f64, sizes: &[u32]) -> (f64, f64) {
        let rate = 48_000.0 * (1.0 + ppm * 1e-6);
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut position, mut worst, mut mean) = (Jitter(7), 0.0, 0.0_f64, 0.0);
        let mut measured = 0_u32;
        for size in sizes.iter().cycle() {
            position += f64::from(*size);
            let time = position / rate;
            dll.follow(position, time + jitter.next());
            if time > 630.0 {
                break;
            }
            if time > 30.0 {
                // The jitter's mean is a constant delay, not an error.
                let error = dll.time_at(position) - time - 0.00015;
                worst = worst.max(error.abs());
                mean += error;
                measured += 1;
            }
        }
        (worst, mean / f64::from(measured))
    }

    #[test]
    fn jitter_of_a_third_of_a_millisecond_ends_as_microseconds() {
        for ppm in [-200.0, 0.0, 200.0] {
            for sizes in [&[512][..], &[1, 777, 64, 2048]] {
                let (worst, mean) = error_after_30_s(ppm, sizes);
                assert!(worst < 100e-6, "{ppm} ppm, {sizes:?}: worst {:.1} us", worst * 1e6);
                assert!(mean.abs() < 10e-6, "{ppm} ppm, {sizes:?}: mean {:.1} us", mean * 1e6);
            }
        }
    }

    #[test]
    fn callbacks_that_are_late_now_and_then_do_not_pull_the_rate() {
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut worst) = (Jitter(3), 0.0_f64);
        for n in 1..100 * 60_u32 {
            let time = f64::from(n) * 0.01;
            // The machine stops for 12 ms twice a second: one callback is late, and the next a little.
            let stop = match n % 50 {
                7 => 0.012,
                8 => 0.002,
                _ => 0.0,
            };
            dll.follow(f64::from(n) * 480.0, time + stop + jitter.next());
            if time > 10.0 {
                worst = worst.max(dll.ppm().abs());
            }
        }
        assert!(worst < 25.0, "{worst:.0} ppm");
    }

    #[test]
    fn a_machine_that_stops_all_the_time_is_followed_as_if_it_did_not() {
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut free_at, mut worst) = (Jitter(5), 0.0_f64, 0.0_f64);
        for n in 1..60 * 47_u32 {
            let position = f64::from(n) * 1024.0;
            let time = position / 48_000.0;
            // Twice a second nobody runs for 4 to 20 ms, in the middle of a period or at its end.
            if n % 23 == 9 {
                free_at = time + [0.004, 0.020, 0.008, 0.012][n as usize / 23 % 4];
            }
            dll.follow(position, (time + jitter.next()).max(free_at));
            if time > 5.0 {
                worst = worst.max(dll.ppm().abs());
            }
            if time > 30.0 {
                let error = dll.time_at(position) - time - 0.00015;
                assert!(error.abs() < 100e-6, "{:.0} us at {time:.1} s", error * 1e6);
            }
        }
        assert!(worst < 100.0, "{worst:.0} ppm");
    }

    #[test]
    fn one_late_callback_is_left_out_and_a_broken_time_line_is_noticed() {
        let mut dll = DelayLockedLoop::new(48_000.0);
        for n in 1..1000 {
            dll.follow(f64::from(n) * 480.0, f64::from(n) * 0.01);
        }
        let before = dll.rate();
        assert_eq!(dll.follow(480_000.0, 10.5), Follow::Outlier);
        assert_eq!(dll.follow(480_480.0, 10.01), Follow::Steady);
        assert!((dll.rate() / before - 1.0).abs() < 1e-7);
        let told: Vec<_> = (0..4)
            .map(|n| dll.follow(480_960.0 + f64::from(n) * 480.0, 11.0 + f64::from(n) * 0.01))
            .collect();
        assert_eq!(
            told,
            [Follow::Outlier, Follow::Outlier, Follow::Outlier, Follow::Broken]
        );
        dll.restart(482_400.0, 11.03);
        assert!((dll.position_at(11.03) - 482_400.0).abs() < 1e-6);
    }
}
