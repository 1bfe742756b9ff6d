//! What can be encoded, and what cannot.

use airdesk_dsp::SampleRate;

use crate::Recovery;

/// How exact FLAC is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FlacDepth {
    /// 16 bits, triangular dither: what a CD has.
    Bits16,
    /// 24 bits.
    #[default]
    Bits24,
}

impl FlacDepth {
    /// Bits of one sample.
    pub fn bits(self) -> u8 {
        match self {
            Self::Bits16 => 16,
            Self::Bits24 => 24,
        }
    }

    /// What is left of the bits of two channels, as a part of one: music was measured, and a microphone's noise fills the
    /// lowest bits of 24.
    fn packed(self) -> f64 {
        match self {
            Self::Bits16 => 0.65,
            Self::Bits24 => 0.75,
        }
    }
}

/// Codec of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// MP3, joint stereo.
    Mp3,
    /// Opus in Ogg, always 48 kHz.
    Opus,
    /// Vorbis in Ogg.
    Vorbis,
    /// FLAC in Ogg: nothing is lost.
    Flac(FlacDepth),
}

impl Codec {
    /// The bit rates the operator may choose from, kbit/s. None for FLAC, which takes what it needs.
    pub fn bit_rates(self) -> &'static [u16] {
        match self {
            Self::Mp3 => &[64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            Self::Opus => &[32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            Self::Vorbis => &[48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            Self::Flac(_) => &[],
        }
    }

    /// The content type, as Icecast knows it: without parameters.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Opus | Self::Vorbis | Self::Flac(_) => "audio/ogg",
        }
    }

    /// Whether titles are in the stream itself. Where they are not, the server is told them.
    pub fn carries_titles(self) -> bool {
        match self {
            Self::Mp3 => false,
            Self::Opus | Self::Vorbis | Self::Flac(_) => true,
        }
    }

    /// The rate of the stream for a desk at `desk` Hz. LAME takes 32, 44.1 and 48 kHz as they are, and Vorbis is tuned
    /// for them; Opus knows only 48 kHz. Anything else is resampled, but for FLAC.
    pub fn stream_rate(self, desk: SampleRate) -> u32 {
        match (self, desk.hz()) {
            (Self::Flac(_), rate) | (Self::Mp3 | Self::Vorbis, rate @ (32_000 | 44_100 | 48_000)) => rate,
            (Self::Mp3 | Self::Vorbis, rate) if rate % 44_100 == 0 => 44_100,
            _ => 48_000,
        }
    }

    /// Its name, as people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mp3 => "MP3",
            Self::Opus => "Opus",
            Self::Vorbis => "Vorbis",
            Self::Flac(_) => "FLAC",
        }
    }
}

/// How a bus is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncoderSettings {
    /// The codec.
    pub codec: Codec,
    /// Bit rate, kbit/s: one of [`Codec::bit_rates`]; 0 for FLAC, which has none.
    pub bit_rate: u16,
    /// Whether `bit_rate` is an average, from which the codec departs where the sound needs more or less: LAME's ABR,
    /// Opus's constrained VBR, Vorbis's quality of that nominal rate. FLAC is always variable.
    pub variable: bool,
    /// The desk's rate.
    pub rate: SampleRate,
}

impl EncoderSettings {
    /// FLAC of a desk at `rate`.
    pub fn flac(depth: FlacDepth, rate: SampleRate) -> Self {
        Self {
            codec: Codec::Flac(depth),
            bit_rate: 0,
            variable: true,
            rate,
        }
    }

    /// Refuses what the codec cannot do.
    ///
    /// # Errors
    /// [`EncoderError::BitRate`] and [`EncoderError::NoBitRate`].
    pub fn check(&self) -> Result<(), EncoderError> {
        match self.codec {
            Codec::Flac(_) if self.bit_rate == 0 && self.variable => Ok(()),
            Codec::Flac(_) => Err(EncoderError::NoBitRate { codec: self.codec }),
            Codec::Mp3 | Codec::Opus | Codec::Vorbis if self.codec.bit_rates().contains(&self.bit_rate) => Ok(()),
            Codec::Mp3 | Codec::Opus | Codec::Vorbis => Err(EncoderError::BitRate {
                codec: self.codec,
                bit_rate: self.bit_rate,
            }),
        }
    }

    /// Bytes a second that are to be expected: what a line must carry and a disk must take.
    pub fn byte_rate(&self) -> u32 {
        match self.codec {
            Codec::Mp3 | Codec::Opus | Codec::Vorbis => u32::from(self.bit_rate) * 125,
            Codec::Flac(depth) => {
                let raw = self.rate.hz() * u32::from(depth.bits()) / 8 * 2;
                (f64::from(raw) * depth.packed()) as u32
            }
        }
    }

    /// Frames per second of what is encoded.
    pub fn stream_rate(&self) -> u32 {
        self.codec.stream_rate(self.rate)
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
    /// The codec takes as many bits as the sound needs, and a bit rate was asked of it.
    #[error("{} has no bit rate to choose: it takes what the sound needs; set none, and leave it variable", codec.name())]
    NoBitRate {
        /// The codec.
        codec: Codec,
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
            Self::BitRate { .. } | Self::NoBitRate { .. } => Recovery::AskOperator,
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
