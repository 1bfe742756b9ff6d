//! The cart wall: pads in banks that a strip plays at once. Banks and their pads are counted from 0.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Pads of a bank.
pub const PADS: usize = 16;

/// What a cart wall is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum CartCommand {
    /// Set a pad. With another file it is stopped; else what sounds of it goes on as it was fired.
    SetPad {
        /// Its bank.
        bank: u8,
        /// Which.
        pad: u8,
        /// All of it.
        settings: PadSettings,
    },
    /// Stop a pad and take its file off.
    ClearPad {
        /// Its bank.
        bank: u8,
        /// Which.
        pad: u8,
    },
    /// Sound a pad from its beginning, with the next block. What it sounds already is faded out.
    Fire {
        /// Its bank.
        bank: u8,
        /// Which.
        pad: u8,
    },
    /// Let go of a pad: one that sounds while it is held is stopped, others go on.
    Release {
        /// Its bank.
        bank: u8,
        /// Which.
        pad: u8,
    },
    /// Stop a pad within a block.
    Stop {
        /// Its bank.
        bank: u8,
        /// Which.
        pad: u8,
    },
    /// Stop all pads of the wall.
    StopAll,
    /// Name the banks, 1 to 8 of them. Those that are new are empty; one that has pads cannot be left out.
    SetBanks {
        /// Their names, 1 to 40 characters each.
        names: Vec<String>,
    },
}

impl CartCommand {
    /// It sets something that stays, rather than sounding or silencing a pad.
    pub(crate) fn sets(&self) -> bool {
        match self {
            Self::SetPad { .. } | Self::ClearPad { .. } | Self::SetBanks { .. } => true,
            Self::Fire { .. } | Self::Release { .. } | Self::Stop { .. } | Self::StopAll => false,
        }
    }
}

/// How a pad is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PadSettings {
    /// The file, as a path from the root; at most ten minutes long, and all pads of the desk together take 512 MB at most. It
    /// is read when it is set: one that has changed on disk since then once its pad was cleared and set again.
    pub path: String,
    /// What is read on it, at most 40 characters; the file's name unless set.
    #[serde(default)]
    pub name: String,
    /// Its colour.
    #[serde(default)]
    pub colour: PadColour,
    /// What pressing it does.
    #[serde(default)]
    pub mode: PadMode,
    /// How loud it is, -60 to +10 dB.
    #[serde(default)]
    pub level: f32,
    /// Its stop group, 1 to 8: firing it stops the others of the group. 0 is none.
    #[serde(default)]
    pub group: u8,
    /// While it sounds in the programme the strips that step back in talkover do so, by talkover's depth and times, also
    /// while talkover is off.
    #[serde(default)]
    pub ducks: bool,
    /// The key that fires it at a console: a letter, a digit, or F1 to F12. No other pad of the desk has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub hotkey: Option<String>,
}

/// The colour of a pad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PadColour {
    /// None in particular.
    #[default]
    Grey,
    /// Blue.
    Blue,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Orange.
    Orange,
    /// Pink.
    Pink,
    /// Violet.
    Violet,
    /// Turquoise.
    Turquoise,
}

/// What pressing a pad does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PadMode {
    /// Sounds once, to its end.
    #[default]
    OneShot,
    /// Sounds again and again until it is stopped, without a seam.
    Loop,
    /// Sounds while it is held, to its end at most.
    Hold,
}

/// How a pad's file is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PadSound {
    /// It is being read into memory.
    Loading,
    /// It can be fired.
    Ready {
        /// How long it is, seconds.
        seconds: f64,
    },
    /// It cannot be played.
    Faulty {
        /// Why, in a sentence.
        reason: String,
    },
}

/// A pad that is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PadState {
    /// How it is set.
    pub settings: PadSettings,
    /// How its file is doing.
    pub sound: PadSound,
}

/// A bank of a wall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BankState {
    /// Its name.
    pub name: String,
    /// Its 16 pads; `null` is one that is not set.
    pub pads: Vec<Option<PadState>>,
}

/// A pad that sounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PadPlaying {
    /// Its bank.
    pub bank: u8,
    /// Which.
    pub pad: u8,
    /// Seconds up to its end; of a loop up to its next beginning.
    pub left: f64,
}

/// What sounds of a wall. Told when that changes, and five times a second while something does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CartsPlaying {
    /// Which wall.
    #[ts(type = "number")]
    pub strip: StripId,
    /// The pads that sound, at most 16.
    pub pads: Vec<PadPlaying>,
    /// How many were faded out since the wall is there because more than 16 were fired: the oldest that would end by
    /// itself gives way.
    #[ts(type = "number")]
    pub gave_way: u64,
}

/// A cart wall: what a strip plays that is fed by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CartsState {
    /// Its strip.
    #[ts(type = "number")]
    pub strip: StripId,
    /// Its banks.
    pub banks: Vec<BankState>,
    /// What sounds of it.
    pub playing: CartsPlaying,
}
