//! What the audio of a program is, and how it is said where it cannot be played as it is. Any thread.

use std::fmt;

use airdesk_station::programs::{Encoding, Format};

use super::message::FormatSaid;

/// Rates that programs usually have, Hz. Others between 8 and 192 kHz are played as well.
const USUAL_RATES: [u32; 7] = [8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

/// What the bytes of a program are: little-endian, 8 bits without a sign, 16 and 24 with one, 32 a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pcm {
    /// Frames a second.
    rate: u32,
    channels: u16,
    /// Bits of a sample.
    bits: u16,
    format: Format,
}

/// Why audio cannot be played. The words are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub(super) enum PcmError {
    /// Neither mono nor stereo.
    #[error("Unsupported channel count: {0}")]
    Channels(f64),
    /// No such samples.
    #[error("Unsupported bit depth: {0}")]
    Bits(f64),
    /// Too slow, too fast, or no rate.
    #[error("Unsupported sample rate: {0}")]
    Rate(f64),
}

impl Pcm {
    /// What it is unless somebody says otherwise.
    pub(super) const USUAL: Self = Self {
        rate: 24_000,
        channels: 1,
        bits: 16,
        format: Format::SPEECH,
    };

    /// # Errors
    /// When it is none of those that can be played.
    pub(super) fn new(rate: u32, channels: u16, bits: u16) -> Result<Self, PcmError> {
        if !matches!(channels, 1 | 2) {
            return Err(PcmError::Channels(channels.into()));
        }
        let encoding = Encoding::of(bits.into(), bits == 32).ok_or(PcmError::Bits(bits.into()))?;
        let format = Format::new(encoding, channels.into(), rate).map_err(|_| PcmError::Rate(rate.into()))?;
        Ok(Self {
            rate,
            channels,
            bits,
            format,
        })
    }

    /// The same but for what `said` says.
    ///
    /// # Errors
    /// When it is none of those that can be played.
    pub(super) fn but(self, said: FormatSaid) -> Result<Self, PcmError> {
        let rate = match said.rate {
            Some(rate) => whole(rate).ok_or(PcmError::Rate(rate))?,
            None => self.rate,
        };
        let channels = match said.channels {
            Some(channels) => short(channels).ok_or(PcmError::Channels(channels))?,
            None => self.channels,
        };
        let bits = match said.bits {
            Some(bits) => short(bits).ok_or(PcmError::Bits(bits))?,
            None => self.bits,
        };
        Self::new(rate, channels, bits)
    }

    /// What the decoder is told.
    pub(super) fn format(self) -> Format {
        self.format
    }

    pub(super) fn frame_bytes(self) -> usize {
        self.format.frame_bytes()
    }

    pub(super) fn bytes_per_second(self) -> f64 {
        f64::from(self.rate) * self.frame_bytes() as f64
    }

    /// How long so many bytes sound, seconds.
    pub(super) fn seconds(self, bytes: usize) -> f64 {
        bytes as f64 / self.bytes_per_second()
    }

    /// It is a rate that programs usually have.
    pub(super) fn is_usual(self) -> bool {
        USUAL_RATES.contains(&self.rate)
    }
}

impl fmt::Display for Pcm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channels = if self.channels == 1 { "channel" } else { "channels" };
        write!(out, "{} Hz, {} {channels}, {} bit", self.rate, self.channels, self.bits)
    }
}

fn whole(number: f64) -> Option<u32> {
    let whole = number as u32;
    (f64::from(whole) == number).then_some(whole)
}

fn short(number: f64) -> Option<u16> {
    whole(number).and_then(|whole| whole.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(rate: Option<f64>, channels: Option<f64>, bits: Option<f64>) -> FormatSaid {
        FormatSaid { rate, channels, bits }
    }

    #[test]
    fn what_is_not_said_is_as_it_was_and_what_cannot_be_played_is_named() {
        let usual = Pcm::USUAL;
        assert_eq!(Pcm::new(24_000, 1, 16), Ok(usual));
        assert_eq!(usual.bytes_per_second(), 48_000.0);
        assert_eq!(usual.to_string(), "24000 Hz, 1 channel, 16 bit");
        assert_eq!(usual.but(said(None, None, None)), Ok(usual));
        let stereo = usual
            .but(said(Some(44_100.0), Some(2.0), Some(24.0)))
            .expect("a format");
        assert_eq!((stereo.frame_bytes(), stereo.bytes_per_second()), (6, 264_600.0));
        assert_eq!(stereo.to_string(), "44100 Hz, 2 channels, 24 bit");
        for bits in [8.0, 16.0, 24.0, 32.0] {
            let pcm = usual.but(said(None, None, Some(bits))).expect("a format");
            assert_eq!(pcm.frame_bytes() as f64, bits / 8.0);
        }
        for (wrong, says) in [
            (said(None, Some(0.0), None), "Unsupported channel count: 0"),
            (said(None, Some(3.0), None), "Unsupported channel count: 3"),
            (said(None, Some(1.5), None), "Unsupported channel count: 1.5"),
            (said(None, None, Some(12.0)), "Unsupported bit depth: 12"),
            (said(None, None, Some(-16.0)), "Unsupported bit depth: -16"),
            (said(Some(7_999.0), None, None), "Unsupported sample rate: 7999"),
            (said(Some(1e12), None, None), "Unsupported sample rate: 1000000000000"),
            (said(Some(f64::NAN), None, None), "Unsupported sample rate: NaN"),
        ] {
            let refused = usual.but(wrong).expect_err("it cannot be played");
            assert_eq!(refused.to_string(), says);
        }
        assert!(usual.is_usual());
        assert!(
            !usual
                .but(said(Some(11_025.0), None, None))
                .expect("a format")
                .is_usual()
        );
    }
}
