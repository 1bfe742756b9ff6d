//! What the window may ask: one command for all wishes, one for the whole desk, one for the levels, one for the answer
//! whether it is to close, and one for the timeline as a file.

use airdesk_station::StationHandle;
use airdesk_station::api::{AudioCommand, CommandError, Reply, Snapshot};
use serde_json::Value;
use tauri::{Runtime, State, WebviewWindow};

use crate::closing::Closing;
use crate::{MetersUrl, export};

/// Sends a wish to the station and answers with what came of it.
///
/// # Errors
/// When the station refuses it.
#[tauri::command]
pub async fn dispatch(station: State<'_, StationHandle>, command: Value) -> Result<Reply, CommandError> {
    // Read here and not by Tauri, whose refusal would be a sentence without a code.
    station.send(AudioCommand::read(command)?).await
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

/// Asks where to and writes the timeline there, as a table. Says where it is; nothing when the operator thought better of it.
///
/// # Errors
/// When it cannot be read or written.
#[tauri::command]
pub async fn save_timeline(station: State<'_, StationHandle>) -> Result<Option<String>, CommandError> {
    export::save(station.timeline().clone()).await
}

/// The operator's answer to whether the desk is to stop and the window to close.
#[tauri::command]
#[allow(clippy::needless_pass_by_value)] // Tauri hands state over by value
pub fn answer_closing<R: Runtime>(window: WebviewWindow<R>, closing: State<'_, Closing>, stop: bool) {
    closing.answer(&window, stop);
}
