//! Tracks as plain samples, for faces that deliver them to programs: as they are in their files, or enhanced.
//!
//! Reads files and decodes: on threads that may wait for a disk, never on the station's. A track keeps its own rate. What is
//! read does not depend on how it is cut into pieces, nor (after a moment's lead-in) on where reading begins.

mod loudness;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use airdesk_dsp::enhancer::Preset;
use airdesk_dsp::enhancer::{Colour, Enhancer};
use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SILENCE, SampleRate};
use airdesk_sources::decode::{DecodeError, Decoder};

pub use self::loudness::Loudnesses;

/// What is decoded and processed before the first frame that is heard, seconds: what bands and dynamics remember has faded then
/// below -140 dB.
const CONTEXT_SECONDS: u64 = 5;
/// A file of which nobody waits for the end, seconds.
const SECONDS_MAX: u64 = 86_400;

/// Why a track cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackSoundError {
    /// Its file is not where it was.
    #[error("{} is not there; scan the library, or bring the disk back that it is on", .0.display())]
    Missing(PathBuf),
    /// It cannot be decoded.
    #[error(transparent)]
    Decode(DecodeError),
    /// No preset has a number that is out of range; a rate may be too low for one.
    #[error("it cannot be enhanced: {0}")]
    Enhance(#[from] airdesk_dsp::range::OutOfRange),
}

impl From<DecodeError> for TrackSoundError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Open { path, source } if source.kind() == io::ErrorKind::NotFound => Self::Missing(path),
            other => Self::Decode(other),
        }
    }
}

/// A track that is read.
pub struct TrackSound {
    path: PathBuf,
    decoder: Decoder,
    channels: u16,
    frames: u64,
    enhanced: Option<Enhanced>,
    /// The frame that is read next.
    place: u64,
    /// Frames as they are decoded.
    decoded: Vec<Frame>,
}

/// What an enhanced track is made with.
struct Enhanced {
    preset: Preset,
    gain_db: f32,
    intensity: f32,
    enhancer: Enhancer,
    /// Processed and not read yet, from `next` on.
    ready: Block,
    next: usize,
    /// Frames that still leave before the first that is heard.
    unheard: u64,
    /// The frame that is decoded next, and the one behind the file's last, once that has been met.
    decoded: u64,
    end: Option<u64>,
}

impl TrackSound {
    /// Opens a file. One of unknown length is decoded to its end first.
    ///
    /// # Errors
    /// When it is not there, or is no sound file that can be played.
    pub fn open(path: &Path) -> Result<Self, TrackSoundError> {
        let mut decoder = Decoder::open(path)?;
        let frames = match decoder.frames() {
            Some(frames) => frames,
            None => count(&mut decoder)?,
        };
        Ok(Self {
            path: path.to_owned(),
            // What has more is mixed down to two.
            channels: if decoder.coding().channels == Some(1) { 1 } else { 2 },
            frames,
            decoder,
            enhanced: None,
            place: 0,
            decoded: Vec::new(),
        })
    }

    /// Has it enhanced from here on, `intensity` 0 to 1, with the gain that its loudness asks for.
    ///
    /// # Errors
    /// When its file cannot be read to learn how loud it is.
    pub fn enhance(&mut self, preset: Preset, intensity: f32, known: &Loudnesses) -> Result<(), TrackSoundError> {
        let gain_db = preset.profile().gain_db(known.of(&self.path, preset)?);
        let enhancer = Enhancer::new(self.decoder.rate(), &preset.profile(), gain_db, intensity)?;
        self.enhanced = Some(Enhanced {
            preset,
            gain_db,
            intensity,
            enhancer,
            ready: SILENCE,
            next: BLOCK_FRAMES,
            unheard: 0,
            decoded: 0,
            end: None,
        });
        self.seek(self.place)
    }

    /// Frames per second.
    pub fn rate(&self) -> u32 {
        self.decoder.rate().hz()
    }

    /// One or two: what has more channels is mixed down.
    pub fn channels(&self) -> u16 {
        self.channels
    }

