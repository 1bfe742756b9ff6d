//! Brings the frames of a stream to the desk's rate, whatever each of its chunks has. Worker's thread; allocates.
//!
//! As many frames come out as the source lasts, to the frame, however often the rate changes. Where it changes, both
//! sides are carried on past the seam by linear prediction, converted, and pass into each other in 5 ms: neither the
//! resampler's filter nor the ear meets an edge.

use std::f64::consts::FRAC_PI_2;

use airdesk_dsp::resample::StereoResampler;
use airdesk_dsp::{Frame, SampleRate};

use super::extrapolate;

/// Frames converted at a time.
const STEP: usize = 64;
/// How long one side of a seam passes into the other, seconds.
const SEAM_SECONDS: f64 = 0.005;
/// Source frames from which the sound before a seam is guessed.
const KNOWN: usize = 256;
/// Source frames guessed before a seam: as many as the filter looks at, and more.
const GUESSED: usize = 512;
/// Resamplers kept for when their rate comes back: to make one takes milliseconds.
const KEPT: usize = 4;

/// A converter to one rate.
pub struct Converter {
    to: SampleRate,
    from: SampleRate,
    /// None where the rates are the same.
    stage: Option<Stage>,
    kept: Vec<(SampleRate, StereoResampler)>,
    /// The last source frames of the present rate.
    history: Vec<Frame>,
    /// What was there at the last change would sound like this from there on, and how much of it is used up.
    tail: Vec<Frame>,
    tail_place: usize,
    seam: usize,
    /// Frames that the source lasts, up to the last change of its rate and at the desk's.
    lasted: f64,
    /// Source frames since.
    taken: u64,
    given: u64,
}

struct Stage {
    resampler: StereoResampler,
    pending: Vec<Frame>,
    /// Frames that are delay, or guessed, and still to be left out.
    skip: usize,
    /// What was before a seam has still to be guessed.
    guess: bool,
    /// Frames given for each that is taken.
    ratio: f64,
}

