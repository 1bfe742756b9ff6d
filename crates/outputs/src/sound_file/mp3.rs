//! An MP3 file: an ID3v2.4 tag, the Info header, and whole MP3 frames, which the header counts after every commit.
//!
//! Its end tells players how much silence LAME put before and after, so that they play exactly what was recorded.

use std::fs::File;
use std::io;

use airdesk_dsp::Frame;

use super::file_encoder::FileEncoder;
use super::front::{FRONT_BYTES, replace};
use super::info_header::{Extent, InfoHeader};
use super::tail::Tail;
use super::{Closing, Opening, SoundFile, id3};
use crate::encode::{EncoderSettings, LAME_DELAY, MP3_FRAME};

/// Frames that a decoder's own filter takes from the end, until the file is finished.
const DECODER_DELAY: u64 = 529;

/// The file.
pub(super) struct Mp3File {
    tail: Tail<Extent>,
    encoder: FileEncoder,
    header: InfoHeader,
    /// The header in the file.
    told: Extent,
    /// What a reader finds once all packets are written.
    extent: Extent,
    opening: Vec<u8>,
}

impl Mp3File {
    /// Writes tag and header of an empty file.
    pub(super) fn create(file: File, settings: &EncoderSettings, opening: &Opening) -> io::Result<Self> {
        let encoder = settings.encoder(&"".into()).map_err(io::Error::other)?;
        let header = InfoHeader::new(settings);
        let frames = id3::opening_frames(opening);
        let mut front = id3::tag(&frames);
        front.extend(header.bytes(&Extent::default()));
        let extent = Extent::default();
        Ok(Self {
            tail: Tail::create(file, &front, extent)?,
            encoder: FileEncoder::new(encoder, settings),
            header,
            told: extent,
            extent,
            opening: frames,
        })
    }

    fn take_packets(&mut self) {
        for packet in self.encoder.take_packets() {
            self.extent.include(&packet.bytes);
            self.header.note(&packet.bytes);
            self.tail.push(&packet.bytes, self.extent);
        }
    }

    /// Makes the header say what is in the file.
    fn tell(&mut self) -> io::Result<()> {
        let extent = *self.tail.reached();
        if extent != self.told {
            self.tail.overwrite(FRONT_BYTES as u64, &self.header.bytes(&extent))?;
            self.told = extent;
        }
        Ok(())
    }
}

impl SoundFile for Mp3File {
    fn push(&mut self, frames: &[Frame]) -> io::Result<()> {
        let encoded = self.encoder.push(frames);
        self.take_packets();
        encoded
    }

    fn pending(&self) -> usize {
        self.tail.pending()
    }

    fn commit(&mut self) -> io::Result<()> {
        let written = self.tail.commit();
        self.tell().and(written)
    }

    fn trim(&mut self) -> io::Result<()> {
        self.tail.trim()?;
        self.tell()
    }

    fn finish(&mut self, closing: &Closing) -> io::Result<()> {
        // The padding is known from its last packet.
        self.encoder.end()?;
        self.take_packets();
        self.commit()?;
        let audible = LAME_DELAY + self.encoder.frames_of_file();
        let padding = (u64::from(self.told.frames) * MP3_FRAME as u64).saturating_sub(audible);
        let whole = Extent {
            padding: padding as u16,
            ..self.told
        };
        if !closing.marks.is_empty() {
            let room = id3::ROOM - self.opening.len();
            let chapters = id3::chapter_frames(&closing.marks, self.encoder.pushed(), self.encoder.desk_rate(), room);
            replace(&mut self.tail, &id3::tag(&[&self.opening[..], &chapters].concat()))?;
        }
        self.tail.overwrite(FRONT_BYTES as u64, &self.header.bytes(&whole))?;
        self.told = whole;
        Ok(())
    }

    fn frames(&self) -> u64 {
        let heard = u64::from(self.told.frames) * MP3_FRAME as u64;
        let silent = LAME_DELAY + u64::from(self.told.padding);
        self.encoder.frames_of_desk(heard.saturating_sub(silent))
    }

    fn bytes_on_disk(&self) -> u64 {
        self.tail.bytes_on_disk()
    }
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            frames: 0,
            bytes: 0,
            checksum: 0,
            padding: DECODER_DELAY as u16,
        }
    }
}
