//! The presets of the PCM delivery: what each sets, after the table of static profiles that its protocol defines.

use std::fmt;

use super::Profile;

/// How a track is made to sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Preset {
    /// A little of everything; the one that is used unless another is asked for.
    #[default]
    Adaptive,
    /// Hardly anything.
    Gentle,
    /// Rich low mids, smooth highs.
    Warm,
    /// Clarity, presence, air.
    Bright,
    /// Powerful, for what is loud.
    Punchy,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Adaptive, Self::Gentle, Self::Warm, Self::Bright, Self::Punchy];

    /// What it is called on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Gentle => "gentle",
            Self::Warm => "warm",
            Self::Bright => "bright",
            Self::Punchy => "punchy",
        }
    }

    /// The one of this name, in capitals or not.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name().eq_ignore_ascii_case(name))
    }

    /// What it sets.
    pub const fn profile(self) -> Profile {
        match self {
            Self::Adaptive => Profile {
                bands_db: [2.5, 0.5, 0.0, 0.5, 0.8],
                ratio: 1.5,
                threshold_dbfs: -26.0,
                attack_ms: 25.0,
                release_ms: 250.0,
                limit_dbfs: -2.5,
                limit_release_ms: 100.0,
                eq_blend: 0.75,
                dynamics_blend: 0.40,
                target_lufs: -14.0,
                peak_dbtp: -0.50,
            },
            Self::Gentle => Profile {
                bands_db: [0.3, 0.0, 0.0, 0.2, 0.5],
                ratio: 1.8,
                threshold_dbfs: -20.0,
                attack_ms: 15.0,
                release_ms: 150.0,
                limit_dbfs: -2.0,
                limit_release_ms: 75.0,
                eq_blend: 0.60,
                dynamics_blend: 0.50,
                target_lufs: -16.0,
                peak_dbtp: -0.30,
            },
            Self::Warm => Profile {
                bands_db: [1.5, 1.2, 0.3, -0.3, 0.8],
                ratio: 2.2,
                threshold_dbfs: -19.0,
                attack_ms: 20.0,
                release_ms: 200.0,
                limit_dbfs: -1.5,
                limit_release_ms: 100.0,
                eq_blend: 1.0,
                dynamics_blend: 0.75,
                target_lufs: -13.0,
                peak_dbtp: -0.35,
            },
            Self::Bright => Profile {
                bands_db: [0.0, -0.5, 0.5, 2.0, 2.5],
                ratio: 2.8,
                threshold_dbfs: -17.0,
                attack_ms: 5.0,
                release_ms: 80.0,
                limit_dbfs: -0.8,
                limit_release_ms: 40.0,
                eq_blend: 1.0,
                dynamics_blend: 0.90,
                target_lufs: -12.0,
                peak_dbtp: -0.30,
            },
            Self::Punchy => Profile {
                bands_db: [1.8, 0.5, 0.0, 1.5, 0.8],
                ratio: 2.5,
                threshold_dbfs: -18.0,
                attack_ms: 5.0,
                release_ms: 100.0,
                limit_dbfs: -2.0,
                limit_release_ms: 80.0,
                eq_blend: 0.75,
                dynamics_blend: 0.65,
                target_lufs: -14.0,
                peak_dbtp: -0.20,
            },
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
