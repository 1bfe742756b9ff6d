//! Which server, which mount, and how the stream introduces itself.

use std::fmt::Display;

use super::{Fingerprint, SourceError};
use crate::encode::{Codec, EncoderSettings};

/// The language that a server is spoken to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Icecast's: a request to a mount.
    #[default]
    Icecast,
    /// Shoutcast 1, which Shoutcast 2 understands too: a password at the port above the listeners'.
    Shoutcast {
        /// Which of its streams, where a Shoutcast 2 server has several; `None`: the first.
        stream: Option<u32>,
    },
}

/// Everything about a source but its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSettings {
    /// What the server speaks.
    pub protocol: Protocol,
    /// Host name or address, without scheme and port.
    pub host: String,
    /// Port; of a Shoutcast server the listeners' one: sources use the next higher.
    pub port: u16,
    /// Encrypt with TLS from the first byte.
    pub tls: bool,
    /// Accept exactly this certificate; else the system's trust store decides.
    pub pinned_certificate: Option<Fingerprint>,
    /// Mount, with its leading slash; of a Shoutcast server the path where its listeners are, often "/".
    pub mount: String,
    /// User name; Icecast's own default is "source", and a Shoutcast server mostly wants none: both are sent to it
    /// as a password alone.
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
        let is_shoutcast = self.protocol != Protocol::Icecast;
        if !self.mount.starts_with('/') || (self.mount.len() < 2 && !is_shoutcast) {
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
        let is_nobody = self.user.is_empty() && !is_shoutcast;
        if is_nobody || self.user.contains(|c: char| c == ':' || c.is_control()) {
            return refuse(format!("{:?} is no user name; Icecast's own is source", self.user));
        }
        self.check_shoutcast()?;
        Ok(self.encoder.check()?)
    }

    /// Refuses what its protocol has no words for.
    fn check_shoutcast(&self) -> Result<(), SourceError> {
        let Protocol::Shoutcast { stream } = self.protocol else {
            return Ok(());
        };
        let refuse = |sentence: &str| Err(SourceError::Settings(sentence.into()));
        if self.encoder.codec != Codec::Mp3 {
            return refuse(
                "a Shoutcast server takes MP3 alone of what Airdesk makes; choose MP3, or an Icecast server",
            );
        }
        if self.tls {
            return refuse(
                "sources of a Shoutcast server cannot be encrypted; turn TLS off, or choose an Icecast server",
            );
        }
        if self.port == u16::MAX {
            return refuse(
                "sources of a Shoutcast server use the port above this one, and there is none; check the port",
            );
        }
        if stream == Some(0) {
            return refuse("the streams of a Shoutcast server are counted from 1; choose one of them");
        }
        Ok(())
    }

    /// The user whose name a Shoutcast server is told, if any: "source" is only what Icecast calls everybody.
    pub(crate) fn shoutcast_user(&self) -> Option<&str> {
        Some(self.user.as_str()).filter(|user| !matches!(*user, "" | "source"))
    }

    /// The connection to this server broke.
    pub(crate) fn lost(&self, reason: impl Display) -> SourceError {
        SourceError::Disconnected {
            host: self.host.clone(),
            reason: reason.to_string(),
        }
    }

    /// Listeners of this mount do not hear what is sent.
    pub(crate) fn not_heard(&self, reason: String) -> SourceError {
        SourceError::NotHeard {
            mount: self.mount.clone(),
            host: self.host.clone(),
            reason,
        }
    }

    /// This server takes no such stream.
    pub(crate) fn format_refused(&self) -> SourceError {
        SourceError::FormatRefused {
            host: self.host.clone(),
            content_type: self.encoder.codec.content_type(),
        }
    }

    /// This mount lacks letters of a title.
    pub(crate) fn title_mangled(&self) -> SourceError {
        SourceError::TitleMangled {
            host: self.host.clone(),
            mount: self.mount.clone(),
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

#[cfg(test)]
impl SourceSettings {
    /// For tests: what streams MP3 to `radio.example.org:8000/live`.
    pub(crate) fn example() -> Self {
        Self {
            protocol: Protocol::Icecast,
            host: "radio.example.org".into(),
            port: 8000,
            tls: false,
            pinned_certificate: None,
            mount: "/live".into(),
            user: "source".into(),
            encoder: EncoderSettings {
                codec: Codec::Mp3,
                bit_rate: 128,
                variable: false,
                rate: airdesk_dsp::SampleRate::DESK,
            },
            name: String::new(),
            description: String::new(),
            genre: String::new(),
            url: String::new(),
            public: false,
        }
    }
}
