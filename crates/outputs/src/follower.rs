//! Follows a bus on a thread that may sleep: blocks in order, and how many were lost before each.

use std::time::Duration;

use airdesk_engine::mix_queue::{MixBlock, MixReader, Read};

/// How long a follower sleeps when nothing is new: seven blocks at 48 kHz, a small part of the queue.
pub(crate) const ROUND: Duration = Duration::from_millis(10);

/// One listener's place on a bus.
pub(crate) struct Follower {
    reader: MixReader,
    block: MixBlock,
}

impl Follower {
    /// Follows from the reader's place on.
    pub(crate) fn new(reader: MixReader) -> Self {
        Self {
            reader,
            block: MixBlock::default(),
        }
    }

    /// The next block that is there, with the number of blocks lost just before it.
    pub(crate) fn next(&mut self) -> Option<(&MixBlock, u64)> {
        match self.reader.read(&mut self.block) {
            Read::Block => Some((&self.block, 0)),
            Read::Lost(blocks) => Some((&self.block, blocks)),
            Read::Empty => None,
        }
    }

    /// The sequence number after the last block that is there.
    pub(crate) fn end(&self) -> u64 {
        self.reader.next_sequence() + self.reader.waiting()
    }

    /// The sequence number of the block that comes next.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.reader.next_sequence()
    }
}
