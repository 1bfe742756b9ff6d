//! Why nothing, or not everything, was rendered.

use std::io;
use std::path::PathBuf;

use airdesk_engine::MAX_STRIPS;

use crate::session::SessionError;

/// Why nothing, or not everything, was rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The session cannot be used.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The programme's limiter cannot be set so.
    #[error("{0}")]
    Limiter(String),
    /// A strip's file cannot be played.
    #[error("strip {strip}: {reason}")]
    Source {
        /// The strip's name.
        strip: String,
        /// Why.
        reason: String,
    },
    /// A change that the session asks for cannot be made.
    #[error("automation {number} (at {at} s): {reason}")]
    Automation {
        /// Its place in the list, counted from 1.
        number: usize,
        /// When it should be, seconds.
        at: f64,
        /// Why not.
        reason: String,
    },
    /// Nothing says how long it is.
    #[error("nothing in this session comes to an end by itself; say how long with --duration")]
    Endless,
    /// What was asked for is not even one frame.
    #[error("{0} s are shorter than one frame; give a longer --duration")]
    TooShort(f64),
    /// The name does not say which kind of file it should be.
    #[error("{} is neither .wav nor .flac; give --out one of these endings", .0.display())]
    Kind(PathBuf),
    /// The result would take the place of something that the session needs.
    #[error("{} would be written over, and it is {what}; choose another --out or --stems", path.display())]
    Overwrites {
        /// The file.
        path: PathBuf,
        /// What it is to the session.
        what: String,
    },
    /// The result would not fit into the file.
    #[error("{seconds} s do not fit into one WAV file; render at most {limit} s at a time, or to a .flac file")]
    TooLong {
        /// What was asked.
        seconds: u64,
        /// What fits.
        limit: u64,
    },
    /// There are more strips than places.
    #[error("the session has {0} strips; {MAX_STRIPS} are the most; take some out")]
    TooManyStrips(usize),
    /// A file cannot be written.
    #[error("{} cannot be written: {source}; make its folder writable or choose another --out", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
