//! Names of recordings: valid on every system, inside of their folder, and never one that is taken.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::title::{cut, one_line};

/// Bytes of a stem; with suffix and extension it stays under the 255 of common file systems.
const STEM_BYTES_MAX: usize = 200;

/// What Windows keeps for devices, with any ending.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// `stem` as a single path component, or `None` when nothing of it is left.
pub(crate) fn usable_stem(stem: &str) -> Option<String> {
    let refused = |c: char| matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let line: String = one_line(stem)
        .chars()
        .map(|c| if refused(c) { '_' } else { c })
        .collect();
    let stem = cut(&line, STEM_BYTES_MAX).trim_matches([' ', '.']);
    let device = stem.split('.').next().unwrap_or_default().trim().to_lowercase();
    let mark = if RESERVED.contains(&device.as_str()) { "_" } else { "" };
    (!stem.is_empty()).then(|| format!("{mark}{stem}"))
}

/// Makes the file that `names` says, below `folder`: folders, and a name that gets `extension`, or `-2` and so on before
/// it where that name, its gap log, its cue sheet or its note of being written is there already. Folders are made where they are missing.
///
/// # Errors
/// What the system says, and when a link leads out of `folder`.
pub(crate) fn create(folder: &Path, names: &[String], extension: &str) -> io::Result<(PathBuf, File)> {
    let (stem, folders) = names.split_last().ok_or(io::ErrorKind::InvalidInput)?;
    let inside = folders.iter().fold(folder.to_owned(), |path, name| path.join(name));
    fs::create_dir_all(&inside)?;
    if !inside.canonicalize()?.starts_with(folder.canonicalize()?) {
        let reason = format!("{} leads out of the folder of recordings", inside.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    for number in 1..10_000 {
        let name = if number == 1 {
            format!("{stem}.{extension}")
        } else {
            format!("{stem}-{number}.{extension}")
        };
        let path = inside.join(name);
        if [gap_log_path(&path), note_path(&path), cue_sheet_path(&path)]
            .iter()
            .any(|beside| beside.exists())
        {
            continue;
        }
        // A link under that name is not followed: it is there already.
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "ten thousand files have that name",
    ))
}

/// Where the gaps of `recording` are noted.
pub(super) fn gap_log_path(recording: &Path) -> PathBuf {
    with_suffix(recording, ".gaps.tsv")
}

/// Where it is said what begins where in `recording`.
pub(super) fn cue_sheet_path(recording: &Path) -> PathBuf {
    with_suffix(recording, ".cue")
}

/// What stands beside `recording` while it is written, and is gone when it is whole.
pub(super) fn note_path(recording: &Path) -> PathBuf {
    with_suffix(recording, super::orphan::SUFFIX)
}

fn with_suffix(recording: &Path, suffix: &str) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_never_leaves_its_folder() {
        assert_eq!(usable_stem("../../etc/passwd").as_deref(), Some("_.._etc_passwd"));
        assert_eq!(usable_stem("a\0b\nc: d?").as_deref(), Some("a b c_ d_"));
        assert_eq!(usable_stem(" .. "), None);
        assert_eq!(usable_stem(&"é".repeat(200)).map(|stem| stem.len()), Some(200));
    }

    #[test]
    fn a_name_that_is_a_device_somewhere_is_none() {
        for (name, usable) in [("NUL", "_NUL"), ("com1.show", "_com1.show"), ("console", "console")] {
            assert_eq!(usable_stem(name).as_deref(), Some(usable));
        }
    }

    #[test]
    fn a_name_that_is_taken_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["show.wav", "show-2.wav.gaps.tsv", "show-3.wav.recording"] {
            std::fs::write(folder.path().join(name), "older").expect("written");
        }
        let (path, _) = create(folder.path(), &["show".into()], "wav").expect("made");
        assert_eq!(path, folder.path().join("show-4.wav"));
        assert_eq!(std::fs::read(folder.path().join("show.wav")).expect("read"), b"older");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_folder_and_none_is_written_through() {
        use std::os::unix::fs::symlink;
        let (folder, elsewhere) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        symlink(elsewhere.path(), folder.path().join("out")).expect("linked");
        let error = create(folder.path(), &["out".into(), "show".into()], "wav").expect_err("it leads out");
        assert!(error.to_string().contains("leads out"), "{error}");
        let target = elsewhere.path().join("target");
        symlink(&target, folder.path().join("show.wav")).expect("linked");
        let (path, _) = create(folder.path(), &["show".into()], "wav").expect("made");
        assert_eq!(path, folder.path().join("show-2.wav"));
        assert!(!target.exists());
    }
}
