//! What is known of a device without opening it.

use std::fmt;

use airdesk_dsp::SampleRate;
use serde::{Deserialize, Serialize};

use crate::{DeviceId, OpenError};

/// One device. One that records and plays is one device with channels of both kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Its identity.
    pub id: DeviceId,
    /// What its maker or the system calls it. Need not be unique.
    pub name: String,
    /// The host it was found on, as people write it: `PipeWire`, `JACK`, `ALSA`, `CoreAudio`, `WASAPI`.
    pub host: String,
    /// Channels it records. Zero: it does not.
    pub input_channels: u16,
    /// Channels it plays. Zero: it does not.
    pub output_channels: u16,
    /// The rate it runs at unless asked otherwise.
    pub rate: SampleRate,
    /// The rates it can record at, from the lowest. Of a device that takes any, those that are in use anywhere.
    pub input_rates: Vec<SampleRate>,
    /// The rates it can play at, likewise.
    pub output_rates: Vec<SampleRate>,
    /// Its input is what plays on its output: what the machine sounds like.
    pub monitor: bool,
    /// It is, or stands for, what the host records from by default.
    pub default_input: bool,
    /// It is, or stands for, what the host plays on by default.
    pub default_output: bool,
}

impl Device {
    /// It can play a bus.
    pub fn is_output(&self) -> bool {
        self.output_channels > 0
    }
}

/// What one look at all hosts found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceList {
    /// The devices, by host and name.
    pub devices: Vec<Device>,
    /// Hosts that could not be asked.
    pub notices: Vec<HostNotice>,
    /// Why what is not listed is not: for [`DeviceList::why_not`].
    #[serde(skip)]
    pub(crate) absences: Absences,
}

/// What a look found that is not there, or not to be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Absences {
    /// All hosts have been asked.
    pub(crate) looked: bool,
    /// Hosts that are not running, as ids name them and as people do.
    pub(crate) hosts: Vec<(String, String)>,
    /// Hosts that could not be asked, as ids name them, and what is said of them.
    pub(crate) silent: Vec<(String, HostNotice)>,
    /// Devices that are there, and did not say what they can.
    pub(crate) withheld: Vec<(DeviceId, Withheld)>,
}

/// Why a device does not say what it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// Another program holds it.
    Busy,
    /// The system does not let this program ask.
    NotAllowed,
}

impl DeviceList {
    /// The device of that identity, when it is there.
    pub fn find(&self, id: &DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == *id)
    }

    /// Why a device that is not in the list is not, and what to do about it: a sentence.
    pub fn why_not(&self, id: &DeviceId) -> String {
        let device = id.clone();
        if !self.absences.looked {
            return format!("{device} is being looked for");
        }
        let Absences {
            hosts,
            silent,
            withheld,
            ..
        } = &self.absences;
        if let Some((_, notice)) = silent.iter().find(|(host, _)| host == id.host()) {
            return format!("{device} cannot be found: {notice}");
        }
        if let Some((_, host)) = hosts.iter().find(|(host, _)| host == id.host()) {
            return format!("{device} cannot be found: {host} is not running; start it or choose another device");
        }
        let error = match withheld.iter().find(|(withheld, _)| withheld == id) {
            Some((_, Withheld::Busy)) => OpenError::Busy { device },
            Some((_, Withheld::NotAllowed)) => OpenError::NotAllowed { device },
            None => OpenError::NotThere { device },
        };
        error.to_string()
    }

    /// Where the programme plays unless the session says otherwise: the first host's default.
    pub fn default_output(&self) -> Option<&Device> {
        self.devices.iter().find(|device| device.default_output)
    }

    /// What to record unless the session says otherwise: the first host's default.
    pub fn default_input(&self) -> Option<&Device> {
        self.devices.iter().find(|device| device.default_input)
    }
}

/// A host that could not be asked for its devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostNotice {
    /// The host, as people write it.
    pub host: String,
    /// Why.
    pub cause: HostCause,
}

/// Why a host's devices are not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostCause {
    /// It has not answered in time. It is asked again when it does.
    Hung,
    /// It answered, and could not list its devices.
    Refused,
}

impl fmt::Display for HostNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            HostCause::Hung => write!(
                f,
                "{} does not answer, so its devices are not listed; restart it",
                self.host
            ),
            HostCause::Refused => write!(f, "{} could not list its devices; restart it", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_told_with_the_reason_and_the_way_out() {
        let id = |text: &str| text.parse::<DeviceId>().expect("an id");
        let hung = HostNotice {
            host: "PipeWire".to_owned(),
            cause: HostCause::Hung,
        };
        let list = DeviceList {
            absences: Absences {
                looked: true,
                hosts: vec![("jack".to_owned(), "JACK".to_owned())],
                silent: vec![("pipewire".to_owned(), hung)],
                withheld: vec![
                    (id("alsa:hw:CARD=A,DEV=0"), Withheld::Busy),
                    (id("alsa:hw:CARD=B,DEV=0"), Withheld::NotAllowed),
                ],
            },
            ..DeviceList::default()
        };
        for (device, told) in [
            ("jack:input", "JACK is not running; start it"),
            ("pipewire:mic", "PipeWire does not answer"),
            ("alsa:hw:CARD=A,DEV=0", "close that program"),
            ("alsa:hw:CARD=B,DEV=0", "grant access"),
            ("alsa:hw:CARD=C,DEV=0", "plug it in"),
        ] {
            let said = list.why_not(&id(device));
            assert!(said.contains(device) && said.contains(told), "{said}");
        }
        let before = DeviceList::default().why_not(&id("jack:input"));
        assert!(before.contains("jack:input is being looked for"), "{before}");
    }
}
