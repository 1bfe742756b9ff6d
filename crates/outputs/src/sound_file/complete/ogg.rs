//! An Ogg file whose writer was killed (RFC 3533): the last whole page is made the last one of the stream. How long the stream is
//! stands in it already.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Looked, overwrite};

/// A page's header without its table of segments.
const HEADER_BYTES: usize = 27;
const KIND_AT: usize = 5;
const CHECKSUM_AT: usize = 22;
const LAST: u8 = 4;
/// The largest page there can be, and what was cut off behind it.
const TAIL_BYTES: u64 = 4 * 65_536;

/// Marks the end, in one write of a page's header.
pub(super) fn complete(path: &Path) -> io::Result<Looked> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let untouched = Looked {
        seconds: None,
        changed: false,
    };
    let last = tail.windows(4).enumerate().rev().filter(|(_, bytes)| *bytes == b"OggS");
    let last = last
        .map(|(at, _)| at)
        .find_map(|at| Some((at, whole_page(&tail[at..])?)));
    let Some((at, page)) = last else {
        return Ok(untouched);
    };
    // Without a packet of sound there is nothing to end.
    if page[KIND_AT] & LAST != 0 || page[6..14] == [0; 8] {
        return Ok(untouched);
    }
    let mut page = page.to_vec();
    page[KIND_AT] |= LAST;
    page[CHECKSUM_AT..CHECKSUM_AT + 4].fill(0);
    let sum = checksum(&page).to_le_bytes();
    page[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&sum);
    overwrite(path, from + at as u64, &page[..HEADER_BYTES])?;
    Ok(Looked {
        changed: true,
        ..untouched
    })
}

/// The page that begins here, if all of it is there.
fn whole_page(bytes: &[u8]) -> Option<&[u8]> {
    let segments = usize::from(*bytes.get(HEADER_BYTES - 1)?);
    let table = bytes.get(HEADER_BYTES..HEADER_BYTES + segments)?;
    let body: usize = table.iter().map(|length| usize::from(*length)).sum();
    let page = bytes.get(..HEADER_BYTES + segments + body)?;
    let told = u32::from_le_bytes(*page[CHECKSUM_AT..].first_chunk()?);
    let mut blank = page.to_vec();
    blank[CHECKSUM_AT..CHECKSUM_AT + 4].fill(0);
    (checksum(&blank) == told).then_some(page)
}

/// CRC-32 with the polynomial 0x04c11db7, most significant bit first, from nought.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc: u32, _| {
            if crc & 0x8000_0000 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x04c1_1db7
            }
        })
    })
}
