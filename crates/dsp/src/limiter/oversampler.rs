//! Finds how high the wave rises around each frame, for the limiter. For the engine's thread: allocates nothing.

use crate::lanes::{Arch, Kernel, LANES, Vector};
use crate::true_peak::{RUN, interpolated, oldest_first, remember};
use crate::{BLOCK_FRAMES, Block, Frame, SILENCE};

/// Frames that one interpolated value is made of.
pub(super) const TAPS: usize = 64;

/// The shape of the filter's window. Short filters under wider windows miss what noise and steps put just
/// below half the rate: 32 taps and beta 6 left 0.7 dB above the ceiling, these 0.01 dB.
const KAISER_BETA: f64 = 5.0;

/// The points between two frames: a quarter, a half and three quarters of a frame on.
const BRANCHES: usize = 3;

/// Finds the highest point of the wave around each frame.
#[derive(Debug, Clone)]
pub(super) struct Oversampler {
    arch: Arch,
    /// The branches' coefficients, those of the oldest frame first.
    taps: [[f32; BRANCHES]; TAPS],
    heard: [Frame; TAPS - 1 + BLOCK_FRAMES],
    /// The points of each branch, and before them that of the frame before the block's first.
    points: [[Frame; 1 + BLOCK_FRAMES]; BRANCHES],
}

impl Oversampler {
    pub(super) fn new(arch: Arch) -> Self {
        Self {
            arch,
            taps: oldest_first(&[1, 2, 3].map(branch)),
            heard: [[0.0; 2]; TAPS - 1 + BLOCK_FRAMES],
            points: [[[0.0; 2]; 1 + BLOCK_FRAMES]; BRANCHES],
        }
    }

    /// The highest point from an eighth before to seven eighths after each frame, half the filter late. Returns the
    /// highest of all.
    pub(super) fn peaks(&mut self, block: &Block, peaks: &mut [f32; BLOCK_FRAMES]) -> f32 {
        remember(&mut self.heard, block);
        for points in &mut self.points {
            points[0] = points[BLOCK_FRAMES];
        }
        let mut tops = SILENCE;
        self.arch.run(Tops {
            taps: &self.taps,
            heard: &self.heard,
            points: &mut self.points,
            tops: &mut tops,
        });
        let mut highest = 0.0;
        for (peak, [left, right]) in peaks.iter_mut().zip(tops) {
            *peak = if left > right { left } else { right };
            highest = if *peak > highest { *peak } else { highest };
        }
        highest
    }
}

/// The highest points around each frame, left and right.
struct Tops<'a> {
    taps: &'a [[f32; BRANCHES]; TAPS],
    heard: &'a [Frame; TAPS - 1 + BLOCK_FRAMES],
    points: &'a mut [[Frame; 1 + BLOCK_FRAMES]; BRANCHES],
    tops: &'a mut Block,
}

impl Kernel for Tops<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        for run in 0..BLOCK_FRAMES / RUN {
            let found = interpolated::<V, BRANCHES, TAPS>(self.taps, self.heard, run);
            for (points, values) in self.points.iter_mut().zip(found) {
                let place = points.get_mut(1 + run * RUN..).unwrap_or_default().as_flattened_mut();
                for (place, values) in place.as_chunks_mut().0.iter_mut().zip(values) {
                    values.store_samples(place);
                }
            }
        }
        // The frames themselves need no filter: the one that the branches lie behind, and its successor.
        let [quarter, half, three_quarters] = &*self.points;
        let before = fours(three_quarters);
        let here = fours(self.heard.get(TAPS / 2 - 1..).unwrap_or_default());
        let [quarter, half, three_quarters] = [quarter, half, three_quarters].map(|points| fours(&points[1..]));
        let next = fours(self.heard.get(TAPS / 2..).unwrap_or_default());
        let (tops, _) = self.tops.as_flattened_mut().as_chunks_mut();
        let wave = before
            .iter()
            .zip(here)
            .zip(quarter)
            .zip(half)
            .zip(three_quarters)
            .zip(next);
        for (top, (((((before, here), quarter), half), three_quarters), next)) in tops.iter_mut().zip(wave) {
            let [before, here, quarter] = [before, here, quarter].map(V::load_samples);
            let [half, three_quarters, next] = [half, three_quarters, next].map(V::load_samples);
            let first = summit(before, here, quarter).max(V::splat(0.0));
            let second = summit(here, quarter, half).max(first);
            let third = summit(quarter, half, three_quarters).max(second);
            summit(half, three_quarters, next).max(third).store_samples(top);
        }
    }
}

/// Four frames at a time.
#[inline(always)]
fn fours(frames: &[Frame]) -> &[[f32; LANES]] {
    frames.as_flattened().as_chunks().0
}

/// The height of the parabola through three points if its top is nearest to the middle one, else the middle one's.
#[inline(always)]
fn summit<V: Vector>(a: V, b: V, c: V) -> V {
    let zero = V::splat(0.0);
    let bend = V::splat(2.0).mul(b).sub(a).sub(c);
    let slope = c.sub(a);
    let rise = slope.mul(slope).div(V::splat(8.0).mul(bend));
    let outside = slope.abs().greater(bend.abs());
    let inside = zero.select(outside, rise);
    // Three points in a line have no summit.
    b.add(inside.select(bend.abs().greater(zero), zero)).abs()
}

/// A branch of the interpolator, `quarters` of a frame on: a sinc under a Kaiser window, flat within
/// 0.03 dB to 0.46 of the rate. Its coefficients add up to one, so that a constant stays what it is.
fn branch(quarters: u32) -> [f32; TAPS] {
    let offset = f64::from(quarters) / 4.0;
    let exact: [f64; TAPS] = std::array::from_fn(|tap| {
        // The first coefficient meets the newest frame.
        let x = offset + tap as f64 - (TAPS / 2) as f64;
        let angle = std::f64::consts::PI * x;
        let inside = 1.0 - (x / (TAPS / 2) as f64).powi(2);
        angle.sin() / angle * bessel_i0(KAISER_BETA * inside.max(0.0).sqrt())
    });
    let sum: f64 = exact.iter().sum();
    exact.map(|coefficient| (coefficient / sum) as f32)
}

/// The modified Bessel function of order zero, by its series.
fn bessel_i0(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}
