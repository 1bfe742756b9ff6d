//! The stream to a server as the station drives it.

use std::time::Instant;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings as Target, BroadcastState as Running, TransportKind};
use airdesk_outputs::encode::{Codec, EncoderSettings};
use airdesk_outputs::icecast::{Fingerprint, Secret as SourceSecret, SourceSettings};
use airdesk_outputs::listen::Introduction;

use crate::api::{
    AirState, BroadcastSettings, BroadcastState, CommandError, ErrorCode, PasswordState, StreamCodec, Transport,
};
use crate::secrets::{Secret, Secrets};

/// What the password is filed under: it belongs to the server, so another mount keeps it and another server
/// never sees it.
fn account(settings: &BroadcastSettings) -> String {
    format!("stream@{}", settings.host.trim().to_lowercase())
}

/// A title longer than this is cut: servers and players cut it anyway.
const TITLE_CHARS: usize = 500;

/// Server, secret, title, and the broadcast that is under way.
pub(crate) struct Air {
    settings: BroadcastSettings,
    secrets: Secrets,
    secret: Option<Secret>,
    kept: PasswordState,
    /// The password was set in this run and no server has been given it: it may have been meant for the server
    /// that is named next.
    fresh: bool,
    rate: SampleRate,
    title: String,
    stream: Option<Stream>,
    told: AirState,
}

/// A stream that is under way or has failed, and what it began with.
struct Stream {
    broadcast: Broadcast,
    settings: BroadcastSettings,
    secret: Secret,
}

impl Air {
    pub(crate) fn new(settings: BroadcastSettings, secrets: Secrets, rate: SampleRate) -> Self {
        let (secret, kept) = secrets.get(&account(&settings));
        Self {
            settings,
            secrets,
            secret,
            kept,
            fresh: false,
            rate,
            title: String::new(),
            stream: None,
            told: AirState::Off,
        }
    }

    pub(crate) fn settings(&self) -> &BroadcastSettings {
        &self.settings
    }

    /// How the desk's own listener mounts introduce themselves: as the station does elsewhere.
    pub(crate) fn introduction(&self) -> Introduction {
        let BroadcastSettings {
            name,
            description,
            genre,
            url,
            ..
        } = self.settings.clone();
        Introduction {
            name,
            description,
            genre,
            url,
        }
    }

    /// Takes effect when the desk goes live (again).
    pub(crate) fn set(&mut self, settings: BroadcastSettings) -> Result<(), CommandError> {
        self.target(&settings)?;
        let (old, new) = (account(&self.settings), account(&settings));
        if old != new {
            self.change_account(&old, &new)?;
        }
        self.settings = settings;
        Ok(())
    }

    /// Takes the password of another server, or takes along the one that no server has been given yet.
    fn change_account(&mut self, old: &str, new: &str) -> Result<(), CommandError> {
        let (filed, kept) = self.secrets.get(new);
        let along = self.secret.as_ref().filter(|_| self.fresh && filed.is_none());
        if let Some(secret) = along {
            self.kept = self.secrets.set(new, secret).map_err(not_kept)?;
            self.secrets.set(old, &Secret::new(String::new())).map_err(not_kept)?;
        } else {
            (self.secret, self.kept, self.fresh) = (filed, kept, false);
        }
        Ok(())
    }

    pub(crate) fn set_password(&mut self, password: String) -> Result<(), CommandError> {
        let secret = Secret::new(password);
        self.kept = self.secrets.set(&account(&self.settings), &secret).map_err(not_kept)?;
        self.secret = (self.kept != PasswordState::None).then_some(secret);
        self.fresh = self.secret.is_some();
        Ok(())
    }

    /// What the operator must know about where the password is.
    pub(crate) fn warning(&self) -> Option<String> {
        (self.kept == PasswordState::File).then(|| {
            "this machine has no key store: the stream password is in a file that only this user can read".to_owned()
        })
    }

    /// Accepts the certificate that was refused, and goes on with it.
    pub(crate) fn trust(&mut self, fingerprint: &str) -> Result<(), CommandError> {
        let fingerprint: Fingerprint = fingerprint.parse().map_err(|error| CommandError {
            code: ErrorCode::Invalid,
            message: format!("{error}"),
        })?;
        self.settings.pinned_certificate = Some(fingerprint.to_string());
        Ok(())
    }

