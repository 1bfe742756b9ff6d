//! FLAC without Ogg as it comes (RFC 9639): blocks of metadata, then frames. A frame ends where its own check sum says so and
//! another begins, so none is cut and nothing has to be known before.

use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;

use super::decode::{Heard, codec, is_odd};
use crate::decode::codec::Codec;

/// What a stream begins with.
const MARK: &[u8] = b"fLaC";
/// Bytes before a block of metadata.
const BLOCK_HEADER: usize = 4;
/// Bytes of the block that says what the stream is.
const INFORMATION: usize = 34;
/// The shortest frame, bytes: its header, a silent subframe, and the check sum.
const FRAME_LEAST: usize = 8;
/// The longest that is waited for, bytes: what eight channels of 65,535 samples take is never sent.
const FRAME_MOST: usize = 1 << 20;

/// Finds frames in bytes, and decodes them.
#[derive(Default)]
pub(super) struct FlacFrames {
    waiting: Vec<u8>,
    at: At,
    /// Bytes of metadata that are not wanted.
    skip: usize,
    codec: Option<Codec>,
    /// Bytes of the frame that have been looked at, and their check sum.
    seen: usize,
    sum: u16,
}

#[derive(Default, PartialEq, Eq)]
enum At {
    #[default]
    Mark,
    Metadata,
    Frames,
}

impl FlacFrames {
    /// Takes bytes. `is_last`: no others will follow.
    pub(super) fn feed(&mut self, bytes: &[u8], is_last: bool, heard: &mut Heard) -> Result<(), &'static str> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.waiting.extend_from_slice(&bytes[skipped..]);
        if self.at == At::Mark && self.waiting.len() >= MARK.len() {
            if !self.waiting.starts_with(MARK) {
                return Err("it says that it is FLAC, and is not");
            }
            self.waiting.drain(..MARK.len());
            self.at = At::Metadata;
        }
        while self.at == At::Metadata && self.block()? {}
        if self.at == At::Frames {
            self.frames(is_last, heard)?;
        }
        Ok(())
    }

    /// Takes one block of metadata; false: more has to come.
    fn block(&mut self) -> Result<bool, &'static str> {
        let Some([kind, high, middle, low]) = self.waiting.first_chunk::<BLOCK_HEADER>().copied() else {
            return Ok(false);
        };
        let length = u32::from_be_bytes([0, high, middle, low]) as usize;
        if kind & 0x7f == 0 {
            let Some(information) = self.waiting.get(BLOCK_HEADER..BLOCK_HEADER + INFORMATION) else {
                return Ok(false);
            };
            let rate = u32::from_be_bytes([0, information[10], information[11], information[12]]) >> 4;
            if length != INFORMATION || is_odd((rate, (information[12] >> 1 & 7) + 1)) {
                return Err("its rate or its channels are none that can be played");
            }
            self.codec = codec(CODEC_ID_FLAC, information);
        }
        let whole = BLOCK_HEADER + length;
        let now = whole.min(self.waiting.len());
        self.waiting.drain(..now);
        self.skip = whole - now;
        if kind & 0x80 != 0 {
            self.at = At::Frames;
        }
        Ok(!self.waiting.is_empty())
    }

    fn frames(&mut self, is_last: bool, heard: &mut Heard) -> Result<(), &'static str> {
        let Some(codec) = &mut self.codec else {
            return Err("it does not say what it is");
        };
        let mut begin = 0;
        loop {
            let rest = &self.waiting[begin..];
            if self.seen == 0 && !begins(rest) {
                match rest.first() {
                    Some(_) if rest.len() > 1 => begin += 1, // no frame: it is looked for
                    _ => break,
                }
                continue;
            }
            let Some(byte) = rest.get(self.seen) else {
                break;
            };
            self.sum = self.sum << 8 ^ TABLE[usize::from((self.sum >> 8) as u8 ^ byte)];
            self.seen += 1;
            let next = &rest[self.seen..];
            // With its own check sum behind it the sum of a frame is zero.
            let is_whole = self.sum == 0 && self.seen >= FRAME_LEAST;
            if is_whole && next.len() < 2 && !is_last {
                // What begins behind it tells.
                self.seen -= 1;
                self.sum = sum_of(&rest[..self.seen]);
                break;
            }
            if is_whole && (next.is_empty() || begins(next)) {
                heard.decode(codec, &rest[..self.seen])?;
                begin += self.seen;
                (self.seen, self.sum) = (0, 0);
            } else if self.seen > FRAME_MOST {
                begin += 1;
                (self.seen, self.sum) = (0, 0);
                heard.spoilt += 1;
            }
        }
        self.waiting.drain(..begin);
        Ok(())
    }
}

/// The fourteen bits that every frame begins with, and a bit that is never set.
fn begins(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xf8 | 0xf9, ..])
}

fn sum_of(bytes: &[u8]) -> u16 {
    let step = |sum: u16, byte: &u8| sum << 8 ^ TABLE[usize::from((sum >> 8) as u8 ^ byte)];
    bytes.iter().fold(0, step)
}

/// Of the check sum with the polynomial 0x8005 (RFC 9639, 9.3).
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000 != 0 { sum << 1 ^ 0x8005 } else { sum << 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};
