//! How loud a bus is, after EBU R 128, and what it is made of, in third octaves.
//!
//! A meter has its own place on the bus and its own thread, which looks 40 times a second at what is there.
//! Nothing pretends: what came too late to be measured is counted, and a bus that has stopped publishing has
//! no momentary loudness. The same arithmetic runs faster than real time through [`Measurement`].

mod measurement;
mod meter;
mod range;
mod spectrum;
mod units;
mod windows;
mod worker;

pub use measurement::{Loudness, Measurement};
pub use meter::LoudnessMeter;
pub use spectrum::{BANDS, Spectrum, SpectrumMeter, exact_mid_frequency_hz, nominal_mid_frequency_hz};
pub use units::{Dbtp, Lu, Lufs};

use crate::Recovery;

/// Why a meter did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The system refused a thread.
    #[error("the system has no thread left for a meter; end other programs")]
    Thread(#[source] std::io::Error),
}

impl StartError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Thread(_) => Recovery::Retry,
        }
    }
}
