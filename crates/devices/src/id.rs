//! Which device: a host and what that host calls the device. Written into session files.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Identifies a device as `host:id`, for example `pipewire:alsa_input.usb-mic` or `alsa:hw:CARD=PCH,DEV=0`.
///
/// It stays the same when the device is plugged in again; a device's *name* need not be unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId {
    host: Box<str>,
    id: Box<str>,
}

impl DeviceId {
    /// The device that `host` (CPAL's lower-case name of it) calls `id`.
    pub fn new(host: &str, id: &str) -> Self {
        Self {
            host: host.into(),
            id: id.into(),
        }
    }

    /// The host, in lower case: `pipewire`, `jack`, `alsa`, `coreaudio`, `wasapi`, `custom`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the host calls the device.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.id)
    }
}

/// A text that is no `host:id`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no device: expected host:id, for example alsa:hw:CARD=PCH,DEV=0")]
pub struct BadDeviceId(String);

impl FromStr for DeviceId {
    type Err = BadDeviceId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((host, id)) if !host.is_empty() && !id.is_empty() => Ok(Self::new(host, id)),
            _ => Err(BadDeviceId(text.to_owned())),
        }
    }
}

impl TryFrom<String> for DeviceId {
    type Error = BadDeviceId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        let id: DeviceId = "alsa:hw:CARD=PCH,DEV=0".parse().expect("an id");
        assert_eq!((id.host(), id.id()), ("alsa", "hw:CARD=PCH,DEV=0"));
        let json = serde_json::to_string(&id).expect("a string");
        assert_eq!(json, "\"alsa:hw:CARD=PCH,DEV=0\"");
        assert_eq!(serde_json::from_str::<DeviceId>(&json).expect("the id"), id);
    }

    #[test]
    fn a_text_without_host_or_device_is_refused_by_name() {
        for text in ["", "mic", ":mic", "alsa:"] {
            let refused = text.parse::<DeviceId>().expect_err("no id");
            assert!(refused.to_string().contains(text));
        }
    }
}
