//! The dead-air watch: an alarm when the programme or a strip is silent for too long, and a strip that stands in for the
//! programme meanwhile.
//!
//! While the fallback is in, the programme is judged by what the other strips give to it: their levels behind their faders,
//! as the engine reports them before, times where fader, group, pan, mute and solo stand. The fallback's fader is the
//! operator's as soon as a hand takes it.

mod fallback;
mod stand_in;
mod watch;

use std::time::Instant;

use airdesk_dsp::Decibels;
use airdesk_engine::{PanLaw, StripId};
use jiff::Zoned;

use crate::api::{
    CommandError, DeadAirSettings, DeadAirState, Event, FallbackState, Happening, Severity, SignalState, StripControls,
    StripWatch, WatchSettings,
};
use crate::control::Control;
use crate::fades::Fade;
use crate::session::{SessionDeadAir, SessionWatch};
use crate::station::Core;
use crate::timeline::Note;
use fallback::{Fallback, Move};
use stand_in::StandIn;
use watch::{Turn, Watch};

/// How long the fallback takes to come in, seconds.
const IN_SECONDS: f32 = 0.8;
/// How long it takes to go, once the programme is back.
const OUT_SECONDS: f32 = 2.0;
/// A station that was kept from looking for longer has not heard what was meanwhile.
const LOOK_SECONDS_MAX: f64 = 1.0;

/// A watch, and since when it says what it says, as local time.
struct Watched {
    watch: Watch,
    since: String,
}

impl Watched {
    fn new(settings: WatchSettings) -> Self {
        Self {
            watch: Watch::new(settings),
            since: String::new(),
        }
    }

    fn hear(&mut self, db: f32, seconds: f64) -> Option<Turn> {
        let turn = self.watch.hear(db, seconds)?;
        self.since = Zoned::now().strftime("%H:%M:%S").to_string();
        Some(turn)
    }

    fn state(&self) -> SignalState {
        if self.watch.is_dead() {
            SignalState::Dead {
                since: self.since.clone(),
            }
        } else {
            SignalState::Alive
        }
    }
}

/// Everything that is watched.
#[derive(Default)]
pub(crate) struct DeadAir {
    settings: DeadAirSettings,
    programme: Option<Watched>,
    fallback: Fallback,
    stand_in: StandIn,
    strips: Vec<(StripId, Watched)>,
    looked: Option<Instant>,
}

impl DeadAir {
    /// Where a strip's fader was before it stood in for the programme, while it does.
    pub(crate) fn home_of(&self, strip: StripId) -> Option<Decibels> {
        let home = self.fallback.home()?;
        (self.settings.fallback == Some(strip)).then_some(home)
    }

    fn is_programme_dead(&self) -> bool {
        self.programme.as_ref().is_some_and(|watched| watched.watch.is_dead())
    }

    /// Seconds since the last look.
    fn elapsed(&mut self) -> f64 {
        let now = Instant::now();
        let before = self.looked.replace(now).unwrap_or(now);
        (now - before).as_secs_f64().min(LOOK_SECONDS_MAX)
    }
}

/// What was heard of the desk: each strip before its fader, and the programme. RMS, left and right.
struct Heard {
    strips: Vec<(StripId, [f32; 2])>,
    programme: [f32; 2],
}

impl Heard {
    fn strip(&self, id: StripId) -> [f32; 2] {
        let found = self.strips.iter().find(|(strip, _)| *strip == id);
        found.map_or([0.0; 2], |(_, rms)| *rms)
    }
}

/// The level of the louder side, dBFS.
fn dbfs(rms: [f32; 2]) -> f32 {
    Decibels::of_amplitude(rms[0].max(rms[1])).db()
}

impl Core {
    /// Looks at every level that is watched, and does what follows. Ten times a second.
    pub(crate) fn watch_dead_air(&mut self) {
        let seconds = self.dead_air.elapsed();
        if self.dead_air.programme.is_none() && self.dead_air.strips.is_empty() {
            return;
        }
        let before = self.dead_air_state();
        let heard = self.heard();
        self.watch_programme(&heard, seconds);
        self.watch_strips(&heard, seconds);
        let now = self.dead_air_state();
        if now != before {
            self.tell(Event::DeadAir(now));
        }
    }

    fn heard(&mut self) -> Heard {
        let report = self.desk.report();
        Heard {
            strips: report.strips().map(|strip| (strip.id, strip.levels.rms)).collect(),
            programme: report.buses[0].levels.rms,
        }
    }

