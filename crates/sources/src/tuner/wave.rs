//! A WAV file as it comes (RIFF, and RF64 of EBU Tech 3306): its header, then samples, up to its end or without one where it
//! was written into a pipe.

use super::sort::Raw;
use crate::stream::format::{Encoding, Format};

/// Bytes before the samples that are waited for.
const HEAD_BYTES_MAX: usize = 1 << 20;
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// A header, and how much belongs to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) raw: Raw,
    /// Bytes before the samples.
    pub(super) bytes: usize,
    /// Bytes of samples, where that is known.
    pub(super) length: Option<u64>,
}

/// Reads a header; `None` while it is not whole.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>, &'static str> {
    let mut at = 12;
    let mut format = None;
    while let Some((name, rest)) = bytes.get(at..).and_then(<[u8]>::split_first_chunk::<4>) {
        let Some((length, body)) = rest.split_first_chunk::<4>() else {
            break;
        };
        let length = u32::from_le_bytes(*length);
        if name == b"data" {
            let is_known = (1..0xffff_f000).contains(&length) && bytes.starts_with(b"RIFF");
            return Ok(Some(Head {
                raw: format.ok_or("its samples come before what they are")?,
                bytes: at + 8,
                length: is_known.then_some(length.into()),
            }));
        }
        if name == b"fmt " {
            let Some(body) = body.get(..length as usize) else { break };
            format = Some(format_of(body)?);
        }
        // Filled up to an even length.
        at += 8 + length as usize + (length & 1) as usize;
        if at > HEAD_BYTES_MAX {
            return Err("its header has no end");
        }
    }
    if bytes.len() > HEAD_BYTES_MAX {
        return Err("its header has no end");
    }
    Ok(None)
}

fn format_of(body: &[u8]) -> Result<Raw, &'static str> {
    let two = |at: usize| body.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
    let four = |at: usize| Some(u32::from(two(at)?) | u32::from(two(at + 2)?) << 16);
    let parts = || {
        let tag = two(0)?;
        let tag = if tag == EXTENSIBLE { two(24)? } else { tag };
        Some((tag, two(2)?, four(4)?, two(14)?))
    };
    let (tag, channels, rate, bits) = parts().ok_or("its header is cut off")?;
    let encoding = match tag {
        PCM => Encoding::of(bits.into(), false),
        FLOAT => Encoding::of(bits.into(), true),
        _ => None,
    };
    let encoding = encoding.ok_or("it is a WAV of a kind that is not known; use 8 to 32 bits, or floats of 32")?;
    let format = Format::new(encoding, channels.into(), rate);
    Ok(Raw {
        format: format.map_err(|_| "it has a rate or a number of channels that nobody has")?,
        big_endian: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(tag: u16, bits: u16, length: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        for two in [tag, 2] {
            bytes.extend(two.to_le_bytes());
        }
        bytes.extend(44_100_u32.to_le_bytes());
        bytes.extend([0; 6]);
        bytes.extend(bits.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend(length.to_le_bytes());
        bytes
    }

    #[test]
    fn a_header_is_read_once_it_is_whole() {
        let bytes = wave(1, 24, 600);
        for length in 0..bytes.len() {
            assert_eq!(head(&bytes[..length]), Ok(None), "{length}");
        }
        let read = head(&bytes).expect("known").expect("whole");
        let format = Format::new(Encoding::S24, 2, 44_100).expect("a format");
        assert_eq!(
            (read.raw.format, read.bytes, read.length),
            (format, bytes.len(), Some(600))
        );
        for endless in [0, u32::MAX] {
            assert_eq!(head(&wave(3, 32, endless)).expect("known").expect("whole").length, None);
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(head(&wave(2, 4, 600)).is_err());
        assert!(head(&wave(1, 12, 600)).is_err());
        assert!(head(b"RIFF\0\0\0\0WAVEdata\x04\0\0\0").is_err());
        assert!(head(b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff").is_err());
        assert!(head(b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\x01\0data").is_err());
    }
}
