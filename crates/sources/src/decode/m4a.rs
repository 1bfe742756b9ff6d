//! What Symphonia does not say of an MP4 file: which part of a track is heard (ISO/IEC 14496-12, 8.6.6, and Apple's
//! `iTunSMPB`), and whether it is encrypted.

use std::io::{self, Read, Seek, SeekFrom};

/// The most bytes of a `moov` box: an audiobook of a day has 16 MB.
const MOVIE_MAX: u64 = 20 << 20;

/// What is heard of a track, in frames of its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) from: u64,
    pub(super) to: Option<u64>,
}

/// A file's `moov` box without its header. `None`: there is none, or it is too large.
pub(super) fn movie(source: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let mut at = 0_u64;
    loop {
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 16];
        let mut filled = 0;
        while filled < header.len() {
            match source.read(&mut header[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        let Some((size, kind, header_bytes)) = box_header(&header[..filled]) else {
            return Ok(None);
        };
        if &kind == b"moov" {
            let mut movie = Vec::new();
            let length = if size == 0 { u64::MAX } else { size - header_bytes };
            source.seek(SeekFrom::Start(at + header_bytes))?;
            source.take(length.min(MOVIE_MAX + 1)).read_to_end(&mut movie)?;
            return Ok((movie.len() as u64 <= MOVIE_MAX).then_some(movie));
        }
        if size < header_bytes {
            return Ok(None); // to the end of the file, or nonsense
        }
        at = at.saturating_add(size);
    }
}

/// Whether a track of sound is encrypted.
pub(super) fn is_protected(movie: &[u8]) -> bool {
    boxes(movie).filter(|(kind, _)| kind == b"trak").any(|(_, track)| {
        let table = inside(track, &[b"mdia", b"minf", b"stbl", b"stsd"]).unwrap_or_default();
        // Version and count, then the entries.
        boxes(table.get(8..).unwrap_or_default()).any(|(kind, _)| matches!(&kind, b"drms" | b"enca" | b"p608"))
    })
}

/// What is heard of the track with this id, of `length` frames, by its edit list. `None`: it has none that is understood.
pub(super) fn part(movie: &[u8], track_id: u32, length: Option<u64>) -> Option<Part> {
    let movie_clock = clock(inside(movie, &[b"mvhd"])?)?;
    let track = boxes(movie).filter(|(kind, _)| kind == b"trak").find(|(_, track)| {
        inside(track, &[b"tkhd"]).and_then(|header| {
            let at = if *header.first()? == 0 { 12 } else { 20 };
            number(header, at, 4)
        }) == Some(track_id.into())
    });
    let (_, track) = track?;
    let track_clock = clock(inside(track, &[b"mdia", b"mdhd"])?)?;
    let list = inside(track, &[b"edts", b"elst"])?;
    let is_wide = *list.first()? == 1;
    let (width, entry_bytes) = if is_wide { (8, 20) } else { (4, 12) };
    let count = number(list, 4, 4)?.min(64);
    let empty = if is_wide { u64::MAX } else { u64::from(u32::MAX) };
    for entry in 0..count as usize {
        let at = 8 + entry * entry_bytes;
        let (duration, from) = (number(list, at, width)?, number(list, at + width, width)?);
        if from == empty {
            continue; // a pause before it
        }
        let heard =
            (u128::from(duration) * u128::from(track_clock) + u128::from(movie_clock / 2)) / u128::from(movie_clock);
        let to = u64::try_from(heard)
            .ok()
            .filter(|heard| *heard > 0)
            .map(|heard| from.saturating_add(heard));
        // The movie's clock is often coarse: within one tick of it, the track's own end is meant.
        let tick = track_clock.div_ceil(movie_clock);
        let to = match (to, length) {
            (Some(to), Some(length)) if to + tick >= length => Some(length),
            (to, length) => to.or(length),
        };
        return Some(Part { from, to });
    }
    None
}

/// What iTunes says of a track: ` 00000000 00000840 000001CA 00000000003F31F6 …`, in hexadecimal: nothing, what comes before,
/// what comes behind, and how much is heard.
pub(super) fn itunes_part(text: &str) -> Option<Part> {
    let mut numbers = text
        .split_whitespace()
        .map(|number| u64::from_str_radix(number, 16).ok());
    let (_, from, _, heard) = (numbers.next()??, numbers.next()??, numbers.next()??, numbers.next()??);
    Some(Part {
        from,
        to: (heard > 0).then(|| from.saturating_add(heard)),
    })
}

/// Ticks a second of an `mvhd` or `mdhd` box.
fn clock(header: &[u8]) -> Option<u64> {
    let at = if *header.first()? == 0 { 12 } else { 20 };
    number(header, at, 4).filter(|clock| *clock > 0)
}

/// A big-endian number of so many bytes.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + width)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Size with the header (0: to the end), kind, and bytes of the header.
fn box_header(bytes: &[u8]) -> Option<(u64, [u8; 4], u64)> {
    let (size, kind) = (number(bytes, 0, 4)?, bytes.get(4..8)?.try_into().ok()?);
    if size == 1 {
        return Some((number(bytes, 8, 8)?, kind, 16));
    }
    Some((size, kind, 8))
}

/// The boxes that stand one after the other.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (size, kind, header_bytes) = box_header(bytes)?;
        let size = if size == 0 { bytes.len() as u64 } else { size };
        let header_bytes = header_bytes as usize;
        let size = usize::try_from(size).ok().filter(|size| *size >= header_bytes)?;
        let (this, rest) = bytes.split_at_checked(size)?;
        bytes = rest;
        Some((kind, &this[header_bytes..]))
    })
}

