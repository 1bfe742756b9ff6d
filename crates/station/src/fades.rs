//! Levels that a scene moves slowly: in steps, each of which the engine rounds off.

mod recalls;

use std::mem;
use std::time::{Duration, Instant};

use airdesk_dsp::{Decibels, Pan};
use airdesk_engine::StripId;

use crate::api::{BusName, BusState, CommandError, ErrorCode, Event, Happening, SendSettings, StripControls, VcaState};
use crate::control::{BusControl, Control};
use crate::station::Core;
use crate::timeline::Note;
use recalls::{Recalled, Recalls};

/// Between two steps. The engine takes 30 ms for each, so that they are one movement.
pub(crate) const STEP: Duration = Duration::from_millis(40);
/// Hosts are told of every so many steps.
const STEPS_TOLD: u32 = 5;
/// A level below this is off, dB: where a fade to or from silence ends and begins.
const FLOOR: f32 = -90.0;

/// One control on its way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fade {
    what: Faded,
    from: f32,
    to: f32,
}

/// What is faded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Faded {
    Trim(StripId),
    Fader(StripId),
    Pan(StripId),
    /// The send to an aux bus, counted from 0, which arrives with these settings.
    Send(StripId, u8, SendSettings),
    Bus(BusName),
    Vca(u8),
}

impl Faded {
    /// The strip that it is on.
    pub(crate) fn strip(&self) -> Option<StripId> {
        match self {
            Self::Trim(strip) | Self::Fader(strip) | Self::Pan(strip) | Self::Send(strip, ..) => Some(*strip),
            Self::Bus(_) | Self::Vca(_) => None,
        }
    }
}

/// Where a control is on its way.
enum Place {
    Strip(StripId, Control),
    Bus(BusName, Decibels),
    Vca(VcaState),
}

impl Fade {
    /// Of a strip's control, where that is one that fades.
    pub(crate) fn strip(id: StripId, now: &StripControls, control: &Control) -> Option<Self> {
        Some(match control {
            Control::Trim(to) => Self::level(Faded::Trim(id), now.trim, *to),
            Control::Fader(to) => Self::level(Faded::Fader(id), now.fader, *to),
            Control::Pan(to) => Self {
                what: Faded::Pan(id),
                from: now.pan.position(),
                to: to.position(),
            },
            Control::Send(aux, to) => {
                let from = now.sends.get(usize::from(*aux))?;
                Self::level(Faded::Send(id, *aux, *to), from.level, to.level)
            }
            _ => return None,
        })
    }

    pub(crate) fn bus(now: &BusState, to: Decibels) -> Self {
        Self::level(Faded::Bus(now.bus), now.fader, to)
    }

    pub(crate) fn vca(now: VcaState, to: Decibels) -> Self {
        Self::level(Faded::Vca(now.vca), now.fader, to)
    }

    fn level(what: Faded, from: Decibels, to: Decibels) -> Self {
        Self {
            what,
            from: from.db(),
            to: to.db(),
        }
    }

    /// Where it is after `part` of the way, 0 to 1.
    fn at(&self, part: f32) -> f32 {
        if part >= 1.0 {
            return self.to;
        }
        let (from, to) = (self.from.max(FLOOR), self.to.max(FLOOR));
        from + (to - from) * part
    }

    fn level_at(&self, part: f32) -> Decibels {
        Decibels::new(self.at(part)).unwrap_or(Decibels::SILENCE)
    }

    fn place(&self, part: f32) -> Place {
        let level = self.level_at(part);
        match self.what {
            Faded::Bus(bus) => Place::Bus(bus, level),
            Faded::Vca(vca) => Place::Vca(VcaState { vca, fader: level }),
            Faded::Trim(id) => Place::Strip(id, Control::Trim(level)),
            Faded::Fader(id) => Place::Strip(id, Control::Fader(level)),
            Faded::Pan(id) => Place::Strip(id, Control::Pan(Pan::new(self.at(part)).unwrap_or(Pan::CENTRE))),
            Faded::Send(id, aux, to) => Place::Strip(id, Control::Send(aux, SendSettings { level, ..to })),
        }
    }

    fn is_of_strip(&self, id: StripId, control: &Control) -> bool {
        match (self.what, control) {
            (Faded::Trim(strip), Control::Trim(_))
            | (Faded::Fader(strip), Control::Fader(_))
            | (Faded::Pan(strip), Control::Pan(_)) => strip == id,
            (Faded::Send(strip, aux, _), Control::Send(moved, _)) => strip == id && aux == *moved,
            _ => false,
        }
    }
}

/// A fade under way.
struct Running {
    fade: Fade,
    begun: Instant,
    seconds: f32,
    /// The scene that it belongs to.
    recall: Option<u32>,
}

/// All that are under way.
#[derive(Default)]
pub(crate) struct Fades {
    running: Vec<Running>,
    recalls: Recalls,
    steps: u32,
}

impl Fades {
    /// Sets out, for `seconds`.
    pub(crate) fn begin(&mut self, fades: Vec<Fade>, seconds: f32) {
        let now = Instant::now();
        self.running.extend(fades.into_iter().map(|fade| Running {
            fade,
            begun: now,
            seconds,
            recall: None,
        }));
    }

