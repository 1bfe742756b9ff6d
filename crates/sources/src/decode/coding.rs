//! How the sound of a file is coded, in the words of who lists files.

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};

/// How the sound of a file is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// The codec: "MP3", "FLAC", "PCM", "Vorbis", "Opus", "AAC" or "ALAC".
    pub codec: &'static str,
    /// Channels of the file, before they are mixed down to two. `None`: it does not say.
    pub channels: Option<u16>,
}

impl Coding {
    pub(super) fn of(params: &AudioCodecParameters) -> Self {
        let said = params.channels.as_ref().map(|channels| channels.count());
        // An Opus stream says it in its own header (RFC 7845, 5.1).
        let opus = params.extra_data.as_deref().and_then(|head| head.get(9)).copied();
        let channels = match params.codec {
            CODEC_ID_OPUS => opus.map(usize::from).or(said),
            _ => said,
        };
        Self {
            codec: match params.codec {
                CODEC_ID_MP3 => "MP3",
                CODEC_ID_FLAC => "FLAC",
                CODEC_ID_VORBIS => "Vorbis",
                CODEC_ID_OPUS => "Opus",
                CODEC_ID_AAC => "AAC",
                CODEC_ID_ALAC => "ALAC",
                // All that remains and can be played: samples as they are, or as 8 bits of a logarithm.
                _ => "PCM",
            },
            channels: channels.and_then(|channels| u16::try_from(channels).ok()),
        }
    }
}
