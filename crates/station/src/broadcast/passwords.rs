//! The passwords of the targets' servers: asked of the keeper, who answers later, and shared by all that have the same
//! server and user.

use super::stream::Target;
use super::{Air, Refused};
use crate::api::{CommandError, PasswordState, TargetId};
use crate::password::{Account, Kept, Wish};
use crate::recording::Answer;

impl Air {
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
    pub(super) fn ask(&mut self, wish: Wish, answer: Option<Answer>) {
        let account = wish.account().map(str::to_owned);
        if self.keeper.ask(wish, answer) {
            self.asked.extend(account);
        }
    }

    /// What a target's password is filed under. Older versions knew no user: what they filed is found, too, unless
    /// it is another target's.
    pub(super) fn account_of(&self, id: TargetId) -> Account {
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
}
