//! What operators ask of decks.

use std::path::{Path, PathBuf};

use airdesk_engine::StripId;
use airdesk_sources::deck::DeckCommand as Told;
use airdesk_sources::playlist::is_playlist;

use super::ITEMS_MAX;
use super::desk::{DeckDesk, Entry, named};
use crate::api::{CommandError, DeckCommand, DeckSettings, ErrorCode, ItemId, ItemSettings, LoopPart};
use crate::station::Core;

/// A path is no longer than any system's.
const PATH_MAX: usize = 4_096;
/// A day: no file is longer.
const SECONDS_MAX: f64 = 86_400.0;

impl Core {
    /// Does what a deck is told.
    pub(crate) fn deck(&mut self, strip: StripId, command: DeckCommand) -> Result<(), CommandError> {
        if matches!(
            command,
            DeckCommand::Play | DeckCommand::Load { play: true, .. } | DeckCommand::Next
        ) {
            self.desk.check()?;
        }
        let sets = command.sets();
        let desk = self.decks.desk(strip)?;
        match command {
            DeckCommand::Add { paths, before } => return self.add_items(strip, &paths, before),
            DeckCommand::Remove { items } => {
                check_items(desk, &items)?;
                desk.remove(&items);
                desk.settle();
            }
            DeckCommand::Move { item, before } => {
                let place = place(desk, item)?;
                let before = before.map(|before| self::place(desk, before)).transpose()?;
                let entry = desk.entries.remove(place);
                let to = before.map_or(desk.entries.len(), |before| before - usize::from(before > place));
                desk.entries.insert(to, entry);
            }
            DeckCommand::SetItem { item, settings } => {
                let place = place(desk, item)?;
                desk.entries[place].item.settings = item_settings(settings)?;
                desk.settle();
            }
            DeckCommand::Load { item, play } => {
                place(desk, item)?;
                desk.load(item, play);
            }
            DeckCommand::Play => {
                if !desk.play() {
                    return Err(refused("its playlist has nothing to play; add a file first"));
                }
            }
            DeckCommand::Pause => desk.tell(Told::Pause),
            DeckCommand::Seek { seconds } => desk.tell(Told::Seek(desk.frames(self::seconds(seconds)?))),
            DeckCommand::Loop { part } => {
                let part = part.map(self::part).transpose()?;
                desk.tell(Told::Repeat(part.map(|part| desk.repeat(part))));
            }
            DeckCommand::Next => desk.tell(Told::Next),
            DeckCommand::Eject => desk.tell(Told::Eject),
            DeckCommand::Set { settings } => {
                desk.settings = deck_settings(settings)?;
                desk.tell_passing();
                desk.settle();
            }
        }
        if sets {
            self.tell_deck(strip);
        }
        Ok(())
    }

    /// Adds files, and what playlists among them list as soon as they are read.
    fn add_items(&mut self, strip: StripId, paths: &[String], before: Option<ItemId>) -> Result<(), CommandError> {
        if paths.iter().any(|path| is_playlist(Path::new(path))) {
            check_paths(paths)?;
            self.decks.desk(strip)?;
            self.read_playlists(strip, paths.to_vec(), before);
            return Ok(());
        }
        self.add_files(strip, paths, before)
    }

    pub(super) fn add_files(
        &mut self,
        strip: StripId,
        paths: &[String],
        before: Option<ItemId>,
    ) -> Result<(), CommandError> {
        let desk = self.decks.desk(strip)?;
        let at = before.map_or(Ok(desk.entries.len()), |before| place(desk, before))?;
        if desk.entries.len() + paths.len() > ITEMS_MAX {
            return Err(refused(&format!(
                "a playlist has {ITEMS_MAX} items at most; take some off first"
            )));
        }
        check_paths(paths)?;
        let ids = self.decks.take_ids(paths.len());
        let desk = self.decks.desk(strip)?;
        let entry = |(id, path): (ItemId, &String)| Entry::of(named(id, path));
        let files = ids.clone().zip(paths.iter().map(PathBuf::from)).collect();
        desk.entries.splice(at..at, ids.zip(paths).map(entry));
        self.look_up(strip, files);
        self.tell_deck(strip);
        Ok(())
    }
}

fn check_paths(paths: &[String]) -> Result<(), CommandError> {
    paths.iter().try_for_each(|path| item_path(path))
}

/// Refuses what names no file, of a command and of a session.
pub(crate) fn item_path(path: &str) -> Result<(), CommandError> {
    if Path::new(path).is_absolute() && path.len() <= PATH_MAX {
        return Ok(());
    }
    Err(refused(&format!(
        "\"{path}\" is no whole path; name the file from the root"
    )))
}

fn refused(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Invalid,
        message: message.into(),
    }
}

fn place(desk: &DeckDesk, item: ItemId) -> Result<usize, CommandError> {
    let place = desk.place(item);
    place.ok_or_else(|| refused(&format!("there is no item {item} (any more)")))
}

fn check_items(desk: &DeckDesk, items: &[ItemId]) -> Result<(), CommandError> {
    items.iter().try_for_each(|item| place(desk, *item).map(drop))
}

fn seconds(seconds: f64) -> Result<f64, CommandError> {
    if (0.0..=SECONDS_MAX).contains(&seconds) {
        return Ok(seconds);
    }
    Err(refused(&format!(
        "{seconds} is no place in a file; choose 0 to {SECONDS_MAX} s"
    )))
}

fn part(part: LoopPart) -> Result<LoopPart, CommandError> {
    let (from, to) = (seconds(part.from)?, seconds(part.to)?);
    if to - from < 0.01 {
        return Err(refused("a loop lasts 10 ms at least; choose a later end"));
    }
    Ok(LoopPart { from, to })
}

/// Refuses what cannot be, of a command and of a session.
pub(crate) fn item_settings(settings: ItemSettings) -> Result<ItemSettings, CommandError> {
    let cue_in = seconds(settings.cue_in)?;
    if let Some(cue_out) = settings.cue_out
        && seconds(cue_out)? <= cue_in
    {
        return Err(refused("an item ends behind its beginning; choose a later end"));
    }
    if !(-20.0..=20.0).contains(&settings.gain) {
        return Err(refused(&format!(
            "a gain of {} dB is out of range; choose -20 to 20",
            settings.gain
        )));
    }
    Ok(settings)
}

/// The same of a deck.
pub(crate) fn deck_settings(settings: DeckSettings) -> Result<DeckSettings, CommandError> {
    if !(0.0..=20.0).contains(&settings.crossfade) {
        let told = format!(
            "a crossfade of {} s is out of range; choose 0 to 20",
            settings.crossfade
        );
        return Err(refused(&told));
    }
    Ok(settings)
}
