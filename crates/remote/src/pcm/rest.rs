//! The settings of the enhancement over plain HTTP, and tracks by their words, for programs that have no console.

use std::sync::Arc;

use airdesk_station::tracks::Search;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Delivery;
use super::settings::{Enhancement, intensity, preset};

/// Tracks in one answer at the most.
const TRACKS_MAX: u32 = 200;

/// `GET /api/player/enhancement/status`
pub(super) async fn status(State(delivery): State<Arc<Delivery>>) -> Response {
    answer(delivery.stored().effective())
}

/// `POST /api/player/enhancement/toggle`: `{"enabled": true}`
pub(super) async fn toggle(State(delivery): State<Arc<Delivery>>, body: Bytes) -> Response {
    match field(&body, "enabled").as_ref().and_then(Value::as_bool) {
        Some(enabled) => answer(delivery.set(|stored| stored.enabled = enabled)),
        None => refused("enabled must be true or false"),
    }
}

/// `POST /api/player/enhancement/preset`: `{"preset": "warm"}`
pub(super) async fn preset_for_all(State(delivery): State<Arc<Delivery>>, body: Bytes) -> Response {
    match field(&body, "preset").as_ref().and_then(preset) {
        Some(preset) => answer(delivery.set(|stored| stored.preset = Some(preset))),
        None => refused("preset must be adaptive, gentle, warm, bright or punchy"),
    }
}

/// `POST /api/player/enhancement/intensity`: `{"intensity": 0.5}`
pub(super) async fn intensity_for_all(State(delivery): State<Arc<Delivery>>, body: Bytes) -> Response {
    match field(&body, "intensity").as_ref().and_then(intensity) {
        Some(intensity) => answer(delivery.set(|stored| stored.intensity = Some(intensity))),
        None => refused("intensity must be a number from 0 to 1"),
    }
}

fn field(body: &[u8], name: &str) -> Option<Value> {
    serde_json::from_slice::<Value>(body)
        .ok()?
        .get_mut(name)
        .map(Value::take)
}

fn answer(now: Enhancement) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(now.to_json())).into_response()
}

fn refused(detail: &str) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": detail }))).into_response()
}

/// Which tracks are wanted.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    /// Their words.
    #[serde(default)]
    words: String,
    #[serde(default)]
    offset: u32,
    limit: Option<u32>,
}

/// `GET /api/tracks?words=…`: as the console finds them.
pub(super) async fn tracks(State(delivery): State<Arc<Delivery>>, Query(wanted): Query<Wanted>) -> Response {
    let file = delivery.station.tracks().clone();
    let read = tokio::task::spawn_blocking(move || {
        file.open()?.search(&Search {
            words: wanted.words,
            offset: wanted.offset,
            limit: wanted.limit.unwrap_or(TRACKS_MAX).min(TRACKS_MAX),
        })
    });
    match read.await.expect("reading does not panic") {
        Ok(page) => {
            let page = json!({ "tracks": page.tracks, "total": page.total });
            ([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response()
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}
