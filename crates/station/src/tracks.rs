//! The track library: what sound files the machine's folders hold, when decks have played them, and what they look like.
//!
//! All of it is in the library's database and done on threads that may wait for a disk: the station only asks and tells. Whoever
//! reads opens the file for himself ([`TrackFile`]).

mod cover;
pub mod csv;
mod desk;
mod fold;
mod plays;
mod reading;
mod scan;
mod search;
mod store;
#[cfg(test)]
mod tests;
mod walk;
mod waveform;
mod writing;

pub use cover::cover;
pub(crate) use cover::is_shown;
pub(crate) use desk::{TrackDesk, TrackNews};
pub(crate) use plays::{PlayBegun, begin, grow};
pub use reading::{PlayPage, TrackFile, TrackPage, TrackReader};
pub use search::Search;
pub use store::FolderError;
pub use writing::TrackWriter;
