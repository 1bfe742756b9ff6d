//! What carries a stream to a server.

use std::sync::Arc;

use crate::icecast::{Patience, SourceError};
use crate::title::Title;

/// A way to a server, as often as needed.
pub trait Transport: Send {
    /// Makes the server take a stream. Blocks for some seconds at most.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    fn connect(&mut self, patience: &Patience) -> Result<Box<dyn Line>, SourceError>;

    /// What delivers titles beside the stream; `None` when the format carries them in it.
    fn title_sender(&self) -> Option<Arc<dyn TitleSender>>;
}

/// A stream that a server has accepted. No call waits.
pub trait Line: Send {
    /// Sends the beginning of `bytes`, as much as there is room for.
    ///
    /// # Errors
    /// When the connection broke.
    fn send(&mut self, bytes: &[u8]) -> Result<usize, SourceError>;

    /// Bytes that were sent and not acknowledged.
    fn under_way(&self) -> u64;

    /// Looks whether the server is there and takes the stream; `waiting` says that there is more to send.
    /// Returns the bytes it has acknowledged.
    ///
    /// # Errors
    /// When the connection broke or stands still.
    fn check(&mut self, waiting: bool) -> Result<u64, SourceError>;
}

/// Delivers titles. Called on a thread of its own, while live.
pub trait TitleSender: Send + Sync {
    /// Delivers one. Blocks for some seconds at most.
    ///
    /// # Errors
    /// When the server does not take it.
    fn deliver(&self, title: &Title, patience: &Patience) -> Result<(), SourceError>;
}
