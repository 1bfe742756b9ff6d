//! The recorders as the station drives them: any number, each of a bus of its own, alone or together.

mod afterwards;
mod commands;
mod feeds;
mod follow;
mod log;
mod names;
mod outcome;
mod recorder;
mod schedule;
mod settings;
mod shorts;
mod titles;
mod triggers;

use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::StripId;
use airdesk_outputs::recorder::{Disk, Recording, Summary};
use airdesk_outputs::title::TitleWords;
use tokio::sync::{mpsc, oneshot};

use self::recorder::RecorderDesk;
use self::titles::Titles;
use crate::api::{CommandError, ErrorCode, Event, RecorderId, RecorderState, RecordingSettings, Reply};
use crate::losses::Spot;
use crate::station::{Core, Internal};

pub(crate) use self::afterwards::named;
pub(crate) use self::settings::check;

/// Who waits to hear what came of a command.
pub(crate) type Answer = oneshot::Sender<Result<Reply, CommandError>>;

/// Recorders that a desk may have: each takes three threads while it records.
const RECORDERS_MAX: usize = 32;

/// What helpers report of a recorder.
pub(crate) enum News {
    /// A recording has begun, or not; who waits to hear of it.
    Started(Result<Recording, CommandError>, Option<Answer>),
    /// Its files are whole, or as whole as they get.
    Stopped(Summary, Vec<Answer>),
    /// It took over from one whose engine had broken, and what that one came to.
    TakenOver {
        began: Result<Recording, CommandError>,
        ended: Summary,
    },
    /// How its disk is.
    Space(Space),
}

/// What was looked up of the disk that a recorder writes on, or would.
pub(crate) struct Space {
    free_bytes: Option<u64>,
    disk: Option<Disk>,
    /// Where: it may record elsewhere by now.
    folder: PathBuf,
}

/// Every recorder of the desk, in the order in which they are listed.
pub(crate) struct Recorders {
    desks: Vec<RecorderDesk>,
    next: RecorderId,
    rate: SampleRate,
    titles: Titles,
    internal: mpsc::UnboundedSender<Internal>,
}

impl Recorders {
    pub(crate) fn new(
        settings: Vec<RecordingSettings>,
        rate: SampleRate,
        internal: mpsc::UnboundedSender<Internal>,
    ) -> Self {
        let mut recorders = Self {
            desks: Vec::new(),
            next: 1,
            rate,
            titles: Titles::default(),
            internal,
        };
        for settings in settings.into_iter().take(RECORDERS_MAX) {
            recorders.add(settings);
        }
        recorders
    }

    fn add(&mut self, settings: RecordingSettings) -> RecorderId {
        let id = self.next;
        self.next += 1;
        let titles = [self.titles.programme.clone(), self.titles.aired.clone()];
        self.desks.push(RecorderDesk::new(
            id,
            settings,
            self.rate,
            titles,
            self.internal.clone(),
        ));
        id
    }

    fn desk(&mut self, id: RecorderId) -> Result<&mut RecorderDesk, CommandError> {
        let desk = self.desks.iter_mut().find(|desk| desk.id == id);
        desk.ok_or_else(|| CommandError {
            code: ErrorCode::Invalid,
            message: format!("there is no recorder {id} (any more)"),
        })
    }

    /// One, or those that "record" starts and stops.
    fn chosen(&self, id: Option<RecorderId>) -> Vec<RecorderId> {
        match id {
            Some(id) => vec![id],
            None => {
                let with_button = |desk: &&RecorderDesk| desk.settings().start.with_button;
                self.desks.iter().filter(with_button).map(|desk| desk.id).collect()
            }
        }
    }

    pub(crate) fn settings(&self) -> Vec<RecordingSettings> {
        self.desks.iter().map(|desk| desk.settings().clone()).collect()
    }

    /// What hosts see of them, at a desk of so many strips.
    pub(crate) fn states(&self, strips: usize) -> Vec<RecorderState> {
        let state = |desk: &RecorderDesk| desk.state(strips, self.beside(desk));
        self.desks.iter().map(state).collect()
    }

