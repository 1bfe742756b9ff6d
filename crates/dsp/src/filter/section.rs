//! One second-order section: a state-variable filter by the trapezoidal rule (A. Simper, "Solving the
//! continuous SVF equations using trapezoidal integration and equivalent currents", 2013).
//!
//! Written as increments of its two states, so that `f32` serves at 20 Hz and Q 20. Its state never
//! grows by itself, whatever stable coefficients follow each other from sample to sample: each step is a
//! contraction (A. Wishnick, "Time-Varying Filters for Musical Applications", DAFx-14), and so is every
//! mixture of two of them, which is what a glide passes through.

use crate::lanes::{Lanes, Vector};

/// What a section multiplies by, for one channel. Two sections of which one is flat differ only in outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients(pub(super) [f32; Coefficients::COUNT]);

impl Coefficients {
    pub(super) const COUNT: usize = 6;
    /// Where the shares of input and states in the output begin.
    pub(super) const OUTPUTS: usize = 3;
    /// The output is the input.
    pub(super) const FLAT_OUTPUTS: [f32; 3] = [1.0, 0.0, 0.0];

    /// From `g = tan(ω₀/2)`, damping `k = 1/Q`, and the shares of low, band and high output.
    pub fn new(g: f64, k: f64, [low, band, high]: [f64; 3]) -> Self {
        let a1 = (1.0 + g * (g + k)).recip();
        let (a2, a3) = (g * a1, g * g * a1);
        let (m0, m1, m2) = (high, band - k * high, low - high);
        let through = m1 * a2 + m2 * a3;
        let outputs = [m0 + through, m1 * a1 + m2 * a2, m2 - through];
        // 1 - a1 without the difference of near numbers.
        let loss = 2.0 * g * (g + k) * a1;
        let [h0, h1, h2] = outputs;
        Self([2.0 * a2, 2.0 * a3, loss, h0, h1, h2].map(|c| c as f32))
    }

    /// Leaves the signal as it is, bit for bit.
    pub const FLAT: Self = Self([0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// The output is the input, whatever the states do.
    pub(super) fn is_flat(&self) -> bool {
        self.0[Self::OUTPUTS..] == Self::FLAT_OUTPUTS
    }

    /// Both are heard, and their poles are more than `ratio` apart.
    pub(super) fn is_far_from(&self, other: &Self, ratio: f32) -> bool {
        // a3 / a2 = g, the frequency.
        let ([a, b, ..], [c, d, ..]) = (self.0, other.0);
        let (left, right) = (b * c, d * a);
        !self.is_flat() && !other.is_flat() && (left > ratio * right || right > ratio * left)
    }
}

/// The coefficients of eight channels in registers.
pub(super) type CoefficientVectors<V> = [V; Coefficients::COUNT];

/// One sample of eight channels through one section.
#[inline(always)]
pub(super) fn step<V: Vector>(input: V, states: &mut [V; 2], coefficients: &CoefficientVectors<V>) -> V {
    let [a2, a3, loss, h0, h1, h2] = *coefficients;
    let [first, second] = *states;
    let difference = input.sub(second);
    let lost = loss.mul(first);
    states[0] = first.add(a2.mul(difference).sub(lost));
    states[1] = second.add(a2.mul_add(first, a3.mul(difference)));
    h0.mul_add(input, h1.mul_add(first, h2.mul(second)))
}

/// Eight channels' coefficients in memory.
pub(super) type CoefficientLanes = [Lanes; Coefficients::COUNT];
