//! HLS as a host sees it: what is aired, in a folder, for any web server to serve.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{LosslessMountSettings, MountSettings};

/// How HLS is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HlsSettings {
    /// It is written.
    pub on: bool,
    /// The folder, absolute; made when it is missing. Empty: `hls` in the folder of the desk's data.
    pub folder: String,
    /// MP3.
    pub mp3: MountSettings,
    /// Opus in fragmented MP4.
    pub opus: MountSettings,
    /// FLAC in fragmented MP4.
    pub flac: LosslessMountSettings,
    /// How long a segment is, 2 to 20 seconds. Listeners hear the desk some three segments late.
    pub segment_seconds: u8,
    /// Segments in a playlist, 3 to 100.
    pub segments: u8,
}

impl Default for HlsSettings {
    fn default() -> Self {
        Self {
            on: false,
            folder: String::new(),
            mp3: MountSettings {
                open: true,
                bit_rate: 128,
            },
            opus: MountSettings {
                open: true,
                bit_rate: 96,
            },
            flac: LosslessMountSettings { open: false, bits: 16 },
            segment_seconds: 6,
            segments: 6,
        }
    }
}

/// HLS, and what it is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HlsState {
    /// What was set.
    pub settings: HlsSettings,
    /// Where it is written.
    pub folder: String,
    /// What it is doing.
    pub writing: HlsWriting,
}

/// What HLS is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum HlsWriting {
    /// It is off.
    Off,
    /// The first segment is on its way.
    Starting,
    /// Segments reach the folder.
    On {
        /// How many have, since it was turned on, of all codecs.
        #[ts(type = "number")]
        segments: u64,
        /// How many bytes.
        #[ts(type = "number")]
        bytes: u64,
        /// Seconds of the programme that are missing from it.
        seconds_lost: f64,
    },
    /// They do not. It is tried again every second.
    Fault {
        /// Why, in a sentence.
        reason: String,
        /// Seconds of the programme that are missing from it.
        seconds_lost: f64,
    },
}
