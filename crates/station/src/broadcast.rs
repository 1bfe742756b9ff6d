//! The stream to a server as the station drives it.

mod target;

use std::time::Instant;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings as Target, BroadcastState as Running, TransportKind};
use airdesk_outputs::icecast::{Fingerprint, Secret};
use airdesk_outputs::listen::Introduction;

use crate::api::{
    AirState, BroadcastSettings, BroadcastState, CommandError, ErrorCode, PasswordState, Reply, Transport,
};
use crate::password::{Keeper, Kept, Wish};
use crate::recording::Answer;

pub(crate) use target::source;

use target::invalid;

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
    keeper: Keeper,
    /// What the keeper has been asked and has not answered: until then it is not known whether there is a password.
    asked: usize,
    /// Who has asked to go live meanwhile, and where to.
    waiting: Option<(BroadcastSettings, Answer)>,
    secret: Option<Secret>,
    kept: PasswordState,
    /// Why it may be in a file that cannot be used.
    fault: Option<String>,
    rate: SampleRate,
    title: String,
    stream: Option<Stream>,
    told: AirState,
}

/// What was not done, and who waits to hear of it.
pub(crate) struct Refused(pub(crate) CommandError, pub(crate) Answer);

/// A stream that is under way or has failed, and what it began with.
struct Stream {
    broadcast: Broadcast,
    settings: BroadcastSettings,
    secret: Secret,
}

