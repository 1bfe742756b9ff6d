//! The first line of a text file, and the artist and title in it. Reading it may hang.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use airdesk_sources::text;

use super::follower::Reading;

/// More of a file is not read.
const BYTES_MAX: u64 = 4096;
/// What stands between artist and title.
const BETWEEN: &str = " - ";

/// The first line of a file, without what cannot be seen.
pub(super) fn read(path: &Path) -> Reading {
    let bytes = bytes(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    let line = line(&bytes);
    if artist_and_title(&line) == ("", "") {
        return Err("its first line is empty".into());
    }
    Ok(line)
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody to write into it.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn line(bytes: &[u8]) -> String {
    let is_wide = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    // What is behind it may be written otherwise.
    let end = bytes
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|_| !is_wide);
    let text = match end {
        Some(end) => text::decode(&bytes[..end]),
        None if bytes.len() as u64 == BYTES_MAX => text::decode_beginning(bytes),
        None => text::decode(bytes),
    };
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).collect()
}

/// Who made it, and what it is called: all of it is the title where nobody is named.
pub(super) fn artist_and_title(line: &str) -> (&str, &str) {
    let (artist, title) = line.split_once(BETWEEN).unwrap_or(("", line));
    let (artist, title) = (artist.trim(), title.trim());
    if title.is_empty() {
        ("", artist)
    } else {
        (artist, title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artist_and_title_are_told_apart_at_the_first_dash_between_spaces() {
        for (line, artist, title) in [
            ("Björk - Jóga", "Björk", "Jóga"),
            ("AC-DC - Back - in Black", "AC-DC", "Back - in Black"),
            ("News", "", "News"),
            ("Jean-Michel", "", "Jean-Michel"),
            (" - News", "", "News"),
            ("News - ", "", "News"),
            ("  Ada  -  Waltz ", "Ada", "Waltz"),
            (" - ", "", ""),
        ] {
            assert_eq!(artist_and_title(line), (artist, title), "{line:?}");
        }
    }

    #[test]
    fn a_line_is_read_as_utf_8_with_and_without_a_mark_as_utf_16_with_one_and_else_as_windows_writes() {
        for (bytes, said) in [
            ("Björk - Jóga".as_bytes(), "Björk - Jóga"),
            ("\u{feff}Jóga\r\nmore".as_bytes(), "Jóga"),
            (b"Bj\xf6rk - J\xf3ga\n", "Björk - Jóga"),
            (b"Caf\xc3\x0aafter", "CafÃ"),
            (b"Don\x92t \x96 \x80", "Don’t – €"),
            (b"\xff\xfeJ\0\xf3\0g\0a\0\r\0\n\0x\0", "Jóga"),
            (b"\xfe\xff\0J\x30\x42\0\n\0x", "Jあ"),
            (b"\xff\xfeA\0\x3d\xd8", "A"),
            (b"\xff\xfe", ""),
            (b"A\x07 - \x1b[2JB\tC\n", "A - [2JBC"),
            (b"\nsecond", ""),
            (b"", ""),
        ] {
            assert_eq!(line(bytes), said, "{bytes:?}");
        }
    }

    #[test]
    fn four_kilobytes_are_read_and_no_character_is_cut_in_two() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("now.txt");
        fs::write(&path, format!("x{}", "é".repeat(5_000))).expect("written");
        let read = read(&path).expect("a line");
        assert_eq!(read, format!("x{}", "é".repeat(2047)));
    }

    #[test]
    fn what_holds_no_title_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("now.txt");
        assert_eq!(read(&path), Err("there is no such file".into()));
        assert_eq!(read(folder.path()), Err("it is no file".into()));
        for empty in ["", "\u{feff}", " \t\r\nlater", " - "] {
            fs::write(&path, empty).expect("written");
            assert_eq!(read(&path), Err("its first line is empty".into()), "{empty:?}");
        }
    }
}
