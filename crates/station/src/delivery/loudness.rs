//! How loud a track is behind the bands and the compressor of a preset: one number for all of it, so that its gain never steps.
//!
//! Up to four minutes are measured whole; of what is longer sixteen pieces of fifteen seconds, evenly over its length, so that an
//! hour takes no longer than a song. Kept in memory for as long as the file has its size and time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use airdesk_dsp::{BLOCK_FRAMES, SILENCE};
use airdesk_outputs::loudness::Measurement;
use airdesk_sources::decode::Decoder;

use super::{Preset, TrackSoundError, colour};

/// Seconds up to which a track is measured whole.
const WHOLE_SECONDS: u64 = 240;
const PIECES: u64 = 16;
const PIECE_SECONDS: u64 = 15;
/// Loudnesses that are kept; one more, and all are forgotten.
const KEPT_MAX: usize = 20_000;

type Stamp = (u64, Option<SystemTime>);
/// By file and preset: of which file, and how loud.
type Kept = HashMap<(PathBuf, Preset), (Stamp, Option<f32>)>;

/// What was measured, for all who ask. LUFS; `None` is silence.
#[derive(Debug, Default)]
pub struct Loudnesses {
    kept: Mutex<Kept>,
}

impl Loudnesses {
    /// Whether a track need not be measured.
    pub fn knows(&self, path: &Path, preset: Preset) -> bool {
        stamp(path).is_some_and(|stamp| self.kept(path, preset, stamp).is_some())
    }

    /// How loud a track is. Decodes it the first time.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub fn of(&self, path: &Path, preset: Preset) -> Result<Option<f32>, TrackSoundError> {
        let stamp = stamp(path);
        if let Some(known) = stamp.and_then(|stamp| self.kept(path, preset, stamp)) {
            return Ok(known);
        }
        let measured = measure(path, preset)?;
        if let Some(stamp) = stamp {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.insert((path.to_owned(), preset), (stamp, measured));
        }
        Ok(measured)
    }

    fn kept(&self, path: &Path, preset: Preset, stamp: Stamp) -> Option<Option<f32>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, loudness) = kept.get(&(path.to_owned(), preset))?;
        (*of == stamp).then_some(*loudness)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

fn measure(path: &Path, preset: Preset) -> Result<Option<f32>, TrackSoundError> {
    let mut decoder = Decoder::open(path)?;
    let rate = decoder.rate();
    let seconds = |seconds: u64| seconds * u64::from(rate.hz());
    let mut colour = colour(preset, rate)?;
    let mut measurement = Measurement::new(rate);
    let frames = decoder.frames().unwrap_or(u64::MAX);
    let pieces: Vec<(u64, u64)> = if frames <= seconds(WHOLE_SECONDS) || frames == u64::MAX {
        vec![(0, seconds(WHOLE_SECONDS))]
    } else {
        let step = (frames - seconds(PIECE_SECONDS)) / (PIECES - 1);
        (0..PIECES).map(|n| (n * step, seconds(PIECE_SECONDS))).collect()
    };
    for (from, length) in pieces {
        decoder.seek(from)?;
        for _ in 0..length / BLOCK_FRAMES as u64 {
            let mut block = SILENCE;
            let read = decoder.read(&mut block)?;
            if read > 0 {
                airdesk_dsp::level::silence_bad_samples(&mut block);
                colour.process(&mut block);
                measurement.measure(&block);
            }
            if read < BLOCK_FRAMES {
                break;
            }
        }
    }
    Ok(measurement.reading().integrated.map(|lufs| lufs.value()))
}
