//! What everyone may know of the listener mounts, in the words of Icecast's own status page: what reads that reads this.

use airdesk_station::{Mount, StationHandle};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// `GET /status-json.xsl`
pub(crate) async fn page(State(station): State<StationHandle>, asked: HeaderMap) -> Response {
    let hub = station.listeners();
    let (title, about) = (hub.title(), hub.introduction());
    let host = asked.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.unwrap_or("localhost");
    let mounts = hub.statistics();
    let open = mounts.iter().filter(|told| told.open_for.is_some());
    let sources: Vec<Value> = open
        .map(|told| {
            json!({
                "listenurl": format!("http://{host}{}", Mount::path(told.mount)),
                "server_type": told.encoder.codec.content_type(),
                "server_name": about.name,
                "server_description": about.description,
                "server_url": about.url,
                "genre": about.genre,
                "bitrate": told.encoder.byte_rate() / 125,
                "listeners": told.listeners,
                "listener_peak": told.peak,
                "slow_listeners": told.evicted,
                "total_bytes_sent": told.bytes_sent,
                "artist": title.artist().unwrap_or_default(),
                "title": title.name(),
                "yp_currently_playing": title.as_str(),
            })
        })
        .collect();
    let server = concat!("Airdesk ", env!("CARGO_PKG_VERSION"));
    let status = json!({ "icestats": { "server_id": server, "host": host, "source": sources } });
    ([(header::CACHE_CONTROL, "no-store")], Json(status)).into_response()
}
