//! A source on a thread of its own, between who feeds it and the engine.
//!
//! [`Feed`] is the network's end: it waits when the source holds enough, so that the sender's own connection makes the sender wait.
//! [`Player`] is the operator's: what it is told overtakes the audio. The worker wakes every 10 ms while it sounds,
//! and otherwise when something comes and once a second. It ends with its player, or when the engine lets go of the strip's input.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::transport::{EngineStands, Transport};

use super::drive::{Drive, ROUND_SECONDS};
use super::format::Format;
use super::jitter::Pace;
use super::machine::{Change, State, ThresholdError, Thresholds};
use super::metrics::Metrics;
use super::session::{Setup, SetupError};

mod mail;

use mail::{Item, Mail, Shared, Wish};

/// What waits between both threads before who feeds has to wait, bytes. One piece more may be taken.
const WAITING_MOST: usize = 128 * 1024;
/// How long the worker sleeps when nothing sounds and nothing comes.
const IDLE: Duration = Duration::from_secs(1);

/// Why a source does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlayerError {
    /// It would take too much memory.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Its thresholds make no sense.
    #[error(transparent)]
    Thresholds(#[from] ThresholdError),
    /// The system has no thread for it.
    #[error("the system gives no thread for a source: {0}; stop another one")]
    Thread(#[from] std::io::Error),
}

/// The source is gone: its player was dropped, or the strip plays something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing plays this source any more")]
pub struct Gone;

/// What a source says of itself, on its worker's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It does something else now.
    Change(Change),
    /// What had been taken of a stream that is over was heard by the engine, to its last frame.
    Heard,
}

/// What is known of a source from outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Which stream this is about: the number that its start was given, 0 before the first.
    pub stream: u64,
    /// What it does.
    pub state: State,
    /// It is paused.
    pub paused: bool,
    /// Some of it is still to be heard, though all of it may have been taken.
    pub sounds: bool,
    /// Why it broke.
    pub cause: Option<String>,
    /// Its figures. As of the last tenth of a second.
    pub metrics: Metrics,
}

/// The operator's end. The source ends when it is dropped.
pub struct Player {
    shared: Arc<Shared>,
}

/// The network's end.
pub struct Feed {
    shared: Arc<Shared>,
}

/// Starts the worker of a source that is heard through `transport`, whose ring holds [`ring_frames`]. `tell` is called
/// on the worker's thread with every change, and when the last frame of a stream was heard.
///
/// # Errors
/// When its buffer takes too much memory, or the system refuses a thread.
///
/// [`ring_frames`]: super::drive::ring_frames
pub fn start(
    setup: &Setup,
    transport: Transport,
    tell: impl FnMut(Told) + Send + 'static,
) -> Result<(Player, Feed), PlayerError> {
    let mut drive = Drive::new(setup, transport)?;
    let shared = Arc::new(Shared {
        mail: Mutex::new(Mail {
            items: VecDeque::new(),
            waiting: 0,
            wishes: Vec::new(),
            cancels: 0,
            idle: false,
            gone: false,
            starts: 0,
            status: Status {
                stream: 0,
                state: State::Idle,
                paused: false,
                sounds: false,
                cause: None,
                metrics: drive.session().metrics(),
            },
        }),
        came: Condvar::new(),
        room: Condvar::new(),
        began: Instant::now(),
    });
    let worker = Worker {
        shared: shared.clone(),
        drive,
        item: None,
        tell,
        sounds: false,
        stream: 0,
        cancels: 0,
        paused: false,
        told: f64::NEG_INFINITY,
    };
    thread::Builder::new()
        .name("stream".into())
        .spawn(move || worker.run())?;
    let player = Player { shared: shared.clone() };
    Ok((player, Feed { shared }))
}

impl Feed {
    /// Begins a stream; behind one that has ended, another.
    ///
    /// # Errors
    /// When nothing plays it any more; so are those of all others.
    pub fn start(&self) -> Result<(), Gone> {
        self.put_start(Item::Start).map(drop)
    }

