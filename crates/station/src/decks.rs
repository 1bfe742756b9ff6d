//! Decks: strips that play files. The station keeps their playlists and says what follows what; a deck's own thread plays
//! (`sources/src/deck.rs`), and another reads what files say about themselves.

mod commands;
mod desk;
mod look_up;
mod sounding;

use std::path::PathBuf;

use airdesk_engine::StripId;
use airdesk_engine::input::StripInput;
use airdesk_engine::transport::transport;
use airdesk_sources::deck::{DeckCommand as Told, DeckNews, DeckState as Playing, ROOM};

use self::desk::DeckDesk;
use crate::api::{CommandError, DeckState, ErrorCode, Event, InputState, ItemId, Severity};
use crate::session::SessionDeck;
use crate::station::Core;

pub(crate) use self::commands::{deck_settings, item_path, item_settings};
pub(crate) use self::look_up::DeckFinding;

/// Items that a playlist may have.
pub(crate) const ITEMS_MAX: usize = 10_000;
/// Playlists of strips that are no decks any more, which are kept.
const RESTING_MAX: usize = 16;
/// Looks of the station between two figures of a deck that plays.
const FIGURES: u64 = 2;

/// Every deck of the desk, also those whose strip is fed by something else for now.
pub(crate) struct Decks {
    desks: Vec<DeckDesk>,
    next: ItemId,
}

impl Decks {
    pub(crate) fn new() -> Self {
        Self {
            desks: Vec::new(),
            next: 1,
        }
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = DeckState> {
        self.desks.iter().filter(|desk| desk.is_fed()).map(DeckDesk::state)
    }

    /// The file of an item, of a deck that is one now.
    pub(crate) fn path(&self, strip: StripId, item: ItemId) -> Option<PathBuf> {
        let desk = self.desks.iter().find(|desk| desk.strip == strip && desk.is_fed())?;
        let entry = desk.entries.get(desk.place(item)?)?;
        Some(PathBuf::from(&entry.item.path))
    }

    /// What a session keeps of a strip's deck.
    pub(crate) fn as_kept(&self, strip: StripId) -> Option<SessionDeck> {
        self.desks
            .iter()
            .find(|desk| desk.strip == strip)
            .map(DeckDesk::as_kept)
    }

    fn desk(&mut self, strip: StripId) -> Result<&mut DeckDesk, CommandError> {
        let desk = self.desks.iter_mut().find(|desk| desk.strip == strip && desk.is_fed());
        desk.ok_or_else(|| CommandError {
            code: ErrorCode::Invalid,
            message: format!("strip {strip} is no deck; choose one that is"),
        })
    }

    fn take_ids(&mut self, count: usize) -> std::ops::Range<ItemId> {
        let first = self.next;
        self.next += count as ItemId;
        first..self.next
    }
}

impl Core {
    /// Feeds a strip by its deck, which is made when it has none, with what a session has kept of it.
    pub(crate) fn feed_by_deck(&mut self, strip: StripId, kept: Option<&SessionDeck>) -> (StripInput, InputState) {
        let rate = self.desk.rate;
        let (transport, staged) = transport(f64::from(rate.hz()), ROOM);
        if !self.decks.desks.iter().any(|desk| desk.strip == strip) {
            self.decks.desks.push(DeckDesk::new(strip, rate));
        }
        let kept = kept.cloned().unwrap_or_default();
        let ids = self.decks.take_ids(kept.items.len());
        let Some(desk) = self.decks.desks.iter_mut().find(|desk| desk.strip == strip) else {
            return (StripInput::Silent, InputState::Silent); // it was pushed just now
        };
        let fed = desk.feed(transport);
        // Also where it cannot play: the playlist is not lost.
        let paths = desk.take_up(&kept, ids);
        if let Err(error) = fed {
            let reason = format!("its deck could not be started: {error}");
            return (StripInput::Silent, InputState::Missing { reason });
        }
        let state = desk.state();
        self.look_up(strip, paths);
        self.tell(Event::Deck(Box::new(state)));
        (StripInput::Staged(staged), InputState::Ready)
    }

    /// A strip that is fed by something else has a playlist, which a session has kept.
    pub(crate) fn keep_deck(&mut self, strip: StripId, kept: Option<&SessionDeck>) {
        let Some(kept) = kept.filter(|_| self.decks.desks.iter().all(|desk| desk.strip != strip)) else {
            return;
        };
        let mut desk = DeckDesk::new(strip, self.desk.rate);
        desk.take_up(kept, self.decks.take_ids(kept.items.len()));
        self.decks.desks.push(desk);
    }

    /// A strip is fed by something else. Its playlist is kept for as long as the strip is there.
    pub(crate) fn part_from_deck(&mut self, strip: StripId) {
        if let Ok(desk) = self.decks.desk(strip) {
            desk.end_play(&self.timeline);
            desk.rest();
            self.tell(Event::DeckRemoved(strip));
        }
    }

