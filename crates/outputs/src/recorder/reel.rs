//! One source of a recording on its way into files: blocks in order, silence where some are lost, and a file after the other.

use std::io;
use std::path::Path;
use std::sync::Arc;

use airdesk_dsp::BLOCK_FRAMES;

use super::backlog::{Backlog, End, Entry};
use super::gap_log::GapCause;
use super::marks::frames_before;
use super::names::Naming;
use super::status::Board;
use super::tape::{Kind, Refusal, Tape, Whole};
use crate::title::Title;

/// A source, as the writer has it.
pub(super) struct Reel {
    pub(super) name: String,
    pub(super) backlog: Arc<Backlog>,
    pub(super) tape: Tape,
    /// The number of the block that comes next.
    pub(super) next: u64,
    /// Up to this block gaps are noted and counted: one is written in parts where it is long.
    pub(super) noted: u64,
    /// What it came to in files before this one.
    pub(super) before: Whole,
}

impl Reel {
    /// Blocks that can be written now end before this one; `None` where silence follows, as long as others go on.
    pub(super) fn written_until(&self) -> Option<u64> {
        match self.backlog.end() {
            End::Before(end) => Some(end),
            End::Open if self.backlog.is_gone() => None,
            End::Open | End::Broke => Some(self.backlog.last().map_or(self.next, |last| last + 1)),
        }
    }

    /// Writes the blocks before `until`, and silence for those that are missing.
    pub(super) fn write(&mut self, until: u64, board: &Board) -> Result<(), Refusal> {
        let mut result = Ok(());
        while let Some(entry) = self.backlog.take_before(until) {
            if entry.sequence >= self.next {
                result = result.and(self.write_entry(&entry, board));
            }
        }
        if self.next < until {
            self.note_gap(self.gap_end(until), self.backlog.late(), board);
            result = result.and(self.fill(until));
        }
        result.and(self.tape.commit())
    }

    fn write_entry(&mut self, entry: &Entry, board: &Board) -> Result<(), Refusal> {
        self.note_gap(entry.sequence, entry.late, board);
        let filled = self.fill(entry.sequence);
        // Also where the silence was refused: what was taken from the backlog is held by the tape.
        self.next = entry.sequence + 1;
        filled.and(self.tape.push(&entry.frames))
    }

    /// Puts silence where blocks before `end` are missing, so that time stays true.
    fn fill(&mut self, end: u64) -> Result<(), Refusal> {
        let frames = (end - self.next) * BLOCK_FRAMES as u64;
        self.next = end;
        self.tape.fill(frames)
    }

    /// Where the gap ends that begins with the next block, as far as it is known.
    fn gap_end(&self, until: u64) -> u64 {
        match (self.backlog.first(), self.backlog.end()) {
            (Some(first), _) => first.max(until),
            (None, End::Before(end)) => end.max(until),
            (None, _) => until,
        }
    }

    /// Notes once that the blocks from the next one to `end` are missing, of which `late` were lost before they came.
    fn note_gap(&mut self, end: u64, late: u32, board: &Board) {
        let from = self.next.max(self.noted);
        // A strip that was taken away has given all it had.
        if end <= from || self.backlog.is_gone() {
            return;
        }
        let frames = (end - from) * BLOCK_FRAMES as u64;
        let cause = if end - from > u64::from(late) {
            GapCause::DiskTooSlow
        } else {
            GapCause::Late
        };
        self.log(frames, &cause, board);
        let counted = self.backlog.find(end - from);
        board.lost(frames - counted * BLOCK_FRAMES as u64);
        self.noted = end;
    }

    /// Notes a gap, or tells the operator what cannot be noted.
    pub(super) fn log(&mut self, frames: u64, cause: &GapCause, board: &Board) {
        board.gap();
        if let Some(sentence) = self.tape.log(frames, cause) {
            tracing::warn!("{sentence}");
            board.gap_not_logged(sentence);
        }
    }

    /// Something begins at this frame of the bus; what began in a file before this one began before its first frame.
    pub(super) fn mark(&mut self, frame: u64, title: &Title) {
        let behind = frames_before(self.next).saturating_sub(frame);
        self.tape.mark(self.tape.given().saturating_sub(behind), title);
    }

    /// Goes on in `tape`, once the file before it is whole.
    pub(super) fn change(&mut self, tape: Tape) -> Result<(), Refusal> {
        let old = std::mem::replace(&mut self.tape, tape);
        match old.finish() {
            Ok(whole) => {
                self.before = self.before.and(whole);
                Ok(())
            }
            Err((old, refusal)) => {
                std::mem::replace(&mut self.tape, *old).discard();
                Err(refusal)
            }
        }
    }

    /// Goes on in another folder, with the frame that the file before it takes no more.
    pub(super) fn move_to(&mut self, folder: &Path, naming: &Naming, kind: Kind) -> io::Result<()> {
        let tape = Tape::begin(folder, naming, kind)?;
        let old = std::mem::replace(&mut self.tape, tape);
        let (whole, rest) = old.give_up();
        self.before = self.before.and(whole);
        self.tape.go_on_with(rest)
    }

    /// Frames in all its files that a reader finds.
    pub(super) fn frames(&self) -> u64 {
        self.before.frames + self.tape.frames()
    }

    /// Bytes of all its files.
    pub(super) fn bytes(&self) -> u64 {
        self.before.bytes + self.tape.bytes()
    }
}

impl Whole {
    /// Nothing yet.
    pub(super) const NONE: Self = Self { frames: 0, bytes: 0 };

    fn and(self, other: Self) -> Self {
        Self {
            frames: self.frames + other.frames,
            bytes: self.bytes + other.bytes,
        }
    }
}
