//! The thread that follows programme and lanes, and packs what they give into batches of half a second. It touches no disk,
//! so it is not late because a disk is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, TrySendError};
use std::thread;
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::{MixReader, Read};
use airdesk_engine::{TapBlock, TapReader};

use super::ledger::Shared;
use super::pack::Packer;
use super::segment::{Batch, Packed};
use super::story::Note;
use super::{LaneId, priority};
use crate::follower::Follower;

/// How often it looks: thirty blocks at 48 kHz, a small part of what queues and taps hold.
const ROUND: Duration = Duration::from_millis(40);
/// What a batch lasts: what a killed process loses, with a round and what the disk's thread takes.
const BATCH_SECONDS: f64 = 0.5;

/// What others wish of the thread.
pub(super) enum Wish {
    AddLane(LaneId, Arc<str>, TapReader),
    RenameLane(LaneId, Arc<str>),
    RemoveLane(LaneId),
    /// Something is known besides the sound.
    Note(Note),
    /// Another engine counts blocks from the start, and the lanes of the last one are gone.
    BeginRun(MixReader),
    /// Write what has been heard by now, and say with which block it ends.
    Flush(Sender<u64>),
    Stop,
}

/// What goes to the disk.
pub(super) enum ToDisk {
    /// A batch, what its lanes are called, and what has become known since the last one.
    Batch(Batch, Vec<(LaneId, Arc<str>)>, Vec<Note>),
    /// What follows is of another run; this has become known of the last one.
    BeginRun(Vec<Note>),
    /// Nothing follows, as was wished.
    End,
}

/// One strip.
struct Lane {
    name: Arc<str>,
    reader: TapReader,
    /// Read, and of a block that the programme has not published yet.
    ahead: Option<TapBlock>,
    /// The number of the block that comes next.
    next: u64,
    /// It has given a block: what is missing from here on is lost, and was never there before.
    began: bool,
    /// The strip is gone, and all that it gave is packed.
    ended: bool,
    packer: Packer,
}

/// What the thread owns.
pub(super) struct Collector {
    programme: Follower,
    programme_packer: Packer,
    lanes: BTreeMap<LaneId, Lane>,
    /// The first block of the batch at hand.
    first: u64,
    /// Blocks of a batch.
    batch_blocks: u32,
    /// What goes with the next batch.
    notes: Vec<Note>,
    wishes: Receiver<Wish>,
    disk: SyncSender<ToDisk>,
    shared: Shared,
}

impl Collector {
    pub(super) fn new(
        programme: MixReader,
        rate: SampleRate,
        wishes: Receiver<Wish>,
        disk: SyncSender<ToDisk>,
        shared: Shared,
    ) -> Self {
        let programme = Follower::new(programme);
        let blocks = f64::from(rate.hz()) * BATCH_SECONDS / airdesk_dsp::BLOCK_FRAMES as f64;
        Self {
            first: programme.next_sequence(),
            programme,
            programme_packer: Packer::default(),
            lanes: BTreeMap::new(),
            batch_blocks: blocks.ceil() as u32,
            notes: Vec::new(),
            wishes,
            disk,
            shared,
        }
    }

    /// Collects until it is asked to stop, or the disk's thread is gone.
    pub(super) fn run(mut self) {
        priority::lower();
        loop {
            // Before the wishes are looked at: a lane that was wished for before a block was mixed has that block.
            let end = self.programme.end();
            let goes_on = self.obey();
            self.take_in(end);
            if !goes_on {
                break;
            }
            thread::sleep(ROUND);
        }
        self.take_in(self.programme.end());
        self.flush();
        let _ = self.disk.send(ToDisk::End); // the disk's thread has ended before
    }

