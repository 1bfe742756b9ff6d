//! Follows a device's clock by the times of its callbacks.
//!
//! A second-order delay-locked loop after F. Adriaensen, "Using a DLL to filter time" (LAC 2005),
//! for callbacks of any and varying size. It locks with 0.25 Hz bandwidth and narrows to 0.016 Hz over
//! a minute, so callback jitter of a millisecond ends as microseconds. It starts no wider, because the
//! rate learnt from a few late callbacks would be off by thousands of ppm, and no device is. A device that
//! leaves out a cycle is late by as much from then on: that is a step, and says nothing about its rate.
//! No threads, no allocation; positions in frames, times in seconds.

use std::f64::consts::{SQRT_2, TAU};

/// Bandwidth at the first callbacks, Hz.
const WIDE_HZ: f64 = 0.25;
/// Bandwidth once locked, Hz.
const NARROW_HZ: f64 = 0.016;
/// The same for a time line that somebody has smoothed already, Hz: it is followed when its rate changes, and has no
/// jitter to be kept out.
const SMOOTH_HZ: f64 = 0.1;
/// Bandwidth at which the rate is learnt at first by who knew it before a break, Hz; and what counts as knowing,
/// seconds.
const KNOWN_HZ: f64 = 0.05;
const KNOWN_SECONDS: f64 = 20.0;
/// For so long after the start a callback that comes earlier than expected is the truth: callbacks can
/// be late, never early, so those before it were late.
const FIRST_SECONDS: f64 = 0.3;
/// But no further than this in all, seconds: a device that keeps coming early runs at another rate.
const FIRST_MOST: f64 = 0.030;
/// A callback this many seconds off its time is no jitter: the device stopped, or its clock jumped.
const OUTLIER_SECONDS: f64 = 0.030;
/// So many outliers that agree are the truth, over so many seconds: what a machine that stood still delivers in one
/// go is late by less and less. Where they never agree, outliers are believed after half a second.
const OUTLIERS_BELIEVED: u32 = 4;
const OUTLIERS_SECONDS: f64 = 0.005;
const OUTLIERS_PATIENCE: f64 = 0.5;

/// How far a stamp may pull the loop: this many times the usual error, which is the median of the last stamps'.
/// A callback that comes 10 ms late on a machine whose callbacks are 0.3 ms late says nothing about the device,
/// however often it happens (a mean would learn from it); if they are all late from now on, that becomes the usual.
const PULL_SPREADS: f64 = 3.0;
/// In so many seconds the usual error becomes 2.7 times larger or smaller, and it stays between these, seconds.
const SPREAD_SECONDS: f64 = 0.25;
const SPREAD_RANGE: (f64, f64) = (0.000_05, 0.010);

/// A stamp that differs from those before by more than this, seconds, and by this many times the usual error,
/// may be the first behind a step. A rate that changes never gets there: its stamps move away little by little.
const STEP_LEAST: f64 = 0.002;
const STEP_SPREADS: f64 = 4.0;
/// Stamps behind a step agree to so many seconds.
const STEP_AGREES: f64 = 0.001;
/// So many stamps over so many seconds that agree are a step: a machine that stops delays fewer.
const STEP_STAMPS: u32 = 5;
const STEP_SECONDS: f64 = 0.1;
/// Seconds over which what is usual about the stamps is remembered.
const USUAL_SECONDS: f64 = 0.25;

/// Stamps that may be behind a step.
#[derive(Debug, Clone, Copy)]
struct Step {
    since: f64,
    stamps: u32,
    errors: f64,
    /// The usual error before.
    spread: f64,
}

impl Step {
    fn mean(&self) -> f64 {
        self.errors / f64::from(self.stamps)
    }
}

/// Stamps far off, in a row.
#[derive(Debug, Clone, Copy)]
struct Outliers {
    since: f64,
    /// Those at the end that agree, how far off they are, and since when they come.
    agreeing: u32,
    error: f64,
    agreeing_since: f64,
}

/// What a stamp did to the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// It was taken in.
    Steady,
    /// It was late, or early, all at once. It moved nothing; the next ones will tell whether this is a step.
    Suspect,
    /// The stamps since the first suspect agree: the time line was moved to where they are, the rate kept.
    Stepped,
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
    /// Bandwidth once locked, Hz.
    narrow: f64,
    period: f64,
    position: f64,
    time: f64,
    locked_at: Option<f64>,
    /// The rate was learnt before the last break.
    known: bool,
    /// The usual error, seconds.
    spread: f64,
    /// How far off the last stamps were, seconds: what is learnt slowly is not told from a step otherwise.
    usual: f64,
    /// By how much callbacks since the start were earlier than the first, seconds.
    early: f64,
    step: Option<Step>,
    outliers: Option<Outliers>,
}

