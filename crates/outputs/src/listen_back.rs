//! Proof that listeners hear what is sent: the desk tunes in as one of them, decodes what comes, and compares it with
//! what it has sent.
//!
//! One thread listens and decodes, with low priority, and one follows the bus and judges twice a second. Both end with
//! the [`ListenBack`]; while the target is not on air they rest. Nothing here touches the stream, unless it was set to
//! connect anew what listeners do not hear.

mod address;
mod compare;
mod decode;
mod ear;
mod feature;
mod heard;
mod icy;
mod judge;
mod mp3;
mod ogg;
mod reconnect;
mod sent;
#[cfg(test)]
mod signals;
mod track;
mod verdict;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::watch;

pub use address::AddressError;
pub use verdict::{Featureless, Hearing, TitleHeard, Verdict};

use crate::broadcast::{Feed, OnAir};
use crate::icecast::{Patience, SourceSettings};
use address::Address;
use ear::{Ear, lock};
use heard::Heard;
use judge::Judge;
use reconnect::Reconnect;
use sent::Sent;

/// How often the bus is followed, and how often is judged.
const ROUND: Duration = Duration::from_millis(100);
const JUDGE: Duration = Duration::from_millis(500);
/// From the first byte to the moment when a server's own count of listeners has this one in it: its page is asked for
/// every two seconds or so.
const COUNTED_AFTER: Duration = Duration::from_secs(5);

/// How a target is listened to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListenBackSettings {
    /// Where: a relay or a proxy that listeners use. `None`: the target's own mount.
    pub url: Option<String>,
    /// Connect the target anew when listeners do not hear what is sent.
    pub reconnects: bool,
}

impl ListenBackSettings {
    /// Refuses an address that is none. [`ListenBack::start`] does so too.
    ///
    /// # Errors
    /// With a sentence that says how to write one.
    pub fn check(&self) -> Result<(), AddressError> {
        self.url.as_deref().map_or(Ok(()), |url| Address::parse(url).map(drop))
    }

    fn address(&self, source: &SourceSettings) -> Result<Address, AddressError> {
        match &self.url {
            Some(url) => Address::parse(url),
            None => Ok(Address::of_target(source)),
        }
    }
}

/// Why nobody listens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such place.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The system refused a thread.
    #[error("the system has no thread left to listen with; end other programs")]
    Thread(#[source] io::Error),
}

/// Listens to one target. Ends when dropped.
pub struct ListenBack {
    verdict: watch::Receiver<Verdict>,
    heard: Arc<Mutex<Heard>>,
    patience: Patience,
    judge: Option<JoinHandle<()>>,
}

impl ListenBack {
    /// Begins to listen whenever the broadcast is on air. `source` and `feed` are what it was started with.
    ///
    /// # Errors
    /// When there is no such address, or the system has no thread left.
    pub fn start(
        settings: &ListenBackSettings,
        source: &SourceSettings,
        feed: &Feed,
        on_air: OnAir,
    ) -> Result<Self, StartError> {
        let address = settings.address(source)?;
        let (told, verdict) = watch::channel(Verdict::Waiting);
        let (heard, patience) = (Arc::new(Mutex::new(Heard::new())), Patience::default());
        let is_wanted = Arc::new(AtomicBool::new(false));
        let now = Instant::now();
        let bench = Bench {
            sent: Sent::new(&feed.tap, source.encoder.rate, now),
            judge: Judge::new(feed.level.gain.db(), now),
            reconnect: settings.reconnects.then(Reconnect::default),
            heard: heard.clone(),
            is_wanted: is_wanted.clone(),
            on_air,
            told,
            patience: patience.clone(),
        };
        let ear = Ear {
            source: source.clone(),
            is_wanted,
            is_guess: settings.url.is_none(),
            address,
            heard: heard.clone(),
            patience: patience.clone(),
        };
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let spawned = thread::Builder::new().name(name.into()).spawn(run);
            spawned.inspect_err(|_| patience.end()).map_err(StartError::Thread)
        };
        // Nobody waits for the ear: a name that is looked up, or a decoder, may hold it for a while.
        spawn("listen-back", Box::new(move || ear.run()))?;
        let judge = spawn("listen-back judge", Box::new(move || bench.run()))?;
        Ok(Self {
            verdict,
            heard,
            patience,
            judge: Some(judge),
        })
    }

    /// What listeners hear: half a second old at most.
    pub fn verdict(&self) -> Verdict {
        self.verdict.borrow().clone()
    }

    /// The server's own count of listeners has the desk in it.
    pub fn is_counted(&self) -> bool {
        let heard = lock(&self.heard);
        let is_old = |connected: Instant| connected.elapsed() > COUNTED_AFTER;
        heard.is_at_source && heard.connected.is_some_and(is_old)
    }
}

impl Drop for ListenBack {
    fn drop(&mut self) {
        self.patience.end();
        // It holds a place on the bus, which must not outlive the engine; it looks up ten times a second.
        if let Some(judge) = self.judge.take() {
            judge.thread().unpark();
            let _ = judge.join(); // a panic there was reported by its hook
        }
    }
}

/// Where is judged.
struct Bench {
    sent: Sent,
    judge: Judge,
    reconnect: Option<Reconnect>,
    heard: Arc<Mutex<Heard>>,
    is_wanted: Arc<AtomicBool>,
    on_air: OnAir,
    told: watch::Sender<Verdict>,
    patience: Patience,
}

impl Bench {
    /// Until its patience ends.
    fn run(mut self) {
        let mut judged = Instant::now();
        while !self.patience.has_ended() {
            let now = Instant::now();
            self.sent.follow(now);
            if now.saturating_duration_since(judged) >= JUDGE {
                judged = now;
                self.look(now);
            }
            thread::park_timeout(ROUND);
        }
    }

    fn look(&mut self, now: Instant) {
        let since = self.on_air.since();
        // Relaxed: a wish, it orders nothing.
        self.is_wanted.store(since.is_some(), Ordering::Relaxed);
        let Some(since) = since else {
            self.judge.reset();
            self.told.send_replace(Verdict::Waiting);
            return;
        };
        let air = judge::OnAir {
            since,
            title: self.on_air.title(),
        };
        let verdict = self.judge.judge(&self.sent, &lock(&self.heard), &air, now);
        self.connect_anew(&verdict, now);
        self.told.send_replace(verdict);
    }

    fn connect_anew(&mut self, verdict: &Verdict, now: Instant) {
        let Some(reconnect) = &mut self.reconnect else { return };
        match (verdict, verdict.reason_to_reconnect()) {
            (Verdict::Heard(_), _) => reconnect.heard(),
            (_, Some(reason)) if reconnect.is_due(now) => {
                tracing::warn!(reason, "connecting anew");
                self.on_air.connect_anew(reason);
            }
            _ => {}
        }
    }
}
