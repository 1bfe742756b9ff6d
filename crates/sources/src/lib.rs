//! What feeds a strip and is no device: material that comes with Airdesk, sound files by themselves or on decks, and what
//! comes over a network.
//!
//! A [`Player`] renders frames at the desk's rate. A [`Worker`] does so on a thread of its own into a
//! strip's inlet; an offline render calls it directly. A [`deck`] plays one file after the other, a [`stream`] is pushed
//! and waits for what is late, a [`tuner`] fetches one,
//! and [`spkr`] is how programs send speech.

pub mod deck;
pub mod decode;
pub mod material;
pub mod playlist;
pub mod spkr;
pub mod stream;
pub mod text;
pub mod tuner;
pub mod wav;

mod converter;
mod worker;

use airdesk_dsp::Frame;

pub use worker::Worker;

/// Something that renders frames at the desk's rate. May read files; never runs on the audio thread.
pub trait Player: Send {
    /// Fills `out` from its beginning. Fewer frames than asked for mean the end.
    ///
    /// # Errors
    /// When the source broke; what was rendered before is valid.
    fn render(&mut self, out: &mut [Frame]) -> Result<usize, SourceError>;
}

/// Why a source cannot be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A WAV file that is read as it is.
    #[error(transparent)]
    Wav(#[from] wav::WavError),
    /// A sound file of any kind.
    #[error(transparent)]
    Decode(#[from] decode::DecodeError),
}
