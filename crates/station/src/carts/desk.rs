//! One cart wall as the station knows it.

use std::path::{Path, PathBuf};

use airdesk_dsp::{Decibels, SampleRate};
use airdesk_engine::StripId;
use airdesk_engine::transport::EngineStands;
use airdesk_engine::wall::{Start, VoiceKind, Wall};

use super::load::Held;
use crate::api::{BankState, CartsPlaying, CartsState, PADS, PadMode, PadPlaying, PadSettings, PadSound, PadState};
use crate::session::{SessionBank, SessionCarts, SessionPad};

pub(super) struct WallDesk {
    pub(super) strip: StripId,
    rate: SampleRate,
    /// While its strip is fed by it.
    wall: Option<Wall>,
    pub(super) banks: Vec<Bank>,
    told: CartsPlaying,
}

pub(super) struct Bank {
    pub(super) name: String,
    pub(super) pads: [Option<Pad>; PADS],
}

pub(super) struct Pad {
    pub(super) settings: PadSettings,
    pub(super) sound: PadFile,
}

/// How far a pad's file is.
pub(super) enum PadFile {
    /// Nobody has begun to read it.
    Unread,
    /// It is being read, as this loading.
    Loading(u64),
    Ready(Held),
    Faulty(String),
}

impl Bank {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            pads: Default::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pads.iter().all(Option::is_none)
    }
}

impl Pad {
    /// What is read on it.
    pub(super) fn name(&self) -> String {
        if !self.settings.name.is_empty() {
            return self.settings.name.clone();
        }
        let stem = Path::new(&self.settings.path).file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    fn state(&self, rate: SampleRate) -> PadState {
        let sound = match &self.sound {
            PadFile::Unread | PadFile::Loading(_) => PadSound::Loading,
            PadFile::Ready(held) => PadSound::Ready {
                seconds: seconds(held.sound.len() as u64, rate),
            },
            PadFile::Faulty(reason) => PadSound::Faulty { reason: reason.clone() },
        };
        PadState {
            settings: self.settings.clone(),
            sound,
        }
    }
}

impl WallDesk {
    pub(super) fn new(strip: StripId, rate: SampleRate, kept: Option<&SessionCarts>) -> Self {
        let kept = kept.filter(|kept| !kept.banks.is_empty());
        let banks = match kept {
            Some(kept) => kept.banks.iter().map(bank).collect(),
            None => vec![Bank::new("Bank 1".into())],
        };
        Self {
            strip,
            rate,
            wall: None,
            banks,
            told: silence(strip),
        }
    }

    pub(super) fn is_fed(&self) -> bool {
        self.wall.is_some()
    }

    /// Plays through this from now on.
    pub(super) fn feed(&mut self, wall: Wall) {
        self.wall = Some(wall);
    }

    /// Its strip is fed by something else: what it has in memory is let go.
    pub(super) fn rest(&mut self) {
        self.wall = None;
        self.told = silence(self.strip);
        for pad in self.pads_mut() {
            pad.sound = PadFile::Unread;
        }
    }

    /// Has on it what was on another wall.
    pub(super) fn take_over(&mut self, other: Self) {
        self.banks = other.banks;
    }

    pub(super) fn as_kept(&self) -> SessionCarts {
        let pad = |(place, pad): (usize, &Option<Pad>)| {
            let settings = pad.as_ref()?.settings.clone();
            Some(SessionPad {
                pad: place as u8 + 1,
                settings,
            })
        };
        let bank = |bank: &Bank| SessionBank {
            name: bank.name.clone(),
            pads: bank.pads.iter().enumerate().filter_map(pad).collect(),
        };
        SessionCarts {
            banks: self.banks.iter().map(bank).collect(),
        }
    }

    pub(super) fn state(&mut self) -> CartsState {
        let rate = self.rate;
        let bank = |bank: &Bank| BankState {
            name: bank.name.clone(),
            pads: bank
                .pads
                .iter()
                .map(|pad| pad.as_ref().map(|pad| pad.state(rate)))
                .collect(),
        };
        CartsState {
            strip: self.strip,
            banks: self.banks.iter().map(bank).collect(),
            playing: self.playing(),
        }
    }

    /// The pads that are set, by bank and place.
    pub(super) fn pads(&self) -> impl Iterator<Item = (usize, usize, &Pad)> {
        let banks = self.banks.iter().enumerate();
        banks.flat_map(|(bank, Bank { pads, .. })| {
            let pads = pads.iter().enumerate();
            pads.filter_map(move |(place, pad)| Some((bank, place, pad.as_ref()?)))
        })
    }

