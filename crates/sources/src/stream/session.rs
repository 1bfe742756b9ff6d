//! One network source, from the bytes it sends to the frames that are heard.
//!
//! What a source owns: a decoder for its samples, a converter to the desk's rate, the jitter buffer with its machine, and its
//! figures; together less than 10 MB, all of it allocated at the start but for a few blocks. Worker's thread; never
//! blocks. Times in seconds on any clock that never goes back.

use airdesk_dsp::{Frame, SampleRate};

use super::convert::Converter;
use super::format::{Decoder, Format, silence_what_is_none};
use super::jitter::{FRAMES_MOST, JitterBuffer, Pace};
use super::machine::{Change, State, Thresholds};
use super::metrics::Metrics;

/// Source frames decoded at a time.
const PIECE: usize = 2_048;

/// What a source is set up with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setup {
    /// The desk's rate.
    pub rate: SampleRate,
    /// How much is buffered when.
    pub thresholds: Thresholds,
    /// Who sets its pace.
    pub pace: Pace,
}

impl Setup {
    /// Refuses what would take too much memory.
    fn check(&self) -> Result<(), SetupError> {
        let hz = f64::from(self.rate.hz());
        let seconds = self.thresholds.maximum();
        if seconds * hz > FRAMES_MOST as f64 {
            return Err(SetupError::TooLong {
                seconds,
                rate: self.rate,
                most: FRAMES_MOST as f64 / hz,
            });
        }
        Ok(())
    }
}

/// Why a source cannot be set up. Somebody chooses a smaller buffer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// It would take more memory than a source may have.
    #[error("a buffer of {seconds} s at {rate} takes too much memory; choose {most:.1} s or less")]
    TooLong {
        /// What was asked for, seconds.
        seconds: f64,
        /// The desk's rate.
        rate: SampleRate,
        /// The most there can be, seconds.
        most: f64,
    },
}

/// One network source.
pub struct Session {
    setup: Setup,
    decoder: Option<Decoder>,
    converter: Converter,
    jitter: JitterBuffer,
    frames: Vec<Frame>,
    converted: Vec<Frame>,
    silenced: u64,
    cause: Option<String>,
    figures: Figures,
}

/// What the figures are made of.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    started: f64,
    first_byte: Option<f64>,
    first_audio: Option<f64>,
    last_byte: f64,
    bytes: u64,
    chunks: u64,
    decodes: u64,
    decode_sum: f64,
    decode_longest: f64,
    last_read: Option<f64>,
    read_seconds: f64,
    buffered_sum: f64,
}

impl Session {
    /// A source that has not begun. Allocates all that it will hold.
    ///
    /// # Errors
    /// When the maximum takes too much memory at this rate.
    pub fn new(setup: &Setup) -> Result<Self, SetupError> {
        setup.check()?;
        Ok(Self {
            setup: *setup,
            decoder: None,
            converter: Converter::new(setup.rate, setup.rate),
            jitter: JitterBuffer::new(setup.rate, setup.thresholds, setup.pace),
            frames: Vec::with_capacity(PIECE),
            converted: Vec::with_capacity(4 * PIECE),
            silenced: 0,
            cause: None,
            figures: Figures::default(),
        })
    }

    /// Begins, or begins anew after an end: the next of many utterances. Does nothing while it runs.
    pub fn start(&mut self, now: f64) {
        let state = self.jitter.state();
        if state != State::Idle && !state.is_terminal() {
            return;
        }
        self.jitter.start();
        self.forget();
        (self.cause, self.silenced) = (None, 0);
        self.figures = Figures {
            started: now,
            ..Figures::default()
        };
    }

    /// Begins with other thresholds or another pace than before. Does nothing while it runs.
    ///
    /// # Errors
    /// When the maximum takes too much memory; it has not begun then.
    pub fn start_as(&mut self, now: f64, thresholds: Thresholds, pace: Pace) -> Result<(), SetupError> {
        let state = self.jitter.state();
        if state != State::Idle && !state.is_terminal() {
            return Ok(());
        }
        let setup = Setup {
            thresholds,
            pace,
            ..self.setup
        };
        if setup != self.setup {
            setup.check()?;
            self.jitter = self.jitter.followed_by(setup.rate, thresholds, pace);
            self.setup = setup;
        }
        self.start(now);
        Ok(())
    }

