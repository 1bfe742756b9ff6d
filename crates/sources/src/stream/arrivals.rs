//! How late a live sender's audio comes, and how fast its clock runs: what a jitter buffer has to hold, and no more.
//!
//! After NetEQ's delay manager (WebRTC, `modules/audio_coding/neteq/relative_arrival_delay_tracker.cc` and
//! `underrun_optimizer.cc`): lateness is counted from the fastest of the last seconds; the worst of each half second goes
//! into a histogram that forgets, and a high percentile of it is what is needed. Unlike there, a chunk's end tells how fast the way
//! is and its beginning how late it was, so it does not matter into how many pieces a chunk was cut on its way; and the
//! fastest ones also tell the far side's clock, by the median slope of their times. Seconds; allocates in `new` only.

use std::collections::VecDeque;

/// The fastest is that of so many slots of so many seconds.
const SLOT_SECONDS: f64 = 0.5;
const SLOTS: usize = 8;
/// After so many seconds without audio the way may be another.
const PAUSE_SECONDS: f64 = 2.0;
/// The histogram's buckets, seconds, and their number: up to 5 s.
const BUCKET_SECONDS: f64 = 0.005;
const BUCKETS: usize = 1_000;
/// What is remembered from one half second to the next: NetEQ's factor, half is forgotten in 20 s.
const FORGET: f64 = 0.983;
/// The share of half seconds whose worst chunk is in time: NetEQ's quantile.
const IN_TIME: f64 = 0.95;
/// A clock is judged by the fastest of each so many seconds, over so many of them, seconds, and not by less.
const CLOCK_SLOT: f64 = 2.0;
const CLOCK_SLOTS: usize = 150;
const CLOCK_LEAST: f64 = 30.0;
/// No clock is off by more, relative.
const CLOCK_MOST: f64 = 1e-3;

/// The fastest of a while.
#[derive(Debug, Clone, Copy)]
struct Slot {
    began: f64,
    fastest: f64,
}

/// What is known of a sender.
#[derive(Debug, Clone)]
pub struct Arrivals {
    rate: f64,
    last: Option<f64>,
    slots: VecDeque<Slot>,
    clock: VecDeque<Slot>,
    drift: f64,
    slopes: Vec<f64>,
    interval: f64,
    worst: f64,
    histogram: Box<[f32]>,
    lateness: f64,
}

impl Arrivals {
    /// Nothing is known of who sends `rate` frames a second.
    pub fn new(rate: f64) -> Self {
        Self {
            rate,
            last: None,
            slots: VecDeque::with_capacity(SLOTS + 1),
            clock: VecDeque::with_capacity(CLOCK_SLOTS + 1),
            drift: 0.0,
            slopes: Vec::with_capacity(CLOCK_SLOTS),
            interval: 0.0,
            worst: 0.0,
            histogram: vec![0.0; BUCKETS].into(),
            lateness: 0.0,
        }
    }

    /// The frames from `from` up to `to`, counted from the first, came at `now`. Returns how late the first was.
    pub fn came(&mut self, now: f64, from: u64, to: u64) -> f64 {
        let paused = self.last.replace(now).is_some_and(|last| now - last > PAUSE_SECONDS);
        if paused {
            self.slots.clear();
            self.clock.clear();
        }
        let ended = now - to as f64 / self.rate;
        self.enter(now, ended);
        let late = (now - from as f64 / self.rate - self.fastest(now).unwrap_or(ended)).max(0.0);
        self.worst = self.worst.max(late);
        if now - self.interval >= SLOT_SECONDS {
            if self.interval > 0.0 {
                self.remember();
            }
            (self.interval, self.worst) = (now, 0.0);
        }
        late
    }

    /// What came so late says nothing: it was not taken any sooner. The clock is judged anew.
    pub fn was_held_back(&mut self) {
        self.slots.clear();
        self.clock.clear();
        (self.last, self.worst, self.interval) = (None, 0.0, 0.0);
    }

    fn enter(&mut self, now: f64, fastest: f64) {
        push(&mut self.slots, SLOTS, SLOT_SECONDS, now, fastest);
        if push(&mut self.clock, CLOCK_SLOTS, CLOCK_SLOT, now, fastest) {
            self.judge_clock();
        }
    }

    /// The slope of those pairs that are half of what is known apart, their median: a way that becomes another moves
    /// it less than a line drawn through all.
    fn judge_clock(&mut self) {
        // The newest is not whole.
        let known = self.clock.len().saturating_sub(1);
        let half = known / 2;
        let spans = |n: usize| Some((self.clock.get(n)?, self.clock.get(n + half)?));
        self.slopes.clear();
        for (old, new) in (0..half).filter_map(spans) {
            self.slopes.push((new.fastest - old.fastest) / (new.began - old.began));
        }
        if half as f64 * CLOCK_SLOT < CLOCK_LEAST / 2.0 {
            return; // what was known before a pause still holds
        }
        self.slopes.sort_unstable_by(f64::total_cmp);
        if let Some(slope) = self.slopes.get(self.slopes.len() / 2) {
            self.drift = (-slope).clamp(-CLOCK_MOST, CLOCK_MOST);
        }
    }