    pub(super) fn pads_mut(&mut self) -> impl Iterator<Item = &mut Pad> {
        self.banks.iter_mut().flat_map(|bank| bank.pads.iter_mut().flatten())
    }

    fn playing(&mut self) -> CartsPlaying {
        let rate = self.rate;
        let Some(wall) = &mut self.wall else {
            return silence(self.strip);
        };
        let playing = wall.playing();
        let voice = |voice: airdesk_engine::wall::VoiceState| PadPlaying {
            bank: (usize::from(voice.pad) / PADS) as u8,
            pad: (usize::from(voice.pad) % PADS) as u8,
            left: (seconds(voice.left, rate) * 100.0).round() / 100.0,
        };
        let mut pads: Vec<_> = playing.voices().map(voice).collect();
        pads.sort_by_key(|pad| (pad.bank, pad.pad));
        CartsPlaying {
            strip: self.strip,
            pads,
            gave_way: playing.gave_way,
        }
    }

    /// What sounds, if hosts are to be told: other pads at once, and where they are when there are `figures`.
    pub(super) fn moved(&mut self, figures: bool) -> Option<CartsPlaying> {
        let now = self.playing();
        let which = |playing: &CartsPlaying| -> Vec<_> { playing.pads.iter().map(|pad| (pad.bank, pad.pad)).collect() };
        let is_news = which(&now) != which(&self.told) || now.gave_way != self.told.gave_way;
        (is_news || (figures && now != self.told)).then(|| {
            self.told = now.clone();
            now
        })
    }

    /// Sounds a pad. False: there is nothing in memory to sound.
    pub(super) fn fire(&mut self, bank: usize, place: usize) -> Result<bool, EngineStands> {
        let pad = self.banks.get(bank).and_then(|bank| bank.pads[place].as_ref());
        let (
            Some(wall),
            Some(Pad {
                settings,
                sound: PadFile::Ready(held),
            }),
        ) = (&mut self.wall, pad)
        else {
            return Ok(false);
        };
        wall.start(Start {
            sound: held.sound.clone(),
            gain: Decibels::new(settings.level).unwrap_or(Decibels::UNITY).gain(),
            pad: number(bank, place),
            kind: if settings.mode == PadMode::Loop {
                VoiceKind::Looped
            } else {
                VoiceKind::Once
            },
            group: settings.group,
            ducks: settings.ducks,
        })?;
        Ok(true)
    }

    pub(super) fn stop(&mut self, bank: usize, place: usize) -> Result<(), EngineStands> {
        self.wall.as_mut().map_or(Ok(()), |wall| wall.stop(number(bank, place)))
    }

    pub(super) fn stop_all(&mut self) -> Result<(), EngineStands> {
        self.wall.as_mut().map_or(Ok(()), Wall::stop_all)
    }

    /// What is not in memory and nobody reads: begun from now on, as loadings counted on from `loads`.
    pub(super) fn begin_loading(&mut self, loads: &mut u64) -> Vec<(u64, PathBuf)> {
        let unread = self.pads_mut().filter(|pad| matches!(pad.sound, PadFile::Unread));
        unread
            .map(|pad| {
                *loads += 1;
                pad.sound = PadFile::Loading(*loads);
                (*loads, PathBuf::from(&pad.settings.path))
            })
            .collect()
    }
}

/// The engine's number of a pad.
fn number(bank: usize, place: usize) -> u16 {
    (bank * PADS + place) as u16
}

fn seconds(frames: u64, rate: SampleRate) -> f64 {
    frames as f64 / f64::from(rate.hz())
}

fn silence(strip: StripId) -> CartsPlaying {
    CartsPlaying {
        strip,
        pads: Vec::new(),
        gave_way: 0,
    }
}

fn bank(kept: &SessionBank) -> Bank {
    let mut bank = Bank::new(kept.name.clone());
    for SessionPad { pad, settings } in &kept.pads {
        // Counted from 1; the session was checked.
        if let Some(place) = bank.pads.get_mut(usize::from(*pad).wrapping_sub(1)) {
            let hotkey = settings.hotkey.as_ref().map(|key| key.trim().to_ascii_uppercase());
            *place = Some(Pad {
                settings: PadSettings {
                    hotkey,
                    ..settings.clone()
                },
                sound: PadFile::Unread,
            });
        }
    }
    bank
}
