//! The listener mounts: what any player opens, and what "go live" needs when there is no server.

use airdesk_station::{JoinError, Mount, StationHandle};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// `GET /live.mp3`
pub(crate) async fn mp3(State(station): State<StationHandle>, headers: HeaderMap) -> Response {
    listen(&station, Mount::Mp3, &headers)
}

/// `GET /live.opus`
pub(crate) async fn opus(State(station): State<StationHandle>, headers: HeaderMap) -> Response {
    listen(&station, Mount::Opus, &headers)
}

fn listen(station: &StationHandle, mount: Mount, asked: &HeaderMap) -> Response {
    let wants_titles = asked.get("icy-metadata").is_some_and(|value| value.as_bytes() == b"1");
    let feed = match station.listeners().join(mount, wants_titles) {
        Ok(feed) => feed,
        Err(error) => {
            let status = match error {
                JoinError::Closed => StatusCode::NOT_FOUND,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            return (status, error.to_string()).into_response();
        }
    };
    let mut headers = HeaderMap::new();
    for (name, value) in feed.headers() {
        // UTF-8, as Icecast sends it. A value that HTTP cannot carry is left out; the audio is not.
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (headers, Body::from_stream(feed.into_stream())).into_response()
}
