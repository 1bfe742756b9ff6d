//! The streams to servers as the station drives them: any number of targets, each for itself.
//!
//! What one of them meets with never touches another. They share what is on, the keeper of passwords, and the encoders.

mod hearing;
mod stream;
mod target;

use std::time::Instant;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::encode::Encoders;
use airdesk_outputs::listen::Introduction;
use airdesk_outputs::title::{Title, TitleTemplate, TitleWords};

use crate::api::{
    AirState, BroadcastSettings, BusName, CommandError, ErrorCode, PasswordState, Reply, TargetId, TargetState,
    TitleState, Transport,
};
use crate::password::{Account, Keeper, Kept, Wish};
use crate::recording::Answer;

pub(crate) use hearing::{HearingLog, Turn as HearingTurn};
pub(crate) use target::check;

use stream::{Common, Target};
use target::outputs;

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

/// Somebody who has asked to go live and waits.
struct Going {
    answer: Answer,
    /// Those that wait for the keeper.
    awaited: Vec<TargetId>,
    refused: Vec<CommandError>,
}

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
                words: TitleWords::default(),
                since: Instant::now(),
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

    /// Keeps the password of a target's server; what comes of it is heard by [`Air::password_kept`].
    ///
    /// # Errors
    /// When there is no such target.
    pub(crate) fn set_password(&mut self, id: TargetId, password: String, answer: Answer) -> Result<(), Refused> {
        if let Err(error) = self.target(id) {
            return Err(Refused(error, answer));
        }
        let account = self.account_of(id);
        let secret = airdesk_outputs::icecast::Secret::new(password);
        self.ask(Wish::Keep { account, secret }, Some(answer));
        Ok(())
    }

    /// Asks the keeper for what [`Air::password_kept`] will hear of.
    fn ask(&mut self, wish: Wish, answer: Option<Answer>) {
        let account = wish.account().map(str::to_owned);
        if self.keeper.ask(wish, answer) {
            self.asked.extend(account);
        }
    }

    /// What a target's password is filed under. Older versions knew no user: what they filed is found, too, unless
    /// it is another target's.
    fn account_of(&self, id: TargetId) -> Account {
        let target = self.targets.iter().find(|target| target.id() == id);
        let name = target.map(Target::account).unwrap_or_default();
        let older = target
            .map(Target::older_account)
            .filter(|older| *older != name && !self.targets.iter().any(|target| target.account() == *older));
        Account { name, older }
    }

    /// Takes in what came of a wish, and hands back who waits for it.
    pub(crate) fn password_kept(&mut self, kept: Kept) -> (Result<(), CommandError>, Option<Answer>) {
        if let Some(place) = self.asked.iter().position(|account| *account == kept.account) {
            self.asked.swap_remove(place);
        }
        let result = kept.result.map(|found| {
            for target in &mut self.targets {
                if target.account() == kept.account {
                    target.password_found(&found);
                }
            }
        });
        (result, kept.answer)
    }

    /// What the operator must know about where the password of an account is.
    pub(crate) fn warning(&self, account: &str) -> Option<String> {
        let in_file = |target: &&Target| target.account() == account && target.password() == PasswordState::File;
        let target = self.targets.iter().find(in_file)?;
        Some(format!(
            "no key store has taken the stream password for {}: it is in {}, which only this user can read; unlock a key \
             store and set the password anew to have it there",
            target.settings().host,
            self.keeper.file().display()
        ))
    }

    /// What keeps passwords from being used, as a sentence with the way out.
    pub(crate) fn password_fault(&self) -> Option<String> {
        let fault = self.targets.iter().find_map(Target::password_fault)?;
        Some(format!("no stream password in the file can be used: {fault}"))
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

    /// Something else is on. No `show` leaves the show as it is.
    pub(crate) fn set_title(&mut self, title: &str, artist: &str, show: Option<&str>) {
        let line = |text: &str| text.chars().filter(|c| !c.is_control()).take(TITLE_CHARS).collect();
        let words = &mut self.common.words;
        (words.title, words.artist) = (line(title), line(artist));
        if let Some(show) = show {
            words.show = line(show);
        }
        self.common.since = Instant::now();
        for target in &self.targets {
            target.announce(&self.common);
        }
    }

    /// What is on.
    pub(crate) fn title(&self) -> TitleState {
        let TitleWords { title, artist, show } = self.common.words.clone();
        TitleState { title, artist, show }
    }

    /// What listeners of the desk's own mounts read.
    pub(crate) fn title_line(&self) -> Title {
        TitleTemplate::default().fill(&self.common.words, "")
    }

    /// Goes live, and says what came of it; where the keeper has to be asked for a password, that is heard by
    /// [`Air::go_live_at_last`]. One that cannot keeps none of the others back.
    pub(crate) fn go_live(&mut self, which: Option<TargetId>, taps: Taps<'_>, answer: Answer) -> Said {
        let ids = match self.wanted(which) {
            Ok(ids) => ids,
            Err(error) => return vec![(answer, Err(error))],
        };
        let mut going = Going {
            answer,
            awaited: Vec::new(),
            refused: Vec::new(),
        };
        for id in ids {
            match self.try_to_go_live(id, taps) {
                Ok(true) => {}
                Ok(false) => going.awaited.push(id),
                Err(error) => going.refused.push(error),
            }
        }
        self.going.push(going);
        self.answers()
    }

    /// Who is to go live.
    fn wanted(&self, which: Option<TargetId>) -> Result<Vec<TargetId>, CommandError> {
        let refuse = |code, message: &str| {
            let message = message.to_owned();
            Err(CommandError { code, message })
        };
        if let Some(id) = which {
            let target = self.target(id)?;
            if target.is_under_way() {
                let message = format!(
                    "{} is already on air, or on its way; take it off air first",
                    target.called()
                );
                return refuse(ErrorCode::AlreadyRunning, &message);
            }
            return Ok(vec![id]);
        }
        let enabled = || self.targets.iter().filter(|target| target.settings().enabled);
        if enabled().next().is_none() {
            return refuse(
                ErrorCode::Invalid,
                "there is no server to stream to; add one, or enable one of those that are there",
            );
        }
        let ids: Vec<_> = enabled()
            .filter(|target| !target.is_under_way())
            .map(Target::id)
            .collect();
        if ids.is_empty() {
            return refuse(
                ErrorCode::AlreadyRunning,
                "the desk is already on air, or on its way; go off air first",
            );
        }
        Ok(ids)
    }

    /// False: it waits for the keeper. A key store that was locked is asked again: it may have been unlocked for this.
    fn try_to_go_live(&mut self, id: TargetId, taps: Taps<'_>) -> Result<bool, CommandError> {
        let account = self.account_of(id);
        let target = self.target(id)?;
        if target.password() == PasswordState::Locked && !self.asked.contains(&account.name) {
            let account = account.clone();
            self.ask(Wish::Find { account }, None);
        }
        let waits = self.asked.contains(&account.name);
        self.of(id, |target| target.wait(waits));
        if waits {
            return Ok(false);
        }
        self.begin(id, taps).map(|()| true)
    }

    fn begin(&mut self, id: TargetId, taps: Taps<'_>) -> Result<(), CommandError> {
        let (place, common) = (self.place(id)?, &self.common);
        self.targets[place].begin(common, taps)?;
        self.keeper.ask(Wish::Given, None);
        Ok(())
    }

    /// What came of going live, for whoever has waited for the keeper; nothing while it still has not said.
    pub(crate) fn go_live_at_last(&mut self, taps: Taps<'_>) -> Said {
        let known: Vec<_> = self
            .targets
            .iter()
            .filter(|target| target.waits() && !self.asked.contains(&target.account()))
            .map(Target::id)
            .collect();
        for id in known {
            self.of(id, |target| target.wait(false));
            let error = self.begin(id, taps).err();
            self.arrived(id, error);
        }
        self.answers()
    }

    /// One that somebody waited for is through, well or not.
    fn arrived(&mut self, id: TargetId, error: Option<CommandError>) {
        if let Some(going) = self.going.iter_mut().find(|going| going.awaited.contains(&id)) {
            going.awaited.retain(|awaited| *awaited != id);
            going.refused.extend(error);
        }
    }

    /// The answers of those who wait for nothing more.
    fn answers(&mut self) -> Said {
        let through = self.going.extract_if(.., |going| going.awaited.is_empty());
        through.map(|going| (going.answer, together(&going.refused))).collect()
    }

    /// Streams the buses of another engine from now on, each as what it began with. Waits for the connections to close,
    /// because the servers must let go of the mounts first. Returns what could not begin again.
    pub(crate) fn go_on(&mut self, taps: Taps<'_>) -> Vec<CommandError> {
        let running: Vec<_> = self
            .targets
            .iter()
            .filter(|target| target.is_streaming())
            .map(Target::id)
            .collect();
        for target in &self.targets {
            target.let_go();
        }
        let places: Vec<_> = running.into_iter().filter_map(|id| self.place(id).ok()).collect();
        let common = &self.common;
        places
            .into_iter()
            .filter_map(|place| self.targets[place].go_on(common, taps).err())
            .collect()
    }

    /// Closes connections in the background. Whoever still waited to go live is answered with `why`.
    ///
    /// # Errors
    /// When there is no such target.
    pub(crate) fn go_off_air(
        &mut self,
        which: Option<TargetId>,
        why: &Result<(), CommandError>,
    ) -> Result<Said, CommandError> {
        if let Some(id) = which {
            self.target(id)?;
        }
        let ids: Vec<_> = self
            .targets
            .iter()
            .map(Target::id)
            .filter(|id| which.is_none_or(|which| which == *id))
            .collect();
        for id in ids {
            self.of(id, Target::go_off_air);
            self.arrived(id, why.clone().err());
        }
        Ok(self.answers())
    }

    /// Closes all connections and waits until they are closed: the program ends.
    pub(crate) fn finish(&mut self) {
        self.going.clear();
        for target in &self.targets {
            target.let_go();
        }
        for target in &mut self.targets {
            target.finish();
        }
    }

    /// The targets that hosts have to be told of. `figures`: also when only figures have changed.
    pub(crate) fn refresh(&mut self, figures: bool) -> Vec<TargetState> {
        let changed = self
            .targets
            .iter_mut()
            .filter_map(|target| target.refresh(figures).then_some(&*target));
        changed.map(Target::state).collect()
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

/// One answer for all that were asked.
fn together(refused: &[CommandError]) -> Result<Reply, CommandError> {
    let Some(first) = refused.first() else {
        return Ok(Reply::Done);
    };
    let sentences: Vec<_> = refused.iter().map(|error| error.message.as_str()).collect();
    Err(CommandError {
        code: first.code,
        message: sentences.join("; "),
    })
}

#[cfg(test)]
mod tests;
