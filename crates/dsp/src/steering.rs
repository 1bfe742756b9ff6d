//! Keeps the delay through a bridge where it should be, by the ratio of its resampler.
//!
//! The rates of both clocks come from their [`crate::delay_locked_loop`]s, which do the integrating; what is
//! left is a proportional pull on the delay error. So nothing winds up, however long a device stands still.
//! Once the delay is right the ratio changes by no more than 5 ppm a second, whatever the loops say. A target that sets
//! out, or arrives, is followed at up to 2000 ppm a second on top of that; for this quarter of a second it is not locked.
//! No threads, no allocation; times in seconds.

use crate::lock::Lock;

/// Seconds in which an error shrinks to a third.
const PULL_SECONDS: f64 = 4.0;
/// The strongest pull, relative: 0.1 %, less than two cents of pitch.
const PULL_LIMIT: f64 = 1e-3;
/// A delay further off than this is not pulled in but taken up anew.
const LOST_SECONDS: f64 = 0.020;
/// How fast the ratio may change, relative, a second: when locked, and on the way there.
const SLEW_LOCKED: f64 = 5e-6;
const SLEW: f64 = 500e-6;
/// The same for what follows a target that moves by itself: at the pace of a bridge's room it is up to it in a quarter
/// of a second, and the delay is off by less than a tenth of a millisecond meanwhile.
const DRIFT_SLEW: f64 = 2e-3;
/// A target whose pace is this little off the one it is followed at is locked on to like a clock.
const DRIFT_NEAR: f64 = 5e-6;
/// Locked is who is within so many seconds of the target, and no longer who is further off than the second, or whose
/// clocks want a ratio that far from the present one.
const LOCK: Lock = Lock::new(0.000_1, 0.000_25);
const UNLOCK_RATIO: f64 = 50e-6;

/// What to do about a delay error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Steer {
    /// Read the source this many times faster than the nominal rates say.
    Pull(f64),
    /// Too far off: start again at the target.
    Reseat,
}

/// Steers one bridge.
#[derive(Debug, Clone)]
pub struct Steering {
    ratio: Option<f64>,
    /// How fast the target is being followed, relative.
    drift: f64,
    /// The target has set out or arrived, and the ratio is on its way to that pace; and one step more, in which a resampler
    /// gets there.
    catches_up: [bool; 2],
    error: f64,
    lock: Lock,
}

impl Default for Steering {
    fn default() -> Self {
        Self {
            ratio: None,
            drift: 0.0,
            catches_up: [false; 2],
            error: 0.0,
            lock: LOCK,
        }
    }
}

impl Steering {
    /// A bridge that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides by how much the delay is off its target (`error` is delay - target, positive: too long), where the
    /// source's clock runs `clocks` times as fast as the sink's, `elapsed` seconds after the last time. The target moves
    /// by `drift` seconds a second, and is followed at that pace: a delay that keeps to it is as right as one that rests.
    pub fn steer(&mut self, error: f64, clocks: f64, drift: f64, elapsed: f64) -> Steer {
        self.error = error;
        if error.abs() > LOST_SECONDS {
            self.restart();
            return Steer::Reseat;
        }
        let wanted = clocks * (1.0 + (error / PULL_SECONDS).clamp(-PULL_LIMIT, PULL_LIMIT));
        let before = self.ratio.unwrap_or(wanted);
        if (wanted - before).abs() > UNLOCK_RATIO {
            self.lock.lose();
        } else {
            self.lock.judge(error.abs(), elapsed);
        }
        let most = elapsed * if self.lock.is_held() { SLEW_LOCKED } else { SLEW };
        let ratio = before + (wanted - before).clamp(-most, most);
        self.ratio = Some(ratio);
        let left = drift - self.drift;
        let far = left.abs() > DRIFT_NEAR;
        self.catches_up = [far, self.catches_up[0]];
        let most = if far {
            elapsed * DRIFT_SLEW
        } else {
            // Both together change no faster.
            (elapsed * SLEW_LOCKED - (ratio - before).abs()).max(0.0)
        };
        self.drift += left.clamp(-most, most);
        // What is read slower becomes later.
        Steer::Pull(ratio - self.drift)
    }

    /// The next delay is the first of a new seat.
    pub fn restart(&mut self) {
        *self = Self {
            error: self.error,
            ..Self::default()
        };
    }

    /// How far the delay was off its target, seconds.
    pub fn error(&self) -> f64 {
        self.error
    }

    /// The delay has been right for a while: both clocks are known.
    pub fn is_near(&self) -> bool {
        self.lock.is_held()
    }

    /// The delay has been right for a while, and the ratio changes by 5 ppm a second at most.
    pub fn is_locked(&self) -> bool {
        self.lock.is_held() && self.catches_up == [false; 2]
    }
}

#[cfg(test)]
mod tests;
