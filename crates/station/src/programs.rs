//! Strips that other programs play into: what feeds them, and the way in for the faces that speak the programs' protocols.
//!
//! A strip has one way in, and one program has its turn there at a time; the others wait in the order in which they came. What a
//! program has sent is heard to its last frame, also when it has gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::StripId;
use airdesk_engine::input::StripInput;
use airdesk_engine::transport::transport;
pub use airdesk_sources::spkr;
use airdesk_sources::stream::drive::ring_frames;
pub use airdesk_sources::stream::format::{Encoding, Format, FormatError};
pub use airdesk_sources::stream::jitter::{FRAMES_MOST, Pace};
pub use airdesk_sources::stream::machine::{State, ThresholdError, Thresholds};
use airdesk_sources::stream::player::{Feed as Sender, Player, start};
pub use airdesk_sources::stream::player::{Gone, Status, Told};
use airdesk_sources::stream::session::Setup;
use tokio::sync::{Mutex as TurnLock, OwnedMutexGuard, broadcast};

use crate::api::{CommandError, ErrorCode, InputState, StreamPhase, StreamState, StripSource};
use crate::session::SessionStrip;
use crate::station::Core;
use crate::strips::Feed;

/// The strip that programs play into, unless they choose one.
pub const PROGRAMS_STRIP: &str = "Voice";
/// What it is called where another strip has that name.
const PROGRAMS_STRIP_BESIDE: &str = "Voice (programs)";
/// How often a sender that may not block looks whether there is room.
const ROOM_POLL: Duration = Duration::from_millis(5);
/// What a source says that nobody has read yet; who lags looks at the status instead.
const TOLD_KEPT: usize = 64;

/// A strip's way in for programs. Cheap to clone; any thread.
#[derive(Clone)]
pub struct ProgramInlet {
    inner: Arc<Inner>,
}

struct Inner {
    strip: StripId,
    rate: SampleRate,
    player: Player,
    sender: Sender,
    told: broadcast::Sender<Told>,
    /// Who has the turn, for hosts.
    who: Mutex<String>,
    turn: Arc<TurnLock<()>>,
}

/// The right to play into a strip, until it is dropped. What was sent is then heard to its end, and goes on where it was
/// paused.
pub struct ProgramTurn {
    inlet: ProgramInlet,
    _lock: OwnedMutexGuard<()>,
}

impl ProgramInlet {
    /// The strip.
    pub fn strip(&self) -> StripId {
        self.inner.strip
    }

    /// The desk's rate.
    pub fn rate(&self) -> SampleRate {
        self.inner.rate
    }

    /// Nothing plays it any more: the strip is gone or has another source.
    pub fn is_gone(&self) -> bool {
        self.inner.player.is_gone()
    }

    /// What it does, and its figures as of the last tenth of a second.
    pub(crate) fn status(&self) -> Status {
        self.inner.player.status()
    }

    /// Waits for the turn. `who` is what hosts are shown: the protocol, and what the program calls itself.
    pub async fn turn(&self, who: &str) -> ProgramTurn {
        let lock = self.inner.turn.clone().lock_owned().await;
        self.begin(who, lock)
    }

    /// The turn, unless another program has it.
    pub fn turn_now(&self, who: &str) -> Option<ProgramTurn> {
        let lock = self.inner.turn.clone().try_lock_owned().ok()?;
        Some(self.begin(who, lock))
    }

    fn begin(&self, who: &str, lock: OwnedMutexGuard<()>) -> ProgramTurn {
        who.clone_into(&mut self.inner.who.lock().unwrap_or_else(PoisonError::into_inner));
        ProgramTurn {
            inlet: self.clone(),
            _lock: lock,
        }
    }

