//! The dead-air watch in a session's file: strips by their places, counted from 1.

use serde::{Deserialize, Serialize};

use super::is_usual;
use crate::api::{DeadAirSettings, WatchSettings};

/// What is watched.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionDeadAir {
    /// The programme is watched.
    pub on: bool,
    /// When it is dead.
    pub watch: WatchSettings,
    /// The place of the strip that stands in for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<usize>,
    /// Where that strip's fader goes, dB.
    #[serde(skip_serializing_if = "is_usual")]
    pub fallback_db: f32,
    /// Strips that are watched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strips: Vec<SessionWatch>,
}

/// A strip that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionWatch {
    /// Its place.
    pub strip: usize,
    /// When it is dead.
    #[serde(default)]
    pub watch: WatchSettings,
}

impl SessionDeadAir {
    /// Says what no command could have set, on a desk of so many strips.
    pub(super) fn check(&self, strips: usize) -> Result<(), String> {
        let settings = DeadAirSettings {
            watch: self.watch,
            fallback_db: self.fallback_db,
            ..DeadAirSettings::default()
        };
        settings.check().map_err(|refused| refused.to_string())?;
        for watched in &self.strips {
            watched.watch.check().map_err(|refused| refused.to_string())?;
        }
        let places = self.strips.iter().map(|watched| watched.strip).chain(self.fallback);
        for place in places {
            if !(1..=strips).contains(&place) {
                return Err(format!(
                    "there is no strip {place} to watch or to fall back on; the places are 1 to {strips}"
                ));
            }
        }
        Ok(())
    }
}
