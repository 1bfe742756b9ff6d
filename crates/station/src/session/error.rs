//! What can be wrong with a session, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// Why a session cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The file is not there or may not be read.
    #[error(
        "the session {} cannot be read: {source}; make it readable or name another session",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is not a session.
    #[error("the session {} is broken: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// The rate is none that a desk runs at.
    #[error("a desk does not run at {0} Hz; set the session's rate to 44100, 48000, 88200 or 96000")]
    Rate(u32),
    /// The file cannot be written.
    #[error(
        "the session {} cannot be saved: {source}; make {} writable or free space",
        path.display(),
        folder_of(path).display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another Airdesk runs with it.
    #[error("the session {} is open in another Airdesk; close it or name another session", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

/// The folder a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