impl DelayLockedLoop {
    /// A loop for a device that claims `rate` frames a second.
    pub fn new(rate: f64) -> Self {
        Self {
            nominal: rate,
            narrow: NARROW_HZ,
            period: rate.recip(),
            position: 0.0,
            time: 0.0,
            locked_at: None,
            known: false,
            spread: 0.001,
            usual: 0.0,
            early: 0.0,
            step: None,
            outliers: None,
        }
    }

    /// A loop for times that are free of jitter, such as those at which the desk's blocks are due.
    pub fn of_smooth_times(rate: f64) -> Self {
        Self {
            narrow: SMOOTH_HZ,
            ..Self::new(rate)
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
            return self.far_off(error, time);
        }
        self.outliers = None;
        let age = time - locked_at;
        if age < FIRST_SECONDS && error < 0.0 && self.early - error < FIRST_MOST {
            self.early -= error;
            (self.position, self.time) = (position, time);
            return Follow::Steady;
        }
        let elapsed = frames * self.period;
        let verdict = self.suspect(error, time);
        // A step up for what is above and a step down for what is below ends at the median.
        let step = 1.0 + (elapsed / SPREAD_SECONDS).min(0.5);
        let spread = if error.abs() > self.spread {
            self.spread * step
        } else {
            self.spread / step
        };
        self.spread = spread.clamp(SPREAD_RANGE.0, SPREAD_RANGE.1);
        (self.position, self.time) = (position, self.time + elapsed);
        match verdict {
            Follow::Stepped => {
                if let Some(step) = self.step.take() {
                    self.time += step.mean();
                    (self.spread, self.usual) = (step.spread, 0.0);
                }
            }
            Follow::Steady => self.pull(error, frames, (4.0 + age).recip().clamp(self.narrow, WIDE_HZ)),
            Follow::Suspect | Follow::Outlier | Follow::Broken => {}
        }
        verdict
    }

    /// Judges a stamp that is no jitter.
    fn far_off(&mut self, error: f64, time: f64) -> Follow {
        let mut outliers = self.outliers.unwrap_or(Outliers {
            since: time,
            agreeing: 0,
            error,
            agreeing_since: time,
        });
        if (error - outliers.error).abs() > STEP_AGREES {
            (outliers.agreeing, outliers.error, outliers.agreeing_since) = (0, error, time);
        }
        outliers.agreeing += 1;
        self.outliers = Some(outliers);
        let agreed = outliers.agreeing >= OUTLIERS_BELIEVED && time - outliers.agreeing_since >= OUTLIERS_SECONDS;
        if agreed || time - outliers.since >= OUTLIERS_PATIENCE {
            return Follow::Broken;
        }
        Follow::Outlier
    }

    /// Judges whether a stamp that is off by `error` may be behind a step.
    fn suspect(&mut self, error: f64, time: f64) -> Follow {
        if (error - self.usual).abs() < STEP_LEAST.max(STEP_SPREADS * self.spread) {
            self.step = None;
            return Follow::Steady;
        }
        let first = Step {
            since: time,
            stamps: 0,
            errors: 0.0,
            spread: self.spread,
        };
        let agreeing = self.step.filter(|step| (error - step.mean()).abs() < STEP_AGREES);
        let mut step = agreeing.unwrap_or(first);
        step.stamps += 1;
        step.errors += error;
        self.step = Some(step);
        if step.stamps >= STEP_STAMPS && time - step.since >= STEP_SECONDS {
            return Follow::Stepped;
        }
        Follow::Suspect
    }

    /// Moves the loop towards a stamp that is off by `error`.
    fn pull(&mut self, error: f64, frames: f64, bandwidth: f64) {
        let elapsed = frames * self.period;
        self.usual += (error - self.usual) * (elapsed / USUAL_SECONDS).min(1.0);
        let most = PULL_SPREADS * self.spread;
        let error = error.clamp(-most, most);
        // Bounded: a callback after a long silence must not make the loop leap.
        let omega = (TAU * bandwidth * elapsed).min(0.5);
        self.time += SQRT_2 * omega * error;
        let most = if self.known { KNOWN_HZ } else { WIDE_HZ };
        let omega = omega.min(TAU * most * elapsed);
        self.period += omega * omega * error / frames;
        // No sound device is off by 0.5 %: past that the stamps are wrong, not the clock.
        self.period = self.period.clamp(0.995 / self.nominal, 1.005 / self.nominal);
    }

    /// Believes this stamp entirely. The rate learnt so far is kept.
    pub fn restart(&mut self, position: f64, time: f64) {
        self.pause();
        (self.position, self.time, self.locked_at, self.outliers) = (position, time, Some(time), None);
        (self.usual, self.early, self.step) = (0.0, 0.0, None);
    }

    /// By how many seconds the last stamps were late of their line, while it is open whether that is a step.
    pub fn suspected(&self) -> f64 {
        self.step.map_or(0.0, |step| step.mean())
    }

