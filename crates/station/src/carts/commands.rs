//! What operators ask of cart walls.

use std::path::Path;

use airdesk_engine::StripId;
use airdesk_engine::transport::EngineStands;

use super::desk::{Bank, Pad, PadFile, WallDesk};
use crate::api::{CartCommand, CommandError, ErrorCode, PADS, PadMode, PadSettings};
use crate::station::Core;

/// Banks that a wall may have.
pub(crate) const BANKS_MAX: usize = 8;
/// Stop groups.
const GROUPS: u8 = 8;
/// A path is no longer than any system's.
const PATH_MAX: usize = 4_096;

impl Core {
    /// Does what a cart wall is told.
    pub(crate) fn carts(&mut self, strip: StripId, command: CartCommand) -> Result<(), CommandError> {
        let desk = self.walls.desk(strip)?;
        match command {
            CartCommand::Fire { bank, pad } => {
                let (bank, place) = place(desk, bank, pad)?;
                return fire(desk, bank, place);
            }
            CartCommand::Release { bank, pad } => {
                let (bank, place) = place(desk, bank, pad)?;
                let is_held = self::pad(desk, bank, place)?.settings.mode == PadMode::Hold;
                return if is_held {
                    desk.stop(bank, place).map_err(stands)
                } else {
                    Ok(())
                };
            }
            CartCommand::Stop { bank, pad } => {
                let (bank, place) = place(desk, bank, pad)?;
                return desk.stop(bank, place).map_err(stands);
            }
            CartCommand::StopAll => return desk.stop_all().map_err(stands),
            CartCommand::SetPad { bank, pad, settings } => {
                let (bank, place) = place(desk, bank, pad)?;
                self.set_pad(strip, bank, place, pad_settings(settings)?)?;
            }
            CartCommand::ClearPad { bank, pad } => {
                let (bank, place) = place(desk, bank, pad)?;
                desk.stop(bank, place).map_err(stands)?;
                desk.banks[bank].pads[place] = None;
            }
            CartCommand::SetBanks { names } => set_banks(desk, &names)?,
        }
        self.tell_carts(strip);
        Ok(())
    }

    fn set_pad(
        &mut self,
        strip: StripId,
        bank: usize,
        place: usize,
        settings: PadSettings,
    ) -> Result<(), CommandError> {
        if let Some(key) = &settings.hotkey
            && let Some(other) = self.walls.with_hotkey(key, (strip, bank, place))
        {
            return Err(refused(&format!(
                "{key} fires \"{other}\" already; choose another key, or take it off there"
            )));
        }
        let desk = self.walls.desk(strip)?;
        let before = desk.banks[bank].pads[place].take();
        let sound = match before {
            Some(Pad {
                settings: before,
                sound: sound @ (PadFile::Ready(_) | PadFile::Loading(_)),
            }) if before.path == settings.path => sound,
            Some(_) => {
                // An engine that takes no orders sounds nothing.
                let _ = desk.stop(bank, place);
                PadFile::Unread
            }
            None => PadFile::Unread,
        };
        desk.banks[bank].pads[place] = Some(Pad { settings, sound });
        self.load_missing(strip);
        Ok(())
    }
}

fn refused(message: &str) -> CommandError {
    CommandError {
        code: ErrorCode::Invalid,
        message: message.into(),
    }
}

fn stands(error: EngineStands) -> CommandError {
    CommandError {
        code: ErrorCode::Unavailable,
        message: error.to_string(),
    }
}

/// Refuses a pad that is not there.
fn place(desk: &WallDesk, bank: u8, pad: u8) -> Result<(usize, usize), CommandError> {
    let (bank, pad) = (usize::from(bank), usize::from(pad));
    if bank < desk.banks.len() && pad < PADS {
        return Ok((bank, pad));
    }
    Err(refused(&format!(
        "there is no pad {pad} in a bank {bank}: the wall has banks 0 to {}, with pads 0 to {}",
        desk.banks.len() - 1,
        PADS - 1
    )))
}

fn pad(desk: &WallDesk, bank: usize, place: usize) -> Result<&Pad, CommandError> {
    desk.banks[bank].pads[place].as_ref().ok_or_else(|| {
        refused(&format!(
            "pad {place} of bank {bank} is not set; choose a file for it first"
        ))
    })
}

