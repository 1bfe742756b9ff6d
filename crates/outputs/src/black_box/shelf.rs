//! What a black box has left, while no desk writes there: it is looked at and kept as from a box that is on.

use std::path::Path;
use std::sync::mpsc;

use super::folder::OwnFolder;
use super::keep::{KeepError, KeepOrder, Keeping};
use super::ledger::Shared;
use super::start::StartError;
use super::state::RunState;

/// The ring at rest. Nothing in it changes, and no desk can take it over before this is dropped.
pub struct Shelf {
    _folder: OwnFolder,
    shared: Shared,
}

impl Shelf {
    /// Looks what is held below `folder`. `None` where no black box ever was.
    ///
    /// # Errors
    /// When it cannot be read, or a desk writes there now.
    pub fn open(folder: &Path) -> Result<Option<Self>, StartError> {
        if !OwnFolder::is_there(folder) {
            return Ok(None);
        }
        let own = OwnFolder::open(folder)?;
        let rows = own.scan().map_err(|source| StartError::Folder {
            folder: own.path().to_owned(),
            source,
        })?;
        let shared = Shared::new(rows);
        Ok(Some(Self { _folder: own, shared }))
    }

    /// What is held of each run, oldest first.
    pub fn runs(&self) -> Vec<RunState> {
        self.shared.lock().state().runs
    }

    /// Makes recordings of what is held, on a thread of its own.
    ///
    /// # Errors
    /// When the system refuses a thread. What else can be wrong is told by [`Keeping::wait`].
    pub fn keep(&self, order: KeepOrder) -> Result<Keeping, KeepError> {
        // Nobody writes: there is nothing to wait for.
        let (_, written) = mpsc::channel();
        Keeping::start(order, self.shared.clone(), written)
    }
}
