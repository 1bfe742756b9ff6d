//! One recorder. Making and closing files may block, so others do it.

mod remarks;
pub(super) mod state;
mod unattended;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use airdesk_dsp::SampleRate;
use airdesk_engine::StripId;
use airdesk_outputs::recorder::{
    Armed, Disk, Feed, Recorder, RecorderSettings, Recording, StartError, Summary, disk_of, free_space,
};
use airdesk_outputs::title::Title;
use tokio::sync::mpsc;

use super::names::{OnAir, ShowNames};
use super::settings;
use super::shorts::Shorts;
use super::triggers::{Owed, Starter, Triggers};
use super::{Answer, News, Space};
use crate::api::{BusName, CommandError, ErrorCode, RecorderId, RecordingSettings, RecordingSource, Reply, Stems};
use crate::losses::Spot;
use crate::station::Internal;

/// A folder that takes longer to say how much is free stands still.
const LOOK_LIMIT: Duration = Duration::from_secs(10);

pub(super) enum Phase {
    Stopped {
        last_file: Option<String>,
    },
    /// Another thread makes the files; what to do when they are made.
    Starting(Then),
    Running(Recording),
    /// Being closed by another thread, for as long as the disk takes; what it had on disk when it was stopped.
    Finishing {
        file: String,
        seconds: f64,
        bytes: u64,
        frames_lost: u64,
        gaps_logged: bool,
    },
    Failed {
        file: Option<String>,
        reason: String,
    },
}

/// What to do with a recording that has just begun.
pub(super) enum Then {
    Record,
    /// Its engine has broken meanwhile: other files take over.
    GoOn,
    /// It is to be stopped already; these wait to hear of it.
    Stop(Vec<Answer>),
}

/// A recorder and what is known of its folder.
pub(crate) struct RecorderDesk {
    pub(super) id: RecorderId,
    settings: RecordingSettings,
    rate: SampleRate,
    pub(super) phase: Phase,
    /// Who has started what runs.
    starter: Starter,
    /// The last seconds, where they are to be in a recording.
    armed: Option<(Armed, Vec<StripId>)>,
    triggers: Triggers,
    /// What a trigger has asked for and has not got yet.
    owed: Option<Owed>,
    /// What it was tried again by, and when it began at last: one that fails at once waits longer each time.
    paid: Option<(Owed, Instant)>,
    /// What is on, and what is aired.
    titles: [OnAir; 2],
    /// What was set when what runs, or ran last, began: it goes on so.
    begun: RecordingSettings,
    /// The strips that have stems in it, or cannot have one.
    stems: Vec<StripId>,
    /// The last file whose gap log is known to be incomplete: the operator has read so.
    unlogged: Option<PathBuf>,
    /// The operator has read that it goes on in the second folder.
    moved_told: bool,
    /// Files of the recording that runs, or ran last.
    parts: u32,
    moved: Option<String>,
    /// The hosts know that the disk takes nothing.
    stalled_told: bool,
    /// The operator has read that no new file can be begun.
    seam_told: bool,
    /// So many of its remarks the operator has read.
    remarks_told: usize,
    pub(super) shorts: Shorts,
    /// What is free where it records, or would.
    pub(super) free_bytes: Option<u64>,
    /// The disk of that.
    pub(super) disk: Option<Disk>,
    /// How little is left was told: 2 for an hour, 1 for five minutes.
    space_told: u8,
    /// Where and since when somebody is looking how much is free; on a dead network folder that may take for ever.
    pub(super) looking: Option<(PathBuf, Instant)>,
    internal: mpsc::UnboundedSender<Internal>,
}

impl RecorderDesk {
    pub(super) fn new(
        id: RecorderId,
        settings: RecordingSettings,
        rate: SampleRate,
        titles: [OnAir; 2],
        internal: mpsc::UnboundedSender<Internal>,
    ) -> Self {
        Self {
            id,
            settings,
            rate,
            phase: Phase::Stopped { last_file: None },
            starter: Starter::Hand,
            armed: None,
            triggers: Triggers::default(),
            owed: None,
            paid: None,
            titles,
            begun: RecordingSettings::default(),
            stems: Vec::new(),
            unlogged: None,
            moved_told: false,
            parts: 0,
            moved: None,
            stalled_told: false,
            seam_told: false,
            remarks_told: 0,
            shorts: Shorts::default(),
            free_bytes: None,
            disk: None,
            space_told: 0,
            looking: None,
            internal,
        }
    }

