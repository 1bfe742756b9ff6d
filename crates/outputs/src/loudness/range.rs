//! Loudness range after EBU Tech 3342 (2023): the 10th to the 95th percentile of the short-term loudness.
//!
//! Of our own because the standard has asked for 10 values a second since 2016 and the crate that measures the
//! rest takes one. A histogram of 0.1 LU: it never grows, and an edge is off by 0.05 LU at most.

use super::units::Lu;

/// The absolute gate, LUFS, where the histogram begins.
const GATE: f64 = -70.0;
/// The relative gate below the mean of what is over the absolute one, as a factor of power: -20 LU.
const RELATIVE_GATE: f64 = 0.01;
/// Width of a bin, LU.
const BIN: f64 = 0.1;
/// Bins up to +30 LUFS; what is louder counts in the last.
const BINS: usize = 1000;

/// Every short-term loudness so far, but for what is below the absolute gate.
pub(super) struct RangeHistogram {
    counts: Box<[u32; BINS]>,
    count: u64,
    power: f64,
}

impl RangeHistogram {
    /// Nothing heard. Allocates.
    pub(super) fn new() -> Self {
        Self {
            counts: Box::new([0; BINS]),
            count: 0,
            power: 0.0,
        }
    }

    /// Adds the mean power of one short-term window, 1.0 being 0 LUFS.
    pub(super) fn add(&mut self, power: f64) {
        let lufs = 10.0 * power.log10();
        if lufs.is_nan() || lufs < GATE {
            return;
        }
        if let Some(count) = self.counts.get_mut(bin(lufs)) {
            *count = count.saturating_add(1);
            self.count += 1;
            self.power += power;
        }
    }

    /// The range. `None` while nothing was over the gate.
    pub(super) fn range(&self) -> Option<Lu> {
        if self.count == 0 {
            return None;
        }
        let gate = 10.0 * (self.power / self.count as f64 * RELATIVE_GATE).log10();
        let first = bin(gate.max(GATE));
        let gated = self.counts.get(first..).unwrap_or_default();
        let count: u64 = gated.iter().map(|count| u64::from(*count)).sum();
        // Percentiles as in the standard's own implementation: the nearest of the sorted values.
        let place = |part: f64| (count.saturating_sub(1) as f64 * part).round() as u64;
        let low = percentile(gated, place(0.10))?;
        let high = percentile(gated, place(0.95))?;
        Some(Lu::new((high - low) as f64 * BIN))
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        self.counts.fill(0);
        self.count = 0;
        self.power = 0.0;
    }
}

fn bin(lufs: f64) -> usize {
    // A hair more: -69.9 is the beginning of the second bin, whatever binary fractions make of it.
    (((lufs - GATE) / BIN + 1e-9) as usize).min(BINS - 1)
}

/// The bin of the value that has `place` values below it.
fn percentile(counts: &[u32], place: u64) -> Option<usize> {
    let mut below = 0;
    counts.iter().position(|count| {
        below += u64::from(*count);
        below > place
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range_of(levels: impl IntoIterator<Item = f64>) -> Option<f32> {
        let mut histogram = RangeHistogram::new();
        levels
            .into_iter()
            .for_each(|lufs| histogram.add(10_f64.powf(lufs / 10.0)));
        histogram.range().map(Lu::value)
    }

    #[test]
    fn the_range_lies_between_the_10th_and_the_95th_percentile() {
        // 101 values, -40.0 to -30.0 in steps of 0.1: the 11th is -39.0, the 96th -30.5.
        let read = range_of((0..=100).map(|step| -40.0 + f64::from(step) * 0.1)).expect("it is loud enough");
        assert!((read - 8.5).abs() < 0.101, "{read} LU");
    }

    #[test]
    fn what_is_20_lu_below_the_mean_does_not_count() {
        let read = range_of((0..1000).map(|n| if n % 2 == 0 { -20.0 } else { -45.0 }));
        assert_eq!(read, Some(0.0));
        let read = range_of((0..1000).map(|n| if n % 2 == 0 { -20.0 } else { -40.0 })).expect("it is loud enough");
        assert!((read - 20.0).abs() < 0.101, "{read} LU");
    }

    #[test]
    fn what_is_below_70_lufs_has_no_range() {
        assert_eq!(range_of([-70.1, -90.0, f64::NEG_INFINITY]), None);
        assert_eq!(range_of([-69.9]), Some(0.0));
    }
}
