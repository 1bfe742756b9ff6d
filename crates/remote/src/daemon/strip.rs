//! One strip's session between its programs and the strip's source: a task of its own, which never waits for a program.
//!
//! It has its turn at the strip from the first audio of an utterance to the last frame of the last, so that the other
//! protocols have theirs between.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use airdesk_station::StationHandle;
use airdesk_station::programs::{FRAMES_MOST, Gone, Pace, ProgramTurn, Thresholds, Told};
use axum::extract::ws::Utf8Bytes;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use super::message::{Action, FormatSaid};
use super::pcm::Pcm;
use super::room::{Kept, Room};
use super::session::{Client, Session, Step, To, View, Wish};

/// Messages that a program has not read before it is sent away.
pub(super) const UNREAD_MOST: usize = 256;
/// Messages of programs that wait for the task.
const REQUESTS: usize = 64;
/// Looks so often what has become of what was sent.
const TICK: Duration = Duration::from_millis(50);
/// Sounds with so much, and again with so much; fades below so much. Seconds.
const GATE: f64 = 0.250;
const LOW: f64 = 0.020;

/// What a program wants of its strip.
pub(super) enum Request {
    /// It plays into this strip from now on: what it calls itself, and where it reads.
    Join(Client, String, mpsc::Sender<Utf8Bytes>),
    Audio(Client, Vec<u8>, Option<FormatSaid>, Kept),
    /// A chunk that cannot be read, and why.
    Broken(Client, String),
    Control(Client, Action),
    Status(Client),
    Timing(Client),
    /// It neither speaks nor answers, or does again.
    Silent(Client, bool),
    Leave(Client),
    /// For the health page.
    Health(oneshot::Sender<Value>),
}

/// A strip as its programs have it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Strip {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) room: Arc<Room>,
}

impl Strip {
    /// The strip of this name, or the usual one. Nothing is asked of the station before there is audio.
    pub(super) fn start(station: StationHandle, name: Option<String>, pcm: Pcm, began: Instant) -> Self {
        let (requests, asked) = mpsc::channel(REQUESTS);
        let room = Arc::<Room>::default();
        let task = Task {
            station,
            name,
            began,
            session: Session::new(pcm),
            programs: HashMap::new(),
            room: room.clone(),
            waits: None,
            turn: None,
        };
        tokio::spawn(task.run(asked));
        Self { requests, room }
    }
}

/// A message as programs read it.
pub(super) fn message(kind: &str, data: &Value) -> Utf8Bytes {
    let message = json!({ "type": kind, "timestamp": epoch(), "data": data });
    message.to_string().into()
}

/// Milliseconds since 1970.
pub(super) fn epoch() -> u64 {
    // A clock before 1970 is no time that anybody reads.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as u64
}

struct Program {
    calls_itself: String,
    reads: mpsc::Sender<Utf8Bytes>,
}

/// The turn at the strip, and what its source says.
struct Turn {
    turn: ProgramTurn,
    told: broadcast::Receiver<Told>,
    /// The desk's rate.
    hz: f64,
}

type Waits = Pin<Box<dyn Future<Output = Result<ProgramTurn, String>> + Send>>;

struct Task {
    station: StationHandle,
    name: Option<String>,
    began: Instant,
    session: Session,
    programs: HashMap<Client, Program>,
    room: Arc<Room>,
    /// The turn, while it is another's.
    waits: Option<Waits>,
    turn: Option<Turn>,
}

