//! A WAV file that is valid after every write, and becomes RF64 in place when it outgrows 4 GiB.
//!
//! Why our own: `hound` writes a wrong header past 4 GiB and none before it is closed; `waveadapter`
//! must be told before the first frame whether a file becomes RF64. Here the header keeps a `JUNK`
//! chunk of the size of `ds64`; the header that outgrows 32 bits puts `ds64` in its place and `RF64`
//! for `RIFF` (EBU Tech 3306, section 4), in one write of less than a page.
//!
//! What is known of it at the beginning, and room for its loudness, is in the header too (`bext`, `LIST INFO`); marks
//! follow the audio (`cue `, `LIST adtl`) when it is over. It is the header that makes them count, so a kill in between
//! leaves the file as it was.
//!
//! Integers of 16 and 24 bits are format 1, floats are format 3 with a `fact` chunk: ffmpeg, SoX and
//! libsndfile read all of them, and none needs `WAVE_FORMAT_EXTENSIBLE` for two channels.

mod describe;
mod header;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use airdesk_dsp::Frame;

use self::describe::cue_points;
use self::header::Header;
use super::sample_format::Converter;
use super::tail::write_some;
use super::{Closing, Opening, SampleFormat, SoundFile};

/// The file, and how much of it is valid.
pub(crate) struct WaveFile {
    file: File,
    format: SampleFormat,
    header: Header,
    header_bytes: u64,
    /// Frames that a reader finds: in the file and in the header.
    frames: u64,
    /// Bytes of the chunks after the audio, once it is over.
    after: u64,
    converter: Converter,
    bytes: Vec<u8>,
}

impl WaveFile {
    /// Writes the header of an empty recording.
    pub(crate) fn create(mut file: File, format: SampleFormat, opening: &Opening) -> io::Result<Self> {
        let header = Header::new(format, opening);
        let bytes = header.bytes(0, 0, None);
        file.write_all(&bytes)?;
        Ok(Self {
            file,
            format,
            header,
            header_bytes: bytes.len() as u64,
            frames: 0,
            after: 0,
            converter: Converter::new(format),
            bytes: Vec::new(),
        })
    }

    fn write_header(&mut self, frames: u64) -> io::Result<()> {
        let header = self.header.bytes(frames, self.after, None);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)
    }

    /// Where the audio ends.
    fn end(&self) -> u64 {
        self.header_bytes + self.frames * self.format.frame_bytes()
    }

    /// Makes the file as if `frames` frames had been recorded, without writing them (tests of 4 GiB).
    #[cfg(test)]
    pub(crate) fn pretend(&mut self, frames: u64) -> io::Result<()> {
        self.begin_silent(frames).map(drop)
    }
}

impl SoundFile for WaveFile {
    fn push(&mut self, frames: &[Frame]) -> io::Result<()> {
        self.converter.convert(frames, &mut self.bytes);
        Ok(())
    }

    fn push_silence(&mut self, frames: u64) -> io::Result<()> {
        let length = self.bytes.len() + (frames * self.format.frame_bytes()) as usize;
        self.bytes.resize(length, 0);
        Ok(())
    }

    /// Zeros that nobody has written take no room.
    fn begin_silent(&mut self, frames: u64) -> io::Result<bool> {
        debug_assert!(self.frames == 0 && self.bytes.is_empty(), "it holds nothing yet");
        self.file
            .set_len(self.header_bytes + frames * self.format.frame_bytes())?;
        self.write_header(frames)?;
        self.frames = frames;
        Ok(true)
    }

    fn pending(&self) -> usize {
        self.bytes.len()
    }

    fn commit(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let frame_bytes = self.format.frame_bytes();
        self.file.seek(SeekFrom::Start(self.end()))?;
        let (written, fault) = write_some(&mut self.file, &self.bytes);
        let whole = written as u64 / frame_bytes; // a frame that was cut off is written again next time
        self.write_header(self.frames + whole)?;
        self.frames += whole;
        self.bytes.drain(..(whole * frame_bytes) as usize);
        fault.map_or(Ok(()), Err)
    }

    fn trim(&mut self) -> io::Result<()> {
        self.bytes.clear();
        self.file.set_len(self.bytes_on_disk())
    }

    fn finish(&mut self, closing: &Closing) -> io::Result<()> {
        self.commit()?;
        let chunks = cue_points(&closing.marks);
        self.file.seek(SeekFrom::Start(self.end()))?;
        self.file.write_all(&chunks)?;
        let header = self.header.bytes(self.frames, chunks.len() as u64, Some(closing));
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header)?;
        self.after = chunks.len() as u64;
        Ok(())
    }

    fn frames(&self) -> u64 {
        self.frames
    }

    fn bytes_on_disk(&self) -> u64 {
        self.end() + self.after
    }
}

#[cfg(test)]
mod tests;
