//! One target: where it goes, its password, and the stream that is under way. On the station's thread; waits only in
//! [`Target::finish`] and [`Target::go_on`].

use std::time::Instant;

use airdesk_dsp::SampleRate;
use airdesk_outputs::broadcast::{Broadcast, BroadcastState as Running};
use airdesk_outputs::encode::Encoders;
use airdesk_outputs::icecast::{Fingerprint, Secret};

use super::Taps;
use super::clear_text;
use super::hearing::Hearing;
use super::target::{feed, invalid, outputs};
use super::titles::{Titles, Words};
use crate::api::{
    AirState, BroadcastSettings, BusName, CommandError, ErrorCode, ListenBackState, PasswordState, ServerStatistics,
    TargetId, TargetState,
};
use crate::secrets::Found;

/// What all targets share.
pub(super) struct Common {
    pub(super) rate: SampleRate,
    pub(super) encoders: Encoders,
    pub(super) titles: Titles,
}

/// One target.
pub(super) struct Target {
    id: TargetId,
    settings: BroadcastSettings,
    secret: Option<Secret>,
    kept: PasswordState,
    /// Why the password may be in a file that cannot be used.
    fault: Option<String>,
    /// It goes live once the keeper has said what the password is.
    waits: bool,
    stream: Option<Stream>,
    /// It was said that its stream is not encrypted.
    is_warned_of: bool,
    told: (AirState, Option<ListenBackState>),
}

/// A stream that is under way or has failed, and what it began with.
struct Stream {
    broadcast: Broadcast,
    /// `None` where nobody is to listen.
    hearing: Option<Hearing>,
    settings: BroadcastSettings,
    secret: Secret,
}

impl Target {
    pub(super) fn new(id: TargetId, settings: BroadcastSettings) -> Self {
        Self {
            id,
            settings,
            secret: None,
            kept: PasswordState::None,
            fault: None,
            waits: false,
            stream: None,
            is_warned_of: false,
            told: (AirState::Off, None),
        }
    }

    pub(super) fn id(&self) -> TargetId {
        self.id
    }

    pub(super) fn settings(&self) -> &BroadcastSettings {
        &self.settings
    }

    pub(super) fn called(&self) -> String {
        self.settings.called()
    }

    /// What the password is filed under: it belongs to the server and the user there, so another mount keeps it, and
    /// another server never sees it. Icecast's own user is not named.
    pub(super) fn account(&self) -> String {
        match self.settings.user.as_str() {
            "source" => self.older_account(),
            user => format!("stream@{user}@{}", self.host()),
        }
    }

    /// The same as older versions filed it, which knew the server alone.
    pub(super) fn older_account(&self) -> String {
        format!("stream@{}", self.host())
    }

    fn host(&self) -> String {
        self.settings.host.trim().to_lowercase()
    }

    pub(super) fn set(&mut self, settings: BroadcastSettings) {
        self.settings = settings;
    }

    pub(super) fn trust(&mut self, fingerprint: &Fingerprint) {
        self.settings.pinned_certificate = Some(fingerprint.to_string());
    }

    pub(super) fn forget_password(&mut self) {
        (self.secret, self.kept, self.fault) = (None, PasswordState::None, None);
    }

    pub(super) fn password_found(&mut self, found: &Found) {
        let Found { secret, state, fault } = found.clone();
        (self.secret, self.kept, self.fault) = (secret, state, fault);
    }

    pub(super) fn password(&self) -> PasswordState {
        self.kept
    }

    pub(super) fn password_fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    pub(super) fn wait(&mut self, waits: bool) {
        self.waits = waits;
    }

    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// On air, on its way, or trying again.
    pub(super) fn is_under_way(&self) -> bool {
        !matches!(self.air(), AirState::Off | AirState::Failed { .. })
    }

    /// The same of the stream alone.
    pub(super) fn is_streaming(&self) -> bool {
        !matches!(self.stream_state(), AirState::Off | AirState::Failed { .. })
    }

    /// Goes live as it is set.
    ///
    /// # Errors
    /// When there is no password, or no server could take the settings.
    pub(super) fn begin(&mut self, common: &Common, taps: Taps<'_>) -> Result<(), CommandError> {
        let Some(secret) = self.secret.clone() else {
            return Err(self.no_password());
        };
        self.begin_with(self.settings.clone(), secret, common, taps)
    }

    fn begin_with(
        &mut self,
        settings: BroadcastSettings,
        secret: Secret,
        common: &Common,
        taps: Taps<'_>,
    ) -> Result<(), CommandError> {
        let target = outputs(&settings, common.rate)?;
        let feed = feed(&settings, taps, &common.encoders)?;
        let broadcast = Broadcast::start(&target, secret.clone(), feed.clone()).map_err(|error| invalid(&error))?;
        let hearing = Hearing::start(&settings, &target.source, &feed, broadcast.on_air());
        self.stream = Some(Stream {
            broadcast,
            hearing,
            settings,
            secret,
        });
        self.announce(common);
        Ok(())
    }

    /// Begins again as what it began with, from another engine. Nothing where no stream is under way.
    ///
    /// # Errors
    /// When it cannot begin again.
    pub(super) fn go_on(&mut self, common: &Common, taps: Taps<'_>) -> Result<(), CommandError> {
        let Some(stream) = self.stream.take() else {
            return Ok(());
        };
        stream.broadcast.stop();
        self.begin_with(stream.settings, stream.secret, common, taps)
    }

