//! The recorder as a host sets and sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Sample format of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RecordingFormat {
    /// 16-bit integer, triangular dither.
    Pcm16,
    /// 24-bit integer.
    #[default]
    Pcm24,
    /// 32-bit float.
    Float32,
}

/// Where and how recordings are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordingSettings {
    /// The folder; made when missing.
    pub folder: String,
    /// The sample format.
    pub format: RecordingFormat,
}

/// The recorder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RecorderState {
    /// Where and how.
    pub settings: RecordingSettings,
    /// What it is doing.
    pub recording: RecordingState,
    /// Free bytes in the folder; `null` when it cannot be read.
    #[ts(type = "number | null")]
    pub free_bytes: Option<u64>,
    /// Hours of recording that fit into them.
    pub hours_left: Option<f32>,
}

/// What the recorder is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RecordingState {
    /// Nothing is recorded.
    Stopped {
        /// The last recording of this run, if any.
        last_file: Option<String>,
    },
    /// The file is being made; nothing is on disk yet.
    Starting,
    /// Bytes are reaching the disk.
    Recording {
        /// The file.
        file: String,
        /// Seconds on disk.
        seconds: f64,
        /// Bytes on disk.
        #[ts(type = "number")]
        bytes: u64,
        /// Frames missing from it; each gap is in the log beside it.
        #[ts(type = "number")]
        frames_lost: u64,
        /// That log has every gap. A notice tells the first that could not be noted.
        gaps_logged: bool,
    },
    /// The disk takes nothing for the moment; up to 15 s are kept in memory and nothing is lost yet.
    Stalled {
        /// The file.
        file: String,
        /// Seconds since a byte reached the disk.
        seconds: f32,
        /// Seconds on disk.
        recorded: f64,
        /// Bytes on disk.
        #[ts(type = "number")]
        bytes: u64,
        /// Frames missing from it; each gap is in the log beside it.
        #[ts(type = "number")]
        frames_lost: u64,
        /// That log has every gap.
        gaps_logged: bool,
    },
    /// It was stopped: nothing more is recorded, and what was is on its way to the disk, for as long as that takes.
    Finishing {
        /// The file.
        file: String,
        /// Seconds on disk when it was stopped.
        seconds: f64,
        /// Bytes on disk then.
        #[ts(type = "number")]
        bytes: u64,
        /// Frames missing from it then; each gap is in the log beside it.
        #[ts(type = "number")]
        frames_lost: u64,
        /// That log has every gap.
        gaps_logged: bool,
    },
    /// It stopped by itself; what was written is a valid file.
    Failed {
        /// The file, if one was made.
        file: Option<String>,
        /// Why, and what to do.
        reason: String,
    },
}