    /// What a converter and a decoder still held is nothing any more.
    fn forget(&mut self) {
        self.frames.clear();
        self.converter.finish(&mut self.frames);
        self.frames.clear();
        if let Some(decoder) = &mut self.decoder {
            self.silenced += decoder.silenced();
            *decoder = Decoder::new(decoder.format());
        }
    }

    /// From the next byte on the stream is so. Returns how many bytes of a frame that is not whole were before.
    pub fn declare(&mut self, format: Format) -> usize {
        match &mut self.decoder {
            Some(decoder) => decoder.change(format),
            None => {
                self.decoder = Some(Decoder::new(format));
                0
            }
        }
    }

    /// A format has been declared: bytes can be taken.
    pub fn is_declared(&self) -> bool {
        self.decoder.is_some()
    }

    /// Frames that are taken now, at the desk's rate: what the sender may send without having to wait.
    pub fn room(&self) -> usize {
        self.jitter.room()
    }

    /// Takes bytes of the declared format that came at `now`. Returns how many: the others did not fit and are to be
    /// offered again when some was heard. None are taken before a format is declared or when it does not run.
    pub fn push_bytes(&mut self, now: f64, bytes: &[u8]) -> usize {
        let Some(mut decoder) = self.decoder.take() else {
            return 0;
        };
        self.arrived(now);
        let rate = decoder.format().rate();
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.source_room(rate).min(PIECE);
            let (piece, more) = rest.split_at(decoder.bytes_for(room).min(rest.len()));
            if room == 0 || piece.is_empty() {
                break;
            }
            self.frames.clear();
            decoder.decode(piece, &mut self.frames);
            rest = more;
            self.convert(now, rate);
        }
        self.decoder = Some(decoder);
        let taken = bytes.len() - rest.len();
        self.count(now, taken, taken, bytes.len());
        taken
    }

    /// Takes frames at `rate` that were decoded elsewhere and came at `now`; they were `bytes` on their way. Returns how
    /// many frames were taken.
    pub fn push_frames(&mut self, now: f64, rate: SampleRate, frames: &[Frame], bytes: usize) -> usize {
        self.arrived(now);
        let mut rest = frames;
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(self.source_room(rate).min(PIECE).min(rest.len()));
            if piece.is_empty() {
                break;
            }
            self.frames.clear();
            self.frames.extend_from_slice(piece);
            self.silenced += silence_what_is_none(&mut self.frames);
            rest = more;
            self.convert(now, rate);
        }
        let taken = frames.len() - rest.len();
        self.count(now, bytes * taken / frames.len().max(1), taken, frames.len());
        taken
    }

    /// Source frames there is room for.
    fn source_room(&self, rate: SampleRate) -> usize {
        let held = self.converter.held().ceil() as usize;
        let room = self.jitter.room().saturating_sub(held);
        if room == 0 {
            // Full, or what the converter holds is all that is missing: a frame more brings some of it out.
            return usize::from(self.jitter.room() > 0);
        }
        (room as f64 * f64::from(rate.hz()) / f64::from(self.converter.to().hz())).ceil() as usize
    }

    fn convert(&mut self, now: f64, rate: SampleRate) {
        self.converted.clear();
        self.converter.change(rate, &mut self.converted);
        self.converter.push(&self.frames, &mut self.converted);
        self.pass_on(now);
    }

    fn pass_on(&mut self, now: f64) {
        if !self.converted.is_empty() {
            self.jitter.take(now, &self.converted);
        }
    }

    fn arrived(&mut self, now: f64) {
        let running = self.state() != State::Idle && !self.state().is_terminal();
        if running && self.figures.first_byte.is_none() {
            self.figures.first_byte = Some(now);
        }
    }

    fn count(&mut self, now: f64, bytes: usize, taken: usize, offered: usize) {
        if taken < offered {
            self.jitter.was_held_back();
        }
        if taken > 0 {
            self.figures.bytes += bytes as u64;
            self.figures.chunks += 1;
            self.figures.last_byte = now;
        }
    }

    /// One chunk took so long to decode, seconds.
    pub fn decoded_in(&mut self, seconds: f64) {
        self.figures.decodes += 1;
        self.figures.decode_sum += seconds;
        self.figures.decode_longest = self.figures.decode_longest.max(seconds);
    }

    /// The sender has sent all: it is played to the last frame.
    pub fn end(&mut self, now: f64) {
        self.flush(now);
        self.jitter.end();
    }

    /// The sender broke, or the way to it, because of `cause`. What came is played; then the state is an error.
    pub fn fail(&mut self, now: f64, cause: impl Into<String>) {
        if self.state().is_terminal() || self.state() == State::Draining {
            return;
        }
        self.flush(now);
        self.cause = Some(cause.into());
        self.jitter.fail();
    }

    fn flush(&mut self, now: f64) {
        if matches!(self.state(), State::Buffering | State::Playing | State::Rebuffering) {
            self.converted.clear();
            self.converter.finish(&mut self.converted);
            self.pass_on(now);
        }
    }

    /// Stops it: a block later nothing is heard, and what waited is gone.
    pub fn cancel(&mut self) {
        self.jitter.cancel();
        self.forget();
    }

    /// Looks whether there is too little audio, without taking any: while it is paused.
    pub fn look(&mut self) {
        self.jitter.look();
    }

    /// Fills `out` with what is to be heard at `now`. Returns how many frames are not silence behind the end, or for want of audio.
    pub fn pull(&mut self, now: f64, out: &mut [Frame]) -> usize {
        let heard = self.jitter.read(now, out);
        if heard > 0 && self.figures.first_audio.is_none() {
            self.figures.first_audio = Some(now);
        }
        if self.figures.first_audio.is_some() && !self.state().is_terminal() {
            let elapsed = self.figures.last_read.replace(now).map_or(0.0, |before| now - before);
            self.figures.read_seconds += elapsed;
            self.figures.buffered_sum += elapsed * self.jitter.buffered();
        }
        heard
    }

    /// What it does.
    pub fn state(&self) -> State {
        self.jitter.state()
    }

    /// The oldest change of its state that nobody has asked for.
    pub fn take_change(&mut self) -> Option<Change> {
        self.jitter.take_change()
    }

    /// Why it broke.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Its jitter buffer, for what it measures.
    pub fn jitter(&self) -> &JitterBuffer {
        &self.jitter
    }

    /// Its figures.
    pub fn metrics(&self) -> Metrics {
        let figures = &self.figures;
        let mean = |sum: f64, of: f64| if of > 0.0 { sum / of } else { 0.0 };
        let (underruns, frames_missing) = self.jitter.underruns();
        let (frames_in, frames_out) = self.jitter.frames();
        let since = |at: f64| at - figures.started;
        let first = figures.first_byte.unwrap_or(figures.last_byte);
        Metrics {
            first_byte: figures.first_byte.map(since),
            first_audio: figures.first_audio.map(since),
            underruns,
            frames_missing,
            buffered: self.jitter.buffered(),
            buffered_mean: mean(figures.buffered_sum, figures.read_seconds),
            target: self.jitter.target(),
            bytes: figures.bytes,
            throughput: mean(figures.bytes as f64, figures.last_byte - first),
            chunks: figures.chunks,
            frames_in,
            frames_out,
            samples_silenced: self.silenced + self.decoder.as_ref().map_or(0, Decoder::silenced),
            decode_mean: mean(figures.decode_sum, figures.decodes as f64),
            decode_longest: figures.decode_longest,
            drift_ppm: self.jitter.drift() * 1e6,
            frames_stretched: self.jitter.stretched(),
            rebuffers: self.jitter.machine().rebuffers(),
            transitions: self.jitter.machine().transitions(),
        }
    }
}
