//! The station's side of the track library: it asks, and tells what has become of it. Nothing here waits for a disk.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, mpsc};

use super::reading::TrackFile;
use super::search::Search;
use super::store::FolderError;
use super::waveform;
use super::writing::TrackWriter;
use crate::api::{
    AudioCommand, CommandError, ErrorCode, Event, LibraryCommand, LibraryFolder, LibraryState, Reply, ScanProgress,
    ScanState, ScanSummary, Severity, Waveform,
};
use crate::decks::item_path;
use crate::library::LibraryError;
use crate::recording::Answer;
use crate::station::{Core, Internal};

/// A page has so many tracks or plays at the most.
const PAGE_MAX: u32 = 200;
/// So many readings are under way at the most, and so many changes of folders: a disk that hangs must not use up threads.
const READINGS: usize = 4;
const CHANGES: usize = 2;
/// Waveforms that are reckoned at once, and that are waited for.
const RECKONINGS: usize = 2;
const WAVEFORMS_MAX: usize = 32;
/// Scans that hang with their disks and were left behind.
const HUNG_MAX: usize = 4;
/// Looks of the station between two at folders: another program may have changed them.
pub(crate) const LOOK: u64 = 100;

/// What the threads of the library report.
pub(crate) enum TrackNews {
    /// The folders as they are now; and who waits for that.
    Folders(Result<Folders, LibraryError>, Option<Asked>),
    /// How far a scan is.
    Progress(u64, ScanProgress),
    /// What came of a scan.
    Scanned(u64, Box<ScanSummary>),
    /// What a file looks like.
    Waveform(String, Result<Waveform, String>),
}

type Folders = (Vec<LibraryFolder>, u32);
/// A host's question, and what came of it.
type Asked = (Answer, Result<Reply, CommandError>);

/// A scan under way.
struct Running {
    number: u64,
    cancelled: Arc<AtomicBool>,
}

/// What the station knows of the library.
pub(crate) struct TrackDesk {
    file: TrackFile,
    state: LibraryState,
    readings: Arc<Semaphore>,
    changes: Arc<Semaphore>,
    reckonings: Arc<Semaphore>,
    scan: Option<Running>,
    scans: u64,
    /// Held by each scan for as long as its thread is there.
    there: Arc<()>,
    looking: bool,
    /// By path: who waits for its waveform.
    waveforms: BTreeMap<String, Vec<Answer>>,
    internal: mpsc::UnboundedSender<Internal>,
}

impl TrackDesk {
    pub(crate) fn new(data: &Path, internal: mpsc::UnboundedSender<Internal>) -> Self {
        Self {
            file: TrackFile::in_folder(data),
            state: LibraryState::default(),
            readings: Arc::new(Semaphore::new(READINGS)),
            changes: Arc::new(Semaphore::new(CHANGES)),
            reckonings: Arc::new(Semaphore::new(RECKONINGS)),
            scan: None,
            scans: 0,
            there: Arc::new(()),
            looking: false,
            waveforms: BTreeMap::new(),
            internal,
        }
    }

    pub(crate) fn state(&self) -> LibraryState {
        self.state.clone()
    }

