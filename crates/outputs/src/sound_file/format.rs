//! What kinds of sound file there are.

use std::fmt;

use airdesk_dsp::SampleRate;

use super::SampleFormat;
use crate::encode::{Codec, EncoderError, EncoderSettings, FlacDepth};

/// The format of a sound file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// WAV, which becomes RF64 when it outgrows 4 GiB.
    Wav(SampleFormat),
    /// FLAC: nothing is lost, in about two thirds of the space.
    Flac(FlacDepth),
    /// MP3.
    Mp3(BitRate),
    /// Opus in Ogg, always 48 kHz.
    Opus(BitRate),
    /// Vorbis in Ogg.
    Vorbis(BitRate),
}

/// How much a second takes where something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitRate {
    /// One of [`Codec::bit_rates`], kbit/s.
    pub kbit: u16,
    /// Whether that is an average, from which the codec departs where the sound needs more or less.
    pub variable: bool,
}

impl BitRate {
    /// The encoder of a file with this bit rate.
    pub(super) fn of(self, codec: Codec, rate: SampleRate) -> EncoderSettings {
        EncoderSettings {
            codec,
            bit_rate: self.kbit,
            variable: self.variable,
            rate,
        }
    }
}

impl FileFormat {
    /// The ending of its name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav(_) => "wav",
            Self::Flac(_) => "flac",
            Self::Mp3(_) => "mp3",
            Self::Opus(_) => "opus",
            Self::Vorbis(_) => "ogg",
        }
    }

    /// About how many bytes a second of it takes, for a desk at `rate`: what a disk needs.
    pub fn bytes_a_second(self, rate: SampleRate) -> f64 {
        match (self, self.encoder(rate)) {
            (Self::Wav(samples), _) => samples.frame_bytes() as f64 * f64::from(rate.hz()),
            (_, encoder) => encoder.map_or(0.0, |encoder| f64::from(encoder.byte_rate())),
        }
    }

    /// Refuses what cannot be made.
    ///
    /// # Errors
    /// What [`EncoderSettings::check`] says.
    pub fn check(self) -> Result<(), EncoderError> {
        self.encoder(SampleRate::DESK).map_or(Ok(()), |encoder| encoder.check())
    }

    /// Whether what was recorded comes out as it was, but for the number of bits.
    pub fn is_lossless(self) -> bool {
        match self {
            Self::Wav(_) | Self::Flac(_) => true,
            Self::Mp3(_) | Self::Opus(_) | Self::Vorbis(_) => false,
        }
    }

    /// Whether [`super::SoundFile::begin_silent`] makes it silent for as long as one likes.
    pub fn begins_silent(self) -> bool {
        matches!(self, Self::Wav(_))
    }

    /// Whether it has fields for how loud it is.
    pub fn tells_loudness(self) -> bool {
        matches!(self, Self::Wav(_))
    }

    /// The encoder of what is inside, where there is one.
    fn encoder(self, rate: SampleRate) -> Option<EncoderSettings> {
        match self {
            Self::Wav(_) => None,
            Self::Flac(depth) => Some(EncoderSettings::flac(depth, rate)),
            Self::Mp3(bits) => Some(bits.of(Codec::Mp3, rate)),
            Self::Opus(bits) => Some(bits.of(Codec::Opus, rate)),
            Self::Vorbis(bits) => Some(bits.of(Codec::Vorbis, rate)),
        }
    }
}

impl Default for FileFormat {
    fn default() -> Self {
        Self::Wav(SampleFormat::default())
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wav(SampleFormat::Float32) => f.write_str("WAV, 32 bits, float"),
            Self::Wav(samples) => write!(f, "WAV, {} bits", samples.bits()),
            Self::Flac(depth) => write!(f, "FLAC, {} bits", depth.bits()),
            Self::Mp3(bits) => write!(f, "MP3, {bits}"),
            Self::Opus(bits) => write!(f, "Opus, {bits}"),
            Self::Vorbis(bits) => write!(f, "Ogg Vorbis, {bits}"),
        }
    }
}

impl fmt::Display for BitRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.variable { "about " } else { "" };
        write!(f, "{about}{} kbit/s", self.kbit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_rate_that_the_codec_has_not_is_refused_before_a_file_is_made() {
        let bits = |kbit| BitRate { kbit, variable: true };
        let refused = FileFormat::Mp3(bits(512)).check().expect_err("too much");
        assert!(refused.to_string().contains("MP3 cannot do 512 kbit/s"), "{refused}");
        assert!(FileFormat::Vorbis(bits(32)).check().is_err());
        assert!(FileFormat::Opus(bits(32)).check().is_ok());
        assert!(FileFormat::Flac(FlacDepth::Bits24).check().is_ok());
    }

    #[test]
    fn people_read_what_they_get() {
        let bits = BitRate {
            kbit: 192,
            variable: true,
        };
        assert_eq!(FileFormat::Mp3(bits).to_string(), "MP3, about 192 kbit/s");
        assert_eq!(FileFormat::default().to_string(), "WAV, 24 bits");
    }
}
