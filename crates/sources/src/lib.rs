//! What feeds a strip and is no device: material that comes with Airdesk, and WAV files.
//!
//! A [`Player`] renders frames at the desk's rate. A [`Worker`] does so on a thread of its own into a
//! strip's inlet; an offline render calls it directly.

pub mod material;
pub mod wav;

mod worker;

use airdesk_dsp::Frame;

pub use worker::Worker;

/// Something that renders frames at the desk's rate. May read files; never runs on the audio thread.
pub trait Player: Send {
    /// Fills `out` from its beginning. Fewer frames than asked for mean the end.
    ///
    /// # Errors
    /// When the source broke; what was rendered before is valid.
    fn render(&mut self, out: &mut [Frame]) -> Result<usize, wav::WavError>;
}
