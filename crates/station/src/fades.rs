//! Levels that a scene moves slowly: in steps, each of which the engine rounds off.

use std::mem;
use std::time::{Duration, Instant};

use airdesk_dsp::{Decibels, Pan};
use airdesk_engine::StripId;

use crate::api::{BusName, BusState, CommandError, ErrorCode, Event, SendSettings, StripControls, VcaState};
use crate::control::{BusControl, Control};
use crate::station::Core;

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

/// All that are under way.
#[derive(Default)]
pub(crate) struct Fades {
    running: Vec<(Fade, Instant, f32)>,
    steps: u32,
}

impl Fades {
    /// Sets out, for `seconds`.
    pub(crate) fn begin(&mut self, fades: Vec<Fade>, seconds: f32) {
        let now = Instant::now();
        self.running.extend(fades.into_iter().map(|fade| (fade, now, seconds)));
    }

    /// What was on its way before goes another way now.
    pub(crate) fn make_way(&mut self, fade: &Fade) {
        self.running.retain(|(other, ..)| !same_place(&other.what, &fade.what));
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
        let fades = self.running.iter().map(|(fade, ..)| fade);
        fades.filter(move |fade| of(&fade.what)).map(|fade| fade.place(1.0))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// A scene says anew where these are.
    pub(crate) fn let_go_where(&mut self, taken: impl Fn(&Faded) -> bool) {
        self.running.retain(|(fade, ..)| !taken(&fade.what));
    }

    /// A hand has taken the control.
    pub(crate) fn let_go_of(&mut self, id: StripId, control: &Control) {
        self.running.retain(|(fade, ..)| !fade.is_of_strip(id, control));
    }

    /// The same for a bus, of which nothing but the fader fades.
    pub(crate) fn let_go_of_bus(&mut self, bus: BusName, control: &BusControl) {
        if matches!(control, BusControl::Fader(_)) {
            self.running.retain(|(fade, ..)| fade.what != Faded::Bus(bus));
        }
    }

    /// The same for a VCA group's.
    pub(crate) fn let_go_of_vca(&mut self, vca: u8) {
        self.running.retain(|(fade, ..)| fade.what != Faded::Vca(vca));
    }

    /// The next step of each, which `follow` takes to the engine: a fade, how far it is, and whether hosts are told.
    /// Those that arrive are done with.
    fn step(&mut self, mut follow: impl FnMut(&Fade, f32, bool) -> Result<(), CommandError>) {
        self.steps = self.steps.wrapping_add(1);
        let told = self.steps.is_multiple_of(STEPS_TOLD);
        let mut refused = false;
        self.running.retain(|(fade, begun, seconds)| {
            if refused {
                return true;
            }
            let part = (begun.elapsed().as_secs_f32() / seconds).min(1.0);
            match follow(fade, part, told || part >= 1.0) {
                Ok(()) => part < 1.0,
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
mod tests {
    use super::*;

    #[test]
    fn a_fade_goes_evenly_in_decibels_and_ends_exactly_where_it_should() {
        let level = |db| Decibels::new(db).expect("a level");
        let bus = |db| BusState {
            fader: level(db),
            ..BusState::new(BusName::Cue)
        };
        let fade = Fade::bus(&bus(-40.0), level(0.0));
        assert_eq!(
            [0.0, 0.5, 0.75, 1.0].map(|part| fade.at(part)),
            [-40.0, -20.0, -10.0, 0.0]
        );
        let out = Fade::bus(&bus(0.0), Decibels::SILENCE);
        assert_eq!(out.level_at(0.5), level(-45.0));
        assert_eq!(out.level_at(1.0), Decibels::SILENCE);
    }

    #[test]
    fn a_trim_fades_as_the_faders_do_until_a_hand_takes_it() {
        let strip = StripId::new(1, 1);
        let to = Control::Trim(Decibels::new(20.0).expect("a level"));
        let fade = Fade::strip(strip, &StripControls::default(), &to).expect("it fades");
        assert_eq!([0.0, 0.5, 1.0].map(|part| fade.at(part)), [0.0, 10.0, 20.0]);
        let mut fades = Fades::default();
        fades.begin(vec![fade], 10.0);
        fades.let_go_of(strip, &Control::Fader(Decibels::UNITY));
        assert_eq!(fades.running.len(), 1, "another control");
        fades.let_go_of(strip, &to);
        assert!(fades.is_empty());
    }

    #[test]
    fn a_control_that_a_hand_takes_fades_no_more() {
        let (one, other) = (StripId::new(1, 1), StripId::new(2, 1));
        let controls = StripControls::default();
        let mut fades = Fades::default();
        let to = Control::Fader(Decibels::SILENCE);
        fades.begin(
            [one, other]
                .iter()
                .filter_map(|id| Fade::strip(*id, &controls, &to))
                .collect(),
            10.0,
        );
        fades.let_go_of(one, &Control::Pan(Pan::LEFT));
        assert_eq!(fades.running.len(), 2, "another control");
        fades.let_go_of(one, &Control::Fader(Decibels::UNITY));
        assert_eq!(fades.running.len(), 1);
        assert_eq!(fades.running[0].0.what, Faded::Fader(other));
    }

    #[test]
    fn a_step_that_the_engine_does_not_take_is_taken_again_and_a_strip_that_has_gone_ends_its_fade() {
        let refused = |code| CommandError {
            code,
            message: String::new(),
        };
        let [one, other, gone] = [1, 2, 3].map(|slot| StripId::new(slot, 1));
        let to = Control::Fader(Decibels::SILENCE);
        let fade = |id| Fade::strip(id, &StripControls::default(), &to);
        let mut fades = Fades::default();
        // In no time: all of them are at their ends when the first step is taken.
        fades.begin([gone, one, other].into_iter().filter_map(fade).collect(), 0.0);
        let mut tried = Vec::new();
        fades.step(|fade, _, _| {
            tried.push(fade.what);
            Err(refused(match fade.what {
                Faded::Fader(id) if id == gone => ErrorCode::NoSuchStrip,
                _ => ErrorCode::Unavailable,
            }))
        });
        assert_eq!(
            tried,
            [Faded::Fader(gone), Faded::Fader(one)],
            "an engine that takes nothing is not asked for the rest"
        );
        let mut arrived = Vec::new();
        fades.step(|fade, part, told| {
            arrived.push((fade.what, part, told));
            Ok(())
        });
        assert_eq!(
            arrived,
            [(Faded::Fader(one), 1.0, true), (Faded::Fader(other), 1.0, true)]
        );
        assert!(fades.is_empty());
    }
}
