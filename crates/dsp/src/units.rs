//! Levels, positions and counts as types, so that a level is never passed for a pan or a time.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A level in dB: relative to unity gain for a control, to full scale for a meter.
///
/// `0.0` is unity, [`Decibels::SILENCE`] is off. It is written as a number; off is `-inf` where
/// the format has it (TOML) and `null` where it has not (JSON).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Decibels(f32);

impl Decibels {
    /// No signal at all.
    pub const SILENCE: Self = Self(f32::NEG_INFINITY);
    /// Unity gain, or full scale.
    pub const UNITY: Self = Self(0.0);
    /// The highest level any control takes, +40 dB.
    pub const MAX: Self = Self(40.0);

    /// Returns `None` for NaN and for levels above [`Decibels::MAX`].
    pub fn new(db: f32) -> Option<Self> {
        (db <= Self::MAX.0).then_some(Self(db))
    }

    /// The level of a linear amplitude. Zero and less give [`Decibels::SILENCE`].
    pub fn of_amplitude(amplitude: f32) -> Self {
        if amplitude > 0.0 {
            Self(20.0 * amplitude.log10())
        } else {
            Self::SILENCE
        }
    }

    /// The number, in dB.
    pub fn db(self) -> f32 {
        self.0
    }

    /// The linear factor to multiply samples by, `10^(dB / 20)`. Below -90 dB a control is off.
    pub fn gain(self) -> Gain {
        if self.0 < -90.0 {
            Gain(0.0)
        } else {
            Gain(10.0_f32.powf(self.0 / 20.0))
        }
    }
}

impl fmt::Display for Decibels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_finite() {
            write!(f, "{:+.1} dB", self.0)
        } else {
            f.write_str("off")
        }
    }
}

impl Serialize for Decibels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f32(self.0)
    }
}

impl<'de> Deserialize<'de> for Decibels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let db = Option::<f32>::deserialize(deserializer)?.unwrap_or(f32::NEG_INFINITY);
        Self::new(db).ok_or_else(|| serde::de::Error::custom(format_args!("{db} is not a level up to {}", Self::MAX)))
    }
}

/// A linear factor, at least zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Gain(f32);

impl Gain {
    /// Leaves samples as they are.
    pub const UNITY: Self = Self(1.0);
    /// Silences.
    pub const ZERO: Self = Self(0.0);

    /// The factor.
    pub fn linear(self) -> f32 {
        self.0
    }
}

impl std::ops::Mul for Gain {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
}

/// A position between the speakers: -1 is left, 0 the centre, +1 right.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Pan(f32);

impl Pan {
    /// The middle.
    pub const CENTRE: Self = Self(0.0);
    /// Hard left.
    pub const LEFT: Self = Self(-1.0);
    /// Hard right.
    pub const RIGHT: Self = Self(1.0);

    /// Returns `None` outside -1..=1 and for NaN.
    pub fn new(position: f32) -> Option<Self> {
        (-1.0..=1.0).contains(&position).then_some(Self(position))
    }

    /// The position, -1..=1.
    pub fn position(self) -> f32 {
        self.0
    }

    /// The factors for left and right under the constant-power (sine/cosine) law: -3.01 dB on both
    /// sides at the centre, exactly unity and zero at the ends, `l² + r² = 1` everywhere.
    pub fn gains(self) -> (Gain, Gain) {
        if self.0 <= -1.0 {
            return (Gain::UNITY, Gain::ZERO);
        }
        if self.0 >= 1.0 {
            return (Gain::ZERO, Gain::UNITY);
        }
        let (right, left) = ((self.0 + 1.0) * std::f32::consts::FRAC_PI_4).sin_cos();
        (Gain(left), Gain(right))
    }

    /// The factors as a balance between the sides of a stereo source: both unity in the centre, the far side
    /// turned down along a quarter of a cosine towards the ends.
    pub fn balance(self) -> (Gain, Gain) {
        let far = if self.0.abs() >= 1.0 {
            Gain::ZERO
        } else {
            Gain((self.0.abs() * std::f32::consts::FRAC_PI_2).cos())
        };
        if self.0 > 0.0 {
            (far, Gain::UNITY)
        } else {
            (Gain::UNITY, far)
        }
    }
}

impl<'de> Deserialize<'de> for Pan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let position = f32::deserialize(deserializer)?;
        Self::new(position)
            .ok_or_else(|| serde::de::Error::custom(format_args!("{position} is not a pan position from -1 to 1")))
    }
}

/// A count of frames. One frame is one sample of every channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Frames(pub u32);

/// Frames per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SampleRate(u32);

impl SampleRate {
    /// The desk's rate unless the session says otherwise.
    pub const DESK: Self = Self(48_000);
    /// What speech is made at, as a rule.
    pub const SPEECH: Self = Self(24_000);

    /// Returns `None` outside 8 kHz to 384 kHz.
    pub fn new(hz: u32) -> Option<Self> {
        (8_000..=384_000).contains(&hz).then_some(Self(hz))
    }

    /// Frames per second.
    pub fn hz(self) -> u32 {
        self.0
    }

    /// How many whole frames last `seconds`, rounded to nearest.
    pub fn frames_in(self, seconds: f64) -> Frames {
        Frames((f64::from(self.0) * seconds).round() as u32)
    }
}

impl fmt::Display for SampleRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Hz", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pan_law_is_3_db_down_at_the_centre_and_keeps_the_power() {
        let (left, right) = Pan::CENTRE.gains();
        assert!((Decibels::of_amplitude(left.linear()).db() + 3.0103).abs() < 1e-3);
        assert_eq!(left, right);
        for step in -100..=100 {
            let (left, right) = Pan::new(step as f32 / 100.0).expect("in range").gains();
            let power = left.linear().powi(2) + right.linear().powi(2);
            assert!((power - 1.0).abs() < 1e-6, "{step}: {power}");
        }
        assert_eq!(Pan::LEFT.gains(), (Gain::UNITY, Gain::ZERO));
        assert_eq!(Pan::RIGHT.gains(), (Gain::ZERO, Gain::UNITY));
    }

    #[test]
    fn a_balance_leaves_the_near_side_alone() {
        assert_eq!(Pan::CENTRE.balance(), (Gain::UNITY, Gain::UNITY));
        assert_eq!(Pan::LEFT.balance(), (Gain::UNITY, Gain::ZERO));
        assert_eq!(Pan::RIGHT.balance(), (Gain::ZERO, Gain::UNITY));
        let (near, far) = Pan::new(-0.5).expect("in range").balance();
        assert_eq!(near, Gain::UNITY);
        assert!((Decibels::of_amplitude(far.linear()).db() + 3.0103).abs() < 1e-3);
    }

    #[test]
    fn a_level_that_is_no_level_is_refused() {
        assert_eq!(Decibels::new(f32::NAN), None);
        assert_eq!(Decibels::new(40.1), None);
        assert_eq!(Pan::new(f32::NAN), None);
        assert_eq!(Decibels::new(-0.0).map(Decibels::gain), Some(Gain::UNITY));
        assert_eq!(Decibels::SILENCE.gain(), Gain::ZERO);
    }
}
