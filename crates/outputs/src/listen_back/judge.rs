//! Judges what listeners hear from what was sent and what was heard. No thread, no clock of its own; once half a second.
//!
//! An alarm needs a contradiction: something is heard that nothing of the last two minutes explains, for a second and a
//! half. Where the programme has nothing to be known by, nothing is said.

use std::time::{Duration, Instant};

use super::compare::{ALIKE, Finder, find_near};
use super::feature::Feature;
use super::heard::{Deaf, Heard, Read};
use super::sent::{Sent, duration};
use super::track::{level_db, movement};
use super::verdict::{Featureless, Hearing, TitleHeard, Verdict};
use crate::broadcast::{Found, compare};
use crate::title::Title;

/// What is compared, features: 4 s, and 3 at least.
const WINDOW: usize = 400;
const WINDOW_MIN: usize = 300;
/// How far around a known place is looked first, features.
const AROUND: u64 = 4;
/// How far around it a pause may lie.
const PAUSE_AROUND: u64 = 100;
/// How far back a pause or a steady sound may explain one while no place is known, features: the largest buffers of relays.
const FAR: usize = 4500;
/// Below this nothing is heard, dBFS; the programme counts as silent from a little more on.
const SILENT_DB: f32 = -65.0;
const PAUSE_DB: f32 = -50.0;
/// So much shorter may what explains it be, features.
const LEEWAY: usize = 50;
/// Below this a sound is steady, dB², and above this it clearly is not, whatever noise a codec has added.
const STEADY: f32 = 0.3;
const LIVELY: f32 = 1.0;
/// How long an alarm must hold.
const HOLD: Duration = Duration::from_millis(1500);
/// How long after the connection to the server what was sent before may still be heard.
const BEGINNING: Duration = Duration::from_secs(7);
/// How long nothing may arrive.
const NOTHING_AFTER: Duration = Duration::from_secs(7);
/// Sound that is older than this is over.
const OVER_AFTER: Duration = Duration::from_secs(4);
/// How long a title may be on its way, beside the way of the sound.
const TITLE_GRACE: f64 = 7.0;

/// What the desk has done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OnAir {
    /// Since when the server takes the stream.
    pub(super) since: Instant,
    /// What listeners are to read.
    pub(super) title: Option<Title>,
}

/// Judges one target.
pub(super) struct Judge {
    finder: Finder,
    /// By how much the stream is louder than the bus, dB.
    gain_db: f32,
    /// Which connection was heard last.
    connection: u64,
    /// How much larger the number of what was sent is than of what was heard.
    lock: Option<i64>,
    /// What has to hold before it is told, and since when it does.
    candidate: Option<(Verdict, Instant)>,
    told: Verdict,
    /// When there was something to judge by.
    judged: Option<Instant>,
    title: Option<Title>,
    title_since: Instant,
}

impl Judge {
    pub(super) fn new(gain_db: f32, now: Instant) -> Self {
        Self {
            finder: Finder::new(),
            gain_db,
            connection: 0,
            lock: None,
            candidate: None,
            told: Verdict::Waiting,
            judged: None,
            title: None,
            title_since: now,
        }
    }

    /// The stream is off air: what comes then is another one.
    pub(super) fn reset(&mut self) {
        (self.lock, self.candidate, self.judged) = (None, None, None);
        self.told = Verdict::Waiting;
    }

    /// What listeners hear now.
    pub(super) fn judge(&mut self, sent: &Sent, heard: &Heard, air: &OnAir, now: Instant) -> Verdict {
        if self.title != air.title {
            (self.title, self.title_since) = (air.title.clone(), now);
        }
        if self.connection != heard.connection {
            (self.connection, self.lock) = (heard.connection, None);
        }
        let verdict = self.verdict(sent, heard, air, now);
        self.told = self.held(verdict, air, now);
        self.told.clone()
    }