    fn who(&self) -> String {
        self.inner.who.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProgramTurn {
    /// The strip's way in.
    pub fn inlet(&self) -> &ProgramInlet {
        &self.inlet
    }

    /// What it says from now on: see [`Told`].
    pub fn told(&self) -> broadcast::Receiver<Told> {
        self.inlet.inner.told.subscribe()
    }

    /// What it does, and its figures as of the last tenth of a second.
    pub fn status(&self) -> Status {
        self.inlet.inner.player.status()
    }

    /// Begins a stream, buffered in its own manner. It is heard behind one that has not been heard to its end. Returns its
    /// number, by which [`Status::stream`] knows it.
    ///
    /// # Errors
    /// When nothing plays it any more; so are those of all others.
    pub fn start(&self, thresholds: Thresholds, pace: Pace) -> Result<u64, Gone> {
        self.inlet.inner.sender.start_as(thresholds, pace)
    }

    /// What comes from here on is so.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn declare(&self, format: Format) -> Result<(), Gone> {
        self.inlet.inner.sender.declare(format)
    }

    /// Bytes of the declared format, cut anywhere. Waits while the buffer is full.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub async fn bytes(&self, bytes: Vec<u8>) -> Result<(), Gone> {
        self.room().await?;
        self.inlet.inner.sender.bytes(bytes)
    }

    /// The same without waiting, for who has waited for [`ProgramTurn::room`].
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn put(&self, bytes: Vec<u8>) -> Result<(), Gone> {
        self.inlet.inner.sender.bytes(bytes)
    }

    /// Frames at a rate, and how many bytes they came as. Waits while the buffer is full.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub async fn frames(&self, rate: SampleRate, frames: Vec<Frame>, bytes: usize) -> Result<(), Gone> {
        self.room().await?;
        self.inlet.inner.sender.frames(rate, frames, bytes)
    }

    /// Waits until there is room for another piece. The turn's owner is the only one who can take it.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub async fn room(&self) -> Result<(), Gone> {
        while !self.inlet.inner.sender.has_room() {
            if self.inlet.is_gone() {
                return Err(Gone);
            }
            tokio::time::sleep(ROOM_POLL).await;
        }
        Ok(())
    }

    /// Frames, for whom [`ProgramTurn::room`] has told that there is room.
    pub(crate) fn give(&self, rate: SampleRate, frames: Vec<Frame>, bytes: usize) -> Result<(), Gone> {
        self.inlet.inner.sender.frames(rate, frames, bytes)
    }

    /// Decoding a chunk took so many seconds.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn decoded_in(&self, seconds: f64) -> Result<(), Gone> {
        self.inlet.inner.sender.decoded_in(seconds)
    }

    /// All was sent: it is heard to the last frame, then [`Told::Heard`] is said.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn end(&self) -> Result<(), Gone> {
        self.inlet.inner.sender.end()
    }

    /// The sender broke: what was sent is heard, then the stream has failed.
    ///
    /// # Errors
    /// When nothing plays it any more.
    pub fn fail(&self, cause: impl Into<String>) -> Result<(), Gone> {
        self.inlet.inner.sender.fail(cause)
    }

    /// Silent within a block; what waits stays, and more may be sent.
    pub fn pause(&self) {
        self.inlet.inner.player.pause();
    }

    /// Goes on where it was paused.
    pub fn resume(&self) {
        self.inlet.inner.player.resume();
    }

    /// Stops, silent within a block; what was sent up to now is gone.
    pub fn cancel(&self) {
        self.inlet.inner.player.cancel();
    }
}

impl Drop for ProgramTurn {
    fn drop(&mut self) {
        self.inlet.inner.player.resume();
        // Where nothing plays it any more nothing is left to be heard.
        let _ = self.inlet.inner.sender.end();
    }
}

/// A strip's source, as the station has it.
pub(crate) struct ProgramDesk {
    inlet: ProgramInlet,
    state: StreamState,
}

impl ProgramDesk {
    pub(crate) fn start(strip: StripId, rate: SampleRate) -> Result<(Self, StripInput), String> {
        let (transport, staged) = transport(f64::from(rate.hz()), ring_frames(rate));
        let setup = Setup {
            rate,
            thresholds: Thresholds::SPEECH,
            pace: Pace::Ahead,
        };
        let (told, _) = broadcast::channel(TOLD_KEPT);
        let tell = told.clone();
        let (player, sender) = start(&setup, transport, move |said| {
            // Nobody may listen.
            let _ = tell.send(said);
        })
        .map_err(|error| format!("its way in could not be made: {error}"))?;
        let inlet = ProgramInlet {
            inner: Arc::new(Inner {
                strip,
                rate,
                player,
                sender,
                told,
                who: Mutex::default(),
                turn: Arc::default(),
            }),
        };
        let state = state(strip, String::new(), &inlet.inner.player.status());
        Ok((Self { inlet, state }, StripInput::Staged(staged)))
    }

