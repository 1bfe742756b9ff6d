//! Holds what has come until it is heard, as much as the way it comes needs, and plays it by the machine's rules.
//!
//! Nothing that was taken is dropped: who sends more than fits is told how much was taken. What runs out fades to silence
//! within 5 ms and comes back the same way; then more is held, and less again after minutes without a gap, by [`Stretch`].
//! How much a live sender needs is measured by [`Arrivals`]. The delay is measured as the bridge of a device
//! does it: by where the sound is against when it came at the fastest, and not by the fill, which is full of the chunks'
//! sawtooth. Worker's thread; allocates in `new`, and a little while stretching. Seconds, frames at the desk's rate.

use std::collections::VecDeque;
use std::f64::consts::FRAC_PI_2;

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};

use super::arrivals::Arrivals;
use super::machine::{Change, Event, Machine, State, Thresholds};
use super::stretch::Stretch;

mod target;

pub use target::Pace;
use target::Target;

/// How long a sound that runs out takes to fade, seconds.
pub const FADE_SECONDS: f64 = 0.005;
/// Room beside the maximum, frames: a converter gives the last of what it took when it is too late to refuse it.
const BESIDE: usize = 8_192;
/// The most that one buffer holds, frames: 20 s at 48 kHz. With all that is beside it less than 10 MB.
pub const FRAMES_MOST: usize = 960_000;
/// Behind the end, frames of silence for the filter to look at.
const SILENCE_BEHIND: usize = 192;
/// Who does not read for so long has paused, seconds.
const PAUSED_SECONDS: f64 = 0.5;
/// Changes kept until somebody asks; there are never more in one call.
const CHANGES: usize = 64;

/// The audio of one stream between its arrival and the ear.
pub struct JitterBuffer {
    rate: f64,
    machine: Machine,
    queue: VecDeque<Frame>,
    most: usize,
    /// Frames taken since the start.
    taken: u64,
    given: u64,
    /// None where the sender is ahead: what it sends is played as it is.
    stretch: Option<Stretch>,
    /// Silence was put behind the last frame.
    closed: bool,
    arrivals: Arrivals,
    target: Target,
    /// The last read, seconds.
    now: Option<f64>,
    /// Of `fade` frames: 0 is silent, all of them is in full. A stream begins as it is.
    level: usize,
    fade: usize,
    short: bool,
    underruns: u64,
    missing: u64,
    /// What a cancelled stream still sounds like.
    tail: VecDeque<Frame>,
    changes: VecDeque<Change>,
}

impl JitterBuffer {
    /// A buffer that has not begun. No more than [`FRAMES_MOST`] are held, whatever the maximum says.
    pub fn new(rate: SampleRate, thresholds: Thresholds, pace: Pace) -> Self {
        let hz = f64::from(rate.hz());
        let most = ((thresholds.maximum() * hz).ceil() as usize).min(FRAMES_MOST);
        Self {
            rate: hz,
            machine: Machine::new(thresholds),
            queue: VecDeque::with_capacity(most + BESIDE),
            most,
            taken: 0,
            given: 0,
            stretch: (pace != Pace::Ahead).then(|| Stretch::new(hz)),
            closed: false,
            arrivals: Arrivals::new(hz),
            target: Target::new(hz, thresholds, pace),
            now: None,
            level: (hz * FADE_SECONDS) as usize,
            fade: (hz * FADE_SECONDS) as usize,
            short: false,
            underruns: 0,
            missing: 0,
            tail: VecDeque::with_capacity(BLOCK_FRAMES),
            changes: VecDeque::with_capacity(CHANGES),
        }
    }

    /// A buffer for the next stream, which is buffered otherwise. What nobody has been told of this one is told by that one.
    pub fn followed_by(&mut self, rate: SampleRate, thresholds: Thresholds, pace: Pace) -> Self {
        Self {
            changes: std::mem::take(&mut self.changes),
            ..Self::new(rate, thresholds, pace)
        }
    }

