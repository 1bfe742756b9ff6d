//! The broadcast delay as a host sees it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::AirDelaySettings;

/// The delay between the programme and the air.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AirDelayState {
    /// What was set.
    pub settings: AirDelaySettings,
    /// What it is doing.
    pub phase: AirDelayPhase,
    /// Seconds that are held: so much can be dropped.
    pub held: f64,
    /// Seconds dropped since the desk was started.
    pub dumped: f64,
    /// Frames of the programme that came too late for the delay: silent on air.
    #[ts(type = "number")]
    pub frames_late: u64,
    /// The last dump.
    pub last_dump: Option<AirDump>,
}

/// What the delay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AirDelayPhase {
    /// There is none.
    Through,
    /// It builds itself up: what is aired is slower than the programme.
    Building,
    /// It is as long as was set, or up to 30 ms longer.
    Held,
    /// It is taken back: what is aired is faster.
    Returning,
}

/// A part of the programme that was never aired.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AirDump {
    /// Its first frame, counted as the programme's.
    #[ts(type = "number")]
    pub first: u64,
    /// How many frames.
    #[ts(type = "number")]
    pub frames: u64,
    /// The frame on air with which the join over it began; `null` while what came before it is still being aired.
    #[ts(type = "number | null")]
    pub aired_at: Option<u64>,
    /// When it was dropped, as local time `HH:MM:SS`.
    pub time: String,
}
