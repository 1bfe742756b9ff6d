//! Takes the titles out of the bytes of an MP3 stream, as SHOUTcast put them there: every so many bytes a length in units
//! of 16 bytes, and so much text. Untrusted: a block has 4080 bytes at most.

use crate::icecast::tuned::icy_title;

/// Parts a listener's bytes into audio and titles.
#[derive(Debug)]
pub(super) struct Stripper {
    /// Bytes of audio between two titles; `None` where there are none among them.
    interval: Option<usize>,
    place: Place,
    /// The block that is being read.
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
        let interval = interval.filter(|interval| *interval > 0);
        Self {
            interval,
            place: Place::Audio(interval.unwrap_or(0)),
            block: Vec::new(),
        }
    }

    /// Titles are among the bytes.
    pub(super) fn has_titles(&self) -> bool {
        self.interval.is_some()
    }

    /// Hands on the audio in `bytes`, and returns the last title that it came by.
    pub(super) fn strip(&mut self, mut bytes: &[u8], mut audio: impl FnMut(&[u8])) -> Option<String> {
        let Some(interval) = self.interval else {
            audio(bytes);
            return None;
        };
        let mut title = None;
        while !bytes.is_empty() {
            match self.place {
                Place::Audio(left) => {
                    let (now, rest) = bytes.split_at(left.min(bytes.len()));
                    audio(now);
                    bytes = rest;
                    let left = left - now.len();
                    self.place = if left == 0 { Place::Length } else { Place::Audio(left) };
                }
                Place::Length => {
                    self.place = match usize::from(bytes[0]) * 16 {
                        0 => Place::Audio(interval),
                        length => Place::Block(length),
                    };
                    bytes = &bytes[1..];
                }
                Place::Block(left) => {
                    let (now, rest) = bytes.split_at(left.min(bytes.len()));
                    self.block.extend_from_slice(now);
                    bytes = rest;
                    self.place = Place::Block(left - now.len());
                    if left == now.len() {
                        title = icy_title(&self.block).or(title);
                        self.block.clear();
                        self.place = Place::Audio(interval);
                    }
                }
            }
        }
        title
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Audio and titles that a listener got, in pieces of `piece` bytes.
    fn stripped(stream: &[u8], interval: Option<usize>, piece: usize) -> (Vec<u8>, Vec<String>) {
        let (mut stripper, mut audio, mut titles) = (Stripper::new(interval), Vec::new(), Vec::new());
        for bytes in stream.chunks(piece) {
            titles.extend(stripper.strip(bytes, |bytes| audio.extend_from_slice(bytes)));
        }
        (audio, titles)
    }

    #[test]
    fn titles_leave_the_audio_as_it_was_however_the_bytes_arrive() {
        let mut block = b"StreamTitle='J\xc3\xb3ga';".to_vec();
        block.resize(32, 0);
        let stream = [b"abcd", &[2][..], &block, b"efgh", &[0], b"ijkl", &[2], &block, b"m"].concat();
        for piece in [1, 3, 7, 1000] {
            let (audio, titles) = stripped(&stream, Some(4), piece);
            assert_eq!(audio, b"abcdefghijklm", "in pieces of {piece}");
            assert_eq!(titles.last().map(String::as_str), Some("Jóga"));
        }
        let (audio, titles) = stripped(&stream, None, 5);
        assert_eq!((audio.as_slice(), titles.len()), (stream.as_slice(), 0));
        assert_eq!(stripped(b"abc", Some(0), 1).0, b"abc");
    }
}
