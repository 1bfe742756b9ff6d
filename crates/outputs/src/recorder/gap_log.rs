//! The log of what is missing from a recording, beside it as tab-separated values. No gap, no file.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::file_name::gap_log_path;

/// Why frames are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum GapCause {
    /// The recorder's thread came too late to the bus: the machine was too busy.
    Late,
    /// The disk took nothing for longer than the ring lasts.
    DiskTooSlow,
    /// It was mixed without this source, by its name: the rest is there.
    Source(String),
    /// The machine slept, and nothing was mixed: the file goes on behind it.
    Slept,
}

impl fmt::Display for GapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("the machine was too busy"),
            Self::DiskTooSlow => f.write_str("the disk was too slow"),
            Self::Slept => f.write_str("the machine slept: this time is not in the file"),
            // A name may hold what separates columns and lines.
            Self::Source(name) => write!(
                f,
                "{} gave nothing to the mix, found by this frame",
                name.replace(char::is_control, " ")
            ),
        }
    }
}

/// Writes the log, one line a gap, flushed at once.
pub(super) struct GapLog {
    path: PathBuf,
    file: Option<File>,
}

impl GapLog {
    pub(super) fn beside(recording: &Path) -> Self {
        Self {
            path: gap_log_path(recording),
            file: None,
        }
    }

    /// Notes that `frames` frames from `position` on are silence for want of audio, or without a source.
    pub(super) fn note(&mut self, position: u64, frames: u64, cause: &GapCause) -> io::Result<()> {
        let line = format!("{position}\t{frames}\t{cause}\n");
        if let Some(file) = &mut self.file {
            return file.write_all(line.as_bytes());
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&self.path)?;
        file.write_all(format!("frame\tframes\tcause\n{line}").as_bytes())?;
        self.file = Some(file);
        Ok(())
    }

    /// Where it is, or would be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
