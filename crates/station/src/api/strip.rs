//! A strip as a host sees it.

use airdesk_devices::DeviceId;
use airdesk_engine::{StripControls, StripId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{RawFormat, Resampling};

/// What feeds a strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StripSource {
    /// Nothing.
    Silent,
    /// A capture device, or what a device plays where the system offers that.
    Device {
        /// Which one.
        #[ts(type = "string")]
        device: DeviceId,
        /// Which of its channels.
        channels: ChannelPick,
        /// How exactly, and how late, it is brought to the desk's clock; balanced unless set.
        #[serde(default, skip_serializing_if = "is_balanced")]
        #[ts(as = "Option<Resampling>", optional)]
        resampling: Resampling,
        /// Frames that the device is asked to bring at a time, 32 to 4096; as many as last 5 ms unless set. More cost less
        /// and are heard later. Where strips of one device differ the fewest are asked for. A host may bring others:
        /// PipeWire gives everybody the fewest that anyone asks for, and an output of the desk asks for as many as last 5 ms.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        buffer: Option<u16>,
    },
    /// Material that comes with Airdesk, looped.
    Material {
        /// Which piece.
        material: Material,
    },
    /// A deck: files, one after the other, as [`super::DeckState`] has them.
    Deck,
    /// A cart wall: pads that are fired, as [`super::CartsState`] has them.
    Carts,
    /// A WAV file.
    File {
        /// Its path.
        path: String,
        /// Start again at its end.
        looped: bool,
    },
    /// A stream or a file by HTTP: MP3, AAC-LC, Ogg (Vorbis, Opus, FLAC), WAV, or samples without a header.
    Stream {
        /// Its address, `http://` or `https://`, without a login; a playlist stands for its first entry that plays.
        url: String,
        /// It is samples without a header, whatever the server says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        raw: Option<RawFormat>,
        /// Its titles are the desk's; not unless set.
        #[serde(default, skip_serializing_if = "is_off")]
        #[ts(as = "Option<bool>", optional)]
        titles: bool,
    },
    /// What other programs play into it, by one of the protocols that the desk listens to.
    Programs,
}

impl StripSource {
    /// What it gives is there only while a desk runs: a rendering has none of it.
    pub(crate) fn is_live(&self) -> bool {
        match self {
            Self::Device { .. } | Self::Deck | Self::Carts | Self::Stream { .. } | Self::Programs => true,
            Self::Silent | Self::Material { .. } | Self::File { .. } => false,
        }
    }
}

// By reference: that is how serde asks.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_off(flag: &bool) -> bool {
    !*flag
}

// By reference: that is how serde asks.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_balanced(resampling: &Resampling) -> bool {
    *resampling == Resampling::default()
}

/// Which channels of a device, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ChannelPick {
    /// One channel on both sides.
    Mono {
        /// The channel.
        channel: u16,
    },
    /// Two channels.
    Pair {
        /// The channel heard left.
        left: u16,
        /// The channel heard right.
        right: u16,
    },
}

/// The material that comes with Airdesk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Material {
    /// A rhythm loop.
    Rhythm,
    /// A slow chord pad.
    Pad,
    /// A spoken phrase.
    Voice,
}

/// One strip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StripState {
    /// Its id for as long as it lives; never used again.
    #[ts(type = "number")]
    pub id: StripId,
    /// What the operator reads on it.
    pub name: String,
    /// What feeds it.
    pub source: StripSource,
    /// How that is going.
    pub input: InputState,
    /// Where its controls stand.
    #[serde(flatten)]
    pub controls: StripControls,
}

/// What a strip's source is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum InputState {
    /// The strip has no source.
    Silent,
    /// The device or file is being opened.
    Opening,
    /// A deck that does not play, or a cart wall of which nothing sounds.
    Ready,
    /// Audio is arriving.
    Running {
        /// From the device's callback to the mix, seconds; 0 for files and material.
        latency: f32,
        /// The device's clock against the desk's, parts per million; positive is fast.
        ppm: f32,
        /// By how much the delay through its bridge is off, seconds; positive is too long.
        error: f32,
        /// Its clock is followed: the delay is held, and the ratio hardly moves.
        locked: bool,
        /// Frames the device delivered and the desk could not take.
        #[ts(type = "number")]
        frames_lost: u64,
        /// Frames that were not there in time: heard as silence.
        #[ts(type = "number")]
        frames_missing: u64,
    },
    /// A file has been played to its end.
    Ended,
    /// It cannot be heard; the station goes on trying where that can help.
    Missing {
        /// Why, in a sentence.
        reason: String,
    },
}
