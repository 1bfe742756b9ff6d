//! Reading the track library, beside a desk that writes it or while none runs. Blocks for as long as the disk does; never on the
//! station's thread.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row};

use super::search::{Search, find};
use super::store;
use super::writing::TrackWriter;
use crate::api::{LibraryFolder, Play, Track};
use crate::library::{self, LibraryError};
use crate::timeline::written;

const COLUMNS: &str = "track, path, title, artist, album, seconds, rate, channels, codec, gain, cover, fault, gone,
    (SELECT count(*) FROM plays WHERE plays.path = tracks.path)";

/// Some tracks, in the order in which they are listed: who performs them, where they appeared, their place there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackPage {
    /// The tracks.
    pub tracks: Vec<Track>,
    /// How many there are in all.
    pub total: u32,
}

/// Some plays, the newest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlayPage {
    /// The plays.
    pub plays: Vec<Play>,
    /// The `before` to go on with; `None`: that was all.
    pub older: Option<u64>,
}

/// The file that the track library is in. Cheap to clone; every reading opens it.
#[derive(Debug, Clone)]
pub struct TrackFile {
    path: PathBuf,
}

/// The track library, open to be read.
pub struct TrackReader {
    connection: Connection,
    path: PathBuf,
}

impl TrackFile {
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
    pub fn open(&self) -> Result<TrackReader, LibraryError> {
        Ok(TrackReader {
            connection: library::open_to_read(&self.path)?,
            path: self.path.clone(),
        })
    }

    /// Opens it to add and remove folders and to scan, as a desk does. It is made when it is missing.
    ///
    /// # Errors
    /// When it cannot be written. One that is broken is left for a desk to set aside.
    pub fn open_to_write(&self) -> Result<TrackWriter, LibraryError> {
        Ok(TrackWriter {
            connection: library::open_as_it_is(&self.path)?,
            path: self.path.clone(),
        })
    }
}

impl TrackReader {
    /// A track by its number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn track(&self, id: u64) -> Result<Option<Track>, LibraryError> {
        let Ok(id) = i64::try_from(id) else { return Ok(None) };
        self.told(read_all(&self.connection, &[id]).map(|mut tracks| tracks.pop()))
    }

    /// Some of the tracks that are there, by their words.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn search(&self, search: &Search) -> Result<TrackPage, LibraryError> {
        let page = || {
            let (found, total) = find(&self.connection, search)?;
            let tracks = read_all(&self.connection, &found)?;
            Ok(TrackPage { tracks, total })
        };
        self.told(page())
    }

    /// What decks have played before this one, the newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn plays(&self, before: Option<u64>, limit: u32) -> Result<PlayPage, LibraryError> {
        self.told(plays(&self.connection, before, limit as usize))
    }

    /// The folders, and how many tracks there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn folders(&self) -> Result<(Vec<LibraryFolder>, u32), LibraryError> {
        let total = "SELECT count(*) FROM tracks WHERE gone = 0";
        let total = self.connection.query_row(total, [], |row| row.get(0));
        let folders = store::folders(&self.connection);
        self.told(folders.and_then(|folders| Ok((folders, total?))))
    }

    /// For who keeps something of his own in the library.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn told<T>(&self, result: rusqlite::Result<T>) -> Result<T, LibraryError> {
        result.map_err(|error| LibraryError::of(&self.path, error))
    }
}

/// These tracks, but for what is not there any more.
fn read_all(connection: &Connection, ids: &[i64]) -> rusqlite::Result<Vec<Track>> {
    let mut row = connection.prepare(&format!("SELECT {COLUMNS} FROM tracks WHERE track = ?1"))?;
    let mut last = connection.prepare("SELECT began, east FROM plays WHERE path = ?1 ORDER BY began DESC LIMIT 1")?;
    let mut tracks = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(mut track) = row.query_row([id], read).optional()? else {
            continue;
        };
        let last = last.query_row([&track.path], |row| Ok((row.get(0)?, row.get(1)?)));
        track.last_played = last.optional()?.map(|(began, east)| written(began, east));
        tracks.push(track);
    }
    Ok(tracks)
}

fn read(row: &Row) -> rusqlite::Result<Track> {
    Ok(Track {
        id: row.get::<_, i64>(0)? as u64,
        path: row.get(1)?,
        title: row.get(2)?,
        artist: row.get(3)?,
        album: row.get(4)?,
        seconds: row.get(5)?,
        rate: row.get(6)?,
        channels: row.get(7)?,
        codec: row.get(8)?,
        gain: row.get(9)?,
        cover: row.get(10)?,
        fault: row.get(11)?,
        gone: row.get(12)?,
        last_played: None,
        plays: row.get(13)?,
    })
}

fn plays(connection: &Connection, before: Option<u64>, limit: usize) -> rusqlite::Result<PlayPage> {
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let mut rows = connection.prepare(
        "SELECT play, plays.path, track, began, east, plays.seconds, strip, plays.title, plays.artist
         FROM plays LEFT JOIN tracks ON tracks.path = plays.path WHERE play < ?1 ORDER BY play DESC LIMIT ?2",
    )?;
    let more = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1; // one more tells whether there is more
    let rows = rows.query_map([before, more], |row| {
        Ok(Play {
            id: row.get::<_, i64>(0)? as u64,
            path: row.get(1)?,
            track: row.get::<_, Option<i64>>(2)?.map(|track| track as u64),
            began: written(row.get(3)?, row.get(4)?),
            seconds: row.get(5)?,
            strip: row.get(6)?,
            title: row.get(7)?,
            artist: row.get(8)?,
        })
    })?;
    let mut plays: Vec<Play> = rows.collect::<Result<_, _>>()?;
    let is_all = plays.len() <= limit;
    plays.truncate(limit);
    Ok(PlayPage {
        older: plays.last().filter(|_| !is_all).map(|play| play.id),
        plays,
    })
}
