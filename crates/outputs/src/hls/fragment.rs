//! Opus and FLAC in fragmented MP4: what a player reads first, and one fragment of audio.
//!
//! ISO/IEC 14496-12 and 23000-19 (CMAF); "Encapsulation of Opus in ISO Base Media File Format" 0.6.8; "Encapsulation of
//! FLAC in ISO Base Media File Format" 0.0.4. Times are counted in frames: they do not drift.

use bytes::Bytes;

use super::boxes::Boxes;

/// The only track.
const TRACK: u32 = 1;
/// "und", each letter in five bits.
const NO_LANGUAGE: u16 = 0x55c4;
/// Turns and moves nothing.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// A sample that leans on none before.
const INDEPENDENT: u32 = 0x0200_0000;

/// What is in the fragments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Track {
    /// Opus. Always 48 kHz.
    Opus {
        /// Frames to be left out at the beginning.
        pre_skip: u16,
        /// The rate of what was encoded.
        input_rate: u32,
    },
    /// FLAC.
    Flac {
        /// Bits of a sample.
        bits: u16,
        /// Frames a second.
        rate: u32,
        /// The body of its stream information block.
        stream_info: Bytes,
    },
}

impl Track {
    /// As the header packet of an Ogg stream describes it.
    pub(super) fn of_ogg(header: &Bytes) -> Option<Self> {
        if header.starts_with(b"OpusHead") {
            let pre_skip = u16::from_le_bytes(*header.get(10..)?.first_chunk()?);
            let input_rate = u32::from_le_bytes(*header.get(12..)?.first_chunk()?);
            return Some(Self::Opus { pre_skip, input_rate });
        }
        // The mapping's header, the stream's mark, and the block's header come before it (RFC 9639, 10.1).
        if !header.starts_with(b"\x7fFLAC") || header.len() < 51 {
            return None;
        }
        let stream_info = header.slice(17..51);
        let packed = u64::from_be_bytes(*stream_info.get(10..)?.first_chunk()?);
        Some(Self::Flac {
            bits: (packed >> 36 & 31) as u16 + 1,
            rate: (packed >> 44) as u32,
            stream_info,
        })
    }

    /// Frames a second: the unit of all times.
    pub(super) fn rate(&self) -> u32 {
        match self {
            Self::Opus { .. } => 48_000,
            Self::Flac { rate, .. } => *rate,
        }
    }

    /// What a player reads first.
    pub(super) fn opening(&self) -> Vec<u8> {
        let mut boxes = Boxes::new();
        boxes.put(b"ftyp", |boxes| brands(boxes, b"iso6", &[b"iso6", b"cmfc", b"mp41"]));
        boxes.put(b"moov", |boxes| {
            boxes.full(b"mvhd", 0, 0, |boxes| {
                boxes.zeros(8);
                boxes.u32(self.rate());
                boxes.u32(0);
                boxes.u32(0x1_0000);
                boxes.u16(0x100);
                boxes.zeros(10);
                MATRIX.into_iter().for_each(|value| boxes.u32(value));
                boxes.zeros(24);
                boxes.u32(TRACK + 1);
            });
            boxes.put(b"trak", |boxes| self.track(boxes));
            boxes.put(b"mvex", |boxes| {
                boxes.full(b"trex", 0, 0, |boxes| {
                    [TRACK, 1, 0, 0, INDEPENDENT]
                        .into_iter()
                        .for_each(|value| boxes.u32(value));
                });
            });
        });
        boxes.into_bytes()
    }

