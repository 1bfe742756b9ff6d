//! The library's rows: folders, and tracks with the words by which they are found. Blocks for as long as the disk does.

use std::fs;
use std::path::{Component, Path, PathBuf};

use airdesk_sources::decode::Decoder;
use rusqlite::{Connection, OptionalExtension, params};

use super::cover::is_shown;
use super::fold::fold;
use crate::api::LibraryFolder;
use crate::library::LibraryError;

/// Folders that a library may have.
const FOLDERS_MAX: usize = 64;

/// Why a folder cannot be in the library.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// It is no path from the root.
    #[error("\"{0}\" is no whole path; name the folder from the root")]
    Relative(String),
    /// Its name cannot be written down.
    #[error("the name of {} is not in Unicode; rename it", .0.display())]
    NotUnicode(PathBuf),
    /// It is not there, or is no folder.
    #[error("{} is no folder that can be read: {source}; name one that is there", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is in a folder of the library.
    #[error("{path} is in the library already, with {within}")]
    Within {
        /// The folder.
        path: String,
        /// The one that holds it.
        within: String,
    },
    /// It is not in the library.
    #[error("{0} is no folder of the library; choose one that is listed")]
    Unknown(String),
    /// There are too many.
    #[error("a library has {FOLDERS_MAX} folders at most; take one out first, or add a folder that holds several")]
    TooMany,
    /// The library cannot be written.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

/// What a file says, as a row of the library.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) size: i64,
    /// Microseconds since 1970, UTC; -1: read it again.
    pub(super) modified: i64,
    pub(super) title: String,
    pub(super) artist: String,
    pub(super) album: String,
    pub(super) number: Option<u32>,
    pub(super) seconds: Option<f64>,
    pub(super) rate: Option<u32>,
    pub(super) channels: Option<u16>,
    pub(super) codec: Option<&'static str>,
    pub(super) gain: Option<f32>,
    pub(super) cover: bool,
    pub(super) fault: Option<String>,
}

impl Row {
    /// A file of which nothing is known but its name.
    pub(super) fn named(path: &str, size: i64, modified: i64) -> Self {
        Self {
            path: path.to_owned(),
            size,
            modified,
            title: stem(path).to_owned(),
            ..Self::default()
        }
    }

    /// What a file says about itself.
    pub(super) fn take(&mut self, mut decoder: Decoder) {
        let tags = decoder.tags().clone();
        if let Some(title) = tags.title {
            self.title = title;
        }
        self.artist = tags.artist.unwrap_or_default();
        self.album = tags.album.unwrap_or_default();
        self.number = tags.track_number;
        self.gain = tags.replay_gain.track_db.or(tags.replay_gain.album_db);
        let rate = decoder.rate().hz();
        self.seconds = decoder.frames().map(|frames| frames as f64 / f64::from(rate));
        self.rate = Some(rate);
        self.channels = decoder.coding().channels;
        self.codec = Some(decoder.coding().codec);
        self.cover = decoder.cover().is_some_and(|cover| is_shown(&cover));
    }

    /// What it is listed by: who performs it, where it appeared, its place there, its title. Who says nothing about himself is listed
    /// by his name.
    fn place(&self) -> String {
        let number = self.number.unwrap_or_default().min(99_999);
        let by = if self.artist.is_empty() {
            String::new()
        } else {
            format!("{}\u{1}{}\u{1}{number:05}\u{1}", fold(&self.artist), fold(&self.album))
        };
        format!("{by}{}\u{1}{}", fold(&self.title), self.path)
    }
}

/// The name of a file without its ending.
pub(super) fn stem(path: &str) -> &str {
    let stem = Path::new(path).file_stem();
    stem.and_then(|stem| stem.to_str()).unwrap_or(path)
}

/// A track as a scan finds it.
pub(super) struct Known {
    pub(super) track: i64,
    pub(super) size: i64,
    pub(super) modified: i64,
    pub(super) gone: bool,
    pub(super) fault: Option<String>,
}

/// What is known of a file.
pub(super) fn known(connection: &Connection, path: &str) -> rusqlite::Result<Option<Known>> {
    let sql = "SELECT track, size, modified, gone, fault FROM tracks WHERE path = ?1";
    let mut rows = connection.prepare(sql)?;
    let known = rows.query_row([path], |row| {
        Ok(Known {
            track: row.get(0)?,
            size: row.get(1)?,
            modified: row.get(2)?,
            gone: row.get(3)?,
            fault: row.get(4)?,
        })
    });
    known.optional()
}

/// Writes what a file says. It keeps the number that its path has. Returns that.
pub(super) fn put(connection: &Connection, row: &Row) -> rusqlite::Result<i64> {
    let sql = "INSERT INTO tracks
        (path, size, modified, title, artist, album, seconds, rate, channels, codec, gain, cover, fault, gone, place)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?14)
        ON CONFLICT (path) DO UPDATE SET size = ?2, modified = ?3, title = ?4, artist = ?5, album = ?6, seconds = ?7,
        rate = ?8, channels = ?9, codec = ?10, gain = ?11, cover = ?12, fault = ?13, gone = 0, place = ?14
        RETURNING track";
    let track: i64 = connection.prepare(sql)?.query_row(
        params![
            row.path,
            row.size,
            row.modified,
            row.title,
            row.artist,
            row.album,
            row.seconds,
            row.rate,
            row.channels,
            row.codec,
            row.gain,
            row.cover,
            row.fault,
            row.place(),
        ],
        |row| row.get(0),
    )?;
    index(connection, track, [&row.title, &row.artist, &row.album, &row.path])?;
    Ok(track)
}

