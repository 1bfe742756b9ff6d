//! Makes recordings of what the ring holds, on a thread of its own, while the ring turns: the programme and every lane that
//! was there, all with the same first frame and length.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

use super::ledger::{Row, Shared};
use super::segment::{Chunk, SegmentReader};
use super::state::{BoxPhase, RunId};
use super::story::Story;
use super::window::Window;
use super::{LaneId, priority};
use crate::Recovery;
use crate::recorder::{Naming, size};
use crate::sound_file::FileFormat;
use crate::title::TitleWords;

/// How long what was heard last may take to reach the disk. Without it, it is missing at the end.
const FLUSH_WITHIN: Duration = Duration::from_secs(3);
/// How often it is looked for.
const ROUND: Duration = Duration::from_millis(20);
/// What progress is counted in.
const WHOLE: u32 = 1000;

/// What is known of what is being kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// When its first frame was heard, by the wall clock of then.
    pub began: SystemTime,
    /// What was on then.
    pub on: TitleWords,
    /// The rate of the files.
    pub rate: SampleRate,
}

/// Says what the files are called. The last of its names is the programme's without its ending, those of lanes have theirs
/// behind it, and a name that is taken gets a number; what a file is of is filled into its tags.
pub type NameKept = Arc<dyn Fn(&Heard) -> Naming + Send + Sync>;

/// What to keep, and as what.
#[derive(Clone)]
pub struct KeepOrder {
    /// Of which run; the last one that is held unless set.
    pub run: Option<RunId>,
    /// How much of its end. More than is held is as much as is held.
    pub last: Duration,
    /// The folder; made when missing.
    pub folder: PathBuf,
    /// What they are called.
    pub naming: NameKept,
    /// The kind of files.
    pub format: FileFormat,
    /// A cue sheet lies beside the programme's.
    pub cue_sheet: bool,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Of which run.
    pub run: RunId,
    /// When the first frame was heard, by the wall clock of then.
    pub began: SystemTime,
    /// The rate of all files.
    pub rate: SampleRate,
    /// Frames of each file.
    pub frames: u64,
    /// The programme first, then the lanes in the order in which they came.
    pub files: Vec<KeptFile>,
}

/// A file that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptFile {
    /// Of which lane.
    pub lane: LaneId,
    /// What it was called at last.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Where silence stands for what was lost: first frame and frames, in order.
    pub gaps: Vec<(u64, u64)>,
}

/// Why nothing was kept, or not all of it. What has been made is valid, and stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepError {
    /// The ring has nothing of it.
    #[error("the black box holds nothing of that; it keeps what is heard while it is on")]
    Nothing,
    /// No file can be named so.
    #[error("{0:?} is no name for a recording; choose another")]
    Name(String),
    /// There is no room.
    #[error("what is kept takes {} and {} has only {} left, also for what is being recorded; keep less or choose another folder", size(*needs), folder.display(),
        size(*free_bytes))]
    DiskFull {
        /// The folder.
        folder: PathBuf,
        /// What it takes.
        needs: u64,
        /// What is left.
        free_bytes: u64,
    },
    /// The folder cannot be made, or a file in it cannot be written.
    #[error("{} cannot be written: {source}; choose another folder and keep it again", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system refused a thread, or it broke.
    #[error("the system has no thread left to keep a recording; end other programs and keep it again")]
    Thread,
}

impl KeepError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Nothing | Self::Name(_) | Self::DiskFull { .. } | Self::Write { .. } => Recovery::AskOperator,
            Self::Thread => Recovery::Retry,
        }
    }
}

/// How much of what is being kept is done.
#[derive(Debug, Clone)]
pub struct Progress(Arc<AtomicU32>);

impl Progress {
    /// 0 to 1.
    pub fn part(&self) -> f32 {
        // Relaxed: a number for the eye.
        self.0.load(Ordering::Relaxed) as f32 / WHOLE as f32
    }
}

/// Files that are being made. Dropped, they are finished all the same.
pub struct Keeping {
    progress: Arc<AtomicU32>,
    thread: JoinHandle<Result<Kept, KeepError>>,
}

impl Keeping {
    pub(super) fn start(order: KeepOrder, shared: Shared, flushed: Receiver<u64>) -> Result<Self, KeepError> {
        let progress = Arc::new(AtomicU32::new(0));
        let held = Pins::of_run(&order, &shared);
        let told = progress.clone();
        let thread = thread::Builder::new()
            .name("black box keep".into())
            .spawn(move || {
                priority::lower();
                let now = await_the_last(&shared, &flushed);
                let pinned = Pinned::find(&order, &shared, now)?;
                drop(held);
                keep(order, &pinned, &told)
            })
            .map_err(|_| KeepError::Thread)?;
        Ok(Self { progress, thread })
    }

    /// How much is done, also for others than who waits for the end.
    pub fn progress(&self) -> Progress {
        Progress(self.progress.clone())
    }

    /// All is done, or nothing more can be.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end and says what it came to. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// Why not all was kept.
    pub fn wait(self) -> Result<Kept, KeepError> {
        self.thread.join().unwrap_or(Err(KeepError::Thread))
    }
}

