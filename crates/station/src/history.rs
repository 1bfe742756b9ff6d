//! Undo and redo: the console as it was before each of the operator's last actions.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::equaliser::EqualiserSettings;
use airdesk_engine::StripId;

use crate::api::{AudioCommand, BusChainSettings, ChainSettings, CommandError, ErrorCode, Event, HistoryState};
use crate::console::ConsoleState;
use crate::station::Core;

/// Actions that can be taken back.
const STEPS: usize = 100;
/// A control that is moved on within this time is still the same movement.
const MOVEMENT: Duration = Duration::from_secs(1);

/// An action: what was there before it, or is there after it.
struct Step {
    what: String,
    state: ConsoleState,
}

/// The operator's last actions.
#[derive(Default)]
pub(crate) struct History {
    past: VecDeque<Step>,
    future: Vec<Step>,
    /// The movement at hand, and when it last went on.
    movement: Option<(String, Instant)>,
}

impl History {
    /// An action was done: `before` is how it was. A movement that goes on is one action.
    fn done(&mut self, action: &Action, before: ConsoleState) {
        self.future.clear();
        let goes_on = self
            .movement
            .as_ref()
            .is_some_and(|(what, at)| action.is_movement && *what == action.what && at.elapsed() < MOVEMENT);
        self.movement = action.is_movement.then(|| (action.what.clone(), Instant::now()));
        if goes_on && !self.past.is_empty() {
            return;
        }
        if self.past.len() == STEPS {
            self.past.pop_front();
        }
        self.past.push_back(Step {
            what: action.what.clone(),
            state: before,
        });
    }

    pub(crate) fn state(&self) -> HistoryState {
        HistoryState {
            undo: self.past.back().map(|step| step.what.clone()),
            redo: self.future.last().map(|step| step.what.clone()),
        }
    }

    /// Strips have come back under other ids.
    fn rename(&mut self, returned: &[(StripId, StripId)]) {
        for step in self.past.iter_mut().chain(&mut self.future) {
            for (before, now) in returned {
                step.state.rename(*before, *now);
            }
        }
    }
}

/// What an operator does, in words, where it can be taken back.
pub(crate) struct Action {
    what: String,
    /// It is a control that moves on and on under a hand.
    is_movement: bool,
}

impl Core {
    /// What a command does to the console; `None` for what cannot be taken back (on air, recordings, titles).
    pub(crate) fn action(&self, command: &AudioCommand) -> Option<Action> {
        use AudioCommand as Command;
        let of_strip = |what: &str, strip: StripId, is_movement: bool| {
            let name = self.strips.states().find(|state| state.id == strip)?.name.clone();
            Some(Action {
                what: format!("{what} of {name}"),
                is_movement,
            })
        };
        let of = |what: String, is_movement: bool| Some(Action { what, is_movement });
        match command {
            Command::AddStrip { name, .. } => of(format!("new strip {name}"), false),
            Command::RemoveStrip { strip } => of_strip("removal", *strip, false),
            Command::RenameStrip { strip, .. } => of_strip("name", *strip, false),
            Command::SetSource { strip, .. } => of_strip("source", *strip, false),
            Command::SetChannels { strip, .. } => of_strip("channels", *strip, false),
            Command::SetInverted { strip, .. } => of_strip("polarity", *strip, false),
            Command::SetTrim { strip, .. } => of_strip("trim", *strip, true),
            Command::SetDelay { strip, .. } => of_strip("delay", *strip, true),
            Command::SetStages { strip, stages } => {
                let before = self.strips.states().find(|state| state.id == *strip)?.controls.chain;
                let (stage, is_movement) = moved(&strip_stages(&before, stages));
                of_strip(stage, *strip, is_movement)
            }
            Command::SetFader { strip, .. } => of_strip("fader", *strip, true),
            Command::SetPan { strip, .. } => of_strip("pan", *strip, true),
            Command::SetPanLaw { strip, .. } => of_strip("pan law", *strip, false),
            Command::SetSend { strip, to, .. } => of_strip(&format!("send to {}", to.word()), *strip, true),
            Command::SetVca { strip, .. } => of_strip("VCA group", *strip, false),
            Command::SetTalkoverPart { strip, .. } => of_strip("part in talkover", *strip, false),
            Command::SetMute { strip, .. } => of_strip("mute", *strip, false),
            Command::SetSolo { strip, .. } => of_strip("solo", *strip, false),
            Command::SetSoloSafe { strip, .. } => of_strip("solo safe", *strip, false),
            Command::SetCue { strip, .. } => of_strip("cue", *strip, false),
            Command::SetBusFader { bus, .. } => of(format!("fader of {}", bus.word()), true),
            Command::SetBusStages { bus, stages } => {
                let (stage, is_movement) = moved(&bus_stages(&self.buses[bus.place()].stages, stages));
                of(format!("{stage} of {}", bus.word()), is_movement)
            }
            Command::SetMixMinus { bus, .. } => of(format!("mix-minus of {}", bus.word()), false),
            Command::SetVcaFader { vca, .. } => of(format!("fader of VCA {}", vca + 1), true),
            Command::SetLimiter { settings } => of("limiter".into(), settings.on == self.limiter.on),
            Command::SetTalkover { settings } => of("talkover".into(), settings.on == self.talkover.on),
            Command::SetOutput { output, .. } => of(format!("output of {}", output.bus().word()), false),
            Command::SetOutputSettings { output, .. } => {
                of(format!("settings of {}'s output", output.bus().word()), false)
            }
            Command::StoreScene { name } => of(format!("storing of scene {name}"), false),
            Command::RemoveScene { name } => of(format!("removal of scene {name}"), false),
            Command::RecallScene { name, .. } => of(format!("scene {name}"), false),
            // What listeners have heard and files have in them is not taken back, nor is how and where the programme
            // goes out: these are no part of the console. The rest is looking, and undoing itself.
            Command::StartRecording { .. }
            | Command::StopRecording { .. }
            | Command::Announcer { .. }
            | Command::Deck { .. }
            | Command::Carts { .. }
            | Command::SplitRecording { .. }
            | Command::AddRecorder { .. }
            | Command::RemoveRecorder { .. }
            | Command::SetRecording { .. }
            | Command::AddTarget { .. }
            | Command::RemoveTarget { .. }
            | Command::SetTarget { .. }
            | Command::SetPassword { .. }
            | Command::TrustCertificate { .. }
            | Command::GoLive { .. }
            | Command::GoOffAir { .. }
            | Command::SetAirDelay { .. }
            | Command::SetBlackBox { .. }
            | Command::KeepLast { .. }
            | Command::Dump { .. }
            | Command::SetDeadAir { .. }
            | Command::SetStripWatch { .. }
            | Command::SetListening { .. }
            | Command::SetMounts { .. }
            | Command::SetHls { .. }
            | Command::SetTitle { .. }
            | Command::SetTitleFile { .. }
            | Command::MeasureLoudness { .. }
            | Command::ResetLoudness { .. }
            | Command::ShowSpectrum { .. }
            | Command::ClearClips
            | Command::RefreshDevices
            | Command::DismissNotice { .. }
            | Command::ReadTimeline { .. }
            | Command::Library { .. }
            | Command::SearchTracks { .. }
            | Command::ReadPlays { .. }
            | Command::ReadWaveform { .. }
            | Command::Undo
            | Command::Redo => None,
        }
    }

