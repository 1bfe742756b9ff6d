//! Reading the timeline, beside a desk that writes it or after one was killed. Blocks for as long as the disk does; never on the
//! station's thread.
//!
//! What a page costs does not depend on how much there is: entries are found by their number, kinds by an index, and a search
//! for words looks at a bounded number of entries before it says how far it has come.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row};

use super::watch::written;
use crate::api::{Happening, TimelineEntry, TimelineKind};
use crate::library::{self, LibraryError};

/// A search for words looks at so many entries for one page: half a second in a debug build on a busy machine.
const LOOKED_AT: usize = 20_000;

const COLUMNS: &str = "number, desk, utc, east, seconds, frame, subject, cause, position, happening";

/// Which way the entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// Only those with a higher number.
    pub after: Option<u64>,
    /// Only those with a lower number.
    pub before: Option<u64>,
    /// Only those since then by the wall clock, microseconds since 1970, UTC.
    pub since: Option<i64>,
    /// Only those before then.
    pub until: Option<i64>,
    /// Only these kinds; all when there are none.
    pub kinds: Vec<TimelineKind>,
    /// Only those that hold each of these words, in any case of letters.
    pub words: String,
    /// How many at the most.
    pub limit: usize,
    /// Which way.
    pub order: Order,
}

/// Some entries, in the order that was asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The entries; there may be none although there are more.
    pub entries: Vec<TimelineEntry>,
    /// Where to go on: the `before` or `after` of the next question. `None`: that was all.
    pub next: Option<u64>,
}

/// The file that the timeline is in. Cheap to clone; every reading opens it.
#[derive(Debug, Clone)]
pub struct TimelineFile {
    path: PathBuf,
}

/// The timeline, open to be read.
pub struct TimelineReader {
    connection: Connection,
    path: PathBuf,
}

impl TimelineFile {
    /// The one of desks whose data is in this folder.
    pub fn in_folder(data: &Path) -> Self {
        Self {
            path: data.join(library::FILE),
        }
    }

    /// The library's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(&self) -> Result<TimelineReader, LibraryError> {
        Ok(TimelineReader {
            connection: library::open_to_read(&self.path)?,
            path: self.path.clone(),
        })
    }
}

impl TimelineReader {
    /// One page.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, question: &Question) -> Result<Page, LibraryError> {
        page(&self.connection, question).map_err(|error| LibraryError::of(&self.path, error))
    }

    /// All that is wanted, page by page. `limit` is a page's.
    pub fn pages(&self, question: Question) -> impl Iterator<Item = Result<Vec<TimelineEntry>, LibraryError>> + '_ {
        let mut next = Some(question);
        std::iter::from_fn(move || {
            let question = next.take()?;
            let page = match self.read(&question) {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            };
            next = page.next.map(|number| match question.order {
                Order::NewestFirst => Question {
                    before: Some(number),
                    ..question
                },
                Order::OldestFirst => Question {
                    after: Some(number),
                    ..question
                },
            });
            Some(Ok(page.entries))
        })
    }

    /// The newest number there is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest(&self) -> Result<Option<u64>, LibraryError> {
        let sql = "SELECT max(number) FROM timeline";
        let newest: rusqlite::Result<Option<i64>> = self.connection.query_row(sql, [], |row| row.get(0));
        let newest = newest.map_err(|error| LibraryError::of(&self.path, error))?;
        Ok(newest.map(|number| number as u64))
    }
}

/// Numbers that a page can be within, both included.
struct Span {
    first: i64,
    last: i64,
}

fn page(connection: &Connection, question: &Question) -> rusqlite::Result<Page> {
    let Some(span) = span(connection, question)? else {
        return Ok(Page::default());
    };
    if question.kinds.is_empty() || !question.words.trim().is_empty() {
        look_through(connection, question, &span)
    } else {
        of_kinds(connection, question, &span)
    }
}

/// Where the page is, `None` when nothing can be on it. Within it the wall clock may have been set: some entries are of
/// another time.
fn span(connection: &Connection, question: &Question) -> rusqlite::Result<Option<Span>> {
    let number = |number: Option<u64>| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let mut span = Span {
        first: number(question.after).map_or(0, |after| after.saturating_add(1)),
        last: number(question.before).map_or(i64::MAX, |before| before - 1),
    };
    if question.since.is_some() || question.until.is_some() {
        let ends = connection.query_row(
            "SELECT min(number), max(number) FROM timeline WHERE utc >= ?1 AND utc < ?2",
            [question.since.unwrap_or(i64::MIN), question.until.unwrap_or(i64::MAX)],
            |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)),
        )?;
        let (Some(first), Some(last)) = ends else {
            return Ok(None);
        };
        span = Span {
            first: span.first.max(first),
            last: span.last.min(last),
        };
    }
    Ok((span.first <= span.last).then_some(span))
}

