//! What a black box says of itself.

use std::time::{Duration, SystemTime};

use super::LaneId;
use super::ledger::{Ledger, Row, blocks_to_seconds};

/// What the black box is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoxPhase {
    /// Nothing has reached the disk yet.
    Starting,
    /// The disk takes what is mixed.
    Turning,
    /// It has stopped by itself, and what it holds can be kept. It tries again by itself if that can help.
    Halted {
        /// One sentence: what, where, what to do.
        reason: String,
        /// It tries again every ten seconds. Without it, it stays so until it is started anew.
        tries_again: bool,
    },
    /// It was stopped.
    Stopped,
}

/// A black box at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxState {
    /// What is happening.
    pub phase: BoxPhase,
    /// What each run that is still held has, oldest first; the last is the one being written, once it has begun.
    pub runs: Vec<RunState>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes it may hold now.
    pub bytes_max: u64,
    /// Frames that the disk did not take in time, since the start: silence in what is kept.
    pub frames_not_written: u64,
}

/// Names a run: from the start of a desk, or of its engine, to the end of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// What is held of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunState {
    /// Which.
    pub id: RunId,
    /// It is being written.
    pub current: bool,
    /// When what is held began, by the wall clock of then.
    pub began: SystemTime,
    /// From the first to the last frame that is held.
    pub held: Duration,
    /// Frames of the programme since its engine began, up to the last one that is held.
    pub end: u64,
    /// Programme and lanes, in the order in which they came.
    pub lanes: Vec<LaneState>,
}

/// What is held of a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneState {
    /// Which.
    pub id: LaneId,
    /// Its last name.
    pub name: String,
    /// How much there is of it.
    pub held: Duration,
    /// Frames among them that were lost: silence in what is kept.
    pub frames_lost: u64,
}

impl Ledger {
    pub(super) fn state(&self) -> BoxState {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| row.end > row.head.first).collect();
        let runs = rows.chunk_by(|a, b| a.head.run == b.head.run);
        BoxState {
            phase: self.phase_now(),
            runs: runs.map(|rows| self.run_state(rows)).collect(),
            bytes: self.bytes(),
            bytes_max: self.bytes_max,
            frames_not_written: self.blocks_not_written * airdesk_dsp::BLOCK_FRAMES as u64,
        }
    }

    fn run_state(&self, rows: &[&Row]) -> RunState {
        let (head, last) = (&rows[0].head, &rows[rows.len() - 1]);
        let mut lanes: Vec<LaneState> = Vec::new();
        for (id, found) in rows.iter().flat_map(|row| &row.lanes) {
            let place = lanes.binary_search_by_key(id, |lane| lane.id).unwrap_or_else(|place| {
                let (name, held, frames_lost) = Default::default();
                let lane = LaneState {
                    id: *id,
                    name,
                    held,
                    frames_lost,
                };
                lanes.insert(place, lane);
                place
            });
            let lane = &mut lanes[place];
            if lane.name != found.name {
                lane.name.clone_from(&found.name);
            }
            lane.held += Duration::from_secs_f64(blocks_to_seconds(found.blocks, head));
            lane.frames_lost += found.lost * airdesk_dsp::BLOCK_FRAMES as u64;
        }
        RunState {
            id: RunId(head.run),
            current: head.run == self.run,
            began: head.began(),
            held: Duration::from_secs_f64(blocks_to_seconds(last.end.saturating_sub(head.first), head)),
            end: last.end.saturating_sub(1) * airdesk_dsp::BLOCK_FRAMES as u64,
            lanes,
        }
    }
}