    /// Begins a stream as [`Feed::start`] does, buffered in its own manner. One that would take too much memory fails.
    /// Returns its number, by which [`Status::stream`] knows it.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn start_as(&self, thresholds: Thresholds, pace: Pace) -> Result<u64, Gone> {
        self.put_start(|stream| Item::StartAs(stream, thresholds, pace))
    }

    /// What comes from here on is so.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn declare(&self, format: Format) -> Result<(), Gone> {
        self.put(Item::Declare(format))
    }

    /// Bytes of the declared format. Waits while there is no room. What comes before a start, or after a cancel, is for
    /// nobody.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn bytes(&self, bytes: Vec<u8>) -> Result<(), Gone> {
        self.put(Item::Bytes(bytes))
    }

    /// Frames that were decoded already, and how many bytes they were. Waits while there is no room.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn frames(&self, rate: SampleRate, frames: Vec<Frame>, bytes: usize) -> Result<(), Gone> {
        self.put(Item::Frames(rate, frames, bytes))
    }

    /// Decoding a chunk took so many seconds.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn decoded_in(&self, seconds: f64) -> Result<(), Gone> {
        self.put(Item::Decoded(seconds))
    }

    /// The sender has sent all.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn end(&self) -> Result<(), Gone> {
        self.put(Item::End)
    }

    /// The sender broke.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn fail(&self, cause: impl Into<String>) -> Result<(), Gone> {
        self.put(Item::Fail(cause.into()))
    }

    /// There is room now: the next piece is taken without waiting. For who may not wait.
    pub fn has_room(&self) -> bool {
        self.shared.mail().waiting < WAITING_MOST
    }

    fn put_start(&self, item: impl FnOnce(u64) -> Item) -> Result<u64, Gone> {
        let mut mail = self.shared.mail();
        if mail.gone {
            return Err(Gone);
        }
        mail.starts += 1;
        let stream = mail.starts;
        self.add(&mut mail, item(stream));
        Ok(stream)
    }

    fn put(&self, item: Item) -> Result<(), Gone> {
        let mut mail = self.shared.mail();
        let bytes = item.bytes();
        while bytes > 0 && mail.waiting >= WAITING_MOST && !mail.gone {
            mail = self.shared.room.wait(mail).unwrap_or_else(PoisonError::into_inner);
        }
        if mail.gone {
            return Err(Gone);
        }
        self.add(&mut mail, item);
        Ok(())
    }

    fn add(&self, mail: &mut Mail, item: Item) {
        mail.waiting += item.bytes();
        let behind = mail.cancels;
        mail.items.push_back((self.shared.now(), behind, item));
        // While it sounds it looks by itself, every 10 ms.
        if mail.idle {
            self.shared.came.notify_one();
        }
    }
}

impl Player {
    /// Silent within a block of the engine; what waits stays.
    pub fn pause(&self) {
        self.wish(Wish::Pause);
    }

    /// Goes on where it was paused.
    pub fn resume(&self) {
        self.wish(Wish::Resume);
    }

    /// Stops, and is silent within a block of the engine. What the sender has given up to now is gone as well; another
    /// stream may begin.
    pub fn cancel(&self) {
        let mut mail = self.shared.mail();
        // What comes behind it is still what the sender said it is.
        mail.items.retain(|(_, _, item)| matches!(item, Item::Declare(_)));
        mail.waiting = 0;
        mail.cancels += 1;
        mail.wishes.push(Wish::Cancel);
        self.shared.came.notify_one();
        self.shared.room.notify_all();
    }

    fn wish(&self, wish: Wish) {
        self.shared.mail().wishes.push(wish);
        self.shared.came.notify_one();
    }

    /// The worker has ended: the engine let go of the input, or has stopped.
    pub fn is_gone(&self) -> bool {
        self.shared.mail().gone
    }

    /// What it does.
    pub fn status(&self) -> Status {
        self.shared.mail().status.clone()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.shared.gone();
    }
}

/// The thread's own.
struct Worker<T> {
    shared: Arc<Shared>,
    drive: Drive,
    /// What the session has not taken whole, since when, and how far it is.
    item: Option<(f64, Item, usize)>,
    tell: T,
    /// Some of what was taken is still to be heard.
    sounds: bool,
    /// The newest stream that has begun.
    stream: u64,
    /// Cancels that were obeyed.
    cancels: u64,
    /// It was shown as paused.
    paused: bool,
    /// When the figures were last shown.
    told: f64,
}

impl<T: FnMut(Told)> Worker<T> {
    fn run(mut self) {
        while let Some(wishes) = self.wait() {
            if self.round(wishes).is_err() || self.drive.is_abandoned() {
                break;
            }
        }
    }

    /// Waits for the next round. `None` when it is over.
    fn wait(&mut self) -> Option<Vec<Wish>> {
        let paused = self.drive.is_paused();
        let state = self.drive.session().state();
        let runs = self.sounds || matches!(state, State::Playing | State::Rebuffering | State::Draining);
        let polls = !paused && (runs || self.item.is_some());
        // Full, and nobody listens: only a wish changes that.
        let stuck = paused && self.item.is_some();
        let pause = if polls {
            Duration::from_secs_f64(ROUND_SECONDS)
        } else {
            IDLE
        };
        let mut mail = self.shared.mail();
        if !mail.gone && mail.wishes.is_empty() && (polls || stuck || mail.items.is_empty()) {
            mail.idle = !polls && !stuck;
            mail = self
                .shared
                .came
                .wait_timeout(mail, pause)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            mail.idle = false;
        }
        (!mail.gone).then(|| std::mem::take(&mut mail.wishes))
    }

