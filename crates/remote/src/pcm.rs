//! PCM delivery: programs and pages that play tracks of the library as samples over a WebSocket, plain or enhanced.
//!
//! The protocol is that of an existing product, whose clients work here unchanged. Its settings are kept for as long as the desk
//! runs, in [`Delivery`], for all connections; files are read and decoded on threads of their own, one for each stream, ten at
//! the most. No client names a path: a track's number leads to its file.

mod connection;
mod geometry;
mod heartbeat;
mod limits;
mod message;
mod monitor;
mod outbox;
mod rest;
mod settings;
mod stream;
mod tell;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use airdesk_station::StationHandle;
use airdesk_station::delivery::Loudnesses;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::sync::{Semaphore, broadcast, watch};

use self::limits::AddressLimits;
use self::settings::{Enhancement, Stored};
use crate::control::MESSAGE_BYTES;
use crate::guard::Guard;

/// How many streams there are at once, unless told otherwise.
const STREAMS: usize = 10;
const STREAMS_VARIABLE: &str = "AIRDESK_MAX_CONCURRENT_STREAMS";
/// Changes of the settings that a connection has not been told yet.
const CHANGES_KEPT: usize = 64;

/// Counts what is streamed, from 1, for as long as the program runs.
static EPOCHS: AtomicU64 = AtomicU64::new(0);

/// What all connections share.
pub(crate) struct Delivery {
    station: StationHandle,
    guard: Guard,
    stored: watch::Sender<Stored>,
    changes: broadcast::Sender<Enhancement>,
    addresses: Mutex<AddressLimits>,
    slots: Arc<Semaphore>,
    loudness: Arc<Loudnesses>,
}

impl Delivery {
    fn new(station: StationHandle, guard: Guard) -> Self {
        Self {
            station,
            guard,
            stored: watch::Sender::new(Stored::default()),
            changes: broadcast::channel(CHANGES_KEPT).0,
            addresses: Mutex::default(),
            slots: Arc::new(Semaphore::new(streams_max())),
            loudness: Arc::default(),
        }
    }

    /// What is set for all.
    fn stored(&self) -> Stored {
        *self.stored.borrow()
    }

    /// Changes what is set for all, and tells every connection.
    fn set(&self, change: impl FnOnce(&mut Stored)) -> Enhancement {
        self.stored.send_modify(change);
        let now = self.stored().effective();
        // Nobody may be connected.
        let _ = self.changes.send(now);
        now
    }

    /// Remembers what a client has chosen, for those who choose nothing.
    fn keep(&self, chosen: Enhancement) {
        self.stored.send_modify(|stored| {
            (stored.preset, stored.intensity) = (Some(chosen.preset), Some(chosen.intensity));
        });
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, AddressLimits> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of the next stream.
fn next_epoch() -> u64 {
    // Relaxed: only the number counts.
    EPOCHS.fetch_add(1, Ordering::Relaxed) + 1
}

fn streams_max() -> usize {
    let Ok(told) = std::env::var(STREAMS_VARIABLE) else {
        return STREAMS;
    };
    match told.parse() {
        Ok(count @ 1..=1000) => count,
        _ => {
            tracing::warn!("{STREAMS_VARIABLE} is no number from 1 to 1000; {STREAMS} streams are allowed");
            STREAMS
        }
    }
}

/// What is served of it.
pub(crate) fn router(station: StationHandle, guard: Guard) -> Router {
    Router::new()
        .route("/ws", get(connection::open))
        .route("/monitor", get(monitor::open))
        .route("/api/tracks", get(rest::tracks))
        .route("/api/player/enhancement/status", get(rest::status))
        .route("/api/player/enhancement/toggle", post(rest::toggle))
        .route("/api/player/enhancement/preset", post(rest::preset_for_all))
        .route("/api/player/enhancement/intensity", post(rest::intensity_for_all))
        .layer(DefaultBodyLimit::max(MESSAGE_BYTES))
        .with_state(Arc::new(Delivery::new(station, guard)))
}
