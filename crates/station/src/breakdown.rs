//! The engine has broken: another one takes its place, once. Breaks it again soon, the desk stays silent and
//! says so everywhere, because what breaks twice breaks the programme every time.

use std::time::{Duration, Instant};

use crate::air_delay::aired;
use crate::api::{Event, Happening, InputState, OutputName, Severity};
use crate::obey::answer_all;
use crate::station::Core;
use crate::timeline::Note;

/// An engine that has held so long may be replaced again.
const LASTING: Duration = Duration::from_secs(60);
/// What everything says that is silent because of it.
const REASON: &str = "the engine has broken; restart Airdesk";

/// Whether the engine has broken so far.
pub(crate) enum Breakdown {
    Never,
    /// Then, the last time; another engine has its place.
    Mended(Instant),
    /// There is no engine any more.
    Final {
        /// The operator had the listener mounts open: so the session says.
        listening: bool,
    },
}

impl Core {
    /// Replaces an engine that has broken.
    pub(crate) fn look_after_engine(&mut self) {
        if !self.desk.has_panicked() || self.is_silent() {
            return;
        }
        let lasted = match self.breakdown {
            Breakdown::Mended(before) => before.elapsed() > LASTING,
            _ => true,
        };
        if !lasted {
            return self.fall_silent("the engine has broken again");
        }
        match self.desk.restart() {
            Ok(()) => self.go_on(),
            Err(error) => self.fall_silent(&format!("the engine has broken and cannot be started again ({error})")),
        }
    }

    /// There is no engine, and there will be none.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.breakdown, Breakdown::Final { .. })
    }

    /// Leads everything to and from the new engine, what must lose nothing first.
    fn go_on(&mut self) {
        self.breakdown = Breakdown::Mended(Instant::now());
        self.recorders_go_on();
        self.log(Note::new("engine", Happening::EngineRestarted));
        self.send_buses();
        self.put_strips_back();
        self.black_box_goes_on();
        for output in OutputName::ALL {
            self.playbacks.reopen(output);
        }
        self.follow_playbacks();
        self.follow_with_meters();
        self.air_delay.follow(self.desk.programme());
        self.listeners.follow(self.air_tap().clone());
        self.notice(
            Severity::Error,
            "the engine broke and was started again: the desk was silent for a moment, and files play from their \
             beginning"
                .into(),
        );
        for error in self.air.go_on(&|bus| aired(&self.air_delay, &self.desk, bus)) {
            self.notice(Severity::Error, error.message);
        }
        self.tell_targets();
        self.tell_recorders();
    }

    /// Lets nothing look as if it still worked.
    fn fall_silent(&mut self, what: &str) {
        self.log(Note::new("engine", Happening::EngineBroke).because(what));
        let listening = self.listeners.is_open();
        self.breakdown = Breakdown::Final { listening };
        self.recorders.finish();
        self.tell_recorders();
        let said = self.air.go_off_air(None, &self.desk.check());
        self.tell_targets();
        answer_all(said.unwrap_or_default());
        self.listeners.close();
        self.tell_listening();
        self.silence_hls();
        for output in OutputName::ALL {
            self.playbacks.close(output, REASON);
        }
        self.tell_playbacks();
        self.captures.let_go();
        self.silence_strips(&InputState::Missing { reason: REASON.into() });
        let state = self.engine_state();
        self.tell(Event::Engine(state));
        self.notice(
            Severity::Error,
            format!("{what}; the desk is silent, and what was recorded is safe. Restart Airdesk"),
        );
    }
}
