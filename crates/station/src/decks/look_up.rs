//! What files say about themselves, read where a disk may be waited for.

use std::path::{Path, PathBuf};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::StripId;
use airdesk_sources::deck::{Fault, Medium, Opener};
use airdesk_sources::decode::{Converted, DecodeError, Decoder, Tags, at_desk_rate};
use airdesk_sources::playlist::{Listed, is_playlist, read as read_playlist};

use super::commands::item_path;
use crate::api::{Event, ItemId, Severity};
use crate::readers::read_each;
use crate::station::{Core, Internal};
use crate::tracks::is_shown;

/// Hosts are told of a long list when so many were looked up, and twice as many, and so on: each time they get the whole of it.
const SHOWN_FIRST: usize = 50;

/// What helpers have read for a deck.
pub(crate) enum DeckFinding {
    /// What a file says about itself.
    File(FileFinding),
    /// What playlists list.
    Playlists(PlaylistFinding),
}

pub(crate) struct PlaylistFinding {
    strip: StripId,
    paths: Vec<String>,
    before: Option<ItemId>,
    /// What could not be taken, in sentences.
    faults: Vec<String>,
}

pub(crate) struct FileFinding {
    strip: StripId,
    item: ItemId,
    result: Result<About, DecodeError>,
    /// No file waits behind it, or twice as many as before were looked up: hosts are told.
    is_shown: bool,
}

/// What a file says about itself.
pub(super) struct About {
    pub(super) seconds: Option<f64>,
    pub(super) tags: Tags,
    /// It has a picture.
    pub(super) cover: bool,
}

/// Opens a file for a deck.
pub(super) fn open(path: &str, rate: SampleRate) -> Opener {
    let path = PathBuf::from(path);
    Box::new(move || {
        let decoder = Decoder::open(&path)?;
        Ok(Box::new(OfFile(at_desk_rate(decoder, rate))) as Box<dyn Medium>)
    })
}

/// A file at the desk's rate.
struct OfFile(Converted);

impl Medium for OfFile {
    fn read(&mut self, out: &mut [Frame]) -> Result<usize, Fault> {
        self.0.read(out).map_err(Fault::from)
    }

    fn seek(&mut self, frame: u64) -> Result<(), Fault> {
        self.0.seek(frame).map_err(Fault::from)
    }

    fn frames(&self) -> Option<u64> {
        self.0.frames()
    }
}

fn read(path: &Path) -> Result<About, DecodeError> {
    let mut decoder = Decoder::open(path)?;
    let seconds = decoder
        .frames()
        .map(|frames| frames as f64 / f64::from(decoder.rate().hz()));
    Ok(About {
        seconds,
        tags: decoder.tags().clone(),
        cover: decoder.cover().is_some_and(|cover| is_shown(&cover)),
    })
}

/// The files that these paths stand for, and what is none.
fn listed(paths: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut files, mut faults) = (Vec::new(), Vec::new());
    for path in paths {
        if !is_playlist(Path::new(path)) {
            files.push(path.clone());
            continue;
        }
        match read_playlist(Path::new(path)) {
            Ok(entries) => {
                let (mut addresses, mut no_paths) = (0, 0);
                for entry in entries {
                    match entry {
                        Listed::File(file) => {
                            let file = file.to_string_lossy().into_owned();
                            if item_path(&file).is_ok() {
                                files.push(file);
                            } else {
                                no_paths += 1;
                            }
                        }
                        Listed::Address(_) => addresses += 1,
                    }
                }
                if no_paths > 0 {
                    faults.push(format!(
                        "{no_paths} of what {path} lists are no paths of files; the others are on the playlist"
                    ));
                }
                if addresses > 0 {
                    faults.push(format!(
                        "{addresses} of what {path} lists are addresses on a network, which a deck does not play; feed a strip from them"
                    ));
                }
            }
            Err(error) => faults.push(error.to_string()),
        }
    }
    (files, faults)
}

impl Core {
    /// Reads what these files say about themselves, on other threads.
    pub(super) fn look_up(&self, strip: StripId, files: Vec<(ItemId, PathBuf)>) {
        let internal = self.internal.clone();
        let mut next = SHOWN_FIRST;
        let shown = files.into_iter().enumerate().map(move |(n, file)| {
            let is_shown = n + 1 == next;
            next = if is_shown { next * 2 } else { next };
            (file, is_shown)
        });
        let look = |((item, path), is_shown): ((ItemId, PathBuf), bool)| (item, read(&path), is_shown);
        read_each(shown, look, move |(item, result, is_shown), is_last| {
            let finding = FileFinding {
                strip,
                item,
                result,
                is_shown: is_shown || is_last,
            };
            internal.send(Internal::Deck(DeckFinding::File(finding))).is_ok()
        });
    }

    /// Reads playlists among these paths, on another thread: what they list is added in their place.
    pub(super) fn read_playlists(&self, strip: StripId, paths: Vec<String>, before: Option<ItemId>) {
        let internal = self.internal.clone();
        tokio::task::spawn_blocking(move || {
            let (paths, faults) = listed(&paths);
            let finding = PlaylistFinding {
                strip,
                paths,
                before,
                faults,
            };
            // The station may have ended meanwhile.
            let _ = internal.send(Internal::Deck(DeckFinding::Playlists(finding)));
        });
    }

    pub(crate) fn hear_of_files(&mut self, finding: DeckFinding) {
        match finding {
            DeckFinding::File(finding) => self.hear_of_file(finding),
            DeckFinding::Playlists(finding) => self.hear_of_playlists(&finding),
        }
    }

    fn hear_of_playlists(&mut self, finding: &PlaylistFinding) {
        for fault in &finding.faults {
            self.notice(Severity::Warning, fault.clone());
        }
        // Before which they were to be may be gone by now.
        let there = self
            .decks
            .desk(finding.strip)
            .is_ok_and(|desk| finding.before.is_some_and(|id| desk.place(id).is_some()));
        let before = finding.before.filter(|_| there);
        match self.add_files(finding.strip, &finding.paths, before) {
            Ok(()) => self.touch(),
            Err(error) => self.notice(Severity::Error, error.message),
        }
    }

    fn hear_of_file(&mut self, finding: FileFinding) {
        let Ok(desk) = self.decks.desk(finding.strip) else {
            return;
        };
        match finding.result {
            Ok(about) => desk.found(finding.item, &about),
            Err(error) => {
                desk.broke(finding.item, &error.into()); // it stands in the playlist
            }
        }
        if finding.is_shown {
            let state = desk.state();
            self.tell(Event::Deck(Box::new(state)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_in_a_playlist_keeps_none_of_the_others_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let playlist = folder.path().join("show.m3u");
        let text = format!("a.mp3\nfile://host\n{}\nb.mp3\nhttp://radio/live\n", "x".repeat(5_000));
        std::fs::write(&playlist, text).expect("written");
        let (files, faults) = listed(&[playlist.display().to_string()]);
        let expected = ["a.mp3", "b.mp3"].map(|name| folder.path().join(name).display().to_string());
        assert_eq!(files, expected);
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("2 of what"), "{faults:?}");
    }
}
