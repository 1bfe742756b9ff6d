//! How loud a side chain is: the louder side's highest sample of every few frames, after its high-pass.

use super::{DECISIONS, Decisions, PACE, sound};
use crate::SampleRate;
use crate::lanes::{LaneBlock, Lanes, Vector};

/// A high-pass of second order per strip (Butterworth, 12 dB per octave), or none, before the detector.
///
/// Direct form II transposed; coefficients after R. Bristow-Johnson's "Audio EQ Cookbook", Q = √½.
#[derive(Debug, Clone)]
pub(crate) struct SideHighPass {
    /// b0, b1, b2, -a1, -a2.
    coefficients: [Lanes; 5],
    states: [Lanes; 2],
    /// Which strips have one.
    used: [bool; crate::lanes::STRIPS],
}

impl SideHighPass {
    pub(crate) fn new() -> Self {
        let mut coefficients = [Lanes::ZERO; 5];
        coefficients[0] = Lanes::splat(1.0);
        Self {
            coefficients,
            states: [Lanes::ZERO; 2],
            used: [false; crate::lanes::STRIPS],
        }
    }

    /// Sets one strip's corner in Hz, or none.
    pub(crate) fn set(&mut self, strip: usize, corner_hz: Option<f32>, rate: SampleRate) {
        let values = corner_hz.map_or([1.0, 0.0, 0.0, 0.0, 0.0], |hz| high_pass(hz, rate));
        for (lanes, value) in self.coefficients.iter_mut().zip(values) {
            lanes.set_strip(strip, value);
        }
        if let Some(used) = self.used.get_mut(strip) {
            *used = corner_hz.is_some();
        }
        // What an old corner left behind is not the new one's sound.
        for state in &mut self.states {
            state.set_strip(strip, 0.0);
        }
    }

    /// Forgets what one strip was.
    pub(crate) fn clear(&mut self, strip: usize) {
        for state in &mut self.states {
            state.set_strip(strip, 0.0);
        }
    }

    /// The level, linear, for every decision of a block. Both lanes of a strip get the louder one's.
    #[inline(always)]
    pub(crate) fn levels<V: Vector>(&mut self, block: &LaneBlock) -> Decisions {
        let mut levels = [Lanes::ZERO; DECISIONS];
        let (runs, _) = block.as_chunks::<PACE>();
        if self.used.contains(&true) {
            let [b0, b1, b2, a1, a2] = self.coefficients.map(|lanes| V::load(&lanes));
            let [mut first, mut second] = self.states.map(|lanes| V::load(&lanes));
            for (run, level) in runs.iter().zip(&mut levels) {
                let mut highest = V::splat(0.0);
                for frame in run {
                    let x = V::load(frame);
                    let y = b0.mul_add(x, first);
                    first = a1.mul_add(y, b1.mul_add(x, second));
                    second = a2.mul_add(y, b2.mul(x));
                    highest = y.abs().max(highest);
                }
                highest.max(highest.swap_sides()).store(level);
            }
            sound(first).store(&mut self.states[0]);
            sound(second).store(&mut self.states[1]);
        } else {
            for (run, level) in runs.iter().zip(&mut levels) {
                let mut highest = V::splat(0.0);
                for frame in run {
                    highest = V::load(frame).abs().max(highest);
                }
                highest.max(highest.swap_sides()).store(level);
            }
        }
        levels
    }
}

fn high_pass(hz: f32, rate: SampleRate) -> [f32; 5] {
    // Never at half the rate, however low that is.
    let corner = f64::from(hz).min(0.45 * f64::from(rate.hz()));
    let (sin, cos) = (std::f64::consts::TAU * corner / f64::from(rate.hz())).sin_cos();
    let alpha = sin * std::f64::consts::FRAC_1_SQRT_2;
    let a0 = 1.0 + alpha;
    let outer = (1.0 + cos) / 2.0 / a0;
    [outer, -2.0 * outer, outer, 2.0 * cos / a0, (alpha - 1.0) / a0].map(|value| value as f32)
}
