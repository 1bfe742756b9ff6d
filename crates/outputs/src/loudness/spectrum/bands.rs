//! Third-octave bands of IEC 61260-1:2014, base 10: mid-frequencies `1000 × 10^(n/10)` Hz, edges a sixth of an
//! octave to either side. A band takes from a bin of the transform the part that lies between its edges.

/// How many bands there are: 25 Hz to 20 kHz.
pub const BANDS: usize = 30;
/// The number of the lowest band, counted from the one at 1 kHz.
const LOWEST: i32 = -16;

/// Nominal mid-frequencies of the bands, for the scale.
const NOMINAL_HZ: [f32; BANDS] = [
    25.0, 31.5, 40.0, 50.0, 63.0, 80.0, 100.0, 125.0, 160.0, 200.0, 250.0, 315.0, 400.0, 500.0, 630.0, 800.0, 1000.0,
    1250.0, 1600.0, 2000.0, 2500.0, 3150.0, 4000.0, 5000.0, 6300.0, 8000.0, 10_000.0, 12_500.0, 16_000.0, 20_000.0,
];

/// What to write below the bar of a band; the lowest is 0. `None` beyond the last.
pub fn nominal_mid_frequency_hz(band: usize) -> Option<f32> {
    NOMINAL_HZ.get(band).copied()
}

/// The middle of a band; the lowest is 0. `None` beyond the last.
pub fn exact_mid_frequency_hz(band: usize) -> Option<f64> {
    (band < BANDS).then(|| mid_hz(band))
}

fn mid_hz(band: usize) -> f64 {
    1000.0 * 10_f64.powf((f64::from(LOWEST) + band as f64) / 10.0)
}

/// What one band takes from a power spectrum.
pub(super) struct Band {
    first: usize,
    /// The part of each bin from `first` on.
    parts: Box<[f32]>,
}

impl Band {
    /// A band over `bins` bins that are `step_hz` apart. Allocates.
    pub(super) fn new(band: usize, step_hz: f64, bins: usize) -> Self {
        let mid = mid_hz(band) / step_hz;
        // Half a band in the logarithm: a sixth of an octave of base 10.
        let half = 10_f64.powf(0.05);
        let (low, high) = (mid / half, mid * half);
        // Bin n stands for n - 0.5 to n + 0.5.
        let first = (low + 0.5) as usize;
        let last = ((high + 0.5) as usize).min(bins.saturating_sub(1));
        let parts = (first..=last)
            .map(|bin| {
                let bin = bin as f64;
                ((bin + 0.5).min(high) - (bin - 0.5).max(low)).max(0.0) as f32
            })
            .collect();
        Self { first, parts }
    }

    /// The power of the band.
    pub(super) fn power(&self, powers: &[f32]) -> f32 {
        let bins = powers.get(self.first..).unwrap_or_default();
        self.parts.iter().zip(bins).map(|(part, power)| part * power).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nominal_frequencies_are_the_exact_ones_rounded() {
        for (band, nominal) in NOMINAL_HZ.into_iter().enumerate() {
            let exact = exact_mid_frequency_hz(band).expect("there are as many");
            assert!((f64::from(nominal) / exact - 1.0).abs() < 0.02, "{nominal} Hz: {exact}");
            assert_eq!(nominal_mid_frequency_hz(band), Some(nominal));
        }
        assert_eq!(exact_mid_frequency_hz(BANDS), None);
    }

    #[test]
    fn bands_side_by_side_share_every_bin_and_take_none_twice() {
        let (bins, step) = (2049, 48_000.0 / 4096.0);
        let mut taken = vec![0.0_f32; bins];
        for band in (0..BANDS).map(|band| Band::new(band, step, bins)) {
            for (part, sum) in band.parts.iter().zip(&mut taken[band.first..]) {
                *sum += part;
            }
        }
        // From the lower edge of 25 Hz, bin 1.9, to the upper edge of 20 kHz, bin 1910.4.
        for (bin, part) in taken.iter().enumerate().take(1910).skip(3) {
            assert!((part - 1.0).abs() < 1e-4, "bin {bin}: {part}");
        }
        assert_eq!(taken[1912], 0.0);
    }
}
