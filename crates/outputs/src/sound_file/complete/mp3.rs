//! An MP3 file whose writer was killed: whole MP3 frames are counted, and the Info header says how many there are.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::{Looked, invalid, overwrite};
use crate::encode::MP3_FRAME;
use crate::sound_file::info_header::{self, Extent};

/// A frame's header, and of MPEG 1, layer III, no other is written.
const KBIT: [u32; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// Counts what is there. The header is one write of less than a page.
pub(super) fn complete(path: &Path) -> io::Result<Looked> {
    let file = File::open(path)?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let at = begin(&mut reader)?;
    reader.seek(SeekFrom::Start(at))?;
    let Some((header, rate)) = next_frame(&mut reader)? else {
        return Err(invalid("it holds no MP3"));
    };
    let Some(told) = info_header::frames_told(&header) else {
        // Somebody else's, or not even begun: all that is there is played.
        return Ok(Looked {
            seconds: None,
            changed: false,
        });
    };
    let (mut extent, mut places) = (Extent::default(), Vec::new());
    while let Some((frame, _)) = next_frame(&mut reader)? {
        extent.include(&frame);
        places.push(extent.bytes);
    }
    let changed = extent.frames > told;
    if changed {
        overwrite(path, at, &info_header::completed(&header, &extent, &places))?;
    }
    let frames = u64::from(extent.frames.max(told)) * MP3_FRAME as u64;
    Ok(Looked {
        seconds: Some(frames as f64 / f64::from(rate)),
        changed,
    })
}

/// Where the first MP3 frame is: behind the tag.
fn begin(reader: &mut impl Read) -> io::Result<u64> {
    let mut tag = [0; 10];
    reader
        .read_exact(&mut tag)
        .map_err(|_| invalid("it is not even a tag long"))?;
    if !tag.starts_with(b"ID3") {
        return Ok(0);
    }
    let size = tag[6..].iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
    Ok(10 + size)
}

/// The next whole MP3 frame and its rate; `None` at the end, or where one was cut off.
fn next_frame(reader: &mut impl Read) -> io::Result<Option<(Vec<u8>, u32)>> {
    let mut head = [0; 4];
    if !fill(reader, &mut head)? {
        return Ok(None);
    }
    let (kbit, rate) = (usize::from(head[2] >> 4), usize::from(head[2] >> 2 & 3));
    let is_ours = head[0] == 0xff && head[1] & 0xfe == 0xfa;
    let (Some(kbit @ 1..), Some(rate), true) = (KBIT.get(kbit).copied(), RATES.get(rate).copied(), is_ours) else {
        return Ok(None);
    };
    let padding = usize::from(head[2] >> 1 & 1);
    let mut frame = vec![0; (144_000 * kbit / rate) as usize + padding];
    frame[..4].copy_from_slice(&head);
    Ok(fill(reader, &mut frame[4..])?.then_some((frame, rate)))
}

/// Fills it, or says that the file ends before.
fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        result => result.map(|()| true),
    }
}
