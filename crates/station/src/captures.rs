//! The capture devices that strips ask for: opened once each, kept, and taken back when they return.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use airdesk_devices::{
    CaptureRequest, CaptureStream, DeviceId, DeviceList, HostChoice, OpenError, Recovery, StreamHealth,
};
use airdesk_dsp::SampleRate;
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::Bridge;
use airdesk_engine::time::Clock;
use tokio::sync::mpsc;

use crate::api::{ChannelPick, DeviceState, Resampling, Severity, StripSource};
use crate::station::{Core, Internal};

/// Seconds of audio an inlet holds: the engine may be kept from running so long without a loss.
const INLET_SECONDS: f64 = 4.0;
/// How long a device may take to open.
pub(crate) const OPEN_LIMIT: Duration = Duration::from_secs(8);
/// A device that has not called back for so long is closed and opened again, seconds.
const STALLED_SECONDS: f64 = 5.0;
/// How soon a lost device is tried again while it is still listed.
const SOON: Duration = Duration::from_secs(1);

/// What a strip is told about its device.
pub(crate) enum Capturing {
    Opening,
    /// Open; the number tells one opening from the next.
    Open(u64),
    Missing(String),
}

enum State {
    Opening,
    Open(Box<CaptureStream>),
    /// Try again then, or when the device is listed (again).
    Closed {
        reason: String,
        again: Option<Instant>,
    },
}

struct Capture {
    state: State,
    openings: u64,
}

/// The devices in use.
pub(crate) struct Captures {
    devices: BTreeMap<DeviceId, Capture>,
    internal: mpsc::UnboundedSender<Internal>,
    clock: Clock,
    hosts: HostChoice,
}

impl Captures {
    pub(crate) fn new(internal: mpsc::UnboundedSender<Internal>, clock: Clock, hosts: HostChoice) -> Self {
        Self {
            devices: BTreeMap::new(),
            internal,
            clock,
            hosts,
        }
    }

    pub(crate) fn capturing(&self, device: &DeviceId) -> Capturing {
        match self
            .devices
            .get(device)
            .map(|capture| (&capture.state, capture.openings))
        {
            None | Some((State::Opening, _)) => Capturing::Opening,
            Some((State::Open(_), opening)) => Capturing::Open(opening),
            Some((State::Closed { reason, .. }, _)) => Capturing::Missing(reason.clone()),
        }
    }

    /// Leads some channels of an open device into a new inlet.
    pub(crate) fn attach(
        &mut self,
        device: &DeviceId,
        pick: ChannelPick,
        resampling: Resampling,
        desk: SampleRate,
    ) -> Result<Bridge, String> {
        let Some(Capture {
            state: State::Open(stream),
            ..
        }) = self.devices.get_mut(device)
        else {
            return Err(format!("{device} is not open; wait until it is"));
        };
        let rate = stream.rate();
        let (writer, inlet) = inlet(f64::from(rate.hz()), rate.frames_in(INLET_SECONDS).0 as usize);
        stream.attach(pick.into(), writer).map_err(|error| error.to_string())?;
        Ok(Bridge::with_quality(inlet, desk, resampling))
    }

    /// Opens what is wanted, lets go of what is not, notices what is lost. Returns what to warn of.
    fn follow(&mut self, wanted: &[DeviceId], list: &DeviceList) -> Vec<String> {
        self.devices.retain(|device, _| wanted.contains(device));
        let mut lost = Vec::new();
        for device in wanted {
            let capture = self.devices.entry(device.clone()).or_insert_with(|| Capture {
                state: State::Closed {
                    reason: OpenError::NotThere { device: device.clone() }.to_string(),
                    again: None,
                },
                openings: 0,
            });
            let listed = list.find(device);
            match &mut capture.state {
                State::Opening => {}
                State::Open(stream) => {
                    stream.tidy();
                    let gone = match stream.health() {
                        StreamHealth::Running => None,
                        StreamHealth::Stalled { since } => {
                            let quiet = self.clock.now().seconds() - since.seconds();
                            (quiet > STALLED_SECONDS)
                                .then(|| "it has stopped delivering audio; plug it in again if it stays so".to_owned())
                        }
                        StreamHealth::Lost { reason } => Some(reason.to_string()),
                    };
                    if let Some(gone) = gone {
                        let reason = format!("{}: {gone}", stream.name());
                        lost.push(reason.clone());
                        capture.state = State::Closed {
                            reason,
                            again: Some(Instant::now() + SOON),
                        };
                    }
                }
                State::Closed { again, .. } => {
                    let due = again.is_none_or(|again| again <= Instant::now());
                    if listed.is_some() && due {
                        capture.state = State::Opening;
                        let mut request = CaptureRequest::new(device.clone(), self.clock.clone());
                        request.hosts = self.hosts.clone();
                        let (internal, device) = (self.internal.clone(), device.clone());
                        tokio::task::spawn_blocking(move || {
                            let result = CaptureStream::open(request, OPEN_LIMIT);
                            // The station may have ended meanwhile.
                            let _ = internal.send(Internal::CaptureOpened(device, result));
                        });
                    }
                }
            }
        }
        lost
    }

