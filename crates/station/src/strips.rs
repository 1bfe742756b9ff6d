//! The strips as the station knows them, and what feeds each.

use std::collections::BTreeMap;

use airdesk_devices::DeviceId;
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Direct, StripInput};
use airdesk_engine::report::InputPhase;
use airdesk_engine::{EngineCommand, Strip, StripId};
use airdesk_sources::Worker;

use crate::api::{BusName, CommandError, ErrorCode, Event, InputState, Severity, StreamState, StripSource, StripState};
use crate::captures::Capturing;
use crate::control::{BusControl, Control};
use crate::losses::Counter;
use crate::material::explain;
use crate::programs::{ProgramDesk, ProgramInlet};
use crate::range;
use crate::session::SessionStrip;
use crate::station::Core;
use crate::streams::StreamDesk;

/// Seconds of audio a worker keeps ahead: longer than a disk's hiccup, shorter than a hand's patience.
const WORKER_SECONDS: f64 = 0.5;

/// What feeds a strip now.
pub(crate) enum Feed {
    Nothing,
    Worker(Worker),
    /// The strip is a deck.
    Deck,
    /// The strip is a cart wall.
    Carts,
    Stream(Box<StreamDesk>),
    /// Other programs play into it.
    Programs(Box<ProgramDesk>),
    /// Attached to this opening of its device.
    Device {
        opening: u64,
    },
}

impl Feed {
    /// Hosts are told of it as of a stream.
    fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_) | Self::Programs(_))
    }
}

pub(crate) struct StripSlot {
    pub(crate) state: StripState,
    pub(crate) feed: Feed,
}

/// Strips, left to right.
#[derive(Default)]
pub(crate) struct Strips(Vec<StripSlot>);

impl Strips {
    pub(crate) fn states(&self) -> impl Iterator<Item = &StripState> {
        self.0.iter().map(|slot| &slot.state)
    }

    pub(crate) fn slots_mut(&mut self) -> impl Iterator<Item = &mut StripSlot> {
        self.0.iter_mut()
    }

    /// The streams that are played.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &StreamState> {
        self.0.iter().filter_map(|slot| match &slot.feed {
            Feed::Stream(stream) => Some(stream.state()),
            Feed::Programs(programs) => Some(programs.state()),
            _ => None,
        })
    }

    /// The way into the strip of this name that programs play into.
    pub(crate) fn way_in(&self, name: &str) -> Option<ProgramInlet> {
        self.0.iter().find_map(|slot| match &slot.feed {
            Feed::Programs(programs) if slot.state.name == name => Some(programs.inlet()),
            _ => None,
        })
    }

    /// Brings the strips into this order. Says whether it was another one.
    pub(crate) fn arrange(&mut self, order: &[StripId]) -> bool {
        let place = |slot: &StripSlot| order.iter().position(|id| *id == slot.state.id);
        if self.0.is_sorted_by_key(place) {
            return false;
        }
        self.0.sort_by_key(place);
        true
    }

    /// Refuses a strip that is not there.
    pub(crate) fn check(&mut self, id: StripId) -> Result<(), CommandError> {
        self.slot(id).map(drop)
    }

    fn slot(&mut self, id: StripId) -> Result<&mut StripSlot, CommandError> {
        self.0
            .iter_mut()
            .find(|slot| slot.state.id == id)
            .ok_or_else(|| CommandError {
                code: ErrorCode::NoSuchStrip,
                message: format!("there is no strip {id} (any more); choose another"),
            })
    }

    /// From a device's callback to the mix, seconds, of the slowest strip that has one.
    pub(crate) fn longest_latency(&self) -> f32 {
        let latency = |state: &StripState| match state.input {
            InputState::Running { latency, .. } => latency,
            _ => 0.0,
        };
        self.states().map(latency).fold(0.0, f32::max)
    }
}