    pub(crate) fn inlet(&self) -> ProgramInlet {
        self.inlet.clone()
    }

    pub(crate) fn look(&mut self) {
        self.state = state(self.state.strip, self.inlet.who(), &self.inlet.inner.player.status());
    }

    pub(crate) fn state(&self) -> &StreamState {
        &self.state
    }

    /// What a strip's source is doing, where its input is heard or not.
    pub(crate) fn input(&self, running: Option<InputState>) -> InputState {
        running.unwrap_or(InputState::Ready)
    }
}

fn state(strip: StripId, who: String, status: &Status) -> StreamState {
    let figures = &status.metrics;
    let milliseconds = |seconds: Option<f64>| seconds.map(|seconds| (seconds * 1_000.0) as f32);
    StreamState {
        strip,
        url: who,
        phase: match status.state {
            _ if status.paused => StreamPhase::Paused,
            State::Buffering => StreamPhase::Buffering,
            State::Rebuffering => StreamPhase::Rebuffering,
            State::Playing | State::Draining => StreamPhase::Playing,
            State::Finished | State::Error if status.sounds => StreamPhase::Playing,
            State::Idle | State::Finished | State::Error | State::Cancelled => StreamPhase::Waiting,
        },
        reason: status.cause.clone(),
        title: None,
        station: None,
        codec: None,
        kbits: None,
        buffered: figures.buffered as f32,
        target: figures.target as f32,
        underruns: figures.underruns,
        reconnects: 0,
        spoilt: 0,
        drift_ppm: figures.drift_ppm as f32,
        time_to_first_byte: milliseconds(figures.first_byte),
        time_to_first_audio: milliseconds(figures.first_audio),
    }
}

impl Core {
    /// Feeds a strip by whatever program plays into it.
    pub(crate) fn feed_by_programs(&mut self, strip: StripId) -> (StripInput, Feed, InputState) {
        match ProgramDesk::start(strip, self.desk.rate) {
            Ok((desk, input)) => (input, Feed::Programs(Box::new(desk)), InputState::Ready),
            Err(reason) => (StripInput::Silent, Feed::Nothing, InputState::Missing { reason }),
        }
    }

    /// The way into a strip of this name. Without one it is the usual strip, which is put on the desk when it is first
    /// wanted.
    pub(crate) fn way_in(&mut self, name: Option<&str>) -> Result<ProgramInlet, CommandError> {
        if let Some(name) = name {
            return self.strips.way_in(name).ok_or_else(|| self.no_way_in(name));
        }
        let usual = [PROGRAMS_STRIP, PROGRAMS_STRIP_BESIDE];
        if let Some(inlet) = usual.iter().find_map(|name| self.strips.way_in(name)) {
            return Ok(inlet);
        }
        let is_free = self.strips.states().all(|state| state.name != PROGRAMS_STRIP);
        let name = if is_free { PROGRAMS_STRIP } else { PROGRAMS_STRIP_BESIDE };
        self.add_strip(&SessionStrip::new(name, StripSource::Programs))?;
        self.touch();
        self.strips.way_in(name).ok_or_else(|| self.no_way_in(name))
    }

    fn no_way_in(&self, name: &str) -> CommandError {
        let fed = self
            .strips
            .states()
            .filter(|state| state.source == StripSource::Programs);
        let names: Vec<&str> = fed.map(|state| state.name.as_str()).collect();
        let there = if names.is_empty() {
            "none is fed by programs yet: give one the source \"Programs\"".to_owned()
        } else {
            format!("programs may play into: {}", names.join(", "))
        };
        CommandError {
            code: ErrorCode::NoSuchStrip,
            message: format!("no strip called {name} is fed by programs; {there}"),
        }
    }
}
