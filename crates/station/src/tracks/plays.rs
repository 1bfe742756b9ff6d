//! What decks have played, as the scribe writes it.

use rusqlite::{Connection, params};

/// Plays that are kept: twenty years of a station that plays three minutes each.
const PLAYS_MAX: i64 = 4_000_000;

/// A deck has begun to sound an item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlayBegun {
    pub(crate) path: String,
    /// The name of the deck's strip.
    pub(crate) strip: String,
    pub(crate) title: String,
    pub(crate) artist: String,
}

/// Writes that something has begun, at this time (microseconds since 1970 in UTC, seconds of offset). Returns its number.
pub(crate) fn begin(pages: &Connection, play: &PlayBegun, utc: i64, east: i32) -> rusqlite::Result<i64> {
    pages.execute(
        "INSERT INTO plays (path, began, east, seconds, strip, title, artist) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)",
        params![play.path, utc, east, play.strip, play.title, play.artist],
    )?;
    let number = pages.last_insert_rowid();
    pages.execute("DELETE FROM plays WHERE play <= ?1", [number - PLAYS_MAX])?;
    Ok(number)
}

/// More of it was heard: so many seconds by now.
pub(crate) fn grow(pages: &Connection, number: i64, seconds: f64) -> rusqlite::Result<()> {
    let mut plays = pages.prepare("UPDATE plays SET seconds = ?2 WHERE play = ?1")?;
    plays.execute(params![number, seconds]).map(drop)
}