    fn track(&self, boxes: &mut Boxes) {
        boxes.full(b"tkhd", 0, 7, |boxes| {
            boxes.zeros(8);
            boxes.u32(TRACK);
            boxes.zeros(4 + 4 + 8 + 4);
            boxes.u16(0x100);
            boxes.zeros(2);
            MATRIX.into_iter().for_each(|value| boxes.u32(value));
            boxes.zeros(8);
        });
        if let Self::Opus { pre_skip, .. } = self {
            boxes.put(b"edts", |boxes| {
                boxes.full(b"elst", 0, 0, |boxes| {
                    [1, 0, u32::from(*pre_skip), 0x1_0000]
                        .into_iter()
                        .for_each(|value| boxes.u32(value));
                });
            });
        }
        boxes.put(b"mdia", |boxes| {
            boxes.full(b"mdhd", 0, 0, |boxes| {
                boxes.zeros(8);
                boxes.u32(self.rate());
                boxes.u32(0);
                boxes.u16(NO_LANGUAGE);
                boxes.u16(0);
            });
            boxes.full(b"hdlr", 0, 0, |boxes| {
                boxes.zeros(4);
                boxes.bytes(b"soun");
                boxes.zeros(12);
                boxes.bytes(b"Airdesk\0");
            });
            boxes.put(b"minf", |boxes| {
                boxes.full(b"smhd", 0, 0, |boxes| boxes.zeros(4));
                boxes.put(b"dinf", |boxes| {
                    boxes.full(b"dref", 0, 0, |boxes| {
                        boxes.u32(1);
                        boxes.full(b"url ", 0, 1, |_| {}); // in this very file
                    });
                });
                boxes.put(b"stbl", |boxes| self.samples(boxes));
            });
        });
    }

    fn samples(&self, boxes: &mut Boxes) {
        boxes.full(b"stsd", 0, 0, |boxes| {
            boxes.u32(1);
            match self {
                Self::Opus { pre_skip, input_rate } => boxes.put(b"Opus", |boxes| {
                    entry(boxes, 16, 48_000);
                    boxes.put(b"dOps", |boxes| {
                        boxes.u8(0);
                        boxes.u8(2);
                        boxes.u16(*pre_skip);
                        boxes.u32(*input_rate);
                        boxes.zeros(3); // no gain, channel mapping family 0
                    });
                }),
                Self::Flac {
                    bits,
                    rate,
                    stream_info,
                } => boxes.put(b"fLaC", |boxes| {
                    entry(boxes, *bits, *rate);
                    boxes.full(b"dfLa", 0, 0, |boxes| {
                        boxes.u32(0x8000_0000 | stream_info.len() as u32); // the last block, stream information
                        boxes.bytes(stream_info);
                    });
                }),
            }
        });
        // All audio is in fragments.
        for table in [b"stts", b"stsc", b"stco"] {
            boxes.full(table, 0, 0, |boxes| boxes.u32(0));
        }
        boxes.full(b"stsz", 0, 0, |boxes| boxes.zeros(8));
    }
}

/// What every kind of audio has in common.
fn entry(boxes: &mut Boxes, bits: u16, rate: u32) {
    boxes.zeros(6);
    boxes.u16(1);
    boxes.zeros(8);
    boxes.u16(2);
    boxes.u16(bits);
    boxes.zeros(4);
    // 16 bits hold no more than 65535 Hz; what is read then is in the codec's own box.
    boxes.u32(u16::try_from(rate).map_or(0, u32::from) << 16);
}

fn brands(boxes: &mut Boxes, own: &[u8; 4], all: &[&[u8; 4]]) {
    boxes.bytes(own);
    boxes.u32(0);
    all.iter().for_each(|brand| boxes.bytes(*brand));
}

/// A run of packets, each with its length in frames, the first of which begins at `begins`.
pub(super) fn fragment(number: u32, begins: u64, packets: &[(Bytes, u32)]) -> Vec<u8> {
    let mut boxes = Boxes::new();
    boxes.put(b"styp", |boxes| brands(boxes, b"msdh", &[b"msdh", b"cmfs"]));
    let (moof, mut offset_at) = (boxes.len(), 0);
    boxes.put(b"moof", |boxes| {
        boxes.full(b"mfhd", 0, 0, |boxes| boxes.u32(number));
        boxes.put(b"traf", |boxes| {
            boxes.full(b"tfhd", 0, 0x02_0000, |boxes| boxes.u32(TRACK)); // offsets count from the moof
            boxes.full(b"tfdt", 1, 0, |boxes| boxes.u64(begins));
            boxes.full(b"trun", 0, 0x301, |boxes| {
                boxes.u32(packets.len() as u32);
                offset_at = boxes.len();
                boxes.u32(0);
                for (bytes, frames) in packets {
                    boxes.u32(*frames);
                    boxes.u32(bytes.len() as u32);
                }
            });
        });
    });
    let audio_at = boxes.len() - moof + 8;
    boxes.set_u32(offset_at, audio_at as u32);
    boxes.put(b"mdat", |boxes| {
        packets.iter().for_each(|(bytes, _)| boxes.bytes(bytes))
    });
    boxes.into_bytes()
}
