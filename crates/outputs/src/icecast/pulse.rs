//! Whether the server behind a connection lives. A server that hangs, or is stopped, has its bytes
//! acknowledged by its machine for as long as buffers last, which is a quarter of a minute of MP3; so has one
//! behind a proxy. So it is asked something beside the stream, seldom, for each question is a connection; any
//! answer is a good one. A question without one is asked a second time on a connection of its own while the
//! first still waits: one lost packet of a handshake costs a second, and a slow server has its time. Silence is
//! to be told within 5 s of the last answer: [`INTERVAL`] and [`ANSWER_LIMIT`] leave half a second for a busy
//! machine. Nothing is concluded from a server that has never answered: some never do. What is asked for is the page on
//! which it shows everyone its streams: who reads it to its end has its figures without one more connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::connect::connect_to;
use super::line::Line;
use super::page::{Kind, PAGE_BYTES_MAX, StatusPage};
use super::patience::Patience;
use super::{SourceError, SourceSettings};

/// From an answer to the next question.
const INTERVAL: Duration = Duration::from_secs(2);
/// When a question is asked the second time.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// From a question to the conclusion that nobody is there.
const ANSWER_LIMIT: Duration = Duration::from_millis(2400);
/// How long the rest of a page may take.
const PAGE_LIMIT: Duration = Duration::from_secs(4);
/// How often a wait looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// What came back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Something that the server has said.
    Answer,
    /// No connection, and at once: somebody is there, and a stream may outlive its server's door.
    Refusal,
    Nothing,
}

/// Asks until it is dropped.
pub(super) struct Pulse {
    gone: Arc<AtomicBool>,
    view: Arc<Mutex<View>>,
    patience: Patience,
}

/// What was seen of the server's pages.
#[derive(Default)]
struct View {
    /// Which of the pages that it may have is asked for.
    kind: usize,
    page: Option<StatusPage>,
}

impl Pulse {
    /// Begins to ask the server at `peer`, where the stream goes. Without a thread for it there is no pulse,
    /// and nothing is concluded from that.
    pub(super) fn feel(settings: &SourceSettings, peer: Option<SocketAddr>) -> Self {
        let (gone, patience) = (Arc::new(AtomicBool::new(false)), Patience::default());
        let view = Arc::new(Mutex::default());
        let question = peer.map(|peer| Question {
            peer,
            settings: settings.clone().into(),
            view: view.clone(),
            patience: patience.clone(),
        });
        let told = gone.clone();
        let spawned = thread::Builder::new().name("icecast pulse".into()).spawn(move || {
            if let Some(question) = question {
                ask(&question, &told);
            }
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread to watch the server with");
        }
        Self { gone, view, patience }
    }

    /// What the server showed last.
    pub(super) fn page(&self) -> Option<StatusPage> {
        self.view.lock().ok()?.page.clone()
    }

    /// For how long the server has not answered, at least; `None` while it does.
    pub(super) fn silence(&self) -> Option<Duration> {
        // Relaxed: a flag that stands for itself.
        self.gone.load(Ordering::Relaxed).then_some(ANSWER_LIMIT)
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.patience.end();
    }
}

/// Asks until nobody wants to know any more.
fn ask(question: &Question, gone: &AtomicBool) {
    let mut answered_before = false;
    while !question.patience.has_ended() {
        let heard = question.put();
        answered_before |= heard == Heard::Answer;
        let silent = heard == Heard::Nothing;
        // Relaxed: see above.
        gone.store(silent && answered_before, Ordering::Relaxed);
        let next = Instant::now() + if silent { Duration::ZERO } else { INTERVAL };
        while !question.patience.has_ended() {
            let left = next.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::sleep(left.min(LOOK));
        }
    }
}

/// What is asked, and whom.
#[derive(Clone)]
struct Question {
    peer: SocketAddr,
    settings: Arc<SourceSettings>,
    view: Arc<Mutex<View>>,
    patience: Patience,
}

impl Question {
    /// Asks, twice if need be. Blocks for [`ANSWER_LIMIT`] at most.
    fn put(&self) -> Heard {
        let asked = Instant::now();
        let (says, heard) = mpsc::channel();
        if !self.spawn(says.clone(), ANSWER_LIMIT) {
            return Heard::Refusal; // no thread: nothing is concluded
        }
        if let Ok(heard) = heard.recv_timeout(AGAIN_AFTER) {
            return heard;
        }
        // Without a second thread the first question still stands.
        self.spawn(says, ANSWER_LIMIT.saturating_sub(asked.elapsed()));
        let left = ANSWER_LIMIT.saturating_sub(asked.elapsed());
        heard.recv_timeout(left).unwrap_or(Heard::Nothing)
    }

    /// Asks once, on a thread that outlives nobody's interest by more than `limit`. It says what it hears.
    fn spawn(&self, says: Sender<Heard>, limit: Duration) -> bool {
        let question = self.clone();
        let spawned = thread::Builder::new().name("icecast question".into()).spawn(move || {
            let asked = Instant::now();
            let (kind, begun) = match question.answer(limit) {
                Ok((kind, line, first)) => (kind, Some((line, first))),
                Err(SourceError::TimedOut { .. } | SourceError::Stopped) => return,
                Err(_) => (0, None),
            };
            let heard = if begun.is_some() { Heard::Answer } else { Heard::Refusal };
            let _ = says.send(heard); // another answer may have been quicker
            if let Some((line, first)) = begun {
                question.read(asked, kind, line, first);
            }
        });
        spawned.is_ok()
    }

    /// Which page was asked for, the connection, and the first bytes of the answer.
    fn answer(&self, limit: Duration) -> Result<(usize, Line, Vec<u8>), SourceError> {
        let patience = self.patience.within(limit);
        let mut line = connect_to(&[self.peer], &self.settings, &patience)?;
        let step = patience.step(&self.settings.host, "answer", limit);
        let kind = self.view.lock().map_or(0, |view| view.kind);
        line.write_all(self.kind(kind).head(&self.settings).as_bytes(), &step)?;
        // The first bytes, or the end: either was made by the server and not by its machine.
        let mut first = vec![0; 4096];
        let count = step
            .repeat(|| line.read_some(&mut first))?
            .map_err(|error| step.lost(&error))?;
        first.truncate(count);
        Ok((kind, line, first))
    }

    fn kind(&self, number: usize) -> Kind {
        let kinds = Kind::of(self.settings.protocol);
        kinds[number % kinds.len()]
    }

    /// Reads the page to its end and keeps what it shows. A server that does not have this one is asked for another.
    fn read(&self, asked: Instant, kind: usize, mut line: Line, mut answer: Vec<u8>) {
        let patience = self.patience.within(PAGE_LIMIT);
        let step = patience.step(&self.settings.host, "show its page", PAGE_LIMIT);
        let mut bytes = [0; 4096];
        while answer.len() < PAGE_BYTES_MAX
            && !answer.is_empty()
            && let Ok(Ok(count @ 1..)) = step.repeat(|| line.read_some(&mut bytes))
        {
            answer.extend_from_slice(&bytes[..count]);
        }
        let shown = self.kind(kind).read(&answer, &self.settings.mount);
        let Ok(mut view) = self.view.lock() else { return };
        if view.page.as_ref().is_some_and(|page| page.asked > asked) {
            return; // a question that was asked later was answered sooner
        }
        if shown.is_none() && view.kind == kind {
            view.kind += 1;
        }
        let (statistics, title) = shown.unzip();
        view.page = Some(StatusPage {
            asked,
            statistics,
            title: title.flatten(),
        });
    }
}
