//! What the window may ask: one command for all wishes, one for the whole desk, one for the levels.

use airdesk_station::StationHandle;
use airdesk_station::api::{AudioCommand, CommandError, Reply, Snapshot};
use tauri::State;

use crate::MetersUrl;

/// Sends a wish to the station and answers with what came of it.
///
/// # Errors
/// When the station refuses it.
#[tauri::command]
pub async fn dispatch(station: State<'_, StationHandle>, command: AudioCommand) -> Result<Reply, CommandError> {
    station.send(command).await
}

/// The whole desk as it is now.
///
/// # Errors
/// When the station has ended.
#[tauri::command]
pub async fn snapshot(station: State<'_, StationHandle>) -> Result<Snapshot, CommandError> {
    Ok(station.snapshot().await?)
}

/// Where the levels come from: a WebSocket on loopback, which costs half of what Tauri's own channels do.
#[tauri::command]
#[allow(clippy::needless_pass_by_value)] // Tauri hands state over by value
pub fn meters_url(url: State<'_, MetersUrl>) -> String {
    url.0.clone()
}
