//! The library's tables, version by version. A version that was ever released is never changed: what comes next is a
//! step of its own at the end.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::LibraryError;

/// What leads from each version to the next, from nothing on.
const STEPS: [&str; 2] = [
    // 1: the timeline. Times are microseconds since 1970 in UTC, `east` the offset in seconds. Of a desk, `began` is put right
    // for as long as it runs: by then the wall clock may have been set.
    "CREATE TABLE desks (
        desk INTEGER PRIMARY KEY AUTOINCREMENT,
        session TEXT NOT NULL,
        began INTEGER NOT NULL,
        seen INTEGER NOT NULL,
        east INTEGER NOT NULL,
        ended INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX desks_running ON desks (session) WHERE ended = 0;
    CREATE TABLE timeline (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        desk INTEGER NOT NULL,
        utc INTEGER NOT NULL,
        east INTEGER NOT NULL,
        seconds REAL NOT NULL,
        frame INTEGER NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        cause TEXT,
        position INTEGER,
        happening TEXT NOT NULL
    ) STRICT;
    CREATE INDEX timeline_kind ON timeline (kind, number);
    CREATE INDEX timeline_utc ON timeline (utc);",
    // 2: tracks and what was played. A track is a file of a folder; it keeps its number for ever, also while it is `gone`, with the
    // disk that it is on. `modified` and `began` are microseconds since 1970 in UTC; -1: it could not be read, and is read again. `place`
    // is what tracks are listed by. Plays and waveforms go by paths: decks play files that are in no folder, too.
    "CREATE TABLE folders (
        path TEXT PRIMARY KEY
    ) STRICT;
    CREATE TABLE tracks (
        track INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL UNIQUE,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        title TEXT NOT NULL,
        artist TEXT NOT NULL,
        album TEXT NOT NULL,
        seconds REAL,
        rate INTEGER,
        channels INTEGER,
        codec TEXT,
        gain REAL,
        cover INTEGER NOT NULL,
        fault TEXT,
        gone INTEGER NOT NULL DEFAULT 0,
        place TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tracks_place ON tracks (place) WHERE gone = 0;
    CREATE INDEX tracks_there ON tracks (path) WHERE gone = 0;
    CREATE VIRTUAL TABLE words USING fts5 (
        title, artist, album, file,
        content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TABLE plays (
        play INTEGER PRIMARY KEY AUTOINCREMENT,
        path TEXT NOT NULL,
        began INTEGER NOT NULL,
        east INTEGER NOT NULL,
        seconds REAL NOT NULL,
        strip TEXT NOT NULL,
        title TEXT NOT NULL,
        artist TEXT NOT NULL
    ) STRICT;
    CREATE INDEX plays_path ON plays (path, began);
    CREATE TABLE waveforms (
        path TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        used INTEGER NOT NULL,
        peaks BLOB NOT NULL
    ) STRICT;",
];

/// What the first version was made of.
#[cfg(test)]
pub(super) fn first() -> &'static str {
    STEPS[0]
}

/// The newest version.
pub(super) const VERSION: i64 = STEPS.len() as i64;

fn version(connection: &Connection, path: &Path) -> Result<i64, LibraryError> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(|error| LibraryError::of(path, error))
}

/// Refuses a library that a newer Airdesk has made.
pub(super) fn check_newer(connection: &Connection, path: &Path) -> Result<(), LibraryError> {
    let version = version(connection, path)?;
    if version > VERSION {
        return Err(LibraryError::Newer {
            path: path.to_owned(),
            version,
            known: VERSION,
        });
    }
    Ok(())
}

/// Refuses a library that cannot be read as it is.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), LibraryError> {
    check_newer(connection, path)?;
    if version(connection, path)? < VERSION {
        return Err(LibraryError::Older { path: path.to_owned() });
    }
    Ok(())
}

/// Brings a library up to date, as a whole or not at all. Another desk may be doing the same.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), LibraryError> {
    if version(connection, path)? == VERSION {
        return Ok(());
    }
    let told = |error| LibraryError::of(path, error);
    let step = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(told)?;
    let from = usize::try_from(version(&step, path)?).unwrap_or_default();
    for sql in STEPS.iter().skip(from) {
        step.execute_batch(sql).map_err(told)?;
    }
    step.execute_batch(&format!("PRAGMA user_version = {VERSION}"))
        .map_err(told)?;
    step.commit().map_err(told)
}
