//! A strip that plays what is at an address: a station on the Internet, a studio's own Icecast, a file on a server.
//!
//! A thread of its own tunes in, decodes and feeds a [`stream`](crate::stream); it waits where the stream is full, so that the
//! server waits too. It tunes in again for as long as that can help. Untrusted: whatever a server sends costs its own strip.
//! Titles are known when they arrive, which is earlier than they are heard by what is buffered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::transport::Transport;

use crate::stream::jitter::{FRAMES_MOST, Pace};
use crate::stream::machine::{State, Thresholds};
use crate::stream::metrics::Metrics;
use crate::stream::player::{Feed, Gone, Player, PlayerError, start};
use crate::stream::session::Setup;

mod address;
mod backoff;
mod body;
mod connect;
mod decode;
mod error;
mod frames;
mod icy;
mod line;
mod ogg;
mod patience;
mod playlist;
mod reach;
mod reply;
mod sort;
mod text;
mod tune;
mod wave;

use backoff::Backoff;
use decode::{Decoder, Heard};
use icy::Stripper;
use patience::Patience;
use tune::{Tuned, tune};

pub use address::{Address, AddressError};
pub use error::{Recovery, Stage, TuneError};
pub use reach::Reach;
pub use sort::Raw;

/// What is buffered before a stream is heard, seconds: less than any server's burst, so that it is heard at once.
const INITIAL: f64 = 0.25;
/// Below this it is short of audio, and with this much it is heard again, seconds: nobody waits for a station's words.
const MINIMUM: f64 = 0.05;
const RESUME: f64 = 1.0;
/// No more than this is taken ahead, seconds.
const MAXIMUM: f64 = 15.0;
/// A connection that has lasted this long begins with the first wait again.
const LASTING: Duration = Duration::from_secs(10);

/// How long a server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// To be found, to accept the connection, and to agree on encryption, each.
    pub connect: Duration,
    /// To begin its answer, and the sound in it.
    pub first_byte: Duration,
    /// Between two bytes.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            stall: Duration::from_secs(10),
        }
    }
}

/// What is to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunerSettings {
    /// Where it is.
    pub address: Address,
    /// It is samples without a header; what the server says does not matter then.
    pub raw: Option<Raw>,
    /// How far its address may lead.
    pub reach: Reach,
    /// How long its server may take.
    pub limits: Limits,
    /// Who asks, as servers are told.
    pub agent: String,
}

/// What a tuner does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TunerPhase {
    /// It looks for the stream.
    #[default]
    Connecting,
    /// It comes, and is not enough yet.
    Buffering,
    /// It is heard.
    Playing,
    /// It has run out while it comes.
    Rebuffering,
    /// It has broken off and is looked for again; what had come may still be heard.
    Reconnecting,
    /// It cannot be heard, and is not looked for any more.
    Failed,
    /// It was a file, and all of it was heard.
    Ended,
}

/// What is known of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TunerStatus {
    /// What it does.
    pub phase: TunerPhase,
    /// Why it is not heard, or was not last.
    pub reason: Option<String>,
    /// What is on, as the stream says.
    pub title: Option<String>,
    /// What the station calls itself.
    pub station: Option<String>,
    /// What it is: MP3, AAC, Vorbis, Opus, FLAC, WAV or PCM.
    pub codec: Option<&'static str>,
    /// As the server says or as it comes, kbit/s.
    pub kbits: Option<u32>,
    /// How often it was looked for again.
    pub reconnects: u64,
    /// Gaps since the beginning, whatever the connection.
    pub underruns: u64,
    /// From the beginning of the last attempt to the first byte of sound, seconds.
    pub first_byte: Option<f64>,
    /// And to the first frame that was given to be heard.
    pub first_audio: Option<f64>,
    /// Packets that could not be decoded.
    pub spoilt: u64,
    /// Figures of the buffer, since the last attempt.
    pub metrics: Metrics,
}

/// A stream that is played. It ends when it is dropped.
pub struct Tuner {
    player: Player,
    patience: Patience,
    shared: Arc<Mutex<Now>>,
    /// Gaps of the attempts before, and of this one as last seen.
    underruns: (u64, u64),
}

/// What the thread knows.
#[derive(Default)]
struct Now {
    status: TunerStatus,
    /// The stream comes.
    arrives: bool,
}

