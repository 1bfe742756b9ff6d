//! What the console is set to, as one value: to go back to it (undo), to come back to it (scenes).

use airdesk_dsp::Decibels;
use airdesk_engine::StripId;

use crate::api::{
    BusState, CommandError, DeviceChoice, DuckerSettings, Event, LimiterSettings, OutputName, OutputSettings, Severity,
    StripControls, StripState, VcaState,
};
use crate::control::{BusControl, Control};
use crate::fades::Fade;
use crate::scenes::Scenes;
use crate::session::SessionStrip;
use crate::station::Core;

/// Everything on the console that an operator's hand can move. A control that fades stands where it goes: half-way is
/// nothing that anybody set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConsoleState {
    /// Left to right. A strip without an id is none yet.
    pub(crate) strips: Vec<(Option<StripId>, SessionStrip)>,
    /// What they leave out is said in `without`.
    pub(crate) buses: Vec<BusState>,
    /// For each bus the place of the strip that it leaves out, among `strips`: one that is none yet has no id.
    pub(crate) without: Vec<Option<usize>>,
    pub(crate) vcas: Vec<VcaState>,
    pub(crate) limiter: LimiterSettings,
    pub(crate) talkover: DuckerSettings,
    pub(crate) outputs: Vec<(Option<DeviceChoice>, OutputSettings)>,
    /// What is stored beside it.
    pub(crate) scenes: Scenes,
}

impl ConsoleState {
    /// A strip has come back under another id.
    pub(crate) fn rename(&mut self, old: StripId, new: StripId) {
        for (id, _) in &mut self.strips {
            if *id == Some(old) {
                *id = Some(new);
            }
        }
    }
}

impl Core {
    pub(crate) fn console_state(&self) -> ConsoleState {
        ConsoleState {
            strips: self
                .strips
                .states()
                .map(|strip| (Some(strip.id), self.strip_as_set(strip)))
                .collect(),
            buses: self
                .buses
                .iter()
                .map(|bus| BusState {
                    without: None,
                    ..self.fades.goal_of_bus(*bus)
                })
                .collect(),
            without: self
                .buses
                .iter()
                .map(|bus| self.strips.states().position(|strip| Some(strip.id) == bus.without))
                .collect(),
            vcas: self.vcas_as_set().collect(),
            limiter: self.limiter,
            talkover: self.talkover,
            outputs: OutputName::ALL
                .map(|output| (self.playbacks.choice(output), self.playbacks.settings(output)))
                .to_vec(),
            scenes: self.scenes.clone(),
        }
    }

    /// A strip as it was set: what fades stands where it goes.
    pub(crate) fn strip_as_set(&self, strip: &StripState) -> SessionStrip {
        let mut controls = self.fades.goal_of_strip(strip.id, strip.controls);
        // What stands in for a dead programme goes back by itself.
        controls.fader = self.dead_air.home_of(strip.id).unwrap_or(controls.fader);
        SessionStrip {
            controls,
            ..SessionStrip::from(strip)
        }
    }

    /// The same of the VCA groups.
    pub(crate) fn vcas_as_set(&self) -> impl Iterator<Item = VcaState> {
        self.vcas.iter().map(|vca| self.fades.goal_of_vca(*vca))
    }

    /// Goes to another state, levels within `fade` seconds. What is on its way there already fades on. What cannot be
    /// reached is said, and the rest is done. Returns the strips that came back, by the ids they had and have.
    pub(crate) fn go_to(&mut self, wanted: &ConsoleState, fade: f32) -> Vec<(StripId, StripId)> {
        let mut way = Way { fade, ..Way::default() };
        let Made { returned, ids } = self.go_to_strips(wanted, &mut way);
        for (id, strip) in &wanted.strips {
            if let Some(id) = id {
                self.go_to_strip(*id, strip, &mut way);
            }
        }
        for (bus, place) in wanted.buses.iter().zip(&wanted.without) {
            let without = place.and_then(|place| ids.get(place).copied().flatten());
            self.go_to_bus(&BusState { without, ..*bus }, &mut way);
        }
        for (vca, now) in wanted.vcas.iter().zip(self.vcas) {
            if vca.fader != self.fades.goal_of_vca(now).fader {
                self.move_level(Fade::vca(now, vca.fader), &mut way);
            }
        }
        if self.limiter != wanted.limiter {
            way.was(self.set_limiter(wanted.limiter));
        }
        if self.talkover != wanted.talkover {
            way.was(self.set_talkover(wanted.talkover));
        }
        for (output, (choice, settings)) in OutputName::ALL.into_iter().zip(&wanted.outputs) {
            if self.playbacks.settings(output) != *settings {
                way.was(self.set_output_settings(output, *settings));
            }
            if self.playbacks.choice(output) != *choice {
                way.was(self.set_output(output, choice.clone()));
            }
        }
        if self.scenes != wanted.scenes {
            self.set_scenes(wanted.scenes.clone());
        }
        self.fades.begin(way.fades, fade);
        for fault in way.faults {
            self.notice(Severity::Error, fault.message);
        }
        returned
    }

