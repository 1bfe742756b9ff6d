//! Pictures of tracks and of what is on decks, read from the files themselves. Who asks names a number, never a path.

use std::path::{Path as FilePath, PathBuf};

use airdesk_station::api::ItemId;
use airdesk_station::{StationHandle, StripId, tracks};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

/// So many files are open for their pictures at the most: a disk that hangs must not use up threads.
static TURNS: Semaphore = Semaphore::const_new(4);

/// `GET /api/tracks/{id}/cover`
pub(crate) async fn of_track(State(station): State<StationHandle>, Path(id): Path<u64>) -> Response {
    match station.track(id).await {
        Ok(Some(track)) if track.cover && !track.gone => picture(track.path.into()).await,
        Ok(_) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// `GET /api/decks/{strip}/{item}/cover`
pub(crate) async fn of_item(
    State(station): State<StationHandle>,
    Path((strip, item)): Path<(StripId, ItemId)>,
) -> Response {
    match station.item_path(strip, item).await {
        Ok(Some(path)) => picture(path).await,
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

async fn picture(path: PathBuf) -> Response {
    let Ok(turn) = TURNS.try_acquire() else {
        let busy = "many pictures are being read, or a disk hangs; try again in a moment";
        return (StatusCode::SERVICE_UNAVAILABLE, busy).into_response();
    };
    let read = tokio::task::spawn_blocking(move || {
        let cover = tracks::cover(FilePath::new(&path));
        drop(turn);
        cover
    });
    match read.await {
        // A file may change: it is asked again, an hour later.
        Ok(Ok(Some(cover))) => (
            [
                (header::CONTENT_TYPE, cover.media_type),
                (header::CACHE_CONTROL, "private, max-age=3600"),
            ],
            cover.bytes,
        )
            .into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