impl Converter {
    /// For frames at `from` that are to be heard at `to`.
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        let mut converter = Self {
            to,
            from,
            stage: None,
            kept: Vec::with_capacity(KEPT),
            history: Vec::with_capacity(2 * extrapolate::HISTORY),
            tail: Vec::new(),
            tail_place: 0,
            seam: to.frames_in(SEAM_SECONDS).0 as usize,
            lasted: 0.0,
            taken: 0,
            given: 0,
        };
        converter.stage = converter.stage(from, false);
        converter
    }

    /// The rate of what is pushed.
    pub fn from(&self) -> SampleRate {
        self.from
    }

    /// The rate of what comes out.
    pub fn to(&self) -> SampleRate {
        self.to
    }

    /// Frames at the desk's rate for each of the source.
    pub fn ratio(&self) -> f64 {
        f64::from(self.to.hz()) / f64::from(self.from.hz())
    }

    /// Source frames that become `frames` at the desk's rate, or one more.
    pub fn source_for(&self, frames: usize) -> usize {
        (frames as f64 / self.ratio()).ceil() as usize
    }

    /// Frames taken and not given yet, at the desk's rate.
    pub fn held(&self) -> f64 {
        (self.lasted + self.taken as f64 * self.ratio() - self.given as f64).max(0.0)
    }

    /// What is pushed from now on is at `from`. What was pushed before comes out whole.
    pub fn change(&mut self, from: SampleRate, out: &mut Vec<Frame>) {
        if from == self.from {
            return;
        }
        let beyond = self.source_for(self.seam) + GUESSED;
        let guessed = extrapolate::after(&self.history, beyond);
        let is_sounding = self.taken > 0;
        let tail = self.run_out(&guessed, if is_sounding { self.seam } else { 0 }, out);
        if is_sounding {
            (self.tail, self.tail_place) = (tail, 0);
        }
        let old = self.stage.take().map(|stage| (self.from, stage.resampler));
        if let Some(old) = old {
            self.kept.truncate(KEPT - 1);
            self.kept.insert(0, old);
        }
        self.from = from;
        self.history.clear();
        self.stage = self.stage(from, is_sounding);
    }

    fn stage(&mut self, from: SampleRate, guess: bool) -> Option<Stage> {
        if from == self.to {
            return None;
        }
        let kept = self.kept.iter().position(|(rate, _)| *rate == from);
        let resampler = match kept.map(|place| self.kept.remove(place).1) {
            Some(mut resampler) => {
                resampler.reset();
                resampler
            }
            None => StereoResampler::new(f64::from(from.hz()), f64::from(self.to.hz()), STEP),
        };
        Some(Stage {
            skip: resampler.delay(),
            pending: Vec::with_capacity(2 * resampler.frames_needed_max()),
            resampler,
            guess,
            ratio: f64::from(self.to.hz()) / f64::from(from.hz()),
        })
    }

    /// Converts `source` and appends what comes of it: nothing at first, until the filter is full.
    pub fn push(&mut self, source: &[Frame], out: &mut Vec<Frame>) {
        self.taken += source.len() as u64;
        self.remember(source);
        let from = out.len();
        match &mut self.stage {
            None => out.extend_from_slice(source),
            Some(stage) => {
                stage.pending.extend_from_slice(source);
                if stage.guess && stage.pending.len() >= KNOWN {
                    stage.guess_before();
                }
                if !stage.guess {
                    stage.convert(out);
                }
            }
        }
        self.join(from, out);
    }

    /// Nothing more comes: appends the rest, to the last frame. What is pushed then begins anew.
    pub fn finish(&mut self, out: &mut Vec<Frame>) {
        let silence = vec![[0.0; 2]; GUESSED];
        self.run_out(&silence, 0, out);
        if let Some(stage) = &mut self.stage {
            stage.resampler.reset();
            stage.pending.clear();
            (stage.skip, stage.guess) = (stage.resampler.delay(), false);
        }
        self.history.clear();
        self.tail.clear();
        self.tail_place = 0;
        (self.lasted, self.given) = (0.0, 0);
    }

    /// Appends what the source still owes, and returns `more` frames of what would follow, where `beyond` is what would
    /// follow in the source.
    fn run_out(&mut self, beyond: &[Frame], more: usize, out: &mut Vec<Frame>) -> Vec<Frame> {
        self.lasted += self.taken as f64 * self.ratio();
        self.taken = 0;
        let owed = (self.lasted.round() as u64).saturating_sub(self.given) as usize;
        let mut rest = Vec::new();
        if let Some(stage) = &mut self.stage {
            if stage.guess {
                stage.guess_before();
            }
            stage.pending.extend_from_slice(beyond);
            stage.convert(&mut rest);
            while rest.len() < owed + more {
                stage.pending.resize(stage.pending.len() + GUESSED, [0.0; 2]);
                stage.convert(&mut rest);
            }
        } else {
            rest.resize(owed, [0.0; 2]); // nothing: all was given at once
            rest.extend_from_slice(&beyond[..more.min(beyond.len())]);
        }
        rest.truncate(owed + more);
        // What is left of the seam before passes on into what follows.
        let from = out.len();
        out.append(&mut rest);
        self.join(from, out);
        let tail = out.split_off(from + owed);
        self.given -= tail.len() as u64;
        tail
    }

    /// Passes from the old sound to the new in what was appended.
    fn join(&mut self, from: usize, out: &mut [Frame]) {
        let new = &mut out[from..];
        self.given += new.len() as u64;
        let length = self.tail.len() as f64;
        let old = self.tail.get(self.tail_place..).unwrap_or_default();
        for (n, (new, old)) in new.iter_mut().zip(old).enumerate() {
            let part = (self.tail_place + n) as f64 + 0.5;
            let gain = (FRAC_PI_2 * part / length).sin().powi(2) as f32;
            *new = [0, 1].map(|side| old[side] + gain * (new[side] - old[side]));
        }
        self.tail_place = (self.tail_place + new.len()).min(self.tail.len());
    }

    fn remember(&mut self, source: &[Frame]) {
        let most = extrapolate::HISTORY;
        let newest = &source[source.len().saturating_sub(most)..];
        let old = (self.history.len() + newest.len()).saturating_sub(most);
        self.history.drain(..old.min(self.history.len()));
        self.history.extend_from_slice(newest);
    }
}

impl Stage {
    /// Puts before what has come what would have led to it.
    fn guess_before(&mut self) {
        // From no more than is surely there, however the stream was cut.
        let known = &self.pending[..self.pending.len().min(KNOWN)];
        let guessed = extrapolate::before(known, GUESSED);
        self.skip += (GUESSED as f64 * self.ratio).round() as usize;
        self.pending.splice(..0, guessed);
        self.guess = false;
    }

    fn convert(&mut self, out: &mut Vec<Frame>) {
        let mut place = 0;
        loop {
            let needed = self.resampler.frames_needed();
            let Some(source) = self.pending.get(place..place + needed) else {
                break;
            };
            let mut block = [[0.0; 2]; STEP];
            self.resampler.process(source, &mut block);
            place += needed;
            let skipped = self.skip.min(STEP);
            self.skip -= skipped;
            out.extend_from_slice(&block[skipped..]);
        }
        self.pending.drain(..place);
    }
}
