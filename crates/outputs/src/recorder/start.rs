//! Starting a recording: what is refused at once, and what it takes.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixReader;
use rtrb::RingBuffer;

use super::drain::{drain, ring_blocks};
use super::file_name::{create, usable_stem};
use super::gap_log::GapLog;
use super::keep::keep;
use super::space::size;
use super::status::Board;
use super::write::Writer;
use super::{Recording, free_space};
use crate::Recovery;
use crate::follower::Follower;
use crate::sound_file::{self, FileFormat, Opening, SoundFile};

/// A recording must be able to last this long, or it does not start.
const SECONDS_MIN: f64 = 10.0;

/// Where and how to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecorderSettings {
    /// The folder; made when missing.
    pub folder: PathBuf,
    /// The file's name without its ending. What no file system takes is replaced; a name that is taken gets
    /// a number.
    pub file_stem: String,
    /// The kind of file.
    pub format: FileFormat,
    /// The desk's rate.
    pub rate: SampleRate,
}

/// Why nothing is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No file can be named so.
    #[error("{0:?} is no name for a recording; choose another")]
    Name(String),
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
    /// The system refused a thread.
    #[error("the system has no thread left for a recording; end other programs and record again")]
    Thread(#[source] io::Error),
}

impl StartError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Name(_) | Self::Folder { .. } | Self::DiskFull { .. } => Recovery::AskOperator,
            Self::Thread(_) => Recovery::Retry,
        }
    }
}

/// Starts recordings.
pub struct Recorder;

impl Recorder {
    /// Records what the bus publishes from the reader's place on. Blocks for as long as the disk takes to
    /// make a file.
    ///
    /// # Errors
    /// When the name, the folder or the disk cannot take a recording. No file is left behind then.
    pub fn start(settings: RecorderSettings, reader: MixReader) -> Result<Recording, StartError> {
        let (path, sound, file) = make_file(&settings)?;
        begin(&settings, reader, path.clone(), sound, file).inspect_err(|_| {
            let _ = std::fs::remove_file(&path); // empty, and the error says more than this one would
        })
    }
}

fn make_file(settings: &RecorderSettings) -> Result<(PathBuf, Box<dyn SoundFile>, File), StartError> {
    let stem = usable_stem(&settings.file_stem).ok_or_else(|| StartError::Name(settings.file_stem.clone()))?;
    let refused = |source| folder_refused(&settings.folder, source);
    std::fs::create_dir_all(&settings.folder).map_err(refused)?;
    let free_bytes = free_space(&settings.folder).map_err(refused)?;
    if (free_bytes as f64) < SECONDS_MIN * settings.format.bytes_a_second(settings.rate) {
        return Err(StartError::DiskFull {
            folder: settings.folder.clone(),
            free_bytes,
        });
    }
    let (path, file) = create(&settings.folder, &stem, settings.format.extension()).map_err(refused)?;
    let opening = Opening::new(settings.rate);
    let made = file
        .try_clone()
        .and_then(|other| Ok((sound_file::create(file, settings.format, &opening)?, other)));
    match made {
        Ok((sound, file)) => Ok((path, sound, file)),
        Err(error) => {
            let _ = std::fs::remove_file(&path); // empty, and the error says more than this one would
            Err(refused(error))
        }
    }
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

/// Starts the three threads on a file that is made.
pub(super) fn begin(
    settings: &RecorderSettings,
    reader: MixReader,
    path: PathBuf,
    sound: Box<dyn SoundFile>,
    file: File,
) -> Result<Recording, StartError> {
    let board = Arc::new(Board::new(sound.bytes_on_disk()));
    let (producer, consumer) = RingBuffer::new(ring_blocks(settings.rate));
    let (noter, notes) = mpsc::channel();
    let follower = Follower::new(reader);
    let kept = file
        .try_clone()
        .map_err(|source| folder_refused(&settings.folder, source))?;
    let writer = Writer {
        sound,
        file,
        path: path.clone(),
        rate: settings.rate,
        ring: consumer,
        gaps: GapLog::beside(&path),
        notes,
        board: board.clone(),
        next: follower.next_sequence(),
    };
    let (drained, kept_board, kept_path) = (board.clone(), board.clone(), path.clone());
    // A thread that is missing ends those that run: each stops when its neighbour is gone or it is asked to.
    let stop = |_: &StartError| board.ask_to_stop();
    let writer = spawn("recorder writer", move || writer.run())?;
    spawn("recorder drain", move || drain(follower, producer, &drained)).inspect_err(stop)?;
    let keeper = spawn("recorder keep", move || keep(&kept, &kept_path, &kept_board)).inspect_err(stop)?;
    Ok(Recording::new(path, settings.rate, board, noter, writer, keeper))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(StartError::Thread)
}
