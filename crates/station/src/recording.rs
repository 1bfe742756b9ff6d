//! The recorder as the station drives it. Making and closing files may block, so others do it.

mod shorts;

use std::path::{Path, PathBuf};

use airdesk_dsp::SampleRate;
use airdesk_engine::StripId;
use airdesk_engine::mix_queue::MixReader;
use airdesk_outputs::recorder::{
    Recorder, RecorderSettings, Recording, RecordingState as Running, RecordingStatus, StartError, Summary, free_space,
    hours_left,
};
use airdesk_outputs::sound_file::{FileFormat, SampleFormat};
use jiff::Zoned;
use tokio::sync::{mpsc, oneshot};

use self::shorts::Shorts;
use crate::api::{
    CommandError, ErrorCode, Event, Happening, RecorderState, RecordingFormat, RecordingSettings, RecordingState,
    Reply, Severity,
};
use crate::station::{Core, Internal};
use crate::timeline::Note;

/// Who waits to hear what came of a command.
pub(crate) type Answer = oneshot::Sender<Result<Reply, CommandError>>;

enum Phase {
    Stopped {
        last_file: Option<String>,
    },
    /// Another thread makes the file; what to do when it is made.
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
enum Then {
    Record,
    /// Its engine has broken meanwhile: another file takes over.
    GoOn,
    /// It is to be stopped already; these wait to hear of it.
    Stop(Vec<Answer>),
}

/// A recording that took over from one whose engine had broken, and what that one came to.
pub(crate) struct TakenOver {
    began: Result<Recording, StartError>,
    ended: Summary,
}

/// Refuses settings that no recording can begin with: a command's and a session's.
pub(crate) fn check(settings: &RecordingSettings) -> Result<(), CommandError> {
    if Path::new(&settings.folder).is_absolute() {
        return Ok(());
    }
    let message = format!(
        "\"{}\" is no folder to record into; give its whole path",
        settings.folder
    );
    Err(CommandError {
        code: ErrorCode::Invalid,
        message,
    })
}

/// The recorder and what is known of its folder.
pub(crate) struct RecordingDesk {
    settings: RecordingSettings,
    rate: SampleRate,
    phase: Phase,
    /// The last file whose gap log is known to be incomplete: the operator has read so.
    unlogged: Option<PathBuf>,
    shorts: Shorts,
    free_bytes: Option<u64>,
    /// Somebody is looking how much is free; on a dead network folder that may take for ever.
    looking: bool,
    internal: mpsc::UnboundedSender<Internal>,
}

impl RecordingDesk {
    pub(crate) fn new(
        settings: RecordingSettings,
        rate: SampleRate,
        internal: mpsc::UnboundedSender<Internal>,
    ) -> Self {
        let phase = Phase::Stopped { last_file: None };
        Self {
            settings,
            rate,
            phase,
            unlogged: None,
            shorts: Shorts::default(),
            free_bytes: None,
            looking: false,
            internal,
        }
    }

    pub(crate) fn settings(&self) -> &RecordingSettings {
        &self.settings
    }

    pub(crate) fn set(&mut self, settings: RecordingSettings) -> Result<(), CommandError> {
        check(&settings)?;
        self.settings = settings;
        self.free_bytes = None;
        self.look();
        Ok(())
    }

    /// Starts on another thread; `answer` hears what came of it.
    pub(crate) fn start(&mut self, reader: MixReader, answer: Answer) {
        let busy = match &self.phase {
            Phase::Starting(_) | Phase::Running(_) => Some("a recording is already under way; stop it first".into()),
            Phase::Finishing { file, .. } => Some(format!(
                "{file} is still on its way to the disk; record again when it is whole"
            )),
            Phase::Stopped { .. } | Phase::Failed { .. } => None,
        };
        if let Some(message) = busy {
            // Whoever asked may have gone.
            let _ = answer.send(Err(CommandError {
                code: ErrorCode::AlreadyRunning,
                message,
            }));
            return;
        }
        self.phase = Phase::Starting(Then::Record);
        let (settings, internal) = (self.file_settings(), self.internal.clone());
        tokio::task::spawn_blocking(move || {
            let result = Recorder::start(settings, reader);
            // The station may have ended meanwhile; then the recording ends too.
            let _ = internal.send(Internal::RecordingStarted(result, answer));
        });
    }

