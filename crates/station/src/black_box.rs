//! The black box as the station drives it: always on unless it is switched off. Its folder is opened and closed on other
//! threads: a disk that stands still holds nothing up here.

mod keep;
mod log;
mod runs;
mod settings;
pub mod shelf;

use std::ops::Range;
use std::path::{Path, PathBuf};

use airdesk_engine::{StripId, TapPoint};
use airdesk_outputs::Recovery;
use airdesk_outputs::black_box::{BlackBox, BoxPhase, BoxState, LaneId, StartError};
use airdesk_outputs::title::TitleWords;
use tokio::sync::mpsc;

use self::keep::Keep;
use self::log::Told;
pub(crate) use self::runs::clock;
use self::runs::run;
pub(crate) use self::settings::check;
use self::settings::place;
use crate::api::{
    BlackBoxKept, BlackBoxLanes, BlackBoxPhase, BlackBoxSettings, BlackBoxState, CommandError, ErrorCode, Event,
};
use crate::station::{Core, Internal};

/// What helpers report of the black box.
pub(crate) enum BoxNews {
    /// Its folder was looked through and it turns, or it cannot be.
    Started(Result<BlackBox, StartError>),
    /// It has written what it had.
    Stopped,
    /// What was to be kept is in files, or not.
    Kept(Result<BlackBoxKept, String>),
}

enum Phase {
    Off,
    /// Another thread looks through its folder.
    Starting,
    On(BlackBox),
    /// Another thread waits for its end.
    Stopping,
    /// It could not be started; it is tried again at this tick, if that can help.
    Refused {
        reason: String,
        again: Option<u64>,
    },
}

/// Ticks until a folder that could not be had is tried again: ten seconds.
const TRY_AGAIN: u64 = 100;

/// A strip that the black box holds.
struct Lane {
    strip: StripId,
    name: String,
    id: LaneId,
}

/// The black box of a desk.
pub(crate) struct BoxDesk {
    settings: BlackBoxSettings,
    /// What the one that runs, or starts, was started with.
    started: BlackBoxSettings,
    /// The folder of the desk's data.
    data: PathBuf,
    phase: Phase,
    lanes: Vec<Lane>,
    /// Engines that the desk has had.
    engines: u32,
    /// The one whose programme it follows.
    follows: u32,
    /// What is on.
    on: TitleWords,
    keep: Option<Keep>,
    kept: Option<BlackBoxKept>,
    /// The desk ends.
    ending: bool,
    ticks: u64,
    told: Told,
    internal: mpsc::UnboundedSender<Internal>,
}

impl BoxDesk {
    pub(crate) fn new(settings: BlackBoxSettings, data: &Path, internal: mpsc::UnboundedSender<Internal>) -> Self {
        Self {
            // A desk is expected to start with what its session says: only what is otherwise is noted.
            told: if settings.on { Told::On } else { Told::Off },
            started: settings.clone(),
            settings,
            data: data.to_owned(),
            phase: Phase::Off,
            lanes: Vec::new(),
            engines: 0,
            follows: 0,
            on: TitleWords::default(),
            keep: None,
            kept: None,
            ending: false,
            ticks: 0,
            internal,
        }
    }

    pub(crate) fn settings(&self) -> &BlackBoxSettings {
        &self.settings
    }

