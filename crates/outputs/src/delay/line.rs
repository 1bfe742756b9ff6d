//! The delay as its thread has it: what it follows, where it publishes, and what it counts.
//!
//! While there is no delay nothing passes through it: the air is the programme. Where a delay begins and where it has been
//! taken back the air goes over to another queue, both times where the two say the same.

use airdesk_dsp::air_delay::{AirDelay, AirDelaySettings, Dump, Join, Phase};
use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE, SampleRate};
use airdesk_engine::mix_queue::{MixRoute, MixTap, MixWriter, mix_queue};
use airdesk_engine::time::Nanos;

use super::DelayState;
use crate::follower::Follower;

/// Joins that are told about: more are not made between two looks of a station.
const JOINS: usize = 64;
/// Capacity: as many blocks as the programme's own queue, 5.5 s at 48 kHz for a listener that sleeps.
const QUEUE_BLOCKS: usize = 8_192;
/// So many blocks before it is reached a seam is told to those who read, and what is aired before it fills what the delay
/// compares with: 85 ms at 48 kHz.
const SEAM_BLOCKS: u64 = 64;

/// Between the programme and the air.
pub(super) struct Line {
    delay: AirDelay,
    rate: SampleRate,
    programme: MixTap,
    route: MixRoute,
    /// What is added to the number of a block of the programme that is aired as it is.
    shift: i64,
    asked: AirDelaySettings,
    /// While the air goes through the delay.
    passage: Option<Passage>,
    joins: Vec<Join>,
    late: u64,
}

/// The way through the delay, from where it is entered to where it is left.
struct Passage {
    follower: Follower,
    /// The block of the programme that is passed next, lost ones counted.
    programme: u64,
    air: MixWriter,
    /// Blocks aired before those in the queue.
    blocks_before: u64,
    /// Frames of the programme, and of the air, before those that the delay counts from.
    before: i64,
    aired_before: i64,
    /// The block of the air from which on this is heard.
    begins: u64,
    /// It is heard, and what was asked for is set.
    is_set: bool,
    /// The block of the air from which on the programme is heard again, when that is settled.
    ends: Option<u64>,
}

impl Passage {
    /// The block that is aired next.
    fn next(&self) -> u64 {
        self.blocks_before + self.air.published() + 1
    }
}

impl Line {
    pub(super) fn new(rate: SampleRate, programme: &MixTap) -> Self {
        Self {
            delay: AirDelay::new(rate),
            rate,
            programme: programme.clone(),
            route: MixRoute::along(programme),
            shift: 0,
            asked: AirDelaySettings::default(),
            passage: None,
            joins: Vec::with_capacity(JOINS),
            late: 0,
        }
    }

    /// What is aired.
    pub(super) fn tap(&self) -> MixTap {
        self.route.tap()
    }

    /// Wants this delay, which has been checked.
    pub(super) fn set(&mut self, settings: &AirDelaySettings) {
        self.asked = *settings;
        match &self.passage {
            // What is aired must be the programme as it is up to a seam.
            Some(passage) if passage.is_set && passage.ends.is_none() => self.obey(),
            None if self.asks_for_one() => self.enter(),
            _ => {}
        }
    }

    fn frames_asked(&self) -> u64 {
        self.rate.frames_in(self.asked.seconds.into()).0.into()
    }

    /// Less than a frame is no delay.
    fn asks_for_one(&self) -> bool {
        self.frames_asked() > 0
    }

    fn obey(&mut self) {
        self.delay.make_room(self.asked.seconds);
        self.delay.set(&self.asked);
    }

    /// The air is to go through the delay, from a little later on.
    fn enter(&mut self) {
        // First, for it takes its time.
        let (air, tap) = mix_queue(QUEUE_BLOCKS);
        let follower = Follower::new(self.programme.reader());
        let first = follower.next_sequence().saturating_add_signed(self.shift);
        let begins = first + SEAM_BLOCKS;
        self.route.go_on(&tap, begins, begins - first + 1);
        let tally = self.delay.tally();
        self.passage = Some(Passage {
            before: tally.taken as i64 - first_frame(&follower),
            aired_before: tally.aired as i64 - (first as i64 - 1) * BLOCK_FRAMES as i64,
            programme: follower.next_sequence(),
            follower,
            air,
            blocks_before: first - 1,
            begins,
            is_set: false,
            ends: None,
        });
    }

    /// Whether something is to be passed from time to time.
    pub(super) fn is_needed(&self) -> bool {
        self.passage.is_some()
    }

