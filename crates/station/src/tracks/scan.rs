//! Looking for what is new, has changed and is gone in the library's folders. On a thread of its own, which may hang with a disk: it is
//! left behind then, and writes nothing any more.
//!
//! Two walks, one to count and one to look: neither remembers what it has passed but for a bit for each track. A file that has the size
//! and the time it had is not opened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use airdesk_outputs::black_box::priority;
use airdesk_sources::decode::{DecodeError, Decoder};
use rusqlite::{Connection, TransactionBehavior};

use super::store::{self, Row};
use super::walk::{Found, Walk};
use crate::api::{ScanProgress, ScanSummary};
use crate::library::{LibraryError, Recovery};

/// How often a scan tells how far it is.
const TELL: Duration = Duration::from_millis(200);
/// So many rows are written at once, and what waits longer than this.
const BATCH: usize = 100;
const BATCH_TIME: Duration = Duration::from_millis(500);
/// A library that is busy is tried again so often: a minute, with what one try takes.
const TRIES: u32 = 30;
/// More sound files than this are no library.
const FILES_MAX: u32 = 1_000_000;
/// Reasons that are told.
const FAULTS_TOLD: usize = 50;
/// Folders that cannot be read, of which it is known what was in them.
const UNREAD_MAX: usize = 1_000;

/// Opens a file to hear what it says.
type Opener<'a> = &'a dyn Fn(&Path) -> Result<Decoder, DecodeError>;

/// One scan under way.
struct Scan<'a> {
    connection: &'a mut Connection,
    library: &'a Path,
    cancelled: &'a AtomicBool,
    tell: &'a mut dyn FnMut(&ScanProgress),
    open: Opener<'a>,
    progress: ScanProgress,
    told: Option<Instant>,
    summary: ScanSummary,
    /// A bit for each track that was met.
    met: Vec<u64>,
    /// Folders of which it is not known what is in them.
    unread: Vec<PathBuf>,
    /// Some of what is unread is not remembered: nothing is known to be gone.
    unread_overflows: bool,
    batch: Vec<Change>,
    batch_since: Instant,
}

/// What is to be written.
enum Change {
    Put(Box<Row>),
    Back(i64),
}

/// What ends a scan early.
enum Stop {
    Cancelled,
    Broken(LibraryError),
}

/// Scans all folders of a library. `tell` hears how far it is, five times a second at most. With `cancelled` it stops before the next file,
/// and writes no more.
pub(super) fn scan(
    connection: &mut Connection,
    library: &Path,
    cancelled: &AtomicBool,
    tell: &mut dyn FnMut(&ScanProgress),
) -> ScanSummary {
    priority::lower();
    scan_with(connection, library, cancelled, tell, &|path| Decoder::open(path))
}

