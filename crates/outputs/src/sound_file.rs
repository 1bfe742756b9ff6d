//! Sound files that are valid after every write, so that a process may be killed at any moment and the file opens
//! unrepaired, without what was still in memory.
//!
//! Frames are taken into memory ([`SoundFile::push`]) and written in runs ([`SoundFile::commit`]); what is known only
//! when it is over, as its length or its loudness, is written by [`SoundFile::finish`]. For threads that may block.

mod comments;
mod complete;
mod cue_sheet;
mod file_encoder;
mod flac;
mod format;
mod front;
mod id3;
mod info_header;
mod mp3;
mod ogg;
mod sample_format;
mod tags;
mod tail;
mod wave;
mod wave_header;

use std::fs::File;
use std::io;

use airdesk_dsp::{Frame, SILENCE};

use crate::encode::Codec;

pub use complete::{Looked, complete};
pub use cue_sheet::cue_sheet;
pub use format::{BitRate, FileFormat};
pub use sample_format::SampleFormat;
pub use tags::{Closing, Mark, Opening, Origin, Tags};

pub(crate) use sample_format::Quantiser;
pub(crate) use wave::WaveFile;

use flac::FlacFile;
use mp3::Mp3File;
use ogg::OggFile;

/// A sound file that is being written.
pub trait SoundFile: Send {
    /// Takes frames into memory.
    ///
    /// # Errors
    /// When a codec breaks. The file is then of no further use, and what was committed is valid.
    fn push(&mut self, frames: &[Frame]) -> io::Result<()>;

    /// Takes `frames` frames of silence into memory.
    ///
    /// # Errors
    /// As [`SoundFile::push`].
    fn push_silence(&mut self, mut frames: u64) -> io::Result<()> {
        while frames > 0 {
            let run = frames.min(SILENCE.len() as u64);
            self.push(&SILENCE[..run as usize])?;
            frames -= run;
        }
        Ok(())
    }

    /// Makes a file that holds nothing yet so long, and silent, where that takes neither time nor room on a disk. False: nothing
    /// was done, and the silence is to be pushed.
    ///
    /// # Errors
    /// What the system says.
    fn begin_silent(&mut self, _frames: u64) -> io::Result<bool> {
        Ok(false)
    }

    /// Bytes in memory that the next commit writes, as far as they are known.
    fn pending(&self) -> usize;

    /// Writes what is in memory and can be written, so that a reader finds it. After an error the same call may be
    /// made again; what was valid before is still valid.
    ///
    /// # Errors
    /// What the system says.
    fn commit(&mut self) -> io::Result<()>;

    /// Cuts off what no reader finds, and forgets what is in memory, after a write that failed for good.
    ///
    /// # Errors
    /// What the system says; a reader ignores what is not cut off.
    fn trim(&mut self) -> io::Result<()>;

    /// Writes what is left and what is known only now. Nothing may be pushed after it; after an error it may be called
    /// again.
    ///
    /// # Errors
    /// What the system says. The file is valid without it.
    fn finish(&mut self, closing: &Closing) -> io::Result<()>;

    /// Frames of the desk that a reader finds in the file now. An encoder keeps some back until [`SoundFile::finish`].
    fn frames(&self) -> u64;

    /// Bytes of the file now.
    fn bytes_on_disk(&self) -> u64;
}

/// Begins a sound file in `file`, which is empty and can be written, read and sought.
///
/// # Errors
/// What the system or the codec says.
pub fn create(file: File, format: FileFormat, opening: &Opening) -> io::Result<Box<dyn SoundFile>> {
    format
        .check()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let rate = opening.rate;
    Ok(match format {
        FileFormat::Wav(samples) => Box::new(WaveFile::create(file, samples, opening)?),
        FileFormat::Flac(depth) => Box::new(FlacFile::create(file, depth, opening)?),
        FileFormat::Mp3(bits) => Box::new(Mp3File::create(file, &bits.of(Codec::Mp3, rate), opening)?),
        FileFormat::Opus(bits) => Box::new(OggFile::create(file, &bits.of(Codec::Opus, rate), opening)?),
        FileFormat::Vorbis(bits) => Box::new(OggFile::create(file, &bits.of(Codec::Vorbis, rate), opening)?),
    })
}
