//! A strip in a session's file: what was never touched is not written.

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::de_esser::DeEsserSettings;
use airdesk_dsp::equaliser::EqualiserSettings;
use airdesk_dsp::gate::GateSettings;
use airdesk_dsp::high_pass::HighPassSettings;
use airdesk_dsp::{Decibels, Pan};
use airdesk_engine::AUX_BUSES;
use serde::{Deserialize, Serialize};

use super::{SessionCarts, SessionDeck, is_usual};
use crate::api::{
    BusName, ChainSettings, ChannelMode, PanLaw, SendSettings, SendTap, StripControls, StripSource, StripState,
    Talkover,
};

/// One strip of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", from = "Written")]
pub struct SessionStrip {
    /// What the operator reads on it.
    pub name: String,
    /// What feeds it.
    pub source: StripSource,
    /// Where its controls stand.
    pub controls: StripControls,
    /// What it plays when it is a deck.
    pub deck: Option<SessionDeck>,
    /// What it plays when it is a cart wall.
    pub carts: Option<SessionCarts>,
}

impl SessionStrip {
    /// A strip with every control at rest.
    pub fn new(name: &str, source: StripSource) -> Self {
        Self {
            name: name.into(),
            source,
            controls: StripControls::default(),
            deck: None,
            carts: None,
        }
    }
}

impl From<&StripState> for SessionStrip {
    fn from(strip: &StripState) -> Self {
        Self {
            name: strip.name.clone(),
            source: strip.source.clone(),
            controls: strip.controls,
            deck: None,
            carts: None,
        }
    }
}

/// The same as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default = "unity")]
    trim: Decibels,
    #[serde(default = "unity")]
    fader: Decibels,
    #[serde(default = "centre")]
    pan: Pan,
    #[serde(default, skip_serializing_if = "is_usual")]
    pan_law: PanLaw,
    #[serde(default)]
    mute: bool,
    #[serde(default)]
    solo: bool,
    #[serde(default)]
    solo_safe: bool,
    #[serde(default)]
    cue: bool,
    #[serde(default, skip_serializing_if = "is_usual")]
    channels: ChannelMode,
    #[serde(default, skip_serializing_if = "is_usual")]
    inverted: [bool; 2],
    #[serde(default, skip_serializing_if = "is_usual")]
    delay_ms: f32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vca: Option<WrittenVca>,
    #[serde(default, skip_serializing_if = "is_usual")]
    talkover: Talkover,
    source: StripSource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deck: Option<SessionDeck>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    carts: Option<SessionCarts>,
    #[serde(default, skip_serializing_if = "is_usual")]
    high_pass: HighPassSettings,
    #[serde(default, skip_serializing_if = "is_usual")]
    gate: GateSettings,
    #[serde(default, skip_serializing_if = "is_usual")]
    equaliser: EqualiserSettings,
    #[serde(default, skip_serializing_if = "is_usual")]
    compressor: CompressorSettings,
    #[serde(default, skip_serializing_if = "is_usual")]
    de_esser: DeEsserSettings,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sends: Vec<WrittenSend>,
}

/// A send that is not off.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenSend {
    to: WrittenAux,
    level: Decibels,
    #[serde(default)]
    tap: SendTap,
}

/// A VCA group, counted from 1 in the file, as the operator reads it.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
struct WrittenVca(u8);

impl From<WrittenVca> for u8 {
    fn from(vca: WrittenVca) -> Self {
        vca.0 + 1
    }
}

impl TryFrom<u8> for WrittenVca {
    type Error = &'static str;

    fn try_from(vca: u8) -> Result<Self, Self::Error> {
        vca.checked_sub(1).map(Self).ok_or("VCA groups are counted from 1")
    }
}

/// An aux bus, by its name in the file.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "BusName", try_from = "BusName")]
struct WrittenAux(BusName);

impl From<WrittenAux> for BusName {
    fn from(aux: WrittenAux) -> Self {
        aux.0
    }
}

impl TryFrom<BusName> for WrittenAux {
    type Error = &'static str;

    fn try_from(bus: BusName) -> Result<Self, Self::Error> {
        match bus.aux() {
            Some(_) => Ok(Self(bus)),
            None => Err("a strip is sent to an aux bus; the others it reaches by its fader and its cue switch"),
        }
    }
}

fn unity() -> Decibels {
    Decibels::UNITY
}

fn centre() -> Pan {
    Pan::CENTRE
}

impl From<SessionStrip> for Written {
    fn from(strip: SessionStrip) -> Self {
        let controls = strip.controls;
        let sends = BusName::ALL.into_iter().skip(2).zip(controls.sends);
        Self {
            name: strip.name,
            trim: controls.trim,
            fader: controls.fader,
            pan: controls.pan,
            pan_law: controls.pan_law,
            mute: controls.mute,
            solo: controls.solo,
            solo_safe: controls.solo_safe,
            cue: controls.cue,
            channels: controls.channels,
            inverted: controls.inverted,
            delay_ms: controls.delay.delay_ms,
            vca: controls.vca.map(WrittenVca),
            talkover: controls.talkover,
            source: strip.source,
            deck: strip.deck,
            carts: strip.carts,
            high_pass: controls.chain.high_pass,
            gate: controls.chain.gate,
            equaliser: controls.chain.equaliser,
            compressor: controls.chain.compressor,
            de_esser: controls.chain.de_esser,
            sends: sends
                .filter(|(_, send)| *send != SendSettings::default())
                .map(|(to, SendSettings { level, tap })| WrittenSend {
                    to: WrittenAux(to),
                    level,
                    tap,
                })
                .collect(),
        }
    }
}

impl From<Written> for SessionStrip {
    fn from(strip: Written) -> Self {
        let mut sends = [SendSettings::default(); AUX_BUSES];
        for WrittenSend { to, level, tap } in strip.sends {
            if let Some(send) = to.0.aux().and_then(|aux| sends.get_mut(usize::from(aux))) {
                *send = SendSettings { level, tap };
            }
        }
        let controls = StripControls {
            channels: strip.channels,
            inverted: strip.inverted,
            trim: strip.trim,
            delay: airdesk_dsp::delay::DelaySettings {
                delay_ms: strip.delay_ms,
            },
            chain: ChainSettings {
                high_pass: strip.high_pass,
                gate: strip.gate,
                equaliser: strip.equaliser,
                compressor: strip.compressor,
                de_esser: strip.de_esser,
            },
            fader: strip.fader,
            pan: strip.pan,
            pan_law: strip.pan_law,
            sends,
            vca: strip.vca.map(|vca| vca.0),
            talkover: strip.talkover,
            mute: strip.mute,
            solo: strip.solo,
            solo_safe: strip.solo_safe,
            cue: strip.cue,
        };
        Self {
            name: strip.name,
            source: strip.source,
            deck: strip.deck,
            carts: strip.carts,
            controls,
        }
    }
}