    /// No file of it is being written.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Off | Phase::Refused { .. }) && self.keep.is_none()
    }

    /// Ends it, on another thread. What is being kept is kept.
    pub(crate) fn finish(&mut self) {
        self.ending = true;
        self.stop();
    }

    fn stop(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Stopping) {
            Phase::On(black_box) => self.stop_later(black_box),
            Phase::Starting => self.phase = Phase::Starting, // it is ended once it has begun
            Phase::Stopping => {}
            Phase::Off | Phase::Refused { .. } => self.phase = Phase::Off,
        }
    }

    fn stop_later(&mut self, black_box: BlackBox) {
        self.lanes.clear();
        let internal = self.internal.clone();
        tokio::task::spawn_blocking(move || {
            black_box.stop();
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::BlackBox(BoxNews::Stopped));
        });
    }

    /// What it is to be is not what it was started as.
    fn is_stale(&self) -> bool {
        self.ending || !self.settings.on || settings::begins_anew(&self.started, &self.settings)
    }

    /// This is on from this frame of the engine's programme on.
    pub(crate) fn set_title(&mut self, words: TitleWords, frame: u64) {
        if let Phase::On(black_box) = &self.phase {
            black_box.set_title(frame, words.clone());
        }
        self.on = words;
    }

    /// These frames of the programme were dumped.
    pub(crate) fn mark_dumped(&self, frames: &Range<u64>) {
        if let Phase::On(black_box) = &self.phase {
            black_box.mark_dumped(frames);
        }
    }

    /// What the outputs say of it.
    fn running(&self) -> Option<BoxState> {
        match &self.phase {
            Phase::On(black_box) => Some(black_box.state()),
            _ => None,
        }
    }

    pub(crate) fn state(&self) -> BlackBoxState {
        let now = self.running();
        let phase = match (&self.phase, now.as_ref().map(|now| &now.phase)) {
            (Phase::Off, _) => BlackBoxPhase::Off,
            (Phase::Stopping, _) | (_, Some(BoxPhase::Stopped)) => BlackBoxPhase::Stopping,
            (Phase::Refused { reason, again }, _) => BlackBoxPhase::Halted {
                reason: reason.clone(),
                tries_again: again.is_some(),
            },
            (_, Some(BoxPhase::Turning)) => BlackBoxPhase::Turning,
            (_, Some(BoxPhase::Halted { reason, tries_again })) => BlackBoxPhase::Halted {
                reason: reason.clone(),
                tries_again: *tries_again,
            },
            (_, Some(BoxPhase::Starting) | None) => BlackBoxPhase::Starting,
        };
        let now = now.as_ref();
        BlackBoxState {
            settings: self.settings.clone(),
            folder: place(&self.settings, &self.data).to_string_lossy().into_owned(),
            phase,
            runs: now.map(|now| now.runs.iter().map(run).collect()).unwrap_or_default(),
            bytes: now.map_or(0, |now| now.bytes),
            bytes_max: now.map_or(0, |now| now.bytes_max),
            frames_not_written: now.map_or(0, |now| now.frames_not_written),
            keeping: self.keep.as_ref().map(Keep::state),
            kept: self.kept.clone(),
        }
    }
}

impl Core {
    pub(crate) fn tell_black_box(&mut self) {
        let state = self.black_box.state();
        self.log_black_box(&state);
        self.tell(Event::BlackBox(Box::new(state)));
    }

    /// Sets it. What is held is kept where the folder is the same.
    pub(crate) fn set_black_box(&mut self, settings: BlackBoxSettings) -> Result<(), CommandError> {
        check(&settings)?;
        let desk = &mut self.black_box;
        let ends = !settings.on || settings::begins_anew(&desk.settings, &settings);
        if desk.keep.is_some() && ends {
            return Err(CommandError {
                code: ErrorCode::AlreadyRunning,
                message: "the black box is being kept; set it once that is done".into(),
            });
        }
        desk.settings = settings;
        // One that has given up is begun anew by whoever sets it.
        let gave_up = |now: BoxState| matches!(now.phase, BoxPhase::Halted { tries_again: false, .. });
        let is_over = desk.running().is_some_and(gave_up);
        if !desk.settings.on || is_over || matches!(desk.phase, Phase::On(_)) && desk.is_stale() {
            desk.stop();
        }
        if matches!(desk.phase, Phase::Off | Phase::Refused { .. }) {
            self.start_black_box();
        }
        self.black_box_follows();
        self.tell_black_box();
        Ok(())
    }

