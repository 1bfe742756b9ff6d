//! How a track is cut into chunks: plain ones of 15 s each; enhanced ones of 15 s first and then of 10 s, the last to its end. They
//! follow each other without a gap and without overlapping. In frames.

use std::ops::Range;

/// Seconds of a plain chunk, and of the first enhanced one.
pub(super) const CHUNK_SECONDS: u64 = 15;
/// Seconds of further enhanced chunks.
const INTERVAL_SECONDS: u64 = 10;

/// A track's chunks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Geometry {
    /// Frames per second.
    pub(super) rate: u64,
    /// Of the track.
    pub(super) frames: u64,
    pub(super) enhanced: bool,
}

impl Geometry {
    fn first(&self) -> u64 {
        CHUNK_SECONDS * self.rate
    }

    fn step(&self) -> u64 {
        let seconds = if self.enhanced { INTERVAL_SECONDS } else { CHUNK_SECONDS };
        seconds * self.rate
    }

    /// How many there are; a track without a frame has one.
    pub(super) fn count(&self) -> u64 {
        1 + self.frames.saturating_sub(self.first()).div_ceil(self.step())
    }

    /// The frames of one.
    pub(super) fn range(&self, chunk: u64) -> Range<u64> {
        let end = |chunk: u64| (self.first() + chunk * self.step()).min(self.frames);
        let start = chunk.checked_sub(1).map_or(0, end);
        start..end(chunk)
    }

    /// The one that a frame is in; behind the end the last.
    pub(super) fn chunk_of(&self, frame: u64) -> u64 {
        let chunk = match frame.checked_sub(self.first()) {
            None => 0,
            Some(behind) => 1 + behind / self.step(),
        };
        chunk.min(self.count() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_each_other_and_are_counted_as_the_protocol_does() {
        for enhanced in [false, true] {
            for tenths in [0, 1, 49, 50, 149, 150, 151, 200, 250, 251, 300, 305, 2385] {
                let rate = 1000;
                let geometry = Geometry {
                    rate,
                    frames: tenths * rate / 10,
                    enhanced,
                };
                let seconds = tenths as f64 / 10.0;
                let expected = if enhanced {
                    ((seconds - 5.0) / 10.0).ceil().max(1.0)
                } else {
                    (seconds / 15.0).ceil().max(1.0)
                };
                assert_eq!(geometry.count(), expected as u64, "{seconds} s, {enhanced}");
                let mut place = 0;
                for chunk in 0..geometry.count() {
                    let range = geometry.range(chunk);
                    assert_eq!(range.start, place);
                    for frame in [range.start, range.end.saturating_sub(1)] {
                        assert!(
                            range.is_empty() || geometry.chunk_of(frame) == chunk,
                            "{frame} of {seconds} s"
                        );
                    }
                    place = range.end;
                }
                assert_eq!(place, geometry.frames);
                assert_eq!(geometry.chunk_of(geometry.frames + 99), geometry.count() - 1);
            }
        }
    }
}
