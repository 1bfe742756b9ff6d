//! What listeners read: one line of text that cannot break out of wherever it is put.

mod template;

use std::fmt;

pub use template::{TemplateError, TitleTemplate, TitleWords};

/// Bytes a title may have. Three times as many, percent-encoded, still fit Icecast's 4096-byte request.
pub const TITLE_BYTES_MAX: usize = 900;

/// Bytes of it that may be the artist.
const ARTIST_BYTES_MAX: usize = 300;

/// A title: one line of UTF-8 without control characters, at most [`TITLE_BYTES_MAX`] bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Title {
    line: Box<str>,
    /// Bytes of the line that are the artist, when that is known.
    artist_bytes: usize,
}

/// What stands between artist and title where a server has one field for both.
const BETWEEN: &str = " - ";

impl Title {
    /// Takes whatever text came in: control characters become spaces, and what is too long is cut
    /// between two characters.
    pub fn new(text: &str) -> Self {
        let line = one_line(text);
        Self {
            line: cut(&line, TITLE_BYTES_MAX).trim_end().into(),
            artist_bytes: 0,
        }
    }

    /// The same of an artist and a title, which stay apart where the format has a place for each.
    pub fn by(artist: &str, title: &str) -> Self {
        let artist = one_line(artist);
        let artist = cut(&artist, ARTIST_BYTES_MAX).trim_end();
        let title = one_line(title);
        if artist.is_empty() || title.is_empty() {
            return Self::new(if artist.is_empty() { &title } else { artist });
        }
        Self {
            artist_bytes: artist.len(),
            ..Self::new(&format!("{artist}{BETWEEN}{title}"))
        }
    }

    /// The text, artist first.
    pub fn as_str(&self) -> &str {
        &self.line
    }

    /// The artist, when it was told apart.
    pub fn artist(&self) -> Option<&str> {
        Some(&self.line[..self.artist_bytes]).filter(|artist| !artist.is_empty())
    }

    /// The title without its artist.
    pub fn name(&self) -> &str {
        match self.artist_bytes {
            0 => &self.line,
            artist => &self.line[artist + BETWEEN.len()..],
        }
    }

    /// The text for `StreamTitle='…';`. The format knows no escape and ends at the first `';`, so an
    /// apostrophe before a semicolon becomes a typographic one.
    pub fn icy(&self) -> String {
        self.line.replace("';", "\u{2019};")
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl From<&str> for Title {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Title {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

/// `text` on one line: every control character, line and paragraph separators included, becomes a space.
pub(crate) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// The beginning of `text`, at most `bytes` long, cut between two characters.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_stays_one_line_whatever_it_was() {
        assert_eq!(Title::new("Jóga\r\nX-Evil: 1\0\u{85}☃ ").as_str(), "Jóga  X-Evil: 1  ☃");
        assert_eq!(Title::new("مرحبا 🎵").as_str(), "مرحبا 🎵");
    }

    #[test]
    fn artist_and_title_are_kept_apart_and_read_together() {
        let title = Title::by(" Bjørk\r\n", "Jóga");
        assert_eq!(
            (title.as_str(), title.artist(), title.name()),
            ("Bjørk - Jóga", Some("Bjørk"), "Jóga")
        );
        for title in [Title::by("", "Jóga"), Title::by("Jóga", "\0"), Title::new("Jóga")] {
            assert_eq!((title.as_str(), title.artist(), title.name()), ("Jóga", None, "Jóga"));
        }
        let long = Title::by(&"é".repeat(1000), &"🎵".repeat(1000));
        assert!(long.as_str().len() <= TITLE_BYTES_MAX && long.artist().is_some_and(|artist| artist.len() == 300));
        assert!(long.name().chars().all(|c| c == '🎵') && long.name().len() > 500);
    }

    #[test]
    fn a_long_title_is_cut_between_two_characters() {
        let title = Title::new(&"🎵".repeat(1024));
        assert_eq!(title.as_str().len(), TITLE_BYTES_MAX);
        assert!(title.as_str().chars().all(|c| c == '🎵'));
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn nothing_breaks_out_of_an_icy_title() {
        assert_eq!(
            Title::new("a';StreamUrl='http://evil").icy(),
            "a\u{2019};StreamUrl='http://evil"
        );
        assert_eq!(Title::new("Rock 'n' Roll; live").icy(), "Rock 'n' Roll; live");
    }
}