    fn watch_programme(&mut self, heard: &Heard, seconds: f64) {
        let apart = self
            .dead_air
            .settings
            .fallback
            .filter(|_| self.dead_air.fallback.is_apart());
        let level = apart.map_or(heard.programme, |fallback| self.programme_without(fallback, heard));
        let Some(watched) = &mut self.dead_air.programme else {
            return;
        };
        let turn = watched.hear(dbfs(level), seconds);
        let WatchSettings {
            level_dbfs,
            seconds: silent,
        } = watched.watch.settings();
        if let Some(turn) = turn {
            self.tell_turn("the programme", turn, level_dbfs, silent);
        }
        let dead = self.dead_air.is_programme_dead();
        let home = match self.fallback_fader() {
            Some(Ok(home)) => Some(home),
            _ => None,
        };
        match self.dead_air.fallback.look(dead, home, seconds) {
            Some(Move::In) => {
                let to = Decibels::new(self.dead_air.settings.fallback_db).unwrap_or(Decibels::UNITY);
                self.move_fallback(to, IN_SECONDS);
                self.log_fallback(Happening::FallbackIn, "dead air");
            }
            Some(Move::Out { home }) => {
                self.move_fallback(home, OUT_SECONDS);
                self.log_fallback(Happening::FallbackOut, "the programme is heard again");
            }
            None => {}
        }
        self.mind_stand_in();
    }

    fn watch_strips(&mut self, heard: &Heard, seconds: f64) {
        let mut turns = Vec::new();
        for (strip, watched) in &mut self.dead_air.strips {
            if let Some(turn) = watched.hear(dbfs(heard.strip(*strip)), seconds) {
                turns.push((*strip, turn, watched.watch.settings()));
            }
        }
        for (strip, turn, settings) in turns {
            let name = self.strips.states().find(|state| state.id == strip);
            let name = name.map(|state| format!("strip {}", state.name)).unwrap_or_default();
            self.tell_turn(&name, turn, settings.level_dbfs, settings.seconds);
        }
    }

    fn tell_turn(&mut self, what: &str, turn: Turn, level_dbfs: f32, silent: f32) {
        let happening = match turn {
            Turn::CameBack => Happening::AirBack,
            _ => Happening::DeadAir,
        };
        self.log(Note::new(what, happening));
        match turn {
            Turn::Died => {
                let text = format!("dead air: {what} has been below {level_dbfs} dBFS for {silent} s");
                self.notice(Severity::Warning, text);
            }
            Turn::CameBack => self.notice(Severity::Info, format!("{what} is heard again after dead air")),
        }
    }

    /// What the strips but one give to the programme, RMS: unrelated signals, so that their powers add.
    fn programme_without(&self, fallback: StripId, heard: &Heard) -> [f32; 2] {
        let soloed = self.strips.states().any(|strip| strip.controls.solo);
        let mut power = [0.0_f32; 2];
        for strip in self.strips.states().filter(|strip| strip.id != fallback) {
            let rms = heard.strip(strip.id);
            let gains = self.programme_gains(&strip.controls, soloed);
            for ((power, rms), gain) in power.iter_mut().zip(rms).zip(gains) {
                *power += (rms * gain).powi(2);
            }
        }
        let bus = self.buses[0].fader.gain().linear();
        power.map(|power| power.sqrt() * bus)
    }

    /// What a strip's signal is multiplied by on its way into the programme, left and right.
    fn programme_gains(&self, controls: &StripControls, soloed: bool) -> [f32; 2] {
        if controls.mute || (soloed && !controls.solo && !controls.solo_safe) {
            return [0.0; 2];
        }
        let vca = controls.vca.and_then(|vca| self.vcas.get(usize::from(vca)));
        let level = controls.fader.gain().linear() * vca.map_or(1.0, |vca| vca.fader.gain().linear());
        let (left, right) = match controls.pan_law {
            PanLaw::Pan => controls.pan.gains(),
            PanLaw::Balance => controls.pan.balance(),
        };
        [left, right].map(|side| side.linear() * level)
    }

    /// Where the fallback's fader stands, or why it cannot be heard; `None` where no strip was chosen.
    fn fallback_fader(&self) -> Option<Result<Decibels, String>> {
        let id = self.dead_air.settings.fallback?;
        let strip = self.strips.states().find(|strip| strip.id == id)?;
        let soloed = self.strips.states().any(|strip| strip.controls.solo);
        let controls = self.fades.goal_of_strip(id, strip.controls);
        Some(if controls.mute {
            Err(format!("{} is muted", strip.name))
        } else if soloed && !controls.solo && !controls.solo_safe {
            Err(format!("another strip is soloed, and {} is not safe", strip.name))
        } else {
            Ok(controls.fader)
        })
    }

    fn move_fallback(&mut self, to: Decibels, seconds: f32) {
        let strip = self.dead_air.settings.fallback;
        let Some(strip) = self.strips.states().find(|state| Some(state.id) == strip) else {
            return;
        };
        if let Some(fade) = Fade::strip(strip.id, &strip.controls, &Control::Fader(to)) {
            self.fades.make_way(&fade);
            self.fades.begin(vec![fade], seconds);
        }
    }

    fn log_fallback(&mut self, happening: Happening, why: &str) {
        let fallback = self.dead_air.settings.fallback;
        let strip = self.strips.states().find(|state| Some(state.id) == fallback);
        if let Some(subject) = strip.map(|state| format!("strip {}", state.name)) {
            self.log(Note::new(subject, happening).because(why));
        }
    }

