//! The thread between batches and disk: segments of ten seconds, the oldest removed first, one write a batch.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::collect::ToDisk;
use super::folder::OwnFolder;
use super::ledger::{Row, Shared, blocks_to_seconds};
use super::segment::{Batch, Head, batch_chunk, head_chunk, lane_chunk, note_chunk};
use super::start::BoxSettings;
use super::state::BoxPhase;
use super::story::Note;
use super::{LaneId, priority};
use crate::recorder::{free_space, is_full, size};
use crate::title::TitleWords;

/// What a segment lasts, unless it grows too large before.
const SEGMENT_SECONDS: f64 = 10.0;
/// The ring holds at most this part of what is free or its own: recordings have the rest.
const PART_OF_FREE: u64 = 4;
/// Segments of which the ring consists at least: the oldest goes as a whole.
const SEGMENTS_MIN: u64 = 8;
/// So many times what it may hold it takes while what is being kept cannot go.
const WHILE_KEPT: u64 = 2;
/// With less than this for it the ring does not turn.
const RING_BYTES_MIN: u64 = 256 * 1024;
/// How often the disk is asked what is free, and whether the file is still there.
const LOOK: Duration = Duration::from_millis(500);
/// How long until a disk that took nothing is asked again.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// Why the ring does not turn.
enum Fault {
    /// There is no room, also without anything that the ring held.
    Full,
    /// Its folder was removed.
    Removed,
    /// One of its threads panicked.
    Broke,
    Write(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::Full
        } else {
            Self::Write(error)
        }
    }
}

/// The segment being written.
struct Open {
    file: File,
    path: PathBuf,
    head: Head,
    bytes: u64,
    /// Lanes that are named in it.
    named: BTreeMap<LaneId, Arc<str>>,
}

/// What the thread owns.
pub(super) struct Writer {
    folder: OwnFolder,
    settings: BoxSettings,
    shared: Shared,
    open: Option<Open>,
    /// None until its first batch.
    run: Option<u64>,
    /// Since when the disk takes nothing.
    halted: Option<Instant>,
    /// Trying again cannot help.
    over: bool,
    looked: Option<Instant>,
    /// What is on, and from which frame on: a segment begins with it.
    on: (u64, TitleWords),
    /// What is known and not written yet.
    notes: Vec<Note>,
}

impl Writer {
    pub(super) fn new(folder: OwnFolder, settings: BoxSettings, shared: Shared) -> Self {
        Self {
            folder,
            settings,
            shared,
            open: None,
            run: None,
            halted: None,
            over: false,
            looked: None,
            on: Default::default(),
            notes: Vec::new(),
        }
    }

    /// Writes until nobody collects any more.
    pub(super) fn run(mut self, batches: &Receiver<ToDisk>) {
        priority::lower();
        for message in batches {
            match message {
                ToDisk::BeginRun(notes) => {
                    self.notes.extend(notes);
                    self.end_run();
                }
                ToDisk::Batch(batch, names, notes) => {
                    self.notes.extend(notes);
                    self.take(&batch, &names);
                }
                ToDisk::End => self.tell(BoxPhase::Stopped),
            }
        }
    }

    /// Says how it ended, unless that has been said.
    fn tell(&self, phase: BoxPhase) {
        let mut ledger = self.shared.lock();
        if matches!(ledger.phase, BoxPhase::Starting | BoxPhase::Turning) {
            ledger.phase = phase;
        }
    }

    fn end_run(&mut self) {
        // What is on stays on. Frames are counted anew, and what was dumped before is in no later segment.
        self.note_all();
        self.on.0 = 0;
        self.open = None;
        self.run = None;
    }

    fn take(&mut self, batch: &Batch, names: &[(LaneId, Arc<str>)]) {
        let waits = self.halted.is_some_and(|since| since.elapsed() < TRY_AGAIN);
        if self.over || waits {
            self.shared.lock().blocks_not_written += u64::from(batch.blocks);
            if self.over {
                self.note_all(); // nothing is ever written any more
            }
            return;
        }
        self.shared.lock().asked = Some(Instant::now());
        match self.write(batch, names) {
            Ok(()) => {
                self.halted = None;
                self.shared.lock().phase = BoxPhase::Turning;
            }
            Err(fault) => self.halt(&fault, batch),
        }
        self.shared.lock().asked = None;
    }