/// Has a track found by its words.
fn index(connection: &Connection, track: i64, [title, artist, album, path]: [&str; 4]) -> rusqlite::Result<()> {
    forget_words(connection, track)?;
    let sql = "INSERT INTO words (rowid, title, artist, album, file) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut words = connection.prepare(sql)?;
    words.execute(params![track, fold(title), fold(artist), fold(album), fold(stem(path))])?;
    Ok(())
}

fn forget_words(connection: &Connection, track: i64) -> rusqlite::Result<()> {
    let mut words = connection.prepare("DELETE FROM words WHERE rowid = ?1")?;
    words.execute([track]).map(drop)
}

/// A track is not where it was. It keeps its number.
pub(super) fn lose(connection: &Connection, track: i64) -> rusqlite::Result<()> {
    let mut gone = connection.prepare("UPDATE tracks SET gone = 1 WHERE track = ?1")?;
    gone.execute([track])?;
    forget_words(connection, track)
}

/// A track is back as it was.
pub(super) fn find_again(connection: &Connection, track: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE tracks SET gone = 0 WHERE track = ?1 RETURNING title, artist, album, path";
    let texts: [String; 4] = connection
        .prepare(sql)?
        .query_row([track], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
    index(connection, track, texts.each_ref().map(String::as_str))
}

/// The paths of all folders, in order.
pub(super) fn folder_paths(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut rows = connection.prepare("SELECT path FROM folders ORDER BY path")?;
    let paths = rows.query_map([], |row| row.get(0))?;
    paths.collect()
}

/// All folders, with how many tracks are in each.
pub(super) fn folders(connection: &Connection) -> rusqlite::Result<Vec<LibraryFolder>> {
    let mut counts = connection.prepare("SELECT count(*) FROM tracks WHERE gone = 0 AND path > ?1 AND path < ?2")?;
    let paths = folder_paths(connection)?;
    let folders = paths.into_iter().map(|path| {
        let (from, to) = bounds(&path);
        let tracks = counts.query_row([from, to], |row| row.get(0))?;
        Ok(LibraryFolder { path, tracks })
    });
    folders.collect()
}

/// All paths in a folder are between these two.
fn bounds(folder: &str) -> (String, String) {
    let mut from = folder.to_owned();
    if !from.ends_with(std::path::is_separator) {
        from.push(std::path::MAIN_SEPARATOR);
    }
    let mut to = from.clone();
    // The letter behind the separator's.
    to.pop();
    to.push(if std::path::MAIN_SEPARATOR == '/' { '0' } else { ']' });
    (from, to)
}

/// Adds a folder, in place of those that are in it. Returns its path as it is listed.
///
/// # Errors
/// When it is none, or the library has it already.
pub(super) fn add_folder(connection: &mut Connection, library: &Path, path: &str) -> Result<String, FolderError> {
    let path = whole(path)?;
    fs::read_dir(&path).map_err(|source| FolderError::Unreadable {
        path: PathBuf::from(&path),
        source,
    })?;
    let told = |error| LibraryError::of(library, error);
    let change = connection.transaction().map_err(told)?;
    let mut listed = folder_paths(&change).map_err(told)?;
    if let Some(within) = listed.iter().find(|listed| Path::new(&path).starts_with(listed)) {
        let within = within.clone();
        return Err(FolderError::Within { path, within });
    }
    listed.retain(|listed| Path::new(listed).starts_with(&path));
    for inner in &listed {
        change
            .execute("DELETE FROM folders WHERE path = ?1", [inner])
            .map_err(told)?;
    }
    let sql = "INSERT INTO folders (path) SELECT ?1 WHERE (SELECT count(*) FROM folders) < ?2";
    let added = change.execute(sql, params![path, FOLDERS_MAX as i64]).map_err(told)?;
    if added == 0 {
        return Err(FolderError::TooMany);
    }
    change.commit().map_err(told)?;
    Ok(path)
}

/// Takes a folder out. Its tracks are gone, and keep their numbers and plays.
///
/// # Errors
/// When it is not in the library.
pub(super) fn remove_folder(connection: &mut Connection, library: &Path, path: &str) -> Result<(), FolderError> {
    let told = |error| LibraryError::of(library, error);
    let change = connection.transaction().map_err(told)?;
    let sql = "DELETE FROM folders WHERE path = ?1";
    if change.execute(sql, [path]).map_err(told)? == 0 {
        return Err(FolderError::Unknown(path.to_owned()));
    }
    let (from, to) = bounds(path);
    for sql in [
        "DELETE FROM words WHERE rowid IN (SELECT track FROM tracks WHERE gone = 0 AND path > ?1 AND path < ?2)",
        "UPDATE tracks SET gone = 1 WHERE gone = 0 AND path > ?1 AND path < ?2",
    ] {
        change.execute(sql, [&from, &to]).map_err(told)?;
    }
    change.commit().map_err(told)?;
    Ok(())
}

/// A path from the root, without what does not name anything.
fn whole(text: &str) -> Result<String, FolderError> {
    let path = Path::new(text.trim());
    if !path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
        return Err(FolderError::Relative(text.to_owned()));
    }
    let path: PathBuf = path.components().collect();
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| FolderError::NotUnicode(path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_folder_is_between_its_bounds_and_nothing_else_is() {
        let (from, to) = bounds("/music");
        let within = |path: &str| path > from.as_str() && path < to.as_str();
        for path in ["/music/a.mp3", "/music/ü/b.mp3", "/music/\u{10ffff}"] {
            assert!(within(path), "{path}");
        }
        for path in ["/music", "/music2/a.mp3", "/music.old/a.mp3", "/musi/a.mp3"] {
            assert!(!within(path), "{path}");
        }
        assert_eq!(bounds("/").0, "/");
    }
}
