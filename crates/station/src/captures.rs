//! The capture devices that strips ask for: opened once each, kept, and taken back when they return.

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

use crate::api::{ChannelPick, DeviceState, Resampling, Severity, StripSource};
use crate::doubts::{Doubts, Seen};
use crate::station::{Core, Internal};
use crate::timeline::Place;

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

/// Frames a callback that a strip means which leaves it to the desk: at 48 kHz, and in proportion.
const USUAL_BUFFER: u16 = 256;

/// A device that strips want.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    device: DeviceId,
    /// The fewest frames a callback that one of them asks for.
    buffer: Option<u16>,
    /// How many strips that are.
    strips: usize,
}

impl Wanted {
    /// What these strips' sources want, each device once.
    fn by<'a>(sources: impl Iterator<Item = &'a StripSource>) -> Vec<Self> {
        let mut wanted: Vec<Self> = Vec::new();
        for source in sources {
            let StripSource::Device { device, buffer, .. } = source else {
                continue;
            };
            match wanted.iter_mut().find(|wanted| wanted.device == *device) {
                Some(known) => {
                    known.strips += 1;
                    let frames = |buffer: Option<u16>| buffer.unwrap_or(USUAL_BUFFER);
                    if frames(*buffer) < frames(known.buffer) {
                        known.buffer = *buffer;
                    }
                }
                None => wanted.push(Self {
                    device: device.clone(),
                    buffer: *buffer,
                    strips: 1,
                }),
            }
        }
        wanted
    }

    /// Whether a device that is open as `before` says has to be opened again. A strip that has left interrupts no other
    /// one: the buffer that it needed stays until the device is opened for another reason.
    fn is_other_than(&self, before: &Self) -> bool {
        self.buffer != before.buffer && self.strips >= before.strips
    }
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
mod tests {
    use airdesk_devices::simulated::{Card, ErrorKind, SimulatedCards};

    use super::*;

    /// The microphone `mic` of `cards`, as the station has it.
    struct Desk {
        cards: SimulatedCards,
        captures: Captures,
        answers: mpsc::UnboundedReceiver<Internal>,
        list: DeviceList,
    }

    impl Desk {
        fn new() -> Self {
            let cards = SimulatedCards::new();
            cards.add(Card::input("mic"));
            let (internal, answers) = mpsc::unbounded_channel();
            Self {
                captures: Captures::new(internal, cards.clock(), cards.hosts()),
                answers,
                list: airdesk_devices::list(&cards.hosts(), OPEN_LIMIT),
                cards,
            }
        }

        fn look(&mut self) -> Vec<Gone> {
            self.look_for(None, 1)
        }

        /// The same of strips that ask for so many frames a callback.
        fn look_for(&mut self, buffer: Option<u16>, strips: usize) -> Vec<Gone> {
            let device = SimulatedCards::device("mic");
            let wanted = Wanted { device, buffer, strips };
            self.captures.follow(&[wanted], &self.list)
        }

        /// Takes in that the microphone was opened.
        async fn opened(&mut self) {
            let Some(Internal::CaptureOpened(device, result)) = self.answers.recv().await else {
                panic!("it is not being opened");
            };
            self.captures.opened(&device, result);
            assert!(matches!(self.now(), Capturing::Open(_)));
        }

        /// Streams are closed on another thread.
        async fn wait_for_one_stream(&self) {
            for _ in 0..1000 {
                if self.cards.streams("mic") == 1 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("{} streams are open", self.cards.streams("mic"));
        }

        fn now(&self) -> Capturing {
            self.captures.capturing(&SimulatedCards::device("mic"))
        }
    }

    #[tokio::test]
    async fn a_device_whose_rate_has_changed_is_opened_again_at_the_next_look_whether_it_said_so_or_not() {
        for announced in [true, false] {
            let mut desk = Desk::new();
            desk.look();
            desk.opened().await;
            desk.cards.advance(3.0);
            desk.cards.set_rate("mic", 44_100);
            if announced {
                desk.cards.fail("mic", ErrorKind::StreamInvalidated, 1);
            } else {
                desk.cards.advance(2.0);
            }
            let lost = desk.look();
            assert_eq!(lost.len(), 1, "{lost:?}");
            assert!(matches!(desk.now(), Capturing::Missing(_)), "it is closed first");
            assert!(desk.look().is_empty());
            assert!(matches!(desk.now(), Capturing::Opening), "announced: {announced}");
            desk.opened().await;
        }
    }

