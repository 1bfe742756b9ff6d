//! The truth about a recording, written by its threads and read by anyone.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;

use super::drain::Channel;

/// After this long without a byte on disk nobody says "recording" any more: a second, less what it takes to be told. The
/// encoded formats bring some bytes every half second at the latest.
const STALLED_AFTER: Duration = Duration::from_millis(800);

/// What a recording is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordingState {
    /// The file is made; no audio has reached it yet.
    Starting,
    /// Bytes are reaching the file.
    Recording,
    /// No byte has reached the file for this many seconds. Up to 15 s nothing is lost yet.
    Stalled {
        /// How long.
        seconds: f32,
    },
    /// It stopped by itself; what was written is a valid file.
    Failed {
        /// One sentence: what, which file, what to do.
        reason: String,
    },
    /// It was stopped.
    Stopped,
}

/// A recording at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingStatus {
    /// The files that are written now: the recording, and its stems.
    pub files: Vec<PathBuf>,
    /// Files that were begun so far, stems not counted.
    pub parts: u32,
    /// What is happening.
    pub state: RecordingState,
    /// Frames in the files so far, one after the other, the silence that stands in for lost ones included.
    pub frames: u64,
    /// Frames per second.
    pub rate: SampleRate,
    /// Bytes of all files.
    pub bytes: u64,
    /// Frames in the files that are silence because the audio was lost, each gap in the gap log; and those that are lost already
    /// while the disk stands still.
    pub frames_lost: u64,
    /// The first gap that could not be noted there, if any: a sentence.
    pub gap_log_fault: Option<String>,
    /// Why its files are longer than they shall be, while no new one can be begun: a sentence.
    pub seam_fault: Option<String>,
    /// What else the operator should read, in the order in which it came: a cue sheet or a stem that is not there.
    pub remarks: Vec<String>,
    /// Why it goes on in another folder, if it does: a sentence.
    pub moved: Option<String>,
}

impl RecordingStatus {
    /// Seconds in the files.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate.hz())
    }

    /// The file that is written now.
    pub fn file(&self) -> &Path {
        self.files.first().map_or(Path::new(""), PathBuf::as_path)
    }
}

/// What a recording came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Its files in the order in which they were begun, stems behind the file that they belong to.
    pub files: Vec<PathBuf>,
    /// The last file, stems not counted.
    pub file: PathBuf,
    /// Frames in the files, one after the other.
    pub frames: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Frames in them that are silence because the audio was lost.
    pub frames_lost: u64,
    /// Gaps in the logs beside them; there is no log when there are none.
    pub gaps: u32,
    /// The first gap that could not be noted there, if any: a sentence.
    pub gap_log_fault: Option<String>,
    /// What else the operator should read, in the order in which it came: a cue sheet or a stem that is not there.
    pub remarks: Vec<String>,
    /// Why it went on in another folder, if it did: a sentence.
    pub moved: Option<String>,
    /// Why it stopped by itself, if it did.
    pub failure: Option<String>,
}

const STARTING: u8 = 0;
const RECORDING: u8 = 1;
const FAILED: u8 = 2;
const STOPPED: u8 = 3;

/// The numbers as the threads write them. Relaxed throughout, but for the end: each number stands for itself.
pub(super) struct Board {
    phase: AtomicU8,
    frames: AtomicU64,
    bytes: AtomicU64,
    frames_lost: AtomicU64,
    gaps: AtomicU32,
    /// Milliseconds after `made` of the last write that succeeded, or of its beginning.
    written_at: AtomicU64,
    made: Instant,
    stop: AtomicBool,
    files: Mutex<Files>,
    failure: OnceLock<String>,
    moved: OnceLock<String>,
    gap_log_fault: OnceLock<String>,
    remarks: Mutex<Vec<String>>,
    /// Sources on their way to the thread that drains; `None` once it takes no more.
    arrivals: Mutex<Option<Vec<Channel>>>,
    /// Stands while it is so.
    seam_fault: Mutex<Option<String>>,
}

#[derive(Default)]
struct Files {
    now: Vec<PathBuf>,
    all: Vec<PathBuf>,
    parts: u32,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            phase: AtomicU8::new(STARTING),
            frames: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            frames_lost: AtomicU64::new(0),
            gaps: AtomicU32::new(0),
            written_at: AtomicU64::new(0),
            made: Instant::now(),
            stop: AtomicBool::new(false),
            files: Mutex::default(),
            failure: OnceLock::new(),
            moved: OnceLock::new(),
            gap_log_fault: OnceLock::new(),
            remarks: Mutex::default(),
            arrivals: Mutex::new(Some(Vec::new())),
            seam_fault: Mutex::default(),
        }
    }
}

impl Board {
    pub(super) fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn asked_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Files are made, and nothing is in them but headers.
    pub(super) fn begins(&self, files: Vec<PathBuf>, bytes: u64) {
        self.writes_into(files);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.note_time();
    }

