//! Recordings whose desk ended before they did: looked over when the next desk starts, and by `airdesk recover`.
//! Nothing is ever deleted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use airdesk_outputs::recorder::orphans;
pub use airdesk_outputs::recorder::{Orphan, RecoverError, Recovered};

use crate::api::{Happening, RecordingSettings, Severity};
use crate::session::{Session, SessionError, read_mended};
use crate::station::{Core, Internal};
use crate::timeline::Note;

/// Where a session's recorders write to, second folders too.
///
/// # Errors
/// When the session cannot be read.
pub fn folders_of(session: &Path) -> Result<BTreeSet<PathBuf>, SessionError> {
    let session = if session.exists() {
        read_mended(session)?.0
    } else {
        Session::default()
    };
    Ok(folders(&session.recorders))
}

fn folders(recorders: &[RecordingSettings]) -> BTreeSet<PathBuf> {
    let all = recorders.iter().flat_map(|recorder| {
        let fallback = recorder.fallback.as_ref();
        std::iter::once(&recorder.folder).chain(fallback)
    });
    all.map(PathBuf::from).collect()
}

/// What was found below some folders.
#[derive(Debug, Default)]
pub struct Found {
    /// The orphans, each once.
    pub orphans: Vec<Orphan>,
    /// A sentence about each folder that could not be looked through: it hides nothing of the others.
    pub unreadable: Vec<String>,
}

/// The orphans below these folders.
pub fn find(folders: &BTreeSet<PathBuf>) -> Found {
    let mut found = Found::default();
    for folder in folders {
        match orphans(folder) {
            // One folder may be in another.
            Ok(orphans) => {
                for orphan in orphans {
                    if !found.orphans.contains(&orphan) {
                        found.orphans.push(orphan);
                    }
                }
            }
            Err(error) => found.unreadable.push(format!(
                "{} cannot be looked through for recordings that were not finished ({error}); make it readable and run \
                 `airdesk recover`",
                folder.display()
            )),
        }
    }
    found
}

/// A sentence about a recording that was looked over.
pub fn told(recovered: &Recovered) -> String {
    let file = recovered.file.display();
    let length = match recovered.seconds {
        Some(seconds) => format!(" ({seconds:.1} s)"),
        None => String::new(),
    };
    let state = if recovered.completed {
        "its header was completed"
    } else {
        "it was valid, and is untouched"
    };
    format!("{file}{length} was not finished by the desk that recorded it; {state}")
}

/// What became of the orphans that a desk found when it started.
pub(crate) struct Looked {
    orphans: Vec<Result<Recovered, RecoverError>>,
    unreadable: Vec<String>,
}

impl Core {
    /// Looks for orphans on another thread.
    pub(crate) fn look_for_orphans(&self) {
        let (folders, internal) = (folders(&self.recorders.settings()), self.internal.clone());
        tokio::task::spawn_blocking(move || {
            let found = find(&folders);
            let looked = Looked {
                orphans: found.orphans.iter().map(Orphan::recover).collect(),
                unreadable: found.unreadable,
            };
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::Orphans(looked));
        });
    }

    /// Tells what became of them.
    pub(crate) fn hear_orphans(&mut self, looked: Looked) {
        for text in looked.unreadable {
            self.notice(Severity::Warning, text);
        }
        for result in looked.orphans {
            match result {
                Ok(recovered) => {
                    let file = recovered.file.to_string_lossy().into_owned();
                    self.log(Note::new(file, Happening::RecordingRecovered));
                    self.notice(Severity::Warning, told(&recovered));
                }
                Err(error) => self.notice(Severity::Error, error.to_string()),
            }
        }
    }
}
