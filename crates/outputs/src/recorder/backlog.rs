//! What is drained from a bus or a strip and not yet in a file: 15 s at most while it is recorded, and beside them the last
//! seconds before it was.
//!
//! Between two threads that may wait for each other for microseconds; its memory follows what waits.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use airdesk_dsp::{BLOCK_FRAMES, Block, SampleRate};

/// A block on its way to the disk. Blocks that found no room show as a jump of `sequence`.
pub(super) struct Entry {
    /// The desk's number of the block.
    pub(super) sequence: u64,
    /// Blocks just before this one that were lost before they came here.
    pub(super) late: u32,
    pub(super) frames: Block,
}

/// How many blocks wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Nobody records yet: the last so many are kept, and older ones go.
    Last(usize),
    /// It is recorded: when so many wait, the newest are lost, and counted.
    Recording(usize),
}

impl Limit {
    /// So that a disk may stand still for 15 s: 15.1 s, 5.98 MB at 48 kHz.
    pub(super) fn recording(rate: SampleRate) -> Self {
        Self::Recording((u64::from(rate.hz()) * 151 / 10 / BLOCK_FRAMES as u64) as usize)
    }
}

/// The blocks of one reel.
pub(super) struct Backlog(Mutex<Waiting>);

struct Waiting {
    /// In runs as they came: what waits is all there is in memory.
    runs: VecDeque<VecDeque<Entry>>,
    blocks: usize,
    limit: Limit,
    /// Of these, what waited when the recording began: it takes no room from what comes.
    before: usize,
    /// Blocks that found no room since the last that did.
    refused: u32,
    /// Blocks that found no room, counted then, and not yet found missing.
    missing: u64,
    end: End,
    gone: bool,
}

/// How the blocks of a reel end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// They go on.
    Open,
    /// This block does not belong to it any more, and none after it.
    Before(u64),
    /// The thread that brought them broke.
    Broke,
}

impl Backlog {
    pub(super) fn new(limit: Limit) -> Self {
        Self(Mutex::new(Waiting {
            runs: VecDeque::new(),
            blocks: 0,
            limit,
            before: 0,
            refused: 0,
            missing: 0,
            end: End::Open,
            gone: false,
        }))
    }

    /// Adds what was drained in one round. Returns how many blocks found no room.
    pub(super) fn push(&self, mut run: VecDeque<Entry>) -> u64 {
        let mut waiting = self.lock();
        let came = run.len();
        if let Limit::Recording(most) = waiting.limit {
            let room = (most + waiting.before).saturating_sub(waiting.blocks);
            let refused: u32 = run.drain(room.min(run.len())..).map(|lost| lost.late).sum();
            if let Some(first) = run.front_mut() {
                first.late += std::mem::take(&mut waiting.refused);
            }
            waiting.refused += refused;
        }
        let refused = (came - run.len()) as u64;
        waiting.missing += refused;
        waiting.blocks += run.len();
        if !run.is_empty() {
            waiting.runs.push_back(run);
        }
        if let Limit::Last(most) = waiting.limit {
            while waiting.blocks > most {
                waiting.pop();
            }
        }
        refused
    }

    /// So many blocks are missing: returns how many of them were counted when they found no room.
    pub(super) fn find(&self, blocks: u64) -> u64 {
        let mut waiting = self.lock();
        let counted = blocks.min(waiting.missing);
        waiting.missing -= counted;
        counted
    }

    /// From now on nothing old is let go of, and there is room for 15 s more.
    pub(super) fn record(&self, rate: SampleRate) {
        let mut waiting = self.lock();
        waiting.limit = Limit::recording(rate);
        waiting.before = waiting.blocks;
    }

    /// The oldest block that waits.
    pub(super) fn first(&self) -> Option<u64> {
        let waiting = self.lock();
        waiting
            .runs
            .front()
            .and_then(|run| run.front())
            .map(|entry| entry.sequence)
    }

    /// Blocks that were lost before the oldest one that waits came here.
    pub(super) fn late(&self) -> u32 {
        let waiting = self.lock();
        waiting
            .runs
            .front()
            .and_then(|run| run.front())
            .map_or(0, |entry| entry.late)
    }