    /// Strips that were removed are back, by the ids they had and have: their decks have their playlists again.
    pub(crate) fn return_playlists(&mut self, returned: &[(StripId, StripId)]) {
        for (had, has) in returned {
            let Some(before) = self.decks.desks.iter().position(|desk| desk.strip == *had) else {
                continue;
            };
            let before = self.decks.desks.swap_remove(before);
            if let Ok(desk) = self.decks.desk(*has) {
                desk.take_over(before);
                self.tell_deck(*has);
            }
        }
    }

    /// A strip is gone. Its playlist is kept for a while: the strip may come back.
    pub(crate) fn remove_deck(&mut self, strip: StripId) {
        self.part_from_deck(strip);
        let gone = |desk: &DeckDesk| self.strips.states().all(|state| state.id != desk.strip);
        let desks = &mut self.decks.desks;
        if desks.iter().filter(|desk| gone(desk)).count() > RESTING_MAX
            && let Some(oldest) = desks.iter().position(gone)
        {
            desks.remove(oldest);
        }
    }

    /// Takes in what decks have done, says what follows, and tells hosts where they are; ten times a second.
    pub(crate) fn look_after_decks(&mut self, ticks: u64) {
        let mut titles = Vec::new();
        let mut told = Vec::new();
        let mut events = Vec::new();
        let mut changed = false;
        for desk in &mut self.decks.desks {
            let news = desk.take_news();
            let mut mended = false;
            for news in &news {
                match news {
                    DeckNews::Began(item) => {
                        mended |= desk.began(*item as ItemId);
                        titles.extend(desk.title(*item as ItemId));
                        let strip = self.strips.states().find(|strip| strip.id == desk.strip);
                        let strip = strip.map(|strip| strip.name.clone()).unwrap_or_default();
                        desk.begin_play(*item as ItemId, strip, &mut self.timeline);
                    }
                    DeckNews::Ended(_) => desk.end_play(&self.timeline),
                    DeckNews::Broke(item, fault) => {
                        told.extend(desk.broke(*item as ItemId, fault));
                        desk.hold_back(fault);
                    }
                }
            }
            desk.follow_play(&self.timeline);
            mended |= desk.say_what_follows();
            if mended || news.iter().any(|news| matches!(news, DeckNews::Broke(..))) {
                events.push(Event::Deck(Box::new(desk.state())));
            }
            let before = desk.on();
            events.extend(desk.moved(ticks.is_multiple_of(FIGURES)).map(Event::DeckPosition));
            changed |= desk.on() != before;
        }
        if changed {
            self.touch(); // what is on is in the session
        }
        for text in told {
            self.notice(Severity::Error, text);
        }
        for (title, artist) in titles {
            self.set_title(&title, &artist, None);
            self.touch(); // the session has it, too
            self.tell(Event::Title(self.air.title()));
        }
        for event in events {
            self.tell(event);
        }
    }

    /// Has a deck play that does not. False: it is none, or plays already.
    pub(crate) fn begin_deck(&mut self, strip: StripId) -> bool {
        let Ok(desk) = self.decks.desk(strip) else { return false };
        !desk.is_playing() && desk.play()
    }

    /// What a deck does; `None` where the strip is none.
    pub(crate) fn deck_does(&mut self, strip: StripId) -> Option<Playing> {
        let desk = self.decks.desk(strip).ok().filter(|desk| desk.is_fed())?;
        Some(desk.does())
    }

    /// Has a deck play no more.
    pub(crate) fn pause_deck(&mut self, strip: StripId) {
        if let Ok(desk) = self.decks.desk(strip) {
            desk.tell(Told::Pause);
        }
    }

    /// The desk ends, and all that its decks play.
    pub(crate) fn end_plays(&mut self) {
        for desk in &mut self.decks.desks {
            desk.end_play(&self.timeline);
        }
    }

    /// There is no engine any more: no deck plays, and none says so.
    pub(crate) fn silence_decks(&mut self) {
        for desk in self.decks.desks.iter().filter(|desk| desk.is_fed()) {
            desk.tell(Told::Pause);
        }
    }

    fn tell_deck(&mut self, strip: StripId) {
        if let Ok(desk) = self.decks.desk(strip) {
            let state = desk.state();
            self.tell(Event::Deck(Box::new(state)));
        }
    }
}

/// What hosts are told that a deck is doing.
fn phase(playing: Playing) -> crate::api::DeckPhase {
    use crate::api::DeckPhase;
    match playing {
        Playing::Empty => DeckPhase::Empty,
        Playing::Loading => DeckPhase::Loading,
        Playing::Paused => DeckPhase::Paused,
        Playing::Playing => DeckPhase::Playing,
        Playing::Ended => DeckPhase::Ended,
    }
}
