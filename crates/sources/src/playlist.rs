//! Playlists that other programs have written: M3U, PLS and XSPF. What is in a file decides, not its name.
//!
//! Untrusted: no more is read than a playlist of ten thousand items needs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::text;

/// More of a file is not read: some 400 bytes for each of ten thousand items.
const BYTES_MAX: u64 = 4 << 20;
/// Items that are taken from one playlist.
pub const ITEMS_MAX: usize = 10_000;
/// How playlists are called.
const EXTENSIONS: [&str; 4] = ["m3u", "m3u8", "pls", "xspf"];

/// What a playlist lists, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A file; named from the root where the playlist is.
    File(PathBuf),
    /// An address on a network.
    Address(String),
}

/// Why a playlist cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaylistError {
    /// It cannot be read.
    #[error("{} cannot be read: {source}; make it readable or choose another playlist", path.display())]
    Unreadable {
        /// The playlist.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no playlist, or one that is broken.
    #[error("{} is not a playlist that can be read: {reason}; choose an M3U, PLS or XSPF file", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is too large.
    #[error("{} is too large for a playlist; choose one of {ITEMS_MAX} items and {} MiB at most", path.display(), BYTES_MAX >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// A file of this name is a playlist.
pub fn is_playlist(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

/// Reads a playlist. Blocks for as long as its disk does.
///
/// # Errors
/// When it cannot be read, is none or is too large.
pub fn read(path: &Path) -> Result<Vec<Listed>, PlaylistError> {
    let unreadable = |source| PlaylistError::Unreadable {
        path: path.to_owned(),
        source,
    };
    // Opening a pipe would wait for somebody to write into it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is no file")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let too_large = || PlaylistError::TooLarge { path: path.to_owned() };
    if bytes.len() as u64 > BYTES_MAX {
        return Err(too_large());
    }
    let text = text::decode(&bytes);
    let broken = |reason| PlaylistError::Broken {
        path: path.to_owned(),
        reason,
    };
    let entries = entries(&text).map_err(broken)?;
    if entries.len() > ITEMS_MAX {
        return Err(too_large());
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    Ok(entries.iter().map(|entry| listed(entry, folder)).collect())
}

/// What stands in a playlist, as it stands there.
fn entries(text: &str) -> Result<Vec<String>, String> {
    let begins = text.trim_start();
    if begins.starts_with('<') {
        return xspf(text);
    }
    // Text has no NUL.
    if text.contains('\0') {
        return Err("there is no text in it".into());
    }
    let is_pls = begins
        .get(..10)
        .is_some_and(|first| first.eq_ignore_ascii_case("[playlist]"));
    Ok(if is_pls { pls(text) } else { m3u(text) })
}

/// Every line that is no remark.
pub(crate) fn m3u(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(Into::into)
        .collect()
}

/// `File1=…`, by their numbers.
pub(crate) fn pls(text: &str) -> Vec<String> {
    let entry = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let number = key
            .trim()
            .to_ascii_lowercase()
            .strip_prefix("file")?
            .parse::<u32>()
            .ok()?;
        Some((number, value.trim().to_owned()))
    };
    let mut entries: Vec<_> = text
        .lines()
        .filter_map(entry)
        .filter(|(_, value)| !value.is_empty())
        .collect();
    entries.sort_by_key(|(number, _)| *number);
    entries.into_iter().map(|(_, value)| value).collect()
}

/// The first `<location>` of each `<track>` (XSPF version 1, section 4.1.1.2.14.1.1.1.1). What was cut off lists what came
/// before.
pub(crate) fn xspf(text: &str) -> Result<Vec<String>, String> {
    let mut reader = Reader::from_str(text);
    let (mut entries, mut location, mut in_track, mut is_playlist) = (Vec::new(), None::<String>, false, false);
    loop {
        let event = match reader.read_event() {
            Err(error) if is_playlist && !entries.is_empty() => {
                tracing::warn!(%error, entries = entries.len(), "a playlist breaks off; what it lists up to there is taken");
                break;
            }
            event => event.map_err(|error| error.to_string())?,
        };
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "playlist" => is_playlist = true,
                "track" => in_track = true,
                "location" if in_track => location = Some(String::new()),
                _ => {}
            },
            Event::Text(words) => {
                if let Some(location) = &mut location {
                    location.push_str(&words);
                }
            }
            Event::GeneralRef(name) => {
                if let Some(location) = &mut location {
                    location.push(character(&name)?);
                }
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                "track" => in_track = false,
                "location" => {
                    let found = location.take().map(|location| location.trim().to_owned());
                    // Further ones are other places of the same track.
                    if let Some(found) = found.filter(|found| !found.is_empty()) {
                        entries.push(found);
                        in_track = false;
                    }
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if is_playlist {
        Ok(entries)
    } else {
        Err("it is XML of another kind".into())
    }
}

/// What a reference like `&amp;` or `&#38;` stands for.
fn character(name: &str) -> Result<char, String> {
    let number = name
        .strip_prefix('#')
        .map(|number| match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        });
    let found = match (name, number) {
        (_, Some(number)) => number.ok().and_then(char::from_u32),
        ("amp", _) => Some('&'),
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        _ => None,
    };
    found.ok_or_else(|| format!("nobody says what &{name}; is"))
}

/// From the root, where it is a file.
fn listed(entry: &str, folder: &Path) -> Listed {
    match entry.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
            // The host between the slashes is this machine.
            let path = rest.find('/').map_or("", |slash| &rest[slash..]);
            Listed::File(PathBuf::from(percent_decode_str(path).decode_utf8_lossy().into_owned()))
        }
        Some((scheme, _)) if scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Listed::Address(entry.into())
        }
        _ => Listed::File(folder.join(entry)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Vec<String> {
        let entries = entries(text).expect("a playlist");
        let shown = |entry: &String| match listed(entry, Path::new("/music")) {
            Listed::File(path) => path.to_string_lossy().into_owned(),
            Listed::Address(address) => format!("at {address}"),
        };
        entries.iter().map(shown).collect()
    }

    #[test]
    fn an_m3u_lists_a_file_in_each_line_that_is_no_remark() {
        let text =
            "#EXTM3U\r\n#EXTINF:123,Ada - Waltz\r\nAda/Waltz.mp3\r\n\r\n/else/b c.flac\r\nhttp://radio/live.mp3\r\n";
        assert_eq!(
            files(text),
            ["/music/Ada/Waltz.mp3", "/else/b c.flac", "at http://radio/live.mp3"]
        );
    }

    #[test]
    fn a_pls_lists_files_by_their_numbers() {
        let text = "[Playlist]\nNumberOfEntries=3\nFile10=c.mp3\nTitle10=C\nfile2 = b.mp3\nFile1=/a.mp3\nLength1=-1\n";
        assert_eq!(files(text), ["/a.mp3", "/music/b.mp3", "/music/c.mp3"]);
    }

    #[test]
    fn an_xspf_lists_the_first_location_of_each_track() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Evening</title><location>no track</location><trackList>
              <track><title>A</title><location>file:///music/R%C3%B3s%20&amp;%20more.flac</location><location>http://a/</location></track>
              <track><location> https://radio/live </location></track>
              <track><title>nowhere</title></track>
              <track><location>b/c&#46;mp3</location></track>
            </trackList></playlist>"#;
        assert_eq!(
            files(text),
            ["/music/Rós & more.flac", "at https://radio/live", "/music/b/c.mp3"]
        );
    }

    #[test]
    fn an_xspf_that_was_cut_off_lists_what_came_before() {
        let whole = "<playlist><trackList><track><location>a.mp3</location></track><track a=\"b\"><location>b.mp3</location>\
                     </track></trackList></playlist>";
        let first = whole.find("</location>").expect("an end") + "</location>".len();
        let second = whole.rfind("</location>").expect("an end") + "</location>".len();
        for length in 0..whole.len() {
            let listed = entries(&whole[..length]);
            let expected: &[&str] = match length {
                _ if length < first => &[],
                _ if length < second => &["a.mp3"],
                _ => &["a.mp3", "b.mp3"],
            };
            match listed {
                Ok(listed) if length >= first => assert_eq!(listed, expected, "{}", &whole[..length]),
                Ok(listed) => assert!(listed.len() <= 1, "{listed:?}"),
                Err(reason) => assert!(length < first, "{}: {reason}", &whole[..length]),
            }
        }
    }

    #[test]
    fn what_is_no_playlist_is_said_to_be_none() {
        for text in [
            "<html><body>404</body></html>",
            "<playlist><track><location>&evil;</location></track></playlist>",
            "a\0b",
        ] {
            assert!(entries(text).is_err(), "{text}");
        }
        assert_eq!(entries("").expect("an empty one"), [""; 0]);
    }

    #[test]
    fn a_playlist_is_known_by_its_name_and_read_from_its_folder() {
        assert!(is_playlist(Path::new("/a.M3U8")) && is_playlist(Path::new("b.pls")));
        assert!(!is_playlist(Path::new("/m3u")) && !is_playlist(Path::new("a.mp3")));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list.m3u");
        std::fs::write(&path, b"D\xf6ner.mp3\n").expect("written");
        assert_eq!(
            read(&path).expect("read"),
            [Listed::File(folder.path().join("Döner.mp3"))]
        );
        let missing = read(&folder.path().join("none.pls")).expect_err("none").to_string();
        assert!(missing.contains("none.pls cannot be read"), "{missing}");
        assert!(read(folder.path()).is_err());
        std::fs::write(&path, "a\n".repeat(ITEMS_MAX + 1)).expect("written");
        assert!(matches!(read(&path), Err(PlaylistError::TooLarge { .. })));
    }
}
