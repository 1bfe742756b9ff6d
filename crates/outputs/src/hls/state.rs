//! What HLS is doing.

/// What HLS is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum HlsState {
    /// The first segment is on its way.
    Starting,
    /// Segments reach the folder.
    On {
        /// How many have, of all codecs.
        segments: u64,
        /// How many bytes.
        bytes: u64,
        /// Seconds of the programme that are missing from it, of any codec.
        seconds_lost: f64,
    },
    /// They do not. It is tried again every second.
    Fault {
        /// Why, and what to do about it.
        reason: String,
        /// Seconds of the programme that are missing from it, of any codec.
        seconds_lost: f64,
    },
}
