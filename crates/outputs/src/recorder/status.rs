//! The truth about a recording, written by its threads and read by anyone without a lock.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;

/// After this long without a byte on disk nobody says "recording" any more.
const STALLED_AFTER: Duration = Duration::from_secs(1);

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
    /// The file.
    pub file: PathBuf,
    /// What is happening.
    pub state: RecordingState,
    /// Frames in the file, the silence that stands in for lost ones included.
    pub frames: u64,
    /// Frames per second.
    pub rate: SampleRate,
    /// Bytes of the file.
    pub bytes: u64,
    /// Frames in the file that are silence because the audio was lost; each gap is in the gap log.
    pub frames_lost: u64,
    /// The first gap that could not be noted there, if any: a sentence.
    pub gap_log_fault: Option<String>,
}

impl RecordingStatus {
    /// Seconds in the file.
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / f64::from(self.rate.hz())
    }
}

/// What a recording came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The file.
    pub file: PathBuf,
    /// Frames in it.
    pub frames: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Frames in it that are silence because the audio was lost.
    pub frames_lost: u64,
    /// Gaps in the log beside it; there is no log when there are none.
    pub gaps: u32,
    /// The first gap that could not be noted there, if any: a sentence.
    pub gap_log_fault: Option<String>,
    /// Why it stopped by itself, if it did.
    pub failure: Option<String>,
}

const STARTING: u8 = 0;
const RECORDING: u8 = 1;
const FAILED: u8 = 2;
const STOPPED: u8 = 3;

/// Stands for the end of a bus that nobody has drained to its end.
const NOT_DRAINED: u64 = u64::MAX;

/// The numbers as the threads write them. Relaxed throughout: each number stands for itself.
pub(super) struct Board {
    phase: AtomicU8,
    frames: AtomicU64,
    bytes: AtomicU64,
    frames_lost: AtomicU64,
    gaps: AtomicU32,
    /// Milliseconds after `made` of the last write that succeeded.
    written_at: AtomicU64,
    made: Instant,
    stop: AtomicBool,
    /// The sequence number the bus had reached when the last block was drained; [`NOT_DRAINED`] before.
    end_sequence: AtomicU64,
    failure: OnceLock<String>,
    gap_log_fault: OnceLock<String>,
}

impl Board {
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            phase: AtomicU8::new(STARTING),
            frames: AtomicU64::new(0),
            bytes: AtomicU64::new(bytes),
            frames_lost: AtomicU64::new(0),
            gaps: AtomicU32::new(0),
            written_at: AtomicU64::new(0),
            made: Instant::now(),
            stop: AtomicBool::new(false),
            end_sequence: AtomicU64::new(NOT_DRAINED),
            failure: OnceLock::new(),
            gap_log_fault: OnceLock::new(),
        }
    }

    pub(super) fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn asked_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn wrote(&self, frames: u64, bytes: u64) {
        self.frames.store(frames, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.written_at
            .store(self.made.elapsed().as_millis() as u64, Ordering::Relaxed);
        self.phase.store(RECORDING, Ordering::Relaxed);
    }

    pub(super) fn lost(&self, frames: u64, gaps: u32) {
        self.frames_lost.fetch_add(frames, Ordering::Relaxed);
        self.gaps.store(gaps, Ordering::Relaxed);
    }

    /// There is one more line in the gap log, and nothing is lost of the bus.
    pub(super) fn noted(&self, gaps: u32) {
        self.gaps.store(gaps, Ordering::Relaxed);
    }

    pub(super) fn gap_not_logged(&self, sentence: String) {
        let _ = self.gap_log_fault.set(sentence); // the first is the one that counts
    }

    /// Nothing comes after the block before `end`. Said before the ring is let go of.
    pub(super) fn drained(&self, end: u64) {
        // Release: seen by the writer before it sees the ring abandoned, which follows.
        self.end_sequence.store(end, Ordering::Release);
    }

    /// What [`Board::drained`] said, once the ring is abandoned; `None` when its drain broke.
    pub(super) fn end_sequence(&self) -> Option<u64> {
        // Acquire: pairs with the release in `drained`.
        let end = self.end_sequence.load(Ordering::Acquire);
        (end != NOT_DRAINED).then_some(end)
    }

    pub(super) fn failed(&self, frames: u64, bytes: u64, reason: String) {
        self.frames.store(frames, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        let _ = self.failure.set(reason); // the first reason is the one that counts
        // Release: whoever sees the failure finds its reason.
        self.phase.store(FAILED, Ordering::Release);
    }

    pub(super) fn stopped(&self) {
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

    pub(super) fn status(&self, file: PathBuf, rate: SampleRate) -> RecordingStatus {
        RecordingStatus {
            file,
            state: self.state(),
            frames: self.frames.load(Ordering::Relaxed),
            rate,
            bytes: self.bytes.load(Ordering::Relaxed),
            frames_lost: self.frames_lost.load(Ordering::Relaxed),
            gap_log_fault: self.gap_log_fault.get().cloned(),
        }
    }

    pub(super) fn summary(&self, file: PathBuf) -> Summary {
        Summary {
            file,
            frames: self.frames.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            frames_lost: self.frames_lost.load(Ordering::Relaxed),
            gaps: self.gaps.load(Ordering::Relaxed),
            gap_log_fault: self.gap_log_fault.get().cloned(),
            failure: self.failure.get().cloned(),
        }
    }
}
