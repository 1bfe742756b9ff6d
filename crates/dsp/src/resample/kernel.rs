//! The sums of a resampler: for each frame given, its taps over the source, eight at a time and both sides at once.

use super::table::{PHASES, Table};
use crate::Frame;
use crate::lanes::{Kernel, LANES, Lanes, Vector};

/// One call's work.
pub(super) struct Passage<'a> {
    pub(super) table: &'a Table,
    /// The source, beginning as many frames before the new ones as there are taps.
    pub(super) left: &'a [f32],
    pub(super) right: &'a [f32],
    /// The place that was heard last, counted from the first new frame, as the filter's end sees it.
    pub(super) place: f64,
    /// Source frames from one frame given to the next, before this call.
    pub(super) step: f64,
    /// By how much the step grows with each frame.
    pub(super) growth: f64,
    pub(super) out: &'a mut [Frame],
}

impl Kernel for Passage<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let taps = self.table.taps();
        let (mut place, mut step) = (self.place, self.step);
        for frame in self.out {
            step += self.growth;
            place += step;
            let whole = place.floor();
            let between = (place - whole) * PHASES as f64;
            let phase = between.round();
            // The new frames begin at `taps`; the last one that the filter sees is `whole`.
            let from = (whole + 1.0) as usize;
            let (Some(left), Some(right)) = (self.left.get(from..from + taps), self.right.get(from..from + taps))
            else {
                *frame = [0.0; 2]; // the caller has counted wrong: silence rather than a panic
                continue;
            };
            let rows = self.table.around(phase as usize);
            *frame = sum::<V>(rows, (between - phase) as f32, left, right);
        }
    }
}

/// The sum over all taps of a place `part` of a phase beside the middle row, at most half a one.
#[inline(always)]
fn sum<V: Vector>([before, at, behind]: [&[[f32; LANES]]; 3], part: f32, left: &[f32], right: &[f32]) -> Frame {
    // Lagrange's parabola through three rows.
    let before_part = V::splat(0.5 * part * (part - 1.0));
    let at_part = V::splat(1.0 - part * part);
    let behind_part = V::splat(0.5 * part * (part + 1.0));
    let (left, _) = left.as_chunks();
    let (right, _) = right.as_chunks();
    let mut sums = [V::splat(0.0); 2];
    let rows = before.iter().zip(at).zip(behind);
    for (((before, at), behind), (left, right)) in rows.zip(left.iter().zip(right)) {
        let tap = V::load_samples(at).mul(at_part);
        let tap = V::load_samples(before).mul_add(before_part, tap);
        let tap = V::load_samples(behind).mul_add(behind_part, tap);
        sums[0] = V::load_samples(left).mul_add(tap, sums[0]);
        sums[1] = V::load_samples(right).mul_add(tap, sums[1]);
    }
    sums.map(across)
}

/// The sum of all lanes.
#[inline(always)]
fn across<V: Vector>(vector: V) -> f32 {
    let mut lanes = Lanes::ZERO;
    vector.store(&mut lanes);
    let [a, b, c, d, e, f, g, h] = lanes.0;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}
