//! The outputs: programme on the main one, which is the desk's clock, cue and aux buses on others.

use std::time::Instant;

use airdesk_devices::mac::EXCLUSIVE_OUTPUTS;
use airdesk_devices::{
    DeviceChoice as Chosen, DeviceList, HostChoice, OpenError, PlaybackRequest, PlaybackStream, StreamHealth,
};
use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_engine::outlet_clock::{OutletClock, outlet_clock};
use airdesk_engine::report::Health;
use airdesk_engine::time::Clock;
use airdesk_engine::{BUSES, EngineCommand};
use tokio::sync::mpsc;

use crate::api::{
    CommandError, DeviceChoice, ErrorCode, Event, Happening, OutputName, OutputSettings, OutputState, PlaybackState,
    Severity,
};
use crate::captures::{OPEN_LIMIT, SOON, reopen_in, retry_in};
use crate::doubts::{Doubts, Seen};
use crate::station::{Core, Internal};
use crate::timeline::{Note, Place};

/// An output that has not called back for so long is closed and opened again, seconds: nobody hears anything meanwhile.
const STALLED_SECONDS: f64 = 3.0;

enum State {
    Off,
    Opening,
    Open(Box<PlaybackStream>),
    Closed { reason: String, again: Instant },
}

struct Playback {
    choice: Option<DeviceChoice>,
    settings: OutputSettings,
    state: State,
    doubts: Doubts,
    /// Counts openings: an answer to an older one is for nobody.
    attempt: u64,
    /// What hosts were told last.
    told: PlaybackState,
}

/// All outputs.
pub(crate) struct Playbacks {
    outputs: [Playback; BUSES],
    internal: mpsc::UnboundedSender<Internal>,
    clock: Clock,
    rate: SampleRate,
    hosts: HostChoice,
    /// How the desk's clock is: while a main output plays, that is the output's own.
    desk: Health,
}

/// What an opening ended with: the stream, and the desk's clock if it is the main output.
pub(crate) type Opened = Result<(PlaybackStream, Option<Box<OutletClock>>), OpenError>;

impl Playbacks {
    pub(crate) fn new(
        internal: mpsc::UnboundedSender<Internal>,
        clock: Clock,
        rate: SampleRate,
        hosts: HostChoice,
    ) -> Self {
        let output = |_| Playback {
            choice: None,
            settings: OutputSettings::default(),
            state: State::Off,
            doubts: Doubts::default(),
            attempt: 0,
            told: PlaybackState::Off,
        };
        Self {
            outputs: OutputName::ALL.map(output),
            internal,
            clock,
            rate,
            hosts,
            desk: Health::default(),
        }
    }

    pub(crate) fn choose(&mut self, output: OutputName, choice: Option<DeviceChoice>, settings: OutputSettings) {
        let playback = &mut self.outputs[output as usize];
        (playback.choice, playback.settings) = (choice, settings);
        self.reopen(output);
    }

    /// Closes an output and opens it as it was chosen.
    pub(crate) fn reopen(&mut self, output: OutputName) {
        let playback = &mut self.outputs[output as usize];
        playback.attempt += 1;
        playback.state = match playback.choice {
            None => State::Off,
            Some(_) => State::Closed {
                reason: "looking for the device".into(),
                again: Instant::now(),
            },
        };
    }

    /// Closes an output that cannot be opened again.
    pub(crate) fn close(&mut self, output: OutputName, reason: &str) {
        let playback = &mut self.outputs[output as usize];
        playback.attempt += 1;
        if playback.choice.is_some() {
            playback.state = State::Closed {
                reason: reason.into(),
                again: Instant::now(),
            };
        }
    }

    pub(crate) fn choice(&self, output: OutputName) -> Option<DeviceChoice> {
        self.outputs[output as usize].choice.clone()
    }

    /// Some output plays on a device, or is to as soon as it can.
    fn any_chosen(&self) -> bool {
        self.outputs.iter().any(|playback| playback.choice.is_some())
    }

    pub(crate) fn settings(&self, output: OutputName) -> OutputSettings {
        self.outputs[output as usize].settings
    }

    pub(crate) fn state(&self, output: OutputName) -> OutputState {
        let playback = &self.outputs[output as usize];
        OutputState {
            output,
            device: playback.choice.clone(),
            settings: playback.settings,
            playback: playback.now(self.rate, (output == OutputName::Main).then_some(&self.desk)),
        }
    }

