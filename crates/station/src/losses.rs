//! What audio was lost since the station was started, and where.
//!
//! Every device, file and connection counts its own losses and begins anew when it is opened again; what was counted
//! before is kept here.

use std::collections::HashMap;

use airdesk_engine::StripId;

use crate::api::{Loss, OutputName, PlaybackState, RecorderId, TargetId};
use crate::station::Core;

/// Who counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Counter {
    Strip(StripId),
    Output(OutputName),
    Recording(RecorderId),
    Stream(TargetId),
    Delay,
    Mounts,
}

/// Where in a file something was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) file: String,
    /// Frames of the recording, of all its files.
    pub(crate) position: u64,
}

/// What was lost since it was asked last.
#[derive(Debug, PartialEq)]
pub(crate) struct Fresh {
    pub(crate) place: String,
    pub(crate) seconds: f64,
    pub(crate) spot: Option<Spot>,
}

/// All that was lost.
#[derive(Default)]
pub(crate) struct Losses {
    /// Where each counter stood last, seconds.
    seen: HashMap<Counter, f64>,
    lost: Vec<Loss>,
    fresh: Vec<Fresh>,
}

impl Losses {
    /// Takes in where a counter stands, seconds, and returns by how much it has risen. One that has fallen has begun anew.
    pub(crate) fn count(&mut self, counter: Counter, place: &str, seconds: f64) -> f64 {
        self.count_at(counter, place, seconds, None)
    }

    /// The same of what is written to a file.
    fn count_at(&mut self, counter: Counter, place: &str, seconds: f64, spot: Option<Spot>) -> f64 {
        let before = self.seen.insert(counter, seconds).unwrap_or_default();
        let more = if seconds < before { seconds } else { seconds - before };
        if more <= 0.0 {
            return 0.0;
        }
        self.fresh.push(Fresh {
            place: place.to_owned(),
            seconds: more,
            spot,
        });
        match self.lost.iter_mut().find(|loss| loss.place == place) {
            Some(loss) => loss.seconds += more,
            None => self.lost.push(Loss {
                place: place.to_owned(),
                seconds: more,
            }),
        }
        more
    }

    /// A strip is gone. What it lost stays lost.
    pub(crate) fn forget_strip(&mut self, strip: StripId) {
        self.seen.remove(&Counter::Strip(strip));
    }

    /// What was lost since this was called last.
    pub(crate) fn take_fresh(&mut self) -> Vec<Fresh> {
        std::mem::take(&mut self.fresh)
    }

    /// Where something was lost, in the order in which it began.
    pub(crate) fn all(&self) -> &[Loss] {
        &self.lost
    }
}

impl Core {
    /// Looks at every counter but the strips', which are looked at with the engine's report.
    pub(crate) fn count_losses(&mut self) {
        let rate = f64::from(self.desk.rate.hz());
        for output in OutputName::ALL {
            if let PlaybackState::Playing {
                frames_missing, rate, ..
            } = self.playbacks.state(output).playback
            {
                let seconds = frames_missing as f64 / f64::from(rate);
                let place = format!("{} output", output.word());
                self.losses.count(Counter::Output(output), &place, seconds);
            }
        }
        for (recorder, frames, spot) in self.recorders.frames_lost() {
            self.count_recording(recorder, frames, spot);
        }
        for (target, called, seconds) in self.air.seconds_dropped() {
            let place = format!("stream to {called}");
            self.losses.count(Counter::Stream(target), &place, seconds);
        }
        let late = self.air_delay.state().frames_late as f64 / rate;
        self.losses.count(Counter::Delay, "broadcast delay", late);
        let mounts = self.listeners.frames_lost() as f64 / rate;
        self.losses.count(Counter::Mounts, "listener mounts", mounts);
    }

    /// The same for a recording, which says once more what it has lost when it is closed.
    pub(crate) fn count_recording(&mut self, recorder: RecorderId, frames_lost: u64, spot: Spot) {
        let seconds = frames_lost as f64 / f64::from(self.desk.rate.hz());
        let place = self.recorders.place(recorder);
        self.losses
            .count_at(Counter::Recording(recorder), &place, seconds, Some(spot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_stays_lost_when_its_counter_begins_anew() {
        let (mic, music) = (StripId::new(1, 1), StripId::new(2, 1));
        let mut losses = Losses::default();
        for seconds in [0.0, 0.5, 0.5, 0.75, 0.0, 0.25] {
            losses.count(Counter::Strip(mic), "Mic", seconds);
            losses.count(Counter::Strip(music), "Music", 0.0);
        }
        losses.count(Counter::Recording(1), "recording Show", 2.0);
        losses.forget_strip(mic);
        let told: Vec<_> = losses
            .all()
            .iter()
            .map(|loss| (loss.place.as_str(), loss.seconds))
            .collect();
        assert_eq!(told, [("Mic", 1.0), ("recording Show", 2.0)]);
    }

    #[test]
    fn each_recorder_loses_for_itself_and_says_where() {
        let mut losses = Losses::default();
        let spot = |file: &str, position| Spot {
            file: file.into(),
            position,
        };
        let mut count = |recorder, place, seconds, spot| {
            losses.count_at(Counter::Recording(recorder), place, seconds, Some(spot));
        };
        count(1, "recording Show", 0.0, spot("/show.wav", 48_000));
        count(2, "recording Music", 0.5, spot("/music.wav", 96_000));
        count(1, "recording Show", 0.25, spot("/show.wav", 72_000));
        let told: Vec<_> = losses
            .take_fresh()
            .into_iter()
            .map(|fresh| (fresh.place, fresh.seconds, fresh.spot))
            .collect();
        let music = ("recording Music".into(), 0.5, Some(spot("/music.wav", 96_000)));
        let show = ("recording Show".into(), 0.25, Some(spot("/show.wav", 72_000)));
        assert_eq!(told, [music, show]);
        assert_eq!(losses.take_fresh(), []);
    }
}