impl Air {
    pub(crate) fn new(settings: BroadcastSettings, keeper: Keeper, rate: SampleRate) -> Self {
        let account = account(&settings);
        let asked = usize::from(keeper.ask(Wish::Find { account }, None));
        Self {
            settings,
            keeper,
            asked,
            waiting: None,
            secret: None,
            kept: PasswordState::None,
            fault: None,
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

    /// Takes effect when the desk goes live (again). Gives the answer back when there is nothing to wait for.
    ///
    /// # Errors
    /// When no server could take the settings.
    pub(crate) fn set(&mut self, settings: BroadcastSettings, answer: Answer) -> Result<Option<Answer>, Refused> {
        if let Err(error) = self.target(&settings) {
            return Err(Refused(error, answer));
        }
        if let Some((asked, _)) = &self.waiting
            && *asked != settings
        {
            let message = format!("the desk is on its way to {}; go off air first", asked.host);
            let code = ErrorCode::AlreadyRunning;
            return Err(Refused(CommandError { code, message }, answer));
        }
        let (old, new) = (account(&self.settings), account(&settings));
        self.settings = settings;
        if old == new {
            return Ok(Some(answer));
        }
        // No server gets the password of another, not even while its own is being looked up.
        (self.secret, self.kept) = (None, PasswordState::None);
        self.ask(Wish::Change { old, new }, Some(answer));
        Ok(None)
    }

    /// Keeps the server's password; what comes of it is heard by [`Air::password_kept`].
    pub(crate) fn set_password(&mut self, password: String, answer: Answer) {
        let account = account(&self.settings);
        let secret = Secret::new(password);
        self.ask(Wish::Keep { account, secret }, Some(answer));
    }

    /// Asks the keeper for what [`Air::password_kept`] will hear of.
    fn ask(&mut self, wish: Wish, answer: Option<Answer>) {
        self.asked += usize::from(self.keeper.ask(wish, answer));
    }

    /// Takes in what came of a wish, and hands back who waits for it.
    pub(crate) fn password_kept(&mut self, kept: Kept) -> (Result<(), CommandError>, Option<Answer>) {
        let current = kept.account == account(&self.settings);
        self.asked = self.asked.saturating_sub(1);
        let result = kept.result.map(|found| {
            if current {
                (self.secret, self.kept, self.fault) = (found.secret, found.state, found.fault);
            }
        });
        (result, kept.answer)
    }

    /// What the operator must know about where the password is.
    pub(crate) fn warning(&self) -> Option<String> {
        (self.kept == PasswordState::File).then(|| {
            format!(
                "no key store has taken the stream password: it is in {}, which only this user can read; unlock a key store \
                 and set the password anew to have it there",
                self.keeper.file().display()
            )
        })
    }

    /// What keeps passwords from being used, as a sentence with the way out.
    pub(crate) fn password_fault(&self) -> Option<String> {
        let fault = self.fault.as_ref()?;
        Some(format!("no stream password in the file can be used: {fault}"))
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

    /// Goes live, and gives the answer back; or waits until the keeper has said what the password is, which is heard
    /// by [`Air::go_live_at_last`]. A key store that was locked is asked again: it may have been unlocked for this.
    ///
    /// # Errors
    /// When it is live already, or has no password to go live with.
    pub(crate) fn go_live(&mut self, tap: &MixTap, answer: Answer) -> Result<Option<Answer>, Refused> {
        if !matches!(self.air(), AirState::Off | AirState::Failed { .. }) {
            let message = "the desk is already on air, or on its way; go off air first".into();
            let code = ErrorCode::AlreadyRunning;
            return Err(Refused(CommandError { code, message }, answer));
        }
        if self.asked == 0 && self.secret.is_none() && self.kept == PasswordState::Locked {
            let account = account(&self.settings);
            self.ask(Wish::Find { account }, None);
        }
        if self.asked > 0 {
            self.waiting = Some((self.settings.clone(), answer));
            return Ok(None);
        }
        match self.go_live_now(tap) {
            Ok(()) => Ok(Some(answer)),
            Err(error) => Err(Refused(error, answer)),
        }
    }

    /// What came of going live, for whoever has waited for the keeper; nothing while it still has not said.
    pub(crate) fn go_live_at_last(&mut self, tap: &MixTap) -> Option<(Result<(), CommandError>, Answer)> {
        let (_, answer) = self.waiting.take_if(|_| self.asked == 0)?;
        Some((self.go_live_now(tap), answer))
    }

    fn go_live_now(&mut self, tap: &MixTap) -> Result<(), CommandError> {
        let Some(secret) = self.secret.clone() else {
            return Err(self.no_password());
        };
        self.begin(self.settings.clone(), secret, tap)?;
        self.keeper.ask(Wish::Given, None);
        Ok(())
    }

    /// What is said when there is none to go live with.
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

    fn begin(&mut self, settings: BroadcastSettings, secret: Secret, tap: &MixTap) -> Result<(), CommandError> {
        let target = self.target(&settings)?;
        let broadcast = Broadcast::start(&target, secret.clone(), tap.clone()).map_err(|error| CommandError {
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
        if matches!(self.stream_state(), AirState::Off | AirState::Failed { .. }) {
            return Ok(false);
        }
        let Some(stream) = self.stream.take() else {
            return Ok(false);
        };
        stream.broadcast.stop();
        self.begin(stream.settings, stream.secret, tap)?;
        Ok(true)
    }

    /// Closes the connection in the background. Whoever still waited to go live is answered with `why`.
    pub(crate) fn go_off_air(&mut self, why: Result<(), CommandError>) {
        self.stream = None;
        if let Some((_, answer)) = self.waiting.take() {
            // A host that has gone does not want the answer.
            let _ = answer.send(why.map(|()| Reply::Done));
        }
    }

    /// Closes the connection and waits until it is closed: the program ends.
    pub(crate) fn finish(&mut self) {
        self.waiting = None;
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
        let running = self
            .stream
            .as_ref()
            .filter(|_| air != AirState::Off && self.waiting.is_none());
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

    /// What the stream has dropped, seconds, while it is live.
    pub(crate) fn seconds_dropped(&self) -> Option<f64> {
        match self.air() {
            AirState::Live { seconds_dropped, .. } => Some(seconds_dropped.into()),
            _ => None,
        }
    }

    fn air(&self) -> AirState {
        if self.waiting.is_some() {
            return AirState::Connecting;
        }
        self.stream_state()
    }

    /// It is on air.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.air(), AirState::Live { .. })
    }

    /// The same of the stream alone.
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
                ..
            } => AirState::Live {
                seconds: Instant::now().saturating_duration_since(since).as_secs_f64(),
                bytes_sent: bytes_acked,
                seconds_dropped,
                reconnects,
                title_error: title.complaint().map(str::to_owned),
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

    /// The settings as the outputs know them, refused where no server could take them or this build has no
    /// such transport.
    fn target(&self, settings: &BroadcastSettings) -> Result<Target, CommandError> {
        let target = Target {
            source: source(settings, self.rate)?,
            transport: match settings.transport {
                Transport::Native => TransportKind::Native,
                Transport::Libshout => TransportKind::Libshout,
            },
        };
        target.check().map_err(|error| invalid(&error))?;
        Ok(target)
    }
}

#[cfg(test)]
mod tests;
