//! One file of a recording while it is written: audio, its gap log, its note, and what a disk may still refuse.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::{Frame, SILENCE, SampleRate};

use super::chapters::Chapters;
use super::file_loudness::FileLoudness;
use super::file_name::create;
use super::gap_log::{GapCause, GapLog};
use super::held::Held;
use super::keep::Kept;
use super::names::Naming;
use super::orphan::Note;
use crate::sound_file::{self, Closing, FileFormat, Opening, SoundFile};
use crate::title::Title;

/// The most that is converted before it is written: a second or so.
const COMMIT_BYTES: usize = 256 * 1024;
/// How long a write that fails is tried again; the backlog lasts longer.
const RETRY_FOR: Duration = Duration::from_secs(3);

/// What the files of one reel have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) format: FileFormat,
    /// The desk's rate.
    pub(super) rate: SampleRate,
    /// Each has a cue sheet beside it.
    pub(super) cue_sheet: bool,
}

/// A file that is being written.
pub(super) struct Tape {
    sound: Box<dyn SoundFile>,
    file: File,
    path: PathBuf,
    note: Note,
    gaps: GapLog,
    held: Held,
    chapters: Chapters,
    /// Where the format says how loud it is.
    loudness: Option<Box<FileLoudness>>,
    /// It takes no more: what comes is held for another file.
    refused: bool,
}