    /// The newest block that waits.
    pub(super) fn last(&self) -> Option<u64> {
        let waiting = self.lock();
        waiting
            .runs
            .back()
            .and_then(|run| run.back())
            .map(|entry| entry.sequence)
    }

    /// The oldest block, where it comes before block `limit`.
    pub(super) fn take_before(&self, limit: u64) -> Option<Entry> {
        let mut waiting = self.lock();
        let before = waiting.runs.front()?.front()?.sequence < limit;
        if before { waiting.pop() } else { None }
    }

    /// Blocks are over.
    pub(super) fn close(&self, end: End) {
        let mut waiting = self.lock();
        if waiting.end == End::Open {
            waiting.end = end;
        }
    }

    pub(super) fn end(&self) -> End {
        self.lock().end
    }

    /// Its strip was taken away: silence follows, and nothing is lost.
    pub(super) fn note_gone(&self) {
        self.lock().gone = true;
    }

    pub(super) fn is_gone(&self) -> bool {
        self.lock().gone
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Every change is whole before the lock is let go of.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<Entry> {
        let run = self.runs.front_mut()?;
        let entry = run.pop_front();
        if run.is_empty() {
            self.runs.pop_front();
        }
        self.blocks -= usize::from(entry.is_some());
        self.before = self.before.saturating_sub(usize::from(entry.is_some()));
        entry
    }
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::SILENCE;

    use super::*;

    fn run(sequences: std::ops::Range<u64>) -> VecDeque<Entry> {
        let entry = |sequence| Entry {
            sequence,
            late: 0,
            frames: SILENCE,
        };
        sequences.map(entry).collect()
    }

    fn left(backlog: &Backlog) -> Vec<u64> {
        std::iter::from_fn(|| backlog.take_before(u64::MAX))
            .map(|entry| entry.sequence)
            .collect()
    }

    #[test]
    fn it_outlasts_a_disk_that_stands_still_for_15_s_and_stays_under_6_mb() {
        let Limit::Recording(blocks) = Limit::recording(SampleRate::DESK) else {
            panic!("it is recorded")
        };
        assert!(blocks * BLOCK_FRAMES >= 15 * 48_000);
        assert!(blocks * size_of::<Entry>() <= 6_000_000);
    }

    #[test]
    fn what_was_kept_before_it_was_recorded_takes_no_room_from_what_comes() {
        let Limit::Recording(room) = Limit::recording(SampleRate::DESK) else {
            panic!("it is recorded")
        };
        let kept = room as u64 + 1_000;
        let backlog = Backlog::new(Limit::Last(room * 4));
        backlog.push(run(0..kept));
        backlog.record(SampleRate::DESK);
        assert_eq!(backlog.push(run(kept..kept + room as u64)), 0, "15 s more");
        assert_eq!(backlog.push(run(0..1)), 1, "and then it is full");
        // What is taken makes room only once the kept part is on its way.
        for _ in 0..kept {
            backlog.take_before(u64::MAX);
        }
        assert_eq!(backlog.push(run(0..1)), 1);
        backlog.take_before(u64::MAX);
        assert_eq!(backlog.push(run(0..1)), 0);
    }

    #[test]
    fn the_newest_is_lost_while_it_is_recorded_and_the_oldest_before() {
        let backlog = Backlog::new(Limit::Last(3));
        backlog.push(run(1..3));
        backlog.push(run(3..6));
        assert_eq!((backlog.first(), backlog.last()), (Some(3), Some(5)));
        backlog.record(SampleRate::DESK);
        backlog.push(run(6..8));
        assert_eq!(left(&backlog), [3, 4, 5, 6, 7]);
        let full = Backlog::new(Limit::Recording(3));
        full.push(run(1..3));
        assert_eq!(full.push(run(3..9)), 5, "they are counted at once");
        assert_eq!(left(&full), [1, 2, 3]);
        assert_eq!((full.find(4), full.find(4)), (4, 1), "and no block twice");
    }
}
