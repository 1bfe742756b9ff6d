//! What the delay tells.

use airdesk_dsp::SampleRate;
use airdesk_dsp::air_delay::{Phase, Tally};

/// The truth about the delay at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DelayState {
    /// The desk's rate.
    pub rate: SampleRate,
    /// How long it is to be, frames.
    pub wanted: u64,
    /// How long it is, frames: so much can be dropped.
    pub held: u64,
    /// What it is doing.
    pub phase: Phase,
    /// All frames since it was made: `taken = aired + held + dumped - inserted`.
    pub tally: Tally,
    /// Frames of the programme that its thread was too late for: they are silent on air.
    pub late: u64,
}

impl DelayState {
    /// A count of frames in seconds.
    pub fn seconds(&self, frames: u64) -> f64 {
        frames as f64 / f64::from(self.rate.hz())
    }
}
