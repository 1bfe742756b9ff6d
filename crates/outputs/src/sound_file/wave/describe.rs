//! What a WAV file says about itself: a `bext` chunk (EBU Tech 3285, version 2), `LIST INFO`, and where what begins
//! (`cue ` and `LIST adtl`, Microsoft's RIFF specification of 1991).

use super::super::{Closing, Mark, Opening, SampleFormat};
use crate::title::{cut, one_line};

/// Bytes of a value in `LIST INFO`: seven of them and `bext` stay within a page.
const VALUE_BYTES_MAX: usize = 400;
/// Bytes of `bext` before its coding history.
const BEXT_BYTES: usize = 602;
/// Where `bext` keeps zeros for later versions.
const RESERVED: usize = 180;
/// What stands for a loudness that was not measured.
const NOT_MEASURED: i16 = 0x7fff;

/// The `bext` chunk, where it is known when the file began.
pub(super) fn broadcast(opening: &Opening, closing: Option<&Closing>, format: SampleFormat) -> Vec<u8> {
    let Some(origin) = &opening.origin else {
        return Vec::new();
    };
    let tags = &opening.tags;
    let mut body = Vec::with_capacity(BEXT_BYTES);
    let description = [&tags.title, &tags.artist, &tags.show, &tags.source].map(|part| one_line(part));
    let description = description.iter().filter(|part| !part.is_empty());
    let description = description.cloned().collect::<Vec<_>>().join(" / ");
    body.extend(ascii::<256>(&description));
    body.extend(ascii::<32>("Airdesk"));
    body.extend(ascii::<32>("")); // no reference of the originator's
    body.extend(ascii::<10>(&origin.date));
    body.extend(ascii::<8>(&origin.time));
    body.extend(origin.frames_since_midnight.to_le_bytes());
    body.extend(2_u16.to_le_bytes());
    body.extend([0; 64]); // no UMID
    let measured = |value: Option<f32>| value.map_or(NOT_MEASURED, |value| (value * 100.0).round() as i16);
    let none = Closing::default();
    let closing = closing.unwrap_or(&none);
    for value in [
        closing.loudness,
        closing.loudness_range,
        closing.true_peak,
        closing.momentary_max,
        closing.short_term_max,
    ] {
        body.extend(measured(value).to_le_bytes());
    }
    body.extend([0; RESERVED]);
    debug_assert_eq!(body.len(), BEXT_BYTES);
    let history = format!(
        "A=PCM,F={},W={},M=stereo,T=Airdesk\r\n",
        opening.rate.hz(),
        format.bits()
    );
    body.extend(history.as_bytes());
    if !body.len().is_multiple_of(2) {
        body.push(0); // not every reader (hound, for one) skips the byte that makes a chunk even
    }
    chunk(b"bext", &body)
}

/// The `LIST INFO` chunk, where there is something to say.
pub(super) fn info(opening: &Opening) -> Vec<u8> {
    let tags = &opening.tags;
    let date = opening.origin.as_ref().map_or("", |origin| &origin.date);
    let mut body = b"INFO".to_vec();
    for (id, value) in [
        (b"INAM", &*tags.title),
        (b"IART", &tags.artist),
        (b"IPRD", &tags.show),
        (b"ICMT", &tags.source),
        (b"ICRD", date),
    ] {
        let line = one_line(value);
        let value = cut(&line, VALUE_BYTES_MAX);
        if !value.is_empty() {
            body.extend(chunk(id, &[value.as_bytes(), b"\0"].concat()));
        }
    }
    if body.len() > 4 {
        chunk(b"LIST", &body)
    } else {
        Vec::new()
    }
}

/// The chunks after the audio: a cue point and a label for each mark.
pub(super) fn cue_points(marks: &[Mark]) -> Vec<u8> {
    if marks.is_empty() {
        return Vec::new();
    }
    let mut points = (marks.len() as u32).to_le_bytes().to_vec();
    let mut labels = b"adtl".to_vec();
    for (mark, number) in marks.iter().zip(1_u32..) {
        let frame = u32::try_from(mark.frame).unwrap_or(u32::MAX).to_le_bytes();
        points.extend(number.to_le_bytes());
        points.extend(frame);
        points.extend(b"data");
        points.extend([0; 8]); // no other chunk, no block
        points.extend(frame);
        let title = cut(mark.title.as_str(), VALUE_BYTES_MAX);
        labels.extend(chunk(
            b"labl",
            &[&number.to_le_bytes(), title.as_bytes(), b"\0"].concat(),
        ));
    }
    [chunk(b"cue ", &points), chunk(b"LIST", &labels)].concat()
}

/// A chunk: name, length, body, and a byte that makes its length even.
fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = name.to_vec();
    chunk.extend((body.len() as u32).to_le_bytes());
    chunk.extend(body);
    if !body.len().is_multiple_of(2) {
        chunk.push(0);
    }
    chunk
}

/// Text in a field of `N` bytes; what is not ASCII becomes a question mark.
fn ascii<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [0; N];
    for (byte, c) in field.iter_mut().zip(text.chars()) {
        *byte = if c.is_ascii() { c as u8 } else { b'?' };
    }
    field
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::SampleRate;

    use super::super::header::Header;
    use super::*;
    use crate::sound_file::{Origin, Tags};

    #[test]
    fn the_longest_header_is_shorter_than_a_page() {
        let long = "é".repeat(4_096);
        let opening = Opening {
            tags: Tags {
                title: long.clone(),
                artist: long.clone(),
                show: long.clone(),
                source: long.clone(),
            },
            origin: Some(Origin {
                date: long.clone(),
                time: long,
                frames_since_midnight: u64::MAX,
            }),
            ..Opening::new(SampleRate::DESK)
        };
        let header = Header::new(SampleFormat::Float32, &opening);
        assert!(header.bytes(0, 0, None).len() < 4_096);
    }
}
