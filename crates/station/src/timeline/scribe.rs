//! The scribe: the thread that writes the timeline and what decks have played, some times a second all that has happened since.
//!
//! It waits for the disk, for as long as that takes; the station never waits for it. What happens meanwhile waits in a queue of
//! bounded length, and what finds no room there is counted and written as one entry when the disk takes something again.

mod pages;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::{broadcast, oneshot};

use super::retention::{Limits, Pruned, prune};
use super::watch::{Stamp, Watch};
use crate::api::{Event, Happening, TimelineEntry};
use crate::library::{self, LibraryError, Opened, Recovery};
use crate::tracks::{self, PlayBegun};
use pages::{enter, grow, insert};

/// What happens within this time is written at once.
const BATCH: Duration = Duration::from_millis(100);
/// More than this is not written at once.
const BATCH_MAX: usize = 500;
// Capacity: a day of a busy show while the disk takes nothing, some megabytes.
const QUEUE: usize = 10_000;
/// A disk that did not take something is tried again this much later.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a desk that has nothing to tell says that it runs, and old entries go.
const ROUND: Duration = Duration::from_secs(60);
/// Losses that may still grow.
const GROWING: usize = 64;
/// Plays that may still grow: every deck there can be, some times over.
const PLAYING: usize = 512;

/// What happened and when.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// By what the station calls it until it has a number.
    pub(super) serial: u64,
    pub(super) stamp: Stamp,
    pub(super) frame: u64,
    pub(super) subject: String,
    pub(super) cause: Option<String>,
    pub(super) position: Option<u64>,
    pub(super) happening: Happening,
}

/// What the scribe is asked.
pub(super) enum Wish {
    // Boxed, as is what has grown: the queue holds room for all its wishes from the beginning.
    Write(Box<Draft>),
    /// What was written before goes on.
    Grow {
        serial: u64,
        happening: Box<Happening>,
    },
    /// A deck has begun to sound something. By this number it is heard of again.
    Play {
        serial: u64,
        stamp: Stamp,
        play: Box<PlayBegun>,
    },
    /// More of it was heard: so many seconds by now.
    Heard {
        serial: u64,
        seconds: f64,
    },
    /// The desk has stopped: write all that there is, and say when it is on disk.
    End(oneshot::Sender<()>),
}

/// What the operator should know of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScribeNews {
    /// It cannot be written, and why.
    Stuck(String),
    /// It is written again.
    Again,
    /// What was found at the start was set aside.
    SetAside(String),
}

/// What both ends look at.
#[derive(Default)]
struct Shared {
    /// What found no room.
    missed: AtomicU64,
    /// Nobody is interested any more.
    over: AtomicBool,
    /// Since when the oldest that is not on disk waits.
    waiting: Mutex<Option<Instant>>,
}

impl Shared {
    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The station's end of the scribe. Dropped, the scribe gives up what it could not write.
pub(super) struct Scribe {
    wishes: SyncSender<Wish>,
    shared: Arc<Shared>,
}

impl Scribe {
    /// Starts the thread; it opens the library itself.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn start(
        path: &Path,
        session: &Path,
        watch: Watch,
        events: broadcast::Sender<Event>,
        tell: impl Fn(ScribeNews) + Send + 'static,
    ) -> std::io::Result<Self> {
        Self::start_with(path, session, watch, Limits::default(), events, tell)
    }

    /// The same with other limits.
    pub(super) fn start_with(
        path: &Path,
        session: &Path,
        watch: Watch,
        limits: Limits,
        events: broadcast::Sender<Event>,
        tell: impl Fn(ScribeNews) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (wishes, asked) = sync_channel(QUEUE);
        let shared = Arc::new(Shared::default());
        let desk = Writing {
            path: path.to_owned(),
            session: session.to_string_lossy().into_owned(),
            watch,
            limits,
            events,
            tell: Box::new(tell),
            shared: shared.clone(),
            open: None,
            file: None,
            desk: None,
            growing: VecDeque::new(),
            playing: VecDeque::new(),
            stuck: false,
            round_at: Instant::now() + ROUND,
        };
        std::thread::Builder::new()
            .name("scribe".into())
            .spawn(move || desk.run(&asked))?;
        Ok(Self { wishes, shared })
    }

