//! What the operator should read of a recorder, each thing once.

use std::path::Path;

use super::{Phase, RecorderDesk};
use crate::api::Severity;

impl RecorderDesk {
    /// What the operator should read of `file` and has not read yet.
    pub(in crate::recording) fn remarks(
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

    /// That no new file can be begun, once until one was; and what the recording has remarked since this was asked last.
    pub(in crate::recording) fn file_remarks(
        &mut self,
        seam_fault: Option<&String>,
        remarks: &[String],
    ) -> Vec<(Severity, String)> {
        let seam_told = std::mem::replace(&mut self.seam_told, seam_fault.is_some());
        let remarks_told = std::mem::replace(&mut self.remarks_told, remarks.len());
        let seam = seam_fault.filter(|_| !seam_told).into_iter();
        seam.chain(remarks.iter().skip(remarks_told))
            .map(|text| (Severity::Warning, text.clone()))
            .collect()
    }

    /// That it goes on in the second folder, once.
    pub(in crate::recording) fn moved(&mut self, moved: Option<&String>) -> Option<String> {
        let moved = moved?;
        self.moved = Some(moved.clone());
        (!std::mem::replace(&mut self.moved_told, true)).then(|| moved.clone())
    }

    /// How little space is left for what is recorded, when it is little and was not told yet.
    pub(in crate::recording) fn space_remark(&mut self, strips: usize, beside: f64) -> Option<(Severity, String)> {
        let seconds = self.hours_left(strips, beside)? * 3600.0;
        let level = if seconds <= 300.0 {
            1
        } else if seconds <= 3600.0 {
            2
        } else {
            self.space_told = 0;
            return None;
        };
        if !matches!(self.phase, Phase::Running(_)) || (self.space_told != 0 && self.space_told <= level) {
            return None;
        }
        self.space_told = level;
        let severity = if level == 1 { Severity::Error } else { Severity::Warning };
        let minutes = (seconds / 60.0).floor();
        let folder = self.place();
        let then = match &self.begun.fallback {
            Some(second) if self.moved.is_none() => format!("it goes on in {second} then"),
            _ => "make room there".into(),
        };
        let folder = folder.display();
        Some((
            severity,
            format!("there is room for {minutes:.0} more minutes of recording in {folder}; {then}"),
        ))
    }
}
