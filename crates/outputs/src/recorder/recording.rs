//! A recording in progress, as its owner holds it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use airdesk_dsp::SampleRate;

use super::gap_log::GapCause;
use super::status::Board;
use super::write::Note;
use super::{RecordingStatus, Summary};

/// A recording in progress. Dropped, it stops like [`Recording::stop`] but nobody waits for it.
pub struct Recording {
    path: PathBuf,
    rate: SampleRate,
    board: Arc<Board>,
    notes: mpsc::Sender<Note>,
    writer: Option<JoinHandle<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Recording {
    pub(super) fn new(
        path: PathBuf,
        rate: SampleRate,
        board: Arc<Board>,
        notes: mpsc::Sender<Note>,
        writer: JoinHandle<()>,
        keeper: JoinHandle<()>,
    ) -> Self {
        Self {
            path,
            rate,
            board,
            notes,
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

    /// Notes in the gap log that `source` gave nothing to the mix for so many frames, just now. The file lacks nothing else:
    /// they do not count as lost.
    pub fn note_short(&self, source: &str, frames: u64) {
        self.note(frames, GapCause::Source(source.to_owned()));
    }

    /// Notes that the machine slept for so long, just now: the file goes on behind it.
    pub fn note_slept(&self, seconds: f64) {
        self.note((seconds * f64::from(self.rate.hz())) as u64, GapCause::Slept);
    }

    fn note(&self, frames: u64, cause: GapCause) {
        // A recording that has stopped by itself takes no notes any more.
        let _ = self.notes.send(Note { frames, cause });
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
