//! The way out of the engine: what a bus sounds like, block by block, for any number of readers.
//!
//! `spmcq` carries the blocks. It guards each slot with a spin lock, and a reader that has caught up
//! polls exactly the slot the writer needs next: a real-time writer and polling readers on one CPU
//! were measured to block writes for seconds. So a reader here looks first at a count that the writer
//! publishes after each block, touches a slot only when the count says its block is complete, and skips
//! ahead once it is half a ring behind. Reading and writing never wait, never allocate, never enter
//! the kernel. Nothing else in Airdesk names `spmcq`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airdesk_dsp::{Block, SILENCE};

use crate::time::Nanos;

/// One block of a bus.
#[derive(Debug, Clone, Copy)]
pub struct MixBlock {
    /// Counts from 1, without a gap as it leaves the engine. Its first frame is desk frame
    /// `(sequence - 1) × 64`.
    pub sequence: u64,
    /// When the desk's clock said this block was due. Smooth: use it to follow the desk's clock.
    pub due: Nanos,
    /// The audio.
    pub frames: Block,
}

impl Default for MixBlock {
    fn default() -> Self {
        Self {
            sequence: 0,
            due: Nanos(0),
            frames: SILENCE,
        }
    }
}

/// The published count, alone on its cache lines: every reader polls it.
#[repr(align(128))]
struct Published(AtomicU64);

/// Makes a queue of `capacity` blocks, of which a reader may be half behind before it loses any.
///
/// Capacity: at least 16; half of it, at 750 blocks a second, is what the slowest reader may sleep.
pub fn mix_queue(capacity: usize) -> (MixWriter, MixTap) {
    assert!(capacity >= 16, "a mix queue needs room for readers to lag");
    let (reader, writer) = spmcq::ring_buffer(capacity);
    let published = Arc::new(Published(AtomicU64::new(0)));
    let tap = MixTap {
        template: reader,
        published: published.clone(),
        half: capacity as u64 / 2,
    };
    (
        MixWriter {
            ring: writer,
            published,
            sequence: 0,
        },
        tap,
    )
}

/// The engine's end.
pub struct MixWriter {
    ring: spmcq::Writer<MixBlock>,
    published: Arc<Published>,
    sequence: u64,
}

impl MixWriter {
    /// Publishes one block and returns its sequence number. Real-time.
    pub fn publish(&mut self, frames: &Block, due: Nanos) -> u64 {
        self.sequence += 1;
        self.ring.write(MixBlock {
            sequence: self.sequence,
            due,
            frames: *frames,
        });
        // Release: whoever sees the count sees the block.
        self.published.0.store(self.sequence, Ordering::Release);
        self.sequence
    }

    /// Blocks published so far.
    pub fn published(&self) -> u64 {
        self.sequence
    }
}

/// Makes readers. Kept by the station; cheap to clone.
#[derive(Clone)]
pub struct MixTap {
    template: spmcq::Reader<MixBlock>,
    published: Arc<Published>,
    half: u64,
}

impl MixTap {
    /// A reader that gets every block published from now on.
    pub fn reader(&self) -> MixReader {
        // Acquire: the blocks up to here are complete, so skipping touches no slot in the writer's way.
        let published = self.published.0.load(Ordering::Acquire);
        let mut ring = self.template.clone();
        if published > 0 {
            ring.skip_ahead();
        }
        MixReader {
            ring,
            published: self.published.clone(),
            half: self.half,
            next: published + 1,
            blocks_lost: 0,
        }
    }

    /// Blocks published so far.
    pub fn published(&self) -> u64 {
        self.published.0.load(Ordering::Acquire)
    }

    /// Both give the blocks of one writer.
    pub fn is_same_bus(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.published, &other.published)
    }
}

/// What a reader got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// The next block.
    Block,
    /// A block, and this many before it are gone for this reader.
    Lost(u64),
    /// Nothing new yet.
    Empty,
}

/// One listener's end: speakers, recorder, encoder.
pub struct MixReader {
    ring: spmcq::Reader<MixBlock>,
    published: Arc<Published>,
    half: u64,
    next: u64,
    blocks_lost: u64,
}

impl MixReader {
    /// Copies the next block into `block`. Real-time: never waits.
    pub fn read(&mut self, block: &mut MixBlock) -> Read {
        // Two rounds suffice: skipping ahead can hand out one block that was read before.
        for _ in 0..4 {
            // Acquire: pairs with the writer's release, the block counted is complete.
            let published = self.published.0.load(Ordering::Acquire);
            if published < self.next {
                return Read::Empty;
            }
            if published - self.next >= self.half {
                self.ring.skip_ahead(); // the sequence number of what follows says what was lost
            }
            let Some(found) = self.ring.read().value() else {
                return Read::Empty;
            };
            if found.sequence < self.next {
                continue;
            }
            let lost = found.sequence - self.next;
            self.next = found.sequence + 1;
            self.blocks_lost += lost;
            *block = found;
            return if lost == 0 { Read::Block } else { Read::Lost(lost) };
        }
        Read::Empty
    }

    /// Blocks published and not yet read.
    pub fn waiting(&self) -> u64 {
        self.published.0.load(Ordering::Acquire).saturating_sub(self.next - 1)
    }

    /// The sequence number of the block that comes next.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// Blocks this reader was too late for.
    pub fn blocks_lost(&self) -> u64 {
        self.blocks_lost
    }
}

#[cfg(test)]
mod tests;