    fn halt(&mut self, fault: &Fault, batch: &Batch) {
        let reason = self.sentence(fault);
        tracing::warn!(reason, "the black box has stopped by itself");
        self.open = None;
        self.over = matches!(fault, Fault::Removed);
        self.halted = Some(Instant::now());
        let mut ledger = self.shared.lock();
        ledger.blocks_not_written += u64::from(batch.blocks);
        // What has no block, as nothing fitted behind its head, and what is not there any more.
        let empty = ledger.rows.pop_back_if(|row| row.end == row.head.first);
        let rows: Vec<PathBuf> = ledger.rows.iter().map(|row| row.path.clone()).collect();
        ledger.phase = BoxPhase::Halted {
            reason,
            tries_again: !self.over,
        };
        drop(ledger);
        if let Some(empty) = empty {
            let _ = self.folder.remove(&empty.path); // it holds nothing; the next scan finds it
        }
        for path in rows.iter().filter(|path| is_removed(path)) {
            self.shared.lock().forget(path);
        }
    }

    fn write(&mut self, batch: &Batch, names: &[(LaneId, Arc<str>)]) -> Result<(), Fault> {
        self.look()?;
        self.make_room(batch.bytes() + (Note::BYTES_MAX * (self.notes.len() + 1)) as u64)?;
        if self.is_to_be_ended(batch) {
            self.open = None;
        }
        loop {
            match self.append(batch, names) {
                // Somebody else was faster: the oldest that is ours goes first.
                Err(error) if is_full(&error) && self.remove_oldest()? => {}
                other => return Ok(other?),
            }
        }
    }

