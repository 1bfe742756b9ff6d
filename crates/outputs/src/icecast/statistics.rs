//! What a server counts of a stream, as it tells everyone.

/// A server's own figures about a stream. What it does not tell is absent, not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Listeners now.
    pub listeners: Option<u32>,
    /// The most listeners at once.
    pub listeners_peak: Option<u32>,
    /// The server's name and version, like "Icecast 2.4.4".
    pub server: Option<String>,
    /// The stream's bit rate, kbit/s.
    pub bit_rate: Option<u32>,
    /// The stream's content type.
    pub content_type: Option<String>,
}
