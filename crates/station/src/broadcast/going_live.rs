//! Going live and off air, for one target or all that are enabled. Who asked is answered once every target that he
//! asked for is through: some wait for the keeper of passwords.

use super::stream::Target;
use super::{Air, Said, Taps};
use crate::api::{CommandError, ErrorCode, PasswordState, Reply, TargetId};
use crate::password::Wish;
use crate::recording::Answer;

/// Somebody who has asked to go live and waits.
pub(super) struct Going {
    answer: Answer,
    /// Those that wait for the keeper.
    awaited: Vec<TargetId>,
    refused: Vec<CommandError>,
}

impl Air {
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
