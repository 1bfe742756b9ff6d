//! What programs do with one strip, without sockets and without a clock: messages and what is heard go in, what is to be
//! fed and said comes out.
//!
//! All programs of a strip share its session, and the last word counts. What comes after an `end_stream` is another
//! utterance, heard behind the one before: audio is given up by `stop` alone. An utterance has ended when its last frame was
//! heard, and not before. Times in seconds since the daemon was started.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::figures::{Figures, Frame};
use super::message::{Action, FormatSaid, Params};
use super::pcm::Pcm;
use super::room::Kept;

mod feeding;

use feeding::{Audio, Utterance};
pub(super) use feeding::{Step, View};

/// What a strip's buffer holds unless `configure` says otherwise, and how little and how much it may, seconds.
const CAPACITY: f64 = 2.0;
const CAPACITIES: (f64, f64) = (0.5, 20.0);
/// Status after chunks comes no more often than this, seconds.
const STATUS_EVERY: f64 = 2.0;

/// A program, by the number that it was given when it connected.
pub(super) type Client = u64;

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    All,
    One(Client),
}

/// A message to programs: to whom, its type, its data.
pub(super) type Out = (To, &'static str, Value);

/// What the strip's source is to be told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Resume,
    Cancel,
}

/// What programs do with one strip.
pub(super) struct Session {
    /// What audio is, unless its program says otherwise.
    pcm: Pcm,
    capacity: f64,
    utterances: VecDeque<Utterance>,
    paused: bool,
    /// The figures of what was over last.
    last: Figures,
    /// Its program neither speaks nor answers.
    silent: bool,
    status_at: f64,
    now: f64,
    epoch: u64,
    out: Vec<Out>,
    wishes: Vec<Wish>,
}

impl Session {
    pub(super) fn new(pcm: Pcm) -> Self {
        Self {
            pcm,
            capacity: CAPACITY,
            utterances: VecDeque::new(),
            paused: false,
            last: Figures::default(),
            silent: false,
            status_at: f64::NEG_INFINITY,
            now: 0.0,
            epoch: 0,
            out: Vec::new(),
            wishes: Vec::new(),
        }
    }

    /// What comes next comes now: seconds since the daemon was started, milliseconds since 1970.
    pub(super) fn at(&mut self, now: f64, epoch: u64) {
        (self.now, self.epoch) = (now, epoch);
    }

