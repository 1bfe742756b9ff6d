//! What decks have played as a table to keep: a page at a time, as the timeline is.

use airdesk_station::tracks::{TrackFile, csv};
use airdesk_station::{LibraryError, StationHandle};
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// So many plays are read at once.
const PAGE: u32 = 1_000;

/// How far a client has come.
#[derive(Clone, Copy)]
enum Place {
    Beginning,
    Before(u64),
    End,
}

/// `GET /plays.csv`: everything that decks have played until now, the newest first.
pub(crate) async fn table(State(station): State<StationHandle>) -> Response {
    let file = station.tracks().clone();
    // The first page decides what is answered; afterwards a fault can only cut the table short.
    let (first, place) = match next(file.clone(), Place::Beginning).await {
        Ok(page) => page,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    };
    let pages = stream::try_unfold((Some(first), place), move |(page, place)| {
        let file = file.clone();
        async move {
            match (page, place) {
                (Some(page), place) => Ok(Some((page, (None, place)))),
                (None, Place::End) => Ok(None),
                (None, place) => {
                    let (page, place) = next(file, place).await?;
                    Ok::<_, LibraryError>(Some((page, (None, place))))
                }
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"airdesk-plays.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(pages)).into_response()
}

/// Reads one page on a thread that may wait for the disk.
async fn next(file: TrackFile, place: Place) -> Result<(String, Place), LibraryError> {
    let path = file.path().to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let (mut lines, before) = match place {
            Place::Beginning => (csv::HEADINGS.to_owned(), None),
            Place::Before(number) => (String::new(), Some(number)),
            Place::End => return Ok((String::new(), Place::End)),
        };
        let page = file.open()?.plays(before, PAGE)?;
        lines.extend(page.plays.iter().map(csv::line));
        Ok((lines, page.older.map_or(Place::End, Place::Before)))
    });
    read.await.unwrap_or_else(|broken| {
        let reason = broken.to_string();
        Err(LibraryError::Disk { path, reason })
    })
}