    /// Looks at the folders, on another thread.
    fn look(&mut self) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (file, internal) = (self.file.clone(), self.internal.clone());
        tokio::task::spawn_blocking(move || {
            let folders = file.open().and_then(|reader| reader.folders());
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::Tracks(TrackNews::Folders(folders, None)));
        });
    }

    /// Changes the folders, on another thread.
    fn change(&self, answer: Answer, work: impl FnOnce(&mut TrackWriter) -> Result<(), FolderError> + Send + 'static) {
        let Ok(turn) = self.changes.clone().try_acquire_owned() else {
            refuse(
                answer,
                busy("the folders of the library are being changed, or their disk hangs; try again in a moment"),
            );
            return;
        };
        let (file, internal) = (self.file.clone(), self.internal.clone());
        tokio::task::spawn_blocking(move || {
            let done = match file.open_to_write() {
                Ok(mut writer) => work(&mut writer).map_err(refused),
                Err(error) => Err(storage(&error)),
            };
            let folders = file.open().and_then(|reader| reader.folders());
            drop(turn);
            let asked = Some((answer, done.map(|()| Reply::Done)));
            if let Err(mpsc::error::SendError(Internal::Tracks(TrackNews::Folders(_, Some((answer, done)))))) =
                internal.send(Internal::Tracks(TrackNews::Folders(folders, asked)))
            {
                // The station has ended; a host that has gone too does not want the answer.
                let _ = answer.send(done);
            }
        });
    }

    /// Begins a scan on a thread of its own.
    fn begin(&mut self) -> Result<(), CommandError> {
        if self.scan.is_some() {
            return Err(CommandError {
                code: ErrorCode::AlreadyRunning,
                message: "the library is being scanned already; cancel that first".into(),
            });
        }
        if Arc::strong_count(&self.there) > HUNG_MAX {
            return Err(busy(
                "earlier scans hang with their disks; look after the disks of the library's folders",
            ));
        }
        self.scans += 1;
        let (number, cancelled) = (self.scans, Arc::new(AtomicBool::new(false)));
        let (file, internal) = (self.file.clone(), self.internal.clone());
        let (ended, there) = (cancelled.clone(), self.there.clone());
        let run = move || {
            let mut tell = |progress: &ScanProgress| {
                let news = TrackNews::Progress(number, progress.clone());
                if internal.send(Internal::Tracks(news)).is_err() {
                    // The station has ended. Relaxed: it orders nothing.
                    ended.store(true, Ordering::Relaxed);
                }
            };
            let mut scan = || match file.open_to_write() {
                Ok(mut writer) => writer.scan(&ended, &mut tell),
                Err(error) => broken(error.to_string()),
            };
            // Nobody would ever hear of its end.
            let summary = catch_unwind(AssertUnwindSafe(&mut scan));
            let summary = summary.unwrap_or_else(|_| broken("something in it broke the scan; tell its makers".into()));
            drop(there);
            // As above.
            let _ = internal.send(Internal::Tracks(TrackNews::Scanned(number, Box::new(summary))));
        };
        let thread = std::thread::Builder::new().name("library scan".into()).spawn(run);
        thread.map_err(|error| busy(&format!("a scan could not be begun: {error}; end other programs")))?;
        self.scan = Some(Running { number, cancelled });
        self.state.scan = ScanState::Scanning {
            progress: ScanProgress::default(),
        };
        Ok(())
    }

    /// Ends a scan. Its thread may hang with a disk: it is not waited for, and writes no more.
    fn cancel(&mut self) -> Result<(), CommandError> {
        let Some(scan) = self.scan.take() else {
            return Err(CommandError {
                code: ErrorCode::NotRunning,
                message: "the library is not being scanned".into(),
            });
        };
        // Relaxed: it orders nothing.
        scan.cancelled.store(true, Ordering::Relaxed);
        let looked = match std::mem::take(&mut self.state.scan) {
            ScanState::Scanning { progress } => progress.looked,
            ScanState::Idle => 0,
        };
        self.state.last = Some(ScanSummary {
            cancelled: true,
            looked,
            ..ScanSummary::default()
        });
        self.look();
        Ok(())
    }

    /// It is the scan that is under way.
    fn is(&self, number: u64) -> bool {
        self.scan.as_ref().is_some_and(|scan| scan.number == number)
    }

    /// Has somebody told what a file looks like, as soon as that is reckoned.
    fn show(&mut self, path: String, answer: Answer) {
        if let Err(error) = item_path(&path) {
            return refuse(answer, error);
        }
        if let Some(waiting) = self.waveforms.get_mut(&path) {
            // Who has gone and asks again is there once.
            waiting.retain(|answer| !answer.is_closed());
            waiting.push(answer);
            return;
        }
        if self.waveforms.len() >= WAVEFORMS_MAX {
            return refuse(
                answer,
                busy("many waveforms are being reckoned already; try again in a moment"),
            );
        }
        self.waveforms.insert(path.clone(), vec![answer]);
        let (file, internal, turns) = (self.file.clone(), self.internal.clone(), self.reckonings.clone());
        tokio::spawn(async move {
            // It is never closed.
            let Ok(_turn) = turns.acquire_owned().await else { return };
            // A thread of its own: it steps behind all others, and those of tokio are used again.
            let (done, is_done) = tokio::sync::oneshot::channel();
            let asked = path.clone();
            let thread = std::thread::Builder::new().name("waveform".into()).spawn(move || {
                // Who waits may have gone.
                let _ = done.send(waveform::waveform(&file, &asked));
            });
            let result = match thread {
                Ok(_) => is_done
                    .await
                    .unwrap_or_else(|_| Err(format!("{path} broke what reckons waveforms"))),
                Err(error) => Err(format!(
                    "the waveform of {path} cannot be reckoned: {error}; end other programs"
                )),
            };
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::Tracks(TrackNews::Waveform(path, result)));
        });
    }

    /// Answers what a host wants to read, from another thread.
    fn read(&self, answer: Answer, work: impl FnOnce(&TrackFile) -> Result<Reply, LibraryError> + Send + 'static) {
        let Ok(turn) = self.readings.clone().try_acquire_owned() else {
            return refuse(
                answer,
                busy("the library is being read by others, or its disk hangs; try again in a moment"),
            );
        };
        let file = self.file.clone();
        tokio::task::spawn_blocking(move || {
            let answered = work(&file).map_err(|error| storage(&error));
            drop(turn);
            // A host that has gone does not want the answer.
            let _ = answer.send(answered);
        });
    }
}