    pub(super) fn settings(&self) -> &RecordingSettings {
        &self.settings
    }

    /// What holds for what it does now: a recording goes on as it began.
    pub(super) fn in_force(&self) -> &RecordingSettings {
        if self.is_settled() { &self.settings } else { &self.begun }
    }

    /// Where it records, or would.
    pub(super) fn place(&self) -> PathBuf {
        let written = match &self.phase {
            Phase::Running(recording) => recording.status().file().parent().map(Path::to_owned),
            _ => None,
        };
        written.unwrap_or_else(|| PathBuf::from(&self.in_force().folder))
    }

    pub(super) fn set(&mut self, settings: RecordingSettings) {
        self.settings = settings;
        self.disarm();
        self.look_anew();
    }

    /// It writes elsewhere now, or would: what is free there is not known yet.
    pub(super) fn look_anew(&mut self) {
        (self.free_bytes, self.disk, self.space_told) = (None, None, 0);
        self.look();
    }

    /// Whether that the disk takes nothing, or something again, is news.
    pub(super) fn is_news(&mut self, stalls: bool) -> bool {
        std::mem::replace(&mut self.stalled_told, stalls) != stalls
    }

    /// What is kept in memory for a pre-roll is forgotten.
    pub(super) fn disarm(&mut self) {
        self.armed = None;
    }

    /// The last seconds of these strips are kept, and of no others.
    pub(super) fn is_armed_with(&self, strips: impl Iterator<Item = StripId>) -> bool {
        self.armed
            .as_ref()
            .is_some_and(|(_, armed)| strips.eq(armed.iter().copied()))
    }

    /// It wants the last seconds to be kept.
    pub(super) fn wants_arming(&self) -> bool {
        self.settings.pre_roll > 0.0 && self.is_settled()
    }

    /// Keeps the last seconds of these.
    pub(super) fn arm(&mut self, feeds: Vec<Feed>, strips: Vec<StripId>) -> Result<(), StartError> {
        let pre_roll = Duration::from_secs_f32(self.settings.pre_roll);
        self.armed = Some((Armed::new(feeds, self.rate, pre_roll)?, strips));
        Ok(())
    }

    /// Why it cannot start now.
    pub(super) fn busy(&self) -> Option<CommandError> {
        let message = match &self.phase {
            Phase::Starting(_) | Phase::Running(_) => {
                format!("{} is being recorded already; stop it first", self.settings.name)
            }
            Phase::Finishing { file, .. } => {
                format!("{file} is still on its way to the disk; record again when it is whole")
            }
            Phase::Stopped { .. } | Phase::Failed { .. } => return None,
        };
        Some(CommandError {
            code: ErrorCode::AlreadyRunning,
            message,
        })
    }

    /// Starts on another thread; `answer` hears what came of it. Nothing is being recorded.
    pub(super) fn start(&mut self, feeds: Vec<Feed>, strips: Vec<StripId>, starter: Starter, answer: Option<Answer>) {
        self.phase = Phase::Starting(Then::Record);
        (self.starter, self.moved_told, self.moved, self.parts) = (starter, false, None, 0);
        self.begun = self.settings.clone();
        self.remarks_told = 0;
        let (armed, armed_with) = self.armed.take().unzip();
        self.stems = armed_with.unwrap_or(strips);
        let settings = settings::outputs(&self.settings, self.rate);
        let (id, internal, names) = (self.id, self.internal.clone(), self.names());
        tokio::task::spawn_blocking(move || {
            let result = names.and_then(|names| begin(armed, settings, feeds, names));
            // The station may have ended meanwhile; then the recording ends too.
            let _ = internal.send(Internal::Recording(id, News::Started(result, answer)));
        });
    }

    /// Who names the files.
    fn names(&self) -> Result<Box<ShowNames>, CommandError> {
        Ok(Box::new(ShowNames {
            template: settings::template(&self.begun.pattern)?,
            show: self.begun.show.clone(),
            on_air: self.titles[usize::from(self.takes_air())].clone(),
            hourly: self.begun.split.hourly,
            rate: self.rate,
        }))
    }