    /// What is to be said, oldest first.
    pub(super) fn take_out(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    /// What the source is to be told at once.
    pub(super) fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// Nothing is heard, and nothing waits to be.
    pub(super) fn is_idle(&self) -> bool {
        self.utterances.is_empty()
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whose audio is heard, or waits.
    pub(super) fn owner(&self) -> Option<Client> {
        self.utterances.front().map(|utterance| utterance.owner)
    }

    fn state(&self) -> &'static str {
        match self.utterances.front() {
            None => "idle",
            Some(_) if self.paused => "paused",
            Some(_) => "playing",
        }
    }

    fn figures(&self) -> &Figures {
        self.utterances
            .front()
            .map_or(&self.last, |utterance| &utterance.figures)
    }

    fn frame(&self) -> Frame {
        Frame {
            now: self.now,
            epoch: self.epoch,
            plays: !self.is_idle(),
            paused: self.paused,
            finished: self.utterances.front().is_none_or(|utterance| utterance.ended),
            capacity: self.capacity,
            rate: self.pcm.bytes_per_second(),
            frame: self.pcm.frame_bytes() as u64,
        }
    }

    /// How it is.
    pub(super) fn status(&self) -> Value {
        self.figures().status(self.state(), &self.frame())
    }

    /// How it went in time.
    pub(super) fn timing(&self) -> Value {
        self.figures().timing(&self.frame())
    }

    /// For the health page.
    pub(super) fn health(&self) -> Value {
        self.figures().health(&self.frame())
    }

    fn say(&mut self, to: To, kind: &'static str, data: Value) {
        self.out.push((to, kind, data));
    }

    fn tell_status(&mut self) {
        let status = self.status();
        self.say(To::All, "status", status);
    }

    fn warn(&mut self, from: Client, message: String) {
        self.say(To::One(from), "warning", json!({ "message": message }));
    }

    /// A program asks how it is.
    pub(super) fn asked(&mut self, from: Client) {
        let status = self.status();
        self.say(To::One(from), "status", status);
    }

    /// A program asks how it went in time.
    pub(super) fn asked_timing(&mut self, from: Client) {
        let timing = self.timing();
        self.say(To::One(from), "timing_analysis", timing);
    }

    /// Audio came.
    pub(super) fn chunk(&mut self, from: Client, bytes: Vec<u8>, said: Option<FormatSaid>, kept: Kept) {
        let pcm = match said.map_or(Ok(self.pcm), |said| self.pcm.but(said)) {
            Ok(pcm) => pcm,
            Err(error) => {
                self.warn(from, format!("{error}; the chunk was left out"));
                return;
            }
        };
        if self.utterances.back().is_none_or(|utterance| utterance.ended) {
            self.utterances.push_back(Utterance::of(from));
        }
        let (now, expected) = (self.now, self.pcm);
        let Some(utterance) = self.utterances.back_mut() else {
            return;
        };
        utterance.owner = from;
        let figures = &mut utterance.figures;
        figures.chunks += 1;
        figures.bytes += bytes.len() as u64;
        figures.seconds += pcm.seconds(bytes.len());
        figures.first_chunk.get_or_insert(now);
        figures.last_chunk = Some(now);
        let is_news = pcm != expected && utterance.warned.replace(pcm) != Some(pcm);
        if !bytes.is_empty() {
            let bytes = bytes.into();
            utterance.audio.push_back(Audio { bytes, pcm, kept });
        }
        self.silent = false;
        if is_news {
            self.warn(
                from,
                format!("Audio format mismatch: {pcm}; expected: {expected}. It is converted"),
            );
        }
        if now - self.status_at >= STATUS_EVERY {
            self.status_at = now;
            self.tell_status();
        }
    }

    /// A chunk came that cannot be read.
    pub(super) fn broken(&mut self, from: Client, reason: &str) {
        self.warn(
            from,
            format!("Audio chunk with broken base64: {reason}; the chunk was left out"),
        );
    }

    /// A program wants something done. All are told how it is then.
    pub(super) fn control(&mut self, from: Client, action: Action) {
        match action {
            Action::Play => {
                if self.is_idle() {
                    self.utterances.push_back(Utterance::of(from));
                    self.silent = false;
                }
            }
            Action::Pause => self.pause(),
            Action::Resume => self.resume(),
            Action::Stop => self.stop(),
            Action::End => self.end(),
            Action::Configure(params) => self.configure(from, &params),
            Action::Unknown => {}
        }
        self.tell_status();
    }

    fn pause(&mut self) {
        if !self.is_idle() && !std::mem::replace(&mut self.paused, true) {
            self.wishes.push(Wish::Pause);
        }
    }

    fn resume(&mut self) {
        if std::mem::take(&mut self.paused) {
            self.wishes.push(Wish::Resume);
        }
    }

    /// Nothing more is heard, and nobody is told that it was completed.
    fn stop(&mut self) {
        self.paused = false;
        if let Some(stopped) = self.utterances.pop_front() {
            self.last = stopped.figures;
            self.wishes.push(Wish::Cancel);
        }
        self.utterances.clear();
    }

    fn end(&mut self) {
        match self.utterances.back_mut() {
            Some(utterance) => utterance.ended = true,
            None => {
                self.last = Figures {
                    ended: Some(self.now),
                    ..Figures::default()
                };
                self.tell_completed();
            }
        }
    }

    fn configure(&mut self, from: Client, params: &Params) {
        match params.format.map(|said| self.pcm.but(said)) {
            Some(Ok(pcm)) => {
                self.pcm = pcm;
                if !pcm.is_usual() {
                    self.warn(from, format!("Unusual sample rate: {pcm}. It is converted"));
                }
            }
            Some(Err(error)) => self.warn(from, format!("{error}; audio is still expected as {}", self.pcm)),
            None => {}
        }
        let Some(wanted) = params.buffer else { return };
        let seconds = wanted / self.pcm.bytes_per_second();
        if seconds.is_nan() || seconds <= 0.0 {
            self.warn(from, format!("A buffer of {wanted} bytes is none; it stays as it is"));
            return;
        }
        self.capacity = seconds.clamp(CAPACITIES.0, CAPACITIES.1);
        if self.capacity != seconds {
            let (least, most) = CAPACITIES;
            let held = self.capacity;
            self.warn(
                from,
                format!("A buffer of {wanted} bytes is {seconds:.2} s; it is {held} s, within {least} to {most} s"),
            );
        }
    }

    /// A program has gone. What it sent is heard.
    pub(super) fn left(&mut self, from: Client) {
        if let Some(utterance) = self.utterances.back_mut()
            && utterance.owner == from
        {
            utterance.ended = true;
        }
    }

    /// A program neither speaks nor answers, or does again.
    pub(super) fn silent(&mut self, from: Client, silent: bool) {
        if self.utterances.back().is_some_and(|utterance| utterance.owner == from) {
            self.silent = silent;
        }
    }

    fn complete(&mut self) {
        let Some(over) = self.utterances.pop_front() else {
            return;
        };
        self.last = Figures {
            ended: Some(self.now),
            given: over.figures.seconds,
            ..over.figures
        };
        // Whatever comes next is to be heard.
        self.resume();
        self.tell_completed();
        self.tell_status();
    }

    fn tell_completed(&mut self) {
        let frame = Frame {
            plays: false,
            paused: false,
            finished: true,
            ..self.frame()
        };
        let completed = self.last.status("completed", &frame);
        self.say(To::All, "completed", completed);
    }

    /// Nothing plays the strip any more: whoever waits is told.
    pub(super) fn failed(&mut self, reason: &str) {
        if let Some(lost) = self.utterances.pop_front() {
            self.last = lost.figures;
        }
        self.utterances.clear();
        self.paused = false;
        self.say(To::All, "error", json!({ "message": reason }));
        self.tell_status();
    }
}

#[cfg(test)]
mod tests;