/// Why a file takes no more.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The system refuses.
    Write(io::Error),
    /// It was removed: it takes bytes as before, and nobody will ever find them.
    Removed,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl Tape {
    /// Makes the file that `naming` says, below `folder`. None is left behind where that fails.
    pub(super) fn begin(folder: &Path, naming: &Naming, kind: Kind) -> io::Result<Self> {
        let (path, file) = create(folder, &naming.names, kind.format.extension())?;
        Self::open(path.clone(), file, naming, kind).inspect_err(|_| {
            let _ = std::fs::remove_file(&path); // empty, and the error says more than this one would
        })
    }

    fn open(path: PathBuf, file: File, naming: &Naming, kind: Kind) -> io::Result<Self> {
        let note = Note::beside(&path)?;
        let opening = Opening {
            rate: kind.rate,
            tags: naming.tags.clone(),
            origin: naming.origin.clone(),
        };
        let made = file
            .try_clone()
            .and_then(|other| Ok((sound_file::create(file, kind.format, &opening)?, other)));
        match made {
            Ok((sound, file)) => {
                let chapters = Chapters::new(opening.tags, kind.rate);
                let chapters = if kind.cue_sheet {
                    chapters.with_sheet(&path)
                } else {
                    chapters
                };
                let mut tape = Self::over(path, sound, file, note, chapters);
                // The fields are in the chunk that says when it began.
                let tells = kind.format.tells_loudness() && opening.origin.is_some();
                tape.loudness = tells.then(|| Box::new(FileLoudness::new(kind.rate)));
                Ok(tape)
            }
            Err(error) => {
                note.remove();
                Err(error)
            }
        }
    }

    pub(super) fn over(path: PathBuf, sound: Box<dyn SoundFile>, file: File, note: Note, chapters: Chapters) -> Self {
        let gaps = GapLog::beside(&path);
        let held = Held::after(sound.frames());
        Self {
            sound,
            file,
            path,
            note,
            gaps,
            held,
            chapters,
            loudness: None,
            refused: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Frames that a reader finds.
    pub(super) fn frames(&self) -> u64 {
        self.sound.frames()
    }

    /// Bytes of it.
    pub(super) fn bytes(&self) -> u64 {
        self.sound.bytes_on_disk()
    }

    /// Its file once more, to be synced.
    pub(super) fn kept(&self) -> io::Result<Kept> {
        Ok(Kept {
            path: self.path.clone(),
            file: self.file.try_clone()?,
        })
    }

    /// Takes frames, and writes when a second or so has come together. After an error it only holds what comes, until
    /// another file goes on with it.
    pub(super) fn push(&mut self, frames: &[Frame]) -> Result<(), Refusal> {
        self.held.add(frames);
        if self.refused {
            return Ok(());
        }
        if let Some(loudness) = &mut self.loudness {
            loudness.hear(frames);
        }
        let pushed = self.sound.push(frames).map_err(Refusal::from);
        self.note_refusal(pushed)?;
        if self.sound.pending() >= COMMIT_BYTES {
            self.commit()?;
        }
        Ok(())
    }

    /// Takes silence.
    pub(super) fn fill(&mut self, frames: u64) -> Result<(), Refusal> {
        let mut left = frames;
        let mut result = Ok(());
        while left > 0 {
            let run = left.min(SILENCE.len() as u64);
            result = result.and(self.push(&SILENCE[..run as usize]));
            left -= run;
        }
        result
    }

    /// Makes it so long, and silent, before anything else is in it. False: the silence is to be filled in.
    pub(super) fn begin_silent(&mut self, frames: u64) -> io::Result<bool> {
        let done = self.sound.begin_silent(frames)?;
        self.held = Held::after(self.sound.frames());
        Ok(done)
    }

    /// Writes, again for a while if the disk errs once, not if there is no room.
    pub(super) fn commit(&mut self) -> Result<(), Refusal> {
        if self.refused {
            return Ok(());
        }
        let began = Instant::now();
        loop {
            match self.sound.commit() {
                Ok(()) => break,
                Err(error) if is_final(&error) || began.elapsed() > RETRY_FOR => {
                    return self.note_refusal(Err(error.into()));
                }
                Err(error) => {
                    tracing::warn!(file = %self.path.display(), %error, "a write failed and is tried again");
                    thread::sleep(Duration::from_millis(250));
                }
            }
        }
        self.held.release(self.sound.frames());
        Ok(())
    }

    fn note_refusal(&mut self, result: Result<(), Refusal>) -> Result<(), Refusal> {
        self.refused |= result.is_err();
        result
    }

    /// One line in the gap log: `frames` frames from the one that comes next. Where that cannot be, a sentence with what
    /// would stand there.
    pub(super) fn log(&mut self, frames: u64, cause: &GapCause) -> Option<String> {
        let place = self.held.given();
        let error = self.gaps.note(place, frames, cause).err()?;
        let file = self.path.display();
        let lacks = match cause {
            GapCause::Source(_) | GapCause::Slept => {
                format!("{frames} frames were not mixed into {file} at frame {place} ({cause})")
            }
            GapCause::Late | GapCause::DiskTooSlow => {
                format!("{frames} frames are missing from {file} from frame {place} on ({cause})")
            }
        };
        Some(format!(
            "{lacks}; this stands only here, because its gap log {} cannot be written ({error})",
            self.gaps.path().display()
        ))
    }

    /// Frames that were given to it.
    pub(super) fn given(&self) -> u64 {
        self.held.given()
    }

    /// Something begins with this frame of it.
    pub(super) fn mark(&mut self, frame: u64, title: &Title) {
        self.chapters.mark(frame, title);
    }

    /// Why its cue sheet cannot be written, once.
    pub(super) fn take_sheet_fault(&mut self) -> Option<String> {
        self.chapters.take_fault()
    }

    /// Finds out whether it was removed.
    pub(super) fn look_for_file(&self) -> Result<(), Refusal> {
        #[cfg(unix)]
        let removed = std::os::unix::fs::MetadataExt::nlink(&self.file.metadata()?) == 0;
        #[cfg(not(unix))]
        let removed = !self.path.exists();
        if removed { Err(Refusal::Removed) } else { Ok(()) }
    }

    /// Writes what is left, and what is known only now. The file is whole then.
    pub(super) fn finish(mut self) -> Result<Whole, (Box<Self>, Refusal)> {
        match self.close() {
            Ok(()) => {
                let whole = Whole {
                    frames: self.frames(),
                    bytes: self.bytes(),
                };
                self.note.remove();
                Ok(whole)
            }
            Err(refusal) => Err((Box::new(self), refusal)),
        }
    }

    fn close(&mut self) -> Result<(), Refusal> {
        self.look_for_file()?;
        self.commit()?;
        if self.refused {
            return Err(io::Error::other("it has refused what came before").into());
        }
        let closing = self.closing();
        self.sound.finish(&closing)?;
        self.file.sync_all()?;
        self.look_for_file()
    }

    /// What is known of it now that it is over.
    fn closing(&self) -> Closing {
        let closing = Closing {
            marks: self.chapters.marks(),
            ..Closing::default()
        };
        match &self.loudness {
            Some(loudness) => loudness.close(closing),
            None => closing,
        }
    }

    /// Takes a file that holds nothing away again.
    pub(super) fn discard(self) {
        let _ = std::fs::remove_file(&self.path); // empty; where it stays, it is an empty recording
        self.chapters.discard();
        self.note.remove();
    }

    /// Ends a file that takes no more: what a reader finds stays, as a valid file. Returns what it came to, and what was
    /// given to it and is not in it.
    pub(super) fn give_up(mut self) -> (Whole, Held) {
        let whole = Whole {
            frames: self.frames(),
            bytes: self.bytes(),
        };
        let closing = self.closing();
        let finished = self.sound.trim().and_then(|()| self.sound.finish(&closing));
        // Marks need room that a full disk may not have.
        let trimmed = finished.or_else(|_| self.sound.trim().and_then(|()| self.sound.finish(&Closing::default())));
        match trimmed {
            Ok(()) => self.note.remove(),
            // Its header ignores the rest, or the note says that it is to be looked over.
            Err(error) => tracing::debug!(%error, "the end of the recording was not cut off"),
        }
        self.held.release(whole.frames);
        (whole, self.held)
    }

    /// Goes on with what a file before this one has refused.
    pub(super) fn go_on_with(&mut self, mut held: Held) -> io::Result<()> {
        if let Some(loudness) = &mut self.loudness {
            loudness.hear(held.frames());
        }
        held.go_on_in(self.sound.as_mut())?;
        self.held = held;
        Ok(())
    }
}

/// What a file came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) frames: u64,
    pub(super) bytes: u64,
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
