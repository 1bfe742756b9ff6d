//! Keeps a bus on air on one server: connects, sends, notices, comes back by itself.
//!
//! One thread supervises and sends, one delivers titles, one encodes for all broadcasts that send the same. A
//! connection joins its encoder so that a listener decodes from the first byte. After an outage the stream goes on live: what was not
//! sent is dropped and counted, never replayed. It retries for ever, except where only the operator can help.

mod backlog;
mod backoff;
mod doubt;
mod feed;
#[cfg(feature = "libshout")]
mod libshout;
mod native;
mod on_air;
mod state;
mod supervisor;
mod title_shown;
mod titles;
mod transport;

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub use feed::{Feed, TITLE_DELAY_MAX, TitlePlan};
#[cfg(feature = "libshout")]
pub use libshout::LibshoutTransport;
pub use native::NativeTransport;
pub use on_air::OnAir;
pub use state::BroadcastState;
pub use title_shown::TitleShown;
pub(crate) use title_shown::{Found, compare};
pub use transport::{Line, TitleSender, Transport};

use crate::icecast::{Patience, Protocol, Secret, SourceError, SourceSettings};
use crate::title::{Title, TitleWords};
use on_air::Anew;
use supervisor::Supervisor;
use titles::TitleDesk;

/// How long [`Broadcast::stop`] waits for a thread that is in a system call.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportKind {
    /// Our own source client.
    #[default]
    Native,
    /// libshout, where this build has it.
    Libshout,
}

/// Where to and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroadcastSettings {
    /// Server, mount, encoder.
    pub source: SourceSettings,
    /// How the server is reached.
    pub transport: TransportKind,
}

impl BroadcastSettings {
    /// Refuses what cannot work with any server. [`Broadcast::start`] does so too.
    ///
    /// # Errors
    /// [`SourceError::Settings`] or [`SourceError::Encoder`] with a sentence that says what to change.
    pub fn check(&self) -> Result<(), SourceError> {
        self.source.check()?;
        if self.transport == TransportKind::Libshout && self.source.protocol != Protocol::Icecast {
            return Err(SourceError::Settings(
                "only Airdesk's own source client speaks to a Shoutcast server; choose Airdesk as the source client"
                    .into(),
            ));
        }
        if self.transport == TransportKind::Libshout && !cfg!(feature = "libshout") {
            return Err(SourceError::Settings(
                "this build has no libshout; choose Airdesk as the source client".into(),
            ));
        }
        Ok(())
    }

    fn transport(&self, secret: Secret) -> Box<dyn Transport> {
        match self.transport {
            #[cfg(feature = "libshout")]
            TransportKind::Libshout => Box::new(LibshoutTransport::new(self.source.clone(), secret)),
            _ => Box::new(NativeTransport::new(self.source.clone(), secret)),
        }
    }
}

/// A stream to one server. Dropped, it ends like [`Broadcast::stop`] but nobody waits for it.
pub struct Broadcast {
    state: watch::Receiver<BroadcastState>,
    titles: TitleDesk,
    anew: Anew,
    plan: TitlePlan,
    patience: Patience,
    thread: Option<JoinHandle<()>>,
}

impl Broadcast {
    /// Begins to bring a bus on air, alone or with an encoder that it shares. Returns at once;
    /// [`Broadcast::state`] tells how it goes.
    ///
    /// # Errors
    /// When the settings cannot work with any server, or the system has no thread left.
    pub fn start(settings: &BroadcastSettings, secret: Secret, feed: impl Into<Feed>) -> Result<Self, SourceError> {
        settings.check()?;
        let transport = settings.transport(secret);
        Self::over(transport, settings.source.clone(), feed)
    }

    /// Begins with a transport of the caller's.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn over(
        transport: Box<dyn Transport>,
        source: SourceSettings,
        feed: impl Into<Feed>,
    ) -> Result<Self, SourceError> {
        let feed = feed.into();
        let plan = feed.titles.clone();
        let (told, state) = watch::channel(BroadcastState::Connecting);
        let patience = Patience::default();
        let titles = TitleDesk::open(transport.title_sender(), &source, patience.clone()).map_err(no_thread)?;
        let anew = Anew::default();
        let supervisor = Supervisor::new(transport, source, feed, told, titles.clone(), patience.clone())
            .connecting_anew_for(anew.clone());
        let thread = thread::Builder::new()
            .name("broadcast".into())
            .spawn(move || supervisor.run())
            .inspect_err(|_| patience.end())
            .map_err(no_thread)?;
        Ok(Self {
            state,
            titles,
            anew,
            plan,
            patience,
            thread: Some(thread),
        })
    }

    /// The truth, now.
    pub fn state(&self) -> BroadcastState {
        self.state.borrow().clone()
    }

    /// The truth whenever it changes, and twice a second while live.
    pub fn watch(&self) -> watch::Receiver<BroadcastState> {
        self.state.clone()
    }

    /// What a listen-back has to know of it, and can do to it.
    pub fn on_air(&self) -> OnAir {
        OnAir::new(self.state.clone(), self.titles.clone(), self.anew.clone())
    }

    /// Sets what listeners read, now and after every reconnect. Delivered in the background; the last
    /// title wins. [`BroadcastState::Live`] says whether they see it.
    pub fn set_title(&self, title: impl Into<Title>) {
        self.titles.set(title.into(), Instant::now());
    }

    /// Says what is on since `since`: listeners read it as the feed's plan puts it together, once its delay is over.
    pub fn announce(&self, words: &TitleWords, since: Instant) {
        self.titles.set(self.plan.title(words), since + self.plan.delay);
    }

    /// Goes off air in the background, and is dropped or stopped later: so many end at once.
    pub fn let_go(&self) {
        self.patience.end();
    }

    /// Goes off air. Returns when the connection is closed, or after a second when the system still
    /// holds the thread in a call.
    pub fn stop(mut self) {
        self.patience.end();
        let began = Instant::now();
        while let Some(thread) = &self.thread {
            if thread.is_finished() || began.elapsed() > STOP_LIMIT {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.thread = None;
    }
}

impl Drop for Broadcast {
    fn drop(&mut self) {
        self.patience.end();
    }
}

fn no_thread(error: std::io::Error) -> SourceError {
    crate::encode::EncoderError::Thread(error.to_string()).into()
}