/// The same with another way to open files.
pub(super) fn scan_with(
    connection: &mut Connection,
    library: &Path,
    cancelled: &AtomicBool,
    tell: &mut dyn FnMut(&ScanProgress),
    open: Opener,
) -> ScanSummary {
    let mut scan = Scan {
        connection,
        library,
        cancelled,
        tell,
        open,
        progress: ScanProgress::default(),
        told: None,
        summary: ScanSummary::default(),
        met: Vec::new(),
        unread: Vec::new(),
        unread_overflows: false,
        batch: Vec::new(),
        batch_since: Instant::now(),
    };
    let stopped = scan.run();
    let mut summary = scan.summary;
    summary.looked = scan.progress.looked;
    match stopped {
        Ok(()) => {}
        Err(Stop::Cancelled) => summary.cancelled = true,
        Err(Stop::Broken(error)) => summary.broken = Some(error.to_string()),
    }
    summary
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Stop> {
        let folders = store::folder_paths(self.connection).map_err(|error| self.broken(error))?;
        for folder in &folders {
            self.count(Path::new(folder))?;
        }
        self.progress.counted = true;
        for folder in &folders {
            self.look_through(Path::new(folder))?;
        }
        self.write()?;
        self.miss(&folders)?;
        self.progress.current.clear();
        self.told = None;
        self.tell();
        Ok(())
    }

    fn count(&mut self, folder: &Path) -> Result<(), Stop> {
        for found in Walk::new(folder).into_iter().flatten() {
            if let Found::File(path) = found {
                self.progress.found += 1;
                self.at(&path)?;
            }
            if self.progress.found >= FILES_MAX {
                break;
            }
        }
        Ok(())
    }

    fn look_through(&mut self, folder: &Path) -> Result<(), Stop> {
        let Some(walk) = Walk::new(folder) else {
            self.fault(format!(
                "{} is not there; connect its disk, or take the folder out",
                folder.display()
            ));
            return Ok(());
        };
        for found in walk {
            match found {
                Found::File(path) => {
                    self.at(&path)?;
                    if self.progress.looked >= FILES_MAX {
                        self.unread(folder.to_owned());
                        self.fault(format!(
                            "there are more than {FILES_MAX} sound files; add smaller folders"
                        ));
                        return Ok(());
                    }
                    self.progress.looked += 1;
                    // What was added since it was counted.
                    self.progress.found = self.progress.found.max(self.progress.looked);
                    self.look_at(&path)?;
                }
                Found::Unread(path, why) => {
                    self.unread(path);
                    self.fault(why);
                }
            }
        }
        Ok(())
    }

    /// It is here now.
    fn at(&mut self, path: &Path) -> Result<(), Stop> {
        self.check()?;
        if self.told.is_none_or(|told| told.elapsed() >= TELL) {
            self.progress.current = path.to_string_lossy().into_owned();
            self.tell();
        }
        Ok(())
    }

    fn tell(&mut self) {
        self.told = Some(Instant::now());
        (self.tell)(&self.progress);
    }

    fn check(&self) -> Result<(), Stop> {
        // Relaxed: it orders nothing, and is looked at again before anything is written.
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stop::Cancelled);
        }
        Ok(())
    }

    fn look_at(&mut self, path: &Path) -> Result<(), Stop> {
        let Some(name) = path.to_str() else {
            self.fault(format!("the name of {} is not in Unicode; rename it", path.display()));
            return Ok(());
        };
        let (size, modified) = match fs::symlink_metadata(path) {
            Ok(metadata) => (i64::try_from(metadata.len()).unwrap_or(i64::MAX), time_of(&metadata)),
            // It was there a moment ago.
            Err(_) => return Ok(()),
        };
        let known = store::known(self.connection, name).map_err(|error| self.broken(error))?;
        if let Some(known) = &known {
            self.meet(known.track);
            if (known.size, known.modified) == (size, modified) {
                if known.gone {
                    self.summary.back += 1;
                    self.change(Change::Back(known.track))?;
                }
                if let Some(fault) = known.fault.clone() {
                    self.fault(fault);
                }
                return Ok(());
            }
        }
        let mut row = Row::named(name, size, modified);
        match (self.open)(path) {
            Ok(decoder) => row.take(decoder),
            Err(error) => {
                if matches!(error, DecodeError::Open { .. } | DecodeError::Read { .. }) {
                    row.modified = -1; // the next scan may have more luck
                }
                row.fault = Some(error.to_string());
                self.fault(error.to_string());
            }
        }
        match known {
            None => self.summary.added += 1,
            Some(known) if known.gone => self.summary.back += 1,
            // It was to be tried again, and is as it was.
            Some(known) if known.modified == row.modified && known.fault == row.fault => {}
            Some(_) => self.summary.changed += 1,
        }
        self.change(Change::Put(Box::new(row)))
    }

    fn meet(&mut self, track: i64) {
        let Ok(track) = usize::try_from(track) else { return };
        if self.met.len() <= track / 64 {
            self.met.resize(track / 64 + 1, 0);
        }
        self.met[track / 64] |= 1 << (track % 64);
    }

    fn was_met(&self, track: i64) -> bool {
        let Ok(track) = usize::try_from(track) else {
            return false;
        };
        self.met
            .get(track / 64)
            .is_some_and(|bits| bits & 1 << (track % 64) != 0)
    }

    fn fault(&mut self, why: String) {
        self.summary.unreadable += 1;
        if self.summary.faults.len() < FAULTS_TOLD {
            self.summary.faults.push(why);
        }
    }

    fn unread(&mut self, folder: PathBuf) {
        if self.unread.len() < UNREAD_MAX {
            self.unread.push(folder);
        } else {
            self.unread_overflows = true;
        }
    }

    fn change(&mut self, change: Change) -> Result<(), Stop> {
        if self.batch.is_empty() {
            self.batch_since = Instant::now();
        }
        self.batch.push(change);
        if self.batch.len() >= BATCH || self.batch_since.elapsed() > BATCH_TIME {
            self.write()?;
        }
        Ok(())
    }

    /// Writes what waits, all of it or nothing.
    fn write(&mut self) -> Result<(), Stop> {
        let batch = std::mem::take(&mut self.batch);
        let tracks = self.patiently(|pages| {
            let tracks = batch.iter().map(|change| match change {
                Change::Put(row) => store::put(pages, row),
                Change::Back(track) => store::find_again(pages, *track).map(|()| *track),
            });
            tracks.collect::<rusqlite::Result<Vec<i64>>>()
        })?;
        tracks.into_iter().for_each(|track| self.meet(track));
        Ok(())
    }

    /// Tracks that were not met are gone, but for those in folders that could not be read.
    fn miss(&mut self, folders: &[String]) -> Result<(), Stop> {
        if self.unread_overflows {
            return Ok(());
        }
        let mut from = 0;
        loop {
            let page = self.page(from).map_err(|error| self.broken(error))?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = *last;
            let is_unread = |path: &Path| self.unread.iter().any(|folder| path.starts_with(folder));
            let is_listed = |path: &Path| folders.iter().any(|folder| path.starts_with(folder));
            let gone: Vec<i64> = page
                .iter()
                .filter(|(track, path)| !self.was_met(*track) && (!is_listed(path) || !is_unread(path)))
                .map(|(track, _)| *track)
                .collect();
            self.patiently(|pages| gone.iter().try_for_each(|track| store::lose(pages, *track)))?;
            self.summary.gone += gone.len() as u32;
        }
    }

    /// Some tracks that are there, behind this number.
    fn page(&self, from: i64) -> rusqlite::Result<Vec<(i64, PathBuf)>> {
        let sql = "SELECT track, path FROM tracks WHERE track > ?1 AND gone = 0 ORDER BY track LIMIT 1000";
        let mut rows = self.connection.prepare(sql)?;
        let rows = rows.query_map([from], |row| Ok((row.get(0)?, PathBuf::from(row.get::<_, String>(1)?))))?;
        rows.collect()
    }

    /// Does something to the library, again and again while others have it.
    fn patiently<T>(&mut self, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, Stop> {
        let mut tries = 0;
        loop {
            self.check()?;
            let done = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .and_then(|pages| {
                    let done = work(&pages)?;
                    pages.commit()?;
                    Ok(done)
                });
            let error = match done {
                Ok(done) => return Ok(done),
                Err(error) => LibraryError::of(self.library, error),
            };
            tries += 1;
            if error.recovery() != Recovery::TryAgain || tries >= TRIES {
                return Err(Stop::Broken(error));
            }
        }
    }

    fn broken(&self, error: rusqlite::Error) -> Stop {
        Stop::Broken(LibraryError::of(self.library, error))
    }
}

/// When a file was changed, microseconds since 1970, UTC.
pub(super) fn time_of(metadata: &fs::Metadata) -> i64 {
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
