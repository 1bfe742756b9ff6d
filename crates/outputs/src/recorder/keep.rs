//! The thread that makes the disk keep what was written: an answer can take seconds, so nobody waits for it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often. A power cut costs at most this and what the disk itself still held.
const INTERVAL: Duration = Duration::from_secs(1);

/// A file that is being written.
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) file: File,
}

/// Syncs the files that it was sent last, until nobody can send it any.
pub(super) fn keep(files: &Receiver<Vec<Kept>>) {
    let mut current: Vec<Kept> = Vec::new();
    let mut due = Instant::now();
    loop {
        match files.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(next) => {
                sync(&current); // what is left of those before
                current = next;
                current.iter().for_each(|kept| keep_name(&kept.path));
            }
            Err(RecvTimeoutError::Timeout) => {
                sync(&current);
                due = Instant::now() + INTERVAL;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn sync(files: &[Kept]) {
    for Kept { path, file } in files {
        if let Err(error) = file.sync_data() {
            // The data is still in memory and is tried again; a disk that stays broken fails the writes too.
            tracing::warn!(file = %path.display(), %error, "the disk did not confirm the recording");
        }
    }
}

/// Makes the folder keep the file's name.
fn keep_name(path: &Path) {
    #[cfg(unix)]
    if let Some(Err(error)) = path
        .parent()
        .map(|folder| File::open(folder).and_then(|folder| folder.sync_all()))
    {
        tracing::debug!(file = %path.display(), %error, "the folder does not sync"); // some file systems cannot
    }
    #[cfg(not(unix))]
    let _ = path; // the system keeps names with the file
}