impl Task {
    async fn run(mut self, mut asked: mpsc::Receiver<Request>) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let feeds = self.step();
            let is_busy = !self.session.is_idle();
            tokio::select! {
                request = asked.recv() => match request {
                    Some(request) => self.hear(request),
                    None => return,
                },
                turn = turn(self.waits.as_mut()) => self.has_turn(turn),
                room = next(self.turn.as_mut(), feeds), if is_busy => if let Some(room) = room {
                    self.feed(room);
                },
                _ = tick.tick(), if is_busy => {}
            }
            self.look();
        }
    }

    /// Does what can be done at once. Returns whether audio is to be fed as soon as there is room.
    fn step(&mut self) -> bool {
        loop {
            let step = self.session.step();
            if step == Step::Nothing {
                return false;
            }
            let Some(Turn { turn, hz, .. }) = &self.turn else {
                self.wants_turn();
                return false;
            };
            let done = match step {
                Step::Nothing | Step::Feed => return step == Step::Feed,
                Step::Begin(capacity) => {
                    let capacity = capacity.min(FRAMES_MOST as f64 / hz);
                    // The gate is open before a buffer of any size is full.
                    let thresholds = Thresholds::new(GATE, LOW, GATE, capacity).unwrap_or(Thresholds::SPEECH);
                    turn.start(thresholds, Pace::Ahead)
                        .map(|stream| self.session.begun(stream))
                }
                Step::Declare(pcm) => turn.declare(pcm.format()).map(|()| self.session.declared(pcm)),
                Step::End => turn.end().map(|()| self.session.end_told()),
            };
            if done.is_err() {
                self.is_gone();
                return false;
            }
        }
    }

    fn feed(&mut self, room: Result<(), Gone>) {
        let Some(Turn { turn, .. }) = &self.turn else { return };
        let fed = room.and_then(|()| turn.put(self.session.piece()));
        if fed.is_err() {
            self.is_gone();
        }
    }

    fn wants_turn(&mut self) {
        if self.waits.is_some() {
            return;
        }
        let owner = self.session.owner().and_then(|owner| self.programs.get(&owner));
        let calls_itself = owner.map_or("", |program| program.calls_itself.as_str());
        let who = format!("Playback daemon{calls_itself}");
        let (station, name) = (self.station.clone(), self.name.clone());
        self.waits = Some(Box::pin(async move {
            let inlet = station.programs(name).await.map_err(|error| error.message)?;
            Ok(inlet.turn(&who).await)
        }));
    }

    fn has_turn(&mut self, turn: Result<ProgramTurn, String>) {
        self.waits = None;
        match turn {
            // Who wanted it may have been stopped meanwhile: it is given back below.
            Ok(turn) => {
                if self.session.is_paused() {
                    turn.pause();
                }
                self.turn = Some(Turn {
                    told: turn.told(),
                    hz: f64::from(turn.inlet().rate().hz()),
                    turn,
                });
            }
            Err(reason) => self.session.failed(&reason),
        }
    }

    fn is_gone(&mut self) {
        self.turn = None;
        self.session
            .failed("nothing plays into this strip any more: it was removed, or given another source");
    }

    fn hear(&mut self, request: Request) {
        self.session.at(self.began.elapsed().as_secs_f64(), epoch());
        match request {
            Request::Join(client, calls_itself, reads) => {
                self.programs.insert(client, Program { calls_itself, reads });
                self.session.asked(client);
            }
            Request::Audio(client, bytes, said, kept) => self.session.chunk(client, bytes, said, kept),
            Request::Broken(client, reason) => self.session.broken(client, &reason),
            Request::Control(client, action) => self.session.control(client, action),
            Request::Status(client) => self.session.asked(client),
            Request::Timing(client) => self.session.asked_timing(client),
            Request::Silent(client, silent) => self.session.silent(client, silent),
            Request::Leave(client) => {
                self.session.left(client);
                self.programs.remove(&client);
            }
            Request::Health(answer) => {
                // Who asked may have gone.
                let _ = answer.send(self.session.health());
            }
        }
    }

    /// Passes on what has become of the audio, and what was wished.
    fn look(&mut self) {
        self.session.at(self.began.elapsed().as_secs_f64(), epoch());
        // Wishes first: what was stopped is not looked at.
        self.wish();
        let view = self.turn.as_ref().map(Turn::view);
        self.session.look(view.as_ref());
        if self.turn.as_ref().is_some_and(|turn| turn.turn.inlet().is_gone()) && !self.session.is_idle() {
            self.is_gone();
        }
        self.wish();
        self.say();
        if self.session.is_idle() {
            (self.turn, self.waits) = (None, None);
        }
    }

    fn wish(&mut self) {
        for wish in self.session.take_wishes() {
            let Some(Turn { turn, .. }) = &self.turn else { continue };
            match wish {
                Wish::Pause => turn.pause(),
                Wish::Resume => turn.resume(),
                Wish::Cancel => turn.cancel(),
            }
        }
        self.room.set_paused(self.session.is_paused());
    }

    fn say(&mut self) {
        for (to, kind, data) in self.session.take_out() {
            let text = message(kind, &data);
            // Whoever does not read is no program of this strip any more, and its connection ends with that.
            match to {
                To::All => self
                    .programs
                    .retain(|_, program| program.reads.try_send(text.clone()).is_ok()),
                To::One(client) => {
                    let told = self.programs.get(&client).map(|program| program.reads.try_send(text));
                    if let Some(Err(_)) = told {
                        self.programs.remove(&client);
                    }
                }
            }
        }
    }
}

impl Turn {
    fn view(&self) -> View {
        let status = self.turn.status();
        View {
            stream: status.stream,
            state: status.state,
            sounds: status.sounds,
            given: status.metrics.frames_out as f64 / self.hz,
            began: status.metrics.first_audio.is_some(),
            underruns: status.metrics.underruns,
        }
    }
}

async fn turn(waits: Option<&mut Waits>) -> Result<ProgramTurn, String> {
    match waits {
        Some(waits) => waits.await,
        None => std::future::pending().await,
    }
}

/// Whether there is room for audio, where that is asked for; `None` when the source has said something.
async fn next(turn: Option<&mut Turn>, feeds: bool) -> Option<Result<(), Gone>> {
    let Some(Turn { turn, told, .. }) = turn else {
        return std::future::pending().await;
    };
    tokio::select! {
        room = turn.room(), if feeds => Some(room),
        // What was missed is in the status; a source that says nothing any more is found to be gone.
        said = told.recv() => match said {
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => None,
        },
    }
}
