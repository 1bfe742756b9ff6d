//! The console's files, part of the program.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/dist/"]
#[allow_missing = true]
struct Files;

/// Serves one file; the console itself for `/`, the page that plays tracks and buses for `/listen`.
pub(crate) async fn file(uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        "listen" => "listen.html",
        path => path,
    };
    match Files::get(path) {
        Some(file) => {
            // Vite names its bundles by their content: those never change, the page may.
            let keep = if path.starts_with("assets/") {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            };
            let kind = file.metadata.mimetype().to_owned();
            (
                [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep.to_owned())],
                file.data,
            )
                .into_response()
        }
        None if path.ends_with(".html") => {
            let text = "the console is not part of this build; run `cargo xtask run`, which builds it";
            (StatusCode::NOT_FOUND, text).into_response()
        }
        None => (StatusCode::NOT_FOUND, "there is nothing here").into_response(),
    }
}
