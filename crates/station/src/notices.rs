//! What the operator should read, until it has been read.

use jiff::Zoned;

use crate::api::{Notice, Severity};

/// More than these are not kept: the oldest go.
const KEPT: usize = 50;

#[derive(Default)]
pub(crate) struct Notices {
    next: u32,
    kept: Vec<Notice>,
}

impl Notices {
    /// Adds one; the same text twice in a row is said once.
    pub(crate) fn add(&mut self, severity: Severity, text: String) -> Option<Notice> {
        if self.kept.last().is_some_and(|last| last.text == text) {
            return None;
        }
        match severity {
            Severity::Info => tracing::info!("{text}"),
            Severity::Warning => tracing::warn!("{text}"),
            Severity::Error => tracing::error!("{text}"),
        }
        self.next += 1;
        let notice = Notice {
            id: self.next,
            severity,
            text,
            time: Zoned::now().strftime("%H:%M:%S").to_string(),
        };
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(notice.clone());
        Some(notice)
    }

    pub(crate) fn dismiss(&mut self, id: u32) -> bool {
        let before = self.kept.len();
        self.kept.retain(|notice| notice.id != id);
        self.kept.len() < before
    }

    pub(crate) fn all(&self) -> &[Notice] {
        &self.kept
    }
}
