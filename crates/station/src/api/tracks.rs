//! The track library: folders of this machine, the sound files in them, and when decks have played what.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the track library is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum LibraryCommand {
    /// Add a folder: what is in it and in its folders is found by the next scan. At most 64; one that is inside another is in the
    /// library already, and one that holds others takes their place.
    AddFolder {
        /// Its path from the root.
        path: String,
    },
    /// Take a folder out. Its tracks are listed no more; they and their plays are kept for the day it comes back.
    RemoveFolder {
        /// Its path, as it is listed.
        path: String,
    },
    /// Look for what is new, has changed and is gone.
    Scan,
    /// Look no further. What is written by now stays; the next scan finds the rest.
    CancelScan,
}

/// A sound file of the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    /// Its number, from 1: it stays, whatever becomes of the file.
    #[ts(type = "number")]
    pub id: u64,
    /// The file.
    pub path: String,
    /// What the file says it is; the file's name where it says nothing.
    pub title: String,
    /// Who performs it; empty where the file does not say.
    pub artist: String,
    /// Where it appeared; empty where the file does not say.
    pub album: String,
    /// How long it is, seconds. `null` where only playing would tell.
    pub seconds: Option<f64>,
    /// Its rate, Hz.
    pub rate: Option<u32>,
    /// Its channels.
    pub channels: Option<u16>,
    /// Its codec: "MP3", "FLAC", "PCM", "Vorbis", "Opus", "AAC" or "ALAC".
    pub codec: Option<String>,
    /// By how much its tags (ReplayGain, R128) make it louder, dB, to bring it to -18 LUFS.
    pub gain: Option<f32>,
    /// It has a picture.
    pub cover: bool,
    /// Why it cannot be played.
    pub fault: Option<String>,
    /// It is not in its folder any more, or its folder is not in the library.
    pub gone: bool,
    /// When a deck began to play it last: local time with its offset, `2026-11-22T17:04:05.123+01:00`.
    pub last_played: Option<String>,
    /// How often decks have played it.
    pub plays: u32,
}

/// Something that a deck has sounded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Play {
    /// Its number: later plays have higher ones.
    #[ts(type = "number")]
    pub id: u64,
    /// The file.
    pub path: String,
    /// The track, where the library knows the file.
    #[ts(type = "number | null")]
    pub track: Option<u64>,
    /// When it began: local time with its offset.
    pub began: String,
    /// How much of it was heard, seconds; it grows while it plays.
    pub seconds: f64,
    /// The name of the deck's strip.
    pub strip: String,
    /// Its title, as it was aired.
    pub title: String,
    /// Who performs it.
    pub artist: String,
}

/// A folder of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LibraryFolder {
    /// Its path from the root.
    pub path: String,
    /// Tracks in it, and in its folders.
    pub tracks: u32,
}

/// How far a scan is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScanProgress {
    /// Sound files there are, as far as they are counted.
    pub found: u32,
    /// All are counted.
    pub counted: bool,
    /// Of these, what was looked at.
    pub looked: u32,
    /// The file or folder that is being looked at.
    pub current: String,
}

/// What came of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ScanSummary {
    /// It was ended before it was through.
    pub cancelled: bool,
    /// Why it could not go on: the library cannot be written.
    pub broken: Option<String>,
    /// Sound files that were looked at.
    pub looked: u32,
    /// Tracks that were not known.
    pub added: u32,
    /// Tracks whose file has changed.
    pub changed: u32,
    /// Tracks that were gone and are back.
    pub back: u32,
    /// Tracks that are gone.
    pub gone: u32,
    /// Files and folders that could not be read.
    pub unreadable: u32,
    /// Why, in sentences: of the first 50.
    pub faults: Vec<String>,
}

/// What the library is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ScanState {
    /// Nothing.
    #[default]
    Idle,
    /// It looks at its folders.
    Scanning {
        /// How far it is.
        progress: ScanProgress,
    },
}

/// The track library. Told at most five times a second while it is scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LibraryState {
    /// Its folders, by their paths.
    pub folders: Vec<LibraryFolder>,
    /// Tracks that are there.
    pub tracks: u32,
    /// What it is doing.
    pub scan: ScanState,
    /// What came of the last scan of this desk.
    pub last: Option<ScanSummary>,
    /// Why its folders are not known: the library cannot be read.
    pub fault: Option<String>,
}

/// A file's waveform, for the eye: 1024 columns of equal length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Waveform {
    /// Lowest and highest sample of each column, one after the other, -127 to 127 for full scale.
    pub peaks: Vec<i8>,
}
