//! The transport of our own: see [`crate::icecast`].

use std::sync::Arc;

use super::{Line, TitleSender, Transport};
use crate::icecast::{Patience, Secret, Source, SourceError, SourceSettings, TitleClient};
use crate::title::Title;

/// Streams by our own source client.
pub struct NativeTransport {
    settings: SourceSettings,
    secret: Secret,
}

impl NativeTransport {
    /// To the server that the settings name.
    pub fn new(settings: SourceSettings, secret: Secret) -> Self {
        Self { settings, secret }
    }
}

impl Transport for NativeTransport {
    fn connect(&mut self, patience: &Patience) -> Result<Box<dyn Line>, SourceError> {
        Ok(Box::new(Source::connect(&self.settings, &self.secret, patience)?))
    }

    fn title_sender(&self) -> Option<Arc<dyn TitleSender>> {
        (!self.settings.encoder.codec.carries_titles())
            .then(|| Arc::new(TitleClient::new(self.settings.clone(), self.secret.clone())) as _)
    }
}

impl Line for Source {
    fn send(&mut self, bytes: &[u8]) -> Result<usize, SourceError> {
        Source::send(self, bytes)
    }

    fn under_way(&self) -> u64 {
        Source::under_way(self)
    }

    fn check(&mut self, waiting: bool) -> Result<u64, SourceError> {
        Source::check(self, waiting)
    }
}

impl TitleSender for TitleClient {
    fn deliver(&self, title: &Title, patience: &Patience) -> Result<(), SourceError> {
        self.set(title, patience)
    }
}