    #[tokio::test]
    async fn a_device_that_is_gone_or_changes_all_the_time_is_not_opened_at_every_look() {
        let mut desk = Desk::new();
        desk.look();
        desk.opened().await;
        desk.cards.advance(0.5);
        desk.cards.fail("mic", ErrorKind::StreamInvalidated, 1);
        assert_eq!(desk.look().len(), 1);
        desk.look();
        assert!(
            matches!(desk.now(), Capturing::Missing(_)),
            "it was opened half a second ago"
        );

        let mut desk = Desk::new();
        desk.look();
        desk.opened().await;
        desk.cards.advance(3.0);
        desk.cards.fail("mic", ErrorKind::PermissionDenied, 1);
        assert_eq!(desk.look().len(), 1);
        desk.look();
        assert!(
            matches!(desk.now(), Capturing::Missing(_)),
            "nobody has granted access so soon"
        );
    }

    #[tokio::test]
    async fn a_device_of_which_another_buffer_is_asked_is_closed_and_then_opened_with_it_and_not_told_lost() {
        let mut desk = Desk::new();
        desk.look_for(None, 1);
        desk.opened().await;
        assert!(desk.look_for(None, 1).is_empty());
        assert!(matches!(desk.now(), Capturing::Open(1)), "nothing has changed");
        assert!(desk.look_for(Some(1024), 1).is_empty());
        assert!(matches!(desk.now(), Capturing::Missing(_)), "it is closed first");
        assert!(desk.look_for(Some(1024), 1).is_empty());
        assert!(matches!(desk.now(), Capturing::Opening));
        desk.opened().await;
        assert!(desk.look_for(Some(1024), 1).is_empty());
        assert!(matches!(desk.now(), Capturing::Open(2)));
        desk.wait_for_one_stream().await;
        assert_eq!(desk.cards.callback_frames("mic"), Some(1024));
    }

    #[tokio::test]
    async fn a_device_that_does_not_open_again_with_another_buffer_is_lost_once() {
        let mut desk = Desk::new();
        desk.look();
        desk.opened().await;
        desk.look_for(Some(64), 1);
        desk.cards.vanish("mic", false);
        desk.look_for(Some(64), 1);
        let Some(Internal::CaptureOpened(device, result)) = desk.answers.recv().await else {
            panic!("another message");
        };
        let lost = desk.captures.opened(&device, result).expect("it is lost");
        assert!(!lost.name.is_empty() && !lost.why.is_empty(), "{lost:?}");
        assert!(matches!(desk.now(), Capturing::Missing(_)));
    }

    #[tokio::test]
    async fn a_strip_that_leaves_takes_its_buffer_from_nobody_else() {
        let mut desk = Desk::new();
        desk.look_for(Some(64), 2);
        desk.opened().await;
        for _ in 0..2 {
            desk.look_for(None, 1);
            assert!(matches!(desk.now(), Capturing::Open(1)), "the other strip is on air");
        }
        desk.look_for(Some(32), 2);
        assert!(
            matches!(desk.now(), Capturing::Missing(_)),
            "one that needs less is heard"
        );
    }

    #[test]
    fn strips_of_one_device_get_the_fewest_frames_that_one_of_them_asks_for() {
        let source = |id: &str, buffer| StripSource::Device {
            device: id.parse().expect("an id"),
            channels: ChannelPick::Mono { channel: 0 },
            resampling: Resampling::default(),
            buffer,
        };
        let sources = [
            source("alsa:one", Some(1024)),
            StripSource::Silent,
            source("alsa:two", None),
            source("alsa:one", None),
            source("alsa:three", None),
            source("alsa:three", Some(128)),
            source("alsa:two", Some(2048)),
        ];
        let found: Vec<_> = Wanted::by(sources.iter())
            .into_iter()
            .map(|wanted| (wanted.device.to_string(), wanted.buffer, wanted.strips))
            .collect();
        let expected = [
            ("alsa:one", None, 2),
            ("alsa:two", None, 2),
            ("alsa:three", Some(128), 2),
        ];
        assert_eq!(
            found,
            expected.map(|(id, buffer, strips)| (id.to_owned(), buffer, strips))
        );
    }

    #[test]
    fn a_device_that_is_not_listed_is_named_with_what_to_do() {
        let device: DeviceId = "pipewire:gone".parse().expect("an id");
        let (internal, _station) = mpsc::unbounded_channel();
        let mut captures = Captures::new(internal, Clock::machine(), HostChoice::none());
        let list = airdesk_devices::list(&HostChoice::none(), OPEN_LIMIT);
        let wanted = Wanted {
            device: device.clone(),
            buffer: None,
            strips: 1,
        };
        let lost = captures.follow(&[wanted], &list);
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
