//! What becomes of recordings, as the timeline has it.

use airdesk_outputs::recorder::{Recording, RecordingStatus, Summary};

use crate::api::{CommandError, Happening, RecorderId};
use crate::station::Core;
use crate::timeline::Note;

impl Core {
    /// A recording has begun, or could not; that it could not again, when it is tried without a hand, is no news.
    pub(super) fn log_began(&mut self, id: RecorderId, began: &Result<Recording, CommandError>) {
        let Ok(desk) = self.recorders.desk(id) else { return };
        let (name, is_told) = (desk.settings().name.clone(), desk.is_owed_and_told());
        match began {
            Ok(recording) => {
                let file = recording.status().file().to_string_lossy().into_owned();
                self.log(Note::new(file, Happening::RecordingStarted));
            }
            Err(_) if is_told => {}
            Err(error) => self.log(Note::new(name, Happening::RecordingFailed).because(&error.message)),
        }
    }

    /// Its files are whole, or as whole as the disk let them be.
    pub(super) fn log_recorded(&mut self, summary: &Summary) {
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

    /// Another recording has taken over, because the engine broke.
    pub(super) fn log_take_over(&mut self, began: &Result<Recording, CommandError>, ended: &Summary) {
        self.log_recorded(ended);
        let before = ended.file.to_string_lossy().into_owned();
        self.log(match began {
            Ok(recording) => Note::new(
                recording.status().file().to_string_lossy(),
                Happening::RecordingTookOver { before },
            ),
            Err(error) => Note::new(before, Happening::RecordingFailed).because(&error.message),
        });
    }

    /// It goes on in a new file.
    pub(super) fn log_split(&mut self, status: &RecordingStatus) {
        let file = status.file().to_string_lossy();
        self.log(Note::new(file, Happening::RecordingSplit).at(status.frames));
    }

    /// It goes on in its second folder. `place` says whose it is.
    pub(super) fn log_moved(&mut self, place: &str, why: &str) {
        self.log(Note::new(place, Happening::RecordingMoved).because(why));
    }

    /// It has stopped by itself.
    pub(super) fn log_failed(&mut self, status: &RecordingStatus, why: &str) {
        let file = status.file().to_string_lossy();
        self.log(
            Note::new(file, Happening::RecordingFailed)
                .because(why)
                .at(status.frames),
        );
    }
}
