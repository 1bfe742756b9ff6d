//! Where stream passwords are kept: the system's key store, else a file only this user can read. What is in
//! the file is newer than what is in the key store: it is there because the key store did not take it.
//!
//! A password comes in once and goes to the server alone; it is in no session, log, event or argument.
//! The key store may ask the desktop, so it is spoken to on a thread of its own with a time limit.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use airdesk_outputs::icecast::Secret;

use crate::api::PasswordState;

/// How long the key store may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The name under which the key store files Airdesk's passwords.
const SERVICE: &str = "airdesk";
/// A password given by the environment is used and never kept.
pub const VARIABLE: &str = "AIRDESK_PASSWORD";

/// Why a password was not kept, and the way out of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The environment has one.
    #[error("{VARIABLE} is set and goes before any other; start Airdesk without it")]
    Environment,
    /// The file is no list of passwords.
    #[error("{} is broken; mend it or move it away", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and may not be read.
    #[error("{} cannot be read: {source}; make it readable or move it away", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{} cannot be written: {source}; make its folder writable, free space, or unlock the key store", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What is known of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The password, if there is one.
    pub secret: Option<Secret>,
    /// Where it is.
    pub state: PasswordState,
    /// Why the file could not be asked, as a sentence with the way out.
    pub fault: Option<String>,
}

/// Keeps passwords by account, for example `stream@radio.example.org`.
#[derive(Debug, Clone)]
pub struct Secrets {
    file: PathBuf,
    key_store: bool,
}

impl Secrets {
    /// Passwords of this user. `folder` is for the file, where there is no key store.
    pub fn new(folder: &Path) -> Self {
        Self {
            file: folder.join("passwords.toml"),
            key_store: true,
        }
    }

    /// Only the file: for machines without a key store, and for tests.
    #[must_use]
    pub fn without_key_store(mut self) -> Self {
        self.key_store = false;
        self
    }

    /// Where passwords are that no key store takes.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The password of `account`, and where it was: the environment, the file, the key store, in this order.
    pub fn get(&self, account: &str) -> Found {
        let known = |secret, state| Found {
            secret,
            state,
            fault: None,
        };
        if let Ok(password) = std::env::var(VARIABLE) {
            return known(Some(Secret::new(password)), PasswordState::Environment);
        }
        self.kept(account)
    }

    /// What is kept of `account`, whatever the environment has: not every secret is a stream's password.
    pub(crate) fn kept(&self, account: &str) -> Found {
        let known = |secret, state| Found {
            secret,
            state,
            fault: None,
        };
        let fault = match self.read_file().map(|mut passwords| passwords.remove(account)) {
            Ok(Some(forgotten)) if forgotten.is_empty() => return known(None, PasswordState::None),
            Ok(Some(password)) => return known(Some(Secret::new(password)), PasswordState::File),
            Ok(None) => None,
            Err(error) => Some(error.to_string()),
        };
        let (secret, state) = match found(self.ask(account, keyring::Entry::get_password)) {
            (None, PasswordState::None) if fault.is_some() => (None, PasswordState::Unreadable),
            found => found,
        };
        Found { secret, state, fault }
    }

    /// Keeps a password; an empty one is forgotten. Says where.
    ///
    /// # Errors
    /// When there is no key store and the file cannot be written, or when the environment has the password.
    pub fn set(&self, account: &str, secret: &Secret) -> Result<PasswordState, SecretError> {
        if std::env::var_os(VARIABLE).is_some() {
            return Err(SecretError::Environment);
        }
        self.keep(account, secret)
    }

    /// Keeps a secret, whatever the environment has; an empty one is forgotten. Says where.
    ///
    /// # Errors
    /// When there is no key store and the file cannot be written.
    pub(crate) fn keep(&self, account: &str, secret: &Secret) -> Result<PasswordState, SecretError> {
        if secret.reveal().is_empty() {
            let forgotten = self.ask(account, keyring::Entry::delete_credential);
            let is_gone = matches!(forgotten, Some(Ok(()) | Err(keyring::Error::NoEntry)));
            self.change_file(|passwords| {
                if is_gone || !self.key_store {
                    return passwords.remove(account).is_some();
                }
                // The key store may still have it and answer next time.
                passwords.insert(account.to_owned(), String::new());
                true
            })?;
            return Ok(PasswordState::None);
        }
        let password = secret.reveal().to_owned();
        if let Some(Ok(())) = self.ask(account, move |entry| entry.set_password(&password)) {
            self.change_file(|passwords| passwords.remove(account).is_some())?;
            return Ok(PasswordState::KeyStore);
        }
        self.change_file(|passwords| {
            passwords.insert(account.to_owned(), secret.reveal().to_owned());
            true
        })?;
        Ok(PasswordState::File)
    }