    /// Alarms about the sound are told once they have held, and not while an older stream may still be heard.
    fn held(&mut self, verdict: Verdict, air: &OnAir, now: Instant) -> Verdict {
        if !matches!(verdict, Verdict::Silence | Verdict::OtherSound) || verdict == self.told {
            self.candidate = None;
            return verdict;
        }
        let (candidate, since) = self.candidate.get_or_insert_with(|| (verdict.clone(), now));
        if *candidate != verdict {
            (*candidate, *since) = (verdict.clone(), now);
        }
        let is_young = now.saturating_duration_since(air.since) < BEGINNING;
        if is_young || now.saturating_duration_since(*since) < HOLD {
            return self.told.clone();
        }
        verdict
    }

    fn verdict(&mut self, sent: &Sent, heard: &Heard, air: &OnAir, now: Instant) -> Verdict {
        let is_over = |at: Instant| now.saturating_duration_since(at) > OVER_AFTER;
        let arrived = heard.arrived.filter(|at| !is_over(*at) && *at >= air.since);
        let window = heard.track.newest(WINDOW).count();
        if arrived.is_none() || window < WINDOW_MIN {
            return self.too_little(heard, air, now);
        }
        self.judged = arrived;
        let numbers = heard.track.numbers();
        let numbers = numbers.end - window as u64..numbers.end;
        let loud = level_db(heard.track.newest(WINDOW_MIN));
        if loud < SILENT_DB {
            return self.of_silence(sent, heard, numbers.end);
        }
        if movement(heard.track.newest(window)) >= STEADY
            && let Some(offset) = self.find(sent, heard, numbers.start)
        {
            self.lock = Some(offset.round() as i64);
            return self.found(offset, sent, heard, air, now);
        }
        self.not_found(sent, heard, numbers)
    }

    /// Nothing has come for too long, or it is not known yet.
    fn too_little(&self, heard: &Heard, air: &OnAir, now: Instant) -> Verdict {
        if let Some(Deaf::Refused(reason)) = &heard.deaf {
            let reason = reason.clone();
            return Verdict::CannotListen { reason };
        }
        let since = self.judged.map_or(air.since, |judged| judged.max(air.since));
        if now.saturating_duration_since(since) > NOTHING_AFTER {
            let reason = match &heard.deaf {
                // Not before: a mount may be missing for a moment after it went on air.
                Some(Deaf::Elsewhere(reason)) => {
                    let reason = reason.clone();
                    return Verdict::CannotListen { reason };
                }
                Some(Deaf::Absent(reason)) => reason.clone(),
                _ => "less than 3 s of sound have come at a time".into(),
            };
            return Verdict::Nothing { reason };
        }
        match &self.told {
            Verdict::CannotListen { .. } => Verdict::Waiting,
            told => told.clone(),
        }
    }

    /// Silence is right where the programme was silent.
    fn of_silence(&self, sent: &Sent, heard: &Heard, end: u64) -> Verdict {
        if self.is_pause(sent, heard, end) {
            Verdict::CannotCompare(Featureless::Silent)
        } else {
            Verdict::Silence
        }
    }

    /// A pause of the programme may be what is heard now.
    fn is_pause(&self, sent: &Sent, heard: &Heard, end: u64) -> bool {
        let least = PAUSE_DB - self.gain_db;
        let is_below = |db: f32| move |feature: &Feature| level_db([feature].into_iter()) < db;
        let (sent_there, heard_now) = match self.lock.and_then(|lock| end.checked_add_signed(lock)) {
            Some(end) => {
                let around = end.saturating_sub(WINDOW_MIN as u64 + PAUSE_AROUND)..end + PAUSE_AROUND;
                (longest(sent.track.part(around).map(is_below(least))), WINDOW_MIN)
            }
            None => {
                let heard = heard.track.newest(FAR).rev().map(is_below(PAUSE_DB));
                let heard = heard.take_while(|is_below| *is_below).count();
                (
                    longest(sent.track.newest(FAR).map(is_below(least))),
                    heard.max(WINDOW_MIN),
                )
            }
        };
        sent_there + LEEWAY >= heard_now
    }

