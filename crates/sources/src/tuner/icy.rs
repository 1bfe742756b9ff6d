//! Takes the titles out of a stream's bytes, as SHOUTcast put them there: after every so many bytes a length in units of 16,
//! and so much text. Untrusted: a block has 4080 bytes at most.

use super::text::one_line;

/// The longest way between two titles that is believed, bytes.
const INTERVAL_MAX: usize = 16 << 20;

/// Parts bytes into audio and titles.
#[derive(Debug)]
pub(super) struct Stripper {
    /// Bytes of audio between two titles; `None`: there are none among them.
    interval: Option<usize>,
    place: Place,
    block: Vec<u8>,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// So many bytes of audio.
    Audio(usize),
    /// The length of a block.
    Length,
    /// So many bytes of a block.
    Block(usize),
}

impl Stripper {
    pub(super) fn new(interval: Option<usize>) -> Self {
        let interval = interval.filter(|interval| (1..=INTERVAL_MAX).contains(interval));
        Self {
            interval,
            place: Place::Audio(interval.unwrap_or(0)),
            block: Vec::new(),
        }
    }

    /// Appends the audio in `bytes` to `audio`, and returns the last title that came by; an empty one says that there is
    /// none.
    pub(super) fn strip(&mut self, mut bytes: &[u8], audio: &mut Vec<u8>) -> Option<String> {
        let Some(interval) = self.interval else {
            audio.extend_from_slice(bytes);
            return None;
        };
        let mut title = None;
        while let Some(first) = bytes.first() {
            match self.place {
                Place::Audio(left) => {
                    let now = bytes.split_off(..left.min(bytes.len())).unwrap_or_default();
                    audio.extend_from_slice(now);
                    let left = left - now.len();
                    self.place = if left == 0 { Place::Length } else { Place::Audio(left) };
                }
                Place::Length => {
                    self.place = match usize::from(*first) * 16 {
                        0 => Place::Audio(interval),
                        length => Place::Block(length),
                    };
                    bytes = &bytes[1..];
                }
                Place::Block(left) => {
                    let now = bytes.split_off(..left.min(bytes.len())).unwrap_or_default();
                    self.block.extend_from_slice(now);
                    self.place = Place::Block(left - now.len());
                    if left == now.len() {
                        title = title_of(&self.block).or(title);
                        self.block.clear();
                        self.place = Place::Audio(interval);
                    }
                }
            }
        }
        title
    }
}

/// `StreamTitle='…';`, where the title itself may have an apostrophe in it. `None`: nothing is said about the title.
fn title_of(block: &[u8]) -> Option<String> {
    let text = crate::text::decode(block);
    let text = text.trim_end_matches('\0');
    let (_, rest) = text.split_once("StreamTitle='")?;
    let end = rest.find("';").or_else(|| rest.rfind('\''))?;
    Some(one_line(&rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Vec<u8> {
        let mut bytes = vec![text.len().div_ceil(16) as u8];
        bytes.extend(text.as_bytes());
        bytes.resize(1 + text.len().div_ceil(16) * 16, 0);
        bytes
    }

    #[test]
    fn titles_leave_the_audio_as_it_was_however_the_bytes_arrive() {
        let title = block("StreamTitle='J\u{f3}ga's own';StreamUrl='http://x/';");
        let stream = [b"abcd", title.as_slice(), b"efgh", &[0], b"ijkl", &title, b"m"].concat();
        for piece in [1, 3, 7, 1000] {
            let (mut stripper, mut audio, mut titles) = (Stripper::new(Some(4)), Vec::new(), Vec::new());
            for bytes in stream.chunks(piece) {
                titles.extend(stripper.strip(bytes, &mut audio));
            }
            assert_eq!(audio, b"abcdefghijklm", "in pieces of {piece}");
            assert_eq!(titles.last().map(String::as_str), Some("J\u{f3}ga's own"));
        }
    }

    #[test]
    fn a_stream_without_titles_and_one_that_lies_about_them_is_passed_on() {
        for interval in [None, Some(0), Some(usize::MAX)] {
            let mut audio = Vec::new();
            assert_eq!(Stripper::new(interval).strip(b"audio", &mut audio), None);
            assert_eq!(audio, b"audio");
        }
        assert_eq!(title_of(b"StreamUrl='x';"), None);
        assert_eq!(title_of(b"StreamTitle='';").as_deref(), Some(""));
        assert_eq!(title_of(b"StreamTitle='cut off"), None);
        assert_eq!(title_of(b"StreamTitle='Caf\xe9'").as_deref(), Some("Caf\u{e9}"));
    }
}
