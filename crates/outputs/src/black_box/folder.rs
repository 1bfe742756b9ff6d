//! The black box's own folder: one below the folder it is given, with a folder for each run in it. Nothing else is ever
//! read, changed or removed, and no link is followed. For threads that may block.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::ledger::Row;
use super::segment::{Chunk, SegmentReader};
use super::start::StartError;

/// Its name.
const NAME: &str = "airdesk-black-box";
/// Held by the desk that writes there.
const LOCK: &str = "in-use";
const RUN: &str = "run-";
const SEGMENT: &str = ".segment";
/// Digits of a run's and of a segment's number.
const DIGITS: usize = 16;

/// The folder while this desk writes there.
pub(super) struct OwnFolder {
    path: PathBuf,
    /// Unlocked when it is closed, also by a kill.
    _lock: File,
}

impl OwnFolder {
    /// Makes the folder below `parent`, or takes the one that is there.
    ///
    /// # Errors
    /// When it cannot be made, is no folder, or another desk writes there.
    pub(super) fn open(parent: &Path) -> Result<Self, StartError> {
        let path = parent.join(NAME);
        let refused = |source| StartError::Folder {
            folder: path.clone(),
            source,
        };
        fs::create_dir_all(parent).map_err(refused)?;
        match fs::create_dir(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(refused(error)),
            _ => {}
        }
        if !path.symlink_metadata().map_err(refused)?.is_dir() {
            return Err(StartError::NotAFolder { path });
        }
        let lock_path = path.join(LOCK);
        if lock_path.symlink_metadata().is_ok_and(|found| !found.is_file()) {
            return Err(StartError::NotAFolder { path: lock_path });
        }
        let lock = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&lock_path)
            .map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StartError::InUse { folder: path }),
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }

    /// Whether there is one below `parent`.
    pub(super) fn is_there(parent: &Path) -> bool {
        parent.join(NAME).symlink_metadata().is_ok()
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder of a new run that began about `unix_ms` milliseconds after 1970; later runs have higher numbers.
    pub(super) fn new_run(&self, unix_ms: u64, after: u64) -> io::Result<u64> {
        let mut run = unix_ms.max(after + 1);
        loop {
            match fs::create_dir(self.run(run)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => run += 1,
                other => return other.map(|()| run),
            }
        }
    }

    /// Makes an empty segment that begins with this block.
    pub(super) fn new_segment(&self, run: u64, first: u64) -> io::Result<(PathBuf, File)> {
        let folder = self.run(run);
        match fs::create_dir(&folder) {
            // It went with its last segment, or it is there.
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let path = folder.join(format!("{first:0DIGITS$}{SEGMENT}"));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok((path, file))
    }

    /// Removes a segment, and its run's folder after the last one.
    pub(super) fn remove(&self, segment: &Path) -> io::Result<()> {
        match fs::remove_file(segment) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if let Some(run) = segment.parent() {
            let _ = fs::remove_dir(run); // refused while anything is in it
        }
        Ok(())
    }

    /// What earlier runs have left, oldest first. What is no segment of ours is passed over.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub(super) fn scan(&self) -> io::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for run in fs::read_dir(&self.path)? {
            let run = run?;
            let number = run.file_name().to_str().and_then(|name| number(name, RUN, ""));
            if !run.file_type()?.is_dir() || number.is_none() {
                continue;
            }
            for segment in fs::read_dir(run.path())? {
                let path = segment?.path();
                let name = path.file_name().and_then(|name| name.to_str());
                if name.and_then(|name| self::number(name, "", SEGMENT)).is_none() {
                    continue;
                }
                match read_row(&path) {
                    Ok(row) if Some(row.head.run) == number => rows.push(row),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(file = %path.display(), %error, "a segment of the black box is left alone")
                    }
                }
            }
        }
        rows.sort_by_key(|row| (row.head.run, row.head.first));
        Ok(rows)
    }

    fn run(&self, run: u64) -> PathBuf {
        self.path.join(format!("{RUN}{run:0DIGITS$}"))
    }
}

/// The number in a name that is written as ours are.
fn number(name: &str, before: &str, after: &str) -> Option<u64> {
    let digits = name.strip_prefix(before)?.strip_suffix(after)?;
    let ours = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    ours.then(|| digits.parse().ok()).flatten()
}

/// What a segment holds, without reading its audio.
fn read_row(path: &Path) -> io::Result<Row> {
    let bytes = path.symlink_metadata()?.len();
    let mut reader = SegmentReader::open(path)?;
    let mut row = Row::new(path.to_owned(), *reader.head());
    while let Some(chunk) = reader.next_table()? {
        match chunk {
            Chunk::Lane(lane, name) => row.name(lane, &name),
            Chunk::Note(note) => row.notes.push(note),
            Chunk::Blocks(batch) => row.add(&batch),
        }
    }
    row.bytes = bytes;
    Ok(row)
}