/// What is in the first box of each kind, one inside the other.
fn inside<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else {
        return Some(bytes);
    };
    let (_, within) = boxes(bytes).find(|(kind, _)| kind == *first)?;
    inside(within, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).expect("small");
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    /// A movie of one track with id 1 and the clocks 1000 and 44100, and this edit list.
    fn movie_with(edits: &[[u32; 3]]) -> Vec<u8> {
        let header = |clock: u32| [&[0; 12][..], &clock.to_be_bytes(), &[0; 4]].concat();
        let count = u32::try_from(edits.len()).expect("few");
        let entries = edits.iter().flatten().flat_map(|number| number.to_be_bytes());
        let list: Vec<u8> = [0; 4].into_iter().chain(count.to_be_bytes()).chain(entries).collect();
        let track = [
            boxed(b"tkhd", &[&[0; 12][..], &1_u32.to_be_bytes()].concat()),
            boxed(b"edts", &boxed(b"elst", &list)),
            boxed(b"mdia", &boxed(b"mdhd", &header(44_100))),
        ];
        [boxed(b"mvhd", &header(1000)), boxed(b"trak", &track.concat())].concat()
    }

    #[test]
    fn an_edit_list_says_what_is_heard_and_a_coarse_clock_does_not_cut_it() {
        let movie = movie_with(&[[500, u32::MAX, 0x1_0000], [2000, 1024, 0x1_0000]]);
        // 1024 and two seconds; the track itself ends 20 frames later, less than a tick of the movie.
        let part_of = |length| part(&movie, 1, length);
        assert_eq!(
            part_of(Some(89_244)),
            Some(Part {
                from: 1024,
                to: Some(89_244)
            })
        );
        assert_eq!(
            part_of(Some(90_000)),
            Some(Part {
                from: 1024,
                to: Some(89_224)
            })
        );
        assert_eq!(part(&movie, 2, None), None);
        for cut in 0..movie.len() {
            let _ = part(&movie[..cut], 1, None); // no panic
        }
    }

    #[test]
    fn what_itunes_says_is_understood() {
        let text = " 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
        assert_eq!(
            itunes_part(text),
            Some(Part {
                from: 0x840,
                to: Some(0x840 + 0x3f_31f6)
            })
        );
        assert_eq!(itunes_part("nonsense"), None);
    }
}
