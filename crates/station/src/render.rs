//! A session rendered to a file: the same console as on air, without devices and as fast as it goes.
//!
//! Deterministic: the same session gives the same bytes. Strips fed by devices are silent and named.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};
use airdesk_engine::inlet::{InletWriter, inlet};
use airdesk_engine::input::{BlockTime, Direct, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixReader, mix_queue};
use airdesk_engine::{BusId, Console, EngineCommand, MAX_STRIPS, Strip, StripControls, StripId};
use airdesk_sources::Player;
use hound::{SampleFormat, WavSpec, WavWriter};
use serde::Serialize;

use crate::api::StripSource;
use crate::material::{Library, explain};
use crate::session::{Session, SessionError, SessionStrip};

/// `hound` counts bytes in 32 bits; a longer file would be broken without a word.
const BYTES_MAX: u64 = u32::MAX as u64 - 4096;
/// Bytes of one frame in the file: 32-bit float, stereo.
const FRAME_BYTES: u64 = 8;

/// What to render.
#[derive(Debug, Clone)]
pub struct RenderRequest {
    /// The session.
    pub session: Session,
    /// The file it was read from, which is never written over.
    pub session_file: Option<PathBuf>,
    /// The file to write: 32-bit float WAV.
    pub out: PathBuf,
    /// How long, seconds; without it, as long as the longest file that ends.
    pub duration: Option<f64>,
    /// A folder that gets what each strip adds to the programme, one file each.
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
    /// Strips that are silent here because a device feeds them.
    pub silent_strips: Vec<String>,
}

/// Why nothing, or not everything, was rendered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The session cannot be used.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A strip's file cannot be played.
    #[error("strip {strip}: {reason}")]
    Source {
        /// The strip's name.
        strip: String,
        /// Why.
        reason: String,
    },
    /// Nothing says how long it is.
    #[error("nothing in this session comes to an end by itself; say how long with --duration")]
    Endless,
    /// What was asked for is not even one frame.
    #[error("{0} s are shorter than one frame; give a longer --duration")]
    TooShort(f64),
    /// The result would take the place of something that the session needs.
    #[error("{} would be written over, and it is {what}; choose another --out or --stems", path.display())]
    Overwrites {
        /// The file.
        path: PathBuf,
        /// What it is to the session.
        what: String,
    },
    /// The result would not fit into the file.
    #[error("{seconds} s do not fit into one WAV file; render at most {limit} s at a time")]
    TooLong {
        /// What was asked.
        seconds: u64,
        /// What fits.
        limit: u64,
    },
    /// There are more strips than places.
    #[error("the session has {0} strips; {MAX_STRIPS} are the most")]
    TooManyStrips(usize),
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: hound::Error,
    },
}

/// One console with its way out.
struct Mix {
    console: Console,
    reader: MixReader,
    feeds: Vec<Feed>,
    file: WavFile,
}

/// A player and the inlet it fills.
struct Feed {
    player: Box<dyn Player>,
    writer: Option<InletWriter>,
    strip: SessionStrip,
}

