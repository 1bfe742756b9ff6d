//! The recorders as the station drives them: any number, each of a bus of its own, alone or together.

mod afterwards;
mod log;
mod names;
mod recorder;
mod schedule;
mod settings;
mod shorts;
mod triggers;

use std::path::Path;
use std::time::Instant;

use airdesk_dsp::{Frames, SampleRate};
use airdesk_engine::{StripId, TapPoint};
use airdesk_outputs::recorder::{Feed, Recording, RecordingState as Running, Summary};
use jiff::Zoned;
use tokio::sync::{mpsc, oneshot};

use self::names::OnAir;
use self::recorder::{Phase, RecorderDesk, Then, answer_all};
use self::triggers::{Sight, Starter};
use crate::api::{
    BusName, CommandError, ErrorCode, Event, RecorderId, RecorderState, RecordingSettings, Reply, Severity, Stems,
};
use crate::station::{Core, Internal};

pub(crate) use self::afterwards::{began_at, named};
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
    /// So many bytes are free in its folder.
    Free(Option<u64>),
}

/// Every recorder of the desk, in the order in which they are listed.
pub(crate) struct Recorders {
    desks: Vec<RecorderDesk>,
    next: RecorderId,
    rate: SampleRate,
    on_air: OnAir,
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
            on_air: OnAir::default(),
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
        let (on_air, internal) = (self.on_air.clone(), self.internal.clone());
        self.desks
            .push(RecorderDesk::new(id, settings, self.rate, on_air, internal));
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

    pub(crate) fn states(&self) -> Vec<RecorderState> {
        self.desks.iter().map(RecorderDesk::state).collect()
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

    /// What each recording under way has lost.
    pub(crate) fn frames_lost(&self) -> Vec<(RecorderId, u64)> {
        let lost = |desk: &RecorderDesk| Some((desk.id, desk.frames_lost()?));
        self.desks.iter().filter_map(lost).collect()
    }

    /// How far the first recording under way has come, frames.
    pub(crate) fn position(&self) -> Option<u64> {
        self.desks.iter().find_map(RecorderDesk::position)
    }

    /// Looks how much is free, on other threads.
    pub(crate) fn look(&mut self) {
        self.desks.iter_mut().for_each(RecorderDesk::look);
    }

    /// What is on air: files are named by it, marked with it, and where that is wished begin with it.
    pub(crate) fn set_title(&mut self, title: &str, artist: &str) {
        if self.on_air.set(title, artist) {
            self.desks.iter().for_each(|desk| desk.title_changed(title));
        }
    }

    /// Ends every recording. Nobody has asked.
    pub(crate) fn finish(&mut self) {
        self.desks.iter_mut().for_each(RecorderDesk::finish);
    }
}

/// One answer for as many as have to be heard: the first refusal, else that it is done.
fn gather(answer: Answer, count: usize) -> Vec<Answer> {
    if count == 1 {
        return vec![answer];
    }
    let (senders, heard): (Vec<Answer>, Vec<_>) = (0..count).map(|_| oneshot::channel()).unzip();
    tokio::spawn(async move {
        let mut all = Ok(Reply::Done);
        for one in heard {
            // Without an answer the station ends.
            all = all.and(one.await.unwrap_or(Ok(Reply::Done)));
        }
        // Whoever asked may have gone.
        let _ = answer.send(all);
    });
    senders
}

impl Core {
    pub(crate) fn tell_recorder(&self, id: RecorderId) {
        if let Some(desk) = self.recorders.desks.iter().find(|desk| desk.id == id) {
            self.tell(Event::Recorder(Box::new(desk.state())));
        }
    }

    pub(crate) fn tell_recorders(&self) {
        for desk in &self.recorders.desks {
            self.tell(Event::Recorder(Box::new(desk.state())));
        }
    }

    /// What a recorder is fed from, and the strips among it.
    fn feeds(&mut self, settings: &RecordingSettings) -> (Vec<Feed>, Vec<StripId>) {
        let further = settings.buses.iter().copied().filter(|bus| *bus != settings.source);
        let buses: Vec<BusName> = std::iter::once(settings.source).chain(further).collect();
        let strips = self.feeds_of_strips(settings.stems);
        let ids = strips.iter().map(|(id, _)| *id).collect();
        // The programme is later than all else by what its limiter looks ahead.
        let latency = if buses.contains(&BusName::Programme) {
            self.desk.latency_frames()
        } else {
            Frames(0)
        };
        let of_bus = |(place, bus): (usize, BusName)| {
            let name = if place == 0 { settings.name.as_str() } else { bus.word() };
            let feed = Feed::bus(name, self.desk.bus(bus).reader());
            if bus == BusName::Programme {
                feed
            } else {
                feed.later_by(latency)
            }
        };
        let buses = buses.into_iter().enumerate().map(of_bus);
        let strips = strips.into_iter().map(|(_, feed)| feed.later_by(latency));
        (buses.chain(strips).collect(), ids)
    }

