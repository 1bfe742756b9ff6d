//! Which server, which mount, and how the stream introduces itself.

use std::fmt::Display;

use super::{Fingerprint, SourceError};
use crate::encode::EncoderSettings;

/// Everything about a source but its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSettings {
    /// Host name or address, without scheme and port.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encrypt with TLS from the first byte.
    pub tls: bool,
    /// Accept exactly this certificate; else the system's trust store decides.
    pub pinned_certificate: Option<Fingerprint>,
    /// Mount, with its leading slash.
    pub mount: String,
    /// User name; Icecast's own default is "source".
    pub user: String,
    /// What is sent.
    pub encoder: EncoderSettings,
    /// Station name.
    pub name: String,
    /// Description.
    pub description: String,
    /// Genre.
    pub genre: String,
    /// Home page.
    pub url: String,
    /// List it in public directories.
    pub public: bool,
}

impl SourceSettings {
    /// Refuses what cannot work with any server.
    ///
    /// # Errors
    /// [`SourceError::Settings`] with a sentence that says what to change.
    pub fn check(&self) -> Result<(), SourceError> {
        let refuse = |sentence: String| Err(SourceError::Settings(sentence));
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '/' | '@' | '?' | '#' | '\\');
        if self.host.is_empty() || self.host.len() > 255 || self.host.contains(odd) {
            return refuse(format!(
                "{:?} is no host name; write it like radio.example.org",
                self.host
            ));
        }
        if self.port == 0 {
            return refuse("port 0 is no port; Icecast's own is 8000".into());
        }
        if !self.mount.starts_with('/') || self.mount.len() < 2 {
            return refuse(format!(
                "{:?} is no mount; begin it with a slash, like /live",
                self.mount
            ));
        }
        if self.mount.len() > 255 || self.mount.contains(char::is_control) {
            return refuse(format!(
                "{:?} is no mount; choose a short one of letters, like /live",
                self.mount
            ));
        }
        if self.user.is_empty() || self.user.contains(|c: char| c == ':' || c.is_control()) {
            return refuse(format!("{:?} is no user name; Icecast's own is source", self.user));
        }
        Ok(self.encoder.check()?)
    }

    /// The connection to this server broke.
    pub(crate) fn lost(&self, reason: impl Display) -> SourceError {
        SourceError::Disconnected {
            host: self.host.clone(),
            reason: reason.to_string(),
        }
    }

    /// This server did not take a title.
    pub(crate) fn title_refused(&self, reason: impl Display) -> SourceError {
        SourceError::TitleRefused {
            host: self.host.clone(),
            reason: reason.to_string(),
        }
    }
}
