//! What can be wrong with the library, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the library cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// There is none yet.
    #[error("there is no library at {}; it is made when a desk runs for the first time", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The folder cannot be made, or the file not be renamed.
    #[error("{} cannot be used for the library: {source}; make it writable", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk does not take or give what is asked of it.
    #[error("the library {} cannot be used: {reason}; free space, or make file and folder writable", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Another program has it for long.
    #[error("the library {} is in use by another program; close that", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is no library, or damaged.
    #[error("the library {} is broken: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// A newer Airdesk has made it.
    #[error("the library {} was made by a newer Airdesk (its version is {version}, the newest known here {known})", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Made by an older Airdesk: only a desk that runs brings it up to date.
    #[error("the library {} was made by an older Airdesk; run the desk once", path.display())]
    Older {
        /// The file.
        path: PathBuf,
    },
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// It may pass: try again in a second.
    TryAgain,
    /// Give the file another name and begin a new one.
    SetAside,
    /// Only a person can mend it.
    AskOperator,
}

impl LibraryError {
    /// What SQLite says, as what can be done about it.
    pub(crate) fn of(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Broken { path, reason },
            // A table or a column is not what it was: somebody else's database, or one that was meddled with.
            Some(ErrorCode::Unknown) => Self::Broken { path, reason },
            None => Self::Broken { path, reason },
            Some(_) => Self::Disk { path, reason },
        }
    }

    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Disk { .. } | Self::Busy { .. } | Self::Folder { .. } => Recovery::TryAgain,
            Self::Broken { .. } | Self::Newer { .. } => Recovery::SetAside,
            Self::Missing { .. } | Self::Older { .. } => Recovery::AskOperator,
        }
    }
}
