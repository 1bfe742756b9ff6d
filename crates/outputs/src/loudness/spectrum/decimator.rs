//! One sample in eight of a channel, without treble: for the low bands, which want a fine transform.
//!
//! A windowed sinc of 64 taps: flat to 0.01 dB up to 300 Hz at the desk's rates, and what would fold back into
//! those bands is 90 dB down. Never allocates.

use airdesk_dsp::BLOCK_FRAMES;

/// One sample in so many is kept.
pub(super) const STEP: usize = 8;
const TAPS: usize = 64;
/// Shape of the Kaiser window: 100 dB.
const KAISER_BETA: f64 = 10.0;
/// Independent sums of the inner loop, so that the compiler may use vector registers.
const LANES: usize = 8;

/// Keeps one sample in eight of a channel.
pub(super) struct Decimator {
    taps: [f32; TAPS],
    /// What the first sample of the block reaches back to, then the block.
    heard: [f32; TAPS - STEP + BLOCK_FRAMES],
}

impl Decimator {
    /// Has heard silence.
    pub(super) fn new() -> Self {
        Self {
            taps: sinc(),
            heard: [0.0; TAPS - STEP + BLOCK_FRAMES],
        }
    }

    /// Takes a block and gives what is kept of it.
    pub(super) fn process(&mut self, block: &[f32; BLOCK_FRAMES]) -> [f32; BLOCK_FRAMES / STEP] {
        self.heard.copy_within(BLOCK_FRAMES.., 0);
        if let Some(end) = self.heard.last_chunk_mut() {
            *end = *block;
        }
        let mut kept = [0.0; BLOCK_FRAMES / STEP];
        for (kept, reach) in kept.iter_mut().zip(self.heard.windows(TAPS).step_by(STEP)) {
            *kept = dot(&self.taps, reach);
        }
        kept
    }

    /// Forgets what was heard.
    pub(super) fn clear(&mut self) {
        self.heard.fill(0.0);
    }
}

fn dot(taps: &[f32], samples: &[f32]) -> f32 {
    let (taps, _) = taps.as_chunks::<LANES>();
    let (samples, _) = samples.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (taps, samples) in taps.iter().zip(samples) {
        for ((sum, tap), sample) in sums.iter_mut().zip(taps).zip(samples) {
            *sum += tap * sample;
        }
    }
    sums.iter().sum()
}

/// Half the kept rate is the middle of the slope. Unity at 0 Hz.
fn sinc() -> [f32; TAPS] {
    let middle = (TAPS - 1) as f64 / 2.0;
    let taps: [f64; TAPS] = std::array::from_fn(|tap| {
        let place = tap as f64 - middle; // never 0: the count is even
        let angle = std::f64::consts::PI * place / STEP as f64;
        let window = bessel_i0(KAISER_BETA * (1.0 - (place / middle).powi(2)).max(0.0).sqrt());
        angle.sin() / angle * window
    });
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

/// The modified Bessel function of the first kind and order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..40 {
        term *= (x / (2.0 * f64::from(n))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Level in dB of what is kept, one in eight at 48 kHz, of a sine of `hz`.
    fn kept_db(hz: f64) -> f64 {
        let mut decimator = Decimator::new();
        let mut kept = Vec::new();
        for start in (0..96_000).step_by(BLOCK_FRAMES) {
            let angle = |n: usize| std::f64::consts::TAU * hz * (start + n) as f64 / 48_000.0;
            kept.extend(decimator.process(&std::array::from_fn(|n| angle(n).sin() as f32)));
        }
        assert_eq!(kept.len(), 12_000);
        let steady = &kept[100..];
        let power: f64 = steady.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        10.0 * (2.0 * power / steady.len() as f64).log10()
    }

    #[test]
    fn it_is_flat_where_the_low_bands_are() {
        for hz in [25.0, 100.0, 200.0, 282.0] {
            let db = kept_db(hz);
            assert!(db.abs() < 0.01, "{hz} Hz: {db:.4} dB");
        }
    }

    #[test]
    fn what_would_fold_back_into_the_low_bands_is_90_db_down() {
        // 6 kHz are kept: their multiples less and plus 282 Hz fold onto 282 Hz.
        for hz in [5718.0, 5990.0, 6282.0, 11_718.0, 12_282.0, 17_900.0, 23_718.0] {
            let db = kept_db(hz);
            assert!(db < -90.0, "{hz} Hz: {db:.1} dB");
        }
    }
}
