//! The way out of the engine: what a bus sounds like, block by block, for any number of readers.
//!
//! `spmcq` carries the blocks. It guards each slot with a spin lock, and a reader that has caught up
//! polls exactly the slot the writer needs next: a real-time writer and polling readers on one CPU
//! were measured to block writes for seconds. So a reader here looks first at a count that the writer
//! publishes after each block, touches a slot only when the count says its block is complete, and skips
//! ahead once it is half a ring behind. Reading and writing never wait, never allocate, never enter
//! the kernel. Nothing else in Airdesk names `spmcq`.

mod route;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airdesk_dsp::{Block, SILENCE};

use crate::time::Nanos;

pub use self::route::MixRoute;
use self::route::{Course, Leg};

/// Blocks looked at in one call at most: a reader that joins a queue begins a little before the block it wants.
const LOOKS: usize = 256;

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

impl Published {
    fn count(&self) -> u64 {
        // Acquire: pairs with the writer's release, the blocks up to here are complete.
        self.0.load(Ordering::Acquire)
    }
}

/// Makes a queue of `capacity` blocks, of which a reader may be half behind before it loses any.
///
/// Capacity: at least 16; half of it, at 750 blocks a second, is what the slowest reader may sleep.
pub fn mix_queue(capacity: usize) -> (MixWriter, MixTap) {
    assert!(capacity >= 16, "a mix queue needs room for readers to lag");
    let (reader, writer) = spmcq::ring_buffer(capacity);
    let published = Arc::new(Published(AtomicU64::new(0)));
    let queue = Queue {
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
        MixTap(Origin::Queue(queue)),
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

/// A place in a ring.
type Ring = spmcq::Reader<MixBlock>;

/// The readers' side of one queue.
#[derive(Clone)]
struct Queue {
    template: Ring,
    published: Arc<Published>,
    half: u64,
}

impl Queue {
    /// The ring, from the newest block on or the one before.
    fn newest(&self) -> Ring {
        let mut ring = self.template.clone();
        // Nothing is in the writer's way: what is skipped to is complete.
        if self.published.count() > 0 {
            ring.skip_ahead();
        }
        ring
    }
}

/// Makes readers. Kept by the station; cheap to clone.
#[derive(Clone)]
pub struct MixTap(Origin);

#[derive(Clone)]
enum Origin {
    Queue(Queue),
    Route(Arc<Course>),
}

impl MixTap {
    /// A reader that gets every block published from now on.
    pub fn reader(&self) -> MixReader {
        match &self.0 {
            Origin::Queue(queue) => {
                // Counted first: what is published meanwhile is read, not skipped.
                let next = queue.published.count() + 1;
                MixReader {
                    ring: queue.newest(),
                    published: queue.published.clone(),
                    half: queue.half,
                    next,
                    gone: 0,
                    blocks_lost: 0,
                    leg: None,
                }
            }
            Origin::Route(course) => course.reader(),
        }
    }

    /// Blocks published so far.
    pub fn published(&self) -> u64 {
        match &self.0 {
            Origin::Queue(queue) => queue.published.count(),
            Origin::Route(course) => course.published(),
        }
    }

    /// Both give the same blocks.
    pub fn is_same_bus(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Origin::Queue(one), Origin::Queue(other)) => Arc::ptr_eq(&one.published, &other.published),
            (Origin::Route(one), Origin::Route(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
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

/// One listener's end: speakers, recorder, encoder. A clone goes on by itself from the same block.
#[derive(Clone)]
pub struct MixReader {
    ring: Ring,
    published: Arc<Published>,
    half: u64,
    next: u64,
    /// Lost since the last block was given out.
    gone: u64,
    blocks_lost: u64,
    /// Where on a route it is.
    leg: Option<Arc<Leg>>,
}

impl MixReader {
    /// Copies the next block into `block`. Real-time on a bus: never waits. On a [`MixRoute`] it may give memory back where
    /// one queue follows another.
    pub fn read(&mut self, block: &mut MixBlock) -> Read {
        for _ in 0..LOOKS {
            if self.leg.is_some() {
                self.go_on();
            }
            let published = self.numbered(self.published.count());
            if published < self.next {
                return Read::Empty;
            }
            if published - self.next >= self.half {
                self.ring.skip_ahead(); // the sequence number of what follows says what was lost
            }
            let Some(mut found) = self.ring.read().value() else {
                return Read::Empty;
            };
            found.sequence = self.numbered(found.sequence);
            if found.sequence < self.next || self.has_gone_too_far(found.sequence) {
                continue;
            }
            let lost = found.sequence - self.next + std::mem::take(&mut self.gone);
            self.next = found.sequence + 1;
            self.blocks_lost += lost;
            *block = found;
            return if lost == 0 { Read::Block } else { Read::Lost(lost) };
        }
        Read::Empty
    }

    /// Blocks published and not yet read.
    pub fn waiting(&self) -> u64 {
        let published = match &self.leg {
            Some(leg) => leg.published_from_here(),
            None => self.published.count(),
        };
        published.saturating_sub(self.next - 1)
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
