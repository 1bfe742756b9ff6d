//! How this machine runs Airdesk, as opposed to what is on the desk.
//!
//! Command line, then environment `AIRDESK_*`, then `config.toml` in the platform's configuration folder,
//! then defaults. The command line is the hosts' business; the rest is here.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{env, fs, io};

use serde::Deserialize;

/// What may be configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// The remote face's port; 0 for any. `AIRDESK_PORT`.
    pub port: Option<u16>,
    /// The port that other programs play into the desk on; 0 for any, `"off"` for none. `AIRDESK_DAEMON_PORT`.
    pub daemon_port: Option<DaemonPort>,
    /// The session to run. `AIRDESK_SESSION`.
    pub session: Option<PathBuf>,
    /// No strip plays a stream from this machine or its own network. Off unless set: a studio's servers are its own.
    /// `AIRDESK_REFUSE_PRIVATE`, `true` or `false`.
    pub refuse_private: Option<bool>,
    /// The socket for programs that play by SPKR; empty for none. `AIRDESK_SPKR_SOCKET`. Without it one in the folder for
    /// what runs.
    pub spkr_socket: Option<PathBuf>,
    /// Programs may control what the announcer says by a socket. Off unless set. `AIRDESK_SPEECH_CONTROL_CHANNEL_ENABLED`,
    /// `true`, `1`, `yes` or `on`, or anything else for off.
    pub speech_control: Option<bool>,
    /// Where. `AIRDESK_SPEECH_CONTROL_SOCKET`. Without it one in the folder for what runs.
    pub speech_control_socket: Option<PathBuf>,
}

/// Where other programs play into the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub enum DaemonPort {
    /// Nowhere.
    Off,
    /// On this port; 0 for any.
    At(u16),
}

/// What is neither a port nor `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a port from 0 to 65535, or off")]
pub struct NoPort;

impl FromStr for DaemonPort {
    type Err = NoPort;

    fn from_str(text: &str) -> Result<Self, NoPort> {
        match text {
            "off" => Ok(Self::Off),
            port => port.parse().map(Self::At).map_err(|_| NoPort),
        }
    }
}

impl TryFrom<toml::Value> for DaemonPort {
    type Error = NoPort;

    fn try_from(value: toml::Value) -> Result<Self, NoPort> {
        match value {
            toml::Value::Integer(port) => port.try_into().map(Self::At).map_err(|_| NoPort),
            toml::Value::String(text) => text.parse(),
            _ => Err(NoPort),
        }
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("the configuration {} cannot be read: {source}; make it readable or move it away", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is broken.
    #[error("the configuration {} is broken: {reason}; mend it or move it away", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
    /// A variable is no port.
    #[error("AIRDESK_PORT is \"{0}\"; set it to a number from 0 to 65535")]
    Port(String),
    /// A variable is neither a port nor `off`.
    #[error("AIRDESK_DAEMON_PORT is \"{0}\"; set it to a number from 0 to 65535, or to off")]
    DaemonPort(String),
    /// A variable is neither yes nor no.
    #[error("AIRDESK_REFUSE_PRIVATE is \"{0}\"; set it to true or false")]
    RefusePrivate(String),
}

impl Config {
    /// What the environment and the file say.
    ///
    /// # Errors
    /// When one of them cannot be understood.
    pub fn load() -> Result<Self, ConfigError> {
        let folder = directories::ProjectDirs::from("org", "airdesk", "Airdesk");
        let mut config = match folder {
            Some(folder) => Self::read(&folder.config_dir().join("config.toml"))?,
            None => Self::default(),
        };
        if let Ok(port) = env::var("AIRDESK_PORT") {
            config.port = Some(port.parse().map_err(|_| ConfigError::Port(port))?);
        }
        if let Ok(port) = env::var("AIRDESK_DAEMON_PORT") {
            config.daemon_port = Some(port.parse().map_err(|_| ConfigError::DaemonPort(port))?);
        }
        if let Ok(refuse) = env::var("AIRDESK_REFUSE_PRIVATE") {
            config.refuse_private = Some(refuse.parse().map_err(|_| ConfigError::RefusePrivate(refuse))?);
        }
        if let Some(path) = env::var_os("AIRDESK_SPKR_SOCKET") {
            config.spkr_socket = Some(path.into());
        }
        if let Ok(on) = env::var("AIRDESK_SPEECH_CONTROL_CHANNEL_ENABLED") {
            let is_yes = |yes: &&str| on.trim().eq_ignore_ascii_case(yes);
            config.speech_control = Some(["true", "1", "yes", "on"].iter().any(is_yes));
        }
        if let Some(path) = env::var_os("AIRDESK_SPEECH_CONTROL_SOCKET") {
            config.speech_control_socket = Some(path.into());
        }
        if let Some(session) = env::var_os("AIRDESK_SESSION") {
            config.session = Some(session.into());
        }
        Ok(config)
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        match fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| ConfigError::Broken {
                path: path.to_owned(),
                reason: crate::session::one_line(&error, &text),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_cannot_be_understood_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        assert_eq!(Config::read(&path).expect("none is fine"), Config::default());
        fs::write(&path, "port = 9000\n").expect("written");
        assert_eq!(Config::read(&path).expect("read").port, Some(9000));
        for (text, port) in [("9001", Some(DaemonPort::At(9001))), ("\"off\"", Some(DaemonPort::Off))] {
            fs::write(&path, format!("daemonPort = {text}\n")).expect("written");
            assert_eq!(Config::read(&path).expect("read").daemon_port, port);
        }
        for text in ["70000", "\"on\"", "true"] {
            fs::write(&path, format!("daemonPort = {text}\n")).expect("written");
            let message = Config::read(&path).expect_err("refused").to_string();
            assert!(message.contains("or off"), "{message}");
        }
        fs::write(&path, "prot = 9000\n").expect("written");
        let message = Config::read(&path).expect_err("refused").to_string();
        assert!(message.contains("config.toml") && message.contains("prot"), "{message}");
    }
}