    /// Asks now and then what is free, and whether what is written can be found.
    fn look(&mut self) -> Result<(), Fault> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        if !self.folder.path().is_dir() || self.open.as_ref().is_some_and(|open| is_removed(&open.path)) {
            return Err(Fault::Removed);
        }
        let free = free_space(self.folder.path())?;
        let mut ledger = self.shared.lock();
        let part = free.saturating_add(ledger.bytes()) / PART_OF_FREE;
        ledger.bytes_max = part.min(self.settings.bytes_max.unwrap_or(u64::MAX));
        Ok(())
    }

    /// Removes the oldest until the ring is within its time and, with what comes, its bytes.
    fn make_room(&mut self, coming: u64) -> Result<(), Fault> {
        loop {
            let ledger = self.shared.lock();
            let (bytes, most) = (ledger.bytes() + coming, ledger.bytes_max);
            let in_time = ledger.seconds_without_the_oldest() < self.settings.time_max.as_secs_f64();
            drop(ledger);
            if most < RING_BYTES_MIN {
                self.open = None; // it goes, too
                while self.remove_oldest()? {}
                return Err(Fault::Full);
            }
            if bytes <= most && in_time {
                return Ok(());
            }
            if !self.remove_oldest()? {
                // What is being kept stays, and what comes meanwhile is not to be lost for it.
                if bytes <= most.saturating_mul(WHILE_KEPT) {
                    return Ok(());
                }
                // The last one can go once it is not written any more.
                self.open.take().ok_or(Fault::Full)?;
            }
        }
    }

    /// Removes the oldest segment, unless somebody reads it. Returns whether there was one.
    fn remove_oldest(&mut self) -> Result<bool, Fault> {
        let Some(path) = self.shared.lock().take_oldest(self.open.is_some()) else {
            return Ok(false);
        };
        // The disk is not asked while others wait for the ledger.
        let removed = self.folder.remove(&path);
        let mut ledger = self.shared.lock();
        match &removed {
            Ok(()) => ledger.forget(&path),
            Err(_) => ledger.put_back(&path),
        }
        drop(ledger);
        Ok(removed.map(|()| true)?)
    }

    fn is_to_be_ended(&self, batch: &Batch) -> bool {
        let Some(open) = &self.open else { return false };
        let seconds = blocks_to_seconds(batch.first.saturating_sub(open.head.first), &open.head);
        seconds >= SEGMENT_SECONDS || open.bytes >= self.shared.lock().bytes_max / SEGMENTS_MIN
    }

    /// Writes a batch behind the others, or nothing.
    fn append(&mut self, batch: &Batch, names: &[(LaneId, Arc<str>)]) -> io::Result<()> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.begin(batch)?,
        };
        let mut bytes = Vec::new();
        let unnamed: Vec<_> = batch
            .lanes
            .iter()
            .filter_map(|packed| names.iter().find(|(id, _)| *id == packed.lane))
            .filter(|(id, name)| open.named.get(id) != Some(name))
            .collect();
        unnamed.iter().for_each(|(id, name)| lane_chunk(*id, name, &mut bytes));
        self.notes.iter().for_each(|note| note_chunk(note, &mut bytes));
        batch_chunk(batch, &mut bytes);
        if let Err(error) = open.file.write_all(&bytes) {
            // A reader stops at a chunk that is not whole: what follows it would never be found.
            let cut = open
                .file
                .set_len(open.bytes)
                .and_then(|()| open.file.seek(SeekFrom::Start(open.bytes)));
            if cut.is_ok() {
                self.open = Some(open);
            }
            return Err(error);
        }
        open.bytes += bytes.len() as u64;
        let mut ledger = self.shared.lock();
        if let Some(row) = ledger.rows.back_mut() {
            unnamed.iter().for_each(|(id, name)| row.name(*id, name));
            row.notes.extend(self.notes.iter().cloned());
            row.add(batch);
            row.bytes = open.bytes;
        }
        drop(ledger);
        self.note_all();
        open.named.extend(unnamed.into_iter().cloned());
        self.open = Some(open);
        Ok(())
    }

    /// What was to be written is written, or of a run that is over.
    fn note_all(&mut self) {
        for note in self.notes.drain(..) {
            if let Note::On { frame, words } = note {
                self.on = (frame, words);
            }
        }
    }

    /// Begins a segment, and a run where there is none.
    fn begin(&mut self, batch: &Batch) -> io::Result<Open> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = match self.run {
            Some(run) => run,
            None => self.begin_run(now)?,
        };
        let mut head = Head {
            run,
            rate: self.settings.rate,
            latency: self.settings.latency.0,
            first: batch.first,
            began: 0,
        };
        let lasts = Duration::from_secs_f64(blocks_to_seconds(u64::from(batch.blocks), &head));
        head.began = now.saturating_sub(lasts).as_millis() as u64;
        let (path, mut file) = self.folder.new_segment(run, batch.first)?;
        let (frame, words) = self.on.clone();
        let on = Note::On { frame, words };
        let mut bytes = head_chunk(&head);
        note_chunk(&on, &mut bytes);
        if let Err(error) = file.write_all(&bytes) {
            let _ = self.folder.remove(&path); // the first error says more
            return Err(error);
        }
        let bytes = bytes.len() as u64;
        let mut row = Row::new(path.clone(), head);
        row.bytes = bytes;
        row.notes.push(on);
        self.shared.lock().rows.push_back(row);
        Ok(Open {
            file,
            path,
            head,
            bytes,
            named: BTreeMap::new(),
        })
    }

    fn begin_run(&mut self, now: Duration) -> io::Result<u64> {
        let last = self.shared.lock().rows.back().map_or(0, |row| row.head.run);
        let run = self.folder.new_run(now.as_millis() as u64, last)?;
        self.shared.lock().run = run;
        self.run = Some(run);
        Ok(run)
    }

    fn sentence(&self, fault: &Fault) -> String {
        let folder = self.folder.path().display();
        match fault {
            Fault::Full => format!(
                "the black box has stopped: there is no room for it in {folder} ({} are free); make room or choose another \
                 folder for it",
                free_space(self.folder.path()).map_or_else(|_| "an unknown space".into(), size)
            ),
            Fault::Removed => format!(
                "the black box has stopped: what it wrote in {folder} was removed; choose a folder that stays and switch it \
                 on again"
            ),
            Fault::Broke => format!("the black box broke; what it holds in {folder} can be kept; switch it on again"),
            Fault::Write(error) => format!(
                "the black box has stopped: {folder} cannot be written ({error}); check the disk or choose another folder \
                 for it"
            ),
        }
    }
}

impl Drop for Writer {
    /// One that goes without having said how it ended has panicked, or whoever collected for it.
    fn drop(&mut self) {
        self.tell(BoxPhase::Halted {
            reason: self.sentence(&Fault::Broke),
            tries_again: false,
        });
    }
}

/// A file that was removed takes bytes as before, and nobody will ever find them.
fn is_removed(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == io::ErrorKind::NotFound)
}
