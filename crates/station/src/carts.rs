//! Cart walls: strips that play pads at once. The station keeps what is on them; sounds wait in memory, where a loader's thread
//! has put them, and the engine sounds them with the next block (`engine/src/wall.rs`).

mod commands;
mod desk;
mod load;

use airdesk_engine::StripId;
use airdesk_engine::input::StripInput;

use self::desk::WallDesk;
use self::load::Memory;
use crate::api::{CartsState, CommandError, ErrorCode, Event};
use crate::session::SessionCarts;
use crate::station::Core;

pub(crate) use self::commands::{BANKS_MAX, bank_name, pad_settings};
pub(crate) use self::load::CartFinding;

/// Walls of strips that are none any more, which are kept.
const RESTING_MAX: usize = 16;

/// Every wall of the desk, also those whose strip is fed by something else for now.
#[derive(Default)]
pub(crate) struct Walls {
    desks: Vec<WallDesk>,
    memory: Memory,
    loads: u64,
}

impl Walls {
    pub(crate) fn states(&mut self) -> Vec<CartsState> {
        let fed = self.desks.iter_mut().filter(|desk| desk.is_fed());
        fed.map(WallDesk::state).collect()
    }

    /// What a session keeps of a strip's wall.
    pub(crate) fn as_kept(&self, strip: StripId) -> Option<SessionCarts> {
        let desk = self.desks.iter().find(|desk| desk.strip == strip);
        desk.map(WallDesk::as_kept)
    }

    fn desk(&mut self, strip: StripId) -> Result<&mut WallDesk, CommandError> {
        let desk = self.desks.iter_mut().find(|desk| desk.strip == strip && desk.is_fed());
        desk.ok_or_else(|| CommandError {
            code: ErrorCode::Invalid,
            message: format!("strip {strip} is no cart wall; choose one that is"),
        })
    }

    /// The desk's pad that has a key, where it is not this one: what it is called.
    fn with_hotkey(&self, key: &str, but: (StripId, usize, usize)) -> Option<String> {
        let fed = self.desks.iter().filter(|desk| desk.is_fed());
        let pads = fed.flat_map(|desk| {
            desk.pads()
                .map(move |(bank, place, pad)| (desk.strip, bank, place, pad))
        });
        let mut others = pads.filter(|(strip, bank, place, _)| (*strip, *bank, *place) != but);
        let found = others.find(|(.., pad)| pad.settings.hotkey.as_deref() == Some(key));
        found.map(|(.., pad)| pad.name())
    }
}

impl Core {
    /// Feeds a strip by its wall, which is made when it has none, with what a session has kept of it.
    pub(crate) fn feed_by_wall(&mut self, strip: StripId, kept: Option<&SessionCarts>) -> StripInput {
        let (wall, voices) = airdesk_engine::wall::wall();
        let desks = &mut self.walls.desks;
        let place = desks.iter().position(|desk| desk.strip == strip).unwrap_or_else(|| {
            desks.push(WallDesk::new(strip, self.desk.rate, kept));
            desks.len() - 1
        });
        desks[place].feed(wall);
        self.load_missing(strip);
        self.tell_carts(strip);
        StripInput::Carts(voices)
    }

    /// A strip that is fed by something else has a wall, which a session has kept.
    pub(crate) fn keep_wall(&mut self, strip: StripId, kept: Option<&SessionCarts>) {
        if kept.is_some() && self.walls.desks.iter().all(|desk| desk.strip != strip) {
            self.walls.desks.push(WallDesk::new(strip, self.desk.rate, kept));
        }
    }

    /// A strip is fed by something else. What is on its wall is kept for as long as the strip is there.
    pub(crate) fn part_from_wall(&mut self, strip: StripId) {
        if let Ok(desk) = self.walls.desk(strip) {
            desk.rest();
            self.tell(Event::CartsRemoved(strip));
        }
    }

    /// Strips that were removed are back, by the ids they had and have: their walls are as they were.
    pub(crate) fn return_walls(&mut self, returned: &[(StripId, StripId)]) {
        for (had, has) in returned {
            let Some(before) = self.walls.desks.iter().position(|desk| desk.strip == *had) else {
                continue;
            };
            let before = self.walls.desks.swap_remove(before);
            if let Ok(desk) = self.walls.desk(*has) {
                desk.take_over(before);
                self.load_missing(*has);
                self.tell_carts(*has);
            }
        }
    }

    /// A strip is gone. What is on its wall is kept for a while: the strip may come back.
    pub(crate) fn remove_wall(&mut self, strip: StripId) {
        self.part_from_wall(strip);
        let gone = |desk: &WallDesk| self.strips.states().all(|state| state.id != desk.strip);
        let desks = &mut self.walls.desks;
        if desks.iter().filter(|desk| gone(desk)).count() > RESTING_MAX
            && let Some(oldest) = desks.iter().position(gone)
        {
            desks.remove(oldest);
        }
    }

    /// Tells hosts what sounds, when that has changed; where it is only when there are `figures`.
    pub(crate) fn look_after_carts(&mut self, figures: bool) {
        let fed = self.walls.desks.iter_mut().filter(|desk| desk.is_fed());
        let events: Vec<_> = fed.filter_map(|desk| desk.moved(figures)).collect();
        for playing in events {
            self.tell(Event::CartsPlaying(playing));
        }
    }

    /// The engine is gone: nothing sounds, and nothing is fired.
    pub(crate) fn silence_walls(&mut self) {
        for desk in self.walls.desks.iter_mut().filter(|desk| desk.is_fed()) {
            desk.feed(airdesk_engine::wall::wall().0);
        }
        self.look_after_carts(false);
    }

    fn tell_carts(&mut self, strip: StripId) {
        if let Ok(desk) = self.walls.desk(strip) {
            let state = desk.state();
            self.tell(Event::Carts(Box::new(state)));
        }
    }
}
