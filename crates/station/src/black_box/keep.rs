//! Recordings of what the black box holds, with the names and tags of a recorder's.

use std::path::PathBuf;
use std::time::Duration;

use airdesk_outputs::black_box::{KeepOrder, Kept, Progress, RunState};

use super::runs::{clock, written};
use super::{BoxNews, Phase, settings};
use crate::api::{
    BlackBoxFile, BlackBoxKeeping, BlackBoxKept, CommandError, ErrorCode, Event, RecordingFormat, RecordingSettings,
    Reply, RunId,
};
use crate::recording::{Answer, named};
use crate::station::{Core, Internal};

/// What is being kept.
pub(super) struct Keep {
    seconds: f64,
    progress: Progress,
    answer: Option<Answer>,
}

impl Keep {
    pub(super) fn state(&self) -> BlackBoxKeeping {
        BlackBoxKeeping {
            seconds: self.seconds,
            progress: self.progress.part(),
        }
    }
}

/// What is asked of the outputs: the last so much of a run, named as this recorder would have named it when its first frame
/// was heard.
pub(super) fn order(
    recorder: &RecordingSettings,
    run: &RunState,
    last: Duration,
    format: RecordingFormat,
) -> Result<KeepOrder, CommandError> {
    Ok(KeepOrder {
        run: Some(run.id),
        last,
        folder: PathBuf::from(&recorder.folder),
        naming: named(recorder)?,
        format: settings::format(format)?,
        cue_sheet: recorder.cue_sheets,
    })
}

pub(super) fn refused(code: ErrorCode, message: String) -> CommandError {
    CommandError { code, message }
}

/// What was kept, as hosts see it.
pub(super) fn kept(kept: &Kept) -> BlackBoxKept {
    let files = kept.files.iter().map(|file| BlackBoxFile {
        name: file.name.clone(),
        path: file.path.to_string_lossy().into_owned(),
        frames_lost: file.gaps.iter().map(|(_, frames)| frames).sum(),
    });
    BlackBoxKept {
        began: written(&clock(kept.began)),
        seconds: kept.frames as f64 / f64::from(kept.rate.hz()),
        files: files.collect(),
    }
}

impl Core {
    /// Makes recordings of what is held; `answer` hears when they are whole.
    pub(crate) fn keep_last(&mut self, seconds: f64, run: Option<RunId>, folder: Option<String>, answer: Answer) {
        match self.begin_keeping(seconds, run, folder) {
            Ok(keep) => {
                let answer = Some(answer);
                self.black_box.keep = Some(Keep { answer, ..keep });
                self.tell_black_box();
            }
            // Whoever asked may have gone.
            Err(error) => drop(answer.send(Err(error))),
        }
    }

    fn begin_keeping(
        &mut self,
        seconds: f64,
        run: Option<RunId>,
        folder: Option<String>,
    ) -> Result<Keep, CommandError> {
        let last = Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|last| !last.is_zero())
            .ok_or_else(|| {
                refused(
                    ErrorCode::OutOfRange,
                    format!("{seconds} s cannot be kept; keep more than 0 s"),
                )
            })?;
        folder.as_deref().map(settings::check_folder).transpose()?;
        let desk = &self.black_box;
        if desk.keep.is_some() {
            let message = "the black box is being kept already; wait until that is done";
            return Err(refused(ErrorCode::AlreadyRunning, message.into()));
        }
        let Phase::On(black_box) = &desk.phase else {
            let message = match &desk.phase {
                Phase::Refused { reason, .. } => reason.clone(),
                Phase::Starting => "the black box is starting; try again in a moment".into(),
                Phase::Stopping => "the black box is ending; try again in a moment".into(),
                _ => "the black box is off; switch it on to keep what it holds".into(),
            };
            return Err(refused(ErrorCode::NotRunning, message));
        };
        let runs = black_box.state().runs;
        let found = match run {
            Some(run) => runs.iter().find(|held| held.id.0 == run),
            None => runs.last(),
        };
        let found = found.ok_or_else(|| {
            let message = "the black box holds nothing of that (any more); choose what it holds";
            refused(ErrorCode::NotRunning, message.into())
        })?;
        let mut recorder = self.recorders.first_settings();
        recorder.folder = folder.unwrap_or(recorder.folder);
        let order = order(&recorder, found, last, desk.settings.format)?;
        let keeping = black_box
            .keep(order)
            .map_err(|error| refused(ErrorCode::Unavailable, error.to_string()))?;
        let (progress, internal) = (keeping.progress(), desk.internal.clone());
        tokio::task::spawn_blocking(move || {
            let result = keeping
                .wait()
                .map(|found| kept(&found))
                .map_err(|error| error.to_string());
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::BlackBox(BoxNews::Kept(result)));
        });
        Ok(Keep {
            seconds,
            progress,
            answer: None,
        })
    }

    /// What was to be kept is in files, or not.
    pub(super) fn black_box_kept(&mut self, result: Result<BlackBoxKept, String>) {
        let answer = self.black_box.keep.take().and_then(|keep| keep.answer);
        self.log_kept(&result);
        if let Ok(kept) = &result {
            self.black_box.kept = Some(kept.clone());
        }
        let state = self.black_box.state();
        self.tell(Event::BlackBox(Box::new(state)));
        if let Some(answer) = answer {
            let result = result.map(|kept| Reply::Kept { kept });
            // Whoever asked may have gone.
            let _ = answer.send(result.map_err(|message| refused(ErrorCode::Storage, message)));
        }
    }
}
