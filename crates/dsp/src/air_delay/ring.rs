//! The newest frames of a signal, found by their positions: frames since it began. Memory is taken in `new` and `resized`.

use crate::{BLOCK_FRAMES, Block, Frame};

/// A signal's last frames. Positions are signed: what was before the first frame is silence.
#[derive(Debug, Clone)]
pub(super) struct Ring {
    /// Whole blocks, so that a block is written in one piece.
    frames: Box<[Frame]>,
    written: i64,
}

impl Ring {
    /// Keeps `frames` at least. Allocates.
    pub(super) fn new(frames: usize) -> Self {
        let frames = frames.max(1).next_multiple_of(BLOCK_FRAMES);
        Self {
            frames: vec![[0.0; 2]; frames].into(),
            written: 0,
        }
    }

    /// Frames it keeps.
    pub(super) fn capacity(&self) -> usize {
        self.frames.len()
    }

    /// The position behind the newest frame.
    pub(super) fn written(&self) -> i64 {
        self.written
    }

    pub(super) fn push(&mut self, block: &Block) {
        let at = self.place(self.written);
        if let Some(room) = self.frames.get_mut(at..at + BLOCK_FRAMES) {
            room.copy_from_slice(block);
        }
        self.written += BLOCK_FRAMES as i64;
    }

    /// Copies what is there from position `from` on. What is no more, or not yet, is silence.
    pub(super) fn copy(&self, from: i64, out: &mut [Frame]) {
        let oldest = (self.written - self.frames.len() as i64).max(0);
        let end = from + out.len() as i64;
        let (begin, stop) = (from.clamp(oldest, self.written), end.clamp(oldest, self.written));
        if from >= begin && stop >= end {
            return self.copy_kept(from, out);
        }
        out.fill([0.0; 2]);
        if begin < stop
            && let Some(out) = out.get_mut((begin - from) as usize..(stop - from) as usize)
        {
            self.copy_kept(begin, out);
        }
    }

    /// The same where all of it is there.
    fn copy_kept(&self, from: i64, mut out: &mut [Frame]) {
        let mut place = self.place(from);
        while !out.is_empty() {
            let run = out.len().min(self.frames.len() - place);
            let (now, rest) = out.split_at_mut(run);
            if let Some(kept) = self.frames.get(place..place + run) {
                now.copy_from_slice(kept);
            }
            (out, place) = (rest, 0);
        }
    }

    /// The same signal with room for `frames`. Allocates.
    pub(super) fn resized(&self, frames: usize) -> Self {
        let mut other = Self::new(frames);
        let kept = self.frames.len().min(other.frames.len()) as i64;
        let mut block = [[0.0; 2]; BLOCK_FRAMES];
        other.written = (self.written - kept).max(0);
        while other.written < self.written {
            self.copy(other.written, &mut block);
            other.push(&block);
        }
        other
    }

    fn place(&self, position: i64) -> usize {
        position.rem_euclid(self.frames.len() as i64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(blocks: i64, capacity: usize) -> Ring {
        let mut ring = Ring::new(capacity);
        for block in 0..blocks {
            ring.push(&std::array::from_fn(|n| [(block * 64 + n as i64 + 1) as f32; 2]));
        }
        ring
    }

    fn heard(ring: &Ring, from: i64, count: usize) -> Vec<i64> {
        let mut out = vec![[0.0; 2]; count];
        ring.copy(from, &mut out);
        out.iter().map(|frame| frame[0] as i64).collect()
    }

    #[test]
    fn frames_are_found_by_their_position_and_what_is_not_there_is_silent() {
        let ring = numbered(5, 192);
        assert_eq!(heard(&ring, 318, 4), [319, 320, 0, 0], "not yet");
        assert_eq!(heard(&ring, 126, 4), [0, 0, 129, 130], "no more");
        assert_eq!(
            heard(&ring, 190, 4),
            [191, 192, 193, 194],
            "round the end of the memory"
        );
        assert_eq!(heard(&numbered(1, 192), -2, 4), [0, 0, 1, 2], "before the first");
    }

    #[test]
    fn with_more_or_less_room_the_newest_frames_are_where_they_were() {
        for frames in [64, 128, 1_000] {
            let ring = numbered(7, 192).resized(frames);
            assert_eq!(ring.written(), 448);
            assert_eq!(heard(&ring, 446, 3), [447, 448, 0]);
        }
    }
}
