//! A host's end of the station.

use std::path::PathBuf;
use std::sync::Arc;

use airdesk_engine::StripId;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::api::{
    AudioCommand, BusName, CommandError, DeskMeters, ErrorCode, Event, ItemId, Reply, Severity, Snapshot, Track,
};
use crate::library::LibraryError;
use crate::monitor::BusMonitor;
use crate::programs::ProgramInlet;
use crate::session::SessionError;
use crate::timeline::TimelineFile;
use crate::tracks::TrackFile;
use airdesk_outputs::listen::ListenerHub;

/// What a host sends.
pub(crate) enum Request {
    Command(AudioCommand, oneshot::Sender<Result<Reply, CommandError>>),
    Snapshot(oneshot::Sender<Snapshot>),
    /// A place on a bus.
    Monitor(BusName, oneshot::Sender<BusMonitor>),
    /// The file of a deck's item.
    ItemPath(StripId, ItemId, oneshot::Sender<Option<PathBuf>>),
    /// Where the listener mounts can be reached, told by the face that serves them.
    ListenAt(Vec<String>),
    /// Where other programs play into the desk, told by the face that lets them.
    ProgramsAt(String),
    /// What a host has met and the operator should read.
    Notice(Severity, String),
    /// The way into a strip that programs play into; without a name, into the usual one.
    Programs(Option<String>, oneshot::Sender<Result<ProgramInlet, CommandError>>),
    Stop(oneshot::Sender<Result<(), SessionError>>),
    #[cfg(feature = "fault")]
    BreakEngine,
    /// What the engine tells of a machine that slept for so many seconds.
    #[cfg(feature = "fault")]
    Slept(f32),
}

/// The station has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the desk has stopped")]
pub struct Unavailable;

impl From<Unavailable> for CommandError {
    fn from(error: Unavailable) -> Self {
        Self {
            code: ErrorCode::Unavailable,
            message: format!("{error}; start Airdesk again"),
        }
    }
}

/// An answer that is on its way.
pub struct Answered(oneshot::Receiver<Result<Reply, CommandError>>);

impl Answered {
    /// Waits until the station has obeyed or refused.
    ///
    /// # Errors
    /// When the command is refused; nothing has changed then.
    pub async fn heard(self) -> Result<Reply, CommandError> {
        self.0.await.map_err(|_| Unavailable)?
    }
}

/// Talks to the station. Cheap to clone; every host has its own.
#[derive(Clone)]
pub struct StationHandle {
    pub(crate) requests: mpsc::Sender<Request>,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) meters: broadcast::Sender<Arc<DeskMeters>>,
    pub(crate) listeners: ListenerHub,
    pub(crate) timeline: TimelineFile,
    pub(crate) tracks: TrackFile,
    pub(crate) hls: watch::Receiver<Option<PathBuf>>,
}

impl StationHandle {
    /// Asks for something and waits until the station has obeyed or refused. When very many commands
    /// wait, this waits too.
    ///
    /// # Errors
    /// When the command is refused; nothing has changed then.
    pub async fn send(&self, command: AudioCommand) -> Result<Reply, CommandError> {
        self.ask(command).await?.heard().await
    }