    /// Asks for something to be written. Never waits: what finds no room is counted.
    pub(super) fn ask(&self, wish: Wish) {
        let is_entry = matches!(wish, Wish::Write(_) | Wish::Play { .. });
        if is_entry {
            self.shared.waiting().get_or_insert_with(Instant::now);
        }
        if let Err(TrySendError::Full(_)) = self.wishes.try_send(wish)
            && is_entry
        {
            // Relaxed: a statistic, it orders nothing.
            self.shared.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks for all to be written, and the library to be closed. False: the queue is full, ask again in a moment.
    pub(super) fn end(&self, answer: &mut Option<oneshot::Sender<()>>) -> bool {
        let Some(waits) = answer.take() else { return true };
        if let Err(TrySendError::Full(Wish::End(waits))) = self.wishes.try_send(Wish::End(waits)) {
            *answer = Some(waits);
        }
        answer.is_none()
    }

    /// Since when something waits for the disk.
    pub(super) fn late_since(&self) -> Option<Instant> {
        *self.shared.waiting()
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        // Relaxed: it orders nothing, and is looked at again within a second.
        self.shared.over.store(true, Ordering::Relaxed);
    }
}

/// The scribe's own side.
struct Writing {
    path: PathBuf,
    session: String,
    watch: Watch,
    limits: Limits,
    events: broadcast::Sender<Event>,
    tell: Box<dyn Fn(ScribeNews) + Send>,
    shared: Arc<Shared>,
    open: Option<Connection>,
    /// The file that was opened last.
    file: Option<FileNumber>,
    /// This desk's number in it.
    desk: Option<i64>,
    /// Serials and numbers of what may still grow, the oldest first.
    growing: VecDeque<(u64, i64)>,
    /// The same of what decks play.
    playing: VecDeque<(u64, i64)>,
    stuck: bool,
    /// When old entries go next, and a desk that has nothing to tell says that it runs.
    round_at: Instant,
}

impl Writing {
    fn run(mut self, asked: &Receiver<Wish>) {
        let mut batch = Vec::new();
        loop {
            let wait = self.round_at.saturating_duration_since(Instant::now());
            let more = gather(asked, wait, &mut batch);
            let end = match batch.pop() {
                Some(Wish::End(answer)) => Some(answer),
                Some(other) => {
                    batch.push(other);
                    None
                }
                None => None,
            };
            if !self.put_down(&batch, end.is_some()) {
                return;
            }
            batch.clear();
            self.look_after();
            if let Some(answer) = end {
                // Closing it moves everything into one file.
                self.open = None;
                // The desk may not have waited.
                let _ = answer.send(());
                return;
            }
            if !more {
                return;
            }
        }
    }

    /// Writes a batch, however often it takes. False: nobody waits for it any more.
    fn put_down(&mut self, batch: &[Wish], ends: bool) -> bool {
        loop {
            match self.write(batch, ends) {
                Ok(entries) => {
                    self.written(entries);
                    return true;
                }
                Err(error) => self.stumble(&error),
            }
            // Relaxed: see `drop`.
            if self.shared.over.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(AGAIN);
        }
    }

    /// A batch is in the system's hands.
    fn written(&mut self, entries: Vec<TimelineEntry>) {
        *self.shared.waiting() = None;
        for entry in entries {
            // Nobody listening is no fault.
            let _ = self.events.send(Event::Timeline(entry));
        }
        if std::mem::take(&mut self.stuck) {
            (self.tell)(ScribeNews::Again);
        }
    }

    fn stumble(&mut self, error: &LibraryError) {
        self.open = None; // before the file gets another name
        if error.recovery() == Recovery::SetAside
            && let Ok(opened) = library::begin_anew(&self.path, error)
        {
            return self.take_up(opened);
        }
        if !std::mem::replace(&mut self.stuck, true) {
            (self.tell)(ScribeNews::Stuck(error.to_string()));
        }
    }

    fn take_up(&mut self, opened: Opened) {
        let file = file_number(&self.path);
        if file != self.file || opened.warning.is_some() {
            // It does not know this desk.
            self.desk = None;
            self.growing.clear();
            self.playing.clear();
        }
        if let Some(warning) = opened.warning {
            (self.tell)(ScribeNews::SetAside(warning));
        }
        (self.open, self.file) = (Some(opened.connection), file);
    }

    /// Writes all of it or nothing.
    fn write(&mut self, batch: &[Wish], ends: bool) -> Result<Vec<TimelineEntry>, LibraryError> {
        // A file that was moved away or deleted would take everything, and nobody would ever read it.
        if self.file != file_number(&self.path) {
            self.open = None;
        }
        if self.open.is_none() {
            let opened = library::open(&self.path)?;
            self.take_up(opened);
        }
        let Some(connection) = &mut self.open else {
            return Ok(Vec::new());
        };
        let now = self.watch.now();
        // Relaxed: a statistic. What is missed while this is written is written next.
        let missed = self.shared.missed.load(Ordering::Relaxed);
        let (mut growing, mut playing) = (self.growing.clone(), self.playing.clone());
        let told = |error| LibraryError::of(&self.path, error);
        let pages = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(told)?;
        let (desk, mut entries) = match self.desk {
            Some(desk) => (desk, Vec::new()),
            None => enter(&pages, &self.session, &now).map_err(told)?,
        };
        for wish in batch {
            match wish {
                Wish::Write(draft) => {
                    let entry = insert(&pages, desk, draft).map_err(told)?;
                    if matches!(draft.happening, Happening::Loss { .. }) {
                        growing.push_back((draft.serial, entry.number as i64));
                    }
                    entries.push(entry);
                }
                Wish::Grow { serial, happening } => {
                    let known = growing.iter().find(|(known, _)| known == serial);
                    if let Some((_, number)) = known {
                        entries.extend(grow(&pages, *number, happening).map_err(told)?);
                    }
                }
                Wish::Play { serial, stamp, play } => {
                    let number = tracks::begin(&pages, play, stamp.utc, stamp.east).map_err(told)?;
                    playing.push_back((*serial, number));
                }
                Wish::Heard { serial, seconds } => {
                    if let Some((_, number)) = playing.iter().find(|(known, _)| known == serial) {
                        tracks::grow(&pages, *number, *seconds).map_err(told)?;
                    }
                }
                Wish::End(_) => {}
            }
        }
        // After all that found room: it happened before.
        let missed = if batch.len() < BATCH_MAX { missed } else { 0 };
        if missed > 0 {
            let draft = Draft::of_the_desk(now, Happening::Missed { entries: missed });
            entries.push(insert(&pages, desk, &draft).map_err(told)?);
        }
        pages
            .execute(
                "UPDATE desks SET began = ?2, seen = ?3, east = ?4, ended = ?5 WHERE desk = ?1",
                params![desk, now.began(), now.utc, now.east, ends],
            )
            .map_err(told)?;
        pages.commit().map_err(told)?;
        growing.drain(..growing.len().saturating_sub(GROWING));
        playing.drain(..playing.len().saturating_sub(PLAYING));
        (self.desk, self.growing, self.playing) = (Some(desk), growing, playing);
        // Relaxed: see above.
        self.shared.missed.fetch_sub(missed, Ordering::Relaxed);
        Ok(entries)
    }

    /// Lets old entries go.
    fn look_after(&mut self) {
        let Some(connection) = &self.open else { return };
        if self.round_at > Instant::now() {
            return;
        }
        let pruned = prune(connection, &self.limits, self.watch.now().utc);
        if let Err(error) = &pruned {
            // What cannot be pruned cannot be written either, and that is told.
            tracing::debug!("the timeline was not pruned: {error}");
        }
        // What is too many goes within minutes: as fast as nobody notices.
        let wait = if matches!(pruned, Ok(Pruned::More)) {
            AGAIN
        } else {
            ROUND
        };
        self.round_at = Instant::now() + wait;
    }
}

/// Waits so long for something to do, and takes what comes soon after it. False: nobody will ask any more.
fn gather(asked: &Receiver<Wish>, mut wait: Duration, batch: &mut Vec<Wish>) -> bool {
    let mut until = None;
    loop {
        match asked.recv_timeout(wait) {
            Ok(wish) => {
                let ends = matches!(wish, Wish::End(_));
                batch.push(wish);
                if ends || batch.len() >= BATCH_MAX {
                    return true;
                }
            }
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        let until = *until.get_or_insert_with(|| Instant::now() + BATCH);
        wait = until.saturating_duration_since(Instant::now());
    }
}

/// What tells one file from another of the same name.
#[cfg(unix)]
type FileNumber = (u64, u64);
#[cfg(unix)]
fn file_number(path: &Path) -> Option<FileNumber> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// A file that is open cannot be moved or deleted here.
#[cfg(not(unix))]
type FileNumber = ();
#[cfg(not(unix))]
fn file_number(_path: &Path) -> Option<FileNumber> {
    None
}