    fn remember(&mut self) {
        self.histogram.iter_mut().for_each(|share| *share *= FORGET as f32);
        let bucket = (self.worst / BUCKET_SECONDS) as usize;
        if let Some(share) = self.histogram.get_mut(bucket.min(BUCKETS - 1)) {
            *share += (1.0 - FORGET) as f32;
        }
        self.lateness = self.percentile();
    }

    /// When frame 0 would have come at the fastest, on the caller's clock. `None` before anything came.
    pub fn fastest(&self, now: f64) -> Option<f64> {
        let carried = self
            .slots
            .iter()
            .map(|slot| slot.fastest - self.drift * (now - slot.began));
        carried.min_by(f64::total_cmp)
    }

    /// How late what comes is in all but one of twenty half seconds, seconds; 0 while nothing is known.
    pub fn lateness(&self) -> f64 {
        self.lateness
    }

    fn percentile(&self) -> f64 {
        let all: f32 = self.histogram.iter().sum();
        let mut sum = 0.0;
        for (n, share) in self.histogram.iter().enumerate() {
            sum += share;
            if sum > 0.0 && f64::from(sum) >= IN_TIME * f64::from(all) {
                return (n + 1) as f64 * BUCKET_SECONDS;
            }
        }
        0.0
    }

    /// The far side's clock against ours, relative; positive is fast. 0 in the first half minute.
    pub fn drift(&self) -> f64 {
        self.drift
    }
}

/// Keeps the fastest of each slot. True when a new one began.
fn push(slots: &mut VecDeque<Slot>, most: usize, seconds: f64, now: f64, fastest: f64) -> bool {
    match slots.back_mut() {
        Some(slot) if now - slot.began < seconds => {
            slot.fastest = slot.fastest.min(fastest);
            false
        }
        _ => {
            slots.push_back(Slot { began: now, fastest });
            if slots.len() > most {
                slots.pop_front();
            }
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Dice;
    use super::*;

    /// Chunks of 20 ms from a clock that is `ppm` fast, each late by what `late` says.
    fn sent(seconds: f64, ppm: f64, mut late: impl FnMut(f64) -> f64) -> Arrivals {
        let mut arrivals = Arrivals::new(48_000.0);
        let (mut now, mut before) = (0.0, 0.0);
        for chunk in 0..(seconds / 0.02) as u64 {
            let due = 100.0 + (chunk + 1) as f64 * 0.02 / (1.0 + ppm * 1e-6);
            now = f64::max(before, due + late(due));
            arrivals.came(now, chunk * 960, (chunk + 1) * 960);
            before = now;
        }
        assert!(now > 0.0);
        arrivals
    }

    #[test]
    fn an_even_sender_needs_one_chunk_however_it_was_cut() {
        let arrivals = sent(60.0, 0.0, |_| 0.0);
        assert!((arrivals.lateness() - 0.0225).abs() < 0.003, "{}", arrivals.lateness());
        let mut pieces = Arrivals::new(48_000.0);
        for chunk in 0..3_000 {
            for piece in 0..4 {
                let from = chunk * 960 + piece * 240;
                pieces.came(chunk as f64 * 0.02, from, from + 240);
            }
        }
        assert!((pieces.lateness() - arrivals.lateness()).abs() < 0.006);
    }

    #[test]
    fn what_is_needed_follows_how_late_it_comes_and_forgets_it() {
        let mut dice = Dice::new(1);
        let arrivals = sent(120.0, 0.0, |_| 0.1 * dice.share());
        assert!((0.10..0.13).contains(&arrivals.lateness()), "{}", arrivals.lateness());
        let mut dice = Dice::new(1);
        let arrivals = sent(300.0, 0.0, |due| if due < 200.0 { 0.1 * dice.share() } else { 0.0 });
        assert!(arrivals.lateness() < 0.03, "{}", arrivals.lateness());
    }

    #[test]
    fn the_far_clock_is_known_to_a_few_ppm_in_spite_of_jitter() {
        for ppm in [-300.0, -20.0, 0.0, 300.0] {
            let mut dice = Dice::new(9);
            let arrivals = sent(600.0, ppm, |_| 0.04 * dice.share());
            let found = arrivals.drift() * 1e6;
            assert!((found - ppm).abs() < 10.0, "{found:.1} instead of {ppm} ppm");
        }
    }

    #[test]
    fn a_sender_that_pauses_is_not_late_for_ever_after() {
        let mut arrivals = sent(60.0, 0.0, |_| 0.0);
        let before = arrivals.lateness();
        // Ten seconds nothing; then as before, without what would have been in between.
        for chunk in 3_000..6_000 {
            let now = 110.0 + (chunk + 1) as f64 * 0.02;
            arrivals.came(now, chunk * 960, (chunk + 1) * 960);
        }
        assert_eq!(arrivals.lateness(), before);
    }
}