    /// Does what is wished. Returns whether to go on.
    fn obey(&mut self) -> bool {
        loop {
            match self.wishes.try_recv() {
                Ok(Wish::AddLane(id, name, reader)) => self.add(id, name, reader),
                Ok(Wish::RenameLane(id, name)) => {
                    if let Some(lane) = self.lanes.get_mut(&id) {
                        lane.name = name;
                    }
                }
                Ok(Wish::RemoveLane(id)) => {
                    // Its blocks of this batch go with it into the batch that ends here.
                    self.flush();
                    self.lanes.remove(&id);
                }
                Ok(Wish::Note(note)) => self.notes.push(note),
                Ok(Wish::BeginRun(programme)) => self.begin_run(programme),
                Ok(Wish::Flush(answer)) => {
                    self.take_in(self.programme.end());
                    self.flush();
                    let _ = answer.send(self.first); // whoever asked has gone
                }
                Ok(Wish::Stop) | Err(TryRecvError::Disconnected) => return false,
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn add(&mut self, id: LaneId, name: Arc<str>, reader: TapReader) {
        let lane = Lane {
            name,
            reader,
            ahead: None,
            next: self.first,
            began: false,
            ended: false,
            packer: Packer::default(),
        };
        self.lanes.insert(id, lane);
    }

    fn begin_run(&mut self, programme: MixReader) {
        self.flush();
        self.lanes.clear();
        self.programme = Follower::new(programme);
        self.first = self.programme.next_sequence();
        // Waits: there is nothing to be late for.
        let notes = std::mem::take(&mut self.notes);
        let _ = self.disk.send(ToDisk::BeginRun(notes)); // the disk's thread is gone: so is this one, soon
    }

    /// Packs what has been published up to this block.
    fn take_in(&mut self, end: u64) {
        while self.programme.next_sequence() < end {
            let next = self.programme.next().map(|(block, lost)| (block.frames, lost));
            let Some((block, lost)) = next else { break };
            for _ in 0..lost {
                self.programme_packer.push_lost(1);
                self.end_batch();
            }
            self.programme_packer.push(&block);
            self.end_batch();
        }
        let end = self.end();
        self.lanes.values_mut().for_each(|lane| lane.take_in(end));
    }

    /// The number after the programme's last block.
    fn end(&self) -> u64 {
        self.first + u64::from(self.programme_packer.blocks())
    }

    fn end_batch(&mut self) {
        if self.programme_packer.blocks() >= self.batch_blocks {
            self.flush();
        }
    }

    /// Sends the batch at hand to the disk. One that does not fit is lost: the disk has stood still for ten seconds.
    fn flush(&mut self) {
        let end = self.end();
        let blocks = self.programme_packer.blocks();
        if blocks == 0 {
            return;
        }
        let mut names = vec![(LaneId::PROGRAMME, Arc::from(LaneId::PROGRAMME_NAME))];
        let programme = std::mem::take(&mut self.programme_packer);
        let mut lanes = vec![Packed::new(LaneId::PROGRAMME, programme)];
        self.lanes.retain(|id, lane| {
            lane.take_in(end);
            names.push((*id, lane.name.clone()));
            let packer = std::mem::take(&mut lane.packer);
            if lane.began {
                lanes.push(Packed::new(*id, packer));
            }
            !lane.ended
        });
        let first = std::mem::replace(&mut self.first, end);
        let batch = Batch { first, blocks, lanes };
        let notes = std::mem::take(&mut self.notes);
        match self.disk.try_send(ToDisk::Batch(batch, names, notes)) {
            Ok(()) => {}
            Err(TrySendError::Full(lost)) => {
                self.shared.lock().blocks_not_written += u64::from(blocks);
                // What is known is of what follows, too.
                if let ToDisk::Batch(_, _, notes) = lost {
                    self.notes = notes;
                }
            }
            Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

impl Lane {
    /// Packs its blocks up to this one, which the programme has published. What it gives under a number is there before the
    /// programme is: what is missing was lost, or the strip is gone.
    fn take_in(&mut self, end: u64) {
        while self.next < end {
            let gone = self.reader.is_abandoned(); // before it is emptied: nothing comes after this
            match self.ahead.take().or_else(|| self.read()) {
                Some(block) if block.sequence >= end => {
                    self.ahead = Some(block);
                    self.fill(end);
                }
                Some(block) if block.sequence < self.next => {} // of before the lane was taken in
                Some(block) => {
                    self.fill(block.sequence);
                    self.began = true;
                    self.packer.push(&block.frames);
                    self.next += 1;
                }
                None if gone => {
                    self.packer.push_silence((end - self.next) as u32);
                    self.next = end;
                    self.ended = true;
                }
                None if self.reader.is_abandoned() => {}
                None => self.fill(end),
            }
        }
    }

    fn read(&mut self) -> Option<TapBlock> {
        let mut block = TapBlock::default();
        (self.reader.read(&mut block) != Read::Empty).then_some(block)
    }

    /// Up to this block nothing came.
    fn fill(&mut self, to: u64) {
        let missing = to.saturating_sub(self.next) as u32;
        if self.began {
            self.packer.push_lost(missing);
        } else {
            self.packer.push_silence(missing);
        }
        self.next += u64::from(missing);
    }
}
