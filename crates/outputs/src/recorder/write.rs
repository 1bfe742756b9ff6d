//! The thread between backlogs and disk, 25 times a second: all reels to the same block, a new file for each at a seam, and
//! another folder where the disk refuses.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

use super::backlog::{Backlog, End};
use super::fault::{Fault, stopped};
use super::gap_log::GapCause;
use super::join::{CATCH_UP, Joining};
use super::keep::Kept;
use super::marks::{Marks, Place, frames_before};
use super::names::{Names, Naming};
use super::reel::Reel;
use super::start::{RecorderSettings, SECONDS_MIN};
use super::status::Board;
use super::tape::{Refusal, Tape};
use crate::sound_file::Tags;
use crate::title::Title;

/// How often audio goes to the file. With the drain's round, what a killed process loses.
const INTERVAL: Duration = Duration::from_millis(40);
/// How often files are looked for in their folder.
const LOOK_FOR_FILES: Duration = Duration::from_millis(500);
/// How long a seam that could not be made is not tried again.
const SEAM_AGAIN: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });
/// Blocks that are written at a time, so that no reel is far ahead of another.
const BLOCKS_AT_ONCE: u64 = 750;

/// What the owner of a recording asks of its writer.
pub(super) enum Order {
    /// So many frames were not mixed, or not wholly.
    Note { frames: u64, cause: GapCause },
    /// Something begins there.
    Mark { place: Place, title: Title },
    /// Go on in new files.
    Split,
    /// One more source, whose blocks come there.
    Join { name: String, backlog: Arc<Backlog> },
}

/// What the thread owns.
pub(super) struct Writer {
    /// The first one is the recording; the others are its stems.
    pub(super) reels: Vec<Reel>,
    pub(super) settings: RecorderSettings,
    pub(super) names: Box<dyn Names>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) keeper: mpsc::Sender<Vec<Kept>>,
    pub(super) board: Arc<Board>,
    /// Which files these are, counted from 1.
    pub(super) index: u32,
    /// The block that these files begin with.
    pub(super) first: u64,
    /// When a seam that could not be made is tried again.
    pub(super) again: Option<Instant>,
    /// What begins where nothing is written yet.
    pub(super) marks: Marks,
    /// Sources that have come later and have no more than silence yet.
    pub(super) joining: Vec<Joining>,
}

impl Writer {
    /// Writes until all has come and is written, or the disk refuses and there is no other.
    pub(super) fn run(mut self) {
        match self.write_all() {
            Ok(()) => self.finish(),
            Err(fault) => self.fail(&fault),
        }
    }

    fn write_all(&mut self) -> Result<(), Fault> {
        self.sync_these();
        let mut looked = Instant::now();
        while !self.is_over() {
            let more = match self.round(&mut looked) {
                Ok(more) => more,
                Err(fault) => self.go_on_elsewhere(fault)?,
            };
            if !more {
                thread::sleep(INTERVAL);
            }
        }
        let broke = |reel: &Reel| reel.backlog.end() == End::Broke;
        if self.reels.iter().any(broke) {
            Err(Fault::Broke)
        } else {
            Ok(())
        }
    }

    /// Everything has been written.
    fn is_over(&self) -> bool {
        let over = |reel: &Reel| match reel.backlog.end() {
            End::Before(end) => reel.next >= end,
            End::Broke => reel.backlog.last().is_none_or(|last| last < reel.next),
            End::Open => false,
        };
        self.reels.iter().all(over) && self.joining.is_empty()
    }

    /// Writes what has come in. True: there is more.
    fn round(&mut self, looked: &mut Instant) -> Result<bool, Fault> {
        self.take_orders()?;
        let (here, until) = (self.position(), self.common_end());
        self.write_until(until.min(here + BLOCKS_AT_ONCE))?;
        self.catch_up(CATCH_UP);
        self.put_marks();
        if self.is_seam() {
            self.split()?;
        }
        if looked.elapsed() > LOOK_FOR_FILES {
            *looked = Instant::now();
            self.each(|reel, _| reel.tape.look_for_file())?;
        }
        Ok(!self.joining.is_empty() || (self.position() < self.common_end() && self.position() > here))
    }

    /// The block that comes next.
    pub(super) fn position(&self) -> u64 {
        self.reels.iter().map(|reel| reel.next).min().unwrap_or_default()
    }

    /// Every reel has come up to this block, or goes no further; no file goes beyond its length.
    fn common_end(&self) -> u64 {
        let come = self.reels.iter().filter_map(Reel::written_until).min();
        let end = come.unwrap_or_else(|| self.position());
        let seam = self.settings.split.blocks.map(|blocks| self.first + blocks);
        // A seam that could not be made holds nothing up.
        let seam = seam.filter(|_| self.again.is_none());
        seam.map_or(end, |seam| end.min(seam))
    }