/// Looks at one entry after the other, until the page is full or it has looked at many.
fn look_through(connection: &Connection, question: &Question, span: &Span) -> rusqlite::Result<Page> {
    let order = sql_order(question);
    let mut rows = connection.prepare(&format!(
        "SELECT {COLUMNS} FROM timeline WHERE number BETWEEN ?1 AND ?2 ORDER BY number {order}"
    ))?;
    let mut rows = rows.query([span.first, span.last])?;
    let words: Vec<String> = question
        .words
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let (mut found, mut looked, mut last) = (Page::default(), 0, None);
    while let Some(row) = rows.next()? {
        if found.entries.len() >= question.limit || looked >= LOOKED_AT {
            found.next = last;
            break;
        }
        looked += 1;
        let (entry, utc) = read(row)?;
        last = Some(entry.number);
        if fits(&entry, utc, question) && holds(&entry, &words) {
            found.entries.push(entry);
        }
    }
    Ok(found)
}

/// Finds the entries of some kinds by their index.
fn of_kinds(connection: &Connection, question: &Question, span: &Span) -> rusqlite::Result<Page> {
    let order = sql_order(question);
    let mut of_kind = connection.prepare(&format!(
        "SELECT number FROM timeline WHERE kind = ?1 AND number BETWEEN ?2 AND ?3 ORDER BY number {order} LIMIT ?4"
    ))?;
    let limit = i64::try_from(question.limit).unwrap_or(i64::MAX - 1) + 1; // one more tells whether there is more
    let mut numbers = Vec::new();
    for kind in &question.kinds {
        let rows = of_kind.query_map((kind.to_string(), span.first, span.last, limit), |row| {
            row.get::<_, i64>(0)
        })?;
        for number in rows {
            numbers.push(number?);
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    if question.order == Order::NewestFirst {
        numbers.reverse();
    }
    let more = numbers.len() > question.limit;
    numbers.truncate(question.limit);
    let mut found = Page {
        next: numbers.last().filter(|_| more).map(|number| *number as u64),
        entries: Vec::new(),
    };
    for number in numbers {
        let entry = timed(connection, number)?.filter(|(entry, utc)| fits(entry, *utc, question));
        found.entries.extend(entry.map(|(entry, _)| entry));
    }
    Ok(found)
}

fn sql_order(question: &Question) -> &'static str {
    match question.order {
        Order::NewestFirst => "DESC",
        Order::OldestFirst => "ASC",
    }
}

fn fits(entry: &TimelineEntry, utc: i64, question: &Question) -> bool {
    question.since.is_none_or(|since| utc >= since)
        && question.until.is_none_or(|until| utc < until)
        && (question.kinds.is_empty() || question.kinds.contains(&entry.happening.kind()))
}

/// Whether every word is in it; they are in lower case.
fn holds(entry: &TimelineEntry, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let cause = entry.cause.as_deref().unwrap_or_default();
    let text = format!("{} {} {cause}", entry.text, entry.subject).to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// One entry by its number.
pub(super) fn one(connection: &Connection, number: i64) -> rusqlite::Result<Option<TimelineEntry>> {
    Ok(timed(connection, number)?.map(|(entry, _)| entry))
}

fn timed(connection: &Connection, number: i64) -> rusqlite::Result<Option<(TimelineEntry, i64)>> {
    let mut rows = connection.prepare(&format!("SELECT {COLUMNS} FROM timeline WHERE number = ?1"))?;
    let mut rows = rows.query([number])?;
    rows.next()?.map(read).transpose()
}

/// An entry, and when by the wall clock.
fn read(row: &Row) -> rusqlite::Result<(TimelineEntry, i64)> {
    let (utc, east): (i64, i32) = (row.get(2)?, row.get(3)?);
    let (subject, happening): (String, String) = (row.get(6)?, row.get(9)?);
    // What cannot be read, a newer Airdesk has written.
    let happening = serde_json::from_str(&happening).unwrap_or(Happening::Other);
    let entry = TimelineEntry {
        number: row.get::<_, i64>(0)? as u64,
        desk: row.get::<_, i64>(1)? as u64,
        time: written(utc, east),
        seconds: row.get(4)?,
        frame: row.get::<_, i64>(5)? as u64,
        cause: row.get(7)?,
        position: row.get::<_, Option<i64>>(8)?.map(|position| position as u64),
        text: happening.words(&subject),
        subject,
        happening,
    };
    Ok((entry, utc))
}
