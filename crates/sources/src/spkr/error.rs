//! What is wrong with what a program sends by SPKR.

/// What a program has sent is not SPKR, or is no sound. Whoever wrote the program mends it; what had come before is heard.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpkrError {
    /// A frame does not begin as every frame does. The words are those of the protocol's other programs.
    #[error("Invalid protocol magic: {:02x}{:02x}{:02x}{:02x}", .0[0], .0[1], .0[2], .0[3])]
    Magic([u8; 4]),
    /// The connection was closed before the end was said. The words are those of the protocol's other programs.
    #[error("Socket closed before receiving complete message")]
    Incomplete,
    /// A rate that nobody plays.
    #[error("chunk {chunk} has a rate of {rate} Hz; send 8000 to 192000 Hz")]
    Rate {
        /// Its number.
        chunk: u32,
        /// Hz.
        rate: u32,
    },
    /// More than any program makes at once.
    #[error(
        "chunk {chunk} is announced with {samples} samples at {rate} Hz; send {most} or fewer, and the rest in the next one"
    )]
    TooLong {
        /// Its number.
        chunk: u32,
        /// How many.
        samples: u32,
        /// Hz.
        rate: u32,
        /// How many there may be.
        most: u32,
    },
    /// NaN or an infinity.
    #[error("sample {sample} of chunk {chunk} is {value}, which is no sound; send numbers, full scale is 1")]
    NoNumber {
        /// The chunk's number.
        chunk: u32,
        /// Which of its samples, from 0.
        sample: u32,
        /// What it is.
        value: f32,
    },
    /// A message of an error that is a book.
    #[error("a message of {bytes} bytes is announced; send 65536 or fewer")]
    LongMessage {
        /// Its length.
        bytes: u32,
    },
}
