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

/// All that was lost.
#[derive(Default)]
pub(crate) struct Losses {
    /// Where each counter stood last, seconds.
    seen: HashMap<Counter, f64>,
    lost: Vec<Loss>,
    /// Where, and how many seconds, since it was asked last.
    fresh: Vec<(String, f64)>,
}

impl Losses {
    /// Takes in where a counter stands, seconds, and returns by how much it has risen. One that has fallen has begun anew.
    pub(crate) fn count(&mut self, counter: Counter, place: &str, seconds: f64) -> f64 {
        let before = self.seen.insert(counter, seconds).unwrap_or_default();
        let more = if seconds < before { seconds } else { seconds - before };
        if more <= 0.0 {
            return 0.0;
        }
        self.fresh.push((place.to_owned(), more));
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

    /// What was lost since this was called last: where, and how many seconds.
    pub(crate) fn take_fresh(&mut self) -> Vec<(String, f64)> {
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
        for (recorder, frames) in self.recorders.frames_lost() {
            self.count_recording(recorder, frames);
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
    pub(crate) fn count_recording(&mut self, recorder: RecorderId, frames_lost: u64) {
        let seconds = frames_lost as f64 / f64::from(self.desk.rate.hz());
        self.losses.count(Counter::Recording(recorder), "recording", seconds);
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
        losses.count(Counter::Recording(1), "recording", 2.0);
        losses.forget_strip(mic);
        let told: Vec<_> = losses
            .all()
            .iter()
            .map(|loss| (loss.place.as_str(), loss.seconds))
            .collect();
        assert_eq!(told, [("Mic", 1.0), ("recording", 2.0)]);
    }
}
