//! Decks: strips that play files, one after the other.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// An item of a deck's playlist. Numbers are never used again while the desk runs.
pub type ItemId = u32;

/// What a deck is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum DeckCommand {
    /// Add files to the playlist, at most 10 000. A playlist file (M3U, PLS, XSPF) stands for what it lists.
    Add {
        /// The files, as paths from the root.
        paths: Vec<String>,
        /// Before which item; at the end unless set.
        #[serde(default)]
        #[ts(optional)]
        before: Option<ItemId>,
    },
    /// Take items off the playlist. What plays goes on to its end.
    Remove {
        /// Which.
        items: Vec<ItemId>,
    },
    /// Move an item before another, or to the end.
    Move {
        /// Which.
        item: ItemId,
        /// Before which.
        #[serde(default)]
        #[ts(optional)]
        before: Option<ItemId>,
    },
    /// Set what is special about an item.
    SetItem {
        /// Which.
        item: ItemId,
        /// All of it.
        settings: ItemSettings,
    },
    /// Put an item on, in place of what is on.
    Load {
        /// Which.
        item: ItemId,
        /// Play it at once.
        play: bool,
    },
    /// Play what is on, or the first item.
    Play,
    /// Stop at once, and stay there.
    Pause,
    /// Go to a place in what is on.
    Seek {
        /// Seconds from the file's beginning.
        seconds: f64,
    },
    /// Play a part of what is on again and again, or no more.
    Loop {
        /// Its beginning and its end, seconds from the file's beginning.
        part: Option<LoopPart>,
    },
    /// Pass into what follows, now.
    Next,
    /// Take off what is on.
    Eject,
    /// How the deck goes from one item to the next.
    Set {
        /// All of it.
        settings: DeckSettings,
    },
}

impl DeckCommand {
    /// It sets something that stays, rather than playing what is there: hosts are told of the playlist, and it is saved.
    pub(crate) fn sets(&self) -> bool {
        match self {
            Self::Add { .. } | Self::Remove { .. } | Self::Move { .. } | Self::SetItem { .. } | Self::Set { .. } => {
                true
            }
            Self::Load { .. }
            | Self::Play
            | Self::Pause
            | Self::Seek { .. }
            | Self::Loop { .. }
            | Self::Next
            | Self::Eject => false,
        }
    }
}

/// A part of a file that is played again and again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoopPart {
    /// Where it begins, seconds.
    pub from: f64,
    /// Where it ends, seconds.
    pub to: f64,
}

/// What is special about an item of a playlist.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemSettings {
    /// The deck stops behind it.
    #[serde(default)]
    pub stops: bool,
    /// Where it begins, seconds from the file's beginning.
    #[serde(default)]
    pub cue_in: f64,
    /// Where it ends, seconds from the file's beginning; at the file's end unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cue_out: Option<f64>,
    /// How much louder than levelling makes it, -20 to +20 dB.
    #[serde(default)]
    pub gain: f32,
}

/// How a deck goes from one item to the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeckSettings {
    /// Go on with the next item by itself.
    pub advance: bool,
    /// Begin the playlist again at its end.
    pub repeat: bool,
    /// Seconds in which one item passes into the next, 0 to 20; with 0 one begins with the frame after the other's last.
    pub crossfade: f32,
    /// Its curve.
    pub curve: FadeCurve,
    /// Bring all items to one loudness by what their tags say (ReplayGain, R128): -18 LUFS.
    pub levelling: bool,
    /// What is heard is the title that is on.
    pub titles: bool,
}

impl Default for DeckSettings {
    fn default() -> Self {
        Self {
            advance: true,
            repeat: false,
            crossfade: 0.0,
            curve: FadeCurve::EqualPower,
            levelling: true,
            titles: true,
        }
    }
}

/// The curve of a crossfade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FadeCurve {
    /// For different pieces: together as loud as one.
    #[default]
    EqualPower,
    /// For the same sound on both sides.
    EqualGain,
}

/// One item of a playlist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeckItem {
    /// Which.
    pub id: ItemId,
    /// The file.
    pub path: String,
    /// What the file says it is; the file's name where it says nothing.
    pub title: String,
    /// Who performs it; empty where the file does not say.
    pub artist: String,
    /// How long it is, seconds, once that was looked up.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// It has a picture.
    pub cover: bool,
    /// Why it cannot be played.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What is special about it.
    pub settings: ItemSettings,
}

/// What a deck is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum DeckPhase {
    /// Nothing is on.
    #[default]
    Empty,
    /// What is on is being opened.
    Loading,
    /// Ready to be played.
    Paused,
    /// It plays.
    Playing,
    /// The last item was played to its end.
    Ended,
}

/// Where a deck is. Told five times a second while it plays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeckPosition {
    /// Which deck.
    #[ts(type = "number")]
    pub strip: StripId,
    /// What it is doing.
    pub phase: DeckPhase,
    /// The item that is heard, or would be.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemId>,
    /// Seconds from its file's beginning.
    pub seconds: f64,
    /// How long it is, seconds, where that is known: to its end, where it has one of its own.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<f64>,
    /// What follows, when it can be played.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<ItemId>,
    /// One item is passing into the next.
    pub passing: bool,
    /// The part that is played again and again.
    #[ts(optional)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<LoopPart>,
}

/// A deck: what a strip plays that is fed by one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeckState {
    /// Its strip.
    #[ts(type = "number")]
    pub strip: StripId,
    /// The playlist.
    pub items: Vec<DeckItem>,
    /// How it goes from one item to the next.
    pub settings: DeckSettings,
    /// Where it is.
    pub position: DeckPosition,
}
