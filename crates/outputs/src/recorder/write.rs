//! The thread between ring and disk: audio, then the header, 25 times a second.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use rtrb::Consumer;

use super::drain::Entry;
use super::gap_log::{GapCause, GapLog};
use super::space::{free_space, size};
use super::status::Board;
use crate::sound_file::{Closing, SoundFile};

/// How often audio goes to the file. With the drain's round, what a killed process loses.
const INTERVAL: Duration = Duration::from_millis(40);
/// The most that is converted before it is written: a second or so.
const COMMIT_BYTES: usize = 256 * 1024;
/// How long a write that fails is tried again; the ring lasts longer.
const RETRY_FOR: Duration = Duration::from_secs(3);
/// How often the file is looked for in its folder.
const LOOK_FOR_FILE: Duration = Duration::from_millis(500);

/// Why a recording stops by itself.
enum Fault {
    Write(io::Error),
    Removed,
    /// One of the recorder's threads panicked.
    Broke,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// So many frames were not mixed, or not wholly.
pub(super) struct Note {
    pub(super) frames: u64,
    pub(super) cause: GapCause,
}

/// What the thread owns.
pub(super) struct Writer {
    pub(super) sound: Box<dyn SoundFile>,
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) rate: SampleRate,
    pub(super) ring: Consumer<Entry>,
    pub(super) gaps: GapLog,
    /// What was not mixed.
    pub(super) notes: mpsc::Receiver<Note>,
    pub(super) board: Arc<Board>,
    /// The sequence number of the block that comes next.
    pub(super) next: u64,
}

impl Writer {
    /// Writes until the drain has let go of the ring and it is empty, or the disk refuses.
    pub(super) fn run(mut self) {
        match self.write_all() {
            Ok(()) => self.board.stopped(),
            Err(fault) => self.fail(&fault),
        }
    }

    /// Ends the recording by itself, with a sentence.
    fn fail(&mut self, fault: &Fault) {
        if let Err(error) = self.sound.trim() {
            tracing::debug!(%error, "the end of the recording was not cut off"); // the header ignores it
        }
        let reason = self.sentence(fault);
        tracing::error!(file = %self.path.display(), reason, "a recording stopped by itself");
        self.board
            .failed(self.sound.frames(), self.sound.bytes_on_disk(), reason);
    }

