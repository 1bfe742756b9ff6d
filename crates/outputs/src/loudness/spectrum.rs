//! What a bus is made of: levels of 30 third-octave bands from 25 Hz to 20 kHz, 20 times a second.
//!
//! Bands of IEC 61260-1, base 10. Levels are those of RMS meters: a full-scale sine on both sides reads
//! -3.01 dBFS in its band, and the powers of all bands add up to the power of the bus. The mean of both sides'
//! powers is shown, so that a side turned over still shows. Bars that fall slowly are the eye's business.

mod analysis;
mod bands;
mod decimator;

#[cfg(test)]
mod tests;

use airdesk_dsp::{Decibels, SampleRate};
use airdesk_engine::mix_queue::MixTap;
use serde::{Deserialize, Serialize};

use super::StartError;
use super::worker::{Gauge, Worker};
use analysis::Analysis;
pub use bands::{BANDS, exact_mid_frequency_hz, nominal_mid_frequency_hz};

/// The spectrum of a bus at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spectrum {
    /// Level of each band, lowest first, in dBFS RMS.
    pub bands: [Decibels; BANDS],
    /// Frames that came too late to be looked at.
    pub frames_lost: u64,
}

impl Default for Spectrum {
    fn default() -> Self {
        Self {
            bands: [Decibels::SILENCE; BANDS],
            frames_lost: 0,
        }
    }
}

/// Analyses a bus on a thread of its own. Stops when dropped.
pub struct SpectrumMeter {
    worker: Worker<Analysis>,
}

impl SpectrumMeter {
    /// Analyses what the bus publishes from now on, `rate` being the desk's.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(tap: &MixTap, rate: SampleRate) -> Result<Self, StartError> {
        let worker = Worker::start("spectrum", tap, Analysis::new(rate))?;
        Ok(Self { worker })
    }

    /// The newest spectrum; silence when the bus has published nothing for half a second.
    pub fn reading(&self) -> Spectrum {
        self.worker.with(|analysis, alive| {
            let reading = *analysis.reading();
            if alive {
                return reading;
            }
            Spectrum {
                frames_lost: reading.frames_lost,
                ..Spectrum::default()
            }
        })
    }

    /// Goes on with another bus, from silence.
    pub fn follow(&self, tap: &MixTap) {
        self.worker.follow(tap);
    }
}

impl Gauge for Analysis {
    fn measure(&mut self, block: &airdesk_dsp::Block) {
        Self::measure(self, block);
    }

    fn lose(&mut self, blocks: u64) {
        Self::lose(self, blocks);
    }

    fn join(&mut self) {
        self.clear();
    }
}
