//! Who names the files of a recording, because only a station knows the show, the title and the time of day.

use std::time::Duration;

use crate::sound_file::{Origin, Tags};

/// What a file is called, and what it says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Naming {
    /// Folders below the recorder's, and the name without its ending. What no file system takes is replaced; a name that is
    /// taken gets a number.
    pub names: Vec<String>,
    /// What people read of it.
    pub tags: Tags,
    /// When its first frame was.
    pub origin: Option<Origin>,
}

/// Names files as they begin. Called on a thread that may wait a little.
pub trait Names: Send {
    /// The `index`-th files of the recording begin, counted from 1, one for each of `reels`; their first frame was mixed
    /// `ago`. Returns as many, in the same order.
    fn next(&mut self, reels: &[&str], index: u32, ago: Duration) -> Vec<Naming>;
}

/// The same name for every file.
impl Names for String {
    fn next(&mut self, reels: &[&str], _index: u32, _ago: Duration) -> Vec<Naming> {
        let naming = Naming {
            names: vec![self.clone()],
            ..Naming::default()
        };
        vec![naming; reels.len()]
    }
}