    /// A hand moves a control: where it is the fallback's fader or mute, the fallback is the operator's.
    pub(crate) fn take_fallback(&mut self, strip: StripId, control: &Control) {
        if self.dead_air.settings.fallback != Some(strip) || !matches!(control, Control::Fader(_) | Control::Mute(_)) {
            return;
        }
        if self.dead_air.fallback.take() {
            // Where it stands now it was put by the fallback, and a hand goes on from there.
            self.fades.let_go_of(strip, &Control::Fader(Decibels::UNITY));
            self.log_fallback(Happening::FallbackOut, "its fader or mute was set otherwise");
            self.tell_dead_air();
        }
    }

    pub(crate) fn set_dead_air(&mut self, settings: DeadAirSettings) -> Result<(), CommandError> {
        if let Some(strip) = settings.fallback {
            self.strips.check(strip)?;
        }
        let ends = settings.fallback != self.dead_air.settings.fallback || !settings.on;
        if let Some(home) = self.dead_air.fallback.home().filter(|_| ends) {
            self.move_fallback(home, OUT_SECONDS);
            self.log_fallback(Happening::FallbackOut, "the watch was set otherwise");
        }
        if ends {
            self.dead_air.fallback = Fallback::Ready;
            self.mind_stand_in();
        }
        match &mut self.dead_air.programme {
            Some(watched) if settings.on => watched.watch.set(settings.watch),
            programme => *programme = settings.on.then(|| Watched::new(settings.watch)),
        }
        self.dead_air.settings = settings;
        self.tell_dead_air();
        Ok(())
    }

    /// Watches a strip, or does so no more.
    pub(crate) fn watch_strip(&mut self, strip: StripId, watch: Option<WatchSettings>) -> Result<(), CommandError> {
        self.strips.check(strip)?;
        self.dead_air.strips.retain(|(watched, _)| *watched != strip);
        if let Some(settings) = watch {
            self.dead_air.strips.push((strip, Watched::new(settings)));
        }
        self.tell_dead_air();
        Ok(())
    }

    /// A strip of this name is gone.
    pub(crate) fn watch_no_more(&mut self, strip: StripId, name: &str) {
        let watched = self.dead_air.strips.len();
        self.dead_air.strips.retain(|(watched, _)| *watched != strip);
        let stood_by = self
            .dead_air
            .settings
            .fallback
            .take_if(|fallback| *fallback == strip)
            .is_some();
        if stood_by {
            if self.dead_air.fallback.home().is_some() {
                let note = Note::new(format!("strip {name}"), Happening::FallbackOut);
                self.log(note.because("the strip was removed"));
            }
            self.dead_air.fallback = Fallback::Ready;
        }
        if stood_by || self.dead_air.strips.len() != watched {
            self.tell_dead_air();
        }
    }

    fn tell_dead_air(&mut self) {
        let state = self.dead_air_state();
        self.tell(Event::DeadAir(state));
    }

    pub(crate) fn dead_air_state(&self) -> DeadAirState {
        let dead_air = &self.dead_air;
        let programme = dead_air.programme.as_ref();
        let strips = dead_air.strips.iter().map(|(strip, watched)| StripWatch {
            strip: *strip,
            settings: watched.watch.settings(),
            signal: watched.state(),
        });
        DeadAirState {
            settings: dead_air.settings,
            programme: programme.map_or(SignalState::Unwatched, Watched::state),
            fallback: self.fallback_state(),
            strips: strips.collect(),
        }
    }

    fn fallback_state(&self) -> FallbackState {
        match (self.dead_air.fallback, self.fallback_fader()) {
            (_, None) => FallbackState::None,
            (Fallback::In { .. }, _) => FallbackState::In,
            (Fallback::Taken, _) => FallbackState::Taken,
            (_, Some(Err(reason))) if self.dead_air.is_programme_dead() => FallbackState::Unable { reason },
            _ => FallbackState::Ready,
        }
    }

    /// Sets the watch up as the session says, whose strips have these ids now.
    pub(crate) fn take_up_dead_air(&mut self, session: &SessionDeadAir, strips: &[Option<StripId>]) {
        let id = |place: usize| strips.get(place.checked_sub(1)?).copied().flatten();
        self.dead_air.settings = DeadAirSettings {
            on: session.on,
            watch: session.watch,
            fallback: session.fallback.and_then(id),
            fallback_db: session.fallback_db,
        };
        self.dead_air.programme = session.on.then(|| Watched::new(session.watch));
        let watched = session.strips.iter();
        let watched = watched.filter_map(|watched| Some((id(watched.strip)?, Watched::new(watched.watch))));
        self.dead_air.strips = watched.collect();
    }

    pub(crate) fn session_dead_air(&self) -> SessionDeadAir {
        let place = |id| {
            self.strips
                .states()
                .position(|strip| strip.id == id)
                .map(|index| index + 1)
        };
        let DeadAirSettings {
            on,
            watch,
            fallback,
            fallback_db,
        } = self.dead_air.settings;
        let strips = self.dead_air.strips.iter().filter_map(|(strip, watched)| {
            Some(SessionWatch {
                strip: place(*strip)?,
                watch: watched.watch.settings(),
            })
        });
        SessionDeadAir {
            on,
            watch,
            fallback: fallback.and_then(place),
            fallback_db,
            strips: strips.collect(),
        }
    }
}