    /// Opens `output` on a thread that may hang.
    fn open(&mut self, output: OutputName, tap: &MixTap) {
        let playback = &mut self.outputs[output as usize];
        let choice = match &playback.choice {
            None => return,
            Some(DeviceChoice::Default) => Chosen::Default,
            Some(DeviceChoice::Device { device }) => Chosen::Device(device.clone()),
        };
        playback.attempt += 1;
        playback.state = State::Opening;
        let mut request = PlaybackRequest::new(choice, self.clock.clone(), self.rate);
        request.hosts = self.hosts.clone();
        request.quality = playback.settings.resampling;
        // A session may have come from a system that can.
        request.exclusive = playback.settings.exclusive && EXCLUSIVE_OUTPUTS;
        let (internal, attempt, reader) = (self.internal.clone(), playback.attempt, tap.reader());
        tokio::task::spawn_blocking(move || {
            let opened = match output {
                OutputName::Main => {
                    let (stamper, clock) = outlet_clock();
                    PlaybackStream::open_main(request, OPEN_LIMIT, reader, stamper)
                        .map(|stream| (stream, Some(Box::new(clock))))
                }
                _ => PlaybackStream::open_bridged(request, OPEN_LIMIT, reader).map(|stream| (stream, None)),
            };
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::PlaybackOpened {
                output,
                attempt,
                opened,
            });
        });
    }
}

impl Playback {
    /// Whether its device must be opened anew for other settings. The main output plays the programme as it is where
    /// its rate is the desk's, and is not interrupted for a resampler that is not there.
    fn needs_opening(&self, output: OutputName, settings: OutputSettings, desk: SampleRate) -> bool {
        match &self.state {
            State::Off => false,
            State::Open(stream) if output == OutputName::Main && stream.rate() == desk => {
                settings.exclusive != self.settings.exclusive
            }
            _ => settings != self.settings,
        }
    }

    /// The system's default is another device now, where that is what was chosen.
    fn moved(&self, stream: &PlaybackStream, list: &DeviceList) -> Option<String> {
        let default = list
            .default_output()
            .filter(|_| self.choice == Some(DeviceChoice::Default))?;
        (default.id != *stream.device()).then(|| {
            format!(
                "the system's default is {} now; choose a device instead of the default to stay with it",
                default.name
            )
        })
    }

    /// `clock` is the desk's, on the main output: it has no bridge, and the engine follows its device.
    fn now(&self, desk: SampleRate, clock: Option<&Health>) -> PlaybackState {
        match &self.state {
            State::Off => PlaybackState::Off,
            State::Opening => PlaybackState::Opening,
            State::Closed { reason, .. } => PlaybackState::Missing { reason: reason.clone() },
            State::Open(stream) => {
                let stats = stream.stats();
                let (ppm, error, locked) = clock.map_or((stats.ppm, stats.error, stats.locked), |clock| {
                    (clock.ppm, clock.clock_error, clock.clock_locked)
                });
                PlaybackState::Playing {
                    name: stream.name().to_owned(),
                    rate: stream.rate().hz(),
                    latency: stats.latency,
                    held: stats.stream.held,
                    ppm,
                    error,
                    locked,
                    frames_missing: stats.missing,
                }
                .rounded(desk)
            }
        }
    }
}

impl PlaybackState {
    /// Figures as coarse as a person reads them, so that hosts are not told of noise.
    fn rounded(self, desk: SampleRate) -> Self {
        match self {
            Self::Playing {
                name,
                rate,
                latency,
                held,
                ppm,
                error,
                locked,
                frames_missing,
            } => {
                let frame = f32::from(u16::try_from(desk.hz() / 1000).unwrap_or(48)) * 1000.0;
                let latency = (latency * frame / 16.0).round() * 16.0 / frame;
                Self::Playing {
                    name,
                    rate,
                    latency,
                    held: (held * 1e3).round() / 1e3,
                    ppm: ppm.round(),
                    error: (error * 1e5).round() / 1e5,
                    locked,
                    frames_missing,
                }
            }
            other => other,
        }
    }
}

impl Core {
    pub(crate) fn set_output(&mut self, output: OutputName, choice: Option<DeviceChoice>) -> Result<(), CommandError> {
        if let Some(DeviceChoice::Device { device }) = &choice
            && self.devices.find(device).is_some_and(|device| !device.is_output())
        {
            let message = format!("{device} cannot play; choose a device with outputs");
            return Err(CommandError {
                code: ErrorCode::NoSuchDevice,
                message,
            });
        }
        self.desk.check()?;
        if output == OutputName::Main {
            self.desk.send(EngineCommand::FollowMachine)?;
        }
        let settings = self.playbacks.settings(output);
        let device = choice.as_ref().map(|choice| match choice {
            DeviceChoice::Default => "default".to_owned(),
            DeviceChoice::Device { device } => device.to_string(),
        });
        self.log_wanted(|place| *place != Place::Output(output));
        self.log(Note::new(
            format!("{} output", output.word()),
            Happening::OutputChanged { device },
        ));
        self.playbacks.choose(output, choice, settings);
        self.follow_playbacks();
        Ok(())
    }

