//! The thread of a tuner: tunes in, decodes, gives on what can be heard, and begins again for as long as that can help. Blocks
//! where the stream is full, and so does the server.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use airdesk_dsp::SampleRate;

use super::backoff::Backoff;
use super::decode::{Decoder, Heard, NO_SOUND};
use super::hls;
use super::icy::Stripper;
use super::patience::Patience;
use super::tune::{Tuned, Tuning, tune};
use super::{Now, Recovery, TuneError, TunerPhase, TunerSettings, lock, text};
use crate::stream::player::{Feed, Gone};

mod pieces;

/// Bytes without a frame of sound before the end of a connection that are taken for no sound at all: a server may end in
/// the middle of the first one.
const SOUNDLESS_BYTES: usize = 16 * 1024;
/// How many times the limit for the first byte sound may take that is not there yet.
const SOUNDLESS_LIMITS: u32 = 3;

/// The thread's own.
pub(super) struct Worker {
    settings: TunerSettings,
    feed: Feed,
    patience: Patience,
    shared: Arc<Mutex<Now>>,
    /// Something of it was heard: it was right once.
    heard: bool,
    /// Since when the connection that there is has been heard.
    since: Option<Instant>,
    /// What comes is a file.
    is_file: bool,
    /// Where a stream in pieces was when it broke off.
    place: Option<hls::Place>,
}

/// What a connection is made sound of with.
struct Attempt {
    decoder: Decoder,
    stripper: Stripper,
    rate: ByteRate,
    /// Bytes that have come.
    bytes: usize,
    /// When something came last that is sound, or may stand before it.
    fruitful: Instant,
    /// The waits before a file is gone on with, and since when it comes again.
    backoff: Backoff,
    connected: Instant,
}

impl From<Gone> for TuneError {
    fn from(_: Gone) -> Self {
        Self::Stopped
    }
}

impl Worker {
    pub(super) fn new(settings: TunerSettings, feed: Feed, patience: Patience, shared: Arc<Mutex<Now>>) -> Self {
        Self {
            settings,
            feed,
            patience,
            shared,
            heard: false,
            since: None,
            is_file: false,
            place: None,
        }
    }

