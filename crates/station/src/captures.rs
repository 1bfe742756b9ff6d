//! The capture devices that strips ask for: opened once each, kept, and taken back when they return.

mod wanted;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use airdesk_devices::{
    CaptureRequest, CaptureStream, DeviceId, DeviceList, HostChoice, LossReason, OpenError, OpenStream, Recovery,
    StreamHealth,
};
use airdesk_dsp::{Frames, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::Bridge;
use airdesk_engine::time::Clock;
use tokio::sync::mpsc;

use crate::api::{ChannelPick, DeviceState, Resampling, Severity};
use crate::doubts::{Doubts, Seen};
use crate::station::{Core, Internal};
use crate::timeline::Place;
use wanted::Wanted;

/// Seconds of audio an inlet holds: the engine may be kept from running so long without a loss.
const INLET_SECONDS: f64 = 4.0;
/// How long a device may take to open.
pub(crate) const OPEN_LIMIT: Duration = Duration::from_secs(8);
/// A device that has not called back for so long is closed and opened again, seconds. Longer than of an output: it costs
/// one strip, and what comes back by itself (a headset that changes its profile) keeps its time line.
const STALLED_SECONDS: f64 = 5.0;
/// How soon a lost device is tried again while it is still listed, and how often one is opened at the most.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// A device that is lost.
#[derive(Debug)]
struct Gone {
    device: DeviceId,
    name: String,
    why: String,
}

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
    /// What was wanted of it at the last look.
    wanted: Wanted,
    /// It was closed to be opened with another buffer, by this name: should it not open again, it is lost.
    reopening: Option<String>,
    openings: u64,
    doubts: Doubts,
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

    /// Opens what is wanted, lets go of what is not, notices what is lost. Returns what was lost.
    fn follow(&mut self, wanted: &[Wanted], list: &DeviceList) -> Vec<Gone> {
        self.devices
            .retain(|device, _| wanted.iter().any(|wanted| wanted.device == *device));
        let mut lost = Vec::new();
        for wanted in wanted {
            let device = &wanted.device;
            let capture = self.devices.entry(device.clone()).or_insert_with(|| Capture {
                state: State::Closed {
                    reason: list.why_not(device),
                    again: None,
                },
                wanted: wanted.clone(),
                reopening: None,
                openings: 0,
                doubts: Doubts::default(),
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
                            let gone = "it has stopped delivering audio; plug it in again if it stays so";
                            (quiet > STALLED_SECONDS).then(|| (gone.to_owned(), SOON))
                        }
                        StreamHealth::Lost { reason } => Some((reason.to_string(), reopen_in(stream, reason))),
                    };
                    if let Some((gone, wait)) = gone {
                        let reason = format!("{}: {gone}", stream.name());
                        lost.push(Gone {
                            device: device.clone(),
                            name: stream.name().to_owned(),
                            why: gone,
                        });
                        capture.state = State::Closed {
                            reason,
                            again: Some(Instant::now() + wait),
                        };
                    } else if wanted.is_other_than(&capture.wanted) {
                        capture.reopening = Some(stream.name().to_owned());
                        // It opens at the next look: a card that one program has at a time must have been let go of.
                        capture.state = State::Closed {
                            reason: "opening it again with another buffer".into(),
                            again: Some(Instant::now()),
                        };
                    }
                    capture.wanted = wanted.clone();
                }
                State::Closed { reason, again: None } if listed.is_none() => *reason = list.why_not(device),
                State::Closed { again, .. } => {
                    let due = again.is_none_or(|again| again <= Instant::now());
                    if listed.is_some() && due {
                        capture.state = State::Opening;
                        let mut request = CaptureRequest::new(device.clone(), self.clock.clone());
                        request.hosts = self.hosts.clone();
                        request.buffer = wanted.buffer.map(|frames| Frames(frames.into()));
                        capture.wanted = wanted.clone();
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

    /// What to tell of a device whose clock is off by `ppm` and whose sound is `latency` seconds late.
    pub(crate) fn look(&mut self, device: &DeviceId, ppm: f32, latency: f32) -> Vec<String> {
        let Some(Capture {
            state: State::Open(stream),
            doubts,
            ..
        }) = self.devices.get_mut(device)
        else {
            return Vec::new();
        };
        let seen = Seen {
            name: stream.name(),
            rate: stream.rate().hz(),
            ppm,
            latency,
        };
        doubts.look(&seen, Instant::now())
    }

    /// Closes every device.
    pub(crate) fn let_go(&mut self) {
        self.devices.clear();
    }

    /// Takes in what came of opening a device. Returns it as lost where it was open until just before.
    fn opened(&mut self, device: &DeviceId, result: Result<CaptureStream, OpenError>) -> Option<Gone> {
        // Nobody wants it any more: the stream closes here.
        let capture = self.devices.get_mut(device)?;
        let lost = capture.reopening.take().zip(result.as_ref().err());
        let lost = lost.map(|(name, error)| Gone {
            device: device.clone(),
            name,
            why: error.to_string(),
        });
        capture.state = match result {
            Ok(stream) => {
                capture.openings += 1;
                capture.doubts = Doubts::default();
                State::Open(Box::new(stream))
            }
            Err(error) => State::Closed {
                reason: error.to_string(),
                again: Some(Instant::now() + retry_in(&error)),
            },
        };
        lost
    }
}

/// How long to wait before a device whose stream is lost is opened again. One that only runs with other settings is so
/// at the next look, unless its settings change all the time.
pub(crate) fn reopen_in(stream: &OpenStream, reason: LossReason) -> Duration {
    if reason.is_other_settings() && stream.age() > SOON.as_secs_f64() {
        Duration::ZERO
    } else {
        SOON
    }
}

/// How long to wait before a device that did not open is tried again.
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
        let wanted = Wanted::by(self.strips.states().map(|strip| &strip.source));
        let is_wanted = |device: &DeviceId| wanted.iter().any(|wanted| wanted.device == *device);
        self.log_wanted(|place| !matches!(place, Place::Input(device) if !is_wanted(device)));
        for gone in self.captures.follow(&wanted, &self.devices) {
            self.tell_gone(gone);
        }
        self.attach_strips();
    }

    fn tell_gone(&mut self, Gone { device, name, why }: Gone) {
        self.log_lost(Place::Input(device), &name, &why);
        self.notice(Severity::Warning, format!("{name}: {why}"));
    }

    pub(crate) fn capture_opened(&mut self, device: &DeviceId, result: Result<CaptureStream, OpenError>) {
        if let Ok(stream) = &result {
            self.log_back(&Place::Input(device.clone()), stream.name());
        }
        if let Some(gone) = self.captures.opened(device, result) {
            self.tell_gone(gone);
        }
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
mod tests;
