//! The sound hosts of this machine: which to use, and how to reach a device through one.
//!
//! Everything here may block for seconds and belongs on a thread that may. A host is made anew for
//! every look at it: those of PipeWire and JACK list what was there when they were made.

use cpal::traits::{DeviceTrait, HostTrait};

#[cfg(feature = "simulated")]
use crate::simulated::SimulatedCards;
use crate::{DeviceId, OpenError};

/// Which hosts to use. The first one that has a default device decides what "default" means.
#[derive(Clone)]
pub struct HostChoice {
    sources: Vec<HostSource>,
}

impl HostChoice {
    /// All that this build knows: PipeWire, JACK and ALSA on Linux; CoreAudio; WASAPI.
    ///
    /// CPAL's PulseAudio host is not among them: it starves playback, and the server moves its streams
    /// to other devices without saying so.
    pub fn system() -> Self {
        let sources = cpal::ALL_HOSTS
            .iter()
            .copied()
            .filter_map(HostSource::of_system)
            .collect();
        Self { sources }
    }

    /// No host at all: a machine without sound.
    pub fn none() -> Self {
        Self { sources: Vec::new() }
    }

    /// These simulated cards too, after the others.
    #[cfg(feature = "simulated")]
    pub fn with_simulated(mut self, cards: &SimulatedCards) -> Self {
        self.sources.push(HostSource::Simulated(cards.clone()));
        self
    }

    /// The hosts, in order.
    pub(crate) fn sources(&self) -> &[HostSource] {
        &self.sources
    }

    /// The device of that identity. Blocks.
    pub(crate) fn device(&self, id: &DeviceId) -> Result<cpal::Device, OpenError> {
        let not_there = || OpenError::HostNotThere {
            host: id.host().to_owned(),
        };
        let source = self
            .sources
            .iter()
            .find(|source| source.name() == id.host())
            .ok_or_else(not_there)?;
        let host = source.open().map_err(|error| OpenError::of(id, &error))?;
        let wanted = cpal::DeviceId::new(host.id(), id.id());
        host.device_by_id(&wanted)
            .ok_or_else(|| OpenError::NotThere { device: id.clone() })
    }

    /// The first host's default output. Blocks.
    pub(crate) fn default_output(&self) -> Result<(DeviceId, cpal::Device), OpenError> {
        let default = |source: &HostSource| {
            let host = source.open().ok()?;
            let id = id_of(&host.default_output_device()?)?;
            // ALSA names a default where there is no card: believed only when it is listed too.
            let device = host
                .devices()
                .ok()?
                .find(|device| id_of(device).as_ref() == Some(&id))?;
            Some((id, device))
        };
        self.sources.iter().find_map(default).ok_or(OpenError::NoDefault)
    }
}

impl Default for HostChoice {
    fn default() -> Self {
        Self::system()
    }
}

/// How to get at one host.
#[derive(Clone)]
pub(crate) enum HostSource {
    System(cpal::HostId),
    #[cfg(feature = "simulated")]
    Simulated(SimulatedCards),
}

impl HostSource {
    fn of_system(id: cpal::HostId) -> Option<Self> {
        // The custom host is nobody's until somebody makes one.
        (id.to_string() != "custom").then_some(Self::System(id))
    }

    /// The name in device ids.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::System(id) => id.to_string(),
            #[cfg(feature = "simulated")]
            Self::Simulated(_) => cpal::HostId::Custom.to_string(),
        }
    }

    /// The name people know.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::System(id) => id.name().to_owned(),
            #[cfg(feature = "simulated")]
            Self::Simulated(_) => "Simulated".to_owned(),
        }
    }

    /// Connects to it. Blocks.
    pub(crate) fn open(&self) -> Result<cpal::Host, cpal::Error> {
        match self {
            // Not asked whether it is available first: for PipeWire CPAL remembers the answer of the
            // first time for ever, and the server may have been started since.
            Self::System(id) => cpal::host_from_id(*id),
            #[cfg(feature = "simulated")]
            Self::Simulated(cards) => Ok(cards.cpal_host()),
        }
    }
}

/// The identity of an open host's device.
pub(crate) fn id_of(device: &cpal::Device) -> Option<DeviceId> {
    let id = device.id().ok()?;
    (!id.id().is_empty()).then(|| DeviceId::new(&id.host().to_string(), id.id()))
}
