//! The listener mounts: what any player opens, and what "go live" needs when there is no server.

use airdesk_station::{JoinError, Mount, StationHandle};
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::door::Visitor;

/// `GET` of any mount.
pub(crate) async fn listen(
    State(station): State<StationHandle>,
    ConnectInfo(visitor): ConnectInfo<Visitor>,
    uri: Uri,
    asked: HeaderMap,
) -> Response {
    let Some(mount) = Mount::ALL.into_iter().find(|mount| mount.path() == uri.path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
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
    visitor.listens();
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
