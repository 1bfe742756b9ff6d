//! What kinds of sound file there are.

use airdesk_dsp::SampleRate;

use super::SampleFormat;

/// The format of a sound file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// WAV, which becomes RF64 when it outgrows 4 GiB.
    Wav(SampleFormat),
}

impl FileFormat {
    /// The ending of its name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav(_) => "wav",
        }
    }

    /// About how many bytes a second of it takes, for a desk at `rate`: what a disk needs.
    pub fn bytes_a_second(self, rate: SampleRate) -> f64 {
        match self {
            Self::Wav(samples) => samples.frame_bytes() as f64 * f64::from(rate.hz()),
        }
    }
}

impl Default for FileFormat {
    fn default() -> Self {
        Self::Wav(SampleFormat::default())
    }
}