    /// These are the files now.
    pub(super) fn writes_into(&self, files: Vec<PathBuf>) {
        let mut told = self.files();
        if told.now == files {
            return;
        }
        told.parts += 1;
        told.all.extend(files.iter().cloned());
        told.now = files;
    }

    /// So much is in the files now. A time at which nothing was added is none of writing.
    pub(super) fn wrote(&self, frames: u64, bytes: u64) {
        let before = self.frames.swap(frames, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        if frames > before {
            self.note_time();
            self.phase.store(RECORDING, Ordering::Relaxed);
        }
    }

    fn note_time(&self) {
        self.written_at
            .store(self.made.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    pub(super) fn lost(&self, frames: u64) {
        self.frames_lost.fetch_add(frames, Ordering::Relaxed);
    }

    /// There is one more line in a gap log.
    pub(super) fn gap(&self) {
        self.gaps.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn gap_not_logged(&self, sentence: String) {
        let _ = self.gap_log_fault.set(sentence); // the first is the one that counts
    }

    /// Something that the operator should read.
    pub(super) fn remark(&self, sentence: String) {
        let mut remarks = lock(&self.remarks);
        if !remarks.contains(&sentence) {
            remarks.push(sentence);
        }
    }

    /// One more source. False: nobody drains any more.
    pub(super) fn arrive(&self, channel: Channel) -> bool {
        let mut arrivals = lock(&self.arrivals);
        let open = arrivals.as_mut();
        open.is_some_and(|arrivals| {
            arrivals.push(channel);
            true
        })
    }

    /// Sources that have come since this was asked last.
    pub(super) fn arrived(&self) -> Vec<Channel> {
        lock(&self.arrivals).as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The same for the last time.
    pub(super) fn close_arrivals(&self) -> Vec<Channel> {
        lock(&self.arrivals).take().unwrap_or_default()
    }

    /// One more file belongs to those that are written now.
    pub(super) fn joins(&self, file: PathBuf) {
        let mut told = self.files();
        told.all.push(file.clone());
        told.now.push(file);
    }

    /// No new file can be begun, and why; or one was.
    pub(super) fn seam(&self, fault: Option<String>) {
        *lock(&self.seam_fault) = fault;
    }

    /// It goes on in another folder.
    pub(super) fn moved(&self, sentence: String) {
        let _ = self.moved.set(sentence); // there is one other folder
    }

    pub(super) fn failed(&self, frames: u64, bytes: u64, reason: String) {
        self.frames.store(frames, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        let _ = self.failure.set(reason); // the first reason is the one that counts
        // Release: whoever sees the failure finds its reason.
        self.phase.store(FAILED, Ordering::Release);
    }

    pub(super) fn stopped(&self, frames: u64, bytes: u64) {
        self.frames.store(frames, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.phase.store(STOPPED, Ordering::Relaxed);
    }

    pub(super) fn over(&self) -> bool {
        matches!(self.phase.load(Ordering::Relaxed), FAILED | STOPPED)
    }

    fn state(&self) -> RecordingState {
        // Acquire: pairs with the release in `failed`.
        match self.phase.load(Ordering::Acquire) {
            FAILED => RecordingState::Failed {
                reason: self.failure.get().cloned().unwrap_or_default(),
            },
            STOPPED => RecordingState::Stopped,
            phase => {
                let written_at = Duration::from_millis(self.written_at.load(Ordering::Relaxed));
                let waited = self.made.elapsed().saturating_sub(written_at);
                if waited > STALLED_AFTER {
                    RecordingState::Stalled {
                        seconds: waited.as_secs_f32(),
                    }
                } else if phase == RECORDING {
                    RecordingState::Recording
                } else {
                    RecordingState::Starting
                }
            }
        }
    }

    pub(super) fn status(&self, rate: SampleRate) -> RecordingStatus {
        let files = self.files();
        RecordingStatus {
            files: files.now.clone(),
            parts: files.parts,
            state: self.state(),
            frames: self.frames.load(Ordering::Relaxed),
            rate,
            bytes: self.bytes.load(Ordering::Relaxed),
            frames_lost: self.frames_lost.load(Ordering::Relaxed),
            gap_log_fault: self.gap_log_fault.get().cloned(),
            seam_fault: lock(&self.seam_fault).clone(),
            remarks: lock(&self.remarks).clone(),
            moved: self.moved.get().cloned(),
        }
    }

    pub(super) fn summary(&self) -> Summary {
        let files = self.files();
        Summary {
            files: files.all.clone(),
            file: files.now.first().cloned().unwrap_or_default(),
            frames: self.frames.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            frames_lost: self.frames_lost.load(Ordering::Relaxed),
            gaps: self.gaps.load(Ordering::Relaxed),
            gap_log_fault: self.gap_log_fault.get().cloned(),
            remarks: lock(&self.remarks).clone(),
            moved: self.moved.get().cloned(),
            failure: self.failure.get().cloned(),
        }
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        lock(&self.files)
    }
}

/// What is guarded is changed whole, and held for as long as it takes to be copied.
fn lock<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