    /// How long it is. A file that was cut off may have less.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The frame that is read next.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Goes to a frame, or to the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn seek(&mut self, frame: u64) -> Result<(), TrackSoundError> {
        self.place = frame.min(self.frames);
        let Some(enhanced) = &mut self.enhanced else {
            return Ok(self.decoder.seek(self.place)?);
        };
        // Whole blocks from the beginning: the same frames meet the same decisions of the dynamics wherever reading begins.
        let context = CONTEXT_SECONDS * u64::from(self.decoder.rate().hz());
        let from = self.place.saturating_sub(context) / BLOCK_FRAMES as u64 * BLOCK_FRAMES as u64;
        enhanced.enhancer = Enhancer::new(
            self.decoder.rate(),
            &enhanced.preset.profile(),
            enhanced.gain_db,
            enhanced.intensity,
        )?;
        enhanced.next = BLOCK_FRAMES;
        (enhanced.decoded, enhanced.end) = (from, None);
        enhanced.unheard = self.place - from + u64::from(enhanced.enhancer.latency().0);
        Ok(self.decoder.seek(from)?)
    }

    /// Opens its file anew after an error, at a frame.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reopen_at(&mut self, frame: u64) -> Result<(), TrackSoundError> {
        self.decoder = Decoder::open(&self.path)?;
        self.seek(frame)
    }

    /// Appends so many frames to `out`, its channels in turn; less is the end. Returns how many.
    ///
    /// # Errors
    /// When the file cannot be read. What was appended is not to be played.
    pub fn read(&mut self, frames: usize, out: &mut Vec<f32>) -> Result<usize, TrackSoundError> {
        let left = usize::try_from(self.frames - self.place).unwrap_or(usize::MAX);
        let wanted = frames.min(left);
        let channels = self.channels;
        let mut push = |heard: &[Frame]| match channels {
            1 => out.extend(heard.iter().map(|frame| frame[0])),
            _ => out.extend_from_slice(heard.as_flattened()),
        };
        let mut done = 0;
        match &mut self.enhanced {
            None => {
                self.decoded.resize(wanted, [0.0; 2]);
                done = self.decoder.read(&mut self.decoded)?;
                push(&self.decoded[..done]);
            }
            Some(enhanced) => {
                while done < wanted {
                    let ready = enhanced.ready(&mut self.decoder)?.len();
                    // A file that was cut off ends where it does, not in silence.
                    let end = enhanced.end.unwrap_or(u64::MAX).saturating_sub(self.place);
                    let end = usize::try_from(end).unwrap_or(usize::MAX).min(wanted);
                    let count = ready.min(end.saturating_sub(done));
                    if count == 0 {
                        break;
                    }
                    push(&enhanced.ready[enhanced.next..enhanced.next + count]);
                    enhanced.next += count;
                    done += count;
                }
            }
        }
        self.place += done as u64;
        Ok(done)
    }
}

impl Enhanced {
    /// What can be read, at least a frame. Behind the end of a file comes silence, which brings out what is still inside.
    fn ready(&mut self, decoder: &mut Decoder) -> Result<&[Frame], DecodeError> {
        while self.next == BLOCK_FRAMES {
            let read = decoder.read(&mut self.ready)?;
            self.ready[read..].fill([0.0; 2]);
            self.decoded += read as u64;
            if read < BLOCK_FRAMES {
                self.end.get_or_insert(self.decoded);
            }
            self.enhancer.process(&mut self.ready);
            self.next = self.unheard.min(BLOCK_FRAMES as u64) as usize;
            self.unheard -= self.next as u64;
        }
        Ok(&self.ready[self.next..])
    }
}

/// How long a file is that does not say so; it is at its beginning afterwards.
fn count(decoder: &mut Decoder) -> Result<u64, DecodeError> {
    let longest = SECONDS_MAX * u64::from(decoder.rate().hz());
    let mut frames = 0;
    let mut step = vec![[0.0; 2]; 4096];
    while frames < longest {
        let read = decoder.read(&mut step)?;
        frames += read as u64;
        if read < step.len() {
            break;
        }
    }
    decoder.seek(0)?;
    Ok(frames)
}

/// For [`loudness`]: bands and compressor of a preset.
fn colour(preset: Preset, rate: SampleRate) -> Result<Colour, TrackSoundError> {
    Ok(Colour::new(rate, &preset.profile())?)
}
