//! How one track passes into the next.

use std::f32::consts::FRAC_PI_2;

/// The curve of a crossfade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Curve {
    /// Both turn with a quarter of a sine: two different pieces stay as loud as one.
    #[default]
    EqualPower,
    /// One minus the other: the same sound on both sides stays as loud as it is.
    EqualGain,
}

impl Curve {
    /// How loud the one that goes and the one that comes are, `part` of the way through, from 0 to 1.
    pub fn gains(self, part: f32) -> [f32; 2] {
        let part = part.clamp(0.0, 1.0);
        match self {
            Self::EqualPower => [(part * FRAC_PI_2).cos(), (part * FRAC_PI_2).sin()],
            Self::EqualGain => [1.0 - part, part],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_goes_from_the_one_to_the_other_and_keeps_what_it_is_named_for() {
        for curve in [Curve::EqualPower, Curve::EqualGain] {
            assert!((curve.gains(0.0)[0] - 1.0).abs() < 1e-6 && curve.gains(0.0)[1].abs() < 1e-6);
            assert!(curve.gains(1.0)[0].abs() < 1e-6 && (curve.gains(1.0)[1] - 1.0).abs() < 1e-6);
        }
        for n in 0..=100 {
            let part = n as f32 / 100.0;
            let [from, to] = Curve::EqualPower.gains(part);
            assert!((from * from + to * to - 1.0).abs() < 1e-6);
            let [from, to] = Curve::EqualGain.gains(part);
            assert!((from + to - 1.0).abs() < 1e-6);
        }
    }
}
