//! The deck that stands in for a dead programme: it plays for as long as it has to, also beyond the end of its playlist.

use std::time::{Duration, Instant};

use airdesk_engine::StripId;
use airdesk_sources::deck::DeckState as Playing;

use super::Fallback;
use crate::api::Severity;
use crate::station::Core;

/// How often a deck that has stopped is begun again.
const AGAIN: Duration = Duration::from_secs(1);

/// What became of it.
#[derive(Default)]
pub(super) struct StandIn {
    /// The deck that was begun, and is not the operator's.
    begun: Option<StripId>,
    tried: Option<Instant>,
    /// The operator has read that it cannot play.
    told: bool,
}

impl Core {
    /// Has a deck play while it stands in. Once it has faded out it plays no more; one that a hand has taken plays on.
    pub(super) fn mind_stand_in(&mut self) {
        match self.dead_air.fallback {
            Fallback::In { .. } => self.keep_stand_in(),
            Fallback::Going { .. } => {}
            Fallback::Ready => {
                if let Some(strip) = std::mem::take(&mut self.dead_air.stand_in).begun {
                    self.pause_deck(strip);
                }
            }
            Fallback::Taken => self.dead_air.stand_in = StandIn::default(),
        }
    }

    /// A deck is begun, also when it comes to its end or what is on it breaks; one that was paused stays so unless the
    /// programme has just died.
    fn keep_stand_in(&mut self) {
        let Some(strip) = self.dead_air.settings.fallback else {
            return;
        };
        let stand_in = &mut self.dead_air.stand_in;
        let first = stand_in.tried.is_none();
        if stand_in.tried.is_some_and(|tried| tried.elapsed() < AGAIN) {
            return;
        }
        stand_in.tried = Some(Instant::now());
        let plays = match self.deck_does(strip) {
            Some(Playing::Empty | Playing::Ended) => self.begin_deck(strip),
            Some(Playing::Paused | Playing::Loading) if first => self.begin_deck(strip),
            // What sounds by itself, plays already or was paused meanwhile.
            _ => return,
        };
        let stand_in = &mut self.dead_air.stand_in;
        if plays {
            (stand_in.begun, stand_in.told) = (Some(strip), false);
        } else if !std::mem::replace(&mut stand_in.told, true) {
            let name = self.strips.states().find(|state| state.id == strip);
            let name = name.map(|state| state.name.clone()).unwrap_or_default();
            let text = format!(
                "{name} stands in for the programme and has nothing to play; put a file on its deck that can be played"
            );
            self.notice(Severity::Error, text);
        }
    }
}
