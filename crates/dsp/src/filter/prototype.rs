//! The analogue filters that the digital ones are to sound like, `s` in units of the centre frequency.
//!
//! Bells and shelves as in R. Bristow-Johnson, "Audio EQ Cookbook": `A = 10^(gain / 40)`, so a cut is the
//! exact inverse of a boost, and a shelf is half-way, in dB, at its frequency.

/// `(b₀ + b₁ s + b₂ s²) / (a₀ + a₁ s + a₂ s²)` around a frequency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prototype {
    pub(super) numerator: [f64; 3],
    pub(super) denominator: [f64; 3],
    pub(super) frequency: f64,
}

impl Prototype {
    /// Raises or lowers what is around `frequency` (Hz) by `gain` (dB).
    pub fn bell(frequency: f64, gain: f64, q: f64) -> Self {
        let a = amplitude(gain);
        Self {
            numerator: [1.0, a / q, 1.0],
            denominator: [1.0, 1.0 / (a * q), 1.0],
            frequency,
        }
    }

    /// Raises or lowers what is below `frequency` (Hz) by `gain` (dB).
    pub fn low_shelf(frequency: f64, gain: f64, q: f64) -> Self {
        let a = amplitude(gain);
        let damping = a.sqrt() / q;
        Self {
            numerator: [a * a, a * damping, a],
            denominator: [1.0, damping, a],
            frequency,
        }
    }

    /// Raises or lowers what is above `frequency` (Hz) by `gain` (dB).
    pub fn high_shelf(frequency: f64, gain: f64, q: f64) -> Self {
        let a = amplitude(gain);
        let damping = a.sqrt() / q;
        Self {
            numerator: [a, a * damping, a * a],
            denominator: [a, damping, 1.0],
            frequency,
        }
    }

    /// Takes away what is below `frequency` (Hz).
    pub fn high_pass(frequency: f64, q: f64) -> Self {
        Self {
            numerator: [0.0, 0.0, 1.0],
            denominator: [1.0, 1.0 / q, 1.0],
            frequency,
        }
    }

    /// What takes its effect back again.
    pub(super) fn inverse(&self) -> Self {
        Self {
            numerator: self.denominator,
            denominator: self.numerator,
            frequency: self.frequency,
        }
    }

    /// The square of the magnitude at `hz`.
    pub fn power(&self, hz: f64) -> f64 {
        let w = (hz / self.frequency).powi(2);
        power_of(self.numerator, w) / power_of(self.denominator, w)
    }
}

fn amplitude(gain: f64) -> f64 {
    10.0_f64.powf(gain / 40.0)
}

/// `|c₀ + c₁ s + c₂ s²|²` where `s² = -w`.
fn power_of(c: [f64; 3], w: f64) -> f64 {
    (c[0] - c[2] * w).powi(2) + c[1] * c[1] * w
}