    /// Where in what was sent the newest is that was heard: the difference of their numbers.
    fn find(&mut self, sent: &Sent, heard: &Heard, from: u64) -> Option<f64> {
        let window = || heard.track.newest(WINDOW);
        let held = sent.track.numbers();
        if let Some(place) = self.lock.and_then(|lock| from.checked_add_signed(lock)) {
            let begin = place.saturating_sub(AROUND).max(held.start);
            let near = sent.track.part(begin..place + window().count() as u64 + AROUND);
            if let Some(found) = find_near(near, window()).filter(|found| found.likeness >= ALIKE) {
                return Some(begin as f64 + found.place - from as f64);
            }
        }
        let found = self.finder.find(sent.track.part(held.clone()), window())?;
        (found.likeness >= ALIKE).then_some(held.start as f64 + found.place - from as f64)
    }

    fn found(&self, offset: f64, sent: &Sent, heard: &Heard, air: &OnAir, now: Instant) -> Verdict {
        let end = heard.track.numbers().end as f64;
        // Now, less what a player has still to play, is what it plays; so much older is what was sent.
        let arrived_late = sent.age(end + offset, now);
        let delay = heard.plays.map_or(arrived_late, |plays| {
            sent.age(offset, now) - now.saturating_duration_since(plays).as_secs_f64()
        });
        let (title, wrong) = self.title(heard, air, arrived_late, now);
        let hearing = Hearing {
            delay: duration(delay.max(0.0)),
            title,
            loudness: heard.loudness,
        };
        match wrong {
            Some(title) => Verdict::OldTitle { title, hearing },
            None => Verdict::Heard(hearing),
        }
    }

    /// What is to be said of the title, and the wrong one, where it has been wrong for too long.
    fn title(&self, heard: &Heard, air: &OnAir, way: f64, now: Instant) -> (TitleHeard, Option<Option<String>>) {
        let Some(set) = self.title.as_ref().filter(|title| !title.as_str().is_empty()) else {
            return (TitleHeard::NotSet, None);
        };
        let Read::Title(read) = &heard.title else {
            return (TitleHeard::CannotBeRead, None);
        };
        match compare(set, read.clone()) {
            Found::Title => return (TitleHeard::AsSet, None),
            // No alarm of its own: what to do is told where the title is delivered.
            Found::Mangled => return (TitleHeard::Garbled, None),
            Found::Other(_) => {}
        }
        let since = heard.connected.map_or(air.since, |connected| connected.max(air.since));
        let waited = now.saturating_duration_since(since.max(self.title_since)).as_secs_f64();
        let is_due = waited > TITLE_GRACE.max(way + TITLE_GRACE / 2.0);
        (TitleHeard::Waiting, is_due.then(|| read.clone()))
    }

    /// What is heard is not what was sent, or nobody can tell.
    fn not_found(&self, sent: &Sent, heard: &Heard, numbers: std::ops::Range<u64>) -> Verdict {
        // Of a room's noise a codec leaves what it likes.
        if level_db(heard.track.newest(WINDOW)) < PAUSE_DB && self.is_pause(sent, heard, numbers.end) {
            return Verdict::CannotCompare(Featureless::Silent);
        }
        let other = Verdict::OtherSound;
        let steady = Verdict::CannotCompare(Featureless::Steady);
        if let Some((from, to)) = self.lock.and_then(|lock| {
            let at = |number: u64| number.checked_add_signed(lock);
            Some((at(numbers.start)?, at(numbers.end)?))
        }) {
            let there = sent.track.part(from..to);
            let is_silent = level_db(there.clone()) < SILENT_DB - self.gain_db;
            let is_steady = !is_silent && movement(there) < STEADY;
            return if is_steady { steady } else { other };
        }
        let heard = movement(heard.track.newest(WINDOW));
        let still = sent.track.newest(FAR).map(|feature| feature.movement() < STEADY);
        let is_explained = heard < LIVELY && longest(still) + LEEWAY >= WINDOW_MIN && !self.was_silent(sent);
        if is_explained { steady } else { other }
    }

    /// All that was sent lately.
    fn was_silent(&self, sent: &Sent) -> bool {
        level_db(sent.track.newest(FAR)) < SILENT_DB - self.gain_db
    }
}

/// The longest run of what is true.
fn longest(all: impl Iterator<Item = bool>) -> usize {
    let run = |(run, longest): (usize, usize), is: bool| {
        let run = if is { run + 1 } else { 0 };
        (run, longest.max(run))
    };
    all.fold((0, 0), run).1
}

#[cfg(test)]
mod tests;
