//! Why a device is not open, and what would help.

use std::time::Duration;

use cpal::ErrorKind;

use crate::DeviceId;
use crate::mac::HogError;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Trying again later may work; nobody has to do anything.
    RetryAfter(Duration),
    /// Wait until the device is listed, then open it.
    AwaitDevice,
    /// Only a person can change what is wrong.
    AskOperator,
}

/// Why a device could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is not there. It may be plugged in.
    #[error("{device} is not there; plug it in or choose another device")]
    NotThere {
        /// The device.
        device: DeviceId,
    },
    /// No host has a default output.
    #[error("this machine has no output device; plug one in")]
    NoDefault,
    /// Its host is not running, or not part of this build.
    #[error("{host} is not running on this machine; start it or choose another device")]
    HostNotThere {
        /// The host.
        host: String,
    },
    /// Another program holds it. It may let go.
    #[error("{device} is held by another program; close that program or choose another device")]
    Busy {
        /// The device.
        device: DeviceId,
    },
    /// The system does not let this program use it.
    #[error("the system does not allow the use of {device}: grant access to sound devices")]
    NotAllowed {
        /// The device.
        device: DeviceId,
    },
    /// It has no channels in this direction, or none in a format known here.
    #[error("{device} cannot be used this way: {cause}; choose another device")]
    Unsuitable {
        /// The device.
        device: DeviceId,
        /// What it lacks.
        cause: String,
    },
    /// It was to be kept from other programs, and cannot be.
    #[error(transparent)]
    NotAlone(#[from] HogError),
    /// It did not open in time. Its thread was left behind.
    #[error("{device} did not open within {} s; plug it in again or choose another device", limit.as_secs_f32())]
    TimedOut {
        /// The device.
        device: DeviceId,
        /// The time limit.
        limit: Duration,
    },
    /// The host gave another reason.
    #[error("{device} did not open: {cause}; plug it in again or choose another device")]
    Refused {
        /// The device.
        device: DeviceId,
        /// What the host said.
        cause: String,
    },
}

impl OpenError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NotThere { .. } | Self::NoDefault | Self::HostNotThere { .. } => Recovery::AwaitDevice,
            Self::Busy { .. } => Recovery::RetryAfter(Duration::from_secs(2)),
            Self::NotAllowed { .. } | Self::Unsuitable { .. } => Recovery::AskOperator,
            Self::NotAlone(error) => error.recovery(),
            Self::TimedOut { .. } => Recovery::RetryAfter(Duration::from_secs(10)),
            Self::Refused { .. } => Recovery::RetryAfter(Duration::from_secs(5)),
        }
    }

    /// CPAL's reason, for `device`.
    pub(crate) fn of(device: &DeviceId, error: &cpal::Error) -> Self {
        let device = device.clone();
        match error.kind() {
            ErrorKind::DeviceNotAvailable => Self::NotThere { device },
            ErrorKind::HostUnavailable => Self::HostNotThere {
                host: device.host().to_owned(),
            },
            ErrorKind::DeviceBusy => Self::Busy { device },
            ErrorKind::PermissionDenied => Self::NotAllowed { device },
            ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation => Self::Unsuitable {
                device,
                cause: error.to_string(),
            },
            _ => Self::Refused {
                device,
                cause: error.to_string(),
            },
        }
    }
}

/// Why a strip could not be fed from an open device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The device has fewer channels.
    #[error("channel {} is not among the {channels} of {device}; choose another channel", channel + 1)]
    NoSuchChannel {
        /// What it is called.
        device: String,
        /// The channel asked for, counted from zero.
        channel: u16,
        /// Channels the device was opened with.
        channels: u16,
    },
    /// As many strips use the device as one stream can feed.
    #[error("{device} already feeds {} strips; take it from one of them", crate::MAX_FEEDS)]
    TooMany {
        /// What it is called.
        device: String,
    },
}

impl AttachError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NoSuchChannel { .. } | Self::TooMany { .. } => Recovery::AskOperator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_names_the_thing_and_the_way_out() {
        let device: DeviceId = "pipewire:mic".parse().expect("an id");
        let opened = |kind| OpenError::of(&device, &cpal::Error::with_message(kind, "it does not want to"));
        let limit = Duration::from_secs(8);
        for (error, name, way_out) in [
            (opened(ErrorKind::DeviceNotAvailable), "pipewire:mic", "plug it in"),
            (OpenError::NoDefault, "output device", "plug one in"),
            (opened(ErrorKind::HostUnavailable), "pipewire", "start it"),
            (opened(ErrorKind::DeviceBusy), "pipewire:mic", "close that program"),
            (opened(ErrorKind::PermissionDenied), "pipewire:mic", "grant access"),
            (opened(ErrorKind::UnsupportedConfig), "pipewire:mic", "choose another"),
            (opened(ErrorKind::BackendError), "it does not want to", "choose another"),
            (
                OpenError::TimedOut {
                    device: device.clone(),
                    limit,
                },
                "8 s",
                "plug it in again",
            ),
        ] {
            let sentence = error.to_string();
            assert!(sentence.contains(name) && sentence.contains(way_out), "{sentence}");
            assert!(!sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
    }
}
