//! The black box: the last hours of programme and strips, always, though nobody pressed record; and recordings of them, made
//! afterwards.
//!
//! A ring of segments on disk, packed without loss. Two threads turn it: one follows programme and strips and touches no
//! disk, one writes with the lowest claim on processor and disk. A killed process loses the last second at most, and what
//! was held before is found at the next start. The disk belongs to recordings: the ring never takes more than a quarter of
//! what is free (half, while what is being kept cannot go), and removes its own oldest first, which is all that it ever removes.

mod collect;
mod folder;
mod keep;
mod ledger;
mod pack;
pub mod priority;
mod segment;
mod shelf;
mod start;
mod state;
mod story;
mod window;
mod write;

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use airdesk_engine::TapReader;
use airdesk_engine::mix_queue::{MixReader, MixTap};

use self::collect::{Collector, Wish};
use self::folder::OwnFolder;
pub use self::keep::{Heard, KeepError, KeepOrder, Keeping, Kept, KeptFile, NameKept, Progress};
use self::ledger::Shared;
pub use self::shelf::Shelf;
pub use self::start::{BoxSettings, StartError};
pub use self::state::{BoxPhase, BoxState, LaneState, RunId, RunState};
use self::story::Note;
use self::write::Writer;
use crate::title::TitleWords;

/// Batches that wait for the disk. Capacity: ten seconds, in which 17 lanes of voices take 16 MB.
const BATCHES: usize = 20;

/// Names a lane for as long as its black box lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u32);

impl LaneId {
    /// The programme, which is always there.
    pub const PROGRAMME: Self = Self(0);
    const PROGRAMME_NAME: &str = "programme";
}

/// A black box that is on. Dropped, it ends like [`BlackBox::stop`] but nobody waits for it.
pub struct BlackBox {
    wishes: mpsc::Sender<Wish>,
    shared: Shared,
    lanes: AtomicU32,
    threads: Vec<JoinHandle<()>>,
}

impl BlackBox {
    /// Finds what earlier runs have left, and then begins a run with what the programme publishes. Blocks for as long as the
    /// disk takes to list it.
    ///
    /// # Errors
    /// When the folder cannot be had, or the system refuses a thread.
    pub fn start(settings: BoxSettings, programme: &MixTap) -> Result<Self, StartError> {
        let folder = OwnFolder::open(&settings.folder)?;
        let rows = folder.scan().map_err(|source| StartError::Folder {
            folder: folder.path().to_owned(),
            source,
        })?;
        let shared = Shared::new(rows);
        let (wishes, wished) = mpsc::channel();
        let (to_disk, batches) = mpsc::sync_channel(BATCHES);
        let collector = Collector::new(programme.reader(), settings.rate, wished, to_disk, shared.clone());
        let writer = Writer::new(folder, settings, shared.clone());
        // A thread that is missing ends the other: each stops when its neighbour is gone.
        let threads = vec![
            spawn("black box writer", move || writer.run(&batches))?,
            spawn("black box", move || collector.run())?,
        ];
        let lanes = AtomicU32::new(LaneId::PROGRAMME.0 + 1);
        Ok(Self {
            wishes,
            shared,
            lanes,
            threads,
        })
    }

    /// Takes a strip in under this name, from the first block that its tap gives. It ends by itself when the strip is gone.
    pub fn add_lane(&self, name: &str, reader: TapReader) -> LaneId {
        // Relaxed: a number that nobody else has.
        let id = LaneId(self.lanes.fetch_add(1, Ordering::Relaxed));
        self.wish(Wish::AddLane(id, name.into(), reader));
        id
    }

    /// Calls a lane something else from now on; what is kept is called as it was at last.
    pub fn rename_lane(&self, lane: LaneId, name: &str) {
        self.wish(Wish::RenameLane(lane, name.into()));
    }

    /// Ends a lane. What is held of it stays.
    pub fn remove_lane(&self, lane: LaneId) {
        self.wish(Wish::RemoveLane(lane));
    }

    /// This is on from this frame of the programme on, counted from the first block that its engine published. What is kept is
    /// called and marked by it.
    pub fn set_title(&self, frame: u64, words: TitleWords) {
        self.wish(Wish::Note(Note::On { frame, words }));
    }

    /// These frames of the programme were dumped: what is kept has them, and says where.
    pub fn mark_dumped(&self, frames: &Range<u64>) {
        let (first, frames) = (frames.start, frames.end.saturating_sub(frames.start));
        self.wish(Wish::Note(Note::Dumped { first, frames }));
    }

    /// Goes on with another engine's programme: a new run, without the lanes of the last one. What is on stays on.
    pub fn begin_run(&self, programme: MixReader) {
        self.wish(Wish::BeginRun(programme));
    }

    /// The truth, now. Waits for nobody for longer than a moment.
    pub fn state(&self) -> BoxState {
        self.shared.lock().state()
    }

    /// Makes recordings of what is held, on a thread of its own, with what has been heard by now. The ring turns meanwhile,
    /// and removes nothing that is being kept.
    ///
    /// # Errors
    /// When the system refuses a thread. What else can be wrong is told by [`Keeping::wait`].
    pub fn keep(&self, order: KeepOrder) -> Result<Keeping, KeepError> {
        let (answer, flushed) = mpsc::channel();
        self.wish(Wish::Flush(answer));
        Keeping::start(order, self.shared.clone(), flushed)
    }

    /// Writes what has been heard by now and ends. Blocks for as long as the disk takes.
    pub fn stop(mut self) {
        self.wish(Wish::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // one that panicked has left whole segments
        }
    }

    fn wish(&self, wish: Wish) {
        let _ = self.wishes.send(wish); // the thread has ended: its state says so
    }
}

impl Drop for BlackBox {
    fn drop(&mut self) {
        self.wish(Wish::Stop);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(StartError::Thread)
}
