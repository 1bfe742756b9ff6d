//! The desk's own listener mounts as a host sees them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::StreamCodec;

/// How the mounts are set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ListeningSettings {
    /// `/live.mp3`, with ICY titles for players that ask for them.
    pub mp3: MountSettings,
    /// `/live.opus`, Ogg Opus.
    pub opus: MountSettings,
    /// `/live.ogg`, Ogg Vorbis.
    pub vorbis: MountSettings,
    /// `/live.flac`, Ogg FLAC.
    pub flac: LosslessMountSettings,
    /// Listeners at the same time, over all mounts, 1 to 10000.
    pub listeners_max: u32,
    /// Seconds of the past that a listener is given at once, 0 to 20: a player begins when it has enough.
    pub burst_seconds: f32,
}

/// How one mount is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MountSettings {
    /// It is there while the mounts are open.
    pub open: bool,
    /// Bit rate, kbit/s.
    pub bit_rate: u16,
}

/// How a mount is set that loses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LosslessMountSettings {
    /// It is there while the mounts are open.
    pub open: bool,
    /// Bits of a sample: 16 or 24.
    pub bits: u8,
}

impl Default for ListeningSettings {
    fn default() -> Self {
        let lossy = |bit_rate| MountSettings { open: true, bit_rate };
        Self {
            mp3: lossy(128),
            opus: lossy(96),
            vorbis: lossy(128),
            flac: LosslessMountSettings { open: true, bits: 16 },
            listeners_max: 1_000,
            burst_seconds: 2.0,
        }
    }
}

/// The desk's own listener mounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ListeningState {
    /// Open or not.
    pub on: bool,
    /// How they are set.
    pub settings: ListeningSettings,
    /// The addresses that listeners open, of the mounts that are there while they are open.
    pub urls: Vec<String>,
    /// Each mount, also those that are closed.
    pub mounts: Vec<MountState>,
    /// How many are listening now.
    pub listeners: u32,
    /// Frames since the start that the mounts' encoders came too late for: heard as silence.
    #[ts(type = "number")]
    pub frames_lost: u64,
}

/// One mount. What is counted is counted since the desk was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MountState {
    /// Its path: `/live.mp3`.
    pub path: String,
    /// What it sends.
    pub codec: StreamCodec,
    /// Bit rate, kbit/s; FLAC's is what is to be expected.
    pub bit_rate: u32,
    /// Seconds since it was opened; `null` while it is closed.
    pub open_seconds: Option<f64>,
    /// Listeners now.
    pub listeners: u32,
    /// The most there were at once.
    pub peak: u32,
    /// How often somebody has begun to listen.
    #[ts(type = "number")]
    pub total: u64,
    /// Listeners who were sent away because they were too slow.
    #[ts(type = "number")]
    pub evicted: u64,
    /// Bytes that were handed to listeners.
    #[ts(type = "number")]
    pub bytes_sent: u64,
}