impl Core {
    /// Puts a strip at the right end of the desk. A source that is missing does not keep it away.
    pub(crate) fn add_strip(&mut self, wanted: &SessionStrip) -> Result<StripId, CommandError> {
        range::source(&wanted.source)?;
        let id = self.desk.take_id().ok_or_else(|| CommandError {
            code: ErrorCode::TooManyStrips,
            message: format!(
                "the desk has all its {} strips; remove one first",
                airdesk_engine::MAX_STRIPS
            ),
        })?;
        let (input, feed, told) = self.feed(id, &wanted.source, Some(wanted));
        self.keep_deck(id, wanted.deck.as_ref());
        self.keep_wall(id, wanted.carts.as_ref());
        let state = StripState {
            id,
            name: wanted.name.clone(),
            source: wanted.source.clone(),
            input: told,
            controls: wanted.controls,
        };
        let strip = Strip::new(id, self.desk.rate, input, state.controls);
        if let Err(error) = self.desk.send(EngineCommand::AddStrip(Box::new(strip))) {
            self.desk.give_back(id);
            self.remove_deck(id);
            self.remove_wall(id);
            return Err(error);
        }
        self.strips.0.push(StripSlot {
            state: state.clone(),
            feed,
        });
        self.black_box_follows();
        self.tell(Event::Strip(state));
        self.follow_captures();
        Ok(id)
    }

    pub(crate) fn remove_strip(&mut self, id: StripId) -> Result<(), CommandError> {
        let slot = self.strips.slot(id)?;
        let (name, was_stream) = (slot.state.name.clone(), slot.feed.is_stream());
        self.desk.send(EngineCommand::RemoveStrip(id))?;
        self.strips.0.retain(|slot| slot.state.id != id);
        self.desk.give_back(id);
        self.look_away_from(id);
        self.losses.forget_strip(id);
        self.remove_deck(id);
        self.remove_wall(id);
        self.watch_no_more(id, &name);
        // A gap that is still open ends with the strip.
        self.recorders.strip_was_short(id, "", 0);
        if was_stream {
            self.tell(Event::StreamRemoved(id));
        }
        self.tell(Event::StripRemoved(id));
        for bus in BusName::ALL {
            if self.buses[bus.place()].without == Some(id) {
                self.control_bus(bus, BusControl::Without(None))?;
            }
        }
        self.follow_captures();
        Ok(())
    }

    /// Moves a control: the engine first, and once it has agreed everybody is told.
    pub(crate) fn control(&mut self, id: StripId, control: Control) -> Result<(), CommandError> {
        let state = self.move_control(id, control)?;
        self.tell(Event::Strip(state));
        Ok(())
    }

    /// The same, and tells nobody. Returns what there is to tell.
    pub(crate) fn move_control(&mut self, id: StripId, control: Control) -> Result<StripState, CommandError> {
        self.strips.check(id)?;
        self.desk.send(control.command(id, self.desk.rate))?;
        let slot = self.strips.slot(id)?;
        control.write(&mut slot.state.controls);
        Ok(slot.state.clone())
    }

    /// Changes what hosts see of a strip, and tells them.
    pub(crate) fn change_strip(
        &mut self,
        id: StripId,
        change: impl FnOnce(&mut StripState),
    ) -> Result<(), CommandError> {
        let slot = self.strips.slot(id)?;
        change(&mut slot.state);
        let state = slot.state.clone();
        self.tell(Event::Strip(state));
        Ok(())
    }

    /// Feeds a strip from something else. What cannot be heard is said in the strip's input state.
    pub(crate) fn set_source(&mut self, id: StripId, source: StripSource) -> Result<(), CommandError> {
        self.strips.slot(id)?;
        range::source(&source)?;
        let before = self.strips.slot(id)?.state.source.clone();
        let (input, feed, told) = self.feed(id, &source, None);
        if let Err(error) = self.desk.send(EngineCommand::SetInput(id, Box::new(input))) {
            // It is what it was.
            self.part(id, &source, &before);
            return Err(error);
        }
        self.part(id, &before, &source);
        let slot = self.strips.slot(id)?;
        let was_stream = slot.feed.is_stream() && !feed.is_stream();
        slot.feed = feed;
        if was_stream {
            self.tell(Event::StreamRemoved(id));
        }
        self.change_strip(id, |state| {
            state.source = source;
            state.input = told;
        })?;
        self.follow_captures();
        Ok(())
    }

    /// A strip is no deck and no cart wall any more, unless it is one still.
    fn part(&mut self, id: StripId, from: &StripSource, to: &StripSource) {
        if *from == StripSource::Deck && *to != StripSource::Deck {
            self.part_from_deck(id);
        }
        if *from == StripSource::Carts && *to != StripSource::Carts {
            self.part_from_wall(id);
        }
    }

