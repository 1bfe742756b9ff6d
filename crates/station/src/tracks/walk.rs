//! The sound files in a folder and in its folders, one after the other: the memory that takes does not depend on how many there are.
//!
//! Links are not followed: what they lead to in the folder is found there, and what is elsewhere is not in the folder. So no way leads
//! in a circle, or out.

use std::ffi::OsStr;
use std::fs::{self, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

/// Endings of names of sound files.
const ENDINGS: [&str; 15] = [
    "mp3", "flac", "wav", "wave", "bwf", "aif", "aiff", "aifc", "ogg", "oga", "opus", "m4a", "mp4", "aac", "alac",
];
/// Folders in folders: deeper is nobody's music. Each that is open costs a file descriptor.
const DEPTH_MAX: usize = 64;

/// What is found on the way.
#[derive(Debug)]
pub(super) enum Found {
    /// A sound file, by its name.
    File(PathBuf),
    /// What is in this folder cannot be known, and why, in a sentence.
    Unread(PathBuf, String),
}

/// A way through a folder.
pub(super) struct Walk {
    open: Vec<(PathBuf, ReadDir)>,
    /// Why the folder itself cannot be read.
    unread: Option<Found>,
}

impl Walk {
    /// Begins at a folder, which may be a link itself. `None`: there is no such folder.
    pub(super) fn new(folder: &Path) -> Option<Self> {
        let (open, unread) = match fs::read_dir(folder) {
            Ok(entries) => (vec![(folder.to_owned(), entries)], None),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return None;
            }
            Err(error) => (Vec::new(), Some(unread(folder, &error))),
        };
        Some(Self { open, unread })
    }

    /// Goes into a folder, or says why not.
    fn enter(&mut self, folder: PathBuf) -> Option<Found> {
        if self.open.len() >= DEPTH_MAX {
            let why = format!(
                "{} is not looked into: there are {DEPTH_MAX} folders around it; add it by itself",
                folder.display()
            );
            return Some(Found::Unread(folder, why));
        }
        match fs::read_dir(&folder) {
            Ok(entries) => {
                self.open.push((folder, entries));
                None
            }
            // It was there a moment ago.
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(unread(&folder, &error)),
        }
    }
}

impl Iterator for Walk {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        if let Some(unread) = self.unread.take() {
            return Some(unread);
        }
        while let Some((folder, entries)) = self.open.last_mut() {
            let entry = match entries.next() {
                Some(Ok(entry)) => entry,
                Some(Err(error)) => {
                    let found = unread(folder, &error);
                    self.open.pop();
                    return Some(found);
                }
                None => {
                    self.open.pop();
                    continue;
                }
            };
            let name = entry.file_name();
            // What is hidden is no music: among it are the waste basket, and what a Mac puts beside each file.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            // That of the link, not of what it leads to.
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_file() && is_sound(&name) {
                return Some(Found::File(entry.path()));
            }
            if kind.is_dir()
                && let Some(unread) = self.enter(entry.path())
            {
                return Some(unread);
            }
        }
        None
    }
}

fn unread(folder: &Path, error: &io::Error) -> Found {
    let why = format!("{} cannot be read: {error}; make it readable", folder.display());
    Found::Unread(folder.to_owned(), why)
}

fn is_sound(name: &OsStr) -> bool {
    let ending = Path::new(name).extension().and_then(OsStr::to_str).unwrap_or_default();
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let walk = Walk::new(folder).expect("it is there");
        let mut names: Vec<String> = walk
            .map(|found| match found {
                Found::File(path) => path.strip_prefix(folder).expect("in it").to_string_lossy().into_owned(),
                Found::Unread(path, why) => panic!("{}: {why}", path.display()),
            })
            .collect();
        names.sort_unstable();
        names
    }

    #[cfg(unix)]
    #[test]
    fn sound_files_are_found_by_name_once_each_and_no_link_leads_out_or_round() {
        let (folder, elsewhere) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("a/b")).expect("made");
        fs::create_dir_all(at(".trash")).expect("made");
        for name in [
            "1.mp3",
            "a/2.FLAC",
            "a/b/3.Opus",
            "a/notes.txt",
            ".trash/4.mp3",
            "a/._2.mp3",
        ] {
            fs::write(at(name), "x").expect("written");
        }
        fs::write(elsewhere.path().join("5.mp3"), "x").expect("written");
        std::os::unix::fs::symlink(elsewhere.path(), at("out")).expect("a link");
        std::os::unix::fs::symlink(folder.path(), at("a/round")).expect("a link");
        std::os::unix::fs::symlink(at("1.mp3"), at("again.mp3")).expect("a link");
        let fifo = std::process::Command::new("mkfifo")
            .arg(at("pipe.mp3"))
            .status()
            .expect("run");
        assert!(fifo.success());
        assert_eq!(names(folder.path()), ["1.mp3", "a/2.FLAC", "a/b/3.Opus"]);
        let link = elsewhere.path().join("music");
        std::os::unix::fs::symlink(folder.path(), &link).expect("a link");
        assert_eq!(names(&link).len(), 3, "the folder itself may be a link");
        assert!(Walk::new(&at("none")).is_none() && Walk::new(&at("1.mp3")).is_none());
    }

    #[test]
    fn what_is_too_deep_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep: PathBuf = std::iter::repeat_n("d", 70).collect();
        fs::create_dir_all(folder.path().join(&deep)).expect("made");
        let found: Vec<Found> = Walk::new(folder.path()).expect("it is there").collect();
        let [Found::Unread(path, why)] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(
            path.strip_prefix(folder.path()).expect("in it").components().count(),
            64
        );
        assert!(why.contains("64 folders"), "{why}");
    }
}
