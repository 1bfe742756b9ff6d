//! What can be encoded, and what cannot.

use airdesk_dsp::SampleRate;

use crate::Recovery;

/// Codec of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// MP3, constant bit rate, joint stereo.
    Mp3,
    /// Opus in Ogg, always 48 kHz.
    Opus,
}

impl Codec {
    /// The bit rates the operator may choose from, kbit/s.
    pub fn bit_rates(self) -> &'static [u16] {
        match self {
            Self::Mp3 => &[64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            Self::Opus => &[32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        }
    }

    /// The content type, as Icecast knows it: without parameters.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Opus => "audio/ogg",
        }
    }

    /// The rate of the stream for a desk at `desk` Hz. LAME takes 32, 44.1 and 48 kHz as they are; Opus
    /// knows only 48 kHz. Anything else is resampled.
    pub fn stream_rate(self, desk: SampleRate) -> u32 {
        match (self, desk.hz()) {
            (Self::Mp3, rate @ (32_000 | 44_100 | 48_000)) => rate,
            (Self::Mp3, rate) if rate % 44_100 == 0 => 44_100,
            _ => 48_000,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "MP3",
            Self::Opus => "Opus",
        }
    }
}

/// How a bus is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// The codec.
    pub codec: Codec,
    /// Bit rate, kbit/s: one of [`Codec::bit_rates`].
    pub bit_rate: u16,
    /// The desk's rate.
    pub rate: SampleRate,
}

impl EncoderSettings {
    /// Refuses what the codec cannot do.
    ///
    /// # Errors
    /// [`EncoderError::BitRate`].
    pub fn check(&self) -> Result<(), EncoderError> {
        if self.codec.bit_rates().contains(&self.bit_rate) {
            Ok(())
        } else {
            Err(EncoderError::BitRate {
                codec: self.codec,
                bit_rate: self.bit_rate,
            })
        }
    }
}

/// Why nothing can be encoded.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EncoderError {
    /// The codec has no such bit rate.
    #[error("{} cannot do {bit_rate} kbit/s; choose one of {:?}", codec.name(), codec.bit_rates())]
    BitRate {
        /// The codec.
        codec: Codec,
        /// What was asked for.
        bit_rate: u16,
    },
    /// The codec's library refused to start or broke.
    #[error("the {} encoder broke: {reason}", codec.name())]
    Codec {
        /// The codec.
        codec: Codec,
        /// What it said.
        reason: String,
    },
    /// The system refused a thread.
    #[error("the system has no thread left for an encoder: {0}; end other programs")]
    Thread(String),
    /// Its thread ended without a word.
    #[error("the encoder ended by itself; start Airdesk again if it stays so")]
    Ended,
}

impl EncoderError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::BitRate { .. } => Recovery::AskOperator,
            Self::Codec { .. } | Self::Thread(_) | Self::Ended => Recovery::Retry,
        }
    }

    pub(crate) fn codec(codec: Codec, reason: impl std::fmt::Display) -> Self {
        Self::Codec {
            codec,
            reason: reason.to_string(),
        }
    }
}
