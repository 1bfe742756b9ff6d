//! The real thing, on macOS.

use coreaudio::audio_unit::macos_helpers::{
    AliveListener, RateListener, get_device_id_from_name, get_hogging_pid, toggle_hog_mode,
};

use super::HogError;

/// What the system announces about a device.
pub struct DeviceWatch {
    // Boxed: the system keeps their addresses while they are registered.
    rate: Box<RateListener>,
    alive: Box<AliveListener>,
}

impl DeviceWatch {
    /// Listens to a device. `None`: there is none of that name, or the system would not have it.
    pub fn start(name: &str, input: bool) -> Option<Self> {
        let device = get_device_id_from_name(name, input)?;
        let mut rate = Box::new(RateListener::new(device, None));
        let mut alive = Box::new(AliveListener::new(device));
        rate.register().ok()?;
        alive.register().ok()?;
        Some(Self { rate, alive })
    }

    /// The device is still there.
    pub fn is_alive(&self) -> bool {
        self.alive.is_alive()
    }

    /// The rate it has changed to since this was last asked, Hz.
    pub fn new_rate(&mut self) -> Option<f64> {
        self.rate.drain_values().pop()
    }
}

/// A device kept from other programs. Dropping it lets go. Nothing takes it yet: no control of the desk asks
/// for a device alone.
pub struct HogMode {
    device: u32,
    name: String,
}

impl HogMode {
    /// Keeps a device until dropped.
    ///
    /// # Errors
    /// See [`HogError`].
    pub fn take(name: &str, input: bool) -> Result<Self, HogError> {
        let device = get_device_id_from_name(name, input).ok_or_else(|| HogError::NotHere(name.to_owned()))?;
        let refused = |_| HogError::Refused(name.to_owned());
        let holder = get_hogging_pid(device).map_err(refused)?;
        if holder != -1 {
            return Err(HogError::Taken {
                name: name.to_owned(),
                pid: holder,
            });
        }
        let holder = toggle_hog_mode(device).map_err(refused)?;
        if u32::try_from(holder) != Ok(std::process::id()) {
            return Err(HogError::Refused(name.to_owned()));
        }
        Ok(Self {
            device,
            name: name.to_owned(),
        })
    }

    /// The device.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for HogMode {
    fn drop(&mut self) {
        let ours = get_hogging_pid(self.device).is_ok_and(|pid| u32::try_from(pid) == Ok(std::process::id()));
        if ours {
            // Nothing is left to do if the system refuses; it lets go when the program ends.
            let _ = toggle_hog_mode(self.device);
        }
    }
}
