//! How long the timeline is kept: the oldest entries go, some hundred at a time, so that neither the disk nor a reader waits.

use rusqlite::Connection;

const DAY: i64 = 24 * 3_600 * 1_000_000;
/// So many go at once.
const STEP: i64 = 500;

/// What is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Days.
    pub(super) days: i64,
    /// Entries.
    pub(super) entries: i64,
    /// Bytes of the whole library that are in use.
    pub(super) bytes: i64,
    /// Entries that stay even so: what takes the room may be tracks.
    pub(super) stay: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            days: 400,
            entries: 2_000_000,
            bytes: 1_000_000_000,
            stay: 100_000,
        }
    }
}

/// What a round has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pruned {
    /// All that is there may stay.
    Enough,
    /// There is more to go at once.
    More,
}

/// Lets the oldest entries go that are too many, and then those that are too old at `now` (microseconds since 1970, UTC).
/// How old an entry is, is counted from its desk's start: that was put right when the wall clock was. Of those that are too old
/// one step goes in each round and no more, because a clock that is years ahead must not cost the whole timeline.
pub(super) fn prune(connection: &Connection, limits: &Limits, now: i64) -> rusqlite::Result<Pruned> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    let (Some(first), Some(last)) = (
        number("SELECT min(number) FROM timeline")?,
        number("SELECT max(number) FROM timeline")?,
    ) else {
        return Ok(Pruned::Enough);
    };
    let pages = number("PRAGMA page_count")?.unwrap_or_default() - number("PRAGMA freelist_count")?.unwrap_or_default();
    let bytes = pages * number("PRAGMA page_size")?.unwrap_or_default();
    let entries = last - first + 1;
    let too_many = entries - limits.entries;
    let too_large = bytes > limits.bytes && entries > limits.stay;
    if too_many > 0 || too_large {
        let goes = if too_large { STEP } else { too_many.min(STEP) };
        connection.execute("DELETE FROM timeline WHERE number < ?1", [first + goes])?;
        return Ok(Pruned::More);
    }
    connection.execute(
        "DELETE FROM timeline WHERE number IN (
            SELECT number FROM (SELECT number, desk, seconds FROM timeline ORDER BY number LIMIT ?1)
            JOIN desks USING (desk) WHERE began + seconds * 1e6 < ?2)",
        [STEP, now - limits.days * DAY],
    )?;
    connection.execute(
        "DELETE FROM desks WHERE desk < (SELECT desk FROM timeline ORDER BY number LIMIT 1) AND ended = 1",
        [],
    )?;
    Ok(Pruned::Enough)
}
