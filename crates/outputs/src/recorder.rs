//! Records buses and strips to files that are valid at any moment and outlive `kill -9`, a full disk and 4 GiB.
//!
//! A recording has a reel for each of its sources, and a reel is one file after the other; all begin with the same block and
//! are as long. Three threads: one drains the sources into backlogs of up to 15 s and never touches a disk; one writes from
//! there; one makes the disk keep it, once a second. Time stays true: what was lost is written as silence of that length and
//! noted, to the frame, in a gap log beside the file. What was never mixed, because a source gave nothing or the machine
//! slept, is noted there too.

mod backlog;
mod chapters;
mod drain;
mod fault;
mod feed;
mod file_loudness;
mod file_name;
mod gap_log;
mod held;
mod join;
mod keep;
mod marks;
mod names;
mod orphan;
mod recording;
mod reel;
mod space;
mod start;
mod status;
mod tape;
mod template;
mod write;

pub(crate) use chapters::Chapters;
pub use feed::Feed;
pub(crate) use file_name::{create, usable_stem};
pub use names::{Names, Naming};
pub use orphan::{Orphan, RecoverError, Recovered, orphans};
pub use recording::Recording;
pub(crate) use space::size;
pub use space::{Disk, disk_of, free_space, hours_left};
pub use start::{Armed, Recorder, RecorderSettings, Split, StartError};
pub use status::{RecordingState, RecordingStatus, Summary};
pub use template::{Template, TemplateError, Words};

pub(crate) use tape::is_full;

#[cfg(test)]
mod tests;