    /// Begins to collect; after an end, anew and empty. What was learnt of the way is kept.
    pub fn start(&mut self) {
        if self.machine.state().is_terminal() {
            self.machine = Machine::new(self.machine.thresholds());
            self.machine.resume_with(self.target.resume());
            self.queue.clear();
            self.tail.clear();
            if let Some(stretch) = &mut self.stretch {
                stretch.reset();
            }
            self.arrivals.was_held_back();
            (self.taken, self.given, self.closed, self.now) = (0, 0, false, None);
            (self.level, self.short) = (self.fade, false);
            (self.underruns, self.missing) = (0, 0);
            self.target.begin_anew();
        }
        self.on(Event::Start);
    }

    fn on(&mut self, event: Event) {
        if let Some(change) = self.machine.on(event, self.buffered()) {
            if self.changes.len() == CHANGES {
                self.changes.pop_front();
            }
            self.changes.push_back(change);
        }
    }

    /// The oldest change of state that nobody has asked for; of more than 64 the newest.
    pub fn take_change(&mut self) -> Option<Change> {
        self.changes.pop_front()
    }

    /// Frames that are taken now; none before the start and after the end.
    pub fn room(&self) -> usize {
        match self.machine.state() {
            State::Buffering | State::Playing | State::Rebuffering => self.most.saturating_sub(self.queue.len()),
            State::Idle | State::Draining | State::Finished | State::Error | State::Cancelled => 0,
        }
    }

    /// Takes frames that came at `now`: as many as there is room for. Returns how many; the others are still the sender's.
    pub fn push(&mut self, now: f64, frames: &[Frame]) -> usize {
        let count = frames.len().min(self.room());
        if count < frames.len() {
            self.was_held_back();
        }
        if let Some(frames) = frames.get(..count).filter(|frames| !frames.is_empty()) {
            self.take(now, frames);
        }
        count
    }

    /// Takes frames whatever the room: what a converter still had.
    pub(super) fn take(&mut self, now: f64, frames: &[Frame]) {
        self.queue.extend(frames);
        let from = self.taken;
        self.taken += frames.len() as u64;
        let late = self.arrivals.came(now, from, self.taken);
        if self.short {
            self.target.was_late(late);
        }
        self.decide_resume(now);
        self.on(Event::ChunkReceived);
    }

    /// The sender had more than there was room for: how late it is says nothing now.
    pub(super) fn was_held_back(&mut self) {
        self.arrivals.was_held_back();
        self.target.was_held_back();
    }

    /// The sender has sent all.
    pub fn end(&mut self) {
        self.on(Event::GenerationComplete);
    }

    /// The sender broke. What came before is heard, and ends in a fade.
    pub fn fail(&mut self) {
        self.on(Event::GenerationError);
    }

    /// Stops: within a block nothing is heard any more, and what waits is gone.
    pub fn cancel(&mut self) {
        if self.machine.state().is_terminal() {
            return;
        }
        let mut last = [[0.0; 2]; BLOCK_FRAMES];
        let heard = self.fill(&mut last);
        for (n, frame) in last.iter().take(heard).enumerate() {
            let gain = fading(heard - n - 1, heard);
            self.tail.push_back(frame.map(|sample| gain * sample));
        }
        self.on(Event::Cancel);
        self.queue.clear();
        self.level = 0;
    }

    /// Looks whether there is too little, or enough: as often as one likes, also while nothing comes and nobody reads.
    pub fn look(&mut self) {
        self.on(Event::BufferLow);
        if self.machine.state() == State::Rebuffering {
            // Not at once what it was short of: never sounds again by the same call.
            self.on(Event::BufferOk);
        }
    }

