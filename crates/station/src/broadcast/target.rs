//! What the operator set of a target, as the outputs know it.

use std::ops::RangeInclusive;
use std::time::Duration;

use airdesk_dsp::{Decibels, SampleRate};
use airdesk_outputs::broadcast::{
    BroadcastSettings as Outward, Feed, TITLE_DELAY_MAX, TitlePlan, TitleShown, TransportKind,
};
use airdesk_outputs::encode::{Codec, EncoderSettings, Encoders, FlacDepth, StreamLevel};
use airdesk_outputs::icecast::{Protocol, SourceSettings, Statistics};
use airdesk_outputs::loudness::Lufs;

use super::{Taps, hearing};
use crate::api::{
    BroadcastSettings, CommandError, ErrorCode, ServerProtocol, ServerStatistics, StreamCodec, TitleSeen, Transport,
};

/// By how much a stream can be louder than its bus, dB.
const GAIN_DB: RangeInclusive<f32> = -40.0..=20.0;
/// The loudness it can be brought to, LUFS. -16 to -14 is usual for streams, -23 for broadcasts (EBU R 128).
const LOUDNESS_LUFS: RangeInclusive<f32> = -35.0..=-8.0;
/// As long as a strip's name.
const LABEL_CHARS: usize = 40;

/// Refuses what no server could take and what is outside its range, of a command and of a session. Not whether this
/// build has the transport: a session may have come from one that has it.
pub(crate) fn check(settings: &BroadcastSettings, rate: SampleRate) -> Result<(), CommandError> {
    source(settings, rate)?;
    if settings.label.chars().count() > LABEL_CHARS || settings.label.contains(char::is_control) {
        let label = settings.label.escape_debug();
        return Err(invalid(&format_args!(
            "\"{label}\" cannot be a target's name; use at most {LABEL_CHARS} characters, or none"
        )));
    }
    level(settings)?;
    hearing::check(settings)?;
    titles(settings).map(drop)
}

/// What the outputs are started with.
///
/// # Errors
/// As [`check`], and when this build has no such transport.
pub(super) fn outputs(settings: &BroadcastSettings, rate: SampleRate) -> Result<Outward, CommandError> {
    check(settings, rate)?;
    let outward = Outward {
        source: source(settings, rate)?,
        transport: match settings.transport {
            Transport::Native => TransportKind::Native,
            Transport::Libshout => TransportKind::Libshout,
        },
    };
    outward.check().map_err(|error| invalid(&error))?;
    Ok(outward)
}

/// What is sent.
///
/// # Errors
/// When something is outside its range.
pub(super) fn feed(settings: &BroadcastSettings, taps: Taps<'_>, encoders: &Encoders) -> Result<Feed, CommandError> {
    Ok(Feed {
        tap: taps(settings.bus),
        level: level(settings)?,
        titles: titles(settings)?,
        encoders: encoders.clone(),
    })
}

fn level(settings: &BroadcastSettings) -> Result<StreamLevel, CommandError> {
    let gain = within("a stream's gain", settings.gain, GAIN_DB, "dB")?;
    let target = settings
        .loudness
        .map(|lufs| within("a stream's loudness", lufs, LOUDNESS_LUFS, "LUFS"));
    Ok(StreamLevel {
        gain: Decibels::new(gain).unwrap_or(Decibels::UNITY),
        loudness: target.transpose()?.and_then(|lufs| Lufs::new(lufs.into())),
    })
}

fn titles(settings: &BroadcastSettings) -> Result<TitlePlan, CommandError> {
    let most = 0.0..=TITLE_DELAY_MAX.as_secs_f32();
    let delay = within("the delay of titles", settings.title_delay, most, "s")?;
    Ok(TitlePlan {
        template: settings.title_template.parse().map_err(|error| invalid(&error))?,
        station: settings.name.clone(),
        delay: Duration::from_secs_f32(delay),
    })
}

fn within(what: &str, value: f32, range: RangeInclusive<f32>, unit: &str) -> Result<f32, CommandError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = range.into_inner();
    Err(CommandError {
        code: ErrorCode::OutOfRange,
        message: format!("{what} is {value} {unit}; it goes from {least} to {most} {unit}"),
    })
}

/// Server, mount and encoder as the outputs know them.
fn source(settings: &BroadcastSettings, rate: SampleRate) -> Result<SourceSettings, CommandError> {
    let pinned_certificate = settings
        .pinned_certificate
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error: airdesk_outputs::icecast::FingerprintError| invalid(&error))?;
    let lossy = |codec, variable| EncoderSettings {
        codec,
        bit_rate: settings.bit_rate,
        variable,
        rate,
    };
    let encoder = match settings.codec {
        StreamCodec::Mp3 => lossy(Codec::Mp3, settings.variable),
        // As it has always been: a constant rate would only sound worse.
        StreamCodec::Opus => lossy(Codec::Opus, true),
        StreamCodec::Vorbis => lossy(Codec::Vorbis, settings.variable),
        StreamCodec::Flac16 => EncoderSettings::flac(FlacDepth::Bits16, rate),
        StreamCodec::Flac24 => EncoderSettings::flac(FlacDepth::Bits24, rate),
    };
    let source = SourceSettings {
        protocol: match settings.protocol {
            ServerProtocol::Icecast => Protocol::Icecast,
            ServerProtocol::Shoutcast => Protocol::Shoutcast {
                stream: settings.shoutcast_stream,
            },
        },
        host: settings.host.clone(),
        port: settings.port,
        tls: settings.tls,
        pinned_certificate,
        mount: settings.mount.clone(),
        user: settings.user.clone(),
        encoder,
        name: settings.name.clone(),
        description: settings.description.clone(),
        genre: settings.genre.clone(),
        url: settings.url.clone(),
        public: settings.public,
    };
    source.check().map_err(|error| invalid(&error))?;
    Ok(source)
}

pub(super) fn invalid(error: &impl std::fmt::Display) -> CommandError {
    CommandError {
        code: ErrorCode::Invalid,
        message: error.to_string(),
    }
}

impl From<Statistics> for ServerStatistics {
    fn from(told: Statistics) -> Self {
        Self {
            listeners: told.listeners,
            listeners_peak: told.listeners_peak,
            server: told.server,
            bit_rate: told.bit_rate,
        }
    }
}

impl From<TitleShown> for TitleSeen {
    fn from(shown: TitleShown) -> Self {
        match shown {
            TitleShown::NotSet => Self::NotSet,
            TitleShown::Waiting => Self::Waiting,
            TitleShown::Shown => Self::Shown,
            TitleShown::NotShown(reason) => Self::NotShown { reason },
            TitleShown::CannotBeRead(reason) => Self::CannotBeRead { reason },
        }
    }
}
