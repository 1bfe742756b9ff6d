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
    /// No summit is higher than so many times the highest of the frames that it is made of.
    reach: f32,
    /// The highest frame of the block before.
    loudest: f32,
    /// Nobody looked for the points of the block before.
    passed: bool,
}

impl Oversampler {
    pub(super) fn new(arch: Arch) -> Self {
        let branches = [1, 2, 3].map(branch);
        let sum = |taps: &[f32; TAPS]| taps.iter().map(|tap| tap.abs()).sum();
        let largest = branches.iter().map(sum).fold(1.0, f32::max);
        Self {
            arch,
            taps: oldest_first(&branches),
            heard: [[0.0; 2]; TAPS - 1 + BLOCK_FRAMES],
            points: [[[0.0; 2]; 1 + BLOCK_FRAMES]; BRANCHES],
            // A parabola through three points rises above the middle one by half of the highest at most; and what rounding adds.
            reach: 1.5 * largest * 1.001,
            loudest: 0.0,
            passed: false,
        }
    }

    /// The highest point from an eighth before to seven eighths after each frame, half the filter late. Returns the
    /// highest of all. Where no point can be above `enough` none is looked for: all are given as none, and most blocks of
    /// speech cost a tenth.
    pub(super) fn peaks(&mut self, block: &Block, enough: f32, peaks: &mut [f32; BLOCK_FRAMES]) -> f32 {
        let loudest = block
            .as_flattened()
            .iter()
            .fold(0.0_f32, |most, sample| most.max(sample.abs()));
        // The filter hears no further back than the block before.
        let highest = self.reach * loudest.max(std::mem::replace(&mut self.loudest, loudest));
        if highest <= enough {
            remember(&mut self.heard, block);
            self.passed = true;
            *peaks = [0.0; BLOCK_FRAMES];
            return 0.0;
        }
        let mut tops = SILENCE;
        if std::mem::take(&mut self.passed) {
            // The first summit leans on the last points of the block before.
            self.find(&mut tops);
        }
        remember(&mut self.heard, block);
        for points in &mut self.points {
            points[0] = points[BLOCK_FRAMES];
        }
        self.find(&mut tops);
        let mut highest = 0.0;
        for (peak, [left, right]) in peaks.iter_mut().zip(tops) {
            *peak = if left > right { left } else { right };
            highest = if *peak > highest { *peak } else { highest };
        }
        highest
    }

    fn find(&mut self, tops: &mut Block) {
        self.arch.run(Tops {
            taps: &self.taps,
            heard: &self.heard,
            points: &mut self.points,
            tops,
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_looked_for_is_below_and_all_else_is_found_to_the_bit() {
        const ENOUGH: f32 = 0.9;
        let (mut thrifty, mut thorough) = (Oversampler::new(Arch::best()), Oversampler::new(Arch::best()));
        let (mut noise, mut spared, mut found) = (0x2545_f491_u32, 0, 0);
        for block in 0..4_000 {
            // Loud and faint by turns, from block to block and for some time: up to half the rate, where waves rise highest.
            let level = [1.0, 0.3, 0.2, 0.05][(block / 7 + block % 3) % 4];
            let mut sample = || {
                noise ^= noise << 13;
                noise ^= noise >> 17;
                noise ^= noise << 5;
                if noise & 64 == 0 { level } else { -level }
            };
            let audio: Block = std::array::from_fn(|_| [sample(), sample()]);
            let (mut some, mut all) = ([0.0; BLOCK_FRAMES], [0.0; BLOCK_FRAMES]);
            thrifty.peaks(&audio, ENOUGH, &mut some);
            thorough.peaks(&audio, -1.0, &mut all);
            if thrifty.passed {
                spared += 1;
                assert!(all.iter().all(|peak| *peak <= ENOUGH), "block {block}");
            } else {
                found += 1;
                assert_eq!(some, all, "block {block}");
            }
        }
        assert!(spared > 500 && found > 500, "{spared} and {found}");
    }

    #[test]
    fn the_worst_wave_does_not_rise_above_what_is_thought_possible() {
        // Every tap of the middle branch meets a frame of its own sign.
        let mut oversampler = Oversampler::new(Arch::best());
        let worst: [f32; TAPS] = oversampler.taps.map(|taps| taps[1].signum());
        let mut peaks = [0.0; BLOCK_FRAMES];
        oversampler.peaks(&worst.map(|sample| [sample; 2]), -1.0, &mut peaks);
        let highest = peaks.iter().copied().fold(0.0, f32::max);
        let rest = oversampler.peaks(&SILENCE, -1.0, &mut peaks);
        let highest = highest.max(rest);
        assert!(
            highest > 2.0 && highest <= oversampler.reach,
            "{highest} of {}",
            oversampler.reach
        );
    }
}
