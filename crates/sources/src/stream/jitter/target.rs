//! How long a stream's audio should wait before it is heard, and by what it is brought there. Seconds.

use super::super::machine::Thresholds;
use super::super::stretch::STEP;
use super::FADE_SECONDS;

/// After an underrun of who is ahead the target is larger by this factor, and by at least so many seconds.
const GROW: f64 = 1.5;
const GROW_LEAST: f64 = 0.020;
/// Of a live sender it is what would have been enough, with so much more, and larger by at least so many seconds.
const ENOUGH: f64 = 1.05;
const ENOUGH_LEAST: f64 = 0.005;
/// It is held for so long without another, and then shrinks by so much a second.
const QUIET_SECONDS: f64 = 120.0;
const SHRINK: f64 = 0.005;
/// Beside what a sender is late and the fade: frames that the filter looks ahead, and those it gives at a time.
const BESIDE_FRAMES: f64 = 2.0 * STEP as f64;
/// The delay is smoothed over so many seconds; those who read and those who send both come in steps.
const SMOOTH_SECONDS: f64 = 2.0;
/// An error of the delay is pulled in over so many seconds.
const PULL_SECONDS: f64 = 60.0;
/// A delay that is too long, or too short, by more than this is made up by cutting, at most so often.
const CUT_LONG: f64 = 0.015;
const CUT_SHORT: f64 = 0.010;
const CUT_EVERY: f64 = 0.25;
/// A relay's delay is taken as it is so many seconds after the sound began: a server sends ahead at first.
const SETTLED: f64 = 10.0;
/// So long after a sender was held back it tells nothing about its clock.
const HELD_SECONDS: f64 = 10.0;
/// The target leaves so much of the maximum free.
const OF_MAXIMUM: f64 = 0.8;

/// Who sets the pace of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// It is made as fast as it is taken, or faster: speech, files, another program's clips. Heard as it is, bit by bit.
    Ahead,
    /// It has a clock of its own, and a short delay does not matter: a station on the Internet. Keeps what it has ahead,
    /// follows the clock.
    Relay,
    /// It has a clock of its own and is to be heard soon: a microphone, a caller. The delay is as short as the way allows.
    Live,
}

/// The delay there should be.
#[derive(Debug, Clone)]
pub(super) struct Target {
    rate: f64,
    thresholds: Thresholds,
    pace: Pace,
    lateness: f64,
    /// What underruns have asked for.
    grown: f64,
    quiet: f64,
    delay: Option<f64>,
    /// How long it has sounded without a break, and the delay a relay keeps.
    sounded: f64,
    kept: Option<f64>,
    held: f64,
    cut: f64,
}

impl Target {
    pub(super) fn new(rate: f64, thresholds: Thresholds, pace: Pace) -> Self {
        Self {
            rate,
            thresholds,
            pace,
            lateness: 0.0,
            grown: 0.0,
            quiet: 0.0,
            delay: None,
            sounded: 0.0,
            kept: None,
            held: 0.0,
            cut: 0.0,
        }
    }

    /// Another stream of the same sender begins: how it came before is how it will come.
    pub(super) fn begin_anew(&mut self) {
        (self.delay, self.sounded, self.kept, self.held) = (None, 0.0, None, 0.0);
    }

    /// What should be held.
    pub(super) fn seconds(&self) -> f64 {
        let least = match self.pace {
            Pace::Ahead => self.thresholds.resume(),
            Pace::Relay | Pace::Live => self.thresholds.initial().max(self.lateness + self.beside()),
        };
        let most = (OF_MAXIMUM * self.thresholds.maximum()).max(self.thresholds.resume());
        least.max(self.grown).min(most)
    }

    /// What is to be there before it sounds again.
    pub(super) fn resume(&self) -> f64 {
        match self.pace {
            Pace::Live => self.thresholds.resume(),
            Pace::Ahead | Pace::Relay => self.seconds().max(self.thresholds.resume()),
        }
    }

    fn beside(&self) -> f64 {
        FADE_SECONDS + BESIDE_FRAMES / self.rate + self.thresholds.round()
    }

    pub(super) fn is_live(&self) -> bool {
        self.pace == Pace::Live
    }

    pub(super) fn learn(&mut self, lateness: f64) {
        self.lateness = lateness;
    }

    pub(super) fn was_short(&mut self) {
        let now = self.seconds();
        self.grown = match self.pace {
            Pace::Ahead => (now * GROW).max(now + GROW_LEAST),
            Pace::Relay | Pace::Live => now + ENOUGH_LEAST,
        };
        self.quiet = 0.0;
    }

    /// What came after a gap was late by so much.
    pub(super) fn was_late(&mut self, seconds: f64) {
        if self.pace != Pace::Ahead {
            self.grown = self.grown.max(seconds * ENOUGH + self.beside());
        }
    }

    /// Lets time pass; it counts as quiet only while something sounds.
    pub(super) fn pass(&mut self, elapsed: f64, sounding: bool) {
        self.held = (self.held - elapsed).max(0.0);
        self.cut = (self.cut - elapsed).max(0.0);
        if !sounding {
            return;
        }
        self.quiet += elapsed;
        if self.quiet > QUIET_SECONDS {
            // From where it is used, not from where it once was.
            self.grown = (self.grown.min(self.seconds()) - SHRINK * elapsed).max(0.0);
        }
    }

    pub(super) fn was_held_back(&mut self) {
        self.held = HELD_SECONDS;
        self.kept = None;
    }

    /// Nothing sounds: where it will go on is a new place.
    pub(super) fn is_silent(&mut self) {
        (self.delay, self.sounded, self.kept) = (None, 0.0, None);
    }

    /// Takes in the delay. Returns by how much faster to read, relative.
    pub(super) fn steer(&mut self, delay: f64, drift: f64, elapsed: f64) -> f64 {
        self.sounded += elapsed;
        let smooth = self.delay.unwrap_or(delay);
        let smooth = smooth + (delay - smooth) * (elapsed / SMOOTH_SECONDS).min(1.0);
        self.delay = Some(smooth);
        if self.held > 0.0 {
            return 0.0;
        }
        let error = match self.pace {
            Pace::Ahead => return 0.0,
            Pace::Live => smooth - self.seconds(),
            Pace::Relay if self.sounded < SETTLED => 0.0,
            Pace::Relay => smooth - *self.kept.get_or_insert(smooth),
        };
        drift + error / PULL_SECONDS
    }

    /// What is to be made up by cutting now: positive, the delay is too long.
    pub(super) fn make_up(&mut self) -> f64 {
        let Some(delay) = self
            .delay
            .filter(|_| self.pace == Pace::Live && self.held == 0.0 && self.cut == 0.0)
        else {
            return 0.0;
        };
        let error = delay - self.seconds();
        if !(-CUT_SHORT..=CUT_LONG).contains(&error) {
            self.cut = CUT_EVERY;
            return error;
        }
        0.0
    }

    /// It was made longer by so much.
    pub(super) fn was_made_up(&mut self, longer: f64) {
        if let Some(delay) = &mut self.delay {
            *delay += longer;
        }
    }

    pub(super) fn delay(&self) -> Option<f64> {
        self.delay
    }
}
