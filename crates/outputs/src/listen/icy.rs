//! Titles between the bytes of an MP3 stream, as SHOUTcast made them: every 16000 bytes a length in
//! units of 16 bytes, and so much text. A length of 0 says that the title is still the same.

use bytes::{Bytes, BytesMut};

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

    /// `audio` with the blocks that fall into it.
    pub(super) fn interleave(&mut self, audio: Bytes, title: &Title) -> Bytes {
        if audio.len() < self.left {
            self.left -= audio.len();
            return audio;
        }
        let mut rest = &audio[..];
        let mut out = BytesMut::with_capacity(audio.len() + 256);
        while rest.len() >= self.left {
            let (before, after) = rest.split_at(self.left);
            out.extend_from_slice(before);
            self.push_block(title, &mut out);
            rest = after;
            self.left = ICY_INTERVAL;
        }
        out.extend_from_slice(rest);
        self.left -= rest.len();
        out.freeze()
    }

    fn push_block(&mut self, title: &Title, out: &mut BytesMut) {
        if self.told.as_ref() == Some(title) {
            out.extend_from_slice(&[0]);
            return;
        }
        let (before, after) = ("StreamTitle='", "';");
        let text = title.icy();
        let text = cut(&text, BLOCK_BYTES_MAX - before.len() - after.len());
        let block = [before, text, after].concat();
        let units = block.len().div_ceil(16);
        out.extend_from_slice(&[units as u8]);
        out.extend_from_slice(block.as_bytes());
        out.resize(out.len() + units * 16 - block.len(), 0);
        self.told = Some(title.clone());
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

    #[test]
    fn the_audio_is_untouched_and_a_title_is_told_once() {
        let mut interleaver = Interleaver::new();
        let audio: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
        let mut sent = Vec::new();
        for (n, piece) in audio.chunks(417).enumerate() {
            let title = Title::new(if n < 100 { "Jóga 🎵" } else { "it's over" });
            sent.extend(interleaver.interleave(Bytes::copy_from_slice(piece), &title));
        }
        let (heard, titles) = taken_apart(&sent);
        assert_eq!(heard, audio);
        assert_eq!(titles, ["StreamTitle='Jóga 🎵';", "StreamTitle='it's over';"]);
    }

    #[test]
    fn a_piece_longer_than_the_interval_gets_all_its_blocks() {
        let mut interleaver = Interleaver::new();
        let sent = interleaver.interleave(Bytes::from(vec![7; 50_000]), &Title::new("a';StreamUrl='b"));
        let (heard, titles) = taken_apart(&sent);
        assert_eq!(heard, vec![7; 50_000]);
        assert_eq!(titles, ["StreamTitle='a\u{2019};StreamUrl='b';"]);
    }
}
