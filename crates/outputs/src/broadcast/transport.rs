//! What carries a stream to a server.

use std::sync::Arc;

use crate::icecast::{Patience, SourceError, StatusPage};
use crate::title::Title;

/// A way to a server, as often as needed.
pub trait Transport: Send {
    /// Makes the server take a stream. Blocks for some seconds at most.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    fn connect(&mut self, patience: &Patience) -> Result<Box<dyn Line>, SourceError>;

    /// What delivers titles, and reads them back.
    fn title_sender(&self) -> Arc<dyn TitleSender>;
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

    /// What the server last showed everyone about the stream, where the transport looks.
    fn page(&self) -> Option<StatusPage> {
        None
    }
}

/// Delivers titles, and reads them back. Called on a thread of its own, while live.
pub trait TitleSender: Send + Sync {
    /// Delivers one, unless the format carries titles in the stream. Blocks for some seconds at most.
    ///
    /// # Errors
    /// When the server does not take it.
    fn deliver(&self, title: &Title, patience: &Patience) -> Result<(), SourceError>;

    /// What a listener who comes now reads; `None` when there is no title. Blocks for some seconds at most.
    ///
    /// # Errors
    /// When the server cannot be reached or lets no listener in.
    fn read(&self, patience: &Patience) -> Result<Option<String>, SourceError>;
}
