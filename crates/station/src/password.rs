//! The passwords of the streams' servers, looked up and kept on a thread of its own, in the order asked.
//!
//! The key store may ask the desktop, and the desktop its user: the station must not wait for that.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use airdesk_outputs::icecast::Secret;
use tokio::sync::mpsc::UnboundedSender;

use crate::api::{CommandError, ErrorCode, PasswordState};
use crate::recording::Answer;
use crate::secrets::{Found, Secrets};
use crate::station::Internal;

/// What a password is filed under in [`Secrets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// What an older version may have filed it under, where nobody else's is.
    pub(crate) older: Option<String>,
}

/// What is asked of the keeper.
pub(crate) enum Wish {
    /// Look up the password of an account.
    Find { account: Account },
    /// Keep this one; an empty one is forgotten.
    Keep { account: Account, secret: Secret },
    /// Another server was named: look up its password, or take along the one that no server has been given yet.
    Change { old: String, new: Account },
    /// A server was given the password: it stays with that one.
    Given,
}

impl Wish {
    /// Whose password the answer will be; nobody answers what has none.
    pub(crate) fn account(&self) -> Option<&str> {
        match self {
            Self::Find { account } | Self::Keep { account, .. } | Self::Change { new: account, .. } => {
                Some(&account.name)
            }
            Self::Given => None,
        }
    }
}

/// What came of a wish.
pub(crate) struct Kept {
    /// Whose password it is.
    pub(crate) account: String,
    /// The password, and where it is.
    pub(crate) result: Result<Found, CommandError>,
    /// Who waits to hear of it.
    pub(crate) answer: Option<Answer>,
}

/// The station's end. The thread ends with it.
pub(crate) struct Keeper {
    wishes: mpsc::Sender<(Wish, Option<Answer>)>,
    /// Where passwords are that no key store takes.
    file: PathBuf,
}

/// The thread's end.
struct Cupboard {
    secrets: Secrets,
    /// Set in this run, and no server has been given it: it may have been meant for the server that is named next.
    fresh: Option<(String, Secret)>,
}

impl Keeper {
    /// Starts the thread, which tells the station what came of each wish.
    pub(crate) fn start(secrets: Secrets, station: UnboundedSender<Internal>) -> std::io::Result<Self> {
        let (wishes, wished) = mpsc::channel();
        let file = secrets.file().to_owned();
        thread::Builder::new().name("passwords".into()).spawn(move || {
            let mut cupboard = Cupboard { secrets, fresh: None };
            for (wish, answer) in wished {
                let Some((account, result)) = cupboard.grant(wish) else {
                    continue;
                };
                let kept = Kept {
                    account,
                    result,
                    answer,
                };
                // A station that has ended does not want to know.
                let _ = station.send(Internal::Password(kept));
            }
        })?;
        Ok(Self { wishes, file })
    }

    /// Where passwords are that no key store takes.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Asks. What comes of it reaches the station later, and `answer` with it; false: nothing will.
    pub(crate) fn ask(&self, wish: Wish, answer: Option<Answer>) -> bool {
        let Err(mpsc::SendError((_, answer))) = self.wishes.send((wish, answer)) else {
            return true;
        };
        if let Some(answer) = answer {
            // A host that has gone does not want the answer.
            let _ = answer.send(Err(not_kept("its keeper has ended; restart Airdesk")));
        }
        false
    }
}

impl Cupboard {
    /// Whose password was asked for, and what came of it; nothing where nobody waits for it.
    fn grant(&mut self, wish: Wish) -> Option<(String, Result<Found, CommandError>)> {
        Some(match wish {
            Wish::Find { account } => {
                let found = self.find(&account);
                (account.name, Ok(found))
            }
            Wish::Keep { account, secret } => {
                let result = self.keep_anew(&account, secret);
                (account.name, result)
            }
            Wish::Change { old, new } => {
                let result = self.change(&old, &new);
                (new.name, result)
            }
            Wish::Given => {
                self.fresh = None;
                return None;
            }
        })
    }

    fn find(&self, account: &Account) -> Found {
        let found = self.secrets.get(&account.name);
        let older = account.older.as_ref().filter(|_| found.state == PasswordState::None);
        older.map_or(found, |older| self.secrets.get(older))
    }

