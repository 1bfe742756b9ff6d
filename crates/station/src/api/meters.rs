//! Levels on their way to the eye, as bytes: one message per drawn frame.
//!
//! Little-endian. Header, 28 bytes: version `u8` = 4, number of buses `u8`, number of strips `u16`, sequence `u32`,
//! engine load `f32`, what the limiter does `f32`, what talkover does `f32`, seconds mixed since the engine began `f64`.
//! Then per bus, 56 bytes: peak left, peak right, RMS left, RMS right as `f32` (linear, full scale 1.0), clips `u32`,
//! what its compressor does `f32`; quasi-peaks of IEC 60268-10 as `f32`: Type I left, right, Type IIa left, right; integrals
//! of the magnitude over time since the engine began as `f64`, seconds at full scale: left, right. Then per strip, 36 bytes: its id
//! `u32`, the same levels and clips, and what its gate, compressor and de-esser do, each `f32`. "What it does" is by how
//! much it turns down: dB, at most zero. A strip's levels are those before its fader; a bus's are what it publishes.
//!
//! A VU meter's needle (IEC 60268-17) follows the mean of the rectified signal: between any two frames that is the
//! difference of the integrals over that of the seconds mixed, whatever came between and was not looked at. Both begin at
//! zero with another engine. (`f64`: after a year at full scale an integral still tells steps of 4 ns.)

use airdesk_dsp::ballistics::QuasiPeaks;
use airdesk_engine::{BUSES, Levels, Needles, Reductions, StripId};

/// The bytes before the first bus.
pub const METER_HEADER_BYTES: usize = 28;
/// The bytes of one bus.
pub const METER_BUS_BYTES: usize = 56;
/// The bytes of one strip.
pub const METER_STRIP_BYTES: usize = 36;

/// The levels of the whole desk since the last look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeskMeters {
    /// Counts up by one.
    pub sequence: u32,
    /// Part of a block's time that mixing it takes, 0..1.
    pub load: f32,
    /// By how much the limiter turns the programme down, dB, at most zero.
    pub limiter: f32,
    /// By how much music steps back, dB, at most zero.
    pub ducking: f32,
    /// Seconds mixed since the engine began.
    pub seconds: f64,
    /// Programme, cue and aux buses.
    pub buses: [BusMeters; BUSES],
    /// Strips, left to right.
    pub strips: Vec<StripMeters>,
}

/// One bus.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BusMeters {
    /// As published.
    pub levels: Levels,
    /// The same for meters with a needle.
    pub needles: Needles,
    /// By how much its compressor turns it down, dB, at most zero.
    pub compressor: f32,
}

/// One strip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StripMeters {
    /// Which.
    pub id: StripId,
    /// Before its fader.
    pub levels: Levels,
    /// What its dynamics do.
    pub reductions: Reductions,
}

impl DeskMeters {
    /// This frame and a later one as one: the later levels with the peaks of both.
    #[must_use]
    pub fn followed_by(&self, later: &Self) -> Self {
        let mut both = later.clone();
        both.limiter = both.limiter.min(self.limiter);
        for (bus, earlier) in both.buses.iter_mut().zip(&self.buses) {
            bus.levels.keep_peak(&earlier.levels);
            bus.needles.keep_peak(&earlier.needles);
        }
        for strip in &mut both.strips {
            if let Some(earlier) = self.strips.iter().find(|earlier| earlier.id == strip.id) {
                strip.levels.keep_peak(&earlier.levels);
            }
        }
        both
    }

    /// The bytes that hosts receive.
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = METER_HEADER_BYTES + BUSES * METER_BUS_BYTES + self.strips.len() * METER_STRIP_BYTES;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend([4, BUSES as u8]);
        bytes.extend((self.strips.len() as u16).to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        for figure in [self.load, self.limiter, self.ducking] {
            bytes.extend(figure.to_le_bytes());
        }
        bytes.extend(self.seconds.to_le_bytes());
        for bus in &self.buses {
            push_levels(&mut bytes, &bus.levels);
            bytes.extend(bus.compressor.to_le_bytes());
            let QuasiPeaks { type_i, type_iia } = bus.needles.quasi_peaks;
            for reading in type_i.into_iter().chain(type_iia) {
                bytes.extend(reading.to_le_bytes());
            }
            for integral in bus.needles.rectified {
                bytes.extend(integral.to_le_bytes());
            }
        }
        for strip in &self.strips {
            bytes.extend(strip.id.number().to_le_bytes());
            push_levels(&mut bytes, &strip.levels);
            let Reductions {
                gate,
                compressor,
                de_esser,
            } = strip.reductions;
            for reduction in [gate, compressor, de_esser] {
                bytes.extend(reduction.to_le_bytes());
            }
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
        let needles = Needles {
            quasi_peaks: QuasiPeaks {
                type_i: [0.75, 0.5],
                type_iia: [0.25, 0.125],
            },
            rectified: [1_000_000.5, 2.0],
        };
        let meters = DeskMeters {
            sequence: 9,
            load: 0.5,
            limiter: -2.0,
            ducking: -12.0,
            seconds: 10.5,
            buses: [BusMeters {
                levels,
                needles,
                compressor: -3.0,
            }; BUSES],
            strips: vec![StripMeters {
                id: StripId::new(3, 1),
                levels,
                reductions: Reductions {
                    gate: -20.0,
                    compressor: -4.0,
                    de_esser: -5.0,
                },
            }],
        };
        let bytes = meters.to_bytes();
        assert_eq!(bytes.len(), 28 + 10 * 56 + 36);
        assert_eq!(bytes[..12], [4, 10, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0x3f]);
        let number = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = |at: usize| f64::from_le_bytes(std::array::from_fn(|n| bytes[at + n]));
        assert_eq!([12, 16, 28, 48].map(number), [-2.0, -12.0, 0.5, -3.0]);
        assert_eq!(bytes[44..48], 7_u32.to_le_bytes());
        assert_eq!([52, 56, 60, 64].map(number), [0.75, 0.5, 0.25, 0.125]);
        assert_eq!([20, 68, 76].map(long), [10.5, 1_000_000.5, 2.0]);
        assert_eq!(bytes[588..592], StripId::new(3, 1).number().to_le_bytes());
        assert_eq!([592, 612, 616, 620].map(number), [0.5, -20.0, -4.0, -5.0]);
    }

    #[test]
    fn merged_frames_keep_the_higher_peak_and_the_later_rest() {
        let frame = |peak: f32, clips| DeskMeters {
            limiter: -peak,
            buses: [BusMeters {
                levels: Levels {
                    peak: [peak; 2],
                    rms: [0.0; 2],
                    clips,
                },
                needles: Needles {
                    quasi_peaks: QuasiPeaks {
                        type_i: [peak; 2],
                        type_iia: [peak; 2],
                    },
                    rectified: [f64::from(clips); 2],
                },
                compressor: 0.0,
            }; BUSES],
            ..DeskMeters::default()
        };
        let both = frame(0.9, 1).followed_by(&frame(0.1, 2));
        let levels = both.buses[0].levels;
        assert_eq!((levels.peak, levels.clips), ([0.9, 0.9], 2));
        let needles = both.buses[0].needles;
        assert_eq!(
            (needles.quasi_peaks.type_i, needles.rectified),
            ([0.9, 0.9], [2.0, 2.0])
        );
        assert_eq!(both.limiter, -0.9);
    }
}
