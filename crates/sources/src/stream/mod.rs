//! What all sources on a network have in common: a buffer for what comes unevenly, and what they do when it runs out.
//!
//! No sockets, no threads and no clock in here: bytes, frames and the time come in as arguments, so an hour is tested in
//! seconds. A [`session::Session`] is one source, on the worker's thread; it allocates. Times in seconds on any clock that
//! never goes back, frames at the desk's rate.

pub mod arrivals;
pub mod convert;
pub mod crossfade;
pub mod drive;
pub mod extrapolate;
pub mod format;
pub mod jitter;
pub mod machine;
pub mod metrics;
pub mod player;
pub mod session;
pub mod stretch;

#[cfg(test)]
pub(crate) mod tests;