    fn file_settings(&self) -> RecorderSettings {
        RecorderSettings {
            folder: PathBuf::from(&self.settings.folder),
            file_stem: Zoned::now().strftime("Airdesk %Y-%m-%d %H-%M-%S").to_string(),
            format: self.settings.format.into(),
            rate: self.rate,
        }
    }

    /// Finishes on another thread; `answer` hears when the file is whole.
    pub(crate) fn stop(&mut self, answer: Answer) {
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
    pub(crate) fn finish(&mut self) {
        self.end(Vec::new());
    }

    /// A strip has given nothing for so many frames since this was called last.
    pub(crate) fn strip_was_short(&mut self, strip: StripId, name: &str, frames: u64) {
        if let Phase::Running(recording) = &self.phase {
            self.shorts.count(strip, name, frames, recording);
        }
    }

    /// The machine slept. True when a recording was under way, which lacks that time and says so in its gap log.
    pub(crate) fn note_slept(&self, seconds: f64) -> bool {
        let Phase::Running(recording) = &self.phase else {
            return false;
        };
        recording.note_slept(seconds);
        true
    }

    fn end(&mut self, mut answers: Vec<Answer>) {
        match std::mem::replace(&mut self.phase, Phase::Stopped { last_file: None }) {
            Phase::Running(recording) => {
                self.shorts.end(&recording);
                let status = recording.status();
                self.phase = Phase::Finishing {
                    file: status.file.to_string_lossy().into_owned(),
                    seconds: status.seconds(),
                    bytes: status.bytes,
                    frames_lost: status.frames_lost,
                    gaps_logged: status.gap_log_fault.is_none(),
                };
                let internal = self.internal.clone();
                tokio::task::spawn_blocking(move || {
                    let summary = recording.stop();
                    // The station may have ended meanwhile; the file is whole all the same.
                    let _ = internal.send(Internal::RecordingStopped(summary, answers));
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
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::Stopped { .. } | Phase::Failed { .. })
    }

    /// The engine broke and `reader` follows the new one: a new file takes over, and the old one is finished.
    pub(crate) fn go_on(&mut self, reader: MixReader) {
        match std::mem::replace(&mut self.phase, Phase::Starting(Then::Record)) {
            Phase::Running(broken) => {
                self.shorts.end(&broken);
                let (settings, internal) = (self.file_settings(), self.internal.clone());
                tokio::task::spawn_blocking(move || {
                    // In this order, because the reader waits: closing a file takes as long as the disk does.
                    let began = Recorder::start(settings, reader);
                    let ended = broken.stop();
                    // The station may have ended meanwhile; then the recording ends too.
                    let _ = internal.send(Internal::RecordingTakenOver(TakenOver { began, ended }));
                });
            }
            Phase::Starting(Then::Record) => self.phase = Phase::Starting(Then::GoOn),
            other => self.phase = other,
        }
    }

    /// What the operator should read of `file` and has not read yet.
    fn remarks(
        &mut self,
        file: &Path,
        gap_log_fault: Option<String>,
        failure: Option<String>,
    ) -> Vec<(Severity, String)> {
        let mut remarks = Vec::new();
        if let Some(fault) = gap_log_fault
            && self.unlogged.as_deref() != Some(file)
        {
            self.unlogged = Some(file.to_owned());
            remarks.push((Severity::Warning, fault));
        }
        remarks.extend(failure.map(|reason| (Severity::Error, reason)));
        remarks
    }

    fn closed(&mut self, summary: Summary) {
        let file = summary.file.to_string_lossy().into_owned();
        self.phase = match summary.failure {
            None => Phase::Stopped { last_file: Some(file) },
            Some(reason) => Phase::Failed {
                file: Some(file),
                reason,
            },
        };
    }

    fn recording_state(&self) -> RecordingState {
        match &self.phase {
            Phase::Stopped { last_file } => RecordingState::Stopped {
                last_file: last_file.clone(),
            },
            Phase::Starting(_) => RecordingState::Starting,
            Phase::Finishing {
                file,
                seconds,
                bytes,
                frames_lost,
                gaps_logged,
            } => RecordingState::Finishing {
                file: file.clone(),
                seconds: *seconds,
                bytes: *bytes,
                frames_lost: *frames_lost,
                gaps_logged: *gaps_logged,
            },
            Phase::Failed { file, reason } => RecordingState::Failed {
                file: file.clone(),
                reason: reason.clone(),
            },
            Phase::Running(recording) => running_state(recording.status()),
        }
    }

    pub(crate) fn state(&self) -> RecorderState {
        let hours = |free| hours_left(free, self.settings.format.into(), self.rate);
        RecorderState {
            settings: self.settings.clone(),
            recording: self.recording_state(),
            free_bytes: self.free_bytes,
            hours_left: self.free_bytes.map(hours),
        }
    }

    /// What the recording under way has lost.
    pub(crate) fn frames_lost(&self) -> Option<u64> {
        match &self.phase {
            Phase::Running(recording) => Some(recording.status().frames_lost),
            _ => None,
        }
    }

    /// How far the recording under way has come, frames.
    pub(crate) fn position(&self) -> Option<u64> {
        match &self.phase {
            Phase::Running(recording) => Some(recording.status().frames),
            _ => None,
        }
    }

    /// Somebody is recording: figures change.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    /// Looks how much is free, on another thread.
    pub(crate) fn look(&mut self) {
        if std::mem::replace(&mut self.looking, true) {
            return;
        }
        let (folder, internal) = (PathBuf::from(&self.settings.folder), self.internal.clone());
        tokio::task::spawn_blocking(move || {
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::FreeSpace(free_space(&folder).ok()));
        });
    }
}

/// What hosts see of a recording that runs: as much of it while the disk takes nothing.
fn running_state(status: RecordingStatus) -> RecordingState {
    let (recorded, bytes, frames_lost) = (status.seconds(), status.bytes, status.frames_lost);
    let gaps_logged = status.gap_log_fault.is_none();
    let file = status.file.to_string_lossy().into_owned();
    match status.state {
        Running::Starting => RecordingState::Starting,
        Running::Recording => RecordingState::Recording {
            file,
            seconds: recorded,
            bytes,
            frames_lost,
            gaps_logged,
        },
        Running::Stalled { seconds } => RecordingState::Stalled {
            file,
            seconds,
            recorded,
            bytes,
            frames_lost,
            gaps_logged,
        },
        Running::Failed { reason } => RecordingState::Failed {
            file: Some(file),
            reason,
        },
        Running::Stopped => RecordingState::Stopped { last_file: Some(file) },
    }
}

impl Core {
    pub(crate) fn tell_recorder(&self) {
        self.tell(Event::Recorder(self.recording.state()));
    }

    pub(crate) fn recording_started(&mut self, result: Result<Recording, StartError>, answer: Answer) {
        match &result {
            Ok(recording) => self.log(Note::new(
                recording.file().to_string_lossy(),
                Happening::RecordingStarted,
            )),
            Err(error) => self.log(Note::new("programme", Happening::RecordingFailed).because(error.to_string())),
        }
        let answered = self.recording_began(result);
        // Whoever asked may have gone.
        let _ = answer.send(answered.map(|()| Reply::Done));
        self.tell_recorder();
    }

    /// Does what was asked while the file was being made.
    fn recording_began(&mut self, result: Result<Recording, StartError>) -> Result<(), CommandError> {
        let before = std::mem::replace(&mut self.recording.phase, Phase::Stopped { last_file: None });
        let (then, answers) = match before {
            Phase::Starting(Then::Stop(answers)) => (Then::Stop(Vec::new()), answers),
            Phase::Starting(then) => (then, Vec::new()),
            _ => (Then::Record, Vec::new()),
        };
        match result {
            Ok(recording) => {
                // What a file before this one, that failed, was never told.
                self.recording.shorts.clear();
                self.recording.phase = Phase::Running(recording);
                match then {
                    Then::Record => {}
                    Then::GoOn => self.recording.go_on(self.desk.programme().reader()),
                    Then::Stop(_) => self.recording.end(answers),
                }
                Ok(())
            }
            Err(error) => {
                let reason = error.to_string();
                let error = CommandError {
                    code: ErrorCode::Storage,
                    message: reason.clone(),
                };
                for answer in answers {
                    // Whoever asked may have gone.
                    let _ = answer.send(Err(error.clone()));
                }
                self.recording.phase = Phase::Failed { file: None, reason };
                Err(error)
            }
        }
    }

    pub(crate) fn recording_taken_over(&mut self, taken_over: TakenOver) {
        let TakenOver { began, ended } = taken_over;
        self.count_recording(ended.frames_lost);
        let old = match &ended.failure {
            None => format!("{} ends where the engine broke and is whole", ended.file.display()),
            Some(reason) => reason.clone(),
        };
        let text = match &began {
            Ok(recording) => format!("{old}; the recording goes on in {}", recording.file().display()),
            Err(error) => format!("{old}; nothing is recorded now: {error}"),
        };
        let severity = if began.is_ok() && ended.failure.is_none() {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.log_take_over(&began, &ended);
        // An error is in the recorder's state and in the notice.
        let _ = self.recording_began(began);
        self.remark(&ended.file, ended.gap_log_fault, None);
        self.notice(severity, text);
        self.tell_recorder();
    }

    pub(crate) fn recording_stopped(&mut self, summary: Summary, answers: Vec<Answer>) {
        tracing::info!("recorded {}", summary.file.display());
        self.log_recorded(&summary);
        self.count_recording(summary.frames_lost);
        self.remark(&summary.file, summary.gap_log_fault.clone(), summary.failure.clone());
        self.recording.closed(summary);
        for answer in answers {
            // Whoever asked may have gone.
            let _ = answer.send(Ok(Reply::Done));
        }
        self.tell_recorder();
    }

    /// A file is whole, or as whole as its disk let it be.
    fn log_recorded(&mut self, summary: &Summary) {
        let file = summary.file.to_string_lossy();
        let note = match &summary.failure {
            None => Note::new(
                file,
                Happening::RecordingStopped {
                    frames: summary.frames,
                    frames_lost: summary.frames_lost,
                },
            ),
            Some(why) => Note::new(file, Happening::RecordingFailed).because(why),
        };
        self.log(note.at(summary.frames));
    }

    fn log_take_over(&mut self, began: &Result<Recording, StartError>, ended: &Summary) {
        self.log_recorded(ended);
        let before = ended.file.to_string_lossy().into_owned();
        self.log(match began {
            Ok(recording) => Note::new(
                recording.file().to_string_lossy(),
                Happening::RecordingTookOver { before },
            ),
            Err(error) => Note::new(before, Happening::RecordingFailed).because(error.to_string()),
        });
    }

    fn remark(&mut self, file: &Path, gap_log_fault: Option<String>, failure: Option<String>) {
        for (severity, text) in self.recording.remarks(file, gap_log_fault, failure) {
            self.notice(severity, text);
        }
    }

    pub(crate) fn free_space_seen(&mut self, free_bytes: Option<u64>) {
        self.recording.looking = false;
        if std::mem::replace(&mut self.recording.free_bytes, free_bytes) != free_bytes {
            self.tell_recorder();
        }
    }

    /// Notices a recording that has stopped by itself. `figures`: tell hosts how it is going.
    pub(crate) fn look_after_recording(&mut self, figures: bool) {
        if let Phase::Running(recording) = &self.recording.phase {
            let status = recording.status();
            let failure = match status.state {
                Running::Failed { reason } => Some(reason),
                _ => None,
            };
            self.remark(&status.file, status.gap_log_fault, failure.clone());
            if let Some(reason) = failure {
                let file = status.file.to_string_lossy();
                self.log(
                    Note::new(file, Happening::RecordingFailed)
                        .because(&reason)
                        .at(status.frames),
                );
                self.recording.phase = Phase::Failed {
                    file: Some(status.file.to_string_lossy().into_owned()),
                    reason,
                };
                self.tell_recorder();
            }
        }
        if figures && self.recording.is_running() {
            self.tell_recorder();
        }
    }
}

impl From<RecordingFormat> for FileFormat {
    fn from(format: RecordingFormat) -> Self {
        Self::Wav(match format {
            RecordingFormat::Pcm16 => SampleFormat::Pcm16,
            RecordingFormat::Pcm24 => SampleFormat::Pcm24,
            RecordingFormat::Float32 => SampleFormat::Float32,
        })
    }
}

#[cfg(test)]
mod tests;
