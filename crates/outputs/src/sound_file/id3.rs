//! An ID3v2.4 tag of a fixed size at the beginning of an MP3 file: UTF-8, with padding that later takes chapters.
//!
//! "ID3 tag version 2.4.0 - Main Structure" and "- Native Frames"; chapters: "ID3v2 Chapter Frame Addendum" 1.0.

use super::front::FRONT_BYTES;
use super::{Mark, Opening};
use crate::encode::VALUE_BYTES_MAX;
use crate::title::{cut, one_line};

/// The tag's header.
const HEADER: usize = 10;
/// Text in UTF-8.
const UTF_8: u8 = 3;
/// What a table of contents counts with one byte.
const CHAPTERS_MAX: usize = 255;
/// The table's name.
const TABLE: &[u8] = b"toc\0";

/// The frames that are known when a file begins.
pub(super) fn opening_frames(opening: &Opening) -> Vec<u8> {
    let tags = &opening.tags;
    let date = opening.origin.as_ref();
    let date = date.map_or_else(String::new, |origin| format!("{}T{}", origin.date, origin.time));
    let mut frames = Vec::new();
    for (id, value) in [
        (b"TIT2", &tags.title),
        (b"TPE1", &tags.artist),
        (b"TALB", &tags.show),
        (b"TDRC", &date),
    ] {
        push_text(&mut frames, id, value);
    }
    let source = line(&tags.source);
    if !source.is_empty() {
        let body = [&[UTF_8][..], b"eng\0", source.as_bytes()].concat(); // the language must be one, and is not known
        push_frame(&mut frames, b"COMM", &body);
    }
    frames
}

/// A table of contents and its chapters: as many of `marks` as fit into `room` bytes.
pub(super) fn chapter_frames(marks: &[Mark], end: u64, rate: u32, room: usize) -> Vec<u8> {
    let mut chapters = Vec::new();
    let mut entries = Vec::new();
    for (n, mark) in marks.iter().take(CHAPTERS_MAX).enumerate() {
        let name = format!("ch{n}\0").into_bytes();
        let until = marks.get(n + 1).map_or(end, |next| next.frame);
        let mut body = name.clone();
        for frame in [mark.frame, until] {
            body.extend(milliseconds(frame, rate).to_be_bytes());
        }
        body.extend([0xff; 8]); // places in bytes are not given
        // Of a chapter players show this frame and no other: the artist stands in it, too.
        push_text(&mut body, b"TIT2", mark.title.as_str());
        let before = chapters.len();
        push_frame(&mut chapters, b"CHAP", &body);
        if chapters.len() + table(&entries).len() + name.len() > room {
            chapters.truncate(before);
            break;
        }
        entries.push(name);
    }
    if entries.is_empty() {
        return Vec::new();
    }
    [table(&entries), chapters].concat()
}

/// The whole tag: header, frames, and padding up to [`FRONT_BYTES`].
pub(super) fn tag(frames: &[u8]) -> Vec<u8> {
    let mut tag = b"ID3\x04\x00\x00".to_vec();
    tag.extend(synchsafe(FRONT_BYTES - HEADER));
    tag.extend(frames);
    tag.resize(FRONT_BYTES, 0);
    tag
}

/// Bytes of the tag that frames may take.
pub(super) const ROOM: usize = FRONT_BYTES - HEADER;

fn table(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = TABLE.to_vec();
    body.push(0b11); // it is the whole file's, and in order
    body.push(entries.len() as u8);
    body.extend(entries.concat());
    let mut frame = Vec::new();
    push_frame(&mut frame, b"CTOC", &body);
    frame
}

fn push_text(frames: &mut Vec<u8>, id: &[u8; 4], value: &str) {
    let line = line(value);
    if !line.is_empty() {
        push_frame(frames, id, &[&[UTF_8], line.as_bytes()].concat());
    }
}

fn push_frame(frames: &mut Vec<u8>, id: &[u8; 4], body: &[u8]) {
    frames.extend(id);
    frames.extend(synchsafe(body.len()));
    frames.extend([0; 2]);
    frames.extend(body);
}

/// One line, of a length that keeps all that is known at the beginning in the file's first page.
fn line(value: &str) -> String {
    let line = one_line(value);
    cut(&line, VALUE_BYTES_MAX).trim_end().to_owned()
}

/// 28 bits in four bytes of seven.
fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8)
}

fn milliseconds(frame: u64, rate: u32) -> u32 {
    u32::try_from(frame * 1000 / u64::from(rate)).unwrap_or(u32::MAX)
}