    pub(crate) fn set_output_settings(
        &mut self,
        output: OutputName,
        settings: OutputSettings,
    ) -> Result<(), CommandError> {
        if settings.exclusive && !EXCLUSIVE_OUTPUTS {
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message: format!(
                    "this system cannot keep other programs away from the {} output's device; leave \"exclusive\" off",
                    output.word()
                ),
            });
        }
        self.desk.check()?;
        let playback = &self.playbacks.outputs[output as usize];
        let opens = playback.needs_opening(output, settings, self.desk.rate);
        if opens && output == OutputName::Main {
            self.desk.send(EngineCommand::FollowMachine)?;
        }
        self.playbacks.outputs[output as usize].settings = settings;
        if opens {
            self.playbacks.reopen(output);
        }
        self.tell(Event::Output(self.playbacks.state(output)));
        self.follow_playbacks();
        Ok(())
    }

    /// Opens outputs that are wanted and can be had, and notices those that are lost.
    pub(crate) fn follow_playbacks(&mut self) {
        if self.is_silent() {
            return;
        }
        self.playbacks.desk = self.desk.health();
        // Before one is opened.
        self.desk.set_prompt(self.playbacks.any_chosen());
        for output in OutputName::ALL {
            self.follow_playback(output);
        }
        self.tell_playbacks();
    }

    /// Tells hosts of outputs that have changed.
    pub(crate) fn tell_playbacks(&mut self) {
        for output in OutputName::ALL {
            let state = self.playbacks.state(output);
            let playback = &mut self.playbacks.outputs[output as usize];
            if playback.told != state.playback {
                playback.told = state.playback.clone();
                self.tell(Event::Output(state));
            }
        }
    }

    fn follow_playback(&mut self, output: OutputName) {
        let playback = &mut self.playbacks.outputs[output as usize];
        match &playback.state {
            State::Off | State::Opening => {}
            State::Open(stream) => {
                let gone = match stream.health() {
                    StreamHealth::Running => playback.moved(stream, &self.devices).map(|gone| (gone, SOON)),
                    StreamHealth::Stalled { since } => {
                        let quiet = self.desk.clock.now().seconds() - since.seconds();
                        let gone = "it has stopped playing; plug it in again if it stays so";
                        (quiet > STALLED_SECONDS).then(|| (gone.to_owned(), SOON))
                    }
                    StreamHealth::Lost { reason } => Some((reason.to_string(), reopen_in(stream, reason))),
                };
                let Some((gone, wait)) = gone else {
                    return self.look_at_playback(output);
                };
                let name = format!("{} output {}", output.word(), stream.name());
                let text = format!("the {name}: {gone}");
                playback.state = State::Closed {
                    reason: text.clone(),
                    again: Instant::now() + wait,
                };
                self.log_lost(Place::Output(output), &name, &gone);
                self.notice(Severity::Warning, text);
            }
            State::Closed { again, .. } => {
                let there = match &playback.choice {
                    Some(DeviceChoice::Device { device }) => self.devices.find(device).is_some(),
                    Some(DeviceChoice::Default) => self.devices.default_output().is_some(),
                    None => false,
                };
                if !there {
                    let reason = match &playback.choice {
                        Some(DeviceChoice::Device { device }) => self.devices.why_not(device),
                        _ => OpenError::NoDefault.to_string(),
                    };
                    playback.state = State::Closed { reason, again: *again };
                    return;
                }
                if *again > Instant::now() {
                    return;
                }
                let tap = self.desk.bus(output.bus()).clone();
                self.playbacks.open(output, &tap);
            }
        }
    }

    /// Tells what is wrong with an output that plays.
    fn look_at_playback(&mut self, output: OutputName) {
        let health = self.desk.health();
        let playback = &mut self.playbacks.outputs[output as usize];
        let State::Open(stream) = &playback.state else { return };
        let stats = stream.stats();
        let seen = Seen {
            name: &format!("the {} output, {},", output.word(), stream.name()),
            rate: stream.rate().hz(),
            // The desk's clock is the main output's, and off by as much.
            ppm: stats.ppm + health.ppm,
            latency: stats.latency + stats.stream.held,
        };
        for text in playback.doubts.look(&seen, Instant::now()) {
            self.notice(Severity::Warning, text);
        }
    }

    pub(crate) fn playback_opened(&mut self, output: OutputName, attempt: u64, opened: Opened) {
        let playback = &mut self.playbacks.outputs[output as usize];
        if playback.attempt != attempt {
            return; // something else was chosen meanwhile: the stream closes here
        }
        playback.doubts = Doubts::default();
        playback.state = match opened {
            Ok((stream, clock)) => {
                let followed = clock.map_or(Ok(()), |clock| self.desk.send(EngineCommand::FollowOutlet(clock)));
                match followed {
                    Ok(()) => State::Open(Box::new(stream)),
                    Err(error) => State::Closed {
                        reason: error.message,
                        again: Instant::now() + SOON,
                    },
                }
            }
            Err(error) => State::Closed {
                reason: error.to_string(),
                again: Instant::now() + retry_in(&error),
            },
        };
        if let State::Open(stream) = &playback.state {
            let name = format!("{} output {}", output.word(), stream.name());
            self.log_back(&Place::Output(output), &name);
        }
        self.follow_playbacks();
    }
}

impl OutputName {
    /// What the operator calls it, before "output".
    pub fn word(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Cue => "cue",
            other => other.bus().word(),
        }
    }
}
