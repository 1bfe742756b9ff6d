//! Beginning a recording: what is refused at once, and what it takes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

use super::Recording;
use super::backlog::{Backlog, Limit};
use super::drain::{Channel, drain};
use super::feed::Feed;
use super::keep::keep;
use super::marks::Marks;
use super::names::{Names, Naming};
use super::reel::Reel;
use super::space::{free_space, size};
use super::status::Board;
use super::tape::{Kind, Tape, Whole};
use super::write::{Writer, bytes_min, duration};
use crate::Recovery;
use crate::follower::ROUND;
use crate::sound_file::FileFormat;

/// A recording must be able to last this long, or it does not start.
pub(super) const SECONDS_MIN: f64 = 10.0;
/// How long the first block of every source may take to come.
const FIRST_BLOCKS: Duration = Duration::from_millis(200);

/// Where and how to record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecorderSettings {
    /// The folder; made when missing.
    pub folder: PathBuf,
    /// Where the recording goes on when the folder takes no more, or begins when it takes none.
    pub fallback: Option<PathBuf>,
    /// The kind of file.
    pub format: FileFormat,
    /// The desk's rate.
    pub rate: SampleRate,
    /// When it goes on in new files by itself.
    pub split: Split,
    /// The recording has a cue sheet beside each of its files; its stems have none.
    pub cue_sheets: bool,
}

impl RecorderSettings {
    /// What the files of the reel at this place have in common.
    pub(super) fn kind(&self, place: usize) -> Kind {
        Kind {
            format: self.format,
            rate: self.rate,
            cue_sheet: self.cue_sheets && place == 0,
        }
    }
}

/// When a recording goes on in new files, without a frame lost or doubled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Split {
    /// After so many blocks of 64 frames.
    pub blocks: Option<u64>,
    /// Before a file has so many bytes.
    pub bytes: Option<u64>,
}

impl Split {
    /// After so long, to the nearest block.
    pub fn every(length: Duration, rate: SampleRate) -> Self {
        let blocks = length.as_secs_f64() * f64::from(rate.hz()) / BLOCK_FRAMES as f64;
        Self {
            blocks: Some((blocks.round() as u64).max(1)),
            bytes: None,
        }
    }
}

/// Why nothing is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The folder cannot be made or does not take files.
    #[error("{} cannot be recorded into: {source}; choose another folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no room.
    #[error("{} has only {} left; make room or choose another folder", folder.display(), size(*free_bytes))]
    DiskFull {
        /// The folder.
        folder: PathBuf,
        /// What is left.
        free_bytes: u64,
    },
    /// Neither the folder nor the second one takes a recording.
    #[error("{first}; nor does the second folder take it: {second}")]
    Both {
        /// What is wrong with the folder.
        first: Box<StartError>,
        /// What is wrong with the second.
        second: Box<StartError>,
    },
    /// There is nothing to record.
    #[error("there is nothing to record; choose a bus")]
    Nothing,
    /// The system refused a thread.
    #[error("the system has no thread left for a recording; end other programs and record again")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Folder { .. } | Self::DiskFull { .. } | Self::Both { .. } | Self::Nothing => Recovery::AskOperator,
            Self::Thread(_) => Recovery::Retry,
        }
    }
}

/// Sources whose last seconds are kept in memory, so that a recording can begin before it was asked for. Dropped, it
/// forgets them.
pub struct Armed {
    channels: Vec<(String, Arc<Backlog>, u64)>,
    rate: SampleRate,
    board: Arc<Board>,
    /// Old blocks are let go of until it is recorded.
    forgets: bool,
    /// A recording goes on with them.
    recorded: bool,
}

impl Armed {
    /// Keeps the last `pre_roll` of every feed; the first one is the recording, the others are its stems.
    ///
    /// # Errors
    /// When there is no feed, or the system has no thread left.
    pub fn new(feeds: Vec<Feed>, rate: SampleRate, pre_roll: Duration) -> Result<Self, StartError> {
        let blocks = pre_roll.as_secs_f64() * f64::from(rate.hz()) / BLOCK_FRAMES as f64;
        Self::with(feeds, rate, Limit::Last(blocks.round() as usize))
    }

