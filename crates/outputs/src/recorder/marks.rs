//! What begins where in a recording, until the files are written so far: a mark stands in the file that has its place, and
//! an order that was late because the disk stood still is as good as one that was not.

use std::time::Instant;

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

use super::write::frames_in;
use crate::title::Title;

/// Where a mark stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Where the sources were at that time.
    At(Instant),
    /// This frame of the bus, counted from the first block that it ever published.
    Frame(u64),
}

/// Marks whose place is not written yet.
#[derive(Default)]
pub(super) struct Marks(Vec<(u64, Title)>);

impl Marks {
    /// A mark at a place, while the sources are at the block `next`.
    pub(super) fn add(&mut self, place: Place, title: Title, next: u64, rate: SampleRate) {
        let frame = match place {
            Place::Frame(frame) => frame,
            Place::At(asked) => frames_before(next).saturating_sub(frames_in(asked.elapsed(), rate)),
        };
        self.0.push((frame, title));
    }

    /// Those before a frame, in the order in which they were made.
    pub(super) fn take_before(&mut self, frame: u64) -> Vec<(u64, Title)> {
        self.0.extract_if(.., |(place, _)| *place < frame).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The frame of the bus that a block begins with.
pub(super) fn frames_before(block: u64) -> u64 {
    block.saturating_sub(1).saturating_mul(BLOCK_FRAMES as u64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_mark_waits_until_its_place_is_written() {
        let mut marks = Marks::default();
        marks.add(Place::Frame(640), "B".into(), 1, SampleRate::DESK);
        marks.add(Place::Frame(64), "A".into(), 1, SampleRate::DESK);
        assert_eq!(marks.take_before(64), []);
        assert_eq!(marks.take_before(640), [(64, "A".into())]);
        assert_eq!(marks.take_before(641), [(640, "B".into())]);
        assert!(marks.is_empty());
    }

    #[test]
    fn an_order_that_is_read_ten_seconds_late_stands_where_it_was_asked_for() {
        let mut marks = Marks::default();
        let asked = Instant::now()
            .checked_sub(Duration::from_secs(10))
            .expect("it runs long enough");
        marks.add(Place::At(asked), "A".into(), 15_001, SampleRate::DESK);
        let frame = marks.take_before(u64::MAX)[0].0;
        assert!((470_000..=480_000).contains(&frame), "{frame}");
    }
}
