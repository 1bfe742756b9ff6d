//! What a WAV file says about itself: a list of texts, or a tag as MP3 files have it. Symphonia 0.6.1 reads the list and drops
//! it, and stops at the sound, behind which either stands as often as before.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::{MetadataOptions, MetadataReader, StandardTag};
use symphonia::default::meta::Id3v2Reader;

use super::tags::About;

/// Chunks that are looked at.
const CHUNKS_MAX: usize = 100;
/// The largest list of texts and the largest tag, pictures and all, in bytes.
const LIST_MAX: u64 = 1 << 16;
const TAG_MAX: u64 = 8 << 20;

/// Adds what there is to `about`. `large` is how many bytes of sound there are if that is more than the file can say in 32
/// bits.
pub(super) fn include(source: &mut (impl Read + Seek), large: Option<u64>, about: &mut About) -> io::Result<()> {
    let mut at = 12_u64;
    for _ in 0..CHUNKS_MAX {
        let mut header = [0; 8];
        source.seek(SeekFrom::Start(at))?;
        if source.read_exact(&mut header).is_err() {
            break;
        }
        let [a, b, c, d, size @ ..] = header;
        let mut size = u64::from(u32::from_le_bytes(size));
        match (&[a, b, c, d], large) {
            (b"data", Some(large)) if size == u64::from(u32::MAX) => size = large,
            (b"LIST", _) if size <= LIST_MAX => include_list(&bytes(source, size)?, about),
            (b"id3 " | b"ID3 ", _) if size <= TAG_MAX => include_tag(bytes(source, size)?, about),
            _ => {}
        }
        at = at.saturating_add(8 + size + size % 2);
    }
    Ok(())
}

fn bytes(source: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn include_list(list: &[u8], about: &mut About) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else {
        return;
    };
    while let Some((&[a, b, c, d, e, f, g, h], behind)) = rest.split_first_chunk() {
        let size = u32::from_le_bytes([e, f, g, h]) as usize;
        let Some(value) = behind.get(..size) else {
            return;
        };
        let value = Arc::new(text(value));
        let tag = match &[a, b, c, d] {
            b"INAM" => Some(StandardTag::TrackTitle(value)),
            b"IART" => Some(StandardTag::Artist(value)),
            b"IPRD" => Some(StandardTag::Album(value)),
            b"IGNR" => Some(StandardTag::Genre(value)),
            b"ICRD" => Some(StandardTag::ReleaseDate(value)),
            b"IPRT" | b"ITRK" => value.trim().parse().ok().map(StandardTag::TrackNumber),
            _ => None,
        };
        if let Some(tag) = tag {
            about.tags.include_standard(&tag);
        }
        rest = behind.get(size + size % 2..).unwrap_or_default();
    }
}

/// Up to the first zero.
fn text(value: &[u8]) -> String {
    crate::text::decode(value.split(|byte| *byte == 0).next().unwrap_or_default())
}

/// One that cannot be read is none.
fn include_tag(bytes: Vec<u8>, about: &mut About) {
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let read = Id3v2Reader::try_new(source, MetadataOptions::default()).and_then(|mut reader| reader.read_all());
    match read {
        Ok(metadata) => about.include(&metadata.revision),
        Err(error) => tracing::debug!(%error, "a tag of a WAV file cannot be read"),
    }
}