    /// Carries on by what was learnt, and believes the next stamp entirely.
    pub fn pause(&mut self) {
        self.known |= self.age(self.time) > KNOWN_SECONDS;
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

    #[test]
    fn a_cycle_that_is_left_out_is_a_step_and_leaves_the_rate_alone() {
        for (frames, skipped) in [(1024, 1024), (1024, -1024), (256, 256), (64, 256), (8192, 600)] {
            let mut dll = DelayLockedLoop::new(48_000.0);
            let (mut jitter, mut told, mut worst) = (Jitter(9), Vec::new(), 0.0_f64);
            let (mut position, mut true_frames) = (0.0, 0.0);
            while true_frames < 120.0 * 48_000.0 {
                let skip = f64::from(skipped) * f64::from(u8::from(true_frames > 60.0 * 48_000.0));
                (position, true_frames) = (position + f64::from(frames), position + f64::from(frames) + skip);
                let time = true_frames / 48_000.0 / 1.000_1;
                let follow = dll.follow(position, time + jitter.next());
                if time > 40.0 {
                    worst = worst.max((dll.ppm() - 100.0).abs());
                }
                if follow != Follow::Steady && told.last() != Some(&follow) {
                    told.push(follow);
                }
                if time > 62.0 {
                    let error = dll.time_at(position) - time - 0.00015;
                    assert!(error.abs() < 300e-6, "{frames}, {skipped}: {:.0} us", error * 1e6);
                }
            }
            assert_eq!(told, [Follow::Suspect, Follow::Stepped], "{frames}, {skipped}");
            assert!(worst < 15.0, "{frames}, {skipped}: {worst:.0} ppm");
        }
    }

    #[test]
    fn a_device_that_is_back_after_a_break_is_known_by_its_rate_and_may_have_another() {
        for change in [0.0, 200.0] {
            let mut dll = DelayLockedLoop::new(48_000.0);
            let (mut jitter, mut time, mut worst) = (Jitter(15), 0.0, 0.0_f64);
            for n in 1..94 * 150_u32 {
                let broken = n > 94 * 60;
                time += 512.0 / 48_000.0 / (1.0 + (100.0 + if broken { change } else { 0.0 }) * 1e-6);
                let late = jitter.next() + if broken { 30.0 } else { 0.0 };
                if dll.follow(f64::from(n) * 512.0, time + late) == Follow::Broken {
                    dll.restart(f64::from(n) * 512.0, time + late);
                }
                if time > 40.0 {
                    worst = worst.max((dll.ppm() - 100.0).abs());
                }
            }
            assert!(worst < change * 1.5 + 20.0, "{change}: {worst:.0} ppm off");
            assert!((dll.ppm() - 100.0 - change).abs() < 3.0, "{:.1}", dll.ppm());
        }
    }

    #[test]
    fn a_rate_that_changes_is_learnt_and_never_taken_for_steps() {
        for ppm in [2_000.0, -2_000.0, 300.0] {
            let mut dll = DelayLockedLoop::new(48_000.0);
            let (mut jitter, mut time) = (Jitter(11), 0.0);
            for n in 1..94 * 180_u32 {
                time += 512.0 / 48_000.0 / (1.0 + if n > 94 * 60 { ppm * 1e-6 } else { 0.0 });
                let follow = dll.follow(f64::from(n) * 512.0, time + jitter.next());
                assert_eq!(follow, Follow::Steady, "{ppm} ppm, at {time:.1} s");
            }
            assert!((dll.ppm() - ppm).abs() < 3.0, "{:.1} for {ppm}", dll.ppm());
        }
    }

    #[test]
    fn a_smooth_line_that_changes_its_pace_is_followed_within_seconds() {
        let off = |mut dll: DelayLockedLoop| {
            let mut time = 0.0;
            for n in 1..94 * 72_u32 {
                time += 512.0 / 48_000.0 / (1.0 + if n > 94 * 60 { 250e-6 } else { 0.0 });
                assert_eq!(dll.follow(f64::from(n) * 512.0, time), Follow::Steady);
            }
            (dll.ppm() - 250.0).abs()
        };
        let (smooth, usual) = (
            off(DelayLockedLoop::of_smooth_times(48_000.0)),
            off(DelayLockedLoop::new(48_000.0)),
        );
        assert!(
            smooth < 10.0 && usual > 50.0,
            "{smooth:.1} and {usual:.1} ppm off 12 s later"
        );
    }

    #[test]
    fn a_machine_that_becomes_restless_is_followed_all_the_same() {
        let mut dll = DelayLockedLoop::new(48_000.0);
        let (mut jitter, mut steady) = (Jitter(13), 0);
        for n in 1..94 * 120_u32 {
            let (position, time) = (f64::from(n) * 512.0, f64::from(n) * 512.0 / 48_000.0);
            let late = jitter.next() * if time > 60.0 { 30.0 } else { 1.0 };
            let follow = dll.follow(position, time + late);
            steady += u32::from(time > 61.0 && follow == Follow::Steady);
        }
        assert!(steady > 94 * 50, "{steady}");
        assert!(dll.ppm().abs() < 100.0, "{:.0} ppm", dll.ppm());
    }
}