    /// Fills `out` with what is heard at `now`, and with silence where there is nothing. Returns how many frames from
    /// the beginning on are not behind the last one.
    pub fn read(&mut self, now: f64, out: &mut [Frame]) -> usize {
        let mut elapsed = self.now.replace(now).map_or(0.0, |before| (now - before).max(0.0));
        if elapsed > PAUSED_SECONDS {
            // Nobody listened: its delay is another, and nothing has been quiet meanwhile.
            elapsed = 0.0;
            self.target.is_silent();
        }
        self.look();
        self.steer(now, elapsed);
        let heard = self.fill(out);
        if let Some(rest) = out.get_mut(heard..) {
            rest.fill([0.0; 2]);
            if self.short && matches!(self.machine.state(), State::Playing | State::Rebuffering) {
                self.missing += rest.len() as u64;
            }
        }
        self.look();
        if self.machine.state() == State::Draining && self.sure() == 0 {
            self.on(Event::BufferEmpty);
        }
        heard
    }

    /// Gives what sounds now. Returns how many frames.
    fn fill(&mut self, out: &mut [Frame]) -> usize {
        if self.machine.state() == State::Draining {
            self.close();
        }
        let mut heard = 0;
        while heard < out.len() {
            let rest = &mut out[heard..];
            let plain = self.in_full().min(rest.len());
            let count = if plain > 0 {
                self.give(&mut rest[..plain])
            } else {
                self.fade(&mut rest[..1])
            };
            if count == 0 {
                break;
            }
            heard += count;
        }
        heard
    }

    /// More is expected behind what is there, so that it must not end as it is.
    fn would_break_off(&self) -> bool {
        match self.machine.state() {
            State::Playing | State::Rebuffering => true,
            // A sound that was cut off has no end of its own.
            State::Draining => self.machine.is_broken(),
            State::Idle | State::Buffering | State::Finished | State::Error | State::Cancelled => false,
        }
    }

    /// Frames that are heard as they are.
    fn in_full(&self) -> usize {
        match self.machine.state() {
            State::Playing | State::Rebuffering | State::Draining if self.level == self.fade => {
                let kept = if self.would_break_off() { self.fade } else { 0 };
                self.sure().saturating_sub(kept)
            }
            _ => 0,
        }
    }

    fn give(&mut self, out: &mut [Frame]) -> usize {
        let count = match &mut self.stretch {
            Some(stretch) => stretch.read(&mut self.queue, out),
            None => {
                let count = out.len().min(self.queue.len());
                for (place, frame) in out.iter_mut().zip(self.queue.drain(..count)) {
                    *place = frame;
                }
                count
            }
        };
        self.given += count as u64;
        count
    }

    /// Gives one frame that is not in full. Returns 0 where there is none.
    fn fade(&mut self, out: &mut [Frame]) -> usize {
        let state = self.machine.state();
        if !matches!(state, State::Playing | State::Rebuffering | State::Draining) {
            let Some((place, last)) = out.first_mut().zip(self.tail.pop_front()) else {
                return 0;
            };
            *place = last;
            return 1;
        }
        let sure = self.sure();
        if sure == 0 || (state == State::Rebuffering && self.level == 0) {
            self.level = 0;
            if state != State::Draining {
                self.run_short();
            }
            return 0;
        }
        if !self.would_break_off() || sure > self.level + 1 {
            self.level = (self.level + 1).min(self.fade);
            self.short &= self.level < self.fade;
        } else if sure <= self.level {
            self.level = sure - 1;
            if state != State::Draining {
                self.run_short();
            }
        }
        let count = self.give(out);
        if self.level < self.fade {
            let gain = fading(2 * self.level + 1, 2 * self.fade);
            for frame in &mut out[..count] {
                *frame = frame.map(|sample| gain * sample);
            }
        }
        count
    }

    /// Counts a gap, once.
    fn run_short(&mut self) {
        if !self.short {
            self.short = true;
            self.underruns += 1;
            self.target.was_short();
            self.machine.resume_with(self.target.resume());
        }
    }

    /// Frames that can be given for certain.
    fn sure(&self) -> usize {
        match &self.stretch {
            Some(stretch) if self.closed => stretch.left(self.taken),
            Some(stretch) => stretch.certain(self.queue.len()),
            None => self.queue.len(),
        }
    }

