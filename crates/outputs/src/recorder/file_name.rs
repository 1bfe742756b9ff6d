//! Names of recordings: one component, valid on every system, and never one that is taken.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::title::{cut, one_line};

/// Bytes of a stem; with suffix and extension it stays under the 255 of common file systems.
const STEM_BYTES_MAX: usize = 200;

/// `stem` as a single path component, or `None` when nothing of it is left.
pub(crate) fn usable_stem(stem: &str) -> Option<String> {
    let refused = |c: char| matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let line: String = one_line(stem)
        .chars()
        .map(|c| if refused(c) { '_' } else { c })
        .collect();
    let stem = cut(&line, STEM_BYTES_MAX).trim_matches([' ', '.']);
    (!stem.is_empty()).then(|| stem.to_owned())
}

/// Makes `stem.wav`, or `stem-2.wav` and so on where that or its gap log is there already.
pub(crate) fn create(folder: &Path, stem: &str, extension: &str) -> io::Result<(PathBuf, File)> {
    for number in 1..10_000 {
        let name = if number == 1 {
            format!("{stem}.{extension}")
        } else {
            format!("{stem}-{number}.{extension}")
        };
        let path = folder.join(name);
        if gap_log_path(&path).exists() {
            continue;
        }
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
    let mut name = recording.as_os_str().to_owned();
    name.push(".gaps.tsv");
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
    fn a_name_that_is_taken_is_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("show.wav"), "older").expect("written");
        std::fs::write(folder.path().join("show-2.wav.gaps.tsv"), "older").expect("written");
        let (path, _) = create(folder.path(), "show", "wav").expect("made");
        assert_eq!(path, folder.path().join("show-3.wav"));
        assert_eq!(std::fs::read(folder.path().join("show.wav")).expect("read"), b"older");
    }
}
