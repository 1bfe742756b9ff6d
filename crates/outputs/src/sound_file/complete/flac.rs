//! A FLAC file whose writer was killed (RFC 9639): whole FLAC frames behind what the header counts are counted. The checksum of the
//! whole stays unknown, which a decoder accepts: only decoding all of it would tell.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Looked, invalid, overwrite, read_some};
use crate::encode::FLAC_BLOCK;

/// The stream information: behind "fLaC" and its block's header.
const INFO_AT: usize = 8;
/// Where its sample rate, channels, bits and count of frames are, in 64 bits.
const PACKED_AT: usize = INFO_AT + 10;
/// What a killed process may have written and not counted, and the frame before it: some seconds.
const TAIL_BYTES: u64 = 8 * 1024 * 1024;
const FRAMES_MASK: u64 = (1 << 36) - 1;

/// Counts what is there, in one write of eight bytes.
pub(super) fn complete(path: &Path) -> io::Result<Looked> {
    let mut file = File::open(path)?;
    let mut head = [0; PACKED_AT + 8];
    if read_some(&mut file, &mut head)? < head.len() {
        return Err(invalid("its header is not whole"));
    }
    let packed = head.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let (rate, counted) = (packed >> 44, packed & FRAMES_MASK);
    if rate == 0 {
        return Err(invalid("its header is not whole"));
    }
    let more = more(&mut file, counted)?;
    if more > 0 {
        let packed = packed & !FRAMES_MASK | (counted + more) & FRAMES_MASK;
        overwrite(path, PACKED_AT as u64, &packed.to_be_bytes())?;
    }
    Ok(Looked {
        seconds: Some((counted + more) as f64 / rate as f64),
        changed: more > 0,
    })
}

/// Frames in whole FLAC frames behind those that are counted. A file that was finished ends with a shorter one and has none.
fn more(file: &mut File, counted: u64) -> io::Result<u64> {
    let block = FLAC_BLOCK as u64;
    if !counted.is_multiple_of(block) {
        return Ok(0);
    }
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let mut number = counted / block;
    let Some(mut at) = next_header(&tail, 0, number) else {
        return Ok(0);
    };
    let mut frames = 0;
    // A frame is whole when its checksum says so: it ends where the next one begins, or with the file.
    loop {
        let next = next_header(&tail, at + 1, number + 1);
        let frame = &tail[at..next.unwrap_or(tail.len())];
        if frame.len() < 3 || crc16(frame) != 0 || !is_full(frame) {
            return Ok(frames);
        }
        frames += block;
        match next {
            Some(next) => (at, number) = (next, number + 1),
            None => return Ok(frames),
        }
    }
}

/// It has as many samples as all but the last one: its header says no other size (RFC 9639, 9.1.1).
fn is_full(frame: &[u8]) -> bool {
    frame.get(2).is_some_and(|byte| byte >> 4 == 0b1100) // 256 * 2^(12 - 8)
}

/// Where the header of frame `number` is, at or behind `from`.
fn next_header(bytes: &[u8], from: usize, number: u64) -> Option<usize> {
    let begins = |at: &usize| bytes[*at..].starts_with(&[0xff, 0xf8]) && is_header(&bytes[*at..], number);
    (from..bytes.len().saturating_sub(2)).find(begins)
}

/// A frame's header with that number, and with its checksum.
fn is_header(bytes: &[u8], number: u64) -> bool {
    let coded = coded(number);
    if bytes.get(4..4 + coded.len()) != Some(&coded[..]) {
        return false;
    }
    let size = bytes[2] >> 4;
    let rate = bytes[2] & 0xf;
    let more = usize::from(size == 6) + 2 * usize::from(size == 7) + usize::from(rate == 12);
    let more = more + 2 * usize::from(rate == 13 || rate == 14);
    let end = 4 + coded.len() + more;
    bytes.get(..=end).is_some_and(|header| crc8(header) == 0)
}

/// A number as UTF-8 would have it, carried on to 36 bits.
fn coded(number: u64) -> Vec<u8> {
    if number < 0x80 {
        return vec![number as u8];
    }
    let more = (1..=6).find(|more| number < 1 << (6 * more + 6 - more)).unwrap_or(6);
    let lead = (0xff_u64 << (7 - more)) as u8;
    let mut bytes = vec![lead | (number >> (6 * more)) as u8];
    bytes.extend((0..more).rev().map(|n| 0x80 | (number >> (6 * n)) as u8 & 0x3f));
    bytes
}

/// With the polynomial x^8 + x^2 + x + 1; nought over what ends with it.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(
            crc ^ byte,
            |crc: u8, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 },
        )
    })
}

/// With the polynomial x^16 + x^15 + x^2 + 1, most significant bit first; nought over what ends with it.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc: u16, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x8005 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_coded_as_utf_8_has_them() {
        for letter in ['\0', 'a', 'é', 'ア', '🎵'] {
            assert_eq!(coded(letter.into()), letter.to_string().as_bytes(), "{letter}");
        }
        assert_eq!(coded((1 << 31) - 1), [0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!((crc8(b"123456789"), crc16(b"123456789")), (0xf4, 0xfee8));
    }
}
