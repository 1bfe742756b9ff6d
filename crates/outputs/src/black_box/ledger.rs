//! What the ring holds and how it is doing: written by the black box's threads, read by whoever asks. Its lock is held for
//! moments, by threads that may block.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::LaneId;
use super::segment::{Batch, Head};
use super::state::BoxPhase;

/// One segment on disk: a row across all lanes.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) path: PathBuf,
    pub(super) head: Head,
    /// The number after its last block.
    pub(super) end: u64,
    pub(super) bytes: u64,
    pub(super) lanes: BTreeMap<LaneId, LaneRow>,
    /// So many read it now: it stays.
    pub(super) pins: u32,
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
            pins: 0,
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
    /// The run that is being written.
    pub(super) run: u64,
    /// Blocks that the disk did not take, since the start.
    pub(super) blocks_not_written: u64,
    /// What the ring may hold now.
    pub(super) bytes_max: u64,
}

impl Ledger {
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
    /// that would leave a hole in what is kept next.
    pub(super) fn oldest_free(&self, writing: bool) -> Option<PathBuf> {
        let kept_back = usize::from(writing);
        let oldest = self
            .rows
            .front()
            .filter(|row| row.pins == 0 && self.rows.len() > kept_back);
        oldest.map(|row| row.path.clone())
    }

    pub(super) fn forget(&mut self, path: &PathBuf) {
        self.rows.retain(|row| row.path != *path);
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