fn keep(order: KeepOrder, pinned: &Pinned, progress: &AtomicU32) -> Result<Kept, KeepError> {
    let mut window = Window::open(order, pinned)?;
    let blocks = (pinned.end - pinned.first).max(1);
    for path in &pinned.pins.paths {
        let mut segment = match SegmentReader::open(path) {
            Ok(segment) => segment,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a segment of the black box cannot be read");
                continue; // a gap that is counted
            }
        };
        // An error in the middle is the end of what can be read of it.
        while let Ok(Some(chunk)) = segment.next() {
            if let Chunk::Blocks(batch) = chunk {
                window.put(&batch)?;
                let done = batch.end().clamp(pinned.first, pinned.end) - pinned.first;
                // Relaxed: a number for the eye.
                progress.store((done * u64::from(WHOLE) / blocks) as u32, Ordering::Relaxed);
            }
        }
    }
    window.finish()
}

/// Waits until what had been heard when this was asked for is on disk. Returns the run that was being written then, and the
/// number after its last block.
fn await_the_last(shared: &Shared, flushed: &Receiver<u64>) -> Option<(u64, u64)> {
    let asked = Instant::now();
    // Without an answer it has ended, and wrote all that it had.
    let end = flushed.recv_timeout(FLUSH_WITHIN).ok()?;
    let mut run = 0;
    while asked.elapsed() < FLUSH_WITHIN {
        let ledger = shared.lock();
        run = ledger.run;
        let is_there = ledger.end_of(run).is_some_and(|found| found >= end);
        let goes_on = matches!(ledger.phase, BoxPhase::Starting | BoxPhase::Turning);
        // Of a run that has just begun nothing may have come yet.
        if is_there || !goes_on || end <= 1 {
            break;
        }
        drop(ledger);
        thread::sleep(ROUND);
    }
    Some((run, end))
}

/// Segments that stay until this is dropped.
pub(super) struct Pins {
    shared: Shared,
    paths: Vec<PathBuf>,
}

impl Pins {
    /// All of the run that is to be kept: what is asked for now must not go before it is found.
    fn of_run(order: &KeepOrder, shared: &Shared) -> Self {
        let mut ledger = shared.lock();
        let run = order.run.map(|id| id.0).or(ledger.rows.back().map(|row| row.head.run));
        let rows = ledger
            .rows
            .iter_mut()
            .filter(|row| Some(row.head.run) == run && !row.going);
        Self::pin(rows, shared)
    }

    fn pin<'a>(rows: impl Iterator<Item = &'a mut Row>, shared: &Shared) -> Self {
        let paths = rows.map(|row| {
            row.pins += 1;
            row.path.clone()
        });
        Self {
            paths: paths.collect(),
            shared: shared.clone(),
        }
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        let mut ledger = self.shared.lock();
        let pinned = ledger.rows.iter_mut().filter(|row| self.paths.contains(&row.path));
        pinned.for_each(|row| row.pins = row.pins.saturating_sub(1));
    }
}

/// The segments that an order needs: they stay until this is dropped.
pub(super) struct Pinned {
    pins: Pins,
    pub(super) run: u64,
    pub(super) rate: SampleRate,
    /// Frames by which the programme is later than the lanes.
    pub(super) latency: u64,
    /// The first block of the programme to keep.
    pub(super) first: u64,
    /// The number after the last.
    pub(super) end: u64,
    /// When the first began.
    pub(super) began: SystemTime,
    /// The lanes that these segments have, and what they are called at last.
    pub(super) lanes: BTreeMap<LaneId, String>,
    /// What was on, and what was dumped.
    pub(super) story: Story,
}

impl Pinned {
    /// Finds what is asked for, up to `now`: a run, and the number after its last block by then.
    fn find(order: &KeepOrder, shared: &Shared, now: Option<(u64, u64)>) -> Result<Self, KeepError> {
        let mut ledger = shared.lock();
        let last = ledger.rows.iter().rev().find(|row| row.end > row.head.first);
        let run = order.run.map(|id| id.0).or(last.map(|row| row.head.run));
        let run = run.ok_or(KeepError::Nothing)?;
        let mut rows: Vec<_> = ledger
            .rows
            .iter_mut()
            .filter(|row| row.head.run == run && !row.going)
            .collect();
        let (Some(oldest), Some(newest)) = (rows.first(), rows.last()) else {
            return Err(KeepError::Nothing);
        };
        let end = now.filter(|(current, _)| *current == run).map(|(_, end)| end);
        let (head, end) = (oldest.head, newest.end.min(end.unwrap_or(u64::MAX)));
        let frames = order.last.as_secs_f64() * f64::from(head.rate.hz());
        let blocks = (frames / BLOCK_FRAMES as f64).round() as u64;
        let first = end.saturating_sub(blocks).max(head.first);
        if first >= end {
            return Err(KeepError::Nothing);
        }
        // Lanes are earlier by the latency: what they gave before the first block is heard after it began.
        let from = first.saturating_sub(u64::from(head.latency).div_ceil(BLOCK_FRAMES as u64));
        rows.retain(|row| row.end > from && row.head.first < end);
        let mut lanes: BTreeMap<LaneId, String> = BTreeMap::new();
        for (lane, found) in rows.iter().flat_map(|row| &row.lanes) {
            lanes.entry(*lane).or_default().clone_from(&found.name);
        }
        let story = Story::new(rows.iter().flat_map(|row| &row.notes));
        let near = rows
            .iter()
            .rev()
            .find(|row| row.head.first <= first)
            .map_or(head, |row| row.head);
        let later = (first.saturating_sub(near.first) * BLOCK_FRAMES as u64) as f64 / f64::from(head.rate.hz());
        Ok(Self {
            pins: Pins::pin(rows.into_iter(), shared),
            run,
            rate: head.rate,
            latency: u64::from(head.latency),
            first,
            end,
            began: near.began() + Duration::from_secs_f64(later),
            lanes,
            story,
        })
    }
}