    fn round(&mut self, wishes: Vec<Wish>) -> Result<(), EngineStands> {
        for wish in wishes {
            match wish {
                Wish::Pause => self.drive.pause()?,
                Wish::Resume => self.drive.resume()?,
                Wish::Cancel => {
                    self.drive.cancel()?;
                    self.cancels += 1;
                    // What was being taken came before it: nothing from behind it is taken first.
                    self.item = None;
                }
            }
        }
        self.feed();
        let now = self.shared.now();
        self.drive.turn(now)?;
        self.show(now);
        Ok(())
    }

    /// Passes on what has come, as far as the session takes it.
    fn feed(&mut self) {
        loop {
            if self.item.is_none() {
                let mut mail = self.shared.mail();
                if mail.items.front().is_none_or(|(_, behind, _)| *behind > self.cancels) {
                    return;
                }
                let Some((at, _, item)) = mail.items.pop_front() else {
                    return;
                };
                mail.waiting -= item.bytes().min(mail.waiting);
                self.shared.room.notify_all();
                self.item = Some((at, item, 0));
            }
            let Some((at, item, done)) = &mut self.item else { return };
            let session = self.drive.session();
            let whole = match item {
                Item::Start(stream) => {
                    // Another begins when the one before has been played.
                    if !matches!(session.state(), State::Idle) && !session.state().is_terminal() {
                        return;
                    }
                    self.stream = *stream;
                    session.start(*at);
                    true
                }
                Item::StartAs(stream, thresholds, pace) => {
                    if !matches!(session.state(), State::Idle) && !session.state().is_terminal() {
                        return;
                    }
                    self.stream = *stream;
                    if let Err(error) = self.drive.start_as(*at, *thresholds, *pace) {
                        self.drive.session().start(*at);
                        self.drive.session().fail(*at, error.to_string());
                    }
                    true
                }
                Item::Declare(format) => {
                    session.declare(*format);
                    true
                }
                Item::Bytes(_) if !session.is_declared() => {
                    session.fail(
                        *at,
                        "audio came before anybody said what it is; declare its format first",
                    );
                    true
                }
                Item::Bytes(bytes) => {
                    *done += session.push_bytes(*at, &bytes[*done..]);
                    *done == bytes.len() || !takes(session.state())
                }
                Item::Frames(rate, frames, bytes) => {
                    let share = *bytes * (frames.len() - *done) / frames.len().max(1);
                    let taken = session.push_frames(*at, *rate, &frames[*done..], share);
                    *done += taken;
                    *done == frames.len() || !takes(session.state())
                }
                Item::Decoded(seconds) => {
                    session.decoded_in(*seconds);
                    true
                }
                Item::End => {
                    session.end(*at);
                    true
                }
                Item::Fail(cause) => {
                    session.fail(*at, std::mem::take(cause));
                    true
                }
            };
            if !whole {
                return;
            }
            self.item = None;
        }
    }

    /// Shows what has changed, and ten times a second the figures.
    fn show(&mut self, now: f64) {
        let mut changed = false;
        while let Some(change) = self.drive.session().take_change() {
            (self.tell)(Told::Change(change));
            changed = true;
        }
        let sounds = self.drive.is_heard();
        if std::mem::replace(&mut self.sounds, sounds) && !sounds {
            (self.tell)(Told::Heard);
            changed = true;
        }
        let paused = self.drive.is_paused();
        changed |= std::mem::replace(&mut self.paused, paused) != paused;
        if changed || now - self.told > 0.1 {
            self.told = now;
            let session = self.drive.session();
            let status = Status {
                stream: self.stream,
                state: session.state(),
                paused,
                sounds,
                cause: session.cause().map(str::to_owned),
                metrics: session.metrics(),
            };
            self.shared.mail().status = status;
        }
    }
}

impl<T> Drop for Worker<T> {
    /// Who waits for room is not left waiting, whatever ended the thread.
    fn drop(&mut self) {
        self.shared.gone();
    }
}

/// More audio may be taken as it is played.
fn takes(state: State) -> bool {
    matches!(state, State::Buffering | State::Playing | State::Rebuffering)
}

#[cfg(test)]
mod tests;