impl Tuner {
    /// Begins to look for a stream, which is heard through `transport`, whose ring holds
    /// [`ring_frames`](crate::stream::drive::ring_frames).
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(settings: TunerSettings, rate: SampleRate, transport: Transport) -> Result<Self, PlayerError> {
        let most = (FRAMES_MOST as f64 / f64::from(rate.hz())).min(MAXIMUM);
        let thresholds = Thresholds::new(INITIAL, MINIMUM, RESUME, most).expect("they are in order");
        let setup = Setup {
            rate,
            thresholds,
            pace: Pace::Relay,
        };
        let (player, feed) = start(&setup, transport, |_| {})?;
        let (patience, shared) = (Patience::default(), Arc::new(Mutex::new(Now::default())));
        let worker = Worker {
            settings,
            feed,
            patience: patience.clone(),
            shared: shared.clone(),
            heard: false,
        };
        thread::Builder::new()
            .name("tuner".into())
            .spawn(move || worker.run())?;
        Ok(Self {
            player,
            patience,
            shared,
            underruns: (0, 0),
        })
    }

    /// The engine has let go of it.
    pub fn is_gone(&self) -> bool {
        self.player.is_gone()
    }

    /// What is known now.
    pub fn status(&mut self) -> TunerStatus {
        let played = self.player.status();
        let now = lock(&self.shared);
        let (mut status, arrives) = (now.status.clone(), now.arrives);
        drop(now);
        if played.metrics.underruns < self.underruns.1 {
            self.underruns.0 += self.underruns.1;
        }
        self.underruns.1 = played.metrics.underruns;
        status.underruns = self.underruns.0 + self.underruns.1;
        status.phase = match (status.phase, played.state) {
            (TunerPhase::Connecting, State::Playing) if arrives => TunerPhase::Playing,
            (TunerPhase::Connecting, State::Rebuffering) if arrives => TunerPhase::Rebuffering,
            (TunerPhase::Connecting, _) if arrives => TunerPhase::Buffering,
            // The last of it is still heard.
            (TunerPhase::Ended, State::Buffering | State::Playing | State::Draining | State::Rebuffering) => {
                TunerPhase::Playing
            }
            (phase, _) => phase,
        };
        if played.metrics.first_audio.is_some() {
            status.first_audio = played.metrics.first_audio;
        }
        status.metrics = played.metrics;
        status
    }
}

impl Drop for Tuner {
    fn drop(&mut self) {
        self.patience.end();
    }
}

fn lock(shared: &Mutex<Now>) -> MutexGuard<'_, Now> {
    // What is guarded is written in whole steps.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's own.
struct Worker {
    settings: TunerSettings,
    feed: Feed,
    patience: Patience,
    shared: Arc<Mutex<Now>>,
    /// Something of it was heard: it was right once.
    heard: bool,
}

impl From<Gone> for TuneError {
    fn from(_: Gone) -> Self {
        Self::Stopped
    }
}