    /// Finishes on another thread; `answer` hears when the files are whole. What a trigger wanted is not wanted any more.
    pub(super) fn stop(&mut self, answer: Answer) {
        (self.owed, self.paid, self.starter) = (None, None, Starter::Hand);
        if matches!(self.phase, Phase::Starting(_) | Phase::Running(_)) {
            self.end(vec![answer]);
        } else {
            let message = match &self.phase {
                Phase::Finishing { file, .. } => format!("{file} is stopped already and on its way to the disk"),
                _ => "nothing is being recorded; start a recording first".into(),
            };
            // Whoever asked may have gone.
            let _ = answer.send(Err(CommandError {
                code: ErrorCode::NotRunning,
                message,
            }));
        }
    }

    /// Finishes on another thread, or as soon as it has begun. Nobody has asked.
    pub(super) fn finish(&mut self) {
        self.disarm();
        self.end(Vec::new());
    }

    /// Goes on in new files. False: nothing is recorded.
    pub(super) fn split(&self) -> bool {
        let Phase::Running(recording) = &self.phase else {
            return false;
        };
        recording.split();
        true
    }

    /// The title has changed.
    pub(super) fn title_changed(&self, title: &Title) {
        if let Phase::Running(recording) = &self.phase {
            if self.begun.split.titles {
                // The new file begins with it.
                recording.split();
            } else {
                recording.mark(title.clone());
            }
        }
    }

    /// What runs, or ran last, records what is aired.
    pub(super) fn takes_air(&self) -> bool {
        self.begun.source == RecordingSource::Aired
    }

    /// What was set when what runs began, and whether it takes this strip along that it has not yet. It is not asked twice.
    pub(super) fn wants_stem(&mut self, strip: StripId) -> Option<RecordingSettings> {
        let wants = self.is_running() && self.begun.stems != Stems::None && !self.stems.contains(&strip);
        wants.then(|| {
            self.stems.push(strip);
            self.begun.clone()
        })
    }

    /// A strip is recorded from now on.
    pub(super) fn join(&self, feed: Feed) {
        // A recording that is over is told as such.
        let _ = matches!(&self.phase, Phase::Running(recording) if recording.join(feed));
    }

    /// These frames of the programme were dumped while `title` was on. They are in recordings of the programme.
    pub(super) fn mark_dumped(&self, frames: &Range<u64>, what: &str, title: &Title) {
        let has_programme =
            self.begun.source == RecordingSource::Programme || self.begun.buses.contains(&BusName::Programme);
        if let Phase::Running(recording) = &self.phase
            && has_programme
        {
            recording.mark_at(frames.start, what);
            recording.mark_at(frames.end, title.clone());
        }
    }

    /// A strip has given nothing for so many frames since this was called last.
    pub(super) fn strip_was_short(&mut self, strip: StripId, name: &str, frames: u64) {
        // What is aired is later, and by how much changes: nobody could say where it lacks a strip.
        if let Phase::Running(recording) = &self.phase
            && !self.takes_air()
        {
            self.shorts.count(strip, name, frames, recording);
        }
    }

    /// The machine slept. True when a recording was under way, which lacks that time and says so in its gap log.
    pub(super) fn note_slept(&self, seconds: f64) -> bool {
        let Phase::Running(recording) = &self.phase else {
            return false;
        };
        recording.note_slept(seconds);
        true
    }

    pub(super) fn end(&mut self, mut answers: Vec<Answer>) {
        match std::mem::replace(&mut self.phase, Phase::Stopped { last_file: None }) {
            Phase::Running(recording) => {
                self.shorts.end(&recording);
                let status = recording.status();
                self.parts = status.parts;
                self.phase = Phase::Finishing {
                    file: status.file().to_string_lossy().into_owned(),
                    seconds: status.seconds(),
                    bytes: status.bytes,
                    frames_lost: status.frames_lost,
                    gaps_logged: status.gap_log_fault.is_none(),
                };
                let (id, internal) = (self.id, self.internal.clone());
                tokio::task::spawn_blocking(move || {
                    let summary = recording.stop();
                    // The station may have ended meanwhile; the files are whole all the same.
                    let _ = internal.send(Internal::Recording(id, News::Stopped(summary, answers)));
                });
            }
            Phase::Starting(then) => {
                if let Then::Stop(waiting) = then {
                    answers.extend(waiting);
                }
                self.phase = Phase::Starting(Then::Stop(answers));
            }
            other => self.phase = other,
        }
    }

