//! A bus in a session's file: what was never touched is not written.

use airdesk_dsp::Decibels;
use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::equaliser::EqualiserSettings;
use serde::{Deserialize, Serialize};

use super::is_usual;
use crate::api::{BusChainSettings, BusName, DeviceChoice, OutputSettings};

/// One bus of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionBus {
    /// Which.
    pub bus: BusName,
    /// Its fader, dB; `-inf` is off.
    #[serde(default = "unity")]
    pub fader: Decibels,
    /// An aux bus that carries the programme without the strip at this place, counted from 1 (mix-minus).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<usize>,
    /// Where it is played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<DeviceChoice>,
    /// How that device is used.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub playback: OutputSettings,
    /// Its equaliser.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub equaliser: EqualiserSettings,
    /// Its compressor.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub compressor: CompressorSettings,
}

fn unity() -> Decibels {
    Decibels::UNITY
}

impl SessionBus {
    /// A bus at unity, flat, played nowhere.
    pub fn new(bus: BusName) -> Self {
        Self {
            bus,
            fader: unity(),
            without: None,
            output: None,
            playback: OutputSettings::default(),
            equaliser: EqualiserSettings::default(),
            compressor: CompressorSettings::default(),
        }
    }

    /// Its stages together.
    pub fn stages(&self) -> BusChainSettings {
        BusChainSettings {
            equaliser: self.equaliser,
            compressor: self.compressor,
        }
    }
}