impl Worker {
    fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            let began = Instant::now();
            // What a decoder does not expect must not end the desk's hearing.
            let over = catch_unwind(AssertUnwindSafe(|| self.listen()));
            let over = over.unwrap_or_else(|_| {
                Err(TuneError::Undecodable {
                    host: self.settings.address.to_string(),
                    why: "it breaks the decoder",
                })
            });
            let Err(error) = over else {
                self.tell(TunerPhase::Ended, None);
                return;
            };
            let recovery = error.recovery(self.heard);
            tracing::debug!(address = %self.settings.address, %error, ?recovery, "a stream has broken off");
            if began.elapsed() > LASTING {
                backoff.reset();
            }
            let (phase, wait) = match recovery {
                Recovery::Nothing => return,
                Recovery::AskOperator => (TunerPhase::Failed, None),
                Recovery::Retry => (TunerPhase::Reconnecting, Some(backoff.wait())),
                Recovery::RetrySlowly => (TunerPhase::Reconnecting, Some(backoff.long_wait())),
            };
            self.tell(phase, Some(error.to_string()));
            // What has come is heard to its end, which fades.
            if self.feed.fail(error.to_string()).is_err() {
                return;
            }
            match wait {
                Some(wait) if self.patience.wait(wait) => lock(&self.shared).status.reconnects += 1,
                _ => return,
            }
        }
    }

    fn tell(&self, phase: TunerPhase, reason: Option<String>) {
        let mut now = lock(&self.shared);
        now.arrives = false;
        now.status.phase = phase;
        now.status.reason = reason;
    }

    /// One attempt, to the end of what it has found; `Ok`: that was a file's.
    fn listen(&mut self) -> Result<(), TuneError> {
        self.feed.start()?;
        let mut tuned = tune(&self.settings, &self.patience)?;
        let mut decoder = Decoder::new(tuned.sort);
        let mut stripper = Stripper::new(tuned.reply.number("icy-metaint").and_then(|n| usize::try_from(n).ok()));
        self.begin(&tuned);
        let mut rate = ByteRate::default();
        let (mut bytes, mut audio) = (std::mem::take(&mut tuned.first), Vec::new());
        loop {
            let is_last = tuned.connection.is_over();
            let title = stripper.strip(&bytes, &mut audio);
            self.hear(&mut decoder, &audio, is_last, &mut rate, title)
                .map_err(|fault| match fault {
                    Fault::Gone => TuneError::Stopped,
                    Fault::Undecodable(why) => tuned.connection.undecodable(why),
                })?;
            if is_last {
                break;
            }
            bytes.clear();
            audio.clear();
            let limit = self.settings.limits.stall;
            tuned.connection.read(&mut bytes, limit, &self.patience)?;
        }
        if tuned.connection.is_whole() {
            self.feed.end()?;
            return Ok(());
        }
        Err(tuned.connection.over())
    }

    /// The stream has begun: what the server says about it.
    fn begin(&self, tuned: &Tuned) {
        let header = |name: &str| tuned.reply.header(name).map(text::one_line);
        let kbits = tuned
            .reply
            .header("icy-br")
            .and_then(|value| value.split(',').next()?.trim().parse().ok());
        let mut now = lock(&self.shared);
        now.arrives = true;
        now.status.phase = TunerPhase::Connecting;
        now.status.reason = None;
        now.status.title = None;
        now.status.station = header("icy-name")
            .or_else(|| header("ice-name"))
            .filter(|name| !name.is_empty());
        now.status.kbits = kbits.filter(|kbits| (1..=100_000).contains(kbits));
        now.status.first_byte = Some(tuned.first_byte.as_secs_f64());
        now.status.first_audio = None;
    }

    /// Decodes what has come and gives it on; a part at a time, each once there is room.
    fn hear(
        &mut self,
        decoder: &mut Decoder,
        mut audio: &[u8],
        is_last: bool,
        rate: &mut ByteRate,
        mut title: Option<String>,
    ) -> Result<(), Fault> {
        loop {
            let began = Instant::now();
            let mut heard = Heard::default();
            let outcome = decoder.feed(audio, is_last, &mut heard);
            let took = began.elapsed().as_secs_f64();
            self.note(decoder, &heard, title.take(), rate.kbits(audio.len(), &heard.pieces));
            self.give(heard, audio.len(), took).map_err(|Gone| Fault::Gone)?;
            audio = &[];
            if !outcome.map_err(Fault::Undecodable)? {
                return Ok(());
            }
        }
    }

    fn note(&self, decoder: &Decoder, heard: &Heard, title: Option<String>, kbits: Option<u32>) {
        let mut now = lock(&self.shared);
        now.status.codec = decoder.codec().or(now.status.codec);
        now.status.spoilt += heard.spoilt;
        if let Some(title) = title.or_else(|| heard.title.clone()) {
            now.status.title = Some(title).filter(|title| !title.is_empty());
        }
        if let Some(kbits) = kbits {
            now.status.kbits.get_or_insert(kbits);
        }
    }

    /// Gives on what `bytes` have brought, and waits until there is room.
    fn give(&mut self, heard: Heard, bytes: usize, took: f64) -> Result<(), Gone> {
        let all = heard.frames();
        if all > 0 {
            self.heard = true;
            self.feed.decoded_in(took)?;
        }
        for (rate, frames) in heard.pieces {
            let share = bytes * frames.len() / all.max(1);
            self.feed.frames(rate, frames, share)?;
        }
        Ok(())
    }
}

/// Why what was heard is the last.
enum Fault {
    Gone,
    Undecodable(&'static str),
}

/// Bytes that a second of sound takes, over some seconds.
#[derive(Default)]
struct ByteRate {
    bytes: usize,
    seconds: f64,
}

impl ByteRate {
    /// Sound before it is known, seconds.
    const ENOUGH: f64 = 3.0;

    fn kbits(&mut self, bytes: usize, pieces: &[(SampleRate, Vec<airdesk_dsp::Frame>)]) -> Option<u32> {
        self.bytes += bytes;
        let seconds = |(rate, frames): &(SampleRate, Vec<_>)| frames.len() as f64 / f64::from(rate.hz());
        self.seconds += pieces.iter().map(seconds).sum::<f64>();
        let is_enough = self.seconds > Self::ENOUGH;
        is_enough.then(|| (self.bytes as f64 * 8.0 / self.seconds / 1_000.0).round() as u32)
    }
}