    pub(crate) fn set_title(&mut self, title: &str) {
        self.title = title.chars().filter(|c| !c.is_control()).take(TITLE_CHARS).collect();
        if let Some(stream) = &self.stream {
            stream.broadcast.set_title(&self.title);
        }
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn go_live(&mut self, tap: &MixTap) -> Result<(), CommandError> {
        if !matches!(self.air(), AirState::Off | AirState::Failed { .. }) {
            let message = "the desk is already on air, or on its way; go off air first".into();
            return Err(CommandError {
                code: ErrorCode::AlreadyRunning,
                message,
            });
        }
        let Some(secret) = self.secret.clone() else {
            let BroadcastSettings { user, host, .. } = &self.settings;
            let message = format!("there is no password for {user} at {host}; set it first");
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message,
            });
        };
        self.begin(self.settings.clone(), secret, tap)?;
        self.fresh = false;
        Ok(())
    }

    fn begin(&mut self, settings: BroadcastSettings, secret: Secret, tap: &MixTap) -> Result<(), CommandError> {
        let target = self.target(&settings)?;
        let given = SourceSecret::new(secret.reveal());
        let broadcast = Broadcast::start(&target, given, tap.clone()).map_err(|error| CommandError {
            code: ErrorCode::Invalid,
            message: error.to_string(),
        })?;
        broadcast.set_title(&self.title);
        self.stream = Some(Stream {
            broadcast,
            settings,
            secret,
        });
        Ok(())
    }

    /// Streams another bus from now on, as what the stream began with. False: there is no stream. Waits for
    /// the connection to close, because the server must let go of the mount first.
    ///
    /// # Errors
    /// When the stream cannot begin again.
    pub(crate) fn go_on(&mut self, tap: &MixTap) -> Result<bool, CommandError> {
        if matches!(self.air(), AirState::Off | AirState::Failed { .. }) {
            return Ok(false);
        }
        let Some(stream) = self.stream.take() else {
            return Ok(false);
        };
        stream.broadcast.stop();
        self.begin(stream.settings, stream.secret, tap)?;
        Ok(true)
    }

    /// Closes the connection in the background.
    pub(crate) fn go_off_air(&mut self) {
        self.stream = None;
    }

    /// Closes the connection and waits until it is closed: the program ends.
    pub(crate) fn finish(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.broadcast.stop();
        }
    }

    /// True: hosts have to be told. `figures`: also when only figures have changed.
    pub(crate) fn refresh(&mut self, figures: bool) -> bool {
        let now = self.air();
        let same = std::mem::discriminant(&now) == std::mem::discriminant(&self.told);
        let changed = !same || (figures && now != self.told);
        if changed {
            self.told = now;
        }
        changed
    }

    pub(crate) fn state(&self) -> BroadcastState {
        let air = self.air();
        let running = self.stream.as_ref().filter(|_| air != AirState::Off);
        BroadcastState {
            settings: self.settings.clone(),
            password: self.kept,
            title: self.title.clone(),
            running: running.map(|stream| Box::new(stream.settings.clone())),
            transports: self.transports(),
            air,
        }
    }

    /// Those that the outputs do not refuse, so that none is offered that cannot be used.
    fn transports(&self) -> Vec<Transport> {
        let by = |transport| BroadcastSettings {
            transport,
            ..BroadcastSettings::default()
        };
        Transport::ALL
            .into_iter()
            .filter(|&transport| self.target(&by(transport)).is_ok())
            .collect()
    }

    fn air(&self) -> AirState {
        let Some(stream) = &self.stream else {
            return AirState::Off;
        };
        let running = stream.broadcast.state();
        let until_retry = running.until_retry();
        match running {
            Running::Off => AirState::Off,
            Running::Connecting => AirState::Connecting,
            Running::Live {
                since,
                bytes_acked,
                seconds_dropped,
                reconnects,
                title_error,
            } => AirState::Live {
                seconds: Instant::now().saturating_duration_since(since).as_secs_f64(),
                bytes_sent: bytes_acked,
                seconds_dropped,
                reconnects,
                title_error,
            },
            Running::Retrying { reason, attempt, .. } => AirState::Retrying {
                reason,
                attempt,
                seconds: until_retry.as_secs_f32(),
            },
            Running::Failed { reason, certificate } => AirState::Failed {
                reason,
                certificate: certificate.map(|fingerprint| fingerprint.to_string()),
            },
        }
    }

    /// The settings as the outputs know them, refused where no server could take them.
    fn target(&self, settings: &BroadcastSettings) -> Result<Target, CommandError> {
        let invalid = |message: String| CommandError {
            code: ErrorCode::Invalid,
            message,
        };
        let pinned_certificate = settings
            .pinned_certificate
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|error: airdesk_outputs::icecast::FingerprintError| invalid(error.to_string()))?;
        let codec = match settings.codec {
            StreamCodec::Mp3 => Codec::Mp3,
            StreamCodec::Opus => Codec::Opus,
        };
        let target = Target {
            source: SourceSettings {
                host: settings.host.clone(),
                port: settings.port,
                tls: settings.tls,
                pinned_certificate,
                mount: settings.mount.clone(),
                user: settings.user.clone(),
                encoder: EncoderSettings {
                    codec,
                    bit_rate: settings.bit_rate,
                    rate: self.rate,
                },
                name: settings.name.clone(),
                description: settings.description.clone(),
                genre: settings.genre.clone(),
                url: settings.url.clone(),
                public: settings.public,
            },
            transport: match settings.transport {
                Transport::Native => TransportKind::Native,
                Transport::Libshout => TransportKind::Libshout,
            },
        };
        target.check().map_err(|error| invalid(error.to_string()))?;
        Ok(target)
    }
}

fn not_kept(error: std::io::Error) -> CommandError {
    CommandError {
        code: ErrorCode::Storage,
        message: format!("the password could not be kept: {error}; it has not been changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> BroadcastSettings {
        BroadcastSettings {
            host: host.into(),
            ..BroadcastSettings::default()
        }
    }

    #[test]
    fn a_password_goes_to_the_server_it_was_set_for_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let secrets = || Secrets::new(folder.path()).without_key_store();
        let mut air = Air::new(at("one.example"), secrets(), SampleRate::DESK);
        air.set_password("hackme".into()).expect("kept");
        air.set(at("two.example")).expect("set");
        let taken = air.secret.clone().expect("set before the server, so it goes along");
        assert_eq!(taken.reveal(), "hackme");
        let mut air = Air::new(at("two.example"), secrets(), SampleRate::DESK);
        assert!(air.secret.is_some(), "kept for the next run");
        let mount = BroadcastSettings {
            mount: "/other.mp3".into(),
            ..at("TWO.example")
        };
        air.set(mount).expect("set");
        assert!(air.secret.is_some(), "another mount keeps it");
        air.set(at("three.example")).expect("set");
        assert_eq!((air.secret.as_ref(), air.kept), (None, PasswordState::None));
        air.set(at("one.example")).expect("set");
        assert_eq!(air.secret, None, "it has moved, not been copied");
        air.set(at("two.example")).expect("set");
        assert_eq!(air.kept, PasswordState::File);
    }
}