    /// Remembers an action that was done.
    pub(crate) fn remember(&mut self, action: &Action, before: ConsoleState) {
        if before == self.console_state() {
            return; // nothing has changed, and nothing is taken back
        }
        let told = self.history.state();
        self.history.done(action, before);
        if self.history.state() != told {
            self.tell(Event::History(self.history.state()));
        }
    }

    /// Takes the last action back.
    pub(crate) fn undo(&mut self) -> Result<(), CommandError> {
        let step = self.history.past.pop_back().ok_or_else(|| nothing("undo"))?;
        let now = self.console_state();
        self.history.future.push(Step {
            what: step.what,
            state: now,
        });
        self.travel(step.state);
        Ok(())
    }

    /// Does again what was taken back.
    pub(crate) fn redo(&mut self) -> Result<(), CommandError> {
        let step = self.history.future.pop().ok_or_else(|| nothing("redo"))?;
        let now = self.console_state();
        self.history.past.push_back(Step {
            what: step.what,
            state: now,
        });
        self.travel(step.state);
        Ok(())
    }

    fn travel(&mut self, state: ConsoleState) {
        self.history.movement = None;
        let returned = self.go_to(&state, 0.0);
        self.return_playlists(&returned);
        self.return_walls(&returned);
        self.history.rename(&returned);
        self.tell(Event::History(self.history.state()));
    }
}

/// A stage, whether it is set differently from now on, and whether that is a switch rather than a control that moves.
type Stage = (&'static str, bool, bool);

fn strip_stages(before: &ChainSettings, after: &ChainSettings) -> [Stage; 5] {
    let (one, other) = (&before.high_pass, &after.high_pass);
    let switched = one.is_on() != other.is_on() || one.slope() != other.slope();
    [
        ("high-pass", one != other, switched),
        ("gate", before.gate != after.gate, before.gate.on != after.gate.on),
        equaliser(&before.equaliser, &after.equaliser),
        compressor(&before.compressor, &after.compressor),
        (
            "de-esser",
            before.de_esser != after.de_esser,
            before.de_esser.on != after.de_esser.on,
        ),
    ]
}

fn bus_stages(before: &BusChainSettings, after: &BusChainSettings) -> [Stage; 2] {
    [
        equaliser(&before.equaliser, &after.equaliser),
        compressor(&before.compressor, &after.compressor),
    ]
}

fn equaliser(before: &EqualiserSettings, after: &EqualiserSettings) -> Stage {
    let mut bands = before.bands.iter().zip(&after.bands);
    let switched = bands.any(|(one, other)| one.is_on() != other.is_on() || one.kind() != other.kind());
    ("equaliser", before != after, switched || before.on != after.on)
}

fn compressor(before: &CompressorSettings, after: &CompressorSettings) -> Stage {
    ("compressor", before != after, before.on != after.on)
}

/// The stage that is set differently, and whether that is a movement.
fn moved(stages: &[Stage]) -> (&'static str, bool) {
    let mut changed = stages.iter().filter(|(_, differs, _)| *differs);
    match (changed.next(), changed.next()) {
        (Some((stage, _, switched)), None) => (stage, !switched),
        _ => ("stages", false),
    }
}

fn nothing(what: &str) -> CommandError {
    CommandError {
        code: ErrorCode::NotRunning,
        message: format!("there is nothing to {what}"),
    }
}
