//! Buses and groups as a host sees them.

use airdesk_dsp::Decibels;
use airdesk_engine::{BUSES, BusChainSettings, BusId, StripId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The buses of the desk, in the order in which they are listed everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum BusName {
    /// What is recorded and goes on air.
    Programme,
    /// What the operator alone listens to.
    Cue,
    /// What strips send to.
    Aux1,
    /// The second.
    Aux2,
    /// The third.
    Aux3,
    /// The fourth.
    Aux4,
    /// The fifth.
    Aux5,
    /// The sixth.
    Aux6,
    /// The seventh.
    Aux7,
    /// The eighth.
    Aux8,
}

impl BusName {
    /// All of them.
    pub const ALL: [Self; BUSES] = [
        Self::Programme,
        Self::Cue,
        Self::Aux1,
        Self::Aux2,
        Self::Aux3,
        Self::Aux4,
        Self::Aux5,
        Self::Aux6,
        Self::Aux7,
        Self::Aux8,
    ];

    /// Its place where buses are listed.
    pub fn place(self) -> usize {
        self as usize
    }

    /// Which aux bus it is, counted from 0, if it is one.
    pub fn aux(self) -> Option<u8> {
        (self as u8).checked_sub(Self::Aux1 as u8)
    }

    /// What it is called in a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Programme => "programme",
            Self::Cue => "cue",
            Self::Aux1 => "aux 1",
            Self::Aux2 => "aux 2",
            Self::Aux3 => "aux 3",
            Self::Aux4 => "aux 4",
            Self::Aux5 => "aux 5",
            Self::Aux6 => "aux 6",
            Self::Aux7 => "aux 7",
            Self::Aux8 => "aux 8",
        }
    }

    pub(crate) fn id(self) -> BusId {
        match self {
            Self::Programme => BusId::Programme,
            Self::Cue => BusId::Cue,
            aux => BusId::Aux(aux.aux().unwrap_or_default()),
        }
    }
}

/// One bus.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BusState {
    /// Which.
    pub bus: BusName,
    /// Its fader in dB, -90 to +10 as a strip's, or off (`null`); 0 unless set.
    #[ts(type = "number | null")]
    pub fader: Decibels,
    /// Equaliser and compressor, off unless set.
    pub stages: BusChainSettings,
    /// An aux bus that carries the programme without this strip (mix-minus): what its guest hears.
    #[ts(type = "number | null")]
    pub without: Option<StripId>,
}

impl BusState {
    /// A bus at unity, flat.
    pub fn new(bus: BusName) -> Self {
        Self {
            bus,
            fader: Decibels::UNITY,
            stages: BusChainSettings::default(),
            without: None,
        }
    }
}

/// One VCA group: a fader that moves those of its strips.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VcaState {
    /// Which, counted from 0.
    pub vca: u8,
    /// Its fader in dB, -90 to +10 as a strip's, or off (`null`); 0 unless set.
    #[ts(type = "number | null")]
    pub fader: Decibels,
}

/// What can be recalled of a scene by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ScenePart {
    /// Which strips there are: those that are missing are added, all others removed.
    Layout,
    /// What feeds the strips.
    Sources,
    /// Trim, fader and pan; the faders of buses and VCA groups.
    Levels,
    /// Mute, solo, solo safe and cue.
    Switches,
    /// Channels, polarity, delay and all stages; limiter and talkover.
    Stages,
    /// Sends to aux buses, and what those leave out (mix-minus).
    Sends,
    /// VCA group and part in talkover.
    Groups,
}

/// What can be taken back, and done again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct HistoryState {
    /// What undo takes back, in words; `null` for nothing.
    pub undo: Option<String>,
    /// What redo does again.
    pub redo: Option<String>,
}
