//! The timeline's rows, as the scribe writes them.

use rusqlite::{Connection, params};

use super::super::watch::{Stamp, written};
use super::Draft;
use crate::api::{Happening, TimelineEntry};

impl Draft {
    pub(super) fn of_the_desk(stamp: Stamp, happening: Happening) -> Self {
        Self {
            serial: 0,
            stamp,
            frame: 0,
            subject: "desk".into(),
            cause: None,
            position: None,
            happening,
        }
    }
}

/// Enters a desk that has just been started, after those before it that were never stopped: nobody else has its session.
pub(super) fn enter(pages: &Connection, session: &str, now: &Stamp) -> rusqlite::Result<(i64, Vec<TimelineEntry>)> {
    let mut killed =
        pages.prepare("SELECT desk, seen, east FROM desks WHERE session = ?1 AND ended = 0 ORDER BY desk")?;
    let killed: Vec<(i64, i64, i32)> = killed
        .query_map([session], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    pages.execute(
        "INSERT INTO desks (session, began, seen, east) VALUES (?1, ?2, ?3, ?4)",
        params![session, now.began(), now.utc, now.east],
    )?;
    let desk = pages.last_insert_rowid();
    let mut entries = Vec::new();
    for (killed, seen, east) in killed {
        let seen = written(seen, east);
        entries.push(insert(
            pages,
            desk,
            &Draft::of_the_desk(*now, Happening::DeskKilled { seen }),
        )?);
        pages.execute("UPDATE desks SET ended = 1 WHERE desk = ?1", [killed])?;
    }
    Ok((desk, entries))
}

pub(super) fn insert(pages: &Connection, desk: i64, draft: &Draft) -> rusqlite::Result<TimelineEntry> {
    let Draft { stamp, happening, .. } = draft;
    pages.execute(
        "INSERT INTO timeline (desk, utc, east, seconds, frame, kind, subject, cause, position, happening)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            desk,
            stamp.utc,
            stamp.east,
            stamp.since_start.as_secs_f64(),
            draft.frame as i64,
            happening.kind().to_string(),
            draft.subject,
            draft.cause,
            draft.position.map(|position| position as i64),
            kept(happening),
        ],
    )?;
    Ok(TimelineEntry {
        number: pages.last_insert_rowid() as u64,
        desk: desk as u64,
        time: written(stamp.utc, stamp.east),
        seconds: stamp.since_start.as_secs_f64(),
        frame: draft.frame,
        subject: draft.subject.clone(),
        cause: draft.cause.clone(),
        position: draft.position,
        text: happening.words(&draft.subject),
        happening: happening.clone(),
    })
}

/// What happened as it is kept.
fn kept(happening: &Happening) -> String {
    serde_json::to_string(happening).expect("it is made of texts and numbers")
}

/// One entry has grown. `None`: it is gone.
pub(super) fn grow(pages: &Connection, number: i64, happening: &Happening) -> rusqlite::Result<Option<TimelineEntry>> {
    let sql = "UPDATE timeline SET happening = ?2 WHERE number = ?1";
    pages.execute(sql, params![number, kept(happening)])?;
    super::super::reading::one(pages, number)
}