/// A file that gets its name when it is whole.
struct WavFile {
    path: PathBuf,
    part: PathBuf,
    /// `None`: finished.
    writer: Option<WavWriter<BufWriter<File>>>,
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
    let frames = length(session, rate, request.duration)?;
    let stems = stem_paths(request);
    spare(request, &stems)?;
    let mut library = Library::default();
    let mut mixes = vec![Mix::new(session, rate, &request.out, |_| true, &mut library)?];
    if let Some(folder) = &request.stems {
        let failed = |source| RenderError::Write {
            path: folder.clone(),
            source: hound::Error::IoError(source),
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        for (index, path) in stems.iter().enumerate() {
            mixes.push(Mix::new(session, rate, path, |n| n == index, &mut library)?);
        }
    }
    let begun = Instant::now();
    let total = frames as f64 / f64::from(rate.hz());
    let mut done = 0;
    while done < frames {
        let count = (frames - done).min(BLOCK_FRAMES as u64) as usize;
        let due = done as f64 / f64::from(rate.hz());
        for mix in &mut mixes {
            mix.step(&BlockTime { due, speed: 1.0 }, count)?;
        }
        done += count as u64;
        progress(due, total);
    }
    for mix in mixes {
        mix.file.finish()?;
    }
    progress(total, total);
    let silent = session
        .strips
        .iter()
        .filter(|strip| matches!(strip.source, StripSource::Device { .. }));
    Ok(RenderSummary {
        frames,
        seconds: total,
        real_time_factor: total / begun.elapsed().as_secs_f64().max(1e-9),
        silent_strips: silent.map(|strip| strip.name.clone()).collect(),
    })
}

/// How many frames to render.
fn length(session: &Session, rate: SampleRate, duration: Option<f64>) -> Result<u64, RenderError> {
    let frames = match duration {
        Some(seconds) => (seconds.max(0.0) * f64::from(rate.hz())).round() as u64,
        None => {
            let mut longest = 0;
            for strip in &session.strips {
                if let StripSource::File { path, looped: false } = &strip.source {
                    let player = airdesk_sources::wav::open(Path::new(path), rate, false).map_err(|error| {
                        RenderError::Source {
                            strip: strip.name.clone(),
                            reason: explain(&strip.source, &error),
                        }
                    })?;
                    longest = longest.max(player.frames());
                }
            }
            longest
        }
    };
    let limit = BYTES_MAX / FRAME_BYTES;
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

/// Where the stems go, strip by strip.
fn stem_paths(request: &RenderRequest) -> Vec<PathBuf> {
    let Some(folder) = &request.stems else {
        return Vec::new();
    };
    let strips = request.session.strips.iter().enumerate();
    strips
        .map(|(index, strip)| folder.join(stem_name(index, strip)))
        .collect()
}

/// Refuses to write over what the session is made of, before anything is written.
fn spare(request: &RenderRequest, stems: &[PathBuf]) -> Result<(), RenderError> {
    let mut taken = Vec::new();
    if let Some(file) = &request.session_file {
        taken.push((place(file), "the session itself".to_owned()));
    }
    for strip in &request.session.strips {
        if let StripSource::File { path, .. } = &strip.source {
            taken.push((place(Path::new(path)), format!("what strip {} plays", strip.name)));
        }
    }
    let mix = (place(&request.out), "the mix".to_owned());
    for (path, beside) in std::iter::once((&request.out, None)).chain(stems.iter().map(|stem| (stem, Some(&mix)))) {
        for written in [place(path), place(&part_of(path))] {
            if let Some((_, what)) = taken.iter().chain(beside).find(|(place, _)| *place == written) {
                return Err(RenderError::Overwrites {
                    path: path.clone(),
                    what: what.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The one name of a file, whether it is there yet or not.
fn place(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            folder
                .canonicalize()
                .map(|folder| folder.join(path.file_name().unwrap_or_default()))
        })
        .unwrap_or_else(|_| path.to_owned())
}

/// What a file is called until it is whole.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// `03 Voice.wav`, without what a file system refuses.
fn stem_name(index: usize, strip: &SessionStrip) -> String {
    let name: String = strip
        .name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || " -_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("{:02} {}.wav", index + 1, name.trim_matches([' ', '.']))
}

impl Mix {
    fn new(
        session: &Session,
        rate: SampleRate,
        path: &Path,
        wanted: impl Fn(usize) -> bool,
        library: &mut Library,
    ) -> Result<Self, RenderError> {
        let (programme, tap) = mix_queue(16);
        let (cue, _) = mix_queue(16);
        let mut console = Console::new(rate, programme, cue);
        let mut feeds = Vec::new();
        let soloed = session.strips.iter().any(|strip| strip.solo);
        for (index, strip) in session.strips.iter().enumerate().filter(|(index, _)| wanted(*index)) {
            let player = library
                .opener(&strip.source, rate)
                .and_then(|opener| {
                    opener
                        .map(|open| open())
                        .transpose()
                        .map_err(|error| explain(&strip.source, &error))
                })
                .map_err(|reason| RenderError::Source {
                    strip: strip.name.clone(),
                    reason,
                })?;
            let input = match player {
                None => StripInput::Silent,
                Some(player) => {
                    let (writer, inlet) = inlet(f64::from(rate.hz()), 4 * BLOCK_FRAMES);
                    feeds.push(Feed {
                        player,
                        writer: Some(writer),
                        strip: strip.clone(),
                    });
                    StripInput::Direct(Direct::new(inlet))
                }
            };
            // Solo is decided over the whole session, also where a stem has one strip only.
            let mute = strip.mute || (soloed && !strip.solo && !strip.solo_safe);
            let controls = StripControls {
                trim: strip.trim,
                fader: strip.fader,
                pan: strip.pan,
                mute,
                ..StripControls::default()
            };
            let strip = Strip::new(StripId::new(index, 1), rate, input, controls);
            console.obey(EngineCommand::AddStrip(Box::new(strip)));
        }
        if session.programme_fader != airdesk_dsp::Decibels::UNITY {
            console.obey(EngineCommand::SetBusFader(BusId::Programme, session.programme_fader));
            console.settle();
        }
        Ok(Self {
            console,
            reader: tap.reader(),
            feeds,
            file: WavFile::create(path, rate)?,
        })
    }

    /// Fills the inlets, mixes one block and writes its first `count` frames.
    fn step(&mut self, time: &BlockTime, count: usize) -> Result<(), RenderError> {
        for feed in &mut self.feeds {
            feed.fill()?;
        }
        self.console.process(time);
        let mut block = MixBlock::default();
        self.reader.read(&mut block);
        for frame in &block.frames[..count] {
            self.file.write(frame)?;
        }
        Ok(())
    }
}

impl Feed {
    /// Keeps two blocks ahead: the engine looks one block past the one it plays.
    fn fill(&mut self) -> Result<(), RenderError> {
        let mut frames = [[0.0; 2]; BLOCK_FRAMES];
        while let Some(writer) = &mut self.writer
            && writer.room() >= 2 * BLOCK_FRAMES
        {
            let count = self.player.render(&mut frames).map_err(|error| RenderError::Source {
                strip: self.strip.name.clone(),
                reason: explain(&self.strip.source, &error),
            })?;
            writer.write(&frames[..count]);
            if count < BLOCK_FRAMES {
                self.writer = None; // the end: the strip plays what is left
            }
        }
        Ok(())
    }
}

impl WavFile {
    fn create(path: &Path, rate: SampleRate) -> Result<Self, RenderError> {
        let spec = WavSpec {
            channels: 2,
            sample_rate: rate.hz(),
            bits_per_sample: 32,
            sample_format: SampleFormat::Float,
        };
        let part = part_of(path);
        match WavWriter::create(&part, spec) {
            Ok(writer) => Ok(Self {
                path: path.to_owned(),
                part,
                writer: Some(writer),
            }),
            Err(source) => Err(RenderError::Write {
                path: path.to_owned(),
                source,
            }),
        }
    }

    fn write(&mut self, frame: &Frame) -> Result<(), RenderError> {
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        for sample in frame {
            writer.write_sample(*sample).map_err(|source| RenderError::Write {
                path: self.path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Completes the file and gives it its name.
    fn finish(mut self) -> Result<(), RenderError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let done = writer
            .finalize()
            .and_then(|()| Ok(std::fs::rename(&self.part, &self.path)?));
        done.map_err(|source| {
            // It may never have come to be; the error that counts is the first.
            let _ = std::fs::remove_file(&self.part);
            RenderError::Write {
                path: self.path.clone(),
                source,
            }
        })
    }
}

impl Drop for WavFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            drop(writer);
            // Half a rendering is of no use; a folder that has gone took it along.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests;
