//! A strip that plays what is at an address: a station on the Internet, a studio's own Icecast, a file on a server.
//!
//! A thread of its own tunes in, decodes and feeds a [`stream`](crate::stream); it waits where the stream is full, so that the
//! server waits too. It tunes in again for as long as that can help. Untrusted: whatever a server sends costs its own strip.
//! Titles are known when they arrive, which is earlier than they are heard by what is buffered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use airdesk_dsp::SampleRate;
use airdesk_engine::transport::Transport;

use crate::stream::jitter::{FRAMES_MOST, Pace};
use crate::stream::machine::{State, Thresholds};
use crate::stream::metrics::Metrics;
use crate::stream::player::{Player, PlayerError, start};
use crate::stream::session::Setup;

mod address;
mod backoff;
mod body;
mod connect;
mod decode;
mod error;
mod flac;
mod fragments;
mod frames;
mod hls;
mod icy;
mod id3;
mod line;
mod ogg;
pub(crate) mod patience;
mod playlist;
mod reach;
mod reply;
mod resume;
mod sort;
pub mod speech;
pub(crate) mod text;
mod transport;
mod tune;
mod wave;
mod worker;

use worker::Worker;

pub use address::{Address, AddressError};
pub use error::{Recovery, Stage, TuneError};
pub use patience::Patience;
pub use reach::Reach;
pub use sort::Raw;

/// What is buffered before a stream is heard, seconds: less than any server's burst, so that it is heard at once.
const INITIAL: f64 = 0.25;
/// Below this it is short of audio, and with this much it is heard again, seconds: nobody waits for a station's words.
const MINIMUM: f64 = 0.05;
const RESUME: f64 = 1.0;
/// No more than this is taken ahead, seconds.
const MAXIMUM: f64 = 15.0;

/// Why a stream is not heard that the desk itself has let go of.
const GONE: &str = "nothing plays the stream any more: the engine has let go of it; choose its address again";

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
    /// Pieces of HLS that were gone before they could be heard.
    pub lost_pieces: u64,
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
    /// When the rate leaves no room for a buffer, or the system refuses a thread.
    pub fn start(settings: TunerSettings, rate: SampleRate, transport: Transport) -> Result<Self, PlayerError> {
        let most = (FRAMES_MOST as f64 / f64::from(rate.hz())).min(MAXIMUM);
        let thresholds = Thresholds::new(INITIAL, MINIMUM, RESUME, most)?;
        let setup = Setup {
            rate,
            thresholds,
            pace: Pace::Relay,
        };
        let (player, feed) = start(&setup, transport, |_| {})?;
        let (patience, shared) = (Patience::default(), Arc::new(Mutex::new(Now::default())));
        let worker = Worker::new(settings, feed, patience.clone(), shared.clone());
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

    /// The engine has let go of it, or what plays it has broken: it is silent from now on.
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
        if self.player.is_gone() && status.phase != TunerPhase::Ended {
            status.phase = TunerPhase::Failed;
            status.reason.get_or_insert_with(|| GONE.into());
        }
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
