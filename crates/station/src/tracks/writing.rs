//! Writing the track library beside a desk: folders and scans. Blocks for as long as the disk does.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use rusqlite::Connection;

use super::scan;
use super::store::{self, FolderError};
use crate::api::{ScanProgress, ScanSummary};

/// The track library, open to be written.
pub struct TrackWriter {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

impl TrackWriter {
    /// Adds a folder, in place of those that are in it. Returns its path as it is listed.
    ///
    /// # Errors
    /// When it is none, or the library has it already.
    pub fn add_folder(&mut self, path: &str) -> Result<String, FolderError> {
        store::add_folder(&mut self.connection, &self.path, path)
    }

    /// Takes a folder out. Its tracks are gone, and keep their numbers and plays.
    ///
    /// # Errors
    /// When it is not in the library.
    pub fn remove_folder(&mut self, path: &str) -> Result<(), FolderError> {
        store::remove_folder(&mut self.connection, &self.path, path)
    }

    /// Scans all folders. `tell` hears how far it is, five times a second at most. With `cancelled` it stops before the next
    /// file, and writes no more. The calling thread steps behind all others for good.
    pub fn scan(&mut self, cancelled: &AtomicBool, tell: &mut dyn FnMut(&ScanProgress)) -> ScanSummary {
        scan::scan(&mut self.connection, &self.path, cancelled, tell)
    }
}
