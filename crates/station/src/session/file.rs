//! The session's place on disk.
//!
//! It is written whole to a new file that then takes the old one's place, and the copy before is kept
//! beside it. A file that cannot be read is set aside under another name, never overwritten, and the
//! last good copy is used.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::folder_of;
use super::mend::mend;
use super::{Session, SessionError, read};

/// The first line of a file that Airdesk wrote. Such a file must have the last line too: a TOML file cut
/// short can still be a TOML file, and would be a desk with half its strips.
pub(super) const FIRST_LINE: &str = "# Airdesk session. Edit freely; without this line the last one is not needed.";
/// The last line.
pub(super) const LAST_LINE: &str = "# end of session";

/// Where a session lives.
#[derive(Debug)]
pub struct SessionFile {
    path: PathBuf,
    /// Held while this desk runs with the session; the system lets go of it when the program ends.
    lock: Option<fs::File>,
}

/// What was found at start.
#[derive(Debug)]
pub struct Opened {
    /// The session to run with.
    pub session: Session,
    /// Airdesk has not run with this file before.
    pub first_run: bool,
    /// What the operator must know, if the file could not be used.
    pub warning: Option<String>,
}

impl SessionFile {
    /// A session at `path`.
    pub fn new(path: PathBuf) -> Self {
        Self { path, lock: None }
    }

    /// Keeps every other desk from this session, until this value is dropped. Where no lock can be made
    /// there is none: nothing else can be written there either.
    ///
    /// # Errors
    /// When another desk has it.
    pub fn lock(&mut self) -> Result<(), SessionError> {
        let path = self.path.with_extension("lock");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let locked = fs::create_dir_all(folder_of(&path))
            .and_then(|()| options.open(&path))
            .map_err(fs::TryLockError::Error)
            .and_then(|file| file.try_lock().map(|()| file));
        match locked {
            Ok(file) => self.lock = Some(file),
            Err(fs::TryLockError::WouldBlock) => {
                let path = self.path.clone();
                return Err(SessionError::InUse { path });
            }
            Err(fs::TryLockError::Error(error)) => {
                tracing::warn!(
                    "another Airdesk is not kept from this session: {}: {error}",
                    path.display()
                );
            }
        }
        Ok(())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn previous(&self) -> PathBuf {
        self.path.with_extension("previous.toml")
    }

    /// Reads the session. A broken one is set aside and the last good copy is used, else the demo.
    ///
    /// # Errors
    /// When the file is there but may not be read: the operator's files are not guessed at.
    pub fn open(&self) -> Result<Opened, SessionError> {
        match read(&self.path) {
            Ok(session) => Ok(Opened {
                session,
                first_run: false,
                warning: None,
            }),
            Err(SessionError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let (session, warning) = match read(&self.previous()) {
                    Ok(session) => (
                        session,
                        Some(format!(
                            "the session {} was gone; its last good copy is used",
                            self.path.display()
                        )),
                    ),
                    Err(_) => (Session::demo(), None),
                };
                Ok(Opened {
                    session,
                    first_run: warning.is_none(),
                    warning,
                })
            }
            Err(error @ SessionError::Read { .. }) => Err(error),
            Err(error) => Ok(self.set_aside(&error)),
        }
    }

    /// Keeps a file that cannot be used as it is, and finds what can: the same without the values that cannot be, the
    /// last good copy, or the demo.
    fn set_aside(&self, error: &SessionError) -> Opened {
        let mended = fs::read_to_string(&self.path).ok().and_then(|text| mend(&text));
        let aside = (1..)
            .map(|n| self.path.with_extension(format!("broken-{n}.toml")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| self.path.with_extension("broken.toml"));
        let place = match fs::rename(&self.path, &aside) {
            Ok(()) => format!("it was set aside as {}", aside.display()),
            Err(error) => format!("it could not be set aside ({error})"),
        };
        let (session, warning) = match (mended, read(&self.previous())) {
            (Some((session, faults)), _) => {
                let path = self.path.display();
                let warning = format!(
                    "the session {path} had values that cannot be, and the usual ones are used: {faults}; {place}"
                );
                (session, warning)
            }
            (None, Ok(session)) => (session, format!("{error}; {place}, and the last good copy is used")),
            (None, Err(_)) => {
                let used = "there is no earlier copy, so the demo session is used";
                (Session::demo(), format!("{error}; {place}, and {used}"))
            }
        };
        Opened {
            session,
            first_run: false,
            warning: Some(warning),
        }
    }

    /// Saves the session: whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written. What was there before stays.
    pub fn save(&self, session: &Session) -> Result<(), SessionError> {
        self.replace(session).map_err(|source| SessionError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// The disk has not taken it as long as anybody waits.
    pub(crate) fn not_in_time(&self) -> SessionError {
        SessionError::Write {
            path: self.path.clone(),
            source: io::Error::from(io::ErrorKind::TimedOut),
        }
    }

    fn replace(&self, session: &Session) -> io::Result<()> {
        let body = toml::to_string_pretty(session).map_err(io::Error::other)?;
        let text = format!("{FIRST_LINE}\n\n{body}\n{LAST_LINE}\n");
        fs::create_dir_all(folder_of(&self.path))?;
        let fresh = self.path.with_extension("new.toml");
        let mut file = fs::File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if read(&self.path).is_ok() {
            // Copied, not moved: at no moment is there no session.
            let copy = self.path.with_extension("copy.toml");
            fs::copy(&self.path, &copy)?;
            fs::OpenOptions::new().write(true).open(&copy)?.sync_all()?;
            fs::rename(&copy, self.previous())?;
        }
        fs::rename(&fresh, &self.path)?;
        keep_names(folder_of(&self.path));
        Ok(())
    }
}

/// Makes the disk keep what was renamed: until then a power cut may leave the files under the names they had.
fn keep_names(folder: &Path) {
    #[cfg(unix)]
    if let Err(error) = fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        tracing::debug!(folder = %folder.display(), %error, "the folder does not sync"); // some file systems cannot
    }
    #[cfg(not(unix))]
    let _ = folder; // the system keeps names with the file
}

#[cfg(test)]
mod tests;
