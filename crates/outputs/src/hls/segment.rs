//! Cuts a stream into segments at its packets' borders.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::fragment::{Track, fragment};
use super::id3;

/// By how much the count of frames and the wall clock may differ before the clock is looked at anew: it was set, or the
/// machine slept.
const APART: SignedDuration = SignedDuration::from_secs(1);

/// How audio is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packing {
    /// MP3 frames behind a tag.
    Mp3 {
        /// Frames a second.
        rate: u32,
    },
    /// Fragments of an MP4 file.
    Fragments(Track),
}

impl Packing {
    /// Frames a second.
    pub(super) fn rate(&self) -> u32 {
        match self {
            Self::Mp3 { rate } => *rate,
            Self::Fragments(track) => track.rate(),
        }
    }

    /// What a player must have read before the first segment.
    pub(super) fn opening(&self) -> Option<Vec<u8>> {
        match self {
            Self::Mp3 { .. } => None,
            Self::Fragments(track) => Some(track.opening()),
        }
    }
}

/// A piece of the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    pub(super) frames: u64,
    /// When its first frame was encoded, by the wall clock.
    pub(super) begins: Timestamp,
    /// It does not go on where the one before ended.
    pub(super) breaks: bool,
}

/// Collects packets until they are a segment.
pub(super) struct Cutter {
    packing: Packing,
    frames_max: u32,
    waiting: Vec<(Bytes, u32)>,
    /// Frames that wait.
    frames: u32,
    /// The first of them, counted from the beginning of the stream.
    first: u64,
    /// A moment, and the frame that was encoded then.
    anchor: Option<(Timestamp, u64)>,
    /// When the first of those that wait was.
    begins: Timestamp,
    breaks: bool,
    number: u32,
}

impl Cutter {
    /// Cuts segments of at most so many seconds, beginning with this number. Time begins where that many full ones would
    /// have ended: it never goes back, also where a desk is started again.
    pub(super) fn new(packing: Packing, seconds: u8, number: u64) -> Self {
        let frames_max = packing.rate() * u32::from(seconds);
        Self {
            frames_max,
            packing,
            waiting: Vec::new(),
            frames: 0,
            first: number * u64::from(frames_max),
            anchor: None,
            begins: Timestamp::UNIX_EPOCH,
            breaks: false,
            number: number as u32,
        }
    }

    /// What comes does not go on where the last segment ended.
    pub(super) fn begin_behind_a_break(mut self, breaks: bool) -> Self {
        self.breaks = breaks;
        self
    }

    pub(super) fn packing(&self) -> &Packing {
        &self.packing
    }

    /// Takes the next packet, which was encoded at `at`. Gives the segment that ends before it, where it does not fit.
    pub(super) fn push(&mut self, packet: Bytes, frames: u32, at: Timestamp) -> Option<Segment> {
        let full = self.frames + frames > self.frames_max;
        let segment = if full { self.cut() } else { None };
        if self.waiting.is_empty() {
            self.begins = self.moment(at);
        }
        self.waiting.push((packet, frames));
        self.frames += frames;
        segment
    }

    /// So many frames are missing here. Gives what came before them.
    pub(super) fn skip(&mut self, frames: u64) -> Option<Segment> {
        let segment = self.cut();
        self.first += frames;
        self.breaks = true;
        segment
    }

    /// What waits, as a segment that may be shorter than others.
    pub(super) fn cut(&mut self) -> Option<Segment> {
        if self.waiting.is_empty() {
            return None;
        }
        self.number = self.number.wrapping_add(1);
        let bytes = match &self.packing {
            Packing::Mp3 { rate } => {
                let mut bytes = id3::tag(self.first, *rate);
                self.waiting
                    .iter()
                    .for_each(|(packet, _)| bytes.extend_from_slice(packet));
                bytes
            }
            Packing::Fragments(_) => fragment(self.number, self.first, &self.waiting),
        };
        let frames = u64::from(std::mem::take(&mut self.frames));
        self.first += frames;
        self.waiting.clear();
        Some(Segment {
            bytes,
            frames,
            begins: self.begins,
            breaks: std::mem::take(&mut self.breaks),
        })
    }

    /// When the next frame was encoded: counted from the first one, as long as the wall clock agrees.
    fn moment(&mut self, at: Timestamp) -> Timestamp {
        if let Some((then, frame)) = self.anchor {
            let micros = (self.first - frame) as f64 * 1e6 / f64::from(self.packing.rate());
            let counted = then
                .saturating_add(SignedDuration::from_micros(micros as i64))
                .unwrap_or(at);
            if counted.duration_until(at).abs() <= APART {
                return counted;
            }
        }
        self.anchor = Some((at, self.first));
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        let micros = (1_700_000_000.0 + seconds) * 1e6;
        Timestamp::from_microsecond(micros as i64).expect("a time")
    }

    fn cutter() -> Cutter {
        Cutter::new(Packing::Mp3 { rate: 48_000 }, 2, 0)
    }

    #[test]
    fn a_segment_is_as_long_as_packets_fit_and_begins_where_the_last_one_ended() {
        let mut cutter = cutter();
        let mut segments = Vec::new();
        for number in 0..1_000_u32 {
            let when = at(f64::from(number) * 0.024 + f64::from(number % 7) * 0.01); // late by this and that
            segments.extend(cutter.push(Bytes::from(number.to_be_bytes().to_vec()), 1_152, when));
        }
        segments.extend(cutter.cut());
        let frames: Vec<u64> = segments.iter().map(|segment| segment.frames).collect();
        assert!(frames[..12].iter().all(|frames| *frames == 83 * 1_152), "{frames:?}");
        assert_eq!(frames.iter().sum::<u64>(), 1_152_000);
        let tag = id3::tag(0, 48_000).len();
        let audio: Vec<u8> = segments
            .iter()
            .flat_map(|segment| &segment.bytes[tag..])
            .copied()
            .collect();
        assert_eq!(audio, (0..1_000_u32).flat_map(u32::to_be_bytes).collect::<Vec<_>>());
        for (number, segment) in segments.iter().enumerate() {
            let counted = at(number as f64 * 83.0 * 0.024);
            assert!(segment.begins.duration_since(counted).abs() < SignedDuration::from_millis(1));
            assert!(!segment.breaks);
        }
    }

    #[test]
    fn what_is_missing_breaks_the_stream_and_time_goes_on() {
        let mut cutter = cutter();
        assert_eq!(cutter.push(Bytes::from_static(b"a"), 1_152, at(0.0)), None);
        let before = cutter.skip(480_000).expect("it had begun");
        assert!(!before.breaks);
        cutter.push(Bytes::from_static(b"b"), 1_152, at(10.024));
        let after = cutter.cut().expect("it has begun");
        assert!(after.breaks);
        assert_eq!(after.bytes, [id3::tag(481_152, 48_000), b"b".to_vec()].concat());
        assert_eq!(after.begins.duration_since(before.begins).as_millis(), 10_024);
    }

    #[test]
    fn a_wall_clock_that_was_set_is_followed() {
        let mut cutter = cutter();
        cutter.push(Bytes::from_static(b"a"), 48_000, at(0.0));
        cutter.push(Bytes::from_static(b"b"), 48_000, at(1.0));
        cutter
            .push(Bytes::from_static(b"c"), 48_000, at(3_602.0))
            .expect("full");
        assert_eq!(cutter.cut().expect("begun").begins, at(3_602.0));
    }
}