    /// Asks the key store; `None` when it does not answer in time.
    fn ask<T: Send + 'static>(
        &self,
        account: &str,
        question: impl FnOnce(&keyring::Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Option<keyring::Result<T>> {
        if !self.key_store {
            return Some(Err(keyring::Error::NoDefaultStore));
        }
        let (answer, answers) = mpsc::sync_channel(1);
        let account = account.to_owned();
        thread::Builder::new()
            .name("key store".into())
            .spawn(move || {
                let result = keyring::Entry::new(SERVICE, &account).and_then(|entry| question(&entry));
                // Nobody waits any more when the key store took too long.
                let _ = answer.send(result);
            })
            .ok()?;
        answers.recv_timeout(PATIENCE).ok()
    }

    /// What is in the file.
    fn read_file(&self) -> Result<BTreeMap<String, String>, SecretError> {
        let path = || self.file.clone();
        match fs::read_to_string(&self.file) {
            // The parser's message may quote the line, and a secret with it.
            Ok(text) => toml::from_str(&text).map_err(|_| SecretError::Broken { path: path() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(source) => Err(SecretError::Read { path: path(), source }),
        }
    }

    fn change_file(&self, change: impl FnOnce(&mut BTreeMap<String, String>) -> bool) -> Result<(), SecretError> {
        let mut passwords = self.read_file()?;
        if !change(&mut passwords) {
            return Ok(());
        }
        self.write_file(&passwords).map_err(|source| SecretError::Write {
            path: self.file.clone(),
            source,
        })
    }

    fn write_file(&self, passwords: &BTreeMap<String, String>) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = self.file.with_extension("new");
        let _ = fs::remove_file(&fresh); // left by a crash; usually there is none
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&fresh)?;
        file.write_all(toml::to_string(passwords).map_err(io::Error::other)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, &self.file)
    }
}

/// What the key store's answer says of a password.
fn found(answer: Option<keyring::Result<String>>) -> (Option<Secret>, PasswordState) {
    match answer {
        Some(Ok(password)) => (Some(Secret::new(password)), PasswordState::KeyStore),
        Some(Err(keyring::Error::NoEntry | keyring::Error::NoDefaultStore)) => (None, PasswordState::None),
        Some(Err(_)) | None => (None, PasswordState::Locked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known of a password that nothing keeps from being looked up.
    fn known(secrets: &Secrets, account: &str) -> (Option<Secret>, PasswordState) {
        let Found { secret, state, fault } = secrets.get(account);
        assert_eq!(fault, None);
        (secret, state)
    }

    #[test]
    fn a_key_store_that_is_locked_or_silent_does_not_say_that_there_is_no_password() {
        use keyring::Error;
        let locked = || Error::NoStorageAccess("locked".into());
        for (answer, state) in [
            (Some(Ok("hackme".to_owned())), PasswordState::KeyStore),
            (Some(Err(Error::NoEntry)), PasswordState::None),
            (Some(Err(Error::NoDefaultStore)), PasswordState::None),
            (Some(Err(locked())), PasswordState::Locked),
            (
                Some(Err(Error::PlatformFailure("its bus is gone".into()))),
                PasswordState::Locked,
            ),
            (None, PasswordState::Locked),
        ] {
            assert_eq!(found(answer).1, state);
        }
    }

    #[test]
    fn a_file_of_passwords_that_is_broken_is_named_and_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("passwords.toml");
        let secrets = Secrets::new(folder.path()).without_key_store();
        let torn = "\"stream@one\" = \"hackme-1\"\n\"stream@two\" = \"hack";
        fs::write(&file, torn).expect("written");
        let error = secrets.set("stream@host", &Secret::new("new")).expect_err("refused");
        let said = error.to_string();
        assert!(
            said.contains("passwords.toml") && said.contains("mend it or move it away"),
            "{said}"
        );
        assert!(!said.contains("hack"), "{said}");
        assert_eq!(fs::read_to_string(&file).expect("kept"), torn);
        let found = secrets.get("stream@one");
        assert_eq!((found.secret, found.state), (None, PasswordState::Unreadable));
        assert_eq!(found.fault, Some(said));
        fs::remove_file(&file).expect("moved away");
        secrets.set("stream@host", &Secret::new("new")).expect("kept");
        assert_eq!(known(&secrets, "stream@host").1, PasswordState::File);
    }

    #[test]
    fn a_file_of_passwords_that_cannot_be_read_is_named_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("passwords.toml")).expect("in its place");
        let found = Secrets::new(folder.path()).without_key_store().get("stream@host");
        assert_eq!((found.secret, found.state), (None, PasswordState::Unreadable));
        let said = found.fault.expect("a fault");
        assert!(
            said.contains("passwords.toml cannot be read") && said.ends_with("make it readable or move it away"),
            "{said}"
        );
    }

    #[test]
    fn a_file_of_passwords_that_cannot_be_written_is_named_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocked = folder.path().join("a file, no folder");
        fs::write(&blocked, "").expect("written");
        let in_the_way = folder.path().join("free");
        fs::create_dir_all(in_the_way.join("passwords.new/full")).expect("a folder");
        for (place, way_out) in [(in_the_way, "free space"), (blocked.join("deep"), "make it readable")] {
            let secrets = Secrets::new(&place).without_key_store();
            let error = secrets.set("stream@host", &Secret::new("new"));
            let said = error.expect_err("refused").to_string();
            assert!(said.contains("passwords.toml") && said.contains(way_out), "{said}");
        }
    }

    #[test]
    fn without_a_key_store_a_password_is_in_a_file_for_this_user_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let secrets = Secrets::new(folder.path()).without_key_store();
        let password = Secret::new("pässword");
        assert_eq!(
            secrets.set("stream@host", &password).expect("kept"),
            PasswordState::File
        );
        assert_eq!(known(&secrets, "stream@host"), (Some(password), PasswordState::File));
        assert_eq!(known(&secrets, "somebody else"), (None, PasswordState::None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join("passwords.toml"))
                .expect("a file")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        secrets.set("stream@host", &Secret::new("")).expect("forgotten");
        assert_eq!(known(&secrets, "stream@host").1, PasswordState::None);
    }

    #[test]
    fn what_the_key_store_did_not_forget_in_time_stays_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("passwords.toml"), "\"stream@host\" = \"\"\n").expect("written");
        let secrets = Secrets::new(folder.path());
        assert_eq!(known(&secrets, "stream@host"), (None, PasswordState::None));
    }
}