    fn write_all(&mut self) -> Result<(), Fault> {
        let mut looked = Instant::now();
        loop {
            let last_round = self.ring.is_abandoned(); // before it is emptied: nothing comes after this
            self.write_waiting()?;
            self.take_notes();
            if last_round {
                break;
            }
            if looked.elapsed() > LOOK_FOR_FILE {
                looked = Instant::now();
                self.look_for_file()?;
            }
            thread::sleep(INTERVAL);
        }
        self.look_for_file()?;
        let end = self.board.end_sequence().ok_or(Fault::Broke)?;
        if end > self.next {
            self.fill(end - self.next, &GapCause::DiskTooSlow)?;
            self.commit()?;
        }
        self.sound.finish(&Closing::default())?;
        self.file.sync_all()?;
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<(), Fault> {
        while let Ok(entry) = self.ring.pop() {
            let missing = entry.sequence.saturating_sub(self.next);
            if missing > 0 {
                let cause = if missing > u64::from(entry.late) {
                    GapCause::DiskTooSlow
                } else {
                    GapCause::Late
                };
                self.fill(missing, &cause)?;
            }
            self.sound.push(&entry.frames)?;
            self.next = entry.sequence + 1;
            if self.sound.pending() >= COMMIT_BYTES {
                self.commit()?;
            }
        }
        self.commit()
    }

    /// Puts silence where `blocks` blocks are missing, so that time stays true.
    fn fill(&mut self, blocks: u64, cause: &GapCause) -> Result<(), Fault> {
        self.commit()?;
        let frames = blocks * BLOCK_FRAMES as u64;
        self.log(frames, cause);
        self.board.lost(frames, self.gaps.gaps());
        for _ in 0..blocks {
            self.sound.push_silence(BLOCK_FRAMES as u64)?;
            if self.sound.pending() >= COMMIT_BYTES {
                self.commit()?;
            }
        }
        self.next += blocks;
        Ok(())
    }

    /// Notes what was not mixed.
    fn take_notes(&mut self) {
        while let Ok(Note { frames, cause }) = self.notes.try_recv() {
            self.log(frames, &cause);
            self.board.noted(self.gaps.gaps());
        }
    }

    /// One line in the gap log, at the frame that comes next. Where that cannot be, the operator reads it.
    fn log(&mut self, frames: u64, cause: &GapCause) {
        if let Err(error) = self.gaps.note(self.sound.frames(), frames, cause) {
            let (file, place) = (self.path.display(), self.sound.frames());
            let lacks = match cause {
                GapCause::Source(_) | GapCause::Slept => {
                    format!("{frames} frames were not mixed into {file} at frame {place} ({cause})")
                }
                GapCause::Late | GapCause::DiskTooSlow => {
                    format!("{frames} frames are missing from {file} from frame {place} on ({cause})")
                }
            };
            let sentence = format!(
                "{lacks}; this stands only here, because its gap log {} cannot be written ({error})",
                self.gaps.path().display()
            );
            tracing::warn!("{sentence}");
            self.board.gap_not_logged(sentence);
        }
    }

    /// Writes, again for a while if the disk errs once, not if there is no room.
    fn commit(&mut self) -> Result<(), Fault> {
        if self.sound.pending() == 0 {
            return Ok(());
        }
        let began = Instant::now();
        loop {
            match self.sound.commit() {
                Ok(()) => break,
                Err(error) if is_final(&error) || began.elapsed() > RETRY_FOR => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(file = %self.path.display(), %error, "a write failed and is tried again");
                    thread::sleep(Duration::from_millis(250));
                }
            }
        }
        self.board.wrote(self.sound.frames(), self.sound.bytes_on_disk());
        Ok(())
    }

    /// A file that was removed takes bytes as before, and nobody will ever find them.
    fn look_for_file(&self) -> Result<(), Fault> {
        #[cfg(unix)]
        let removed = std::os::unix::fs::MetadataExt::nlink(&self.file.metadata()?) == 0;
        #[cfg(not(unix))]
        let removed = !self.path.exists();
        if removed { Err(Fault::Removed) } else { Ok(()) }
    }

    fn sentence(&self, fault: &Fault) -> String {
        let path = self.path.display();
        let seconds = self.sound.frames() / u64::from(self.rate.hz());
        let length = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        let folder = self.path.parent().unwrap_or(&self.path);
        let free = free_space(folder).map_or_else(|_| "an unknown space".into(), size);
        let folder = folder.display();
        match fault {
            Fault::Removed => {
                format!("{path} was removed while it was recorded; choose a folder that stays and record again")
            }
            Fault::Broke => format!(
                "the recorder broke: {path} is complete up to {length}, {free} are free in {folder}; record again"
            ),
            Fault::Write(error) if is_full(error) => format!(
                "the disk is full: {path} is complete up to {length}, {free} are free in {folder}; make room or \
                 choose another folder"
            ),
            Fault::Write(error) if error.kind() == io::ErrorKind::FileTooLarge => format!(
                "{path} may not grow any larger on this disk: it is complete up to {length}, {free} are free in \
                 {folder}; record again or choose another folder"
            ),
            Fault::Write(error) => format!(
                "{path} cannot be written ({error}): it is complete up to {length}, {free} are free in {folder}; \
                 check the disk or choose another folder"
            ),
        }
    }
}

impl Drop for Writer {
    /// A writer that goes without having said how the recording ended has panicked.
    fn drop(&mut self) {
        if !self.board.over() {
            self.fail(&Fault::Broke);
        }
    }
}

pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::WriteZero
    )
}

fn is_final(error: &io::Error) -> bool {
    is_full(error)
        || matches!(
            error.kind(),
            io::ErrorKind::FileTooLarge | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
        )
}
