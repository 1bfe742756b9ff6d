//! The streams to servers as the station drives them: any number of targets, each for itself.
//!
//! What one of them meets with never touches another. They share what is on, the keeper of passwords, and the encoders.

mod clear_text;
mod going_live;
mod hearing;
mod passwords;
mod stream;
mod target;
mod titles;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::encode::Encoders;
use airdesk_outputs::listen::Introduction;

use crate::api::{
    AirState, BroadcastSettings, BusName, CommandError, ErrorCode, Reply, TargetId, TargetState, Transport,
};
use crate::password::{Keeper, Wish};
use crate::recording::Answer;

pub(crate) use hearing::{HearingLog, Turn as HearingTurn};
pub(crate) use target::check;

use going_live::Going;
use stream::{Common, Target};
use target::outputs;
use titles::Titles;

/// More servers than anybody streams to.
const TARGETS_MAX: usize = 32;
/// A title longer than this is cut: servers and players cut it anyway.
const TITLE_CHARS: usize = 500;

/// Where each bus is listened to.
pub(crate) type Taps<'a> = &'a dyn Fn(BusName) -> MixTap;

/// Answers to be sent once everybody has been told.
pub(crate) type Said = Vec<(Answer, Result<Reply, CommandError>)>;

/// All targets, and what they share.
pub(crate) struct Air {
    targets: Vec<Target>,
    last_id: u32,
    keeper: Keeper,
    /// The accounts that the keeper has been asked for and has not answered: until then it is not known whether there
    /// is a password.
    asked: Vec<String>,
    common: Common,
    going: Vec<Going>,
}

/// What was not done, and who waits to hear of it.
pub(crate) struct Refused(pub(crate) CommandError, pub(crate) Answer);

impl Air {
    pub(crate) fn new(targets: Vec<BroadcastSettings>, keeper: Keeper, encoders: Encoders, rate: SampleRate) -> Self {
        let mut air = Self {
            targets: Vec::new(),
            last_id: 0,
            keeper,
            asked: Vec::new(),
            common: Common {
                rate,
                encoders,
                titles: Titles::new(),
            },
            going: Vec::new(),
        };
        for settings in targets {
            air.insert(settings);
        }
        air
    }

    /// As a session keeps them.
    pub(crate) fn settings(&self) -> Vec<BroadcastSettings> {
        self.targets.iter().map(|target| target.settings().clone()).collect()
    }

    /// How the desk's own listener mounts introduce themselves: as the first target does.
    pub(crate) fn introduction(&self) -> Introduction {
        let BroadcastSettings {
            name,
            description,
            genre,
            url,
            ..
        } = self.settings().into_iter().next().unwrap_or_default();
        Introduction {
            name,
            description,
            genre,
            url,
        }
    }

    /// One more target, off air.
    ///
    /// # Errors
    /// When no server could take the settings, or there are as many as there can be.
    pub(crate) fn add(&mut self, settings: BroadcastSettings) -> Result<TargetId, CommandError> {
        outputs(&settings, self.common.rate)?;
        if self.targets.len() == TARGETS_MAX {
            return Err(CommandError {
                code: ErrorCode::TooManyTargets,
                message: format!("the desk streams to {TARGETS_MAX} servers at most; remove one of them first"),
            });
        }
        Ok(self.insert(settings))
    }

    fn insert(&mut self, settings: BroadcastSettings) -> TargetId {
        self.last_id += 1;
        let id = TargetId::new(self.last_id);
        self.targets.push(Target::new(id, settings));
        let account = self.account_of(id);
        self.ask(Wish::Find { account }, None);
        id
    }

    /// Forgets a target. Its password is kept: it belongs to the server.
    ///
    /// # Errors
    /// When there is none, or it is on air or on its way.
    pub(crate) fn remove(&mut self, id: TargetId) -> Result<(), CommandError> {
        let target = self.target(id)?;
        if target.is_under_way() {
            let message = format!("{} is on air, or on its way; take it off air first", target.called());
            let code = ErrorCode::AlreadyRunning;
            return Err(CommandError { code, message });
        }
        self.targets.retain(|target| target.id() != id);
        Ok(())
    }

