//! Loudness and true peak as types, so that neither is passed for the other. Silence has no value: `None`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Below this there is nothing to hear: the dither of 24 bits lies at about -140.
const SILENT_BELOW: f64 = -120.0;

macro_rules! level {
    ($(#[$doc:meta])* $name:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(f32);

        impl $name {
            /// The number.
            pub fn value(self) -> f32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:.1} ", $unit), self.0)
            }
        }
    };
}

level!(
    /// Loudness relative to full scale, K-weighted (ITU-R BS.1770), in LUFS.
    Lufs,
    "LUFS"
);
level!(
    /// A difference of two loudnesses, in LU.
    Lu,
    "LU"
);
level!(
    /// A true peak relative to full scale (ITU-R BS.1770, Annex 2), in dBTP.
    Dbtp,
    "dBTP"
);

impl Lufs {
    /// Returns `None` for silence (below -120 LUFS) and for what is no number.
    pub fn new(lufs: f64) -> Option<Self> {
        (lufs.is_finite() && lufs >= SILENT_BELOW).then_some(Self(lufs as f32))
    }

    /// The loudness of a power whose 1.0 is 0 LUFS.
    pub(super) fn of_power(power: f64) -> Option<Self> {
        Self::new(10.0 * power.log10())
    }
}

impl Lu {
    pub(super) fn new(lu: f64) -> Self {
        Self(lu as f32)
    }
}

impl Dbtp {
    /// The level of a linear peak, full scale 1.0. Returns `None` for silence, below -120 dBTP.
    pub(super) fn of_peak(peak: f32) -> Option<Self> {
        let level = 20.0 * f64::from(peak).log10();
        (level.is_finite() && level >= SILENT_BELOW).then_some(Self(level as f32))
    }
}