    /// Removes strips that are not wanted, makes those that are missing, and brings them into their order.
    fn go_to_strips(&mut self, wanted: &ConsoleState, way: &mut Way) -> Made {
        let present: Vec<_> = self.strips.states().map(|strip| strip.id).collect();
        for id in &present {
            if wanted.strips.iter().all(|(wanted, _)| *wanted != Some(*id)) {
                way.was(self.remove_strip(*id));
            }
        }
        let (mut returned, mut ids) = (Vec::new(), Vec::new());
        for (id, strip) in &wanted.strips {
            if let Some(id) = id.filter(|id| present.contains(id)) {
                ids.push(Some(id));
                continue;
            }
            let added = self.add_strip_faded(strip, way);
            if let (Some(before), Ok(now)) = (id, &added) {
                returned.push((*before, *now));
            }
            ids.push(added.map_err(|error| way.faults.push(error)).ok());
        }
        let order: Vec<_> = ids.iter().copied().flatten().collect();
        if self.strips.arrange(&order) {
            let states = self.strips.states().cloned().collect();
            self.tell(Event::Strips(states));
        }
        Made { returned, ids }
    }

    fn add_strip_faded(&mut self, strip: &SessionStrip, way: &mut Way) -> Result<StripId, CommandError> {
        if way.fade <= 0.0 {
            return self.add_strip(strip);
        }
        let mut silent = strip.clone();
        silent.controls.fader = Decibels::SILENCE;
        let id = self.add_strip(&silent)?;
        let open = Control::Fader(strip.controls.fader);
        way.fades.extend(Fade::strip(id, &silent.controls, &open));
        Ok(id)
    }

    fn go_to_strip(&mut self, id: StripId, wanted: &SessionStrip, way: &mut Way) {
        let Some(now) = self.strips.states().find(|strip| strip.id == id).cloned() else {
            return; // it was made as it is wanted, under another id
        };
        if now.name != wanted.name {
            let name = wanted.name.clone();
            way.was(self.change_strip(id, |state| state.name = name));
        }
        if now.source != wanted.source {
            way.was(self.set_source(id, wanted.source.clone()));
        }
        let goal = self.strip_as_set(&now).controls;
        for control in differences(&goal, &wanted.controls) {
            self.take_fallback(id, &control);
            match Fade::strip(id, &now.controls, &control) {
                Some(fade) => self.move_level(fade, way),
                None => way.was(self.control(id, control)),
            }
        }
    }

    fn go_to_bus(&mut self, wanted: &BusState, way: &mut Way) {
        let now = self.buses[wanted.bus.place()];
        if now.stages != wanted.stages {
            let chain = BusControl::Chain(Box::new(wanted.stages));
            way.was(self.control_bus(wanted.bus, chain));
        }
        if now.without != wanted.without {
            way.was(self.control_bus(wanted.bus, BusControl::Without(wanted.without)));
        }
        if self.fades.goal_of_bus(now).fader != wanted.fader {
            self.move_level(Fade::bus(&now, wanted.fader), way);
        }
    }

    /// A level goes there at once, or with all others that fade; no more to where it went before.
    fn move_level(&mut self, fade: Fade, way: &mut Way) {
        self.fades.make_way(&fade);
        if way.fade > 0.0 {
            way.fades.push(fade);
        } else {
            way.was(self.follow_fade(&fade, 1.0, true));
        }
    }
}

/// The strips of another state, now that they are there.
struct Made {
    /// Those that came back, by the ids they had and have.
    returned: Vec<(StripId, StripId)>,
    /// The id of each, left to right; none where it could not be made.
    ids: Vec<Option<StripId>>,
}

/// On the way to another state: how long levels take, which of them do, and what did not work.
#[derive(Default)]
struct Way {
    fade: f32,
    fades: Vec<Fade>,
    faults: Vec<CommandError>,
}

impl Way {
    fn was(&mut self, result: Result<(), CommandError>) {
        self.faults.extend(result.err());
    }
}

/// What has to be moved to get from one setting of a strip to another.
fn differences(from: &StripControls, to: &StripControls) -> Vec<Control> {
    let mut controls = Vec::new();
    let mut differ = |differ: bool, control: Control| {
        if differ {
            controls.push(control);
        }
    };
    differ(from.channels != to.channels, Control::Channels(to.channels));
    differ(from.inverted != to.inverted, Control::Inverted(to.inverted));
    differ(from.trim != to.trim, Control::Trim(to.trim));
    differ(from.delay != to.delay, Control::Delay(to.delay));
    differ(from.chain != to.chain, Control::Chain(Box::new(to.chain)));
    differ(from.fader != to.fader, Control::Fader(to.fader));
    differ(from.pan_law != to.pan_law, Control::PanLaw(to.pan_law));
    differ(from.pan != to.pan, Control::Pan(to.pan));
    for (aux, (before, after)) in (0..).zip(from.sends.iter().zip(&to.sends)) {
        differ(before != after, Control::Send(aux, *after));
    }
    differ(from.vca != to.vca, Control::Vca(to.vca));
    differ(from.talkover != to.talkover, Control::Talkover(to.talkover));
    differ(from.mute != to.mute, Control::Mute(to.mute));
    differ(from.solo != to.solo, Control::Solo(to.solo));
    differ(from.solo_safe != to.solo_safe, Control::SoloSafe(to.solo_safe));
    differ(from.cue != to.cue, Control::Cue(to.cue));
    controls
}
