//! The twin that finds nothing and does nothing.

use super::HogError;

/// What the system announces about a device. Here: nothing, ever.
#[derive(Debug)]
pub struct DeviceWatch(std::convert::Infallible);

impl DeviceWatch {
    /// Listens to a device. `None`: there is nothing to listen to.
    pub fn start(_name: &str, _input: bool) -> Option<Self> {
        None
    }

    /// The device is still there.
    pub fn is_alive(&self) -> bool {
        match self.0 {}
    }

    /// The rate it has changed to since this was last asked, Hz.
    pub fn new_rate(&mut self) -> Option<f64> {
        match self.0 {}
    }
}

/// A device kept from other programs. Here: never.
#[derive(Debug)]
pub struct HogMode(std::convert::Infallible);

impl HogMode {
    /// Keeps a device until dropped.
    ///
    /// # Errors
    /// Always [`HogError::NotHere`].
    pub fn take(name: &str, _input: bool) -> Result<Self, HogError> {
        Err(HogError::NotHere(name.to_owned()))
    }
}