    /// What a source becomes: the engine's end, the station's, and what hosts are told until more is known.
    fn feed(
        &mut self,
        id: StripId,
        source: &StripSource,
        kept: Option<&SessionStrip>,
    ) -> (StripInput, Feed, InputState) {
        if *source == StripSource::Deck {
            let (input, told) = self.feed_by_deck(id, kept.and_then(|kept| kept.deck.as_ref()));
            let feed = if told == InputState::Ready {
                Feed::Deck
            } else {
                Feed::Nothing
            };
            return (input, feed, told);
        }
        if *source == StripSource::Carts {
            let input = self.feed_by_wall(id, kept.and_then(|kept| kept.carts.as_ref()));
            return (input, Feed::Carts, InputState::Ready);
        }
        if let StripSource::Stream { url, raw, titles } = source {
            return self.feed_by_stream(id, url, *raw, *titles);
        }
        if *source == StripSource::Programs {
            return self.feed_by_programs(id);
        }
        let silent = |state| (StripInput::Silent, Feed::Nothing, state);
        let rate = self.desk.rate;
        let opener = match self.pieces.opener(source, rate) {
            Err(reason) => return silent(InputState::Missing { reason }),
            Ok(None) => {
                return silent(match source {
                    StripSource::Device { .. } => InputState::Opening,
                    _ => InputState::Silent,
                });
            }
            Ok(Some(opener)) => opener,
        };
        let (writer, inlet) = inlet(f64::from(rate.hz()), rate.frames_in(WORKER_SECONDS).0 as usize);
        let played = source.clone();
        match Worker::start(opener, move |error| explain(&played, &error), writer) {
            Ok(worker) => (
                StripInput::Direct(Direct::new(inlet)),
                Feed::Worker(worker),
                InputState::Opening,
            ),
            Err(error) => {
                let reason = format!("its reader could not be started: {error}");
                silent(InputState::Missing { reason })
            }
        }
    }

    /// Brings every strip's input state up to date; figures only now and then.
    pub(crate) fn refresh_strips(&mut self, figures: bool) {
        let mut changed = Vec::new();
        let mut faults = Vec::new();
        let mut latest: BTreeMap<DeviceId, (f32, f32)> = BTreeMap::new();
        let (desk_ppm, rate) = (self.desk.health().ppm, f64::from(self.desk.rate.hz()));
        let report = self.desk.report();
        for slot in self.strips.slots_mut() {
            let Some(heard) = report.strips().find(|strip| strip.id == slot.state.id) else {
                continue;
            };
            let running = InputState::Running {
                latency: heard.input.latency,
                ppm: heard.input.ppm,
                error: heard.input.error,
                locked: heard.input.locked,
                frames_lost: heard.input.frames_lost,
                frames_missing: heard.input.frames_missing,
            };
            let now = match (&slot.feed, heard.input.phase) {
                (Feed::Nothing, _) => continue,
                (Feed::Stream(stream), phase) => stream.input((phase == InputPhase::Running).then_some(running)),
                (Feed::Programs(programs), phase) => programs.input((phase == InputPhase::Running).then_some(running)),
                (Feed::Worker(worker), _) if worker.fault().is_some() => InputState::Missing {
                    reason: worker.fault().unwrap_or_default(),
                },
                (_, InputPhase::Running) => running,
                (Feed::Worker(_), InputPhase::Ended) => InputState::Ended,
                (Feed::Deck, InputPhase::Waiting) if matches!(slot.state.input, InputState::Running { .. }) => running,
                (Feed::Deck | Feed::Carts, _) => InputState::Ready,
                // It has run and is short of audio for a moment, or the engine has not got it yet.
                (_, InputPhase::Waiting | InputPhase::Silent | InputPhase::Paused | InputPhase::Ended) => {
                    match slot.state.input {
                        InputState::Running { .. } => running,
                        _ => InputState::Opening,
                    }
                }
            };
            let (id, name) = (slot.state.id, &slot.state.name);
            let more = if matches!(now, InputState::Running { .. }) {
                let frames = heard.input.frames_lost + heard.input.frames_missing;
                self.losses.count(Counter::Strip(id), name, frames as f64 / rate)
            } else {
                0.0
            };
            self.recorders.strip_was_short(id, name, (more * rate).round() as u64);
            if let (InputState::Running { latency, ppm, .. }, StripSource::Device { device, .. }, true) =
                (&now, &slot.state.source, figures)
            {
                // Of one device that feeds several strips, the one that is heard latest.
                let seen = latest.entry(device.clone()).or_default();
                *seen = (ppm + desk_ppm, seen.1.max(*latency));
            }
            let was_running = matches!(slot.state.input, InputState::Running { .. });
            let only_figures = was_running && matches!(now, InputState::Running { .. });
            if now == slot.state.input || (only_figures && !figures) {
                continue;
            }
            if let InputState::Missing { reason } = &now
                && !matches!(slot.state.input, InputState::Missing { .. })
            {
                faults.push(format!("strip {}: {reason}", slot.state.name));
            }
            slot.state.input = now;
            changed.push(slot.state.clone());
        }
        for fault in faults {
            self.notice(Severity::Error, fault);
        }
        for (device, (ppm, latency)) in latest {
            for text in self.captures.look(&device, ppm, latency) {
                self.notice(Severity::Warning, text);
            }
        }
        for state in changed {
            self.tell(Event::Strip(state));
        }
    }

