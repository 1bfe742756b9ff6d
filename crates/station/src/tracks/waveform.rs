//! What a file looks like: the lowest and the highest sample of each of 1024 columns. Reckoned once by decoding all of the file, and kept
//! in the library for as long as the file has the size and the time that it had. Blocks; never on the station's thread.

use std::fs;
use std::path::Path;

use airdesk_dsp::Frame;
use airdesk_outputs::black_box::priority;
use airdesk_sources::decode::{DecodeError, Decoder};
use rusqlite::{Connection, OptionalExtension, params};

use super::reading::TrackFile;
use super::scan::time_of;
use crate::api::Waveform;

/// Columns of a waveform.
pub(super) const COLUMNS: usize = 1024;
/// While the length is not known, twice as many pieces of equal length are kept; when they are full, each two become one.
const PIECES: usize = 2 * COLUMNS;
/// Frames of the first pieces.
const PIECE: u64 = 64;
/// Frames read at once.
const STEP: usize = 4096;
/// A file of which nobody waits for the end, seconds.
const SECONDS_MAX: u64 = 86_400;
/// Waveforms that are kept, 2 KB each; those that were not looked at for longest go first.
const KEPT_MAX: i64 = 20_000;

/// The lowest and the highest sample of a piece.
type Span = (f32, f32);

/// A file's waveform, as it is kept or else reckoned, on a thread that steps behind everybody else.
///
/// # Errors
/// A sentence, when the file cannot be decoded.
pub(super) fn waveform(library: &TrackFile, path: &str) -> Result<Waveform, String> {
    priority::lower();
    let metadata = fs::metadata(path).map_err(|error| format!("{path} cannot be opened: {error}; make it readable"))?;
    let stamp = (i64::try_from(metadata.len()).unwrap_or(i64::MAX), time_of(&metadata));
    // What cannot be kept can still be seen.
    let reader = library.open().ok();
    if let Some(peaks) = reader.and_then(|reader| kept(reader.connection(), path, stamp).ok().flatten()) {
        return Ok(Waveform { peaks });
    }
    let peaks = reckon(Path::new(path)).map_err(|error| error.to_string())?;
    let keeping = library
        .open_to_write()
        .map(|writer| keep(&writer.connection, path, stamp, &peaks));
    if !matches!(keeping, Ok(Ok(()))) {
        tracing::debug!("the waveform of {path} was not kept: {keeping:?}");
    }
    Ok(Waveform { peaks })
}

fn kept(connection: &Connection, path: &str, (size, modified): (i64, i64)) -> rusqlite::Result<Option<Vec<i8>>> {
    let sql = "SELECT peaks FROM waveforms WHERE path = ?1 AND size = ?2 AND modified = ?3";
    let peaks: Option<Vec<u8>> = connection
        .query_row(sql, params![path, size, modified], |row| row.get(0))
        .optional()?;
    let whole = peaks.filter(|peaks| peaks.len() == 2 * COLUMNS);
    Ok(whole.map(|peaks| peaks.into_iter().map(|byte| byte as i8).collect()))
}

fn keep(connection: &Connection, path: &str, (size, modified): (i64, i64), peaks: &[i8]) -> rusqlite::Result<()> {
    let bytes: Vec<u8> = peaks.iter().map(|peak| *peak as u8).collect();
    let used = jiff::Timestamp::now().as_microsecond();
    let sql = "INSERT OR REPLACE INTO waveforms (path, size, modified, used, peaks) VALUES (?1, ?2, ?3, ?4, ?5)";
    connection.execute(sql, params![path, size, modified, used, bytes])?;
    let sql = "DELETE FROM waveforms WHERE path IN (SELECT path FROM waveforms ORDER BY used DESC LIMIT -1 OFFSET ?1)";
    connection.execute(sql, [KEPT_MAX])?;
    Ok(())
}

/// Decodes all of a file.
fn reckon(path: &Path) -> Result<Vec<i8>, DecodeError> {
    let mut decoder = Decoder::open(path)?;
    let longest = SECONDS_MAX * u64::from(decoder.rate().hz());
    let said = decoder.frames().unwrap_or_default().min(longest);
    let mut pieces = Pieces::default();
    let mut step: Vec<Frame> = vec![[0.0; 2]; STEP];
    while pieces.frames < longest {
        let count = decoder.read(&mut step)?;
        step[..count].iter().for_each(|frame| pieces.add(*frame));
        if count < STEP {
            break;
        }
    }
    // A file that was cut off is as long as it says, as on the deck.
    let frames = said.max(pieces.frames);
    Ok(pieces.columns(frames))
}

