//! What follows what on a deck, also where files break, disks are away for a while, and items are taken off.

use std::time::{Duration, Instant};

use airdesk_sources::deck::{DeckCommand as Told, DeckState as Playing, Fault};

use super::{DeckDesk, Entry};
use crate::api::ItemId;

/// When a file whose fault may pass is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long nothing else is lined up then: a disk that is away must not cost one item after the other.
const HOLD: Duration = Duration::from_secs(1);
/// Items that were removed while they were on, or about to be, of which it is kept what was behind them.
const GONE_MAX: usize = 8;

impl DeckDesk {
    /// An item cannot be played (on). Returns what the operator should read, once.
    pub(in crate::decks) fn broke(&mut self, item: ItemId, fault: &Fault) -> Option<String> {
        let place = self.place(item)?;
        let entry = &mut self.entries[place];
        entry.again = fault.passes.then(|| Instant::now() + AGAIN);
        let told = entry.item.fault.replace(fault.reason.clone());
        // What follows is another one.
        self.lined_up.take_if(|(_, follows)| *follows == Some(item));
        (told.as_ref() != Some(&fault.reason)).then(|| fault.reason.clone())
    }

    /// What broke may come back: what follows is not tried at once.
    pub(in crate::decks) fn hold_back(&mut self, fault: &Fault) {
        if fault.passes {
            self.held = Some(Instant::now() + HOLD);
        }
    }

    /// Takes items off. Of what is on, or about to be, it is kept what was behind it.
    pub(in crate::decks) fn remove(&mut self, items: &[ItemId]) {
        let stays = |id: ItemId| !items.contains(&id);
        let behind = |item: ItemId| {
            let later = self.place(item).and_then(|place| self.entries.get(place + 1..));
            let mut later = later.unwrap_or_default().iter().map(|entry| entry.item.id);
            later.find(|id| stays(*id))
        };
        let mut gone = self.gone.clone();
        for (_, next) in &mut gone {
            *next = next.and_then(|next| if stays(next) { Some(next) } else { behind(next) });
        }
        let status = self.status();
        let lined_up = self.lined_up.and_then(|(_, follows)| follows);
        let on = [status.item, status.follows].map(|item| item.map(|item| item as ItemId));
        let removed = on
            .into_iter()
            .chain([lined_up])
            .flatten()
            .filter(|item| items.contains(item));
        gone.extend(removed.map(|item| (item, behind(item))));
        gone.drain(..gone.len().saturating_sub(GONE_MAX));
        self.gone = gone;
        self.entries.retain(|entry| stays(entry.item.id));
    }

    /// What comes behind an item, of what can be `played`.
    pub(super) fn behind(&self, item: ItemId, played: impl Fn(&Entry) -> bool) -> Option<ItemId> {
        let (before, later) = self.entries.split_at_checked(self.place_behind(item)?)?;
        let later = later.iter().find(|entry| played(entry));
        let again = || before.iter().find(|entry| self.settings.repeat && played(entry));
        later.or_else(again).map(|entry| entry.item.id)
    }

    /// Also of one that was removed while it was on.
    fn place_behind(&self, item: ItemId) -> Option<usize> {
        if let Some(place) = self.place(item) {
            return Some(place + 1);
        }
        let (_, next) = self.gone.iter().rfind(|(gone, _)| *gone == item)?;
        Some(next.and_then(|next| self.place(next)).unwrap_or(self.entries.len()))
    }

    /// Tells the deck what follows, when that is not what it was told. True: what follows could not be played before.
    pub(in crate::decks) fn say_what_follows(&mut self) -> bool {
        let status = self.status();
        if matches!(status.state, Playing::Empty | Playing::Loading) {
            return false;
        }
        let ready = status.follows.map(|item| item as ItemId);
        let mended = ready.is_some_and(|ready| self.began(ready));
        let now = Instant::now();
        let on = status.item.map(|item| item as ItemId);
        let sound = on.and_then(|on| self.behind(on, Entry::is_sound));
        // What is open already is not closed for one that may break again.
        let follows = if sound.is_some() && sound == ready {
            sound
        } else {
            on.and_then(|on| self.behind(on, |entry| entry.is_worth_a_try(now)))
        };
        let may_come = || on.and_then(|on| self.behind(on, |entry| entry.again.is_some()));
        let is_held = self.held.is_some_and(|held| now < held);
        let waits = is_held || (follows.is_none() && ready.is_none() && may_come().is_some());
        if self.lined_up != Some((on, follows)) && !waits {
            self.lined_up = Some((on, follows));
            let item = follows.and_then(|item| self.item(item));
            self.tell(Told::LineUp(item));
        }
        mended
    }
}
