//! A session rendered to a file: the same console as on air, without devices and as fast as it goes.
//!
//! Deterministic: the same session gives the same bytes, whatever is read, mixed or written at a time. What a session plays
//! and changes, begun later by whole blocks of 64 frames, is the same audio later, bit for bit, and so are the stems; by
//! other numbers of frames it is not, because automation waits for a block and dynamics decide a few times in each. Two
//! things know when the rendering began: a gate, which is open then, until it has closed; and a file whose rate is no
//! simple part of the desk's (44.1 of 48 kHz), which is converted to the same but for rounding, below -120 dBFS.
//!
//! Strips fed by devices, decks, carts, streams and programs are silent and named. Files are read and written as the rendering goes on: its length costs no
//! memory.

mod error;
mod feed;
mod mix;
mod paths;
mod sound_file;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Instant;

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use airdesk_engine::MAX_STRIPS;
use airdesk_engine::input::BlockTime;
use serde::Serialize;

pub use error::RenderError;

use self::feed::Feeds;
use self::mix::{Mix, STEMS};
use self::sound_file::{FileKind, SoundFile};
use self::timeline::Timeline;
use crate::api::StripSource;
use crate::material::explain;
use crate::range;
use crate::session::Session;

/// Blocks from one word about progress to the next: a third of a second of audio.
const PROGRESS_BLOCKS: u64 = 256;

/// What to render.
#[derive(Debug, Clone)]
pub struct RenderRequest {
    /// The session.
    pub session: Session,
    /// The file it was read from, which is never written over.
    pub session_file: Option<PathBuf>,
    /// The file to write: `.wav` (32-bit float) or `.flac` (24 bit).
    pub out: PathBuf,
    /// How long, seconds; without it, as long as the longest file that ends.
    pub duration: Option<f64>,
    /// A folder that gets what each strip adds to the programme, one file each, before the programme's own fader and
    /// limiter. Of the same kind as `out`.
    pub stems: Option<PathBuf>,
}

/// What was rendered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenderSummary {
    /// Frames written.
    pub frames: u64,
    /// Seconds of audio.
    pub seconds: f64,
    /// Seconds of audio per second of rendering.
    pub real_time_factor: f64,
    /// Samples of all files that were over full scale and were cut off there: FLAC has no room above, WAV has.
    pub clipped: u64,
    /// Strips that are silent here because what feeds them is there only while a desk runs.
    pub silent_strips: Vec<String>,
}

/// Renders a session. `progress` hears the seconds done and the seconds in all.
///
/// # Errors
/// When a source or a file fails. Files that were there before stay as they were then.
pub fn render(request: &RenderRequest, mut progress: impl FnMut(f64, f64)) -> Result<RenderSummary, RenderError> {
    let session = &request.session;
    let rate = session.sample_rate()?;
    if session.strips.len() > MAX_STRIPS {
        return Err(RenderError::TooManyStrips(session.strips.len()));
    }
    let kind = FileKind::of(&request.out)?;
    let limiter = range::limiter(&session.limiter).map_err(|error| RenderError::Limiter(error.message))?;
    let mut timeline = Timeline::new(session, rate)?;
    let frames = length(session, rate, request.duration, kind)?;
    let stems = paths::stems(request, kind);
    paths::spare(request, &stems)?;

    let mut feeds = Feeds::open(session, rate)?;
    let file = SoundFile::create(&request.out, kind, rate, frames)?;
    let mut mixes = vec![Mix::programme(session, rate, &mut feeds, limiter, file, frames)];
    if let Some(folder) = &request.stems {
        std::fs::create_dir_all(folder).map_err(|source| RenderError::Write {
            path: folder.clone(),
            source,
        })?;
    }
    let stems: Vec<_> = stems.iter().enumerate().collect();
    for stems in stems.chunks(STEMS) {
        let file = |(index, path): &(usize, &PathBuf)| Ok((*index, SoundFile::create(path, kind, rate, frames)?));
        let files = stems.iter().map(file).collect::<Result<_, RenderError>>()?;
        mixes.push(Mix::stems(session, rate, &mut feeds, files, frames));
    }

    let begun = Instant::now();
    let total = frames as f64 / f64::from(rate.hz());
    let late = mixes.iter().map(Mix::latency).max().unwrap_or(0);
    for block in 0..(frames + late).div_ceil(BLOCK_FRAMES as u64) {
        let due = (block * BLOCK_FRAMES as u64) as f64 / f64::from(rate.hz());
        if block % PROGRESS_BLOCKS == 0 {
            progress(due.min(total), total);
        }
        while let Some(change) = timeline.due(block) {
            mixes.iter_mut().for_each(|mix| mix.obey(&change));
        }
        feeds.fill()?;
        for mix in &mut mixes {
            mix.step(&BlockTime { due, speed: 1.0 })?;
        }
    }
    let mut clipped = 0;
    for mix in mixes {
        clipped += mix.finish()?;
    }
    progress(total, total);
    let silent = session.strips.iter().filter(|strip| strip.source.is_live());
    Ok(RenderSummary {
        frames,
        seconds: total,
        real_time_factor: total / begun.elapsed().as_secs_f64().max(1e-9),
        clipped,
        silent_strips: silent.map(|strip| strip.name.clone()).collect(),
    })
}

/// How many frames to render.
fn length(session: &Session, rate: SampleRate, duration: Option<f64>, kind: FileKind) -> Result<u64, RenderError> {
    let frames = match duration {
        Some(seconds) => (seconds.max(0.0) * f64::from(rate.hz())).round() as u64,
        None => {
            let mut longest = 0;
            for strip in &session.strips {
                if let StripSource::File { path, looped: false } = &strip.source {
                    let player = airdesk_sources::wav::open(Path::new(path), rate, false).map_err(|error| {
                        RenderError::Source {
                            strip: strip.name.clone(),
                            reason: explain(&strip.source, &error.into()),
                        }
                    })?;
                    longest = longest.max(player.frames());
                }
            }
            longest
        }
    };
    let limit = kind.frames_max();
    match (frames, duration) {
        (0, Some(seconds)) => Err(RenderError::TooShort(seconds)),
        (0, None) => Err(RenderError::Endless),
        (frames, _) if frames > limit => {
            let hz = u64::from(rate.hz());
            Err(RenderError::TooLong {
                seconds: frames / hz,
                limit: limit / hz,
            })
        }
        (frames, _) => Ok(frames),
    }
}

#[cfg(test)]
mod tests;