impl Core {
    /// Does what the library is told, and answers when it is done.
    pub(crate) fn library(&mut self, command: LibraryCommand, answer: Answer) {
        let done = match command {
            LibraryCommand::AddFolder { path } => {
                return self
                    .tracks
                    .change(answer, move |writer| writer.add_folder(&path).map(drop));
            }
            LibraryCommand::RemoveFolder { path } => {
                return self.tracks.change(answer, move |writer| writer.remove_folder(&path));
            }
            LibraryCommand::Scan => self.tracks.begin(),
            LibraryCommand::CancelScan => self.tracks.cancel(),
        };
        if done.is_ok() {
            self.tell_library();
        }
        // A host that has gone does not want the answer.
        let _ = answer.send(done.map(|()| Reply::Done));
    }

    /// Answers what is read of the library.
    pub(crate) fn read_library(&mut self, command: AudioCommand, answer: Answer) {
        match command {
            AudioCommand::SearchTracks { words, offset, limit } => {
                let limit = limit.clamp(1, PAGE_MAX);
                let search = Search { words, offset, limit };
                self.tracks.read(answer, move |file| {
                    let page = file.open()?.search(&search)?;
                    let (tracks, total) = (page.tracks, page.total);
                    Ok(Reply::Tracks { tracks, total })
                });
            }
            AudioCommand::ReadPlays { before, limit } => self.tracks.read(answer, move |file| {
                let page = file.open()?.plays(before, limit.clamp(1, PAGE_MAX))?;
                let (plays, older) = (page.plays, page.older);
                Ok(Reply::Plays { plays, older })
            }),
            AudioCommand::ReadWaveform { path } => self.tracks.show(path, answer),
            _ => {}
        }
    }

    /// Looks now and then whether the folders are still the same.
    pub(crate) fn look_after_library(&mut self, ticks: u64) {
        if ticks % LOOK == 1 {
            self.tracks.look();
        }
    }

    pub(crate) fn hear_of_tracks(&mut self, news: TrackNews) {
        let before = self.tracks.state.clone();
        let mut asked = None;
        let mut waiting = Vec::new();
        match news {
            TrackNews::Folders(found, asked_for) => {
                self.tracks.looking = asked_for.is_some() && self.tracks.looking;
                asked = asked_for;
                match found {
                    Ok((folders, tracks)) => {
                        let state = &mut self.tracks.state;
                        (state.folders, state.tracks, state.fault) = (folders, tracks, None);
                    }
                    // The scribe is about to make it.
                    Err(LibraryError::Missing { .. } | LibraryError::Older { .. }) => {}
                    Err(error) => self.tracks.state.fault = Some(error.to_string()),
                }
            }
            TrackNews::Progress(number, progress) if self.tracks.is(number) => {
                self.tracks.state.scan = ScanState::Scanning { progress };
            }
            TrackNews::Scanned(number, summary) if self.tracks.is(number) => {
                if let Some(reason) = &summary.broken {
                    self.notice(Severity::Error, format!("the library could not be scanned: {reason}"));
                }
                self.tracks.scan = None;
                self.tracks.state.scan = ScanState::Idle;
                self.tracks.state.last = Some(*summary);
                self.tracks.look();
            }
            // Of a scan that was cancelled.
            TrackNews::Progress(..) | TrackNews::Scanned(..) => {}
            TrackNews::Waveform(path, result) => {
                let answers = self.tracks.waveforms.remove(&path).unwrap_or_default();
                waiting = answers.into_iter().map(|answer| (answer, result.clone())).collect();
            }
        }
        if self.tracks.state != before {
            self.tell_library();
        }
        // Once everybody has been told. A host that has gone does not want the answer.
        if let Some((answer, done)) = asked {
            let _ = answer.send(done);
        }
        for (answer, result) in waiting {
            let _ = answer.send(
                result
                    .map(|waveform| Reply::Waveform { waveform })
                    .map_err(|message| CommandError {
                        code: ErrorCode::Invalid,
                        message,
                    }),
            );
        }
    }

    fn tell_library(&self) {
        self.tell(Event::Library(Box::new(self.tracks.state())));
    }

    /// The desk ends: nothing is looked for any more.
    pub(crate) fn finish_library(&mut self) {
        // None is under way: that is all the same.
        let _ = self.tracks.cancel();
    }
}

/// What came of a scan that could not go on.
fn broken(reason: String) -> ScanSummary {
    ScanSummary {
        broken: Some(reason),
        ..ScanSummary::default()
    }
}

fn refuse(answer: Answer, error: CommandError) {
    // A host that has gone does not want the answer.
    let _ = answer.send(Err(error));
}

fn refused(error: FolderError) -> CommandError {
    match error {
        FolderError::Library(error) => storage(&error),
        error => CommandError {
            code: ErrorCode::Invalid,
            message: error.to_string(),
        },
    }
}

fn storage(error: &LibraryError) -> CommandError {
    CommandError {
        code: ErrorCode::Storage,
        message: error.to_string(),
    }
}

fn busy(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Unavailable,
        message: message.into(),
    }
}
