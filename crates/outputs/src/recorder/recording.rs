//! A recording in progress, as its owner holds it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use airdesk_dsp::SampleRate;

use super::status::Board;
use super::{RecordingStatus, Summary};

/// A recording in progress. Dropped, it stops like [`Recording::stop`] but nobody waits for it.
pub struct Recording {
    path: PathBuf,
    rate: SampleRate,
    board: Arc<Board>,
    writer: Option<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Recording {
    pub(super) fn new(
        path: PathBuf,
        rate: SampleRate,
        board: Arc<Board>,
        writer: JoinHandle<()>,
        keeper: JoinHandle<()>,
    ) -> Self {
        Self {
            path,
            rate,
            board,
            writer: Some(writer),
            keeper: Some(keeper),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.path
    }

    /// The truth, now. Takes no lock.
    pub fn status(&self) -> RecordingStatus {
        self.board.status(self.path.clone(), self.rate)
    }

    /// Records the blocks published by now, finishes the file and says what it came to. Blocks for as
    /// long as the disk takes.
    pub fn stop(mut self) -> Summary {
        self.board.ask_to_stop();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join(); // a writer that panicked has told it as it went, and the file is valid
        }
        if let Some(keeper) = self.keeper.take() {
            keeper.thread().unpark(); // it may be in a sync: it ends by itself
        }
        self.board.summary(self.path.clone())
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.board.ask_to_stop();
    }
}
