//! What the black box of a desk that does not run has left, for `airdesk keep`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use airdesk_outputs::black_box::{KeepError, Shelf as Ring, StartError};

use super::runs::run;
use super::{keep, settings};
use crate::api::{BlackBoxKept, BlackBoxRun, CommandError, ErrorCode, RunId};
use crate::session::{Session, SessionError, read_mended};

/// Why nothing can be had of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShelfError {
    /// The session cannot be read.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The folder cannot be read, or a desk runs.
    #[error("{0}; while a desk runs, keep it there")]
    Ring(#[from] StartError),
    /// There is none.
    #[error("there is no black box in {}; name its folder or its session", .0.display())]
    None(PathBuf),
    /// What is asked for is not held, or cannot be named.
    #[error(transparent)]
    Refused(#[from] CommandError),
    /// It could not be kept.
    #[error(transparent)]
    Keep(#[from] KeepError),
}

/// What is held.
pub struct Shelf {
    ring: Ring,
    session: Session,
}

impl Shelf {
    /// What the desk of this session has left. `data` is the folder of its data, `folder` the one in which the black box has
    /// its own, unless it is as the session says.
    ///
    /// # Errors
    /// When the session or the folder cannot be read, when a desk writes there, and when there is nothing.
    pub fn open(session: &Path, data: &Path, folder: Option<&Path>) -> Result<Self, ShelfError> {
        let session = if session.exists() {
            read_mended(session)?.0
        } else {
            Session::default()
        };
        let place = folder.map_or_else(|| settings::place(&session.black_box, data), Path::to_owned);
        let ring = Ring::open(&place)?.ok_or(ShelfError::None(place))?;
        Ok(Self { ring, session })
    }

    /// What is held of each engine, oldest first.
    pub fn runs(&self) -> Vec<BlackBoxRun> {
        self.ring.runs().iter().map(run).collect()
    }

    /// Makes recordings of the last `last` of a run, or of the last run, in `folder` or where the session's first recorder
    /// records. Blocks until they are whole.
    ///
    /// # Errors
    /// When it is not held, or the files cannot be made.
    pub fn keep(&self, last: Duration, run: Option<RunId>, folder: Option<&Path>) -> Result<BlackBoxKept, ShelfError> {
        let runs = self.ring.runs();
        let found = match run {
            Some(run) => runs.iter().find(|held| held.id.0 == run),
            None => runs.last(),
        };
        let found = found.ok_or_else(|| {
            let message = "the black box holds nothing of that; list what it holds";
            keep::refused(ErrorCode::NotRunning, message.into())
        })?;
        let mut recorder = self.session.recorders.first().cloned().unwrap_or_default();
        if let Some(folder) = folder {
            recorder.folder = folder.to_string_lossy().into_owned();
        }
        let order = keep::order(&recorder, found, last, self.session.black_box.format)?;
        Ok(keep::kept(&self.ring.keep(order)?.wait()?))
    }
}