    /// Closes every device.
    pub(crate) fn let_go(&mut self) {
        self.devices.clear();
    }

    fn opened(&mut self, device: &DeviceId, result: Result<CaptureStream, OpenError>) {
        // Nobody wants it any more: the stream closes here.
        let Some(capture) = self.devices.get_mut(device) else {
            return;
        };
        capture.state = match result {
            Ok(stream) => {
                capture.openings += 1;
                State::Open(Box::new(stream))
            }
            Err(error) => State::Closed {
                reason: error.to_string(),
                again: Some(Instant::now() + retry_in(&error)),
            },
        };
    }
}

/// How long to wait before a device is opened again.
pub(crate) fn retry_in(error: &OpenError) -> Duration {
    match error.recovery() {
        Recovery::RetryAfter(wait) => wait,
        Recovery::AwaitDevice => SOON,
        // The operator may have acted: look again, but seldom.
        Recovery::AskOperator => Duration::from_secs(15),
    }
}

impl Core {
    /// Brings devices and strips together.
    pub(crate) fn follow_captures(&mut self) {
        if self.is_silent() {
            return;
        }
        let mut wanted: Vec<DeviceId> = self
            .strips
            .states()
            .filter_map(|strip| match &strip.source {
                StripSource::Device { device, .. } => Some(device.clone()),
                _ => None,
            })
            .collect();
        wanted.sort();
        wanted.dedup();
        for text in self.captures.follow(&wanted, &self.devices) {
            self.notice(Severity::Warning, text);
        }
        self.attach_strips();
    }

    pub(crate) fn capture_opened(&mut self, device: &DeviceId, result: Result<CaptureStream, OpenError>) {
        self.captures.opened(device, result);
        self.attach_strips();
    }
}

impl From<ChannelPick> for airdesk_devices::ChannelPick {
    fn from(pick: ChannelPick) -> Self {
        match pick {
            ChannelPick::Mono { channel } => Self::Mono { channel },
            ChannelPick::Pair { left, right } => Self::Pair { left, right },
        }
    }
}

impl From<&airdesk_devices::Device> for DeviceState {
    fn from(device: &airdesk_devices::Device) -> Self {
        Self {
            id: device.id.clone(),
            name: device.name.clone(),
            host: device.host.clone(),
            input_channels: device.input_channels,
            output_channels: device.output_channels,
            rate: device.rate.hz(),
            input_rates: device.input_rates.iter().map(|rate| rate.hz()).collect(),
            output_rates: device.output_rates.iter().map(|rate| rate.hz()).collect(),
            monitor: device.monitor,
            default_input: device.default_input,
            default_output: device.default_output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_listed_is_named_with_what_to_do() {
        let device: DeviceId = "pipewire:gone".parse().expect("an id");
        let (internal, _station) = mpsc::unbounded_channel();
        let mut captures = Captures::new(internal, Clock::machine(), HostChoice::none());
        let lost = captures.follow(std::slice::from_ref(&device), &DeviceList::default());
        assert!(lost.is_empty(), "{lost:?}");
        let Capturing::Missing(reason) = captures.capturing(&device) else {
            panic!("it is not missing");
        };
        assert!(
            reason.contains("pipewire:gone") && reason.contains("plug it in"),
            "{reason}"
        );
    }
}
