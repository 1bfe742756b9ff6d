//! The way out of one strip: what it sounds like, block by block, for one reader each. Stems are made of it.
//!
//! `TapWriter` lives in the strip on the engine's thread and `TapReader` on a worker. Both are wait-free. When the ring
//! is full the newest blocks are lost and counted. A strip without taps pays a comparison a block; a tap costs its strip
//! the copy of a block, and one after the fader the sum of two more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airdesk_dsp::{Block, SILENCE};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::command::Discard;
use crate::mix_queue::Read;

/// Taps of one strip: several recordings and the black box take the same strip at once.
pub const TAPS: usize = 8;

/// Where a tap takes a strip's sound from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TapPoint {
    /// After the stages and before talkover and fader: what meter and cue have. Neither mute nor solo silences it.
    PreFader,
    /// After talkover, fader, VCA group, pan, mute and solo: exactly what the strip adds to the programme.
    PostFader,
}

/// One block of a strip.
#[derive(Debug, Clone, Copy)]
pub struct TapBlock {
    /// The desk's block, as [`MixBlock::sequence`](crate::mix_queue::MixBlock::sequence) counts it: what a bus publishes
    /// under the same number was mixed of it in the same block.
    pub sequence: u64,
    /// The audio.
    pub frames: Block,
}

impl Default for TapBlock {
    fn default() -> Self {
        Self {
            sequence: 0,
            frames: SILENCE,
        }
    }
}

/// Makes both ends of a tap that holds `capacity` blocks. Allocates.
///
/// Capacity: at 48 kHz 750 blocks a second are what its reader may sleep; 520 bytes each.
pub fn tap(capacity: usize) -> (TapWriter, TapReader) {
    let (ring_in, ring_out) = RingBuffer::new(capacity);
    let lost = Arc::new(AtomicU64::new(0));
    let writer = TapWriter {
        ring: ring_in,
        lost: lost.clone(),
    };
    let reader = TapReader {
        ring: ring_out,
        lost,
        next: None,
    };
    (writer, reader)
}

/// The strip's end. The station makes it, and it comes home to be freed.
pub struct TapWriter {
    ring: Producer<TapBlock>,
    lost: Arc<AtomicU64>,
}

impl TapWriter {
    /// Takes one block if it fits; else it is lost and counted. Real-time.
    fn write(&mut self, sequence: u64, frames: &Block) {
        let block = TapBlock {
            sequence,
            frames: *frames,
        };
        if self.ring.push(block).is_err() {
            // Relaxed: a statistic, it orders nothing.
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nobody reads what is written.
    fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
}

/// One listener's end, for a worker: a stem's writer, the black box. Dropped, it takes the tap out of its strip.
///
/// The programme is later than the strips: what a strip gives under a number is heard in the programme
/// [`Console::latency`](crate::Console::latency) frames after the programme's block of that number began, for its limiter
/// looks ahead, also when it is off. Who lays stems beside the programme delays them by so many frames.
pub struct TapReader {
    ring: Consumer<TapBlock>,
    lost: Arc<AtomicU64>,
    /// The number after that of the last block read; `None` before the first, which may be any.
    next: Option<u64>,
}

impl TapReader {
    /// Copies the next block into `block`. Never waits. A strip gives every block from the one after its command on, also
    /// silent ones, and what a full ring had no room for is told before the block that follows.
    pub fn read(&mut self, block: &mut TapBlock) -> Read {
        let Ok(found) = self.ring.pop() else {
            return Read::Empty;
        };
        let lost = self.next.map_or(0, |next| found.sequence.saturating_sub(next));
        self.next = Some(found.sequence + 1);
        *block = found;
        if lost == 0 { Read::Block } else { Read::Lost(lost) }
    }

    /// Blocks that wait to be read.
    pub fn waiting(&self) -> usize {
        self.ring.slots()
    }

    /// Blocks that the ring had no room for, also those after the last one that was read.
    pub fn blocks_lost(&self) -> u64 {
        // Relaxed: a statistic, it orders nothing.
        self.lost.load(Ordering::Relaxed)
    }

    /// The strip is gone, or had no place for this tap, or the engine is; what it gave before may still be waiting.
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }

    /// It is abandoned and all has been read.
    pub fn is_finished(&self) -> bool {
        self.ring.is_abandoned() && self.ring.is_empty()
    }
}

/// The taps of one strip.
#[derive(Default)]
pub(crate) struct Taps {
    places: [Option<(TapPoint, Box<TapWriter>)>; TAPS],
    pre_fader: u8,
    post_fader: u8,
}

impl Taps {
    /// Takes a tap, or gives it back where there is no place for it.
    pub(crate) fn add(&mut self, point: TapPoint, writer: Box<TapWriter>) -> Option<Discard> {
        let Some(place) = self.places.iter_mut().find(|place| place.is_none()) else {
            return Some(Discard::Tap(writer));
        };
        *place = Some((point, writer));
        *self.count(point) += 1;
        None
    }

