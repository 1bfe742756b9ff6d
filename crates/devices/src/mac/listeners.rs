//! The real thing, on macOS.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

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

/// How many streams of this program have a device alone, by the system's number of it: the last one to let go
/// gives it back, and one that is opened anew need not wait for its predecessor's end.
static HELD: Mutex<BTreeMap<u32, u32>> = Mutex::new(BTreeMap::new());

/// A device kept from other programs. Dropping it lets go. Blocks; on a thread that may.
#[derive(Debug)]
pub struct HogMode {
    device: u32,
}

impl HogMode {
    /// Keeps a device until dropped.
    ///
    /// # Errors
    /// See [`HogError`].
    pub fn take(name: &str, input: bool) -> Result<Self, HogError> {
        let device = get_device_id_from_name(name, input).ok_or_else(|| HogError::NotHere(name.to_owned()))?;
        let refused = |_| HogError::Refused(name.to_owned());
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(streams) = held.get_mut(&device) {
            *streams += 1;
            return Ok(Self { device });
        }
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
        held.insert(device, 1);
        Ok(Self { device })
    }
}

impl Drop for HogMode {
    fn drop(&mut self) {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(streams) = held.get_mut(&self.device)
            && *streams > 1
        {
            *streams -= 1;
            return;
        }
        held.remove(&self.device);
        let ours = get_hogging_pid(self.device).is_ok_and(|pid| u32::try_from(pid) == Ok(std::process::id()));
        if ours {
            // Nothing is left to do if the system refuses; it lets go when the program ends.
            let _ = toggle_hog_mode(self.device);
        }
    }
}