    /// Asks for something and does not wait for the answer: commands are obeyed in the order in which they were
    /// asked, but one that has to wait for a key store or a disk is answered after those behind it. When very many
    /// commands wait, this waits too.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn ask(&self, command: AudioCommand) -> Result<Answered, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(Request::Command(command, answer))
            .await
            .map_err(|_| Unavailable)?;
        Ok(Answered(answered))
    }

    /// The whole desk as it is now.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn snapshot(&self) -> Result<Snapshot, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(Request::Snapshot(answer))
            .await
            .map_err(|_| Unavailable)?;
        answered.await.map_err(|_| Unavailable)
    }

    /// The way into the strip of this name, which programs play into. Without a name it is the strip
    /// [`PROGRAMS_STRIP`](crate::programs::PROGRAMS_STRIP), put on the desk when it is first wanted.
    ///
    /// # Errors
    /// When no strip of that name is fed by programs, the desk has no room for another strip, or the station has ended.
    pub async fn programs(&self, strip: Option<String>) -> Result<ProgramInlet, CommandError> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(Request::Programs(strip, answer))
            .await
            .map_err(|_| Unavailable)?;
        answered.await.map_err(|_| Unavailable)?
    }

    /// A place on a bus, to hear it block by block from now on.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn monitor(&self, bus: BusName) -> Result<BusMonitor, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(Request::Monitor(bus, answer))
            .await
            .map_err(|_| Unavailable)?;
        answered.await.map_err(|_| Unavailable)
    }

    /// The file of a deck's item; `None`: there is no such item (any more).
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn item_path(&self, strip: StripId, item: ItemId) -> Result<Option<PathBuf>, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.requests
            .send(Request::ItemPath(strip, item, answer))
            .await
            .map_err(|_| Unavailable)?;
        answered.await.map_err(|_| Unavailable)
    }

    /// The folder that HLS is written to, while it is on. Asks nobody: players come here by the hundred.
    pub fn hls_folder(&self) -> Option<PathBuf> {
        self.hls.borrow().clone()
    }

    /// Every change from now on. A host that lags asks for a snapshot.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Levels, some 60 times a second while anybody looks.
    pub fn meters(&self) -> broadcast::Receiver<Arc<DeskMeters>> {
        self.meters.subscribe()
    }

    /// The desk's own listener mounts, for the face that serves them.
    pub fn listeners(&self) -> &ListenerHub {
        &self.listeners
    }

    /// The file that the timeline is in, for who reads all of it. Reading blocks.
    pub fn timeline(&self) -> &TimelineFile {
        &self.timeline
    }

    /// The file that the track library is in, for who looks tracks up. Reading blocks.
    pub fn tracks(&self) -> &TrackFile {
        &self.tracks
    }

    /// A track of the library by its number, read on a thread that may wait for the disk. Call it on a tokio runtime.
    ///
    /// # Errors
    /// When the library cannot be read.
    pub async fn track(&self, id: u64) -> Result<Option<Track>, LibraryError> {
        let tracks = self.tracks.clone();
        let path = tracks.path().to_owned();
        let read = tokio::task::spawn_blocking(move || tracks.open()?.track(id));
        read.await.unwrap_or_else(|broken| {
            let reason = broken.to_string();
            Err(LibraryError::Disk { path, reason })
        })
    }

    /// Says where the listener mounts can be reached.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn listen_at(&self, urls: Vec<String>) -> Result<(), Unavailable> {
        self.requests
            .send(Request::ListenAt(urls))
            .await
            .map_err(|_| Unavailable)
    }

    /// Says where other programs play into the desk.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn programs_at(&self, url: String) -> Result<(), Unavailable> {
        self.requests
            .send(Request::ProgramsAt(url))
            .await
            .map_err(|_| Unavailable)
    }

    /// Puts before the operator what only a host knows, among the station's own notices.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn notice(&self, severity: Severity, text: String) -> Result<(), Unavailable> {
        self.requests
            .send(Request::Notice(severity, text))
            .await
            .map_err(|_| Unavailable)
    }

    /// Ends everything in order: recordings are finished, the stream is closed, the session saved.
    ///
    /// # Errors
    /// When the session could not be saved; all the rest has been done.
    pub async fn stop(&self) -> Result<(), SessionError> {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(Request::Stop(answer)).await.is_err() {
            return Ok(());
        }
        // No answer: somebody else has stopped it, and has been told.
        answered.await.unwrap_or(Ok(()))
    }

    /// Makes the engine panic.
    ///
    /// # Errors
    /// When the station has ended.
    #[cfg(feature = "fault")]
    pub async fn break_engine(&self) -> Result<(), Unavailable> {
        self.requests.send(Request::BreakEngine).await.map_err(|_| Unavailable)
    }

    /// Lets the station hear what its engine says of a machine that slept.
    ///
    /// # Errors
    /// When the station has ended.
    #[cfg(feature = "fault")]
    pub async fn slept(&self, seconds: f32) -> Result<(), Unavailable> {
        self.requests
            .send(Request::Slept(seconds))
            .await
            .map_err(|_| Unavailable)
    }

    /// Waits until the station has ended, asked or not.
    pub async fn ended(&self) {
        self.requests.closed().await;
    }
}