/// What was read, in pieces of equal length.
struct Pieces {
    whole: Vec<Span>,
    /// Frames of each.
    length: u64,
    /// The piece at hand, and its frames.
    open: Span,
    filled: u64,
    frames: u64,
}

impl Default for Pieces {
    fn default() -> Self {
        Self {
            whole: Vec::with_capacity(PIECES),
            length: PIECE,
            open: NOTHING,
            filled: 0,
            frames: 0,
        }
    }
}

const NOTHING: Span = (f32::INFINITY, f32::NEG_INFINITY);

fn both(a: Span, b: Span) -> Span {
    (a.0.min(b.0), a.1.max(b.1))
}

impl Pieces {
    fn add(&mut self, [left, right]: Frame) {
        self.open = both(self.open, (left.min(right), left.max(right)));
        self.filled += 1;
        self.frames += 1;
        if self.filled == self.length {
            self.whole.push(std::mem::replace(&mut self.open, NOTHING));
            self.filled = 0;
            if self.whole.len() == PIECES {
                self.whole = self.whole.chunks(2).map(|two| both(two[0], two[1])).collect();
                self.length *= 2;
            }
        }
    }

    /// The columns of a file of so many frames; what was not read is silent.
    fn columns(mut self, frames: u64) -> Vec<i8> {
        if self.filled > 0 {
            self.whole.push(self.open);
        }
        let column = |column: usize| {
            let at = |column: usize| frames * column as u64 / COLUMNS as u64 / self.length;
            let (from, to) = (
                at(column) as usize,
                (at(column + 1) as usize).max(at(column) as usize + 1),
            );
            let pieces = self.whole.get(from..to.min(self.whole.len())).unwrap_or_default();
            let (low, high) = pieces.iter().copied().fold(NOTHING, both);
            if low > high {
                [0, 0]
            } else {
                [eighth(low), eighth(high)]
            }
        };
        (0..COLUMNS).flat_map(column).collect()
    }
}

/// A sample in eight bits. What is not a number is silent, what is over full scale is full scale.
fn eighth(sample: f32) -> i8 {
    (sample.clamp(-1.0, 1.0) * 127.0).round() as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waveform of frames in which the left side is this at each.
    fn of(frames: u64, said: u64, left: impl Fn(u64) -> f32) -> Vec<[i8; 2]> {
        let mut pieces = Pieces::default();
        (0..frames).for_each(|frame| pieces.add([left(frame), 0.0]));
        let columns = pieces.columns(said);
        columns.chunks(2).map(|column| [column[0], column[1]]).collect()
    }

    #[test]
    fn each_column_has_the_lowest_and_the_highest_sample_of_its_part() {
        for frames in [65_536, 500_000, 3_000_000] {
            // A step up in the middle, and one sample that is low.
            let low = frames / 4 + 7;
            let columns = of(frames, frames, |frame| match frame {
                frame if frame == low => -1.0,
                frame if frame >= frames / 2 => 0.5,
                _ => 0.0,
            });
            assert_eq!(columns.len(), COLUMNS);
            let at = (low as usize * COLUMNS) / frames as usize;
            assert!(
                columns[at - 1..=at + 1].contains(&[-127, 0]),
                "{frames}: {:?}",
                &columns[at - 1..=at + 1]
            );
            assert_eq!(columns.iter().filter(|column| column[0] == -127).count(), 1, "{frames}");
            assert!(columns[..510].iter().all(|column| column[1] == 0), "{frames}");
            assert!(columns[514..].iter().all(|column| *column == [0, 64]), "{frames}");
        }
    }

    #[test]
    fn short_cut_off_and_impossible_sounds_have_a_waveform_too() {
        assert_eq!(of(10, 10, |_| 1.0), [[0, 127]; COLUMNS]);
        assert_eq!(of(0, 0, |_| 1.0), [[0, 0]; COLUMNS]);
        let cut = of(100_000, 200_000, |_| 1.0);
        assert!(
            cut[..508].iter().all(|column| *column == [0, 127]) && cut[516..].iter().all(|column| *column == [0, 0])
        );
        assert_eq!(of(100_000, 100_000, |_| f32::NAN)[7], [0, 0]);
        assert_eq!(of(100_000, 100_000, |_| 5.0)[7], [0, 127]);
    }
}
