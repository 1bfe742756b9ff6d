//! Starting a black box: where, how much it may hold, and what is refused.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use airdesk_dsp::{Frames, SampleRate};

use crate::Recovery;

/// What a black box is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxSettings {
    /// The folder in which it makes its own; made when missing.
    pub folder: PathBuf,
    /// The desk's rate.
    pub rate: SampleRate,
    /// Frames by which the programme is later than the strips, as the console says.
    pub latency: Frames,
    /// The ring holds this much time at most, all runs together.
    pub time_max: Duration,
    /// The ring holds so many bytes at most, and never more than a quarter of what is free or its own; up to twice of it only
    /// while what is being kept cannot go.
    pub bytes_max: Option<u64>,
}

impl BoxSettings {
    /// Two hours, as far as a quarter of the disk goes.
    pub fn new(folder: impl Into<PathBuf>, rate: SampleRate, latency: Frames) -> Self {
        Self {
            folder: folder.into(),
            rate,
            latency,
            time_max: Duration::from_secs(2 * 3600),
            bytes_max: None,
        }
    }
}

/// Why there is no black box.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The folder cannot be made, read or written.
    #[error("the black box cannot use {}: {source}; choose another folder for it", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A link or another thing stands where its folder would be.
    #[error("{} is in the way of the black box; remove it or choose another folder", path.display())]
    NotAFolder {
        /// What is in the way.
        path: PathBuf,
    },
    /// Another desk writes there.
    #[error("another desk has its black box in {}; choose another folder", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// The system refused a thread.
    #[error("the system has no thread left for the black box; end other programs and switch it on again")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Folder { .. } | Self::NotAFolder { .. } | Self::InUse { .. } => Recovery::AskOperator,
            Self::Thread(_) => Recovery::Retry,
        }
    }
}