    fn with(feeds: Vec<Feed>, rate: SampleRate, limit: Limit) -> Result<Self, StartError> {
        if feeds.is_empty() {
            return Err(StartError::Nothing);
        }
        let board = Arc::new(Board::default());
        let channel = |feed| Channel {
            feed,
            backlog: Arc::new(Backlog::new(limit)),
        };
        let into: Vec<Channel> = feeds.into_iter().map(channel).collect();
        let channels = into.iter().map(|channel| {
            let feed = &channel.feed;
            (feed.name.clone(), channel.backlog.clone(), feed.first_sequence())
        });
        let armed = Self {
            channels: channels.collect(),
            rate,
            board: board.clone(),
            forgets: matches!(limit, Limit::Last(_)),
            recorded: false,
        };
        spawn("recorder drain", move || drain(into, &board))?;
        Ok(armed)
    }

    /// Seconds that are kept.
    pub fn seconds(&self) -> f64 {
        let kept = |backlog: &Backlog| Some(backlog.last()? + 1 - backlog.first()?);
        let blocks = self.channels.iter().filter_map(|(_, backlog, _)| kept(backlog)).min();
        duration(blocks.unwrap_or_default(), self.rate).as_secs_f64()
    }

    /// Records what is kept and what comes, in files that `names` names. Blocks for as long as the disk takes to make
    /// them.
    ///
    /// # Errors
    /// When neither folder can take a recording. No file is left behind then, and nothing is kept any more.
    pub fn record(
        mut self,
        mut settings: RecorderSettings,
        mut names: Box<dyn Names>,
    ) -> Result<Recording, StartError> {
        for (_, backlog, _) in &self.channels {
            backlog.record(settings.rate);
        }
        let first = self.first_block();
        let newest = self.channels.iter().filter_map(|(_, backlog, _)| backlog.last()).max();
        let ago = duration(
            newest.map_or(0, |newest| (newest + 1).saturating_sub(first)),
            settings.rate,
        );
        let reels: Vec<&str> = self.channels.iter().map(|(name, ..)| name.as_str()).collect();
        let mut namings = names.next(&reels, 1, ago);
        namings.resize_with(reels.len(), Naming::default);
        let (tapes, moved) = tapes_somewhere(&mut settings, namings, tapes)?;
        let channels = self.channels.iter().zip(tapes);
        let reels = channels.map(|((name, backlog, _), tape)| Reel {
            name: name.clone(),
            backlog: backlog.clone(),
            tape,
            next: first,
            noted: 0,
            before: Whole::NONE,
        });
        let recording = begin(self.board.clone(), reels.collect(), settings, names, first)?;
        if let Some(why) = moved {
            self.board.moved(why);
        }
        self.recorded = true;
        Ok(recording)
    }

    /// The first block that all have, or should have.
    fn first_block(&self) -> u64 {
        let until = Instant::now() + FIRST_BLOCKS;
        let has_none = |(_, backlog, _): &(String, Arc<Backlog>, u64)| backlog.first().is_none();
        while self.channels.len() > 1 && self.channels.iter().any(has_none) && Instant::now() < until {
            thread::sleep(ROUND);
        }
        let begins = |(_, backlog, next): &(String, Arc<Backlog>, u64)| {
            let first = backlog.first()?;
            // What was lost before the first block that came is a gap of the recording, also where that block is here already.
            let asked_for = !self.forgets && *next > 0;
            Some(if asked_for { *next } else { first })
        };
        let first = self.channels.iter().filter_map(begins).max();
        first.unwrap_or_else(|| self.channels.iter().map(|(.., next)| *next).max().unwrap_or_default())
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        if !self.recorded {
            self.board.ask_to_stop();
        }
    }
}

/// Starts recordings.
pub struct Recorder;

impl Recorder {
    /// Records what the feeds bring from now on; the first one is the recording, the others are its stems. Blocks for as
    /// long as the disk takes to make files.
    ///
    /// # Errors
    /// When neither folder can take a recording. No file is left behind then.
    pub fn start(settings: RecorderSettings, feeds: Vec<Feed>, names: Box<dyn Names>) -> Result<Recording, StartError> {
        let rate = settings.rate;
        Armed::with(feeds, rate, Limit::recording(rate))?.record(settings, names)
    }
}

/// How long a disk may take to make the files when there is a second one.
const FIRST_FOLDER: Duration = Duration::from_secs(5);

