//! The black box as a host sets and sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::RecordingFormat;

/// Names what the black box holds of one engine, also of earlier desks.
pub type RunId = u64;

/// The black box: whether it is on, where it is and what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BlackBoxSettings {
    /// It holds what is heard, whether anybody records or not.
    pub on: bool,
    /// The folder in which it makes its own; `null` for the folder of the desk's data.
    pub folder: Option<String>,
    /// So many minutes are held, 1 to 1440.
    pub minutes: f32,
    /// So many megabytes (10^6 bytes) at the most, 10 to 10,000,000; `null` for a quarter of what is free, which is
    /// the most. Up to twice of it while something is being kept, which cannot go.
    pub megabytes: Option<u32>,
    /// What is held beside the programme.
    pub lanes: BlackBoxLanes,
    /// The format of what is kept: WAV or FLAC, as it is held without loss.
    pub format: RecordingFormat,
}

impl Default for BlackBoxSettings {
    /// The last two hours of everything.
    fn default() -> Self {
        Self {
            on: true,
            folder: None,
            minutes: 120.0,
            megabytes: None,
            lanes: BlackBoxLanes::default(),
            format: RecordingFormat::Flac24,
        }
    }
}

/// What is held beside the programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum BlackBoxLanes {
    /// Every strip, as it is in the programme.
    #[default]
    AllStrips,
    /// Nothing.
    ProgrammeAlone,
}

/// The black box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxState {
    /// What was set.
    pub settings: BlackBoxSettings,
    /// The folder in which its own is.
    pub folder: String,
    /// What it is doing.
    pub phase: BlackBoxPhase,
    /// What is held, oldest first: of earlier desks and engines, and of this one at last once it has begun.
    pub runs: Vec<BlackBoxRun>,
    /// Bytes on disk.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Bytes it may hold now.
    #[ts(type = "number")]
    pub bytes_max: u64,
    /// Frames that the disk did not take in time: silence in what is kept.
    #[ts(type = "number")]
    pub frames_not_written: u64,
    /// What is being kept now.
    pub keeping: Option<BlackBoxKeeping>,
    /// What was kept last.
    pub kept: Option<BlackBoxKept>,
}

/// What the black box is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum BlackBoxPhase {
    /// It is off.
    Off,
    /// Its folder is looked through; nothing is on disk yet.
    Starting,
    /// The disk takes what is mixed.
    Turning,
    /// It has stopped by itself; what it holds can be kept.
    Halted {
        /// One sentence: what, where, what to do.
        reason: String,
        /// It tries again by itself.
        tries_again: bool,
    },
    /// It writes what it has and ends.
    Stopping,
}

/// What is held of one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxRun {
    /// Which.
    #[ts(type = "number")]
    pub id: RunId,
    /// It is being written.
    pub current: bool,
    /// When what is held of it began, by the wall clock of then: `2026-11-22T17:04:05+01:00`.
    pub began: String,
    /// From the first to the last frame that is held, seconds.
    pub seconds: f64,
    /// Programme and strips, in the order in which they came.
    pub lanes: Vec<BlackBoxLane>,
}

/// What is held of the programme or a strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxLane {
    /// Its name.
    pub name: String,
    /// How much, seconds.
    pub seconds: f64,
    /// Frames among them that were lost.
    #[ts(type = "number")]
    pub frames_lost: u64,
}

/// A recording that is being made of what is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxKeeping {
    /// How much was asked for, seconds.
    pub seconds: f64,
    /// How much is done, 0 to 1.
    pub progress: f32,
}

/// A recording that was made of what was held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxKept {
    /// When its first frame was heard: `2026-11-22T17:04:05+01:00`.
    pub began: String,
    /// How long it is, seconds.
    pub seconds: f64,
    /// Its files: the programme first, then the strips.
    pub files: Vec<BlackBoxFile>,
}

/// A file of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BlackBoxFile {
    /// Of the programme, or of which strip.
    pub name: String,
    /// Where it is.
    pub path: String,
    /// How many of its frames are silence because the audio was lost.
    #[ts(type = "number")]
    pub frames_lost: u64,
}
