//! A broadcast as a listen-back sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use super::BroadcastState;
use super::titles::TitleDesk;
use crate::title::Title;

/// What listeners should hear at the moment. Clones are of the same broadcast, and keep nothing on air.
#[derive(Clone)]
pub struct OnAir {
    state: watch::Receiver<BroadcastState>,
    titles: TitleDesk,
    anew: Anew,
}

impl OnAir {
    pub(super) fn new(state: watch::Receiver<BroadcastState>, titles: TitleDesk, anew: Anew) -> Self {
        Self { state, titles, anew }
    }

    /// Since when the server takes the stream; `None` while it does not.
    pub fn since(&self) -> Option<Instant> {
        match &*self.state.borrow() {
            BroadcastState::Live { since, .. } => Some(*since),
            BroadcastState::Off
            | BroadcastState::Connecting
            | BroadcastState::Retrying { .. }
            | BroadcastState::Failed { .. } => None,
        }
    }

    /// What listeners are to read.
    pub fn title(&self) -> Option<Title> {
        self.titles.title().0
    }

    /// Drops the connection and makes it anew, as after any outage: `reason` says what listeners hear.
    pub fn connect_anew(&self, reason: String) {
        self.anew.ask(reason);
    }
}

/// The wish for a new connection, and why.
#[derive(Clone, Default)]
pub(super) struct Anew(Arc<Mutex<Option<String>>>);

impl Anew {
    fn ask(&self, reason: String) {
        // A text, replaced whole: a panic elsewhere leaves nothing half done.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// The wish, once.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