    /// Somebody listens there.
    pub(crate) fn has(&self, point: TapPoint) -> bool {
        match point {
            TapPoint::PreFader => self.pre_fader > 0,
            TapPoint::PostFader => self.post_fader > 0,
        }
    }

    /// Gives everybody who listens there a block. Real-time.
    // Apart: most strips have no taps.
    #[inline(never)]
    pub(crate) fn write(&mut self, point: TapPoint, sequence: u64, frames: &Block) {
        for (at, writer) in self.places.iter_mut().flatten() {
            if *at == point {
                writer.write(sequence, frames);
            }
        }
    }

    /// Lets go of one tap whose reader is gone.
    pub(crate) fn retire(&mut self) -> Option<Discard> {
        if self.pre_fader + self.post_fader == 0 {
            return None;
        }
        let is_gone = |place: &&mut Option<(_, Box<TapWriter>)>| {
            let writer = place.as_ref().map(|(_, writer)| writer);
            writer.is_some_and(|writer| writer.is_abandoned())
        };
        let (point, writer) = self.places.iter_mut().find(is_gone)?.take()?;
        *self.count(point) -= 1;
        Some(Discard::Tap(writer))
    }

    fn count(&mut self, point: TapPoint) -> &mut u8 {
        match point {
            TapPoint::PreFader => &mut self.pre_fader,
            TapPoint::PostFader => &mut self.post_fader,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that can be read now: numbers, and what was lost before each.
    fn read_all(reader: &mut TapReader) -> Vec<(u64, u64)> {
        let (mut found, mut block) = (Vec::new(), TapBlock::default());
        loop {
            match reader.read(&mut block) {
                Read::Block => found.push((block.sequence, 0)),
                Read::Lost(blocks) => found.push((block.sequence, blocks)),
                Read::Empty => return found,
            }
        }
    }

    #[test]
    fn a_full_ring_loses_the_newest_blocks_and_says_how_many_and_where() {
        let (mut writer, mut reader) = tap(3);
        (101..=108).for_each(|sequence| writer.write(sequence, &SILENCE));
        assert_eq!(reader.waiting(), 3);
        assert_eq!(read_all(&mut reader), [(101, 0), (102, 0), (103, 0)]);
        (109..=110).for_each(|sequence| writer.write(sequence, &SILENCE));
        assert_eq!(read_all(&mut reader), [(109, 5), (110, 0)]);
        assert_eq!(reader.blocks_lost(), 5);
        (111..=115).for_each(|sequence| writer.write(sequence, &SILENCE));
        drop(writer);
        assert!(reader.is_abandoned() && !reader.is_finished());
        assert_eq!(read_all(&mut reader), [(111, 0), (112, 0), (113, 0)]);
        assert!(reader.is_finished());
        assert_eq!(reader.blocks_lost(), 7, "also those that no block followed");
    }
}
