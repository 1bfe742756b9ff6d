//! What tracks are enhanced with: what a client asks for, what its connection had, what is set for all, and what holds when
//! nobody has said anything, in this order.

use airdesk_station::delivery::Preset;
use serde_json::{Value, json};

/// A preset and how much of it is heard, as it is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Enhancement {
    pub(super) enabled: bool,
    pub(super) preset: Preset,
    /// 0 to 1.
    pub(super) intensity: f64,
}

/// What has been chosen so far, if anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stored {
    pub(super) enabled: bool,
    pub(super) preset: Option<Preset>,
    pub(super) intensity: Option<f64>,
}

impl Default for Stored {
    fn default() -> Self {
        Self {
            enabled: true,
            preset: None,
            intensity: None,
        }
    }
}

/// What a client asks for. `Some(None)`: something that is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) preset: Option<Option<Preset>>,
    pub(super) intensity: Option<Option<f64>>,
}

/// The preset that was asked for is none, and there is no other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoPreset;

impl Stored {
    /// What holds.
    pub(super) fn effective(self) -> Enhancement {
        Enhancement {
            enabled: self.enabled,
            preset: self.preset.unwrap_or_default(),
            intensity: self.intensity.unwrap_or(1.0),
        }
    }
}

impl Asked {
    /// It names a preset or an intensity, right or wrong.
    pub(super) fn is_something(&self) -> bool {
        self.preset.is_some() || self.intensity.is_some()
    }

    /// What is used for it. `own` is what this connection had, `all` what is set for all.
    pub(super) fn resolve(self, own: Option<Enhancement>, all: Stored) -> Result<Enhancement, NoPreset> {
        let kept = own.map(|own| own.preset).or(all.preset);
        let preset = match self.preset {
            Some(None) => kept.ok_or(NoPreset)?,
            Some(Some(preset)) => preset,
            None => kept.unwrap_or_default(),
        };
        // One that is none is never bent into range: NaN must not become everything.
        let intensity = self.intensity.flatten().or(own.map(|own| own.intensity));
        Ok(Enhancement {
            enabled: all.enabled,
            preset,
            intensity: intensity.or(all.intensity).unwrap_or(1.0),
        })
    }
}

impl Enhancement {
    /// For the wire.
    pub(super) fn to_json(self) -> Value {
        json!({ "enabled": self.enabled, "preset": self.preset.name(), "intensity": self.intensity })
    }
}

/// A preset's name, in capitals or not.
pub(super) fn preset(value: &Value) -> Option<Preset> {
    value.as_str().and_then(Preset::named)
}

/// A number from 0 to 1.
pub(super) fn intensity(value: &Value) -> Option<f64> {
    value.as_f64().filter(|intensity| (0.0..=1.0).contains(intensity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_word_counts_first_then_its_connections_then_everybodys() {
        let own = Enhancement {
            enabled: true,
            preset: Preset::Warm,
            intensity: 0.25,
        };
        let all = Stored {
            enabled: true,
            preset: Some(Preset::Bright),
            intensity: Some(0.75),
        };
        let nothing = Asked::default();
        let wrong = Asked {
            preset: Some(None),
            intensity: Some(None),
        };
        let right = Asked {
            preset: Some(Some(Preset::Punchy)),
            intensity: Some(Some(0.5)),
        };
        let table = [
            (nothing, None, Stored::default(), Ok((Preset::Adaptive, 1.0))),
            (nothing, None, all, Ok((Preset::Bright, 0.75))),
            (nothing, Some(own), all, Ok((Preset::Warm, 0.25))),
            (wrong, Some(own), all, Ok((Preset::Warm, 0.25))),
            (wrong, None, all, Ok((Preset::Bright, 0.75))),
            (wrong, None, Stored::default(), Err(NoPreset)),
            (right, Some(own), all, Ok((Preset::Punchy, 0.5))),
        ];
        for (asked, own, all, expected) in table {
            let found = asked.resolve(own, all).map(|found| (found.preset, found.intensity));
            assert_eq!(found, expected, "{asked:?} {own:?} {all:?}");
        }
    }

    #[test]
    fn an_intensity_is_a_number_from_0_to_1_and_nothing_else() {
        for (value, expected) in [
            (json!(0), Some(0.0)),
            (json!(1), Some(1.0)),
            (json!(0.5), Some(0.5)),
            (json!(1.0001), None),
            (json!(-0.0001), None),
            (json!(true), None),
            (json!("0.5"), None),
            (json!(null), None),
        ] {
            assert_eq!(intensity(&value), expected, "{value}");
        }
        assert_eq!(preset(&json!("WARM")), Some(Preset::Warm));
        assert_eq!(preset(&json!("live")), None);
    }
}
