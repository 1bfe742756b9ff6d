//! A WAV file that is valid after every write, and becomes RF64 in place when it outgrows 4 GiB.
//!
//! Why our own: `hound` writes a wrong header past 4 GiB and none before it is closed; `waveadapter`
//! must be told before the first frame whether a file becomes RF64. Here the header keeps a `JUNK`
//! chunk of the size of `ds64`; the header that outgrows 32 bits puts `ds64` in its place and `RF64`
//! for `RIFF` (EBU Tech 3306, section 4), in one write of less than a page.
//!
//! Integers of 16 and 24 bits are format 1, floats are format 3 with a `fact` chunk: ffmpeg, SoX and
//! libsndfile read all of them, and none needs `WAVE_FORMAT_EXTENSIBLE` for two channels.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use airdesk_dsp::{Frame, SampleRate};

use super::sample_format::Converter;
use super::{Closing, SampleFormat, SoundFile};

/// The body of a `ds64` chunk without a table: three 64-bit sizes and the table's length.
const DS64_BYTES: u32 = 28;

/// The file, and how much of it is valid.
pub(crate) struct WaveFile {
    file: File,
    format: SampleFormat,
    rate: SampleRate,
    header_bytes: u64,
    /// Frames that a reader finds: in the file and in the header.
    frames: u64,
    converter: Converter,
    bytes: Vec<u8>,
}

impl WaveFile {
    /// Writes the header of an empty recording.
    pub(crate) fn create(mut file: File, format: SampleFormat, rate: SampleRate) -> io::Result<Self> {
        let header = header(format, rate, 0);
        file.write_all(&header)?;
        Ok(Self {
            file,
            format,
            rate,
            header_bytes: header.len() as u64,
            frames: 0,
            converter: Converter::new(format),
            bytes: Vec::new(),
        })
    }

    fn write_header(&mut self, frames: u64) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.format, self.rate, frames))
    }

    /// Makes the file as if `frames` frames had been recorded, without writing them (tests of 4 GiB).
    #[cfg(test)]
    pub(crate) fn pretend(&mut self, frames: u64) -> io::Result<()> {
        self.frames = frames;
        self.file.set_len(self.bytes_on_disk())?;
        self.write_header(frames)
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

    fn pending(&self) -> usize {
        self.bytes.len()
    }

    fn commit(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let frame_bytes = self.format.frame_bytes();
        self.file
            .seek(SeekFrom::Start(self.header_bytes + self.frames * frame_bytes))?;
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

    fn finish(&mut self, _closing: &Closing) -> io::Result<()> {
        self.commit()
    }

    fn frames(&self) -> u64 {
        self.frames
    }

    fn bytes_on_disk(&self) -> u64 {
        self.header_bytes + self.frames * self.format.frame_bytes()
    }
}

/// Writes until an error; how far it came, and the error.
fn write_some(file: &mut File, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}

/// The header of a file of `frames` frames: all bytes before the first frame.
fn header(format: SampleFormat, rate: SampleRate, frames: u64) -> Vec<u8> {
    let float = format == SampleFormat::Float32;
    let data_bytes = frames * format.frame_bytes();
    let length = 12 + (8 + DS64_BYTES as usize) + (8 + 16) + if float { 2 + 12 } else { 0 } + 8;
    let riff_bytes = length as u64 - 8 + data_bytes;
    let large = riff_bytes > u64::from(u32::MAX);
    // A size that 32 bits do not hold is in ds64, and all ones stand in its old place.
    let small = |size: u64| if large { u32::MAX } else { size as u32 }.to_le_bytes();

    let mut header = Vec::with_capacity(length);
    header.extend(if large { b"RF64" } else { b"RIFF" });
    header.extend(small(riff_bytes));
    header.extend(b"WAVE");
    header.extend(if large { b"ds64" } else { b"JUNK" });
    header.extend(DS64_BYTES.to_le_bytes());
    for size in [riff_bytes, data_bytes, frames] {
        header.extend(if large { size } else { 0 }.to_le_bytes());
    }
    header.extend([0; 4]); // no table
    header.extend(b"fmt ");
    header.extend(if float { 18_u32 } else { 16 }.to_le_bytes());
    header.extend(if float { 3_u16 } else { 1 }.to_le_bytes());
    header.extend(2_u16.to_le_bytes());
    header.extend(rate.hz().to_le_bytes());
    header.extend((rate.hz() * format.frame_bytes() as u32).to_le_bytes());
    header.extend((format.frame_bytes() as u16).to_le_bytes());
    header.extend(format.bits().to_le_bytes());
    if float {
        header.extend([0; 2]); // no extension
        header.extend(b"fact");
        header.extend(4_u32.to_le_bytes());
        header.extend(small(frames));
    }
    header.extend(b"data");
    header.extend(small(data_bytes));
    debug_assert_eq!(header.len(), length);
    header
}

#[cfg(test)]
mod tests;
