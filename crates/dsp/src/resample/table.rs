//! The filter of a resampler: a windowed sinc, at 256 places between two frames of the source.

use std::f64::consts::{PI, TAU};

use crate::lanes::LANES;

/// Places between two frames of the source. A parabola through three of them is off by less than (2.6 / 256)³ / 16 at 20 of
/// 24 kHz, which is -143 dB.
pub(super) const PHASES: usize = 256;

/// Taps, eight at a time.
pub(super) type Taps = [f32; LANES];

/// The filter at every place.
pub(super) struct Table {
    /// A row for each phase, from one before the first frame to one behind the second.
    rows: Vec<Taps>,
    /// Eight taps each, in a row.
    row: usize,
}

impl Table {
    /// With so many taps, a multiple of eight, for giving `ratio` frames for each that is taken: what the lower of the two
    /// rates cannot hold is left out. Allocates.
    pub(super) fn new(taps: usize, ratio: f64) -> Self {
        let cutoff = cutoff(taps) * ratio.min(1.0);
        let (half, row) = ((taps / 2) as f64, taps / LANES);
        let mut rows = vec![[0.0; LANES]; row * (PHASES + 3)];
        // The sum over all taps of all phases but the two beside them is the gain of each phase, so many times.
        let mut values = Vec::with_capacity(taps * (PHASES + 3));
        for phase in 0..PHASES + 3 {
            let part = (phase as f64 - 1.0) / PHASES as f64;
            values.extend((0..taps).map(|tap| windowed_sinc(tap as f64 + 1.0 - half - part, cutoff, taps as f64)));
        }
        let sum: f64 = values[taps..taps * (PHASES + 1)].iter().sum();
        let gain = PHASES as f64 / sum;
        for (place, value) in rows.as_flattened_mut().iter_mut().zip(values) {
            *place = (value * gain) as f32;
        }
        Self { rows, row }
    }

    pub(super) fn taps(&self) -> usize {
        self.row * LANES
    }

    /// The rows of the phases before, at and behind `phase`, which is at most [`PHASES`].
    #[inline(always)]
    pub(super) fn around(&self, phase: usize) -> [&[Taps]; 3] {
        let rows = &self.rows[phase * self.row..][..3 * self.row];
        let (before, rest) = rows.split_at(self.row);
        let (at, behind) = rest.split_at(self.row);
        [before, at, behind]
    }
}

/// Where the filter begins to cut, of half the rate: as high as its window lets it without much aliasing. From `rubato`
/// 5.0 (MIT), which fits a cubic to what it measured for this window.
fn cutoff(taps: usize) -> f64 {
    let reciprocal = (taps as f64).recip();
    let cubic = 13.745202940783823 + reciprocal * (121.73532586374934 + reciprocal * 5964.163279612051);
    (1.0 + reciprocal * cubic).recip()
}

/// A sinc under the square of a Blackman-Harris window (Harris, 1978), at a distance from its middle in source frames.
fn windowed_sinc(distance: f64, cutoff: f64, width: f64) -> f64 {
    let x = PI * distance * cutoff;
    let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
    let angle = TAU * (distance / width + 0.5);
    let window = 0.35875 - 0.48829 * angle.cos() + 0.14128 * (2.0 * angle).cos() - 0.01168 * (3.0 * angle).cos();
    sinc * window * window
}