    /// What other recordings write on the disk of this recorder, bytes a second.
    fn beside(&self, desk: &RecorderDesk) -> f64 {
        let Some(disk) = &desk.disk else { return 0.0 };
        let others = self.desks.iter().filter(|other| other.id != desk.id);
        others.map(|other| other.writes(disk)).sum()
    }

    /// A strip has given nothing for so many frames since this was called last.
    pub(crate) fn strip_was_short(&mut self, strip: StripId, name: &str, frames: u64) {
        for desk in &mut self.desks {
            desk.strip_was_short(strip, name, frames);
        }
    }

    /// The machine slept. True when a recording was under way, which lacks that time and says so in its gap log.
    pub(crate) fn note_slept(&self, seconds: f64) -> bool {
        let told = self.desks.iter().filter(|desk| desk.note_slept(seconds));
        told.count() > 0
    }

    /// No file is being made or closed: what there is, is whole.
    pub(crate) fn are_settled(&self) -> bool {
        self.desks.iter().all(RecorderDesk::is_settled)
    }

    /// What each recording under way has lost, and how far it has come.
    pub(crate) fn frames_lost(&self) -> Vec<(RecorderId, u64, Spot)> {
        let lost = |desk: &RecorderDesk| {
            let (frames, spot) = desk.frames_lost()?;
            Some((desk.id, frames, spot))
        };
        self.desks.iter().filter_map(lost).collect()
    }

    /// What the recording of a recorder is called where something is lost: no two have one name.
    pub(crate) fn place(&self, id: RecorderId) -> String {
        let name = |desk: &RecorderDesk| desk.settings().name.clone();
        let Some(name_here) = self.desks.iter().find(|desk| desk.id == id).map(name) else {
            return "recording".into();
        };
        let is_shared = self.desks.iter().any(|desk| desk.id != id && name(desk) == name_here);
        if is_shared {
            format!("recording {name_here} (recorder {id})")
        } else {
            format!("recording {name_here}")
        }
    }

    /// Looks how much is free, on other threads.
    pub(crate) fn look(&mut self) {
        self.desks.iter_mut().for_each(RecorderDesk::look);
    }

    /// What is on, and aired after `held`: files are named by it, marked with it, and where that is wished begin with it.
    pub(crate) fn set_title(&mut self, words: TitleWords, held: Duration) {
        let now = Instant::now();
        let title = words.line();
        if self.titles.set(words, now + held) {
            let of_programme = self.desks.iter().filter(|desk| !desk.takes_air());
            of_programme.for_each(|desk| desk.title_changed(&title));
        }
        self.air_titles(now);
    }

    /// Titles whose sound is aired by now are those of what is aired.
    pub(crate) fn air_titles(&mut self, now: Instant) {
        if let Some(title) = self.titles.look(now) {
            let of_air = self.desks.iter().filter(|desk| desk.takes_air());
            of_air.for_each(|desk| desk.title_changed(&title));
        }
    }

    /// Frames of the programme were dumped, and `held` is still aired: recordings of the programme have them, and say where.
    pub(crate) fn dumped(&mut self, frames: Range<u64>, held: Duration) {
        self.titles.dumped(Instant::now() + held);
        let seconds = (frames.end - frames.start) as f64 / f64::from(self.rate.hz());
        let title = self.titles.programme.get().line();
        for desk in &self.desks {
            desk.mark_dumped(&frames, &format!("dumped {seconds:.1} s"), &title);
        }
    }

    /// Ends every recording. Nobody has asked.
    pub(crate) fn finish(&mut self) {
        self.desks.iter_mut().for_each(RecorderDesk::finish);
    }
}

impl Core {
    pub(crate) fn tell_recorder(&self, id: RecorderId) {
        if let Some(desk) = self.recorders.desks.iter().find(|desk| desk.id == id) {
            let state = desk.state(self.strips.states().count(), self.recorders.beside(desk));
            self.tell(Event::Recorder(Box::new(state)));
        }
    }

    pub(crate) fn tell_recorders(&self) {
        for state in self.recorders.states(self.strips.states().count()) {
            self.tell(Event::Recorder(Box::new(state)));
        }
    }
}

#[cfg(test)]
mod tests;