    /// Starts it on another thread, if it is to be on.
    pub(crate) fn start_black_box(&mut self) {
        let desk = &mut self.black_box;
        if !desk.settings.on || desk.ending {
            desk.phase = Phase::Off;
            return;
        }
        desk.started = desk.settings.clone();
        desk.phase = Phase::Starting;
        desk.follows = desk.engines;
        let settings = settings::outputs(&desk.settings, &desk.data, &self.desk);
        let (programme, internal) = (self.desk.programme().clone(), desk.internal.clone());
        tokio::task::spawn_blocking(move || {
            let started = BlackBox::start(settings, &programme);
            // The station may have ended meanwhile: then it ends, too.
            let _ = internal.send(Internal::BlackBox(BoxNews::Started(started)));
        });
    }

    /// Takes in what helpers report of it.
    pub(crate) fn hear_black_box(&mut self, news: BoxNews) {
        match news {
            BoxNews::Started(Ok(black_box)) => self.black_box_began(black_box),
            BoxNews::Started(Err(error)) => {
                let again = self.black_box.ticks + TRY_AGAIN;
                let helps = !matches!(error, StartError::NotAFolder { .. }) || error.recovery() == Recovery::Retry;
                self.black_box.phase = Phase::Refused {
                    reason: error.to_string(),
                    again: helps.then_some(again),
                };
                if self.black_box.is_stale() {
                    self.start_black_box();
                }
            }
            BoxNews::Stopped => self.start_black_box(),
            BoxNews::Kept(result) => self.black_box_kept(result),
        }
        self.tell_black_box();
    }

    fn black_box_began(&mut self, black_box: BlackBox) {
        let desk = &mut self.black_box;
        if desk.is_stale() {
            desk.phase = Phase::Stopping;
            desk.stop_later(black_box);
            return;
        }
        if desk.follows != desk.engines {
            desk.follows = desk.engines;
            black_box.begin_run(self.desk.programme().reader());
        }
        // It was on before anything was held.
        black_box.set_title(0, desk.on.clone());
        desk.phase = Phase::On(black_box);
        self.black_box_follows();
    }

    /// Another engine has taken the place of one that broke, and has its strips.
    pub(crate) fn black_box_goes_on(&mut self) {
        let desk = &mut self.black_box;
        desk.engines += 1;
        if let Phase::On(black_box) = &desk.phase {
            desk.follows = desk.engines;
            black_box.begin_run(self.desk.programme().reader());
            desk.lanes.clear();
        }
        self.black_box_follows();
    }

    /// Takes in strips that are new, and calls others as they are called now. A strip that is gone ends its lane itself, with
    /// the last that it gave.
    pub(crate) fn black_box_follows(&mut self) {
        let Phase::On(black_box) = &self.black_box.phase else {
            return;
        };
        let lanes = &mut self.black_box.lanes;
        if self.black_box.settings.lanes == BlackBoxLanes::ProgrammeAlone {
            lanes.drain(..).for_each(|lane| black_box.remove_lane(lane.id));
            return;
        }
        lanes.retain(|lane| self.strips.states().any(|strip| strip.id == lane.strip));
        for strip in self.strips.states() {
            match lanes.iter_mut().find(|lane| lane.strip == strip.id) {
                Some(lane) if lane.name != strip.name => {
                    lane.name.clone_from(&strip.name);
                    black_box.rename_lane(lane.id, &strip.name);
                }
                Some(_) => {}
                None => {
                    // Without an engine there is nothing to hold; it is asked for again.
                    let Ok(tap) = self.desk.tap(strip.id, TapPoint::PostFader) else {
                        break;
                    };
                    let id = black_box.add_lane(&strip.name, tap);
                    let name = strip.name.clone();
                    lanes.push(Lane {
                        strip: strip.id,
                        name,
                        id,
                    });
                }
            }
        }
    }

    /// Follows strips, tries again what could not be had, and tells hosts.
    pub(crate) fn look_after_black_box(&mut self, figures: bool) {
        self.black_box.ticks += 1;
        self.black_box_follows();
        let due = self.black_box.ticks;
        if matches!(self.black_box.phase, Phase::Refused { again: Some(again), .. } if again <= due) {
            self.start_black_box();
        }
        if figures {
            self.tell_black_box();
        }
    }
}
