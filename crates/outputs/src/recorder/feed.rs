//! What a reel is fed from: a bus, or a strip before or after its fader.

use std::collections::VecDeque;

use airdesk_dsp::{BLOCK_FRAMES, Frame, Frames};
use airdesk_engine::mix_queue::{MixBlock, MixReader, Read};
use airdesk_engine::{TapBlock, TapReader};

use super::backlog::Entry;

/// One source of a recording, and what it is called.
pub struct Feed {
    pub(super) name: String,
    source: Source,
    delay: Delay,
}

enum Source {
    Bus(MixReader),
    Strip {
        tap: TapReader,
        /// The number of the block that comes next; 0 before the first.
        next: u64,
    },
}

impl Feed {
    /// Records a bus from the reader's place on.
    pub fn bus(name: impl Into<String>, reader: MixReader) -> Self {
        Self {
            name: name.into(),
            source: Source::Bus(reader),
            delay: Delay::default(),
        }
    }

    /// Records a strip.
    pub fn strip(name: impl Into<String>, tap: TapReader) -> Self {
        Self {
            name: name.into(),
            source: Source::Strip { tap, next: 0 },
            delay: Delay::default(),
        }
    }

    /// The same later by so many frames: what comes before the programme's limiter is as late as the programme then.
    #[must_use]
    pub fn later_by(self, frames: Frames) -> Self {
        Self {
            delay: Delay::of(frames),
            ..self
        }
    }

    /// Everything that has been published since the last round.
    pub(super) fn drain(&mut self) -> VecDeque<Entry> {
        let mut run = VecDeque::new();
        let mut block = MixBlock::default();
        loop {
            let late = match self.source.read(&mut block) {
                Read::Block => 0,
                Read::Lost(blocks) => blocks,
                Read::Empty => return run,
            };
            let mut entry = Entry {
                sequence: block.sequence,
                late: u32::try_from(late).unwrap_or(u32::MAX),
                frames: block.frames,
            };
            if self.delay.pass(&mut entry, late > 0) {
                run.push_back(entry);
            }
        }
    }

    /// The number of the block that comes next.
    pub(super) fn next_sequence(&self) -> u64 {
        match &self.source {
            Source::Bus(reader) => reader.next_sequence(),
            Source::Strip { next, .. } => *next,
        }
    }

    /// The number of the first block that is to come, before any has; 0 of a strip, which does not know it.
    pub(super) fn first_sequence(&self) -> u64 {
        match &self.source {
            // Blocks that are not yet made of what came in do not come.
            Source::Bus(reader) => reader.next_sequence() + self.delay.frames.div_ceil(BLOCK_FRAMES) as u64,
            Source::Strip { .. } => 0,
        }
    }

    /// Its strip is gone.
    pub(super) fn is_gone(&self) -> bool {
        match &self.source {
            Source::Bus(_) => false,
            Source::Strip { tap, .. } => tap.is_finished(),
        }
    }
}

impl Source {
    fn read(&mut self, block: &mut MixBlock) -> Read {
        match self {
            Self::Bus(reader) => reader.read(block),
            Self::Strip { tap, next } => {
                let mut tapped = TapBlock::default();
                let read = tap.read(&mut tapped);
                if read != Read::Empty {
                    (block.sequence, block.frames) = (tapped.sequence, tapped.frames);
                    *next = tapped.sequence + 1;
                }
                read
            }
        }
    }
}

/// Makes a strip as late as the programme is, whose limiter looks ahead: so the same frame of both is the same moment.
#[derive(Default)]
struct Delay {
    frames: usize,
    /// The newest frames that have come in and are not out yet.
    held: VecDeque<Frame>,
}

impl Delay {
    fn of(frames: Frames) -> Self {
        Self {
            frames: frames.0 as usize,
            held: VecDeque::new(),
        }
    }

    /// Delays a block; false while it is not yet made of frames that came in. After a gap the frames that would come from
    /// inside of it are silence.
    fn pass(&mut self, entry: &mut Entry, after_gap: bool) -> bool {
        if self.frames == 0 {
            return true;
        }
        if after_gap {
            self.held.clear();
            self.held.resize(self.frames, [0.0; 2]);
        }
        self.held.extend(&entry.frames);
        if self.held.len() < self.frames + BLOCK_FRAMES {
            return false;
        }
        let whole = self.held.len() - BLOCK_FRAMES - self.frames;
        self.held.drain(..whole);
        for (frame, held) in entry.frames.iter_mut().zip(self.held.drain(..BLOCK_FRAMES)) {
            *frame = held;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64) -> Entry {
        let frame = |n: usize| [((sequence - 1) * 64 + n as u64) as f32; 2];
        Entry {
            sequence,
            late: 0,
            frames: std::array::from_fn(frame),
        }
    }

    #[test]
    fn a_strip_is_as_late_as_the_programme_and_begins_with_what_came_in() {
        let mut delay = Delay::of(Frames(72));
        let mut out = Vec::new();
        for sequence in 1..5 {
            let mut entry = entry(sequence);
            if delay.pass(&mut entry, false) {
                out.push(entry);
            }
        }
        let sequences: Vec<u64> = out.iter().map(|entry| entry.sequence).collect();
        assert_eq!(sequences, [3, 4]);
        assert_eq!(out[0].frames[0], [(2 * 64 - 72) as f32; 2]);
        assert_eq!(out[1].frames[63], [(4 * 64 - 1 - 72) as f32; 2]);
    }
}
