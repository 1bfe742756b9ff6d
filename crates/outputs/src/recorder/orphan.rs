//! Recordings whose desk ended before they did: found by the note that stands beside a file while it is written, looked
//! over, and let go of. Nothing here deletes a recording, and one that is valid as it is stays as it is to the byte.
//!
//! The note is locked by who writes: one whose desk still runs is no orphan. May block for as long as the disk does.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::file_name::note_path;
use crate::sound_file;

/// How the note beside a recording ends.
pub(super) const SUFFIX: &str = ".recording";
/// Folders in folders that are looked through: more than a pattern of names makes.
const DEPTH_MAX: usize = 6;
/// Entries of folders that are looked at: a folder that is none of recordings ends the search, with what was found.
const ENTRIES_MAX: usize = 200_000;

/// The note beside a file that is being written. Dropped, it stays, as it does when the process is killed.
pub(super) struct Note {
    path: PathBuf,
    /// Locked while it is open.
    _file: File,
}

impl Note {
    /// Puts it beside `recording`.
    pub(super) fn beside(recording: &Path) -> io::Result<Self> {
        let path = note_path(recording);
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        // Without locks, as on some network file systems, a recording under way is only looked over, never changed.
        if let Err(error) = file.try_lock() {
            tracing::debug!(note = %path.display(), %error, "the note is not locked");
        }
        file.write_all(
            b"Airdesk writes the recording of this name. If no desk runs, `airdesk recover` looks it over.\n",
        )?;
        Ok(Self { path, _file: file })
    }

    /// The recording is whole.
    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(note = %self.path.display(), %error, "the note stays beside a recording that is whole");
        }
    }
}

/// A recording that was not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// The recording.
    pub file: PathBuf,
    /// Its bytes.
    pub bytes: u64,
}

/// What became of an orphan.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// The recording.
    pub file: PathBuf,
    /// Seconds in it; `None` when only playing it would tell.
    pub seconds: Option<f64>,
    /// Its header was completed; else it was valid, and is untouched.
    pub completed: bool,
}

/// Why an orphan stays one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// It cannot be read or written.
    #[error("{} cannot be looked over: {source}; check the disk and recover it again", file.display())]
    Disk {
        /// The recording.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing was written before it ended, or something else has been written into it.
    #[error("{} holds no recording: {reason}; it is left as it is", file.display())]
    Unknown {
        /// The recording.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl RecoverError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> crate::Recovery {
        match self {
            Self::Disk { .. } => crate::Recovery::Retry,
            Self::Unknown { .. } => crate::Recovery::AskOperator,
        }
    }
}

/// The orphans below `folder`. Links are not followed. A folder that is not there has none.
///
/// # Errors
/// When the folder cannot be read.
pub fn orphans(folder: &Path) -> io::Result<Vec<Orphan>> {
    let mut found = Vec::new();
    let mut left = ENTRIES_MAX;
    match look(folder, DEPTH_MAX, &mut left, &mut found) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(()) => {
            found.sort_by(|one, other| one.file.cmp(&other.file));
            Ok(found)
        }
    }
}

fn look(folder: &Path, depth: usize, left: &mut usize, found: &mut Vec<Orphan>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        // An entry that cannot be read hides no other. The kind of a link is the link's.
        let Ok((kind, entry)) = entry.and_then(|entry| Ok((entry.file_type()?, entry))) else {
            continue;
        };
        if kind.is_dir() && depth > 0 {
            if let Err(error) = look(&entry.path(), depth - 1, left, found) {
                tracing::debug!(folder = %entry.path().display(), %error, "a folder is not looked through");
            }
        } else if kind.is_file() {
            found.extend(orphan_of(&entry.path()));
        }
    }
    Ok(())
}

/// The orphan that this note stands beside.
fn orphan_of(note: &Path) -> Option<Orphan> {
    let name = note.file_name()?.to_str()?.strip_suffix(SUFFIX)?;
    let file = note.with_file_name(name);
    let seen = fs::symlink_metadata(&file).ok().filter(fs::Metadata::is_file);
    match seen {
        _ if is_written(note) => None,
        Some(seen) => Some(Orphan {
            file,
            bytes: seen.len(),
        }),
        None => {
            // The recording was moved or deleted by somebody: the note stands beside nothing.
            let _ = fs::remove_file(note);
            None
        }
    }
}

/// Somebody holds the note's lock.
fn is_written(note: &Path) -> bool {
    let locked = File::open(note).map(|file| file.try_lock());
    matches!(locked, Ok(Err(TryLockError::WouldBlock)))
}

impl Orphan {
    /// Looks the recording over, completes its header where frames are behind it that no reader would find, and takes its
    /// note away.
    ///
    /// # Errors
    /// When it cannot be read or written, or is no recording. It stays an orphan then, but one that never held a frame.
    pub fn recover(&self) -> Result<Recovered, RecoverError> {
        let disk = |source| RecoverError::Disk {
            file: self.file.clone(),
            source,
        };
        let looked = sound_file::complete(&self.file).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => RecoverError::Unknown {
                file: self.file.clone(),
                reason: error.to_string(),
            },
            _ => disk(error),
        })?;
        match fs::remove_file(note_path(&self.file)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(error)),
            _ => Ok(Recovered {
                file: self.file.clone(),
                seconds: looked.seconds,
                completed: looked.changed,
            }),
        }
    }
}
