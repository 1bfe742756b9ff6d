//! What a recorder does without a hand: it starts when something wants it, tries again what failed, and stops when nothing does.

use std::time::Instant;

use super::{Phase, RecorderDesk};
use crate::recording::triggers::{Owed, Sight, Starter};

impl RecorderDesk {
    /// What starts it now without a hand, if something does. Stops what nothing wants any more.
    pub(in crate::recording) fn follow(&mut self, sight: &Sight) -> Option<Starter> {
        let look = self.triggers.look(&self.settings.start, sight);
        if look.hour && self.begun.split.hourly {
            self.split();
        }
        if !look.wanted {
            self.owed = None;
            if self.starter != Starter::Hand && !self.is_settled() {
                self.end(Vec::new());
            }
            return None;
        }
        if let Some(starter) = look.rose
            && (self.is_settled() || matches!(self.phase, Phase::Finishing { .. }))
        {
            self.owed = Some(Owed::now(starter, sight.now));
        }
        // What stopped by itself is wanted still; what a hand has stopped is not.
        if matches!(self.phase, Phase::Failed { .. }) && self.starter != Starter::Hand && self.owed.is_none() {
            let before = self.paid.take().filter(|(_, began)| !Owed::is_over(*began, sight.now));
            let again = Owed::again(self.starter, sight.now, before.as_ref().map(|(owed, _)| owed));
            self.owed = Some(again);
        }
        let owed = self.owed.as_ref().filter(|owed| owed.is_due(sight.now))?;
        self.is_settled().then_some(owed.starter)
    }

    /// It could not be started. True when nobody has asked and nobody has read so yet: it is tried again by itself.
    pub(in crate::recording) fn owes(&mut self, now: Instant) -> bool {
        if self.starter == Starter::Hand {
            return false;
        }
        let before = self.owed.take();
        let is_news = before.as_ref().is_none_or(|owed| !owed.is_told());
        self.owed = Some(Owed::again(self.starter, now, before.as_ref()).told());
        is_news
    }

    /// It is tried again without a hand, and the operator has read so.
    pub(in crate::recording) fn is_owed_and_told(&self) -> bool {
        self.owed.as_ref().is_some_and(Owed::is_told)
    }

    /// It was started. True when the operator has read that it could not be.
    pub(in crate::recording) fn owes_no_more(&mut self, now: Instant) -> bool {
        let Some(owed) = self.owed.take() else { return false };
        let was_told = owed.is_told();
        self.paid = Some((owed, now));
        was_told
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use airdesk_dsp::SampleRate;
    use jiff::civil::date;

    use super::*;
    use crate::api::{RecorderId, RecordingSettings, SignalStart};
    use crate::recording::names::OnAir;

    /// A recorder that signal starts, and what is so while there is some.
    fn wanted() -> (RecorderDesk, impl Fn(Instant) -> Sight) {
        let mut settings = RecordingSettings::default();
        settings.start.signal = Some(SignalStart {
            level: -60.0,
            seconds: 2.0,
        });
        let (internal, _) = tokio::sync::mpsc::unbounded_channel();
        let titles = [OnAir::default(), OnAir::default()];
        let desk = RecorderDesk::new(RecorderId::default(), settings, SampleRate::DESK, titles, internal);
        let sight = |now| Sight {
            on_air: false,
            wanted: false,
            peak: 0.5,
            late: Duration::ZERO,
            clock: date(2026, 11, 22).at(12, 0, 0, 0),
            now,
        };
        (desk, sight)
    }

    /// Begun at `now`, it runs for so many seconds and breaks. When it is begun again, seconds later.
    fn breaks_after(desk: &mut RecorderDesk, sight: &impl Fn(Instant) -> Sight, now: Instant, ran: u64) -> u64 {
        desk.starter = Starter::Signal;
        desk.owes_no_more(now);
        desk.phase = Phase::Failed {
            file: None,
            reason: "the disk is full".into(),
        };
        let broke = now + Duration::from_secs(ran);
        let again = (0..=120).find(|wait| desk.follow(&sight(broke + Duration::from_secs(*wait))).is_some());
        again.expect("it is tried again")
    }

    #[test]
    fn what_breaks_at_once_each_time_waits_longer_and_what_has_lasted_does_not() {
        let (mut desk, sight) = wanted();
        let began = Instant::now();
        assert_eq!(desk.follow(&sight(began)), Some(Starter::Signal));
        let waits: Vec<u64> = (0..6).map(|_| breaks_after(&mut desk, &sight, began, 1)).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        assert_eq!(breaks_after(&mut desk, &sight, began, 61), 5);
    }
}
