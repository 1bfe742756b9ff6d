//! Opus or Vorbis in an Ogg file: the pages of the stream encoders, one after the other. Each says how long the file is
//! up to it, and what a kill cut off has no checksum and is not even seen; so nothing is ever written twice.

use std::fs::File;
use std::io;

use airdesk_dsp::Frame;

use super::comments::comments;
use super::file_encoder::FileEncoder;
use super::tail::Tail;
use super::{Closing, Opening, SoundFile};
use crate::encode::EncoderSettings;

/// Where an Ogg page's header has its granule position (RFC 3533, section 6).
const GRANULE_AT: usize = 6;

/// The file.
pub(super) struct OggFile {
    /// Its state is the granule position of the last page.
    tail: Tail<u64>,
    encoder: FileEncoder,
    /// Frames at the beginning that a reader leaves out.
    skipped: u64,
}

impl OggFile {
    /// Writes the header pages.
    pub(super) fn create(file: File, settings: &EncoderSettings, opening: &Opening) -> io::Result<Self> {
        let mut encoder = settings.encoder_of(comments(opening)).map_err(io::Error::other)?;
        let mut packets = Vec::new();
        encoder.encode(&[], &mut packets).map_err(io::Error::other)?;
        let header: Vec<u8> = packets.into_iter().flat_map(|packet| packet.bytes).collect();
        let skipped = pre_skip(&header);
        Ok(Self {
            tail: Tail::create(file, &header, 0)?,
            encoder: FileEncoder::new(encoder, settings),
            skipped,
        })
    }

    fn take_packets(&mut self) {
        for packet in self.encoder.take_packets() {
            let granule = packet.bytes.get(GRANULE_AT..).and_then(<[u8]>::first_chunk);
            let granule = granule.map_or(0, |bytes| u64::from_le_bytes(*bytes));
            self.tail.push(&packet.bytes, granule);
        }
    }
}

impl SoundFile for OggFile {
    fn push(&mut self, frames: &[Frame]) -> io::Result<()> {
        let encoded = self.encoder.push(frames);
        self.take_packets();
        encoded
    }

    fn pending(&self) -> usize {
        self.tail.pending()
    }

    fn commit(&mut self) -> io::Result<()> {
        self.tail.commit()
    }

    fn trim(&mut self) -> io::Result<()> {
        self.tail.trim()
    }

    /// Chapters would have to go to the beginning, where Ogg has no room to spare: they are left out.
    fn finish(&mut self, _closing: &Closing) -> io::Result<()> {
        self.encoder.end()?;
        self.take_packets();
        self.commit()
    }

    fn frames(&self) -> u64 {
        let heard = self.tail.reached().saturating_sub(self.skipped);
        self.encoder.frames_of_desk(heard)
    }

    fn bytes_on_disk(&self) -> u64 {
        self.tail.bytes_on_disk()
    }
}

/// What the header says that a reader leaves out at the beginning (RFC 7845, 5.1). Vorbis leaves nothing out.
fn pre_skip(header: &[u8]) -> u64 {
    const HEAD: &[u8] = b"OpusHead";
    let head = header.windows(HEAD.len()).position(|bytes| bytes == HEAD);
    let field = head.and_then(|at| header.get(at + 10..)?.first_chunk());
    field.map_or(0, |bytes| u64::from(u16::from_le_bytes(*bytes)))
}
