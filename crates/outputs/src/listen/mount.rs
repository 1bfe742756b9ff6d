//! The mounts there are, how they sound, and how they introduce themselves.

use std::time::Duration;

use airdesk_dsp::SampleRate;

use crate::encode::{Codec, EncoderError, EncoderSettings, FlacDepth};
use crate::title::one_line;

/// The longest burst.
pub const BURST_MAX: Duration = Duration::from_secs(20);
/// The most listeners that a desk takes: a socket each, and most systems give a program some ten thousand.
pub const LISTENERS_MAX: u32 = 10_000;

/// The mounts there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// MP3, with ICY titles for whoever asks.
    Mp3,
    /// Ogg Opus, with titles in the stream.
    Opus,
    /// Ogg Vorbis, with titles in the stream.
    Vorbis,
    /// Ogg FLAC, with titles in the stream.
    Flac,
}

impl Mount {
    /// Every mount.
    pub const ALL: [Self; 4] = [Self::Mp3, Self::Opus, Self::Vorbis, Self::Flac];

    /// Its path on the HTTP server.
    pub fn path(self) -> &'static str {
        match self {
            Self::Mp3 => "/live.mp3",
            Self::Opus => "/live.opus",
            Self::Vorbis => "/live.ogg",
            Self::Flac => "/live.flac",
        }
    }
}

/// One mount as it is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MountPlan {
    /// Listeners are let in while the hub is open.
    pub open: bool,
    /// What it sends.
    pub encoder: EncoderSettings,
}

/// How the mounts sound, and how many they serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenSettings {
    /// Each mount, in the order of [`Mount::ALL`].
    pub mounts: [MountPlan; Mount::ALL.len()],
    /// Listeners at the same time, over all mounts.
    pub listeners_max: u32,
    /// How much of the past a listener is given at once, at most [`BURST_MAX`]: a player begins when it has so much.
    pub burst: Duration,
    /// How long a mount goes on encoding after its last listener has left, who may come back.
    pub rest_after: Duration,
}

impl ListenSettings {
    /// All mounts open, of a desk at `rate`.
    pub fn at(rate: SampleRate) -> Self {
        let lossy = |codec, bit_rate, variable| EncoderSettings {
            codec,
            bit_rate,
            variable,
            rate,
        };
        let encoders = [
            lossy(Codec::Mp3, 128, false),
            lossy(Codec::Opus, 96, true),
            lossy(Codec::Vorbis, 128, false),
            EncoderSettings::flac(FlacDepth::Bits16, rate),
        ];
        Self {
            mounts: encoders.map(|encoder| MountPlan { open: true, encoder }),
            listeners_max: 1_000,
            burst: Duration::from_secs(2),
            rest_after: Duration::from_secs(60),
        }
    }

    /// Refuses what cannot be.
    ///
    /// # Errors
    /// When a codec cannot do what is asked of it, or a figure is outside its range.
    pub fn check(&self) -> Result<(), ListenSettingsError> {
        for plan in &self.mounts {
            plan.encoder.check()?;
        }
        if !(1..=LISTENERS_MAX).contains(&self.listeners_max) {
            return Err(ListenSettingsError::Listeners(self.listeners_max));
        }
        if self.burst > BURST_MAX {
            let seconds = self.burst.as_secs_f32();
            return Err(ListenSettingsError::Burst { seconds });
        }
        Ok(())
    }

    pub(super) fn plan(&self, mount: Mount) -> MountPlan {
        self.mounts[mount as usize]
    }
}

/// Why mounts cannot be as they were set.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ListenSettingsError {
    /// A mount cannot sound like that.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// So many listeners are too many or none.
    #[error("{0} listeners cannot be served; choose 1 to {LISTENERS_MAX}")]
    Listeners(u32),
    /// A burst is too long.
    #[error("a burst of {seconds} s is too long; choose 0 to {} s", BURST_MAX.as_secs())]
    Burst {
        /// What was asked for.
        seconds: f32,
    },
}

/// How the mounts introduce themselves to a listener who joins. What is empty is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Introduction {
    /// Station name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Genre.
    pub genre: String,
    /// Home page.
    pub url: String,
}

impl Introduction {
    /// What a listener of this mount is told before the audio comes.
    pub(super) fn headers(&self, encoder: EncoderSettings) -> Vec<(&'static str, String)> {
        let sound = [
            ("content-type", content_type(encoder.codec).into()),
            ("cache-control", "no-cache, no-store".into()),
            ("icy-br", (encoder.byte_rate() / 125).to_string()),
            ("icy-pub", "0".into()),
        ];
        let words = [
            ("icy-name", &self.name),
            ("icy-description", &self.description),
            ("icy-genre", &self.genre),
            ("icy-url", &self.url),
        ];
        let words = words.into_iter().map(|(name, text)| (name, one_line(text)));
        sound
            .into_iter()
            .chain(words.filter(|(_, line)| !line.is_empty()))
            .collect()
    }
}

/// What HTTP calls it.
pub(super) fn content_type(codec: Codec) -> &'static str {
    match codec {
        Codec::Mp3 => "audio/mpeg",
        Codec::Opus => "audio/ogg; codecs=opus",
        Codec::Vorbis => "audio/ogg; codecs=vorbis",
        Codec::Flac(_) => "audio/ogg; codecs=flac",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_with_what_can() {
        let usual = ListenSettings::at(SampleRate::DESK);
        assert!(usual.check().is_ok());
        let refused = |settings: ListenSettings| settings.check().expect_err("refused").to_string();
        let mut odd = usual.clone();
        odd.mounts[0].encoder.bit_rate = 97;
        assert!(refused(odd).contains("MP3 cannot do 97 kbit/s"));
        let listeners = |listeners_max| ListenSettings {
            listeners_max,
            ..usual.clone()
        };
        assert_eq!(refused(listeners(0)), "0 listeners cannot be served; choose 1 to 10000");
        assert!(refused(listeners(10_001)).contains("choose 1 to 10000"));
        let burst = ListenSettings {
            burst: Duration::from_secs(21),
            ..usual.clone()
        };
        assert_eq!(refused(burst), "a burst of 21 s is too long; choose 0 to 20 s");
    }
}
