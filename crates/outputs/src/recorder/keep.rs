//! The thread that makes the disk keep what was written: an answer can take seconds, so nobody waits for it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::status::Board;

/// How often. A power cut costs at most this and what the disk itself still held.
const INTERVAL: Duration = Duration::from_secs(1);

/// Syncs `file` until the recording is over. Ends early when unparked then.
pub(super) fn keep(file: &File, path: &Path, board: &Arc<Board>) {
    keep_name(path);
    while !board.over() {
        if let Err(error) = file.sync_data() {
            // The data is still in memory and is tried again; a disk that stays broken fails the writes too.
            tracing::warn!(file = %path.display(), %error, "the disk did not confirm the recording");
        }
        thread::park_timeout(INTERVAL);
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
