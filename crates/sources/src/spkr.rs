//! SPKR: speech as blocks of samples over a Unix socket, from a program to a player.
//!
//! A [`Reader`] finds the samples in what a connection brings, wherever it is cut; [`mod@write`] makes what it reads. Mono, floats of 32 bits,
//! full scale 1.0, 8 to 192 kHz, little-endian. The wire is section 4.2 of the protocols' description, and what it leaves open is
//! settled here: a block lasts no longer than a minute, and what is no number is refused by its place.

#[cfg(unix)]
pub mod client;
pub mod write;

mod error;
mod header;
mod reader;

pub use error::SpkrError;
pub use header::{CHUNK_BYTES_MAX, CHUNK_SECONDS_MAX, HEADER_BYTES, MAGIC, MESSAGE_BYTES_MAX};
pub use reader::{Part, Reader, Remarks};

#[cfg(test)]
mod tests;
