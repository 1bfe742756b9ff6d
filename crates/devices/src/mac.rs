//! What CPAL lacks on macOS: a device's rate and life as the system announces them, and hog mode, which
//! keeps other programs away from a device. On other systems the same names, which find nothing.
//!
//! Devices are found by name, since `coreaudio-rs` knows no other identity: of two with one name, the
//! first. Nothing here is real-time; the listeners run on threads of the system.

#[cfg(not(target_os = "macos"))]
mod elsewhere;
#[cfg(target_os = "macos")]
mod listeners;

#[cfg(not(target_os = "macos"))]
pub use elsewhere::{DeviceWatch, HogMode};
#[cfg(target_os = "macos")]
pub use listeners::{DeviceWatch, HogMode};

use crate::Recovery;

/// This system can keep other programs away from a device that plays.
pub const EXCLUSIVE_OUTPUTS: bool = cfg!(target_os = "macos");

/// Why a device could not be had alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HogError {
    /// This system has no such thing, or there is no such device.
    #[error("{0} cannot be kept from other programs on this system; share it or choose another device")]
    NotHere(String),
    /// Another program has it alone already.
    #[error("{name} is held by another program (process {pid}); close it or choose another device")]
    Taken {
        /// The device.
        name: String,
        /// The program.
        pid: i32,
    },
    /// The system refused.
    #[error("the system does not give {0} to one program alone; share it or choose another device")]
    Refused(String),
}

impl HogError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::Taken { .. } => Recovery::RetryAfter(std::time::Duration::from_secs(5)),
            Self::NotHere(_) | Self::Refused(_) => Recovery::AskOperator,
        }
    }
}
