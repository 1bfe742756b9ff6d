//! Levels on their way to the eye, as bytes: one message per drawn frame.
//!
//! Little-endian. Header, 16 bytes: version `u8` = 2, flags `u8` = 0, number of strips `u16`,
//! sequence `u32`, engine load `f32`, what the limiter does `f32` (dB, at most zero). Then programme and cue, 20 bytes each: peak left, peak right,
//! RMS left, RMS right as `f32` (linear, full scale 1.0), clips `u32`. Then per strip, 24 bytes: its
//! id `u32` and the same 20. A strip's levels are post-trim and pre-fader; a bus's are what it publishes.

use airdesk_engine::{Levels, StripId};

/// The bytes before the first bus.
pub const METER_HEADER_BYTES: usize = 16;
/// The bytes of one bus.
pub const METER_BUS_BYTES: usize = 20;
/// The bytes of one strip.
pub const METER_STRIP_BYTES: usize = 24;

/// The levels of the whole desk since the last look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeskMeters {
    /// Counts up by one.
    pub sequence: u32,
    /// Part of a block's time that mixing it takes, 0..1.
    pub load: f32,
    /// By how much the limiter turns the programme down, dB, at most zero.
    pub limiter: f32,
    /// Programme and cue.
    pub buses: [Levels; 2],
    /// Strips, left to right.
    pub strips: Vec<(StripId, Levels)>,
}

impl DeskMeters {
    /// This frame and a later one as one: the later levels with the peaks of both.
    #[must_use]
    pub fn followed_by(&self, later: &Self) -> Self {
        let mut both = later.clone();
        both.limiter = both.limiter.min(self.limiter);
        for (levels, earlier) in both.buses.iter_mut().zip(&self.buses) {
            levels.keep_peak(earlier);
        }
        for (id, levels) in &mut both.strips {
            if let Some((_, earlier)) = self.strips.iter().find(|(earlier, _)| earlier == id) {
                levels.keep_peak(earlier);
            }
        }
        both
    }

    /// The bytes that hosts receive.
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = METER_HEADER_BYTES + 2 * METER_BUS_BYTES + self.strips.len() * METER_STRIP_BYTES;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend([2, 0]);
        bytes.extend((self.strips.len() as u16).to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend(self.load.to_le_bytes());
        bytes.extend(self.limiter.to_le_bytes());
        for levels in &self.buses {
            push_levels(&mut bytes, levels);
        }
        for (id, levels) in &self.strips {
            bytes.extend(id.number().to_le_bytes());
            push_levels(&mut bytes, levels);
        }
        bytes
    }
}

fn push_levels(bytes: &mut Vec<u8>, levels: &Levels) {
    for value in levels.peak.into_iter().chain(levels.rms) {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(levels.clips.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_as_the_head_of_this_file_says() {
        let levels = Levels {
            peak: [0.5, 0.25],
            rms: [0.125, 0.0625],
            clips: 7,
        };
        let meters = DeskMeters {
            sequence: 9,
            load: 0.5,
            limiter: -2.0,
            buses: [levels; 2],
            strips: vec![(StripId::new(3, 1), levels)],
        };
        let bytes = meters.to_bytes();
        assert_eq!(
            bytes.len(),
            METER_HEADER_BYTES + 2 * METER_BUS_BYTES + METER_STRIP_BYTES
        );
        assert_eq!(bytes[..12], [2, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0x3f]);
        assert_eq!(bytes[12..16], (-2.0_f32).to_le_bytes());
        assert_eq!(bytes[16..20], 0.5_f32.to_le_bytes());
        assert_eq!(bytes[32..36], 7_u32.to_le_bytes());
        assert_eq!(bytes[56..60], StripId::new(3, 1).number().to_le_bytes());
    }

    #[test]
    fn merged_frames_keep_the_higher_peak_and_the_later_rest() {
        let frame = |peak: f32, clips| DeskMeters {
            limiter: -peak,
            buses: [Levels {
                peak: [peak; 2],
                rms: [0.0; 2],
                clips,
            }; 2],
            ..DeskMeters::default()
        };
        let both = frame(0.9, 1).followed_by(&frame(0.1, 2));
        assert_eq!((both.buses[0].peak, both.buses[0].clips), ([0.9, 0.9], 2));
        assert_eq!(both.limiter, -0.9);
    }
}
