//! A file's tags as Vorbis comments, for FLAC, Opus and Vorbis.

use super::{Mark, Opening};
use crate::encode::Comments;

/// All that is known when a file begins.
pub(super) fn comments(opening: &Opening) -> Comments {
    let tags = &opening.tags;
    let mut comments = Comments::default();
    comments.push("TITLE", &tags.title);
    comments.push("ARTIST", &tags.artist);
    comments.push("ALBUM", &tags.show);
    comments.push("COMMENT", &tags.source);
    if let Some(origin) = &opening.origin {
        comments.push("DATE", &format!("{}T{}", origin.date, origin.time));
    }
    comments
}

/// Adds a chapter, the `number`th from nought: where it begins, and its name (the form that matroska tools, VLC and
/// ffmpeg read).
pub(super) fn push_chapter(comments: &mut Comments, number: usize, mark: &Mark, rate: u32) {
    let ms = mark.frame * 1000 / u64::from(rate);
    let (s, m, h) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    comments.push(
        &format!("CHAPTER{number:03}"),
        &format!("{h:02}:{m:02}:{s:02}.{:03}", ms % 1000),
    );
    comments.push(&format!("CHAPTER{number:03}NAME"), mark.title.as_str());
}
