//! What the ring holds and how it is doing: written by the black box's threads, read by whoever asks. Its lock is held for
//! moments, and never while the disk is asked for anything: a disk that stands still holds up nobody who asks.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::LaneId;
use super::segment::{Batch, Head};
use super::state::BoxPhase;
use super::story::Note;

/// A disk that answers nothing for so long is said to do so.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// One segment on disk: a row across all lanes.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) path: PathBuf,
    pub(super) head: Head,
    /// The number after its last block.
    pub(super) end: u64,
    pub(super) bytes: u64,
    pub(super) lanes: BTreeMap<LaneId, LaneRow>,
    /// What is known of it besides its sound.
    pub(super) notes: Vec<Note>,
    /// So many read it now: it stays.
    pub(super) pins: u32,
    /// It is being removed: nobody begins to read it.
    pub(super) going: bool,
}

/// One lane in a row.
#[derive(Debug, Clone, Default)]
pub(super) struct LaneRow {
    pub(super) name: String,
    pub(super) blocks: u64,
    /// Blocks among them that were lost.
    pub(super) lost: u64,
}

impl Row {
    pub(super) fn new(path: PathBuf, head: Head) -> Self {
        Self {
            path,
            head,
            end: head.first,
            bytes: 0,
            lanes: BTreeMap::new(),
            notes: Vec::new(),
            pins: 0,
            going: false,
        }
    }

    pub(super) fn name(&mut self, lane: LaneId, name: &str) {
        self.lanes.entry(lane).or_default().name = name.to_owned();
    }

    pub(super) fn add(&mut self, batch: &Batch) {
        self.end = self.end.max(batch.end());
        for packed in &batch.lanes {
            let lane = self.lanes.entry(packed.lane).or_default();
            lane.blocks += u64::from(batch.blocks);
            lane.lost += u64::from(packed.lost);
        }
    }

    /// Seconds from its first to its last block.
    pub(super) fn seconds(&self) -> f64 {
        blocks_to_seconds(self.end - self.head.first, &self.head)
    }
}

/// What so many blocks last.
pub(super) fn blocks_to_seconds(blocks: u64, head: &Head) -> f64 {
    (blocks * airdesk_dsp::BLOCK_FRAMES as u64) as f64 / f64::from(head.rate.hz())
}

/// The ring.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Oldest first.
    pub(super) rows: VecDeque<Row>,
    pub(super) phase: BoxPhase,
    /// Since when the disk has been asked for something that it has not answered.
    pub(super) asked: Option<Instant>,
    /// The run that is being written.
    pub(super) run: u64,
    /// Blocks that the disk did not take, since the start.
    pub(super) blocks_not_written: u64,
    /// What the ring may hold now.
    pub(super) bytes_max: u64,
}

impl Ledger {
    /// What it is doing, also while it waits for a disk that stands still.
    pub(super) fn phase_now(&self) -> BoxPhase {
        let waits = self.asked.is_some_and(|asked| asked.elapsed() > ANSWERS_WITHIN);
        match &self.phase {
            BoxPhase::Starting | BoxPhase::Turning if waits => BoxPhase::Halted {
                reason:
                    "the black box has stopped: its disk does not answer; check the disk or choose another folder for \
                         it"
                    .into(),
                tries_again: true,
            },
            phase => phase.clone(),
        }
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| row.bytes).sum()
    }

    /// Seconds of all segments but the oldest: what is left once that is removed.
    pub(super) fn seconds_without_the_oldest(&self) -> f64 {
        self.rows.iter().skip(1).map(Row::seconds).sum()
    }

    /// The number after the last block on disk of a run.
    pub(super) fn end_of(&self, run: u64) -> Option<u64> {
        self.rows
            .iter()
            .rev()
            .find(|row| row.head.run == run)
            .map(|row| row.end)
    }

    /// The oldest segment, unless somebody reads it or it is the one that is being written. What is newer does not go before it:
    /// that would leave a hole in what is kept next. From now on nobody begins to read it.
    pub(super) fn take_oldest(&mut self, writing: bool) -> Option<PathBuf> {
        let is_enough = self.rows.len() > usize::from(writing);
        let oldest = self.rows.front_mut().filter(|row| row.pins == 0 && is_enough)?;
        oldest.going = true;
        Some(oldest.path.clone())
    }

    pub(super) fn forget(&mut self, path: &Path) {
        self.rows.retain(|row| row.path != path);
    }

    /// It could not be removed.
    pub(super) fn put_back(&mut self, path: &Path) {
        let row = self.rows.iter_mut().find(|row| row.path == path);
        row.into_iter().for_each(|row| row.going = false);
    }
}

/// The ledger, shared.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Ledger>>);

impl Shared {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        Self(Arc::new(Mutex::new(Ledger {
            rows: rows.into(),
            phase: BoxPhase::Starting,
            asked: None,
            run: 0,
            blocks_not_written: 0,
            bytes_max: 0,
        })))
    }

    /// The ledger, for a moment.
    pub(super) fn lock(&self) -> MutexGuard<'_, Ledger> {
        // Numbers only: what a thread that panicked left is as good as before.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
