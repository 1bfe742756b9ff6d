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

    /// The last stamps came earlier than jitter explains: the device runs ahead of its line.
    pub fn runs_ahead(&self) -> bool {
        let late = self.outliers.map_or(self.suspected(), |outliers| outliers.error);
        late < 0.0
    }

    /// By how many seconds the stamps were late of their line, mean of the last quarter of a second.
    pub fn error(&self) -> f64 {
        self.usual
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
mod tests;
