//! The truth about being on air.

use std::time::{Duration, Instant};

use super::TitleShown;
use crate::icecast::{Fingerprint, Statistics};

/// What a broadcast is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum BroadcastState {
    /// It was stopped.
    Off,
    /// The first attempt is under way.
    Connecting,
    /// The server has accepted the stream and acknowledges what is sent.
    Live {
        /// When the first audio was acknowledged.
        since: Instant,
        /// Bytes of this connection that the server's side has acknowledged.
        bytes_acked: u64,
        /// Seconds of audio that wait here or are under way: how far listeners are behind, beside what the server keeps.
        seconds_waiting: f32,
        /// Seconds of audio dropped since the broadcast was started because the line was too slow.
        seconds_dropped: f32,
        /// How often the stream came back by itself.
        reconnects: u32,
        /// Whether listeners see the title.
        title: TitleShown,
        /// The server's own figures, some seconds old; `None` where it shows none.
        statistics: Option<Statistics>,
    },
    /// It is off air and tries again by itself.
    Retrying {
        /// Why it is off air, in a sentence.
        reason: String,
        /// Which attempt comes next or is under way, counted from 2.
        attempt: u32,
        /// When it begins; in the past while it is under way.
        at: Instant,
    },
    /// Trying again cannot help.
    Failed {
        /// Why, and what to change.
        reason: String,
        /// The certificate to trust, when that is what is missing.
        certificate: Option<Fingerprint>,
    },
}

impl BroadcastState {
    /// The stream is on air.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }

    /// How long until the next attempt; zero while one is under way.
    pub fn until_retry(&self) -> Duration {
        match self {
            Self::Retrying { at, .. } => at.saturating_duration_since(Instant::now()),
            Self::Off | Self::Connecting | Self::Live { .. } | Self::Failed { .. } => Duration::ZERO,
        }
    }
}
