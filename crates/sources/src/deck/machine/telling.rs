//! What a deck says: what has happened, and how it is doing.

use super::{Machine, Switch};
use crate::deck::score::{Slot, SlotId};
use crate::deck::track::Known;
use crate::deck::{DeckNews, DeckState, DeckStatus};

impl Machine {
    pub(super) fn tell_what_is_heard(&mut self) {
        let heard = if self.playing { self.on_now() } else { None };
        let slot = heard.map(|(id, _)| id);
        let before = self.heard.map(|(id, _)| id);
        if slot.is_some() && slot != before && self.switch.is_none() {
            if let Some((before, item)) = self.heard {
                self.tell_what_is_torn(before);
                self.news.push(DeckNews::Ended(item));
            }
            let item = slot.and_then(|id| self.score.slot(id)).map(|slot| slot.item);
            self.heard = slot.zip(item);
            self.news.extend(item.map(DeckNews::Began));
        }
        // Also where it is to pause by now: the end came first.
        let was_heard = self.playing || self.heard.is_some();
        if was_heard && self.end.is_some_and(|end| end <= self.transport.heard()) {
            if let Some((before, item)) = self.heard.take() {
                self.tell_what_is_torn(before);
                self.news.push(DeckNews::Ended(item));
            }
            self.stop_at_the_end();
        }
    }

    /// What was heard to where it is torn, and not to its end.
    fn tell_what_is_torn(&mut self, slot: SlotId) {
        let torn = self
            .score
            .slot(slot)
            .and_then(|slot| Some((slot.item, slot.track.torn()?)));
        self.news
            .extend(torn.map(|(item, reason)| DeckNews::Broke(item, reason)));
    }

    /// What follows is on, and waits where the deck stops here. Else it plays, as soon as it is known what it is.
    fn stop_at_the_end(&mut self) {
        let on = self.score.mix.on.and_then(|id| self.score.slot(id));
        let goes_on = std::mem::take(&mut self.playing) && on.is_some_and(|on| !on.stops);
        if let Some(next) = self.score.next.take() {
            self.owed = true;
            self.switch.get_or_insert(Switch {
                to: next,
                play: goes_on,
            });
        } else {
            self.ran_out = goes_on && self.owed;
        }
    }

    pub(in crate::deck) fn status(&self) -> DeckStatus {
        let on = self.on_now();
        let slot = on.and_then(|(id, _)| self.score.slot(id));
        let follows = self.score.next.and_then(|id| self.score.slot(id));
        let follows = follows.filter(|slot| matches!(slot.track.known(), Known::Length(_)));
        let has_ended = self.end.is_some_and(|end| end <= self.transport.heard());
        DeckStatus {
            state: match (slot, &self.switch) {
                (None, _) => DeckState::Empty,
                (Some(_), Some(switch)) if self.score.mix.on != Some(switch.to) => DeckState::Loading,
                (Some(_), _) if self.playing => DeckState::Playing,
                (Some(_), _) if has_ended => DeckState::Ended,
                (Some(_), _) => DeckState::Paused,
            },
            item: slot.map(|slot| slot.item),
            place: on.map_or(0, |(_, place)| place),
            length: slot.and_then(Slot::length),
            follows: follows.map(|slot| slot.item),
            passing: self.score.mix.fade.is_some(),
            repeat: slot.and_then(|slot| slot.track.repeat()),
        }
    }
}
