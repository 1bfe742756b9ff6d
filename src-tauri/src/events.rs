//! What the station says, passed on to the window.

use airdesk_station::StationHandle;
use airdesk_station::api::ServerMessage;
use tauri::{AppHandle, Emitter, Runtime};
use tokio::sync::broadcast::error::RecvError;

/// The event the console listens to.
const DESK: &str = "desk";

/// Passes events on until the station ends; after a lag, the whole desk.
pub(crate) fn forward<R: Runtime>(app: AppHandle<R>, station: StationHandle) {
    tauri::async_runtime::spawn(async move {
        let mut events = station.events();
        loop {
            let message = match events.recv().await {
                Ok(event) => ServerMessage::Event { event: Box::new(event) },
                Err(RecvError::Lagged(_)) => match station.snapshot().await {
                    Ok(snapshot) => ServerMessage::Snapshot {
                        snapshot: Box::new(snapshot),
                    },
                    Err(_) => return,
                },
                Err(RecvError::Closed) => return,
            };
            if let Err(error) = app.emit(DESK, &message) {
                tracing::warn!("the window did not take an event: {error}");
            }
        }
    });
}
