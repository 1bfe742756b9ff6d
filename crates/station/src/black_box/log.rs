//! What becomes of the black box: in the timeline, and as notices where the operator has something to do.

use crate::api::{BlackBoxKept, BlackBoxPhase, BlackBoxState, Happening, Severity};
use crate::station::Core;
use crate::timeline::Note;

/// What was told last.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Off,
    On,
    /// And why.
    Halted(String),
}

impl Core {
    /// Notes what has become of it.
    pub(super) fn log_black_box(&mut self, state: &BlackBoxState) {
        let next = match &state.phase {
            // Not yet, or not for long.
            BlackBoxPhase::Starting | BlackBoxPhase::Stopping => return,
            // With the desk it ends as everything does.
            BlackBoxPhase::Off if self.black_box.ending => return,
            BlackBoxPhase::Off => Told::Off,
            BlackBoxPhase::Turning => Told::On,
            BlackBoxPhase::Halted { reason, .. } => Told::Halted(reason.clone()),
        };
        let before = std::mem::replace(&mut self.black_box.told, next);
        match (&before, &self.black_box.told) {
            (Told::Off, Told::Off) | (Told::On, Told::On) => {}
            (_, Told::Off) => self.log(Note::new(&state.folder, Happening::BlackBoxOff)),
            (_, Told::On) => {
                self.log(Note::new(&state.folder, Happening::BlackBoxOn));
                if matches!(before, Told::Halted(_)) {
                    self.notice(Severity::Info, "the black box is on again".into());
                }
            }
            // Tried again, it may say how much is free by now: that is no news.
            (Told::Halted(_), Told::Halted(_)) => {}
            (_, Told::Halted(reason)) => {
                let reason = reason.clone();
                self.log(Note::new(&state.folder, Happening::BlackBoxHalted).because(&reason));
                self.notice(Severity::Error, reason);
            }
        }
    }

    /// Notes what was kept, or why nothing was.
    pub(super) fn log_kept(&mut self, result: &Result<BlackBoxKept, String>) {
        match result {
            Ok(kept) => {
                let files: Vec<String> = kept.files.iter().map(|file| file.path.clone()).collect();
                let first = files.first().cloned().unwrap_or_default();
                let count = files.len();
                let happening = Happening::BlackBoxKept {
                    began: kept.began.clone(),
                    seconds: kept.seconds,
                    files,
                };
                self.log(Note::new(&first, happening));
                let seconds = kept.seconds;
                self.notice(
                    Severity::Info,
                    format!("kept {seconds:.1} s of the black box in {count} files: {first}"),
                );
            }
            Err(why) => {
                self.log(Note::new("black box", Happening::BlackBoxNotKept).because(why));
                self.notice(Severity::Error, format!("the black box was not kept: {why}"));
            }
        }
    }
}
