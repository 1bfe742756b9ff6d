//! How HLS is written.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::encode::{Codec, EncoderError, EncoderSettings};

/// How long segments may be, seconds.
pub const SEGMENT_SECONDS: RangeInclusive<u8> = 2..=20;
/// How many may be in a playlist.
pub const SEGMENTS: RangeInclusive<u8> = 3..=100;

/// How HLS is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HlsSettings {
    /// The folder.
    pub folder: PathBuf,
    /// What it is encoded as; each codec once.
    pub encoders: Vec<EncoderSettings>,
    /// How long a segment is at most, seconds: in [`SEGMENT_SECONDS`].
    pub segment_seconds: u8,
    /// Segments in a playlist: in [`SEGMENTS`]. As many more stay for listeners who are late.
    pub segments: u8,
}

/// Why HLS cannot be as it was set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HlsError {
    /// There is nothing to write.
    #[error("HLS needs a codec; choose MP3, Opus or FLAC")]
    NoCodec,
    /// Players know no such segments.
    #[error("HLS has no {}; choose MP3, Opus or FLAC", .0.name())]
    Codec(Codec),
    /// A codec is there twice.
    #[error("{} is there twice; leave one out", .0.name())]
    Twice(Codec),
    /// A codec cannot do what is asked of it.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// Segments of that length are impractical.
    #[error("a segment of {0} s cannot be; choose 2 to 20 s")]
    SegmentSeconds(u8),
    /// A playlist of so many is impractical.
    #[error("a playlist of {0} segments cannot be; choose 3 to 100")]
    Segments(u8),
    /// The system refused a thread.
    #[error("the system has no thread left for HLS: {0}; end other programs")]
    Thread(std::io::Error),
}

impl HlsSettings {
    /// Refuses what cannot be.
    ///
    /// # Errors
    /// Anything but [`HlsError::Thread`].
    pub fn check(&self) -> Result<(), HlsError> {
        if self.encoders.is_empty() {
            return Err(HlsError::NoCodec);
        }
        for (place, encoder) in self.encoders.iter().enumerate() {
            let name = name(encoder.codec).ok_or(HlsError::Codec(encoder.codec))?;
            encoder.check()?;
            let before = &self.encoders[..place];
            if before.iter().any(|other| self::name(other.codec) == Some(name)) {
                return Err(HlsError::Twice(encoder.codec));
            }
        }
        if !SEGMENT_SECONDS.contains(&self.segment_seconds) {
            return Err(HlsError::SegmentSeconds(self.segment_seconds));
        }
        if !SEGMENTS.contains(&self.segments) {
            return Err(HlsError::Segments(self.segments));
        }
        Ok(())
    }
}

/// What its files are called; `None` for what HLS does not know.
pub(super) fn name(codec: Codec) -> Option<&'static str> {
    match codec {
        Codec::Mp3 => Some("mp3"),
        Codec::Opus => Some("opus"),
        Codec::Flac(_) => Some("flac"),
        Codec::Vorbis => None,
    }
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::SampleRate;

    use super::*;
    use crate::encode::FlacDepth;

    #[test]
    fn what_no_player_could_play_is_refused() {
        let flac = EncoderSettings::flac(FlacDepth::Bits16, SampleRate::DESK);
        let usual = HlsSettings {
            folder: "hls".into(),
            encoders: vec![flac],
            segment_seconds: 6,
            segments: 6,
        };
        assert!(usual.check().is_ok());
        let says = |change: fn(&mut HlsSettings)| {
            let mut settings = usual.clone();
            change(&mut settings);
            settings.check().expect_err("refused").to_string()
        };
        assert!(says(|settings| settings.encoders.clear()).starts_with("HLS needs a codec"));
        let vorbis = says(|settings| settings.encoders[0].codec = Codec::Vorbis);
        assert_eq!(vorbis, "HLS has no Vorbis; choose MP3, Opus or FLAC");
        let twice = says(|settings| settings.encoders.push(settings.encoders[0]));
        assert_eq!(twice, "FLAC is there twice; leave one out");
        assert!(says(|settings| settings.segment_seconds = 1).contains("choose 2 to 20 s"));
        assert!(says(|settings| settings.segments = 101).contains("choose 3 to 100"));
    }
}
