//! Numbers as hosts send them, of any size: how far a control goes is not the parser's to say.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// A number of dB.
pub(super) fn decibels<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    from.deserialize_any(Number("a number of dB"))
}

/// A number of dB, or `null` for off.
pub(super) fn decibels_or_off<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f32>, D::Error> {
    from.deserialize_any(OrOff(Number("a number of dB, or null for off")))
}

/// A pan position.
pub(super) fn position<'de, D: Deserializer<'de>>(from: D) -> Result<f32, D::Error> {
    from.deserialize_any(Number("a number from -1 to 1"))
}

/// Takes a number; says what it is for when something else comes.
struct Number(&'static str);

impl Visitor<'_> for Number {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f32, E> {
        // A huge number stays a number: minus infinity would turn a fader off.
        Ok((value as f32).clamp(f32::MIN, f32::MAX))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f32, E> {
        Ok(value as f32)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f32, E> {
        Ok(value as f32)
    }
}

/// The same, or nothing.
struct OrOff(Number);

impl Visitor<'_> for OrOff {
    type Value = Option<f32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<f32>, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<f32>, E> {
        self.0.visit_f64(value).map(Some)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<f32>, E> {
        self.0.visit_i64(value).map(Some)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<f32>, E> {
        self.0.visit_u64(value).map(Some)
    }
}
