//! What hosts see of a recorder.

use airdesk_outputs::recorder::{Disk, RecordingState as Running, RecordingStatus, hours_left};

use super::{Phase, RecorderDesk};
use crate::api::{RecorderState, RecordingState, Stems};
use crate::recording::settings;

impl RecorderDesk {
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

    /// Hours that fit where it records, or would, at a desk of so many strips, while others write so many bytes a second `beside` it.
    pub(in crate::recording) fn hours_left(&self, strips: usize, beside: f64) -> Option<f32> {
        let files = match &self.phase {
            Phase::Running(recording) => recording.status().files.len().max(1),
            _ => self.files(strips),
        };
        let own = settings::format(self.in_force()).bytes_a_second(self.rate) * files as f64;
        self.free_bytes.map(|free| hours_left(free, own + beside))
    }

    /// What its recording writes on this disk, bytes a second.
    pub(in crate::recording) fn writes(&self, disk: &Disk) -> f64 {
        match &self.phase {
            Phase::Running(recording) if self.disk.as_ref() == Some(disk) => {
                let files = recording.status().files.len().max(1);
                settings::format(&self.begun).bytes_a_second(self.rate) * files as f64
            }
            _ => 0.0,
        }
    }

    /// Files that it would write at a time.
    fn files(&self, strips: usize) -> usize {
        let Some(source) = self.settings.source.bus() else {
            return 1; // what is aired is alone
        };
        let further = self.settings.buses.iter().filter(|bus| **bus != source).count();
        let stems = match self.settings.stems {
            Stems::None => 0,
            Stems::BeforeFaders | Stems::AfterFaders => strips,
        };
        1 + further + stems
    }

    pub(in crate::recording) fn state(&self, strips: usize, beside: f64) -> RecorderState {
        let parts = match &self.phase {
            Phase::Running(recording) => recording.status().parts,
            _ => self.parts,
        };
        RecorderState {
            id: self.id,
            settings: self.settings.clone(),
            recording: self.recording_state(),
            parts,
            moved: self.moved.clone(),
            seam_fault: match &self.phase {
                Phase::Running(recording) => recording.status().seam_fault,
                _ => None,
            },
            free_bytes: self.free_bytes,
            hours_left: self.hours_left(strips, beside),
        }
    }
}

/// What hosts see of a recording that runs: as much of it while the disk takes nothing.
pub(in crate::recording) fn running_state(status: RecordingStatus) -> RecordingState {
    let (recorded, bytes, frames_lost) = (status.seconds(), status.bytes, status.frames_lost);
    let gaps_logged = status.gap_log_fault.is_none();
    let file = status.file().to_string_lossy().into_owned();
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