    fn keep_anew(&mut self, account: &Account, secret: Secret) -> Result<Found, CommandError> {
        let found = self.keep(&account.name, secret)?;
        if let (PasswordState::None, Some(older)) = (found.state, &account.older) {
            // Forgotten is forgotten, wherever it was.
            self.secrets.set(older, &Secret::new("")).map_err(not_kept)?;
        }
        Ok(found)
    }

    fn keep(&mut self, account: &str, secret: Secret) -> Result<Found, CommandError> {
        let state = self.secrets.set(account, &secret).map_err(not_kept)?;
        let secret = (state != PasswordState::None).then_some(secret);
        self.fresh = secret.clone().map(|secret| (account.to_owned(), secret));
        Ok(Found {
            secret,
            state,
            fault: None,
        })
    }

    fn change(&mut self, old: &str, new: &Account) -> Result<Found, CommandError> {
        let filed = self.find(new);
        let fresh = self
            .fresh
            .take()
            .filter(|(account, _)| account == old && filed.secret.is_none());
        let Some((_, secret)) = fresh else {
            return Ok(filed);
        };
        let kept = self.keep(&new.name, secret)?;
        self.secrets.set(old, &Secret::new("")).map_err(not_kept)?;
        Ok(kept)
    }
}

/// The reason ends with the way out, which is not the same for all.
fn not_kept(reason: impl std::fmt::Display) -> CommandError {
    CommandError {
        code: ErrorCode::Storage,
        message: format!("the password could not be kept and is as it was: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cupboard(folder: &std::path::Path) -> Cupboard {
        Cupboard {
            secrets: Secrets::new(folder).without_key_store(),
            fresh: None,
        }
    }

    fn account(name: &str, older: Option<&str>) -> Account {
        Account {
            name: name.into(),
            older: older.map(str::to_owned),
        }
    }

    fn change(cupboard: &mut Cupboard, old: &str, new: &str) -> Option<String> {
        let found = cupboard.change(old, &account(new, None)).expect("kept");
        found.secret.map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn a_password_goes_to_the_server_it_was_set_for_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut first = cupboard(folder.path());
        first.keep("one", Secret::new("hackme")).expect("kept");
        let taken = change(&mut first, "one", "two");
        assert_eq!(
            taken.as_deref(),
            Some("hackme"),
            "set before the server, so it goes along"
        );

        let mut next = cupboard(folder.path());
        let found = next.secrets.get("two");
        assert_eq!(found.state, PasswordState::File, "kept for the next run");
        assert_eq!(change(&mut next, "two", "three"), None, "it was not set in this run");
        assert_eq!(change(&mut next, "three", "one"), None, "it has moved, not been copied");
        assert_eq!(change(&mut next, "one", "two").as_deref(), Some("hackme"));
    }

    #[test]
    fn what_an_older_version_filed_under_the_server_alone_is_found_and_forgotten_with_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut cupboard = cupboard(folder.path());
        cupboard.keep("stream@radio", Secret::new("old")).expect("kept");
        let dj = account("stream@dj@radio", Some("stream@radio"));
        let found = |cupboard: &Cupboard| cupboard.find(&dj).secret.map(|secret| secret.reveal().to_owned());
        assert_eq!(found(&cupboard).as_deref(), Some("old"));
        cupboard.keep_anew(&dj, Secret::new("new")).expect("kept");
        assert_eq!(found(&cupboard).as_deref(), Some("new"));
        cupboard.keep_anew(&dj, Secret::new("")).expect("forgotten");
        assert_eq!(found(&cupboard), None);
        assert!(cupboard.find(&account("stream@radio", None)).secret.is_none());
    }

    #[test]
    fn one_way_out_is_told_when_a_password_cannot_be_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("passwords.toml"), "torn = \"").expect("written");
        let refused = cupboard(folder.path()).keep("one", Secret::new("hackme"));
        let said = refused.expect_err("it is broken").message;
        assert!(said.ends_with("is broken; mend it or move it away"), "{said}");
    }

    #[test]
    fn a_password_that_a_server_was_given_stays_with_that_server() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut cupboard = cupboard(folder.path());
        cupboard.keep("one", Secret::new("hackme")).expect("kept");
        assert!(cupboard.grant(Wish::Given).is_none());
        assert_eq!(change(&mut cupboard, "one", "two"), None);
    }
}
