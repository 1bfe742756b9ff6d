//! The title over plain HTTP, for programs that set nothing else: what `setTitle` does over the WebSocket.

use airdesk_station::StationHandle;
use airdesk_station::api::{AudioCommand, CommandError, ErrorCode};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

/// `POST /api/title`: answered as a command is, with [`airdesk_station::api::Reply`] or [`CommandError`].
pub(crate) async fn set(State(station): State<StationHandle>, body: Bytes) -> Response {
    let done = match command(&body) {
        Ok(command) => station.send(command).await,
        Err(refused) => Err(refused),
    };
    let answer = match done {
        Ok(reply) => Json(reply).into_response(),
        Err(error) => (status(error.code), Json(error)).into_response(),
    };
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

/// The same fields as `setTitle` has, and no others.
fn command(body: &[u8]) -> Result<AudioCommand, CommandError> {
    let invalid = |message| CommandError {
        code: ErrorCode::Invalid,
        message,
    };
    let mut fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        invalid(format!(
            "this is not a title as JSON: {error}; it looks like {{\"title\": \"Waltz\", \"artist\": \"Ada\"}}"
        ))
    })?;
    if fields.insert("type".into(), "setTitle".into()).is_some() {
        return Err(invalid("a title has no \"type\"; leave it out".into()));
    }
    AudioCommand::read(Value::Object(fields))
}

pub(crate) fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    }
}