    /// The bus that is sent, where one is.
    pub(super) fn bus_on_air(&self) -> Option<BusName> {
        self.stream.as_ref().map(|stream| stream.settings.bus)
    }

    /// What is to be said of a stream that is not encrypted, once.
    pub(super) fn clear_text_warning(&mut self) -> Option<String> {
        let stream = self.stream.as_ref().filter(|_| !self.is_warned_of)?;
        let warning = clear_text::warning(&stream.settings)?;
        self.is_warned_of = true;
        Some(warning)
    }

    /// Tells listeners what is on.
    pub(super) fn announce(&self, common: &Common) {
        if let Some(stream) = &self.stream {
            // What is sent, whatever was set since for the next time.
            let Words { words, since } = common.titles.of(stream.settings.bus);
            stream.broadcast.announce(words, *since);
        }
    }

    /// Closes the connection in the background.
    pub(super) fn go_off_air(&mut self) {
        (self.stream, self.waits) = (None, false);
    }

    /// The same, and what it was stays known.
    pub(super) fn let_go(&self) {
        if let Some(stream) = &self.stream {
            stream.broadcast.let_go();
        }
    }

    /// Closes the connection and waits until it is closed.
    pub(super) fn finish(&mut self) {
        self.waits = false;
        if let Some(stream) = self.stream.take() {
            stream.broadcast.stop();
        }
    }

    /// What is said when there is no password to go live with.
    fn no_password(&self) -> CommandError {
        let BroadcastSettings { user, host, .. } = &self.settings;
        if let (PasswordState::Unreadable, Some(fault)) = (self.kept, &self.fault) {
            return CommandError {
                code: ErrorCode::Storage,
                message: format!(
                    "the password for {user} at {host} may be in a file that cannot be used: {fault}, then set the \
                     password anew or start Airdesk again"
                ),
            };
        }
        if self.kept != PasswordState::Locked {
            return CommandError {
                code: ErrorCode::Invalid,
                message: format!(
                    "there is no password for {user} at {host}; set it first, or open the listener mounts, which need \
                     no server"
                ),
            };
        }
        let message = format!(
            "the key store is locked or does not answer, and may have the password for {user} at {host}; \
             unlock it and go live again, or set the password anew"
        );
        CommandError {
            code: ErrorCode::Unavailable,
            message,
        }
    }

    /// True: hosts have to be told. `figures`: also when only figures have changed.
    pub(super) fn refresh(&mut self, figures: bool) -> bool {
        let now = (self.air(), self.listen_back());
        let kinds = |(air, heard): &(AirState, Option<ListenBackState>)| {
            (std::mem::discriminant(air), heard.as_ref().map(std::mem::discriminant))
        };
        let same = kinds(&now) == kinds(&self.told);
        let changed = !same || (figures && now != self.told);
        if changed {
            self.told = now;
        }
        changed
    }

    pub(super) fn state(&self) -> TargetState {
        let air = self.air();
        let running = self.stream.as_ref().filter(|_| air != AirState::Off && !self.waits);
        TargetState {
            id: self.id,
            settings: self.settings.clone(),
            password: self.kept,
            seconds_waiting: self.seconds_waiting(),
            listen_back: self.listen_back(),
            running: running.map(|stream| Box::new(stream.settings.clone())),
            air,
        }
    }

    /// What listeners hear, while it is live and somebody listens.
    fn listen_back(&self) -> Option<ListenBackState> {
        let stream = self.stream.as_ref().filter(|_| !self.waits)?;
        let is_live = stream.broadcast.state().is_live();
        stream.hearing.as_ref().filter(|_| is_live).map(Hearing::state)
    }

    /// Audio that the server has not acknowledged, while it is live.
    fn seconds_waiting(&self) -> Option<f32> {
        let stream = self.stream.as_ref().filter(|_| !self.waits)?;
        match stream.broadcast.state() {
            Running::Live { seconds_waiting, .. } => Some(to_half_seconds(seconds_waiting)),
            _ => None,
        }
    }

    /// What the stream has dropped, seconds, while it is live.
    pub(super) fn seconds_dropped(&self) -> Option<f64> {
        match self.air() {
            AirState::Live { seconds_dropped, .. } => Some(seconds_dropped.into()),
            _ => None,
        }
    }

    pub(super) fn air(&self) -> AirState {
        if self.waits {
            return AirState::Connecting;
        }
        self.stream_state()
    }

    fn stream_state(&self) -> AirState {
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
                title,
                statistics,
                ..
            } => AirState::Live {
                seconds: Instant::now().saturating_duration_since(since).as_secs_f64(),
                bytes_sent: bytes_acked,
                seconds_dropped,
                reconnects,
                title: title.into(),
                statistics: statistics.map(|told| {
                    let told = ServerStatistics::from(told);
                    match &stream.hearing {
                        Some(hearing) => hearing.without_itself(told),
                        None => told,
                    }
                }),
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
}

/// What a line holds moves by a packet or two all the time, which is nothing to be told.
fn to_half_seconds(seconds: f32) -> f32 {
    (seconds * 2.0).round() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_told_to_the_half_second() {
        let told = [0.0, 0.2, 0.3, 4.74, 4.76].map(to_half_seconds);
        assert_eq!(told, [0.0, 0.0, 0.5, 4.5, 5.0]);
    }
}
