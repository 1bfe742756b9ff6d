//! HLS's folder, for players on this machine and for a web server that passes requests on.

use airdesk_station::StationHandle;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A playlist is another one soon; a segment never changes.
const SOON: &str = "no-cache";
const NEVER: &str = "public, max-age=3600, immutable";

/// `GET /hls/{file}`
pub(crate) async fn file(State(station): State<StationHandle>, Path(name): Path<String>) -> Response {
    let Some((content_type, cache)) = kind(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(folder) = station.hls_folder() else {
        return (StatusCode::NOT_FOUND, "HLS is off").into_response();
    };
    let path = folder.join(name);
    match tokio::task::spawn_blocking(move || std::fs::read(path)).await {
        Ok(Ok(bytes)) => (
            [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, cache)],
            bytes,
        )
            .into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Content type, and for how long it may be kept, of the names that HLS gives its files; nothing else is handed out.
fn kind(name: &str) -> Option<(&'static str, &'static str)> {
    let (stem, ending) = name.rsplit_once('.')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if stem.is_empty() || !stem.chars().all(is_plain) {
        return None;
    }
    match ending {
        "m3u8" => Some(("application/vnd.apple.mpegurl", SOON)),
        "m4s" | "mp4" => Some(("audio/mp4", NEVER)),
        "mp3" => Some(("audio/mpeg", NEVER)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_what_hls_writes_is_handed_out() {
        for name in ["master.m3u8", "opus-12.m4s", "opus-1a2b3c4d.mp4", "mp3-7.mp3"] {
            assert!(kind(name).is_some(), "{name}");
        }
        for name in [
            "../session.toml",
            ".opus-1.m4s.part",
            "a/b.m4s",
            "a\\b.m4s",
            "..m3u8",
            "notes.txt",
            "x",
            "é.mp3",
        ] {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
