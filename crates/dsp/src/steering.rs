//! Keeps the delay through a bridge where it should be, by the ratio of its resampler.
//!
//! The rate of the far clock comes from its [`crate::delay_locked_loop`], which does the integrating;
//! what is left is a proportional pull on the delay error. So nothing winds up, and nothing overshoots.

/// Seconds in which an error shrinks to a third.
const PULL_SECONDS: f64 = 4.0;
/// The strongest pull, relative: 0.1 %, less than two cents of pitch.
const PULL_LIMIT: f64 = 1e-3;
/// A delay further off than this is not pulled in but taken up anew.
const LOST_SECONDS: f64 = 0.020;

/// What to do about a delay error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Steer {
    /// Read the source this many times faster than its own rate.
    Pull(f64),
    /// Too far off: start again at the target.
    Reseat,
}

/// Decides by how much the delay is off its target (`delay - target`, seconds; positive: too long).
pub fn steer(error: f64) -> Steer {
    if error.abs() > LOST_SECONDS {
        return Steer::Reseat;
    }
    Steer::Pull(1.0 + (error / PULL_SECONDS).clamp(-PULL_LIMIT, PULL_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_pulled_in_from_both_sides_without_overshoot() {
        for start in [0.010, -0.010] {
            let mut error: f64 = start;
            for _ in 0..40_000 {
                let Steer::Pull(pull) = steer(error) else {
                    panic!("{error} is not lost")
                };
                error -= (pull - 1.0) * 64.0 / 48_000.0;
                assert!(error * start >= -1e-12, "overshot to {error}");
            }
            assert!(error.abs() < 5e-6, "{error}");
        }
    }

    #[test]
    fn a_delay_far_off_is_taken_up_anew() {
        assert_eq!(steer(0.5), Steer::Reseat);
        assert_eq!(steer(-0.021), Steer::Reseat);
    }
}
