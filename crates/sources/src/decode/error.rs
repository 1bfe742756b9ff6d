//! Why a sound file cannot be played, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why a sound file cannot be played. Each says which file and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It cannot be opened: wrong path or no permission.
    #[error("{} cannot be opened: {source}; make it readable or choose another file", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is no file; choose a sound file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is no sound file, or of a kind that Airdesk does not know. The name does not matter, what is in it does.
    #[error(
        "{} is not a sound file that can be played ({why}); choose MP3, FLAC, WAV, AIFF, Ogg (Vorbis, Opus, FLAC) or M4A \
         (AAC-LC, ALAC)",
        path.display()
    )]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What is the matter with it.
        why: String,
    },
    /// It is AAC, but not the kind that is played: HE-AAC (AAC+), xHE-AAC or Main, or of more than two channels.
    #[error(
        "{} is a kind of AAC that cannot be played, such as HE-AAC or AAC with more than two channels: only AAC-LC in mono or \
         stereo is; convert it to AAC-LC, MP3 or FLAC",
        path.display()
    )]
    NotLowComplexity {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted for the player of the shop that sold it.
    #[error("{} is copy-protected, and only its shop's player can play it; choose another file", path.display())]
    Protected {
        /// The file.
        path: PathBuf,
    },
    /// The rate is out of range.
    #[error("{} has a rate of {hz} Hz, which cannot be played; choose a file of 8000 to 384000 Hz", path.display())]
    Rate {
        /// The file.
        path: PathBuf,
        /// Its rate.
        hz: u32,
    },
    /// There is nothing in it.
    #[error("there is no audio in {}; choose another file", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Too much of it is damaged to go on, or it broke the decoder, which plays no more after that.
    #[error("{} is damaged ({why}); choose another copy of it", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is the matter with it.
        why: String,
    },
    /// It took two seconds of processor time without giving a sound, or memory that no sound file needs.
    #[error("{} takes more {what} than a sound file may; choose another copy of it", path.display())]
    TooCostly {
        /// The file.
        path: PathBuf,
        /// Of what.
        what: &'static str,
    },
    /// It could be opened, and then no longer read: the disk or the network is gone.
    #[error("{} can no longer be read: {source}; look after the disk or the network it is on", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What to do about a file that cannot be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// It may pass: open it again in a while.
    Retry,
    /// Go on with another file, and tell the operator, who alone can help this one.
    AskOperator,
}

impl DecodeError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Read { .. } => Recovery::Retry,
            Self::Open { .. }
            | Self::NotAFile { .. }
            | Self::Unknown { .. }
            | Self::NotLowComplexity { .. }
            | Self::Protected { .. }
            | Self::Rate { .. }
            | Self::Empty { .. }
            | Self::Damaged { .. }
            | Self::TooCostly { .. } => Recovery::AskOperator,
        }
    }
}
