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
            self.owed = Some(Owed::again(self.starter, sight.now, None));
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
    pub(in crate::recording) fn owes_no_more(&mut self) -> bool {
        self.owed.take().is_some_and(|owed| owed.is_told())
    }
}
