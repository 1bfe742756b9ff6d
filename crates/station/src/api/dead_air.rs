//! The dead-air watch as a host sees it.

use airdesk_dsp::range::{OutOfRange, within};
use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// When a signal counts as dead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WatchSettings {
    /// Below this level it is silent: RMS over 300 ms of the louder side, dBFS, -90 to -10; -50 unless set.
    pub level_dbfs: f32,
    /// Silent for so many seconds it is dead: 1 to 300; 10 unless set.
    pub seconds: f32,
}

impl Default for WatchSettings {
    fn default() -> Self {
        Self {
            level_dbfs: -50.0,
            seconds: 10.0,
        }
    }
}

impl WatchSettings {
    /// Refuses what is outside the range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        within("dead-air level in dBFS", self.level_dbfs, (-90.0, -10.0))?;
        within("dead-air time in s", self.seconds, (1.0, 300.0)).map(drop)
    }
}

/// How the programme is watched, and what stands in for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeadAirSettings {
    /// The programme is watched.
    pub on: bool,
    /// When it is dead.
    pub watch: WatchSettings,
    /// The strip that is faded in while it is; `null` for none.
    #[ts(type = "number | null")]
    pub fallback: Option<StripId>,
    /// Where its fader goes then, dB, -40 to +10; 0 unless set.
    pub fallback_db: f32,
}

impl DeadAirSettings {
    /// Refuses what is outside the range, by name.
    pub fn check(&self) -> Result<(), OutOfRange> {
        self.watch.check()?;
        within("fallback level in dB", self.fallback_db, (-40.0, 10.0)).map(drop)
    }
}

/// The whole watch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeadAirState {
    /// What was set for the programme.
    pub settings: DeadAirSettings,
    /// How the programme is.
    pub programme: SignalState,
    /// What the fallback is doing.
    pub fallback: FallbackState,
    /// The strips that are watched.
    pub strips: Vec<StripWatch>,
}

/// A strip that is watched, before its fader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StripWatch {
    /// Which.
    #[ts(type = "number")]
    pub strip: StripId,
    /// When it is dead.
    pub settings: WatchSettings,
    /// How it is.
    pub signal: SignalState,
}

/// How a signal that is watched is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SignalState {
    /// It is not watched.
    Unwatched,
    /// It is heard, or has not been silent for long enough.
    Alive,
    /// It has been silent for too long. While the fallback is in, this is said of the programme without it.
    Dead {
        /// Since when that is known, as local time `HH:MM:SS`.
        since: String,
    },
}

/// What the fallback is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FallbackState {
    /// No strip was chosen.
    None,
    /// It waits.
    Ready,
    /// It stands in for the programme.
    In,
    /// The programme is dead and it cannot stand in.
    Unable {
        /// Why, in a sentence.
        reason: String,
    },
    /// It stood in, and the operator has taken its fader: it is left alone until the programme has come back.
    Taken,
}
