//! The way into the engine: one ring of frames per source.
//!
//! `InletWriter` lives in a device's callback or on a worker, `Inlet` on the engine's thread. Both are
//! wait-free. When the ring is full the newest audio is lost and counted. A device also stamps each
//! write with the time of its callback: the engine follows the device's clock by these stamps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airdesk_dsp::Frame;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::time::Nanos;

/// How many frames had been captured, lost ones included, when a callback began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stamp {
    /// Frames of this inlet up to and including the write.
    pub position: u64,
    /// When the write's callback began.
    pub at: Nanos,
    /// Frames the ring had no room for, up to and including the write. They count in `position`.
    pub lost: u64,
}

/// Makes both ends of a ring that holds `capacity` frames of silence-free audio at `rate` Hz.
pub fn inlet(rate: f64, capacity: usize) -> (InletWriter, Inlet) {
    let (frames_in, frames_out) = RingBuffer::new(capacity);
    // Capacity: the engine drains stamps once a block; even callbacks of one frame leave it a
    // millisecond at 192 kHz, and a lost stamp only delays what the next one says.
    let (stamps_in, stamps_out) = RingBuffer::new(256);
    let frames_lost = Arc::new(AtomicU64::new(0));
    let writer = InletWriter {
        frames: frames_in,
        stamps: stamps_in,
        position: 0,
        frames_lost: frames_lost.clone(),
    };
    let reader = Inlet {
        frames: frames_out,
        stamps: stamps_out,
        rate,
        frames_lost,
    };
    (writer, reader)
}

/// The source's end.
pub struct InletWriter {
    frames: Producer<Frame>,
    stamps: Producer<Stamp>,
    position: u64,
    frames_lost: Arc<AtomicU64>,
}

impl InletWriter {
    /// Takes as much of `captured` as fits, and notes that its callback began `at`. Real-time.
    pub fn write_stamped(&mut self, captured: &[Frame], at: Nanos) {
        self.write(captured);
        let stamp = Stamp {
            position: self.position,
            at,
            lost: self.frames_lost.load(Ordering::Relaxed),
        };
        // A full stamp ring loses this stamp only: the next one carries the same sums.
        let _ = self.stamps.push(stamp);
    }

    /// Takes as much of `frames` as fits; the rest is lost and counted. Real-time.
    pub fn write(&mut self, frames: &[Frame]) {
        let (_, lost) = self.frames.push_partial_slice(frames);
        self.position += frames.len() as u64;
        if !lost.is_empty() {
            // Relaxed: a statistic, it orders nothing.
            self.frames_lost.fetch_add(lost.len() as u64, Ordering::Relaxed);
        }
    }

    /// Frames that fit now. A worker that writes no more than this loses nothing.
    pub fn room(&self) -> usize {
        self.frames.slots()
    }

    /// The engine has let go of the other end: nobody will hear what is written.
    pub fn is_abandoned(&self) -> bool {
        self.frames.is_abandoned()
    }
}

/// The engine's end.
pub struct Inlet {
    frames: Consumer<Frame>,
    stamps: Consumer<Stamp>,
    rate: f64,
    frames_lost: Arc<AtomicU64>,
}

impl Inlet {
    /// The rate the source claims, Hz.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Frames waiting.
    pub fn waiting(&self) -> usize {
        self.frames.slots()
    }

    /// Fills `block`, with silence where the source has not delivered. Returns how many were real.
    #[inline]
    pub fn read(&mut self, block: &mut [Frame]) -> usize {
        let (filled, starved) = self.frames.pop_partial_slice(block);
        starved.fill([0.0; 2]);
        filled.len()
    }

    /// Leaves out up to `count` of the frames that wait, oldest first. Returns how many there were.
    pub fn leave_out(&mut self, count: usize) -> usize {
        let count = count.min(self.frames.slots());
        match self.frames.read_chunk(count) {
            Ok(chunk) => chunk.commit_all(),
            Err(_) => return 0,
        }
        count
    }

    /// The next stamp nobody has read, oldest first.
    pub fn stamp(&mut self) -> Option<Stamp> {
        self.stamps.pop().ok()
    }

    /// Frames lost on the source's side so far.
    pub fn frames_lost(&self) -> u64 {
        self.frames_lost.load(Ordering::Relaxed)
    }

    /// The source is gone; what it wrote may still be waiting.
    pub fn is_abandoned(&self) -> bool {
        self.frames.is_abandoned()
    }

    /// The source is gone and everything it wrote has been read.
    pub fn is_finished(&self) -> bool {
        self.frames.is_abandoned() && self.frames.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_ring_loses_the_newest_frames_and_says_how_many() {
        let (mut writer, mut inlet) = inlet(48_000.0, 4);
        let frames: Vec<Frame> = (0..6).map(|n| [n as f32; 2]).collect();
        writer.write_stamped(&frames, Nanos(7));
        let mut block = [[9.0; 2]; 5];
        assert_eq!(inlet.read(&mut block), 4);
        assert_eq!(block.map(|frame| frame[0]), [0.0, 1.0, 2.0, 3.0, 0.0]);
        assert_eq!(
            inlet.stamp(),
            Some(Stamp {
                position: 6,
                at: Nanos(7),
                lost: 2
            })
        );
        assert_eq!(inlet.stamp(), None);
    }

    #[test]
    fn an_inlet_is_finished_when_its_source_is_gone_and_all_was_read() {
        let (mut writer, mut inlet) = inlet(48_000.0, 4);
        writer.write(&[[1.0; 2]]);
        drop(writer);
        assert!(!inlet.is_finished());
        inlet.read(&mut [[0.0; 2]; 1]);
        assert!(inlet.is_finished());
    }
}
