//! The last pages of an Ogg file (RFC 3533), where Symphonia cannot seek to and be right: the last page says where its
//! sound ends and not how much of it is to be left out, which only the page before tells.

use std::io::{self, Read, Seek, SeekFrom};

/// Two pages of the greatest size are in here whole.
const TAIL: u64 = 3 * 65_307;

/// How a file ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Granule at the end of the last page.
    pub(super) end: Option<u64>,
    /// Granule at the end of the page before it, from where seeking by pages is no longer exact.
    pub(super) last_page: Option<u64>,
    /// There is another stream, beside it or behind it.
    pub(super) is_shared: bool,
}

/// The length of a file up to the end of its last whole page, of which Symphonia needs one at the end. `None`: it is no Ogg
/// file, or has none.
pub(super) fn whole(source: &mut (impl Read + Seek), length: u64) -> io::Result<Option<u64>> {
    let mut bytes = Vec::new();
    source.take(4).read_to_end(&mut bytes)?;
    if bytes != *b"OggS" {
        return Ok(None);
    }
    bytes.clear();
    let from = length.saturating_sub(TAIL);
    source.seek(SeekFrom::Start(from))?;
    source.take(TAIL).read_to_end(&mut bytes)?;
    let (mut at, mut end) = (0, None);
    while let Some(page) = bytes.get(at..) {
        match page_header(page) {
            Some((page_bytes, ..)) => {
                at += page_bytes;
                end = Some(from + at as u64);
            }
            None => at += 1,
        }
    }
    Ok(end)
}

/// Reads how a file of this length ends for the stream with this serial number.
pub(super) fn tail(source: &mut (impl Read + Seek), length: u64, serial: u32) -> io::Result<Tail> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    source.take(TAIL).read_to_end(&mut bytes)?;
    let mut tail = Tail::default();
    let mut at = 0;
    while let Some(page) = bytes.get(at..) {
        let Some((page_bytes, granule, of)) = page_header(page) else {
            at += 1;
            continue;
        };
        if of != serial {
            tail.is_shared = true;
        } else if granule != u64::MAX {
            tail.last_page = tail.end;
            tail.end = Some(granule);
        }
        at += page_bytes;
    }
    Ok(tail)
}

/// Bytes, granule and serial number of a whole page.
fn page_header(page: &[u8]) -> Option<(usize, u64, u32)> {
    if !page.starts_with(b"OggS\0") {
        return None;
    }
    let granule = u64::from_le_bytes(page.get(6..14)?.try_into().ok()?);
    let serial = u32::from_le_bytes(page.get(14..18)?.try_into().ok()?);
    let segments = usize::from(*page.get(26)?);
    let body: usize = page
        .get(27..27 + segments)?
        .iter()
        .map(|length| usize::from(*length))
        .sum();
    let bytes = 27 + segments + body;
    (page.len() >= bytes).then_some((bytes, granule, serial))
}
