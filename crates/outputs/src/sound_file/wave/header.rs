//! All bytes of a WAV file before its first frame. Always shorter than a page, so that one write replaces it whole.

use super::super::{Closing, Opening, SampleFormat};
use super::describe::{broadcast, info};

/// The body of a `ds64` chunk without a table: three 64-bit sizes and the table's length.
const DS64_BYTES: u32 = 28;

/// What does not change while the file grows.
pub(super) struct Header {
    format: SampleFormat,
    rate: u32,
    opening: Opening,
}

impl Header {
    pub(super) fn new(format: SampleFormat, opening: &Opening) -> Self {
        Self {
            format,
            rate: opening.rate.hz(),
            opening: opening.clone(),
        }
    }

    /// The header of a file of `frames` frames, which `after` bytes of chunks follow.
    pub(super) fn bytes(&self, frames: u64, after: u64, closing: Option<&Closing>) -> Vec<u8> {
        let float = self.format == SampleFormat::Float32;
        let described = [broadcast(&self.opening, closing, self.format), info(&self.opening)].concat();
        let data_bytes = frames * self.format.frame_bytes();
        let fact = if float { 2 + 12 } else { 0 };
        let length = 12 + (8 + DS64_BYTES as usize) + described.len() + (8 + 16) + fact + 8;
        let riff_bytes = length as u64 - 8 + data_bytes + after;
        let large = riff_bytes > u64::from(u32::MAX);
        // A size that 32 bits do not hold is in ds64, and all ones stand in its old place.
        let small = |size: u64| if large { u32::MAX } else { size as u32 }.to_le_bytes();

        let mut header = Vec::with_capacity(length);
        header.extend(if large { b"RF64" } else { b"RIFF" });
        header.extend(small(riff_bytes));
        header.extend(b"WAVE");
        header.extend(if large { b"ds64" } else { b"JUNK" });
        header.extend(DS64_BYTES.to_le_bytes());
        for size in [riff_bytes, data_bytes, frames] {
            header.extend(if large { size } else { 0 }.to_le_bytes());
        }
        header.extend([0; 4]); // no table
        header.extend(described);
        self.push_format(&mut header, float);
        if float {
            header.extend(b"fact");
            header.extend(4_u32.to_le_bytes());
            header.extend(small(frames));
        }
        header.extend(b"data");
        header.extend(small(data_bytes));
        debug_assert_eq!(header.len(), length);
        header
    }

    fn push_format(&self, header: &mut Vec<u8>, float: bool) {
        let frame_bytes = self.format.frame_bytes();
        header.extend(b"fmt ");
        header.extend(if float { 18_u32 } else { 16 }.to_le_bytes());
        header.extend(if float { 3_u16 } else { 1 }.to_le_bytes());
        header.extend(2_u16.to_le_bytes());
        header.extend(self.rate.to_le_bytes());
        header.extend((self.rate * frame_bytes as u32).to_le_bytes());
        header.extend((frame_bytes as u16).to_le_bytes());
        header.extend(self.format.bits().to_le_bytes());
        if float {
            header.extend([0; 2]); // no extension
        }
    }
}
