//! Whether a clock is followed: it has to be right for a while, and is not given up for a little.
//! No threads, no allocation; times in seconds.

/// For how long it has to be right, seconds.
pub const LOCK_SECONDS: f64 = 5.0;

/// The lock of one clock.
#[derive(Debug, Clone)]
pub struct Lock {
    /// Right is who is off by less, wrong who is off by more.
    near: f64,
    far: f64,
    /// For how long it has been right since it was not.
    steady: f64,
    held: bool,
}

impl Lock {
    /// Taken by who has been less than `near` seconds off for [`LOCK_SECONDS`], lost by who is more than `far` off.
    pub const fn new(near: f64, far: f64) -> Self {
        Self {
            near,
            far,
            steady: 0.0,
            held: false,
        }
    }

    /// The clock was `off` by so many seconds, to either side, for `elapsed` seconds.
    pub fn judge(&mut self, off: f64, elapsed: f64) {
        if off > self.far {
            self.lose();
        } else if off < self.near {
            self.steady += elapsed;
            self.held |= self.steady >= LOCK_SECONDS;
        } else if !self.held {
            self.steady = 0.0;
        }
    }

    /// It is wrong, by whatever else is known.
    pub fn lose(&mut self) {
        (self.steady, self.held) = (0.0, false);
    }

    /// The clock is followed.
    pub fn is_held(&self) -> bool {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_right_for_five_seconds_on_end_is_locked_and_stays_so_until_far_off() {
        let mut lock = Lock::new(1e-4, 2.5e-4);
        for (off, seconds, held) in [
            (5e-5, 4.0, false),
            // A little off begins anew while it is not held,
            (2e-4, 1.0, false),
            (5e-5, 4.0, false),
            (5e-5, 1.0, true),
            // and is borne once it is.
            (2e-4, 60.0, true),
            (3e-4, 0.01, false),
            (5e-5, 4.99, false),
            (5e-5, 0.01, true),
        ] {
            lock.judge(off, seconds);
            assert_eq!(lock.is_held(), held, "{off} s off for {seconds} s");
        }
        lock.lose();
        assert!(!lock.is_held());
    }
}
