//! How loud a bus is, as a host sees it.

use airdesk_engine::StripId;
use airdesk_outputs::loudness::{Dbtp, Loudness, Lu, Lufs};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::BusName;

/// Loudness of a bus after EBU R 128. Silence, and what has not been heard long enough, is `null`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LoudnessState {
    /// Which bus.
    pub bus: BusName,
    /// Over the last 400 ms, LUFS.
    pub momentary: Option<f32>,
    /// Over the last 3 s, LUFS.
    pub short_term: Option<f32>,
    /// Since the reset, gated, LUFS.
    pub integrated: Option<f32>,
    /// Loudness range since the reset, LU.
    pub range: Option<f32>,
    /// The highest momentary loudness since the reset, LUFS.
    pub momentary_max: Option<f32>,
    /// The highest short-term loudness since the reset, LUFS.
    pub short_term_max: Option<f32>,
    /// The highest true peak since the reset, dBTP.
    pub true_peak_max: Option<f32>,
    /// Phase correlation: +1 mono, 0 unrelated, -1 mono hears nothing.
    pub correlation: Option<f32>,
    /// Seconds measured since the reset.
    pub seconds: f64,
    /// Frames since the reset that came too late to be measured.
    #[ts(type = "number")]
    pub frames_lost: u64,
}

impl LoudnessState {
    pub(crate) fn new(bus: BusName, loudness: &Loudness) -> Self {
        Self {
            bus,
            momentary: loudness.momentary.map(Lufs::value),
            short_term: loudness.short_term.map(Lufs::value),
            integrated: loudness.integrated.map(Lufs::value),
            range: loudness.range.map(Lu::value),
            momentary_max: loudness.momentary_max.map(Lufs::value),
            short_term_max: loudness.short_term_max.map(Lufs::value),
            true_peak_max: loudness.true_peak_max.map(Dbtp::value),
            correlation: loudness.correlation,
            seconds: loudness.seconds,
            frames_lost: loudness.frames_lost,
        }
    }
}

/// Whose spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SpectrumOf {
    /// A bus's, of what it publishes.
    Bus(BusName),
    /// A strip's, of what its meter and cue have: after its stages, before talkover and fader. Mute and solo change
    /// nothing, so that a strip can be looked at before anybody hears it.
    Strip(#[ts(type = "number")] StripId),
}

/// What a bus or a strip is made of, in third octaves (IEC 61260-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SpectrumState {
    /// Whose.
    pub of: SpectrumOf,
    /// Nominal mid-band frequency of each band, Hz, lowest first.
    pub frequencies: Vec<f32>,
    /// Level of each, dBFS RMS; `null` for silence.
    pub levels: Vec<Option<f32>>,
}