    pub(super) fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            (self.since, self.is_file) = (None, false);
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
            // A file would be heard from its beginning again.
            let recovery = error.recovery(self.heard && !self.is_file);
            tracing::debug!(address = %self.settings.address, %error, ?recovery, "a stream has broken off");
            backoff.broken_off(self.since.map(|since| since.elapsed()));
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
        let began = Instant::now();
        match tune(&self.settings, &self.patience)? {
            Tuning::Stream(tuned) => self.hear_stream(*tuned),
            Tuning::Pieces(list) => self.hear_pieces(list, began),
        }
    }

    fn hear_stream(&mut self, mut tuned: Tuned) -> Result<(), TuneError> {
        self.begin(&tuned);
        self.is_file = tuned.connection.is_file();
        let mut attempt = Attempt {
            decoder: Decoder::new(tuned.sort),
            stripper: Stripper::new(tuned.reply.number("icy-metaint").and_then(|n| usize::try_from(n).ok())),
            rate: ByteRate::default(),
            bytes: 0,
            fruitful: Instant::now(),
            backoff: Backoff::default(),
            connected: Instant::now(),
        };
        let mut bytes = std::mem::take(&mut tuned.first);
        loop {
            let is_last = tuned.connection.is_over();
            self.hear(&mut attempt, &bytes, is_last).map_err(|fault| match fault {
                Fault::Gone => TuneError::Stopped,
                Fault::Undecodable(why) => tuned.connection.undecodable(why),
            })?;
            if is_last {
                break;
            }
            bytes.clear();
            let limit = self.settings.limits.stall;
            let read = tuned.connection.read(&mut bytes, limit, &self.patience);
            let read = read.or_else(|error| self.go_on(&mut tuned, &mut bytes, error, &mut attempt));
            if let Err(error) = read {
                let is_over = matches!(error, TuneError::Over { .. });
                let is_silent = is_over && self.since.is_none() && attempt.bytes > SOUNDLESS_BYTES;
                return Err(if is_silent {
                    tuned.connection.undecodable(NO_SOUND)
                } else {
                    error
                });
            }
        }
        let is_whole = tuned.connection.is_whole();
        if self.since.is_none() && (is_whole || attempt.bytes > SOUNDLESS_BYTES) {
            return Err(tuned.connection.undecodable(NO_SOUND));
        }
        if is_whole {
            self.feed.end()?;
            return Ok(());
        }
        Err(tuned.connection.over())
    }

    /// Goes on with a file that has broken off, for as long as its server may send the rest; that is never begun again.
    fn go_on(
        &mut self,
        tuned: &mut Tuned,
        bytes: &mut Vec<u8>,
        mut error: TuneError,
        attempt: &mut Attempt,
    ) -> Result<(), TuneError> {
        let is_final = |error: &TuneError| matches!(error, TuneError::Stopped | TuneError::NoServer { .. });
        if !tuned.connection.is_file() || is_final(&error) {
            return Err(error);
        }
        attempt.backoff.broken_off(Some(attempt.connected.elapsed()));
        while tuned.connection.can_resume() {
            self.tell(TunerPhase::Reconnecting, Some(error.to_string()));
            if !self.patience.wait(attempt.backoff.wait()) {
                return Err(TuneError::Stopped);
            }
            lock(&self.shared).status.reconnects += 1;
            error = match tuned.connection.resume(bytes, &self.settings, &self.patience) {
                Ok(()) => {
                    attempt.connected = Instant::now();
                    self.comes();
                    return Ok(());
                }
                Err(TuneError::Stopped) => return Err(TuneError::Stopped),
                Err(error) if error.recovery(false) != Recovery::Retry => break,
                Err(error) => error,
            };
        }
        Err(tuned.connection.over())
    }

    fn comes(&self) {
        let mut now = lock(&self.shared);
        now.arrives = true;
        now.status.phase = TunerPhase::Connecting;
        now.status.reason = None;
    }

    /// The stream has begun: what the server says about it.
    fn begin(&self, tuned: &Tuned) {
        let header = |name: &str| tuned.reply.header(name).map(text::one_line);
        let kbits = tuned
            .reply
            .header("icy-br")
            .and_then(|value| value.split(',').next()?.trim().parse().ok());
        self.comes();
        let mut now = lock(&self.shared);
        now.status.title = None;
        now.status.station = header("icy-name")
            .or_else(|| header("ice-name"))
            .filter(|name| !name.is_empty());
        now.status.kbits = kbits.filter(|kbits| (1..=100_000).contains(kbits));
        now.status.first_byte = Some(tuned.first_byte.as_secs_f64());
        now.status.first_audio = None;
    }

    /// Decodes what has come and gives it on; a part at a time, each once there is room.
    fn hear(&mut self, attempt: &mut Attempt, bytes: &[u8], is_last: bool) -> Result<(), Fault> {
        let mut audio = Vec::new();
        let mut title = attempt.stripper.strip(bytes, &mut audio);
        attempt.bytes += bytes.len();
        loop {
            let began = Instant::now();
            let mut heard = Heard::default();
            let outcome = attempt.decoder.feed(&audio, is_last, &mut heard);
            let took = began.elapsed().as_secs_f64();
            let kbits = attempt.rate.kbits(audio.len(), &heard.pieces);
            self.note(attempt.decoder.codec(), &heard, title.take(), kbits);
            if heard.frames() + heard.apart > 0 {
                attempt.fruitful = Instant::now();
            }
            self.give(heard, audio.len(), took).map_err(|Gone| Fault::Gone)?;
            audio.clear();
            if !outcome.map_err(Fault::Undecodable)? {
                break;
            }
        }
        let limit = self.settings.limits.first_byte * SOUNDLESS_LIMITS;
        if self.since.is_none() && attempt.fruitful.elapsed() > limit {
            return Err(Fault::Undecodable(NO_SOUND));
        }
        Ok(())
    }

    fn note(&self, codec: Option<&'static str>, heard: &Heard, title: Option<String>, kbits: Option<u32>) {
        let mut now = lock(&self.shared);
        now.status.codec = codec.or(now.status.codec);
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
            self.since.get_or_insert_with(Instant::now);
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
