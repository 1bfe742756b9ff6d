//! The timeline as a table to keep: a page at a time, read where it may block, for as long as the client takes it.

use airdesk_station::timeline::{Order, Question, TimelineFile, csv};
use airdesk_station::{LibraryError, StationHandle};
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// So many entries are read at once.
const PAGE: usize = 1_000;

/// How far a client has come.
struct Download {
    file: TimelineFile,
    /// The page to come; `None`: that was all.
    question: Option<Question>,
}

/// `GET /timeline.csv`: everything that has happened until now, the oldest first.
pub(crate) async fn table(State(station): State<StationHandle>) -> Response {
    let download = Download {
        file: station.timeline().clone(),
        question: Some(Question {
            limit: PAGE,
            order: Order::OldestFirst,
            ..Question::default()
        }),
    };
    // The first page decides what is answered; afterwards a fault can only cut the table short.
    let (first, rest) = match next(download, true).await {
        Ok(page) => page,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    };
    let pages = stream::try_unfold((Some(first), rest), async |(page, rest)| match page {
        Some(page) => Ok(Some((page, (None, rest)))),
        None if rest.question.is_none() => Ok(None),
        None => {
            let (page, rest) = next(rest, false).await?;
            Ok::<_, LibraryError>(Some((page, (None, rest))))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"airdesk-timeline.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(pages)).into_response()
}

/// Reads one page on a thread that may wait for the disk.
async fn next(mut download: Download, begins: bool) -> Result<(String, Download), LibraryError> {
    let read = tokio::task::spawn_blocking(move || {
        let reader = download.file.open()?;
        let mut lines = if begins {
            csv::HEADINGS.to_owned()
        } else {
            String::new()
        };
        if let Some(mut question) = download.question.take() {
            if begins {
                // What happens during the download belongs to the next one: this one has an end.
                question.before = reader.newest()?.map(|newest| newest + 1);
            }
            let page = reader.read(&question)?;
            lines.extend(page.entries.iter().map(csv::line));
            download.question = page.next.map(|after| Question {
                after: Some(after),
                ..question
            });
        }
        Ok((lines, download))
    });
    read.await.expect("reading does not panic")
}
