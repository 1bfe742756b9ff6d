//! A strip in a session's file: what was never touched is not written.

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::de_esser::DeEsserSettings;
use airdesk_dsp::equaliser::EqualiserSettings;
use airdesk_dsp::gate::GateSettings;
use airdesk_dsp::high_pass::HighPassSettings;
use airdesk_dsp::{Decibels, Pan};
use airdesk_engine::AUX_BUSES;
use serde::{Deserialize, Serialize};

use super::is_usual;
use crate::api::{
    BusName, ChainSettings, ChannelMode, PanLaw, SendSettings, SendTap, StripControls, StripSource, StripState,
    Talkover,
};

/// One strip of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct SessionStrip {
    /// What the operator reads on it.
    pub name: String,
    /// What feeds it.
    pub source: StripSource,
    /// Where its controls stand.
    pub controls: StripControls,
}

impl SessionStrip {
    /// A strip with every control at rest.
    pub fn new(name: &str, source: StripSource) -> Self {
        Self {
            name: name.into(),
            source,
            controls: StripControls::default(),
        }
    }
}

impl From<&StripState> for SessionStrip {
    fn from(strip: &StripState) -> Self {
        Self {
            name: strip.name.clone(),
            source: strip.source.clone(),
            controls: strip.controls,
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
    /// Counted from 1, as the operator reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vca: Option<u8>,
    #[serde(default, skip_serializing_if = "is_usual")]
    talkover: Talkover,
    source: StripSource,
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
    to: BusName,
    level: Decibels,
    #[serde(default)]
    tap: SendTap,
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
            vca: controls.vca.map(|vca| vca + 1),
            talkover: controls.talkover,
            source: strip.source,
            high_pass: controls.chain.high_pass,
            gate: controls.chain.gate,
            equaliser: controls.chain.equaliser,
            compressor: controls.chain.compressor,
            de_esser: controls.chain.de_esser,
            sends: sends
                .filter(|(_, send)| *send != SendSettings::default())
                .map(|(to, SendSettings { level, tap })| WrittenSend { to, level, tap })
                .collect(),
        }
    }
}

impl TryFrom<Written> for SessionStrip {
    type Error = String;

    fn try_from(strip: Written) -> Result<Self, String> {
        let mut sends = [SendSettings::default(); AUX_BUSES];
        for send in strip.sends {
            let aux = send.to.aux().and_then(|aux| sends.get_mut(usize::from(aux)));
            *aux.ok_or("a strip is sent to an aux bus; the others it reaches by its fader and its cue switch")? =
                SendSettings {
                    level: send.level,
                    tap: send.tap,
                };
        }
        let vca = match strip.vca {
            Some(0) => return Err("VCA groups are counted from 1".into()),
            vca => vca.map(|vca| vca - 1),
        };
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
            vca,
            talkover: strip.talkover,
            mute: strip.mute,
            solo: strip.solo,
            solo_safe: strip.solo_safe,
            cue: strip.cue,
        };
        Ok(Self {
            name: strip.name,
            source: strip.source,
            controls,
        })
    }
}
