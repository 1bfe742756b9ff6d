//! Records a bus to a WAV file that is valid at any moment and outlives `kill -9`, a full disk and 4 GiB.
//!
//! Three threads: one drains the bus into a ring of 15 s and never touches the disk; one writes from the
//! ring, the header after every write; one makes the disk keep it, once a second. Time stays true: what
//! was lost is written as silence of that length and noted, to the frame, in a gap log beside the file. What
//! was never mixed, because a source gave nothing or the machine slept, is noted there too.

mod drain;
mod file_name;
mod gap_log;
mod keep;
mod recording;
mod space;
mod start;
mod status;
mod write;

pub(crate) use file_name::{create, usable_stem};
pub use recording::Recording;
pub(crate) use space::size;
pub use space::{free_space, hours_left};
pub use start::{Recorder, RecorderSettings, StartError};
pub use status::{RecordingState, RecordingStatus, Summary};

pub(crate) use write::is_full;

#[cfg(test)]
mod tests;
