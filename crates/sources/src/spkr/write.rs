//! What a program sends: for programs that speak SPKR by this crate, and for its tests.

use super::header::{END, ERROR, HEADER_BYTES, MAGIC};

/// A block of samples, full scale 1.0.
pub fn chunk(id: u32, rate: u32, samples: &[f32]) -> Vec<u8> {
    let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let mut bytes = header(id, count, rate, 4 * samples.len());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// The end, after so many blocks.
pub fn end(chunks: u32) -> Vec<u8> {
    header(END, chunks, 0, 0)
}

/// An error, which is the end as well.
pub fn error(message: &str) -> Vec<u8> {
    let count = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut bytes = header(ERROR, count, 0, message.len());
    bytes.extend_from_slice(message.as_bytes());
    bytes
}

fn header(id: u32, count: u32, rate: u32, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + room);
    bytes.extend(MAGIC);
    for word in [id, count, rate] {
        bytes.extend(word.to_le_bytes());
    }
    bytes
}
