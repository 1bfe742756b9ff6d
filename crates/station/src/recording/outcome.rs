//! What becomes of recordings: begun, stopped, taken over, and what the operator should read of them.

use std::path::Path;
use std::time::Instant;

use airdesk_outputs::recorder::{Recording, Summary};

use super::recorder::{Phase, Then, answer_all};
use super::{Answer, News, Space};
use crate::api::{CommandError, RecorderId, Severity};
use crate::losses::Spot;
use crate::station::Core;

impl Core {
    /// Takes in what helpers report of a recorder.
    pub(crate) fn hear_recorder(&mut self, id: RecorderId, news: News) {
        match news {
            News::Started(result, answer) => {
                self.log_began(id, &result);
                let answered = self.recording_began(id, result);
                answer_all(answer.into_iter().collect(), &answered);
            }
            News::Stopped(summary, answers) => self.recording_stopped(id, summary, answers),
            News::TakenOver { began, ended } => self.recording_taken_over(id, began, ended),
            News::Space(space) => {
                self.hear_space(id, space);
                return;
            }
        }
        // For how long the others can record is another matter, too.
        self.tell_recorders();
    }

    fn hear_space(&mut self, id: RecorderId, space: Space) {
        let strips = self.strips.states().count();
        let Ok(desk) = self.recorders.desk(id) else { return };
        desk.looking.take_if(|(place, _)| *place == space.folder);
        if space.folder != desk.place() {
            return; // it has moved meanwhile, and is looked for there
        }
        let changed = (desk.free_bytes, &desk.disk) != (space.free_bytes, &space.disk);
        (desk.free_bytes, desk.disk) = (space.free_bytes, space.disk);
        let beside = self.recorders.desks.iter().find(|desk| desk.id == id);
        let beside = beside.map_or(0.0, |desk| self.recorders.beside(desk));
        let Ok(desk) = self.recorders.desk(id) else { return };
        if let Some((severity, text)) = desk.space_remark(strips, beside) {
            self.notice(severity, text);
        }
        if changed {
            self.tell_recorder(id);
        }
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
                let (name, was_owed) = (desk.settings().name.clone(), desk.owes_no_more(Instant::now()));
                match then {
                    Then::Record => {}
                    Then::GoOn => {
                        let settings = desk.in_force().clone();
                        let (feeds, strips) = self.feeds(&settings);
                        self.recorders.desk(id)?.go_on(feeds, strips);
                    }
                    Then::Stop(_) => desk.end(answers),
                }
                if was_owed {
                    self.notice(Severity::Info, format!("{name} is being recorded now"));
                }
                Ok(())
            }
            Err(error) => {
                desk.phase = Phase::Failed {
                    file: None,
                    reason: error.message.clone(),
                };
                answer_all(answers, &Err(error.clone()));
                let name = desk.settings().name.clone();
                if desk.owes(Instant::now()) {
                    let text =
                        format!("{name} cannot be recorded: {error}; it is tried again for as long as it is to be");
                    self.notice(Severity::Error, text);
                }
                Err(error)
            }
        }
    }

    fn recording_taken_over(&mut self, id: RecorderId, began: Result<Recording, CommandError>, ended: Summary) {
        self.count_recording(id, ended.frames_lost, spot(&ended));
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
        self.count_recording(id, summary.frames_lost, spot(&summary));
        self.remark(
            id,
            &summary.file,
            summary.gap_log_fault.clone(),
            summary.failure.clone(),
        );
        self.tell_files(id, None, &summary.remarks);
        self.tell_moved(id, summary.moved.as_ref());
        if let Ok(desk) = self.recorders.desk(id) {
            desk.closed(summary);
        }
        answer_all(answers, &Ok(()));
    }

    pub(super) fn remark(
        &mut self,
        id: RecorderId,
        file: &Path,
        gap_log_fault: Option<String>,
        failure: Option<String>,
    ) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        for (severity, text) in desk.remarks(file, gap_log_fault, failure) {
            self.notice(severity, text);
        }
    }

    pub(super) fn tell_files(&mut self, id: RecorderId, seam: Option<&String>, remarks: &[String]) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        for (severity, text) in desk.file_remarks(seam, remarks) {
            self.notice(severity, text);
        }
    }

    pub(super) fn tell_moved(&mut self, id: RecorderId, moved: Option<&String>) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        if let Some(text) = desk.moved(moved) {
            desk.look_anew();
            let place = self.recorders.place(id);
            self.log_moved(&place, &text);
            self.notice(Severity::Error, text);
            self.tell_recorder(id);
        }
    }
}

/// Where it ended.
fn spot(summary: &Summary) -> Spot {
    Spot {
        file: summary.file.to_string_lossy().into_owned(),
        position: summary.frames,
    }
}
