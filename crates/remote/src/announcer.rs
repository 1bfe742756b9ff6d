//! The announcer over plain HTTP, for programs that only want something said: what the command `announcer` does over the WebSocket.

use airdesk_station::StationHandle;
use airdesk_station::api::{AudioCommand, CommandError, ErrorCode};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::title::status;

/// `POST /api/announcer`: one of its commands, answered with [`airdesk_station::api::Reply`] or [`CommandError`].
pub(crate) async fn tell(State(station): State<StationHandle>, body: Bytes) -> Response {
    let command = serde_json::from_slice::<Value>(&body).map_err(|error| CommandError {
        code: ErrorCode::Invalid,
        message: format!(
            "this is no command as JSON: {error}; it looks like {{\"type\": \"say\", \"text\": \"Good evening\"}}"
        ),
    });
    let command = command.and_then(|command| AudioCommand::read(json!({ "type": "announcer", "command": command })));
    let done = match command {
        Ok(command) => station.send(command).await,
        Err(refused) => Err(refused),
    };
    let answer = match done {
        Ok(reply) => Json(reply).into_response(),
        Err(error) => (status(error.code), Json(error)).into_response(),
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