    /// No file is being made or closed: what there is, is whole.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Stopped { .. } | Phase::Failed { .. })
    }

    /// The engine broke and these feeds follow the new one: new files take over, and the old ones are finished.
    pub(super) fn go_on(&mut self, feeds: Vec<Feed>, strips: Vec<StripId>) {
        self.disarm();
        match std::mem::replace(&mut self.phase, Phase::Starting(Then::Record)) {
            Phase::Running(broken) => {
                self.shorts.end(&broken);
                (self.stems, self.remarks_told) = (strips, 0);
                let settings = settings::outputs(&self.begun, self.rate);
                let (id, internal, names) = (self.id, self.internal.clone(), self.names());
                tokio::task::spawn_blocking(move || {
                    // In this order, because the feeds wait: closing files takes as long as the disk does.
                    let began = names.and_then(|names| begin(None, settings, feeds, names));
                    let ended = broken.stop();
                    // The station may have ended meanwhile; then the recording ends too.
                    let _ = internal.send(Internal::Recording(id, News::TakenOver { began, ended }));
                });
            }
            Phase::Starting(Then::Record) => self.phase = Phase::Starting(Then::GoOn),
            other => self.phase = other,
        }
    }

    pub(super) fn closed(&mut self, summary: Summary) {
        self.parts = (summary.files.len() as u32).min(self.parts.max(1));
        let file = summary.file.to_string_lossy().into_owned();
        self.phase = match summary.failure {
            None => Phase::Stopped { last_file: Some(file) },
            Some(reason) => Phase::Failed {
                file: Some(file),
                reason,
            },
        };
    }

    /// What the recording under way has lost, and how far it has come.
    pub(super) fn frames_lost(&self) -> Option<(u64, Spot)> {
        let Phase::Running(recording) = &self.phase else {
            return None;
        };
        let status = recording.status();
        let spot = Spot {
            file: status.file().to_string_lossy().into_owned(),
            position: status.frames,
        };
        Some((status.frames_lost, spot))
    }

    /// It has gone on in a new file since this was asked last.
    pub(super) fn has_split(&mut self, parts: u32) -> bool {
        let before = std::mem::replace(&mut self.parts, parts);
        before > 0 && parts > before
    }

    /// Somebody is recording: figures change.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// Looks how much is free, on another thread.
    pub(super) fn look(&mut self) {
        let folder = self.place();
        if let Some((place, since)) = &self.looking
            && *place == folder
        {
            if since.elapsed() > LOOK_LIMIT {
                // What was seen before is true no more, or nobody knows.
                (self.free_bytes, self.disk) = (None, None);
            }
            return;
        }
        self.looking = Some((folder.clone(), Instant::now()));
        let (id, internal) = (self.id, self.internal.clone());
        tokio::task::spawn_blocking(move || {
            let space = Space {
                free_bytes: free_space(&folder).ok(),
                disk: disk_of(&folder).ok(),
                folder,
            };
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::Recording(id, News::Space(space)));
        });
    }
}

/// Begins a recording, also with what was kept before.
fn begin(
    armed: Option<Armed>,
    settings: RecorderSettings,
    feeds: Vec<Feed>,
    names: Box<ShowNames>,
) -> Result<Recording, CommandError> {
    let began = match armed {
        Some(armed) => armed.record(settings, names),
        None => Recorder::start(settings, feeds, names),
    };
    began.map_err(|error| CommandError {
        code: ErrorCode::Storage,
        message: error.to_string(),
    })
}

/// Tells those who wait.
pub(super) fn answer_all(answers: Vec<Answer>, result: &Result<(), CommandError>) {
    for answer in answers {
        // Whoever asked may have gone.
        let _ = answer.send(result.clone().map(|()| Reply::Done));
    }
}