    /// A feed of every strip. One that has no place for another tap is told of and left out.
    fn feeds_of_strips(&mut self, stems: Stems) -> Vec<(StripId, Feed)> {
        let point = match stems {
            Stems::None => return Vec::new(),
            Stems::BeforeFaders => TapPoint::PreFader,
            Stems::AfterFaders => TapPoint::PostFader,
        };
        let strips: Vec<_> = self
            .strips
            .states()
            .map(|strip| (strip.id, strip.name.clone()))
            .collect();
        let mut feeds = Vec::with_capacity(strips.len());
        for (id, name) in strips {
            match self.desk.tap(id, point) {
                Ok(tap) => feeds.push((id, Feed::strip(name, tap))),
                Err(error) => self.notice(
                    Severity::Error,
                    format!("strip {name} is not recorded: {}", error.message),
                ),
            }
        }
        feeds
    }

    pub(crate) fn add_recorder(&mut self, settings: RecordingSettings) -> Result<RecorderId, CommandError> {
        check(&settings)?;
        if self.recorders.desks.len() >= RECORDERS_MAX {
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message: format!("there are {RECORDERS_MAX} recorders, and no more can be; take one away first"),
            });
        }
        let id = self.recorders.add(settings);
        self.recorders.desk(id)?.look();
        self.tell_recorder(id);
        Ok(id)
    }

    pub(crate) fn remove_recorder(&mut self, id: RecorderId) -> Result<(), CommandError> {
        let desk = self.recorders.desk(id)?;
        if !desk.is_settled() {
            let message = format!("{} is recording; stop it first", desk.settings().name);
            let code = ErrorCode::AlreadyRunning;
            return Err(CommandError { code, message });
        }
        self.recorders.desks.retain(|desk| desk.id != id);
        self.tell(Event::RecorderRemoved(id));
        Ok(())
    }

    /// Sets one, or the first. What it records now goes on as it began.
    pub(crate) fn set_recorder(
        &mut self,
        id: Option<RecorderId>,
        settings: RecordingSettings,
    ) -> Result<(), CommandError> {
        check(&settings)?;
        let first = self.recorders.desks.first().map(|desk| desk.id);
        let Some(id) = id.or(first) else {
            return self.add_recorder(settings).map(drop);
        };
        self.recorders.desk(id)?.set(settings);
        self.tell_recorder(id);
        Ok(())
    }

    /// Starts one, or all that "record" starts; `answer` hears what came of it.
    pub(crate) fn start_recorders(&mut self, id: Option<RecorderId>, answer: Answer) {
        let startable = self.desk.check().and_then(|()| self.startable(id));
        let ids = match startable {
            Ok(ids) => ids,
            Err(error) => {
                // Whoever asked may have gone.
                let _ = answer.send(Err(error));
                return;
            }
        };
        for (id, answer) in ids.iter().zip(gather(answer, ids.len())) {
            self.start_recorder(*id, Starter::Hand, Some(answer));
        }
    }

    /// Those of the chosen that do not record yet.
    fn startable(&mut self, id: Option<RecorderId>) -> Result<Vec<RecorderId>, CommandError> {
        let mut busy = None;
        let mut ids = Vec::new();
        for id in self.recorders.chosen(id) {
            match self.recorders.desk(id)?.busy() {
                None => ids.push(id),
                Some(error) => busy = busy.or(Some(error)),
            }
        }
        match (ids.is_empty(), busy) {
            (false, _) => Ok(ids),
            (true, Some(error)) => Err(error),
            (true, None) => Err(CommandError {
                code: ErrorCode::Invalid,
                message: "no recorder is started by the record button; set one so, or add a recorder".into(),
            }),
        }
    }

    fn start_recorder(&mut self, id: RecorderId, starter: Starter, answer: Option<Answer>) {
        let Ok(settings) = self.recorders.desk(id).map(|desk| desk.settings().clone()) else {
            return;
        };
        let (feeds, _) = self.feeds(&settings);
        if let Ok(desk) = self.recorders.desk(id) {
            desk.start(feeds, starter, answer);
        }
        self.tell_recorder(id);
    }

    /// Stops one, or all that record; `answer` hears when their files are whole.
    pub(crate) fn stop_recorders(&mut self, id: Option<RecorderId>, answer: Answer) {
        let running = |desk: &&RecorderDesk| !desk.is_settled();
        let mut ids: Vec<RecorderId> = match id {
            Some(id) => vec![id],
            None => self
                .recorders
                .desks
                .iter()
                .filter(running)
                .map(|desk| desk.id)
                .collect(),
        };
        if ids.is_empty() {
            // The first one says that nothing is being recorded.
            ids.extend(self.recorders.desks.first().map(|desk| desk.id));
        }
        let missing = ids.is_empty() || id.is_some_and(|id| self.recorders.desk(id).is_err());
        if missing {
            let message = "nothing is being recorded; start a recording first".into();
            // Whoever asked may have gone.
            let _ = answer.send(Err(CommandError {
                code: ErrorCode::NotRunning,
                message,
            }));
            return;
        }
        for (id, answer) in ids.iter().zip(gather(answer, ids.len())) {
            if let Ok(desk) = self.recorders.desk(*id) {
                desk.stop(answer);
            }
            self.tell_recorder(*id);
        }
    }

    /// Goes on in new files: one recorder, or all that record.
    pub(crate) fn split_recorders(&mut self, id: Option<RecorderId>) -> Result<(), CommandError> {
        let split = match id {
            Some(id) => usize::from(self.recorders.desk(id)?.split()),
            None => self.recorders.desks.iter().filter(|desk| desk.split()).count(),
        };
        if split > 0 {
            return Ok(());
        }
        Err(CommandError {
            code: ErrorCode::NotRunning,
            message: "nothing is being recorded that could go on in a new file; start a recording first".into(),
        })
    }

    /// The engine broke and was started again: new files take over.
    pub(crate) fn recorders_go_on(&mut self) {
        for (id, settings) in self.recorder_settings() {
            let (feeds, _) = self.feeds(&settings);
            if let Ok(desk) = self.recorders.desk(id) {
                desk.go_on(feeds);
            }
        }
    }

    fn recorder_settings(&self) -> Vec<(RecorderId, RecordingSettings)> {
        let desks = self.recorders.desks.iter();
        desks.map(|desk| (desk.id, desk.settings().clone())).collect()
    }

    /// Takes in what helpers report of a recorder.
    pub(crate) fn hear_recorder(&mut self, id: RecorderId, news: News) {
        match news {
            News::Started(result, answer) => {
                let name = self.recorders.desk(id).map(|desk| desk.settings().name.clone());
                self.log_began(&name.unwrap_or_default(), &result);
                let answered = self.recording_began(id, result);
                answer_all(answer.into_iter().collect(), &answered);
            }
            News::Stopped(summary, answers) => self.recording_stopped(id, summary, answers),
            News::TakenOver { began, ended } => self.recording_taken_over(id, began, ended),
            News::Free(free_bytes) => {
                let Ok(desk) = self.recorders.desk(id) else { return };
                desk.looking = false;
                let changed = std::mem::replace(&mut desk.free_bytes, free_bytes) != free_bytes;
                if let Some((severity, text)) = desk.space_remark() {
                    self.notice(severity, text);
                }
                if !changed {
                    return;
                }
            }
        }
        self.tell_recorder(id);
    }

    /// Does what was asked while the files were being made.
    fn recording_began(&mut self, id: RecorderId, result: Result<Recording, CommandError>) -> Result<(), CommandError> {
        let desk = self.recorders.desk(id)?;
        let before = std::mem::replace(&mut desk.phase, Phase::Stopped { last_file: None });
        let (then, answers) = match before {
            Phase::Starting(Then::Stop(answers)) => (Then::Stop(Vec::new()), answers),
            Phase::Starting(then) => (then, Vec::new()),
            _ => (Then::Record, Vec::new()),
        };
        match result {
            Ok(recording) => {
                // What files before these, that failed, were never told.
                desk.shorts.clear();
                desk.phase = Phase::Running(recording);
                match then {
                    Then::Record => {}
                    Then::GoOn => {
                        let settings = desk.settings().clone();
                        let (feeds, _) = self.feeds(&settings);
                        self.recorders.desk(id)?.go_on(feeds);
                    }
                    Then::Stop(_) => desk.end(answers),
                }
                Ok(())
            }
            Err(error) => {
                desk.phase = Phase::Failed {
                    file: None,
                    reason: error.message.clone(),
                };
                answer_all(answers, &Err(error.clone()));
                Err(error)
            }
        }
    }

    fn recording_taken_over(&mut self, id: RecorderId, began: Result<Recording, CommandError>, ended: Summary) {
        self.count_recording(id, ended.frames_lost);
        let old = match &ended.failure {
            None => format!("{} ends where the engine broke and is whole", ended.file.display()),
            Some(reason) => reason.clone(),
        };
        let text = match &began {
            Ok(recording) => format!(
                "{old}; the recording goes on in {}",
                recording.status().file().display()
            ),
            Err(error) => format!("{old}; nothing is recorded now: {error}"),
        };
        let severity = if began.is_ok() && ended.failure.is_none() {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.log_take_over(&began, &ended);
        // An error is in the recorder's state and in the notice.
        let _ = self.recording_began(id, began);
        self.remark(id, &ended.file, ended.gap_log_fault, None);
        self.notice(severity, text);
    }

    fn recording_stopped(&mut self, id: RecorderId, summary: Summary, answers: Vec<Answer>) {
        tracing::info!("recorded {}", summary.file.display());
        self.log_recorded(&summary);
        self.count_recording(id, summary.frames_lost);
        self.remark(
            id,
            &summary.file,
            summary.gap_log_fault.clone(),
            summary.failure.clone(),
        );
        self.tell_moved(id, summary.moved.as_ref());
        if let Ok(desk) = self.recorders.desk(id) {
            desk.closed(summary);
        }
        answer_all(answers, &Ok(()));
    }

    fn remark(&mut self, id: RecorderId, file: &Path, gap_log_fault: Option<String>, failure: Option<String>) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        for (severity, text) in desk.remarks(file, gap_log_fault, failure) {
            self.notice(severity, text);
        }
    }

    fn tell_moved(&mut self, id: RecorderId, moved: Option<&String>) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        if let Some(text) = desk.moved(moved) {
            self.log_moved("recording", &text);
            self.notice(Severity::Error, text);
            self.tell_recorder(id);
        }
    }

    /// Notices recordings that have stopped by themselves, and starts and stops those that no hand does. `figures`: tell
    /// hosts how it is going.
    pub(crate) fn look_after_recorders(&mut self, figures: bool) {
        self.follow_triggers();
        let ids: Vec<RecorderId> = self.recorders.desks.iter().map(|desk| desk.id).collect();
        for id in ids {
            self.look_after_recorder(id);
            self.keep_pre_roll(id);
            if figures && self.recorders.desk(id).is_ok_and(|desk| desk.is_running()) {
                self.tell_recorder(id);
            }
        }
    }

    fn look_after_recorder(&mut self, id: RecorderId) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        let Phase::Running(recording) = &desk.phase else { return };
        let status = recording.status();
        let failure = match status.state.clone() {
            Running::Failed { reason } => Some(reason),
            _ => None,
        };
        let file = status.file().to_owned();
        if desk.has_split(status.parts) {
            self.log_split(&status);
        }
        self.remark(id, &file, status.gap_log_fault.clone(), failure.clone());
        self.tell_moved(id, status.moved.as_ref());
        if let Some(reason) = &failure {
            self.log_failed(&status, reason);
        }
        if let Some(reason) = failure
            && let Ok(desk) = self.recorders.desk(id)
        {
            desk.phase = Phase::Failed {
                file: Some(file.to_string_lossy().into_owned()),
                reason,
            };
            self.tell_recorder(id);
        }
    }

    fn follow_triggers(&mut self) {
        let (on_air, clock, now) = (self.air.is_live(), Zoned::now().datetime(), Instant::now());
        for (id, settings) in self.recorder_settings() {
            let report = self.desk.report();
            let peak = report.buses[settings.source.place()].levels.peak;
            let sight = Sight {
                on_air,
                peak: peak[0].max(peak[1]),
                clock,
                now,
            };
            let start = self.recorders.desk(id).ok().and_then(|desk| desk.follow(&sight));
            if let Some(starter) = start
                && self.desk.check().is_ok()
            {
                self.start_recorder(id, starter, None);
            }
        }
    }

    /// Keeps the last seconds of what is recorded from, where a recording shall begin with them.
    fn keep_pre_roll(&mut self, id: RecorderId) {
        if self.is_silent() {
            return;
        }
        let Ok(desk) = self.recorders.desk(id) else { return };
        let settings = desk.settings().clone();
        let stems = settings.stems != Stems::None;
        let strips = self.strips.states().map(|strip| strip.id).filter(|_| stems);
        let Ok(desk) = self.recorders.desk(id) else { return };
        if !desk.wants_arming() || desk.is_armed_with(strips) {
            return;
        }
        let (feeds, strips) = self.feeds(&settings);
        if let Ok(desk) = self.recorders.desk(id)
            && let Err(error) = desk.arm(feeds, strips)
        {
            tracing::debug!(%error, "no seconds before the recording are kept"); // tried again at the next look
        }
    }
}

#[cfg(test)]
mod tests;
