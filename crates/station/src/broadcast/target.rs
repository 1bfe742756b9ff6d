//! What the operator set, as the outputs know it.

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::{Codec, EncoderSettings};
use airdesk_outputs::icecast::{Protocol, SourceSettings};

use crate::api::{BroadcastSettings, CommandError, ErrorCode, StreamCodec};

/// Server, mount and encoder as the outputs know them, refused where no server could take them: a command's
/// settings and a session's.
pub(crate) fn source(settings: &BroadcastSettings, rate: SampleRate) -> Result<SourceSettings, CommandError> {
    let pinned_certificate = settings
        .pinned_certificate
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error: airdesk_outputs::icecast::FingerprintError| invalid(&error))?;
    let codec = match settings.codec {
        StreamCodec::Mp3 => Codec::Mp3,
        StreamCodec::Opus => Codec::Opus,
    };
    let source = SourceSettings {
        protocol: Protocol::Icecast,
        host: settings.host.clone(),
        port: settings.port,
        tls: settings.tls,
        pinned_certificate,
        mount: settings.mount.clone(),
        user: settings.user.clone(),
        encoder: EncoderSettings {
            codec,
            bit_rate: settings.bit_rate,
            variable: codec == Codec::Opus,
            rate,
        },
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