    /// Takes effect when the target goes live (again). Gives the answer back when there is nothing to wait for.
    ///
    /// # Errors
    /// When there is no such target, no server could take the settings, or it is on its way with others.
    pub(crate) fn set(
        &mut self,
        id: TargetId,
        settings: BroadcastSettings,
        answer: Answer,
    ) -> Result<Option<Answer>, Refused> {
        let old = match self.settable(id, &settings) {
            Ok(()) => self.account_of(id),
            Err(error) => return Err(Refused(error, answer)),
        };
        self.of(id, |target| target.set(settings));
        let new = self.account_of(id);
        if old.name == new.name {
            return Ok(Some(answer));
        }
        // No server gets the password of another, not even while its own is being looked up.
        self.of(id, Target::forget_password);
        let is_used = self.targets.iter().any(|target| target.account() == old.name);
        let wish = if is_used {
            Wish::Find { account: new }
        } else {
            Wish::Change { old: old.name, new }
        };
        self.ask(wish, Some(answer));
        Ok(None)
    }

    fn settable(&self, id: TargetId, settings: &BroadcastSettings) -> Result<(), CommandError> {
        let target = self.target(id)?;
        outputs(settings, self.common.rate)?;
        if target.waits() && target.settings() != settings {
            let host = &target.settings().host;
            let message = format!("the desk is on its way to {host}; go off air first");
            let code = ErrorCode::AlreadyRunning;
            return Err(CommandError { code, message });
        }
        Ok(())
    }

    /// Accepts the certificate that was refused, and goes on with it.
    ///
    /// # Errors
    /// When there is no such target, or the text is no fingerprint.
    pub(crate) fn trust(&mut self, id: TargetId, fingerprint: &str) -> Result<(), CommandError> {
        self.target(id)?;
        let fingerprint: airdesk_outputs::icecast::Fingerprint =
            fingerprint.parse().map_err(|error| target::invalid(&error))?;
        self.of(id, |target| target.trust(&fingerprint));
        Ok(())
    }

    /// The targets that hosts have to be told of. `figures`: also when only figures have changed.
    pub(crate) fn refresh(&mut self, figures: bool) -> Vec<TargetState> {
        let changed = self
            .targets
            .iter_mut()
            .filter_map(|target| target.refresh(figures).then_some(&*target));
        changed.map(Target::state).collect()
    }

    /// What is to be said of streams that anybody on the way can read: once of each target.
    pub(crate) fn clear_text_warnings(&mut self) -> Vec<String> {
        self.targets.iter_mut().filter_map(Target::clear_text_warning).collect()
    }

    /// Every target.
    pub(crate) fn states(&self) -> Vec<TargetState> {
        self.targets.iter().map(Target::state).collect()
    }

    /// Those that the outputs do not refuse, so that none is offered that cannot be used.
    pub(crate) fn transports(&self) -> Vec<Transport> {
        let by = |transport| BroadcastSettings {
            transport,
            ..BroadcastSettings::default()
        };
        Transport::ALL
            .into_iter()
            .filter(|&transport| outputs(&by(transport), self.common.rate).is_ok())
            .collect()
    }

    /// What each stream that is live has dropped, seconds, and what it is called.
    pub(crate) fn seconds_dropped(&self) -> impl Iterator<Item = (TargetId, String, f64)> {
        self.targets
            .iter()
            .filter_map(|target| Some((target.id(), target.called(), target.seconds_dropped()?)))
    }

    fn target(&self, id: TargetId) -> Result<&Target, CommandError> {
        Ok(&self.targets[self.place(id)?])
    }

    /// Listeners of any server hear the desk.
    pub(crate) fn is_live(&self) -> bool {
        let live = |target: &Target| matches!(target.air(), AirState::Live { .. });
        self.targets.iter().any(live)
    }

    /// A stream is on air, or on its way there.
    pub(crate) fn is_wanted(&self) -> bool {
        let wanted = |target: &Target| !matches!(target.air(), AirState::Off | AirState::Failed { .. });
        self.targets.iter().any(wanted)
    }

    fn place(&self, id: TargetId) -> Result<usize, CommandError> {
        let place = self.targets.iter().position(|target| target.id() == id);
        place.ok_or_else(|| CommandError {
            code: ErrorCode::NoSuchTarget,
            message: format!("there is no target {id} (any more); take one of those that the desk lists"),
        })
    }

    /// Does something to a target that is there.
    fn of(&mut self, id: TargetId, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.targets.iter_mut().find(|target| target.id() == id) {
            change(target);
        }
    }
}

#[cfg(test)]
mod tests;
