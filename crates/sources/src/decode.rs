//! Sound files of any kind that a deck or a cart plays: MP3, FLAC, WAV (also RF64 and BW64), AIFF, Ogg with Vorbis, Opus or
//! FLAC, AAC-LC bare or in M4A, and ALAC in M4A. What is in a file decides, not its name.
//!
//! No thread of its own, never on the audio thread: it reads files and allocates. A hostile file costs at most two seconds of
//! processor time and 64 MiB, and a decoder that panics is caught here.

pub(crate) mod bare;
pub(crate) mod codec;
mod coding;
mod converted;
mod error;
mod m4a;
mod meter;
mod ogg;
mod open;
mod packets;
mod reading;
mod riff;
mod stereo;
mod tags;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use airdesk_dsp::{Frame, SampleRate};

pub use self::coding::Coding;
pub use self::converted::{Converted, at_desk_rate};
pub use self::error::{DecodeError, Recovery};
use self::meter::{Meter, TIME_MAX};
use self::reading::Reading;
pub use self::tags::{Cover, ReplayGain, Tags};

/// Decodes one file, from its beginning or any frame of it. Full scale is 1.0; floats may go beyond.
pub struct Decoder {
    path: PathBuf,
    rate: SampleRate,
    frames: Option<u64>,
    coding: Coding,
    tags: Tags,
    cover: Option<Cover>,
    meter: Arc<Meter>,
    /// `None`: it broke, and is not asked again.
    reading: Option<Box<Reading>>,
}

impl Decoder {
    /// Opens a file and decodes the first of it. A folder, a pipe or a device is refused before it is opened.
    ///
    /// # Errors
    /// When it is no sound file that can be played.
    pub fn open(path: &Path) -> Result<Self, DecodeError> {
        let meter = Arc::new(Meter::new(TIME_MAX));
        meter.enter(0);
        let opened = catch_unwind(AssertUnwindSafe(|| Reading::open(path.to_owned(), meter.clone())));
        meter.leave();
        let Ok(opened) = opened else {
            return Err(broken(path));
        };
        let (reading, about) = opened?;
        let (tags, cover) = about.into_tags_and_cover();
        Ok(Self {
            path: path.to_owned(),
            rate: reading.rate,
            frames: reading.frames(),
            coding: reading.coding,
            tags,
            cover,
            meter,
            reading: Some(Box::new(reading)),
        })
    }

    /// The rate of the file.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// How long it is, in frames of the file, without what an encoder has added at both ends. `None` where only playing
    /// would tell. A file that was cut off may say more than there is.
    pub fn frames(&self) -> Option<u64> {
        self.frames
    }

    /// How its sound is coded.
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// What it says about itself.
    pub fn tags(&self) -> &Tags {
        &self.tags
    }

    /// Takes the picture out of it, if there is one of a kind that a browser shows: the second time there is none.
    pub fn cover(&mut self) -> Option<Cover> {
        self.cover.take()
    }

    /// Fills `out` from its beginning; fewer frames than that mean the end. One channel is heard on both sides, more than two
    /// are mixed down by ITU-R BS.775 where their positions are known. What cannot be decoded is silent.
    ///
    /// # Errors
    /// When the file cannot be read, or too much of it is damaged. What `out` holds then is not to be played.
    pub fn read(&mut self, out: &mut [Frame]) -> Result<usize, DecodeError> {
        self.guarded(|reading| reading.read(out))
    }

    /// Goes to a frame of the file: what is read then is what would have been read there. Beyond the end there is nothing.
    /// Two codecs are not exact: AAC draws the noise that an encoder has replaced by its level anew, and Opus that was
    /// encoded as speech stays up to -46 dB off while a tone is steady. MP3 and bare AAC are walked through up to a place where they have not been yet; Ogg files of several streams
    /// are decoded from their beginning.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn seek(&mut self, frame: u64) -> Result<(), DecodeError> {
        self.guarded(|reading| reading.seek(frame))
    }

    /// Does something that may panic.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Reading) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        let Some(mut reading) = self.reading.take() else {
            return Err(broken(&self.path));
        };
        self.meter.enter(0);
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut reading)));
        self.meter.leave();
        match result {
            Ok(result) => {
                self.reading = Some(reading);
                result
            }
            Err(_) => {
                // What is left of it may panic once more.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(reading)));
                Err(broken(&self.path))
            }
        }
    }
}

fn broken(path: &Path) -> DecodeError {
    DecodeError::Damaged {
        path: path.to_owned(),
        why: "it broke its decoder".to_owned(),
    }
}
