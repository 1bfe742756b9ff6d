//! Titles between the bytes of an MP3 stream, as SHOUTcast made them: every 16000 bytes a length in
//! units of 16 bytes, and so much text. A length of 0 says that the title is still the same.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::title::{Title, cut};

/// Bytes of audio between two titles: `icy-metaint`.
pub const ICY_INTERVAL: usize = 16_000;
/// The longest block: 255 units.
const BLOCK_BYTES_MAX: usize = 255 * 16;

/// Puts titles into one listener's bytes.
#[derive(Debug)]
pub(super) struct Interleaver {
    /// Bytes until the next block.
    left: usize,
    told: Option<Title>,
}

impl Interleaver {
    pub(super) fn new() -> Self {
        Self {
            left: ICY_INTERVAL,
            told: None,
        }
    }

    /// Hands `audio` on in parts, with the blocks that fall between them. The audio itself is not copied.
    pub(super) fn interleave(&mut self, mut audio: Bytes, title: &Title, out: &mut VecDeque<Bytes>) {
        while audio.len() >= self.left {
            out.push_back(audio.split_to(self.left));
            out.push_back(self.block(title));
            self.left = ICY_INTERVAL;
        }
        self.left -= audio.len();
        if !audio.is_empty() {
            out.push_back(audio);
        }
    }

    fn block(&mut self, title: &Title) -> Bytes {
        if self.told.as_ref() == Some(title) {
            return Bytes::from_static(&[0]);
        }
        let (before, after) = ("StreamTitle='", "';");
        let text = title.icy();
        let text = cut(&text, BLOCK_BYTES_MAX - before.len() - after.len());
        let block = [before, text, after].concat();
        let units = block.len().div_ceil(16);
        let mut bytes = Vec::with_capacity(1 + units * 16);
        bytes.push(units as u8);
        bytes.extend_from_slice(block.as_bytes());
        bytes.resize(1 + units * 16, 0);
        self.told = Some(title.clone());
        bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The audio and the titles of an interleaved stream.
    fn taken_apart(mut bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
        let (mut audio, mut titles) = (Vec::new(), Vec::new());
        while bytes.len() > ICY_INTERVAL {
            let (before, after) = bytes.split_at(ICY_INTERVAL);
            audio.extend_from_slice(before);
            let (block, after) = after[1..].split_at(usize::from(after[0]) * 16);
            if !block.is_empty() {
                titles.push(
                    String::from_utf8(block.to_vec())
                        .expect("UTF-8")
                        .trim_end_matches('\0')
                        .to_owned(),
                );
            }
            bytes = after;
        }
        audio.extend_from_slice(bytes);
        (audio, titles)
    }

    fn interleaved(interleaver: &mut Interleaver, audio: Bytes, title: &Title) -> Vec<u8> {
        let mut parts = VecDeque::new();
        interleaver.interleave(audio, title, &mut parts);
        parts.into_iter().flatten().collect()
    }

    #[test]
    fn the_audio_is_untouched_and_a_title_is_told_once() {
        let mut interleaver = Interleaver::new();
        let audio: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        let mut sent = Vec::new();
        for (n, piece) in audio.chunks(417).enumerate() {
            let title = Title::new(if n < 100 { "Jóga 🎵" } else { "it's over" });
            sent.extend(interleaved(&mut interleaver, Bytes::copy_from_slice(piece), &title));
        }
        let (heard, titles) = taken_apart(&sent);
        assert_eq!(heard, audio);
        assert_eq!(titles, ["StreamTitle='Jóga 🎵';", "StreamTitle='it's over';"]);
    }

    #[test]
    fn a_piece_longer_than_the_interval_gets_all_its_blocks() {
        let mut interleaver = Interleaver::new();
        let title = Title::new("a';StreamUrl='b");
        let sent = interleaved(&mut interleaver, Bytes::from(vec![7; 50_000]), &title);
        let (heard, titles) = taken_apart(&sent);
        assert_eq!(heard, vec![7; 50_000]);
        assert_eq!(titles, ["StreamTitle='a\u{2019};StreamUrl='b';"]);
    }
}