    /// Nothing more comes: puts silence behind the end for the filter to look at.
    fn close(&mut self) {
        if !self.closed && self.stretch.is_some() {
            self.queue.extend([[0.0; 2]; SILENCE_BEHIND]);
        }
        self.closed = true;
    }

    /// With how much it sounds again. Of a live sender what came late comes in one go: there it is the delay that counts, and
    /// a little more silence at once is less than another gap.
    fn decide_resume(&mut self, now: f64) {
        let missing = self.delay_at(now).map_or(0.0, |delay| self.target.seconds() - delay);
        let waits = self.target.is_live() && self.level == 0 && missing > 0.0;
        self.machine
            .resume_with(if waits { f64::INFINITY } else { self.target.resume() });
    }

    /// From when what is heard next could have been heard at the earliest, seconds.
    fn delay_at(&self, now: f64) -> Option<f64> {
        let place = self.stretch.as_ref()?.place() / self.rate;
        Some(now - place - self.arrivals.fastest(now)?)
    }

    /// Keeps the delay of a live sender where it should be.
    fn steer(&mut self, now: f64, elapsed: f64) {
        let playing = self.level > 0 && matches!(self.machine.state(), State::Playing | State::Rebuffering);
        self.target.pass(elapsed, playing);
        self.target.learn(self.arrivals.lateness());
        self.decide_resume(now);
        let Some(delay) = self.delay_at(now).filter(|_| playing) else {
            self.target.is_silent();
            return;
        };
        let pull = self.target.steer(delay, self.arrivals.drift(), elapsed);
        let wanted = self.target.make_up();
        let Some(stretch) = &mut self.stretch else { return };
        stretch.pull(pull, elapsed);
        // What is about to run out is not made shorter.
        let frames = ((wanted.abs() * self.rate) as usize).min(self.queue.len() / 2);
        if frames == 0 {
            return;
        }
        let changed = if wanted > 0.0 {
            -(stretch.shorten(&mut self.queue, frames) as f64)
        } else {
            stretch.lengthen(&mut self.queue, frames) as f64
        };
        self.target.was_made_up(changed / self.rate);
    }

    /// Seconds that wait to be heard.
    pub fn buffered(&self) -> f64 {
        let frames = match &self.stretch {
            Some(stretch) => stretch.left(self.taken),
            None => self.queue.len(),
        };
        frames as f64 / self.rate
    }

    /// What it does.
    pub fn state(&self) -> State {
        self.machine.state()
    }

    /// The machine, for its figures.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Gaps, and frames of silence because of them.
    pub fn underruns(&self) -> (u64, u64) {
        (self.underruns, self.missing)
    }

    /// What should be held, seconds.
    pub fn target(&self) -> f64 {
        self.target.seconds()
    }

    /// From when the sound of a live sender could have been heard at the earliest to when it is, seconds; smoothed.
    pub fn delay(&self) -> Option<f64> {
        self.target.delay()
    }

    /// The far side's clock against ours, relative; positive is fast. 0 of who is ahead: it follows ours.
    pub fn drift(&self) -> f64 {
        self.stretch.as_ref().map_or(0.0, |_| self.arrivals.drift())
    }

    /// Frames taken since the start, and given.
    pub fn frames(&self) -> (u64, u64) {
        (self.taken, self.given)
    }

    /// Frames left out by stretching, less those repeated.
    pub fn stretched(&self) -> i64 {
        self.stretch.as_ref().map_or(0, Stretch::stretched)
    }

    /// Bytes that it holds, beside a few hundred kilobytes of filters.
    pub fn bytes(&self) -> usize {
        self.queue.capacity() * size_of::<Frame>()
    }
}

/// The gain `left` frames before silence, of a fade of `length`: without a kink at either end.
fn fading(left: usize, length: usize) -> f32 {
    (FRAC_PI_2 * left as f64 / length.max(1) as f64).sin().powi(2) as f32
}