fn fire(desk: &mut WallDesk, bank: usize, place: usize) -> Result<(), CommandError> {
    let pad = pad(desk, bank, place)?;
    match &pad.sound {
        PadFile::Unread | PadFile::Loading(_) => {
            let told = format!("\"{}\" is still being read; fire it again in a moment", pad.name());
            return Err(refused(&told));
        }
        PadFile::Faulty(reason) => return Err(refused(reason)),
        PadFile::Ready(_) => {}
    }
    desk.fire(bank, place).map(drop).map_err(stands)
}

fn set_banks(desk: &mut WallDesk, names: &[String]) -> Result<(), CommandError> {
    let names = bank_names(names)?;
    let mut left_out = desk.banks.iter().skip(names.len());
    if let Some(full) = left_out.find(|bank| !bank.is_empty()) {
        return Err(refused(&format!(
            "bank \"{}\" has pads; clear them before it is left out",
            full.name
        )));
    }
    desk.banks.truncate(names.len());
    for (place, name) in names.into_iter().enumerate() {
        match desk.banks.get_mut(place) {
            Some(bank) => bank.name = name,
            None => desk.banks.push(Bank::new(name)),
        }
    }
    Ok(())
}

fn bank_names(names: &[String]) -> Result<Vec<String>, CommandError> {
    if names.is_empty() || names.len() > BANKS_MAX {
        return Err(refused(&format!(
            "a wall has 1 to {BANKS_MAX} banks, not {}",
            names.len()
        )));
    }
    names.iter().map(|name| bank_name(name)).collect()
}

/// The same of one bank.
pub(crate) fn bank_name(name: &str) -> Result<String, CommandError> {
    let name = label(name, "bank")?;
    if name.is_empty() {
        return Err(refused("a bank needs a name of 1 to 40 characters"));
    }
    Ok(name)
}

/// A name of 40 characters at most, none of them invisible.
fn label(name: &str, of: &str) -> Result<String, CommandError> {
    let name = name.trim();
    if name.chars().count() > 40 || name.chars().any(char::is_control) {
        return Err(refused(&format!(
            "\"{}\" cannot be a {of}'s name; use 40 characters at most",
            name.escape_debug()
        )));
    }
    Ok(name.to_owned())
}

/// A letter or digit, or F1 to F12, as it is written on the key.
fn hotkey(key: &str) -> Result<String, CommandError> {
    let key = key.trim().to_ascii_uppercase();
    let function = key.strip_prefix('F').and_then(|number| number.parse::<u8>().ok());
    let is_key = match key.as_bytes() {
        [one] => one.is_ascii_alphanumeric(),
        _ => function.is_some_and(|number| (1..=12).contains(&number) && key == format!("F{number}")),
    };
    if is_key {
        return Ok(key);
    }
    Err(refused(&format!(
        "\"{}\" is no key for a pad; choose a letter from A to Z, a digit, or F1 to F12",
        key.escape_debug()
    )))
}

/// Refuses what cannot be, of a command and of a session, and returns it as it is kept.
pub(crate) fn pad_settings(settings: PadSettings) -> Result<PadSettings, CommandError> {
    let path = settings.path.trim();
    if !Path::new(path).is_absolute() || path.len() > PATH_MAX {
        return Err(refused(&format!(
            "\"{}\" is no whole path; name the file from the root",
            path.escape_debug()
        )));
    }
    if !(-60.0..=10.0).contains(&settings.level) {
        return Err(CommandError {
            code: ErrorCode::OutOfRange,
            message: format!(
                "a pad's level of {} dB is out of range; choose -60 to 10",
                settings.level
            ),
        });
    }
    if settings.group > GROUPS {
        return Err(CommandError {
            code: ErrorCode::OutOfRange,
            message: format!(
                "there is no stop group {}; choose 1 to {GROUPS}, or 0 for none",
                settings.group
            ),
        });
    }
    Ok(PadSettings {
        path: path.to_owned(),
        name: label(&settings.name, "pad")?,
        hotkey: settings.hotkey.as_deref().map(hotkey).transpose()?,
        ..settings
    })
}
