//! The transports of our own: see [`crate::icecast`] and [`crate::shoutcast`].

use std::sync::Arc;

use super::{Line, TitleSender, Transport};
use crate::icecast::{Patience, Protocol, Secret, Source, SourceError, SourceSettings, StatusPage, TitleClient};
use crate::shoutcast;
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
        let connect = match self.settings.protocol {
            Protocol::Icecast => Source::connect,
            Protocol::Shoutcast { .. } => shoutcast::connect,
        };
        Ok(Box::new(connect(&self.settings, &self.secret, patience)?))
    }

    fn title_sender(&self) -> Arc<dyn TitleSender> {
        let client = TitleClient::new(self.settings.clone(), self.secret.clone());
        if self.settings.encoder.codec.carries_titles() {
            Arc::new(InStream(client))
        } else {
            Arc::new(client)
        }
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

    fn page(&self) -> Option<StatusPage> {
        Source::page(self)
    }
}

impl TitleSender for TitleClient {
    fn deliver(&self, title: &Title, patience: &Patience) -> Result<(), SourceError> {
        self.set(title, patience)
    }

    fn read(&self, patience: &Patience) -> Result<Option<String>, SourceError> {
        TitleClient::read(self, patience)
    }
}

/// Titles that the stream itself carries: there is nothing to deliver beside it.
pub(super) struct InStream(pub(super) TitleClient);

impl TitleSender for InStream {
    fn deliver(&self, _title: &Title, _patience: &Patience) -> Result<(), SourceError> {
        Ok(())
    }

    fn read(&self, patience: &Patience) -> Result<Option<String>, SourceError> {
        self.0.read(patience)
    }
}
