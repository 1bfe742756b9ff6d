//! The delay as its thread has it: what it follows, where it publishes, and what it counts.

use airdesk_dsp::air_delay::{AirDelay, Dump, Join};
use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE, SampleRate};
use airdesk_engine::mix_queue::{MixTap, MixWriter};
use airdesk_engine::time::Nanos;

use super::DelayState;
use crate::follower::Follower;

/// Joins that are told about: more are not made between two looks of a station.
const JOINS: usize = 64;

/// Between the programme and the air.
pub(super) struct Line {
    delay: AirDelay,
    rate: SampleRate,
    follower: Follower,
    air: MixWriter,
    joins: Vec<Join>,
    late: u64,
    /// Frames of the programme before those of the bus that is followed now.
    before: i64,
}

impl Line {
    pub(super) fn new(rate: SampleRate, programme: &MixTap, air: MixWriter) -> Self {
        let follower = Follower::new(programme.reader());
        Self {
            before: -first_frame(&follower),
            delay: AirDelay::new(rate),
            rate,
            follower,
            air,
            joins: Vec::with_capacity(JOINS),
            late: 0,
        }
    }

    /// Airs one block for each that is there, up to `most`; says whether there may be more.
    pub(super) fn pass(&mut self, most: usize) -> bool {
        for _ in 0..most {
            let Some((block, lost)) = self.follower.next() else {
                return false;
            };
            let (frames, due) = (block.frames, block.due);
            // Time stays true: what was lost is silent.
            (0..lost).for_each(|_| self.pass_block(&SILENCE, due));
            self.late += lost * BLOCK_FRAMES as u64;
            self.pass_block(&frames, due);
        }
        true
    }

    fn pass_block(&mut self, block: &Block, due: Nanos) {
        let mut air = SILENCE;
        self.delay.process(block, &mut air);
        self.air.publish(&air, due);
        if let Some(join) = self.delay.take_join()
            && self.joins.len() < JOINS
        {
            self.joins.push(Join {
                first: self.in_programme(join.first),
                ..join
            });
        }
    }

    pub(super) fn delay(&mut self) -> &mut AirDelay {
        &mut self.delay
    }

    /// Drops the last `frames`, or all that is held. The dump is told in frames of the programme.
    pub(super) fn dump(&mut self, frames: Option<u64>) -> Option<Dump> {
        let dump = self.delay.dump(frames)?;
        Some(Dump {
            first: self.in_programme(dump.first),
            ..dump
        })
    }

    pub(super) fn take_joins(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.joins)
    }

    /// Goes on with another bus. What is held is aired.
    pub(super) fn follow(&mut self, programme: &MixTap) {
        self.follower = Follower::new(programme.reader());
        self.before = self.delay.tally().taken as i64 - first_frame(&self.follower);
    }

    pub(super) fn state(&self) -> DelayState {
        DelayState {
            rate: self.rate,
            wanted: self.delay.wanted(),
            held: self.delay.held(),
            phase: self.delay.phase(),
            tally: self.delay.tally(),
            late: self.late,
        }
    }

    /// A position since the delay was made, as a frame of the bus. What came from a bus before it is its frame 0.
    fn in_programme(&self, position: u64) -> u64 {
        (position as i64 - self.before).max(0) as u64
    }
}

/// The frame of the bus that is read next.
fn first_frame(follower: &Follower) -> i64 {
    (follower.next_sequence() as i64 - 1) * BLOCK_FRAMES as i64
}