/// Makes the files in the folder or else in the second one, which is that of the recording then. Says why it is.
pub(super) fn tapes_somewhere(
    settings: &mut RecorderSettings,
    namings: Vec<Naming>,
    make: fn(&RecorderSettings, &[Naming]) -> Result<Vec<Tape>, StartError>,
) -> Result<(Vec<Tape>, Option<String>), StartError> {
    let Some(second) = settings.fallback.clone() else {
        return Ok((make(settings, &namings)?, None));
    };
    let first = match in_time(settings, &namings, make) {
        Ok(tapes) => return Ok((tapes, None)),
        Err(error) => error,
    };
    settings.fallback = None;
    settings.folder = second;
    match make(settings, &namings) {
        Ok(tapes) => {
            let file = tapes.first().map(|tape| tape.path().display().to_string());
            let why = format!("{first}; it is recorded in {}", file.unwrap_or_default());
            tracing::error!(why, "the recording begins in the second folder");
            Ok((tapes, Some(why)))
        }
        Err(second) => Err(StartError::Both {
            first: Box::new(first),
            second: Box::new(second),
        }),
    }
}

/// Makes the files on a thread of its own, which is left behind when the disk does not answer. Files that it makes later
/// are removed.
fn in_time(
    settings: &RecorderSettings,
    namings: &[Naming],
    make: fn(&RecorderSettings, &[Naming]) -> Result<Vec<Tape>, StartError>,
) -> Result<Vec<Tape>, StartError> {
    let refused = |source| folder_refused(&settings.folder, source);
    let (answer, answered) = mpsc::channel();
    let (settings_there, namings) = (settings.clone(), namings.to_vec());
    let maker = move || {
        let made = make(&settings_there, &namings);
        if let Err(mpsc::SendError(Ok(tapes))) = answer.send(made) {
            tapes.into_iter().for_each(Tape::discard);
        }
    };
    thread::Builder::new()
        .name("first folder".into())
        .spawn(maker)
        .map_err(refused)?;
    answered.recv_timeout(FIRST_FOLDER).unwrap_or_else(|_| {
        let why = format!("its disk does not answer within {} s", FIRST_FOLDER.as_secs());
        Err(refused(io::Error::new(io::ErrorKind::TimedOut, why)))
    })
}

/// Makes the files, all or none.
pub(super) fn tapes(settings: &RecorderSettings, namings: &[Naming]) -> Result<Vec<Tape>, StartError> {
    let refused = |source| folder_refused(&settings.folder, source);
    std::fs::create_dir_all(&settings.folder).map_err(refused)?;
    let free_bytes = free_space(&settings.folder).map_err(refused)?;
    if free_bytes < bytes_min(settings, namings.len()) {
        return Err(StartError::DiskFull {
            folder: settings.folder.clone(),
            free_bytes,
        });
    }
    let mut tapes = Vec::with_capacity(namings.len());
    for (place, naming) in namings.iter().enumerate() {
        match Tape::begin(&settings.folder, naming, settings.kind(place)) {
            Ok(tape) => tapes.push(tape),
            Err(error) => {
                tapes.into_iter().for_each(Tape::discard);
                return Err(refused(error));
            }
        }
    }
    Ok(tapes)
}

fn folder_refused(folder: &Path, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StartError::DiskFull {
            folder: folder.to_owned(),
            free_bytes: free_space(folder).unwrap_or(0),
        },
        _ => StartError::Folder {
            folder: folder.to_owned(),
            source,
        },
    }
}

/// Starts writer and keeper on files that are made.
pub(super) fn begin(
    board: Arc<Board>,
    reels: Vec<Reel>,
    settings: RecorderSettings,
    names: Box<dyn Names>,
    first: u64,
) -> Result<Recording, StartError> {
    let (orders, orders_in) = mpsc::channel();
    let (keeper, kept) = mpsc::channel();
    let rate = settings.rate;
    board.begins(
        reels.iter().map(|reel| reel.tape.path().to_owned()).collect(),
        reels.iter().map(Reel::bytes).sum(),
    );
    let writer = Writer {
        reels,
        settings,
        names,
        orders: orders_in,
        keeper,
        board: board.clone(),
        index: 1,
        first,
        again: None,
        marks: Marks::default(),
        joining: Vec::new(),
    };
    // Where a thread is missing, the writer is dropped and ends its files.
    spawn("recorder keep", move || keep(&kept))?;
    let writer = spawn("recorder writer", move || writer.run())?;
    Ok(Recording::new(rate, board, orders, writer))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(StartError::Thread)
}