    /// What has set out since then belongs to the recall of a scene. Returns how many levels that are.
    pub(crate) fn recalled(&mut self, scene: &str, since: Instant) -> u32 {
        let number = self.recalls.next();
        let mut levels = 0;
        for running in &mut self.running {
            if running.recall.is_none() && running.begun >= since {
                running.recall = Some(number);
                levels += 1;
            }
        }
        if levels > 0 {
            self.recalls.begin(scene, levels);
        }
        levels
    }

    /// Scenes of which nothing fades any more.
    fn take_ended(&mut self) -> Vec<Recalled> {
        let running = &self.running;
        self.recalls
            .take_ended(|number| running.iter().any(|running| running.recall == Some(number)))
    }

    /// What was on its way before goes another way now.
    pub(crate) fn make_way(&mut self, fade: &Fade) {
        self.running.retain(|other| !same_place(&other.fade.what, &fade.what));
    }

    /// Where the controls of a strip go: those that do not fade are there.
    pub(crate) fn goal_of_strip(&self, id: StripId, mut controls: StripControls) -> StripControls {
        for goal in self.goals(|what| what.strip() == Some(id)) {
            if let Place::Strip(_, control) = goal {
                control.write(&mut controls);
            }
        }
        controls
    }

    /// The same of a bus.
    pub(crate) fn goal_of_bus(&self, mut state: BusState) -> BusState {
        for goal in self.goals(|what| *what == Faded::Bus(state.bus)) {
            if let Place::Bus(_, fader) = goal {
                state.fader = fader;
            }
        }
        state
    }

    /// The same of a VCA group.
    pub(crate) fn goal_of_vca(&self, mut state: VcaState) -> VcaState {
        for goal in self.goals(|what| *what == Faded::Vca(state.vca)) {
            if let Place::Vca(VcaState { fader, .. }) = goal {
                state.fader = fader;
            }
        }
        state
    }

    /// Asked for every strip, of all that fades on a full desk: what is of another is passed over first.
    fn goals(&self, of: impl Fn(&Faded) -> bool) -> impl Iterator<Item = Place> {
        let fades = self.running.iter().map(|running| &running.fade);
        fades.filter(move |fade| of(&fade.what)).map(|fade| fade.place(1.0))
    }

    /// Nothing fades, and the end of everything that did has been noted.
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty() && self.recalls.is_empty()
    }

    /// A scene says anew where these are.
    pub(crate) fn let_go_where(&mut self, taken: impl Fn(&Faded) -> bool) {
        self.running.retain(|running| !taken(&running.fade.what));
    }

    /// A hand has taken the control.
    pub(crate) fn let_go_of(&mut self, id: StripId, control: &Control) {
        self.running.retain(|running| !running.fade.is_of_strip(id, control));
    }

    /// The same for a bus, of which nothing but the fader fades.
    pub(crate) fn let_go_of_bus(&mut self, bus: BusName, control: &BusControl) {
        if matches!(control, BusControl::Fader(_)) {
            self.running.retain(|running| running.fade.what != Faded::Bus(bus));
        }
    }

    /// The same for a VCA group's.
    pub(crate) fn let_go_of_vca(&mut self, vca: u8) {
        self.running.retain(|running| running.fade.what != Faded::Vca(vca));
    }

    /// The next step of each, which `follow` takes to the engine: a fade, how far it is, and whether hosts are told.
    /// Those that arrive are done with.
    fn step(&mut self, mut follow: impl FnMut(&Fade, f32, bool) -> Result<(), CommandError>) {
        self.steps = self.steps.wrapping_add(1);
        let told = self.steps.is_multiple_of(STEPS_TOLD);
        let mut refused = false;
        let recalls = &mut self.recalls;
        self.running.retain(|running| {
            if refused {
                return true;
            }
            let part = (running.begun.elapsed().as_secs_f32() / running.seconds).min(1.0);
            match follow(&running.fade, part, told || part >= 1.0) {
                Ok(()) if part < 1.0 => true,
                Ok(()) => {
                    if let Some(number) = running.recall {
                        recalls.arrive(number);
                    }
                    false
                }
                // A strip that was removed meanwhile does not fade any more.
                Err(error) if error.code == ErrorCode::NoSuchStrip => false,
                // The engine takes nothing now, and asking took a second: all that is left waits for the next step.
                Err(_) => {
                    refused = true;
                    true
                }
            }
        });
    }
}

fn same_place(one: &Faded, other: &Faded) -> bool {
    match (one, other) {
        (Faded::Send(one, aux, _), Faded::Send(other, other_aux, _)) => (one, aux) == (other, other_aux),
        _ => one == other,
    }
}

impl Core {
    /// One step of everything that fades. There is nothing to save: a session says where a fade goes.
    pub(crate) fn step_fades(&mut self) {
        let mut fades = mem::take(&mut self.fades);
        fades.step(|fade, part, told| self.follow_fade(fade, part, told));
        for ended in fades.take_ended() {
            let happening = Happening::FadeEnded {
                arrived: ended.arrived,
                stopped: ended.stopped(),
            };
            self.log(Note::new(format!("scene {}", ended.scene), happening));
        }
        self.fades = fades;
    }

    /// Puts a control where its fade is after `part` of the way.
    pub(crate) fn follow_fade(&mut self, fade: &Fade, part: f32, told: bool) -> Result<(), CommandError> {
        match fade.place(part) {
            Place::Bus(bus, fader) => self.control_bus(bus, BusControl::Fader(fader)),
            Place::Vca(state) => self.set_vca(state),
            Place::Strip(id, control) => {
                let state = self.move_control(id, control)?;
                if told {
                    self.tell(Event::Strip(state));
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
