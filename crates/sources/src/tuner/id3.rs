//! Tags before sound and beside it (ID3v2.3 and 2.4): artist and title, and how long the tag is. Untrusted: what does not fit is
//! no title.

use super::text::one_line;

/// What a tag begins with, and the bytes before its own.
pub(super) const TAG: &[u8] = b"ID3";
pub(super) const HEADER_BYTES: usize = 10;
/// Bytes of a tag in which a title is looked for: a picture may follow.
const LOOKED_AT_MAX: usize = 64 * 1024;

/// All of the tag that `bytes` begin with; `None`: more has to come to tell.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<HEADER_BYTES>()?;
    Some(HEADER_BYTES + seven_bits(&header[6..]))
}

/// Artist and title of a tag.
pub(super) fn title(tag: &[u8]) -> Option<String> {
    let [b'I', b'D', b'3', version @ 3..=4, _, flags, ..] = *tag else {
        return None;
    };
    let all = length(tag)?.min(tag.len());
    let mut rest = tag.get(HEADER_BYTES..all)?;
    if flags & 0x40 != 0 {
        // A second header. Its length counts itself from version 4 on.
        let size = rest.get(..4)?;
        let skip = if version == 4 {
            seven_bits(size)
        } else {
            4 + eight_bits(size)
        };
        rest = rest.get(skip..)?;
    }
    let (mut artist, mut title) = (None, None);
    while let Some((head, body)) = rest.split_first_chunk::<HEADER_BYTES>() {
        let size = if version == 4 {
            seven_bits(&head[4..8])
        } else {
            eight_bits(&head[4..8])
        };
        let Some((body, more)) = body.split_at_checked(size) else {
            break;
        };
        rest = more;
        match &head[..4] {
            b"TPE1" => artist = text(body),
            b"TIT2" => title = text(body),
            [0, ..] => break,
            _ => {}
        }
    }
    match (artist, title) {
        (Some(artist), Some(title)) => Some(one_line(&format!("{artist} - {title}"))),
        (artist, title) => title.or(artist),
    }
}

/// Takes the tags off the beginning of what comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Untagged {
    /// What has come of a tag, or of what may be one.
    begun: Vec<u8>,
    /// Bytes of a tag that are still to come, and are not looked at.
    skip: usize,
    /// What comes is sound.
    is_over: bool,
}

impl Untagged {
    /// Gives what is no tag of `bytes`. Returns a title, where one was there.
    pub(super) fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Option<String> {
        if self.is_over {
            out.extend_from_slice(bytes);
            return None;
        }
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.begun.extend_from_slice(&bytes[skipped..]);
        let mut found = None;
        loop {
            let is_tag = self.begun.starts_with(TAG);
            if !is_tag && !TAG.starts_with(&self.begun) {
                self.is_over = true;
                out.append(&mut self.begun);
                return found;
            }
            let Some(length) = length(&self.begun).filter(|_| is_tag) else {
                return found;
            };
            if self.begun.len() < length.min(LOOKED_AT_MAX) {
                return found;
            }
            found = title(&self.begun).or(found);
            let there = length.min(self.begun.len());
            self.skip = length - there;
            self.begun.drain(..there);
        }
    }

    /// What has come and waits, at the end: it is no tag.
    pub(super) fn rest(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.begun);
    }
}

fn seven_bits(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7f))
}

fn eight_bits(bytes: &[u8]) -> usize {
    bytes.iter().take(4).fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// A frame of text: how it is encoded, and its words, of which the first counts.
fn text(body: &[u8]) -> Option<String> {
    let (encoding, words) = body.split_first()?;
    let wide = |big_endian: bool, bytes: &[u8]| {
        let unit = |two: &[u8]| match big_endian {
            true => u16::from_be_bytes([two[0], two[1]]),
            false => u16::from_le_bytes([two[0], two[1]]),
        };
        let units: Vec<u16> = bytes.chunks_exact(2).map(unit).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match (encoding, words) {
        (0, _) => words.iter().map(|byte| char::from(*byte)).collect(),
        (1, [0xff, 0xfe, rest @ ..]) => wide(false, rest),
        (1, [0xfe, 0xff, rest @ ..]) | (2, rest) => wide(true, rest),
        (1, _) => wide(false, words),
        _ => String::from_utf8_lossy(words).into_owned(),
    };
    let first = text.split('\0').next().unwrap_or_default();
    Some(one_line(first)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(frames: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let size = |bytes: usize| [21, 14, 7, 0].map(|shift| (bytes >> shift & 0x7f) as u8);
        let mut body = Vec::new();
        for (name, content) in frames {
            body.extend(*name);
            body.extend(size(content.len()));
            body.extend([0, 0]);
            body.extend(*content);
        }
        [&b"ID3\x04\0\0"[..], &size(body.len()), &body].concat()
    }

    #[test]
    fn artist_and_title_are_read_in_every_encoding() {
        let utf16 = [&b"\x01\xff\xfe"[..], &[0x4a, 0, 0xf3, 0, 0x67, 0, 0x61, 0, 0, 0]].concat();
        for title_bytes in [&b"\x03J\xc3\xb3ga\0more"[..], b"\0J\xf3ga", &utf16] {
            let tag = tag(&[
                (b"PRIV", b"owner"),
                (b"TIT2", title_bytes),
                (b"TPE1", b"\x03Bj\xc3\xb6rk"),
            ]);
            assert_eq!(title(&tag).as_deref(), Some("Bj\u{f6}rk - J\u{f3}ga"));
            for cut in 0..tag.len() {
                title(&tag[..cut]); // no panic
            }
        }
        assert_eq!(title(&tag(&[(b"PRIV", b"owner")])), None);
        assert_eq!(title(&[0xff; 64]), None);
    }

    #[test]
    fn tags_are_taken_off_wherever_they_are_cut_and_sound_stays_as_it_was() {
        let picture = vec![7; 100_000];
        let tagged = [
            tag(&[(b"TIT2", b"\x03One")]),
            tag(&[(b"TIT2", b"\x03Two"), (b"APIC", &picture)]),
        ]
        .concat();
        for sound in [&b"\xff\xfbsound"[..], b"IDsound"] {
            let bytes = [tagged.as_slice(), sound].concat();
            for piece in [1, 7, 1_000, usize::MAX] {
                let (mut untagged, mut out, mut titles) = (Untagged::default(), Vec::new(), Vec::new());
                for bytes in bytes.chunks(piece.min(bytes.len())) {
                    titles.extend(untagged.take(bytes, &mut out));
                }
                assert_eq!(
                    (out.as_slice(), titles.last().map(String::as_str)),
                    (sound, Some("Two"))
                );
            }
        }
        let (mut untagged, mut out) = (Untagged::default(), Vec::new());
        untagged.take(b"ID", &mut out);
        untagged.rest(&mut out);
        assert_eq!(out, b"ID");
    }
}