    fn write_until(&mut self, until: u64) -> Result<(), Fault> {
        let written = self.each(|reel, board| reel.write(until, board));
        let frames = self.reels.iter().map(Reel::frames).min().unwrap_or_default();
        let bytes = self.reels.iter().map(Reel::bytes).sum();
        self.board.wrote(frames, bytes);
        written
    }

    /// Does something with every reel; the first refusal is told once all have had their turn.
    fn each(&mut self, mut act: impl FnMut(&mut Reel, &Board) -> Result<(), Refusal>) -> Result<(), Fault> {
        let mut first = Ok(());
        for (place, reel) in self.reels.iter_mut().enumerate() {
            let result = act(reel, &self.board).map_err(|refusal| Fault::Refused { reel: place, refusal });
            first = first.and(result);
        }
        first
    }

    fn take_orders(&mut self) -> Result<(), Fault> {
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Note { frames, cause } => self.reels[0].log(frames, &cause, &self.board),
                Order::Mark { place, title } => {
                    let next = self.newest().map_or(self.position(), |newest| newest + 1);
                    self.marks.add(place, title, next, self.settings.rate);
                }
                Order::Split if self.position() > self.first => self.split()?,
                Order::Split => {} // these files hold nothing yet
                Order::Join { name, backlog } => self.join(name, backlog)?,
            }
        }
        Ok(())
    }

    /// Marks what has been written, each thing where it began.
    fn put_marks(&mut self) {
        if self.marks.is_empty() {
            return;
        }
        for (frame, title) in self.marks.take_before(frames_before(self.position())) {
            self.reels.iter_mut().for_each(|reel| reel.mark(frame, &title));
        }
        self.tell_sheet_faults();
    }

    fn tell_sheet_faults(&mut self) {
        for fault in self.reels.iter_mut().filter_map(|reel| reel.tape.take_sheet_fault()) {
            tracing::warn!("{fault}");
            self.board.remark(fault);
        }
    }

    /// The newest block that waits.
    pub(super) fn newest(&self) -> Option<u64> {
        self.reels.iter().filter_map(|reel| reel.backlog.last()).max()
    }

    /// These files are as long or as large as they shall be.
    fn is_seam(&self) -> bool {
        let blocks = self.position() - self.first;
        let long = self.settings.split.blocks.is_some_and(|most| blocks >= most);
        // What comes until the next round, and the headers of the end.
        let soon = self.settings.format.bytes_a_second(self.settings.rate) as u64 / 4 + 16_384;
        let large = |most| self.reels.iter().any(|reel| reel.tape.bytes() + soon >= most);
        match self.again {
            // One is wanted since the last try.
            Some(again) => Instant::now() >= again,
            None => blocks > 0 && (long || self.settings.split.bytes.is_some_and(large)),
        }
    }

    /// Goes on in new files, each from the block at which the one before it ends.
    pub(super) fn split(&mut self) -> Result<(), Fault> {
        self.catch_up(Duration::MAX);
        let until = self.position();
        self.index += 1;
        let namings = self.next_names();
        let mut tapes = Vec::with_capacity(self.reels.len());
        for (place, naming) in namings.iter().enumerate() {
            match Tape::begin(&self.settings.folder, naming, self.settings.kind(place)) {
                Ok(tape) => tapes.push(tape),
                Err(error) => {
                    tapes.into_iter().for_each(Tape::discard);
                    return self.go_on_in_these(place, error, &namings[0].tags);
                }
            }
        }
        let mut tapes = tapes.into_iter();
        let changed = self.each(|reel, _| tapes.next().map_or(Ok(()), |tape| reel.change(tape)));
        self.first = until;
        if self.again.take().is_some() {
            self.board.seam(None);
        }
        self.sync_these();
        changed
    }

    /// New files cannot be made. The second folder may take them; without one the recording goes on where it is, which still
    /// takes what comes, says so, and tries again later.
    fn go_on_in_these(&mut self, reel: usize, error: std::io::Error, tags: &Tags) -> Result<(), Fault> {
        if self.settings.fallback.is_some() {
            let refusal = error.into();
            return Err(Fault::Refused { reel, refusal });
        }
        self.index -= 1;
        let file = self.reels[0].tape.path().display().to_string();
        if self.again.is_none() {
            tracing::error!(%error, file, "no new file could be begun");
            let here = frames_before(self.position());
            if !tags.title.is_empty() {
                // The new file would have begun with it.
                let title = Title::by(&tags.artist, &tags.title);
                self.reels.iter_mut().for_each(|reel| reel.mark(here, &title));
            }
        }
        let folder = self.settings.folder.display();
        let again = SEAM_AGAIN.as_secs();
        self.board.seam(Some(format!(
            "no new file can be begun in {folder} ({error}); the recording goes on in {file}, and a new file is tried every \
             {again} s"
        )));
        self.again = Some(Instant::now() + SEAM_AGAIN);
        Ok(())
    }

    /// What the files that begin now are called.
    fn next_names(&mut self) -> Vec<Naming> {
        let reels: Vec<&str> = self.reels.iter().map(|reel| reel.name.as_str()).collect();
        let waiting = self
            .newest()
            .map_or(0, |newest| (newest + 1).saturating_sub(self.position()));
        let ago = duration(waiting, self.settings.rate);
        let mut namings = self.names.next(&reels, self.index, ago);
        namings.resize_with(reels.len(), Naming::default);
        namings
    }

    /// Goes on in the other folder, where one is set and not in use yet. True: there is more to write.
    fn go_on_elsewhere(&mut self, fault: Fault) -> Result<bool, Fault> {
        let Some(folder) = self.settings.fallback.take() else {
            return Err(fault);
        };
        let why = fault.sentence(&self.reels, self.settings.rate);
        self.index += 1;
        let joining: Vec<_> = self.joining.drain(..).map(Joining::stop).collect();
        let namings = self.next_names();
        let settings = self.settings.clone();
        let mut namings = namings.iter().enumerate();
        let moved = self.each(|reel, _| match namings.next() {
            Some((place, naming)) => Ok(reel.move_to(&folder, naming, settings.kind(place))?),
            None => Ok(()),
        });
        if let Err(second) = moved {
            tracing::error!(folder = %folder.display(), ?second, "the second folder takes no recording either");
            return Err(fault);
        }
        self.first = self.position();
        self.settings.folder = folder;
        self.sync_these();
        let file = self.reels[0].tape.path().display().to_string();
        tracing::error!(why, file, "the recording goes on in the second folder");
        self.board.moved(format!("{why}; the recording goes on in {file}"));
        for (name, backlog) in joining {
            self.join(name, backlog)?;
        }
        Ok(true)
    }

    /// Tells keeper and board which files there are now.
    fn sync_these(&mut self) {
        self.tell_sheet_faults();
        self.keep_these();
        let paths = self.reels.iter().map(|reel| reel.tape.path().to_owned());
        self.board.writes_into(paths.collect());
    }

    /// Tells the keeper which files there are now.
    pub(super) fn keep_these(&self) {
        let kept = self.reels.iter().filter_map(|reel| reel.tape.kept().ok());
        let _ = self.keeper.send(kept.collect()); // without a keeper the system writes when it likes
    }

    /// All has been written: every file is made whole.
    fn finish(&mut self) {
        let mut fault = None;
        let (mut frames, mut bytes) = (u64::MAX, 0);
        let (rate, paths): (_, Vec<PathBuf>) = (
            self.settings.rate,
            self.reels.iter().map(|reel| reel.tape.path().to_owned()).collect(),
        );
        for (reel, path) in self.reels.drain(..).zip(&paths) {
            let (before, frames_now) = (reel.before, reel.tape.frames());
            let whole = match reel.tape.finish() {
                Ok(whole) => whole,
                Err((tape, refusal)) => {
                    let sentence = refusal.sentence(path, frames_now, rate);
                    fault.get_or_insert(sentence);
                    tape.give_up().0
                }
            };
            frames = frames.min(before.frames + whole.frames);
            bytes += before.bytes + whole.bytes;
        }
        match fault {
            None => self.board.stopped(frames, bytes),
            Some(reason) => {
                let reason = stopped(&reason);
                tracing::error!(reason, "a recording stopped by itself");
                self.board.failed(frames, bytes, reason);
            }
        }
    }

    /// Ends the recording by itself, with a sentence.
    fn fail(&mut self, fault: &Fault) {
        let reason = stopped(&fault.sentence(&self.reels, self.settings.rate));
        tracing::error!(reason, "a recording stopped by itself");
        let (mut frames, mut bytes) = (u64::MAX, 0);
        for joining in self.joining.drain(..) {
            joining.stop();
        }
        for reel in self.reels.drain(..) {
            let (whole, _) = reel.tape.give_up();
            frames = frames.min(reel.before.frames + whole.frames);
            bytes += reel.before.bytes + whole.bytes;
        }
        self.board.failed(frames, bytes, reason);
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

/// How long so many blocks are.
pub(super) fn duration(blocks: u64, rate: SampleRate) -> Duration {
    Duration::from_secs_f64((blocks * BLOCK_FRAMES as u64) as f64 / f64::from(rate.hz()))
}

/// How many frames so long is.
pub(super) fn frames_in(time: Duration, rate: SampleRate) -> u64 {
    (time.as_secs_f64() * f64::from(rate.hz())) as u64
}

/// Bytes that a disk must have for as many files.
pub(super) fn bytes_min(settings: &RecorderSettings, files: usize) -> u64 {
    (SECONDS_MIN * settings.format.bytes_a_second(settings.rate) * files as f64) as u64
}
