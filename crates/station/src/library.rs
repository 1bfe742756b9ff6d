//! The library: what a desk remembers beyond its session, in one SQLite database beside it.
//!
//! Opened by whoever may wait for a disk, never by the station's own thread. Every table has its place in
//! [`schema`]; what cannot be used is set aside under another name and never deleted.

mod error;
mod schema;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Zoned;
use rusqlite::{Connection, OpenFlags};

pub use error::{LibraryError, Recovery};

/// The database's name in the folder for data.
pub(crate) const FILE: &str = "library.sqlite3";
/// Two desks may share a library: so long one waits for the other.
const BUSY_LIMIT: Duration = Duration::from_secs(2);
/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// A library that can be written, and what was set aside to have it.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// A sentence for the operator.
    pub(crate) warning: Option<String>,
}

/// Opens the library to write, made when it is missing. One that is broken, or that a newer Airdesk has made, is set aside.
///
/// # Errors
/// When the folder or the file cannot be used.
pub(crate) fn open(path: &Path) -> Result<Opened, LibraryError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| LibraryError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    let _lock = lock(path);
    match connect(path) {
        Err(error) if error.recovery() == Recovery::SetAside => anew(path, &error),
        opened => Ok(Opened {
            connection: opened?,
            warning: None,
        }),
    }
}

/// Opens the library to write beside a desk: nothing is set aside.
///
/// # Errors
/// When the folder or the file cannot be used, or it is broken or of a newer Airdesk.
pub(crate) fn open_as_it_is(path: &Path) -> Result<Connection, LibraryError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| LibraryError::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    let _lock = lock(path);
    let connection = connect(path)?;
    // Who writes many rows at once has room for them.
    connection
        .execute_batch("PRAGMA cache_size = -4096")
        .map_err(|error| LibraryError::of(path, error))?;
    Ok(connection)
}

/// Sets a library aside that turned out to be broken while it was written, and begins a new one. Nobody has it open any more.
///
/// # Errors
/// When the folder cannot be used.
pub(crate) fn begin_anew(path: &Path, why: &LibraryError) -> Result<Opened, LibraryError> {
    let _lock = lock(path);
    anew(path, why)
}

fn anew(path: &Path, why: &LibraryError) -> Result<Opened, LibraryError> {
    let aside = set_aside(path, why)?;
    Ok(Opened {
        connection: connect(path)?,
        warning: Some(format!(
            "{why}; it is kept as {}, and a new one was begun",
            aside.display()
        )),
    })
}

/// Keeps another desk from setting aside what this one has just made. Where no lock can be made there is none.
fn lock(path: &Path) -> Option<fs::File> {
    let file = fs::File::create(path.with_extension("lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Opens the library to read, beside a desk that may be writing.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, LibraryError> {
    if !path.exists() {
        return Err(LibraryError::Missing { path: path.to_owned() });
    }
    let told = |error| LibraryError::of(path, error);
    // What a killed desk has left beside the file is read only by who may write there; who may not sees what he can.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(told)?;
    connection.busy_timeout(BUSY_LIMIT).map_err(told)?;
    connection.execute_batch("PRAGMA query_only = 1").map_err(told)?;
    schema::check(&connection, path)?;
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, LibraryError> {
    let told = |error| LibraryError::of(path, error);
    let mut connection = Connection::open(path).map_err(told)?;
    connection.busy_timeout(BUSY_LIMIT).map_err(told)?;
    // In order: what is no database, or a newer one, must be found before anything in it is changed.
    schema::check_newer(&connection, path)?;
    // What a commit has given to the system outlives the process; the system gives it to the disk every few megabytes.
    // After a power cut the database is whole, and may lack its newest entries.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304; \
             PRAGMA cache_size = -512",
        )
        .map_err(told)?;
    schema::migrate(&mut connection, path)?;
    Ok(connection)
}

/// Gives a library that cannot be used another name.
///
/// # Errors
/// When it cannot be renamed.
fn set_aside(path: &Path, why: &LibraryError) -> Result<PathBuf, LibraryError> {
    let word = if matches!(why, LibraryError::Newer { .. }) {
        "newer"
    } else {
        "broken"
    };
    let stamp = Zoned::now().strftime("%Y%m%d-%H%M%S").to_string();
    let free = (0..1_000)
        .map(|nth| match nth {
            0 => path.with_extension(format!("{word}-{stamp}.sqlite3")),
            nth => path.with_extension(format!("{word}-{stamp}-{nth}.sqlite3")),
        })
        .find(|aside| !aside.exists());
    let Some(aside) = free else {
        return Err(LibraryError::Broken {
            path: path.to_owned(),
            reason: "too many are set aside already; move them elsewhere".into(),
        });
    };
    for companion in COMPANIONS {
        match fs::rename(beside(path, companion), beside(&aside, companion)) {
            Err(source) if companion.is_empty() => {
                return Err(LibraryError::Folder {
                    path: path.to_owned(),
                    source,
                });
            }
            // There may be no such file; the database alone is most of it.
            _ => {}
        }
    }
    Ok(aside)
}

fn beside(path: &Path, companion: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(companion);
    name.into()
}
