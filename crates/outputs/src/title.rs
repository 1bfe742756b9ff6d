//! What listeners read: one line of text that cannot break out of wherever it is put.

mod template;

use std::fmt;

pub use template::{TemplateError, TitleTemplate, TitleWords};

/// Bytes a title may have. Three times as many, percent-encoded, still fit Icecast's 4096-byte request.
pub const TITLE_BYTES_MAX: usize = 900;

/// A title: one line of UTF-8 without control characters, at most [`TITLE_BYTES_MAX`] bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Title(Box<str>);

impl Title {
    /// Takes whatever text came in: control characters become spaces, and what is too long is cut
    /// between two characters.
    pub fn new(text: &str) -> Self {
        let line = one_line(text);
        Self(cut(&line, TITLE_BYTES_MAX).trim_end().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text for `StreamTitle='…';`. The format knows no escape and ends at the first `';`, so an
    /// apostrophe before a semicolon becomes a typographic one.
    pub fn icy(&self) -> String {
        self.0.replace("';", "\u{2019};")
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Title {
    fn from(text: &str) -> Self {
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