    /// Airs one block for each that is there, up to `most`; says whether there may be more.
    pub(super) fn pass(&mut self, most: usize) -> bool {
        for _ in 0..most {
            let Some(passage) = &mut self.passage else { return false };
            let Some((block, lost)) = passage.follower.next() else {
                return false;
            };
            let (frames, due) = (block.frames, block.due);
            self.late += lost * BLOCK_FRAMES as u64;
            // Time stays true: what was lost is silent.
            let silent = std::iter::repeat_n(&SILENCE, lost as usize);
            for block in silent.chain([&frames]) {
                if !self.pass_block(block, due) {
                    break; // the way through the delay has ended: what comes is read from where it goes on
                }
            }
        }
        true
    }

    /// True: the next one takes the same way.
    fn pass_block(&mut self, block: &Block, due: Nanos) -> bool {
        let Some(passage) = &mut self.passage else { return false };
        passage.programme += 1;
        let mut air = SILENCE;
        self.delay.process(block, &mut air);
        passage.air.publish(&air, due);
        if let Some(join) = self.delay.take_join()
            && self.joins.len() < JOINS
        {
            self.joins.push(Join {
                first: since(join.first, passage.before),
                aired_at: since(join.aired_at, passage.aired_before),
            });
        }
        self.look_for_a_seam()
    }

    /// Does what is due before the next block. True: that one takes the same way.
    fn look_for_a_seam(&mut self) -> bool {
        let Some(passage) = &mut self.passage else { return false };
        let next = passage.next();
        if !passage.is_set && next >= passage.begins {
            passage.is_set = true;
            self.obey();
        } else if passage.ends.is_some_and(|ends| next >= ends) {
            self.passage = None;
            self.delay.make_room(0.0);
            // Who listens is past it, or holds it for himself.
            self.route.published();
            if self.asks_for_one() {
                self.enter();
            }
            return false;
        } else if passage.is_set && passage.ends.is_none() && self.delay.is_idle() {
            self.leave();
        }
        true
    }

    /// The air is to be the programme again, from a little later on: by then the last join has been aired.
    fn leave(&mut self) {
        let Some(passage) = &mut self.passage else { return };
        let (next, published) = (passage.next(), self.programme.published());
        // Who read the programme would be as far.
        let behind = (published + 1).saturating_sub(passage.programme);
        let ends = *passage.ends.get_or_insert(next + behind + SEAM_BLOCKS);
        let sequence = passage.programme + (ends - next);
        self.shift = ends as i64 - sequence as i64;
        self.route.go_on(&self.programme, ends, sequence);
    }

    /// Drops the last `frames`, or all that is held. The dump is told in frames of the programme.
    pub(super) fn dump(&mut self, frames: Option<u64>) -> Option<Dump> {
        let before = self.passage.as_ref()?.before;
        let dump = self.delay.dump(frames)?;
        Some(Dump {
            first: since(dump.first, before),
            ..dump
        })
    }

    pub(super) fn take_joins(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.joins)
    }

    /// Goes on with another bus. What is held is aired.
    pub(super) fn follow(&mut self, programme: &MixTap) {
        self.programme = programme.clone();
        let Some(passage) = &mut self.passage else {
            let (first, sequence) = (self.route.published() + 1, programme.published() + 1);
            self.shift = first as i64 - sequence as i64;
            self.route.go_on(programme, first, sequence);
            return;
        };
        passage.follower = Follower::new(programme.reader());
        passage.programme = passage.follower.next_sequence();
        passage.before = self.delay.tally().taken as i64 - first_frame(&passage.follower);
        if !passage.is_set {
            // Nothing more comes before the seam.
            passage.begins = passage.begins.min(self.route.cut_short());
        }
        if passage.ends.is_some() {
            self.leave();
        }
    }

    pub(super) fn state(&self) -> DelayState {
        let is_to_come = self.asks_for_one() && self.delay.wanted() == 0;
        DelayState {
            rate: self.rate,
            wanted: self.frames_asked(),
            held: self.delay.held(),
            phase: if is_to_come {
                Phase::Building
            } else {
                self.delay.phase()
            },
            tally: self.delay.tally(),
            late: self.late,
        }
    }
}

/// A position since the delay was made, counted from where `before` of them were over. What is from before that is at 0.
fn since(position: u64, before: i64) -> u64 {
    (position as i64 - before).max(0) as u64
}

/// The frame of the bus that is read next.
fn first_frame(follower: &Follower) -> i64 {
    (follower.next_sequence() as i64 - 1) * BLOCK_FRAMES as i64
}
