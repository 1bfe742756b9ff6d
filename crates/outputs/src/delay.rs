//! The programme on its way to the air: delayed by up to 30 s, with a dump button.
//!
//! Encoders, recorders and listener mounts follow the air as they follow a bus. Without a delay it is the programme itself,
//! and costs nothing; from where one is asked for to where it has been taken back it is the queue of the delay's thread, which
//! has its own place on the programme. The uncut programme stays on its bus. The arithmetic is [`airdesk_dsp::air_delay`].

mod line;
mod state;
mod worker;

pub use airdesk_dsp::air_delay::{AirDelaySettings, Dump, Join, LONGEST_SECONDS, Phase, Tally};
pub use state::DelayState;
pub use worker::BroadcastDelay;

use airdesk_dsp::range::OutOfRange;

use crate::Recovery;

/// Why a delay does not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DelayError {
    /// The system refused a thread.
    #[error("the system has no thread left for the broadcast delay; end other programs")]
    Thread(#[source] std::io::Error),
    /// A setting is outside its range.
    #[error("{0}")]
    OutOfRange(OutOfRange),
    /// There is nothing to dump.
    #[error("nothing is held that could be dropped; set a broadcast delay, and wait until it has built up")]
    NothingHeld,
}

impl DelayError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Thread(_) => Recovery::Retry,
            Self::OutOfRange(_) | Self::NothingHeld => Recovery::AskOperator,
        }
    }
}
