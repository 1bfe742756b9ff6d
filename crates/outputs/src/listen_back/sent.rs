//! What was sent in the last two minutes, and when: the bus as the encoder reads it. On the judge's thread.

use std::time::{Duration, Instant};

use airdesk_dsp::{SILENCE, SampleRate};
use airdesk_engine::mix_queue::MixTap;

use super::compare::PAST_MAX;
use super::feature::{FeatureMaker, PER_SECOND};
use super::track::Track;
use crate::follower::Follower;

/// Of what was lost so many blocks are made up for by silence: 10 s at 48 kHz. More is another past.
const LOST_MAX: u64 = 7500;
/// By how much a second is corrected that seemed to begin too early, in one second: a tenth of what quartzes differ by.
const RELAX: f64 = 1e-5;

/// Follows a bus.
pub(super) struct Sent {
    follower: Follower,
    maker: FeatureMaker,
    pub(super) track: Track,
    /// When the first feature was mixed, seconds after `epoch`. The earliest that any reading speaks for: readings come late.
    origin: f64,
    epoch: Instant,
    read: Option<Instant>,
}

impl Sent {
    /// Follows from now on.
    pub(super) fn new(tap: &MixTap, rate: SampleRate, now: Instant) -> Self {
        Self {
            follower: Follower::new(tap.reader()),
            maker: FeatureMaker::new(rate.hz()),
            track: Track::new(PAST_MAX),
            origin: f64::INFINITY,
            epoch: now,
            read: None,
        }
    }

    /// Takes in what the bus has published.
    pub(super) fn follow(&mut self, now: Instant) {
        let before = self.track.numbers().end;
        let track = &mut self.track;
        while let Some((block, lost)) = self.follower.next() {
            if lost > LOST_MAX {
                track.clear();
            }
            for _ in 0..lost.min(LOST_MAX) {
                self.maker.feed(&SILENCE, |feature| track.push(feature));
            }
            self.maker.feed(&block.frames, |feature| track.push(feature));
            if lost > LOST_MAX {
                self.origin = f64::INFINITY;
            }
        }
        if self.track.numbers().end == before {
            return;
        }
        let seconds = |at: Instant| at.saturating_duration_since(self.epoch).as_secs_f64();
        let speaks_for = seconds(now) - self.track.numbers().end as f64 / f64::from(PER_SECOND);
        let since = self.read.map_or(0.0, |read| seconds(now) - seconds(read));
        self.origin = (self.origin + since * RELAX).min(speaks_for);
        self.read = Some(now);
    }

    /// When a feature was mixed, as seconds before `now`; negative for what has still to come.
    pub(super) fn age(&self, number: f64, now: Instant) -> f64 {
        let now = now.saturating_duration_since(self.epoch).as_secs_f64();
        now - self.origin - number / f64::from(PER_SECOND)
    }
}

/// For tests: a past without a bus.
#[cfg(test)]
pub(super) fn made_of(features: impl Iterator<Item = super::feature::Feature>, epoch: Instant) -> Sent {
    let (_, tap) = airdesk_engine::mix_queue::mix_queue(16);
    let mut sent = Sent::new(&tap, SampleRate::DESK, epoch);
    sent.origin = 0.0;
    for feature in features {
        sent.track.push(feature);
    }
    sent
}

/// Seconds as a time that has passed.
pub(super) fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