    /// Puts every strip on the console of a new engine: its controls as they are, its source anew. A file that
    /// had come to its end does not begin again.
    pub(crate) fn put_strips_back(&mut self) {
        for place in 0..self.strips.0.len() {
            let state = self.strips.0[place].state.clone();
            let (input, feed, told) = if state.input == InputState::Ended {
                (StripInput::Silent, Feed::Nothing, InputState::Ended)
            } else {
                self.feed(state.id, &state.source, None)
            };
            let strip = Strip::new(state.id, self.desk.rate, input, state.controls);
            if let Err(error) = self.desk.send(EngineCommand::AddStrip(Box::new(strip))) {
                self.notice(Severity::Error, format!("strip {}: {error}", state.name));
            }
            let slot = &mut self.strips.0[place];
            slot.feed = feed;
            slot.state.input = told;
            let state = slot.state.clone();
            self.tell(Event::Strip(state));
        }
        self.follow_captures();
    }

    /// No strip with a source is heard any more.
    pub(crate) fn silence_strips(&mut self, input: &InputState) {
        self.silence_walls();
        self.silence_decks();
        for place in 0..self.strips.0.len() {
            let slot = &mut self.strips.0[place];
            let was_stream = std::mem::replace(&mut slot.feed, Feed::Nothing).is_stream();
            if slot.state.source != StripSource::Silent {
                slot.state.input = input.clone();
            }
            let state = slot.state.clone();
            if was_stream {
                self.tell(Event::StreamRemoved(state.id));
            }
            self.tell(Event::Strip(state));
        }
    }

    /// Connects strips to the devices that are open, and says why where one is not.
    pub(crate) fn attach_strips(&mut self) {
        if self.is_silent() {
            return;
        }
        let mut changed = Vec::new();
        let mut commands = Vec::new();
        let mut lost = Vec::new();
        for slot in self.strips.slots_mut() {
            let StripSource::Device {
                device,
                channels,
                resampling,
                ..
            } = &slot.state.source
            else {
                continue;
            };
            let now = match self.captures.capturing(device) {
                Capturing::Opening => {
                    slot.feed = Feed::Nothing;
                    InputState::Opening
                }
                Capturing::Missing(reason) => {
                    slot.feed = Feed::Nothing;
                    InputState::Missing { reason }
                }
                Capturing::Open(opening) => {
                    if matches!(slot.feed, Feed::Device { opening: attached } if attached == opening) {
                        continue;
                    }
                    match self.captures.attach(device, *channels, *resampling, self.desk.rate) {
                        Ok(bridge) => {
                            slot.feed = Feed::Device { opening };
                            commands.push((slot.state.id, bridge));
                            InputState::Opening
                        }
                        Err(reason) => InputState::Missing { reason },
                    }
                }
            };
            if now == slot.state.input {
                continue;
            }
            if let (InputState::Missing { reason }, InputState::Running { .. }) = (&now, &slot.state.input) {
                lost.push(format!("strip {} has lost its input: {reason}", slot.state.name));
            }
            slot.state.input = now;
            changed.push(slot.state.clone());
        }
        for (id, bridge) in commands {
            let input = Box::new(StripInput::Bridged(bridge));
            if let Err(error) = self.desk.send(EngineCommand::SetInput(id, input)) {
                if let Ok(slot) = self.strips.slot(id) {
                    slot.feed = Feed::Nothing; // attached again when devices are next looked after
                }
                self.notice(Severity::Error, error.message);
            }
        }
        for text in lost {
            self.notice(Severity::Warning, text);
        }
        for state in changed {
            self.tell(Event::Strip(state));
        }
    }
}
