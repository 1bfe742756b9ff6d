//! Windows over a gain that looks ahead: the smallest of the last frames, and their mean.
//!
//! A limiter's gain must be down when the peak arrives and must not step. The smallest gain of a window,
//! averaged over a window that is no longer, is smooth and never above what any frame within asked for:
//! G. Luff, "Designing a straightforward limiter" (2022), and before it the Waves and FAUST look-ahead
//! limiters. For the engine's thread: allocates in `new` only; a frame costs the same on average,
//! whatever the window.

/// The smallest of the last values: a queue of those that may still become it, smallest first
/// (D. Lemire, "Streaming Maximum-Minimum Filter", 2006).
#[derive(Debug, Clone)]
pub struct SlidingMinimum {
    /// Values that rise from the first to the last, each with the number of its frame; a ring.
    queue: Box<[(u32, f32)]>,
    first: usize,
    count: usize,
    frame: u32,
    window: u32,
}

impl SlidingMinimum {
    /// Over the last `window` values, at least one. Allocates.
    pub fn new(window: usize) -> Self {
        let window = window.max(1);
        Self {
            queue: vec![(0, 0.0); window.next_power_of_two()].into(),
            first: 0,
            count: 0,
            frame: 0,
            window: window as u32,
        }
    }

    /// Takes the next value and returns the smallest of the window.
    pub fn push(&mut self, value: f32) -> f32 {
        let mask = self.queue.len() - 1;
        // The one that left the window, if it is still there.
        let oldest = self.queue.get(self.first).copied().unwrap_or_default();
        if self.count > 0 && self.frame.wrapping_sub(oldest.0) >= self.window {
            self.first = (self.first + 1) & mask;
            self.count -= 1;
        }
        // A larger one before a smaller one can never be the smallest again.
        while self.count > 0
            && self
                .queue
                .get((self.first + self.count - 1) & mask)
                .is_some_and(|last| last.1 >= value)
        {
            self.count -= 1;
        }
        if let Some(place) = self.queue.get_mut((self.first + self.count) & mask) {
            *place = (self.frame, value);
            self.count += 1;
        }
        self.frame = self.frame.wrapping_add(1);
        self.queue.get(self.first).map_or(value, |smallest| smallest.1)
    }

    /// The newest value, if none of the window is smaller.
    pub fn newest(&self) -> Option<f32> {
        let newest = self.queue.get(self.first).filter(|_| self.count == 1);
        newest.map(|newest| newest.1)
    }

    /// Takes the newest value as many times more, where none of the window is smaller: what as many pushes of it would
    /// leave behind.
    pub fn hold(&mut self, times: u32) {
        self.frame = self.frame.wrapping_add(times);
        if let Some(newest) = self.queue.get_mut(self.first).filter(|_| self.count == 1) {
            newest.0 = self.frame.wrapping_sub(1);
        }
    }
}

/// The mean of the last gains, 0 to 1.
///
/// In fixed point, rounded down: a running sum of floats never finds back to unity after a gain has
/// passed through it, and then nothing is left untouched to the bit any more.
#[derive(Debug, Clone)]
pub struct BoxMean {
    gains: Box<[u32]>,
    place: usize,
    sum: u64,
    /// 2⁶³ through the window's length, rounded up: a division in every frame would cost more than all the rest. Sums
    /// through it are exact for windows of up to 92 000 frames.
    part: u64,
}

/// Unity in fixed point. A step is -180 dBFS.
pub const UNITY: u32 = 1 << 30;

impl BoxMean {
    /// Over the last `window` gains, at least one, all of them unity. Allocates.
    pub fn new(window: usize) -> Self {
        let window = window.max(1);
        Self {
            gains: vec![UNITY; window].into(),
            place: 0,
            sum: u64::from(UNITY) * window as u64,
            part: (1_u64 << 63).div_ceil(window as u64),
        }
    }

    /// Takes the next gain and returns the mean of the window.
    pub fn push(&mut self, gain: u32) -> u32 {
        let gain = gain.min(UNITY);
        if let Some(oldest) = self.gains.get_mut(self.place) {
            self.sum = self.sum - u64::from(*oldest) + u64::from(gain);
            *oldest = gain;
        }
        self.place = if self.place + 1 == self.gains.len() {
            0
        } else {
            self.place + 1
        };
        ((u128::from(self.sum) * u128::from(self.part)) >> 63) as u32
    }

    /// All gains of the window are unity: one more of them changes nothing.
    pub fn is_unity(&self) -> bool {
        self.sum == u64::from(UNITY) * self.gains.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_of_the_window_is_found_whatever_comes() {
        for window in [1, 2, 3, 64, 97] {
            let mut minimum = SlidingMinimum::new(window);
            let mut seed = 1_u32;
            let values: Vec<f32> = (0..2000)
                .map(|n| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Falls, rises and noise, with equal values among them.
                    [n as f32, -(n as f32), (seed >> 28) as f32, 3.0][n / 500]
                })
                .collect();
            for (n, value) in values.iter().enumerate() {
                let expected = values[(n + 1).saturating_sub(window)..=n]
                    .iter()
                    .fold(f32::INFINITY, |a, b| a.min(*b));
                assert_eq!(minimum.push(*value), expected, "window {window}, value {n}");
            }
        }
    }

    #[test]
    fn a_value_that_is_held_counts_as_often_as_if_it_had_come_again() {
        let mut held = SlidingMinimum::new(97);
        let mut pushed = held.clone();
        assert_eq!(held.newest(), None, "nothing has come yet");
        for (n, value) in [0.5, 1.0, 1.0, 0.7, 1.0].into_iter().enumerate() {
            for _ in 0..60 + 30 * n {
                assert_eq!(held.push(value), pushed.push(value));
            }
            if held.newest() == Some(value) {
                held.hold(40);
                (0..40).for_each(|_| assert_eq!(pushed.push(value), value));
            }
            assert_eq!(
                held.newest().is_some(),
                n != 1,
                "a smaller one is still in the window of {n}"
            );
        }
    }

    #[test]
    fn a_mean_is_the_sum_through_the_length_rounded_down() {
        for window in [1, 2, 3, 7, 64, 97, 288, 92_000] {
            let mut mean = BoxMean::new(window);
            let mut gains = std::collections::VecDeque::from(vec![u64::from(UNITY); window]);
            let mut sum = u64::from(UNITY) * window as u64;
            for n in 0..5000_u32 {
                // Just below and at unity, where rounding shows, and anything else.
                let gain = [UNITY - 1, UNITY, n.wrapping_mul(2_654_435_761) >> 2][n as usize % 3];
                sum = sum + u64::from(gain) - gains.pop_front().unwrap_or_default();
                gains.push_back(u64::from(gain));
                assert_eq!(
                    u64::from(mean.push(gain)),
                    sum / window as u64,
                    "window {window}, gain {n}"
                );
            }
        }
    }

    #[test]
    fn a_mean_finds_back_to_unity_to_the_bit() {
        let mut mean = BoxMean::new(97);
        for n in 0..100_000_u32 {
            let low = mean.push(n.wrapping_mul(2_654_435_761) >> 2);
            assert!(low <= UNITY);
        }
        for _ in 0..97 {
            mean.push(UNITY);
        }
        assert_eq!(mean.push(UNITY), UNITY);
    }
}
