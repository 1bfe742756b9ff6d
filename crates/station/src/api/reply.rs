//! What the station answers: what came of a command, or why it was refused.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BlackBoxKept, Play, RecorderId, TargetId, TimelineEntry, Track, UtteranceId, Waveform};

/// What came of a command that was obeyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reply {
    /// Done; nothing more to say.
    Done,
    /// The strip that was made.
    Strip {
        /// Its id.
        #[ts(type = "number")]
        id: StripId,
    },
    /// The recorder that was made.
    Recorder {
        /// Its id.
        id: RecorderId,
    },
    /// The target that was added.
    Target {
        /// Its id.
        #[ts(type = "number")]
        id: TargetId,
    },
    /// The text that will be said.
    Utterance {
        /// Its id.
        id: UtteranceId,
    },
    /// What was kept of the black box.
    Kept {
        /// The recording.
        kept: BlackBoxKept,
    },
    /// Some of the timeline.
    Timeline {
        /// The newest first. There may be none although there are older ones: a search looks at so many at a time.
        entries: Vec<TimelineEntry>,
        /// The `before` to go on with; `null`: that was all.
        #[ts(type = "number | null")]
        older: Option<u64>,
    },
    /// Some tracks.
    Tracks {
        /// In the order of artists, albums and titles.
        tracks: Vec<Track>,
        /// How many there are in all.
        total: u32,
    },
    /// Some of what decks have played.
    Plays {
        /// The newest first.
        plays: Vec<Play>,
        /// The `before` to go on with; `null`: that was all.
        #[ts(type = "number | null")]
        older: Option<u64>,
    },
    /// What a file looks like.
    Waveform {
        /// Its waveform.
        waveform: Waveform,
    },
}

/// Why a command was refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize, TS)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// What a program decides by.
    pub code: ErrorCode,
    /// What a person reads: what, which, and what to do.
    pub message: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ErrorCode {
    /// No strip has this id (any more).
    NoSuchStrip,
    /// The desk is full.
    TooManyStrips,
    /// No target has this id (any more).
    NoSuchTarget,
    /// There are as many targets as there can be.
    TooManyTargets,
    /// A value outside its range; the message names both.
    OutOfRange,
    /// A name, URL, mount or file that cannot be used.
    Invalid,
    /// The device is not there.
    NoSuchDevice,
    /// The folder cannot be written or the disk is full.
    Storage,
    /// It is already so: recording, on air.
    AlreadyRunning,
    /// It is not running.
    NotRunning,
    /// The desk cannot take commands now: its engine is stopping or busy.
    Unavailable,
}
