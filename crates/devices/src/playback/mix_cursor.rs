//! A place in a bus, in desk frames, that moves on whether or not the frames are there. Real-time.
//!
//! What is missing is silence and counted; what comes too late is skipped. So what is heard stays in
//! time with the device, and latency never creeps. Edges are faded: out over 64 frames, in over 480.

use airdesk_dsp::{BLOCK_FRAMES, Frame};
use airdesk_engine::mix_queue::{MixBlock, MixReader, Read};
use airdesk_engine::time::Nanos;

/// Frames in a block, as a position.
const BLOCK: u64 = BLOCK_FRAMES as u64;
/// Frames to silence when there is nothing more.
const FADE_OUT: f32 = 64.0;
/// Frames to full level when there is something again: 10 ms at 48 kHz.
const FADE_IN: f32 = 480.0;

/// The place.
pub(super) struct MixCursor {
    reader: MixReader,
    block: MixBlock,
    position: u64,
    /// Something has been heard since the seat was taken. Before that nobody misses anything: what was
    /// published long ago may be beyond the reader's reach.
    owed: bool,
    missing: u64,
    gain: f32,
    last: Frame,
}

impl MixCursor {
    pub(super) fn new(reader: MixReader) -> Self {
        let block = MixBlock::default();
        Self {
            reader,
            block,
            position: 0,
            owed: false,
            missing: 0,
            gain: 0.0,
            last: [0.0; 2],
        }
    }

    /// Frames published so far.
    pub(super) fn published(&self) -> u64 {
        (self.reader.next_sequence() - 1 + self.reader.waiting()) * BLOCK
    }

    /// The next frame to be read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Frames that were owed and not there.
    pub(super) fn missing(&self) -> u64 {
        self.missing
    }

    /// The newest block read: the frames published when it was due, and when that was. Reads one where none has been.
    pub(super) fn newest(&mut self) -> Option<(u64, Nanos)> {
        if self.block.sequence == 0 {
            // Whatever comes of it is judged by its number.
            let _ = self.reader.read(&mut self.block);
        }
        (self.block.sequence > 0).then_some((self.block.sequence * BLOCK, self.block.due))
    }

    /// Sits down `behind` the newest frame published.
    pub(super) fn seat(&mut self, behind: u64) {
        self.position = self.published().saturating_sub(behind);
        (self.owed, self.gain) = (false, 0.0);
    }

    /// Reads on. `out` is filled in any case.
    pub(super) fn fill(&mut self, out: &mut [Frame]) {
        let mut rest = out;
        while !rest.is_empty() {
            let start = self.block.sequence.saturating_sub(1) * BLOCK;
            let end = self.block.sequence * BLOCK;
            if self.position >= end {
                // Bounded: the queue holds so many blocks, and a reader far behind skips ahead.
                if self.reader.read(&mut self.block) == Read::Empty {
                    self.absent(rest);
                    return;
                }
                continue;
            }
            if self.position < start {
                let gap = usize::try_from(start - self.position)
                    .unwrap_or(usize::MAX)
                    .min(rest.len());
                let (now, later) = rest.split_at_mut(gap);
                self.absent(now);
                rest = later;
                continue;
            }
            let held = self.block.frames;
            let from = held.get((self.position - start) as usize..).unwrap_or_default();
            let (now, later) = rest.split_at_mut(from.len().min(rest.len()));
            self.present(now, from);
            rest = later;
        }
    }

    /// Frames that are there.
    fn present(&mut self, out: &mut [Frame], from: &[Frame]) {
        self.position += out.len() as u64;
        self.owed = true;
        for (to, frame) in out.iter_mut().zip(from) {
            self.last = *frame;
            *to = *frame;
            if self.gain < 1.0 {
                *to = frame.map(|sample| sample * self.gain);
                self.gain += FADE_IN.recip();
            }
        }
    }

    /// Frames that are not there.
    fn absent(&mut self, out: &mut [Frame]) {
        self.position += out.len() as u64;
        self.missing += if self.owed { out.len() as u64 } else { 0 };
        self.gain = self.gain.min(1.0);
        for to in out {
            self.gain = (self.gain - FADE_OUT.recip()).max(0.0);
            *to = self.last.map(|sample| sample * self.gain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use airdesk_engine::mix_queue::{MixWriter, mix_queue};

    /// Frame `n` is `n`, from 1 on: silence cannot be taken for it.
    fn publish(writer: &mut MixWriter, blocks: u64) {
        for _ in 0..blocks {
            let first = writer.published() * BLOCK;
            let frames = std::array::from_fn(|n| [(first + n as u64 + 1) as f32; 2]);
            writer.publish(&frames, Nanos(0));
        }
    }

    fn read(cursor: &mut MixCursor, frames: usize) -> Vec<f32> {
        let mut out = vec![[9.0; 2]; frames];
        cursor.fill(&mut out);
        out.iter().map(|frame| frame[0]).collect()
    }

    #[test]
    fn a_seat_is_so_far_behind_the_newest_frame() {
        let (mut writer, tap) = mix_queue(64);
        let mut cursor = MixCursor::new(tap.reader());
        publish(&mut writer, 10);
        cursor.seat(128);
        assert_eq!(cursor.position(), 512);
        read(&mut cursor, 100);
        cursor.gain = 1.0;
        assert_eq!(read(&mut cursor, 2), [613.0, 614.0]);
        assert_eq!((cursor.position(), cursor.missing()), (614, 0));
    }

    #[test]
    fn what_was_published_before_the_reader_came_is_silence_and_not_missing() {
        let (mut writer, tap) = mix_queue(64);
        publish(&mut writer, 10);
        let mut cursor = MixCursor::new(tap.reader());
        cursor.seat(128);
        publish(&mut writer, 1);
        assert_eq!(read(&mut cursor, 128), vec![0.0; 128]);
        cursor.gain = 1.0;
        assert_eq!(read(&mut cursor, 1), [641.0]);
        assert_eq!(cursor.missing(), 0);
    }

    #[test]
    fn starved_frames_are_counted_and_skipped_when_they_come_late() {
        let (mut writer, tap) = mix_queue(64);
        let mut cursor = MixCursor::new(tap.reader());
        publish(&mut writer, 2);
        cursor.seat(128);
        read(&mut cursor, 100);
        cursor.gain = 1.0;
        let end = read(&mut cursor, 128);
        assert_eq!(end[27], 128.0);
        assert!(end[28] < 128.0 && end[28] > 120.0 && end[28 + 64..].iter().all(|sample| *sample == 0.0));
        assert_eq!((cursor.position(), cursor.missing()), (228, 100));
        publish(&mut writer, 3);
        read(&mut cursor, 1);
        cursor.gain = 1.0;
        assert_eq!(read(&mut cursor, 1), [230.0]);
        assert_eq!(cursor.missing(), 100);
    }

    #[test]
    fn a_reader_that_was_lapped_misses_exactly_what_is_gone() {
        let (mut writer, tap) = mix_queue(16);
        let mut cursor = MixCursor::new(tap.reader());
        publish(&mut writer, 1);
        cursor.seat(64);
        read(&mut cursor, 64);
        publish(&mut writer, 40);
        let heard = read(&mut cursor, 40 * 64);
        assert!(heard.last().is_some_and(|sample| *sample > 0.0));
        assert_eq!(cursor.position(), 41 * 64);
        assert_eq!(cursor.missing(), cursor.reader.blocks_lost() * 64);
        assert!(cursor.missing() >= 32 * 64);
    }
}
