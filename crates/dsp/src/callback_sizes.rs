//! How many frames a device takes or gives at a time: of its last callbacks, for a host that fills its buffer in one gulp
//! at the start is not to be waited for ever after. No threads, no allocation.

/// The smallest and the largest of the last callbacks.
#[derive(Debug, Clone)]
pub struct CallbackSizes {
    now: (u64, u64),
    before: (u64, u64),
    length: u64,
    until: u64,
}

impl CallbackSizes {
    /// Of the last `length` to twice `length` frames.
    pub fn new(length: u64) -> Self {
        let none = (u64::MAX, 0);
        Self {
            now: none,
            before: none,
            length,
            until: length,
        }
    }

    /// A callback of `frames` frames, `taken` with it since the start.
    pub fn saw(&mut self, frames: u64, taken: u64) {
        if taken > self.until {
            (self.before, self.now) = (self.now, (u64::MAX, 0));
            self.until = taken + self.length;
        }
        self.now = (self.now.0.min(frames), self.now.1.max(frames));
    }

    /// The largest, 0 when there was none.
    pub fn largest(&self) -> u64 {
        self.now.1.max(self.before.1)
    }

    /// How much larger the largest is than the smallest.
    pub fn spread(&self) -> u64 {
        self.largest().saturating_sub(self.now.0.min(self.before.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gulp_is_remembered_for_once_to_twice_the_time() {
        let mut sizes = CallbackSizes::new(1000);
        assert_eq!((sizes.largest(), sizes.spread()), (0, 0));
        let mut taken = 500;
        sizes.saw(500, taken);
        for (until, largest) in [(1000, 500), (1900, 500), (2900, 100)] {
            while taken < until {
                taken += 100;
                sizes.saw(100, taken);
            }
            assert_eq!((sizes.largest(), sizes.spread()), (largest, largest - 100), "{taken}");
        }
    }
}
