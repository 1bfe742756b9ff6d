//! What a stream or a file says about itself in Ogg and FLAC: Vorbis comments, each one harmless line.
//!
//! Xiph.Org, "Ogg Vorbis I format specification: comment field and header specification".

use crate::title::{Title, cut, one_line};

/// Bytes a value may have: those of a title.
pub(crate) const VALUE_BYTES_MAX: usize = crate::title::TITLE_BYTES_MAX;

/// Who wrote a stream whose codec does not say.
pub(crate) const VENDOR: &str = concat!("Airdesk ", env!("CARGO_PKG_VERSION"));

/// The comments, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comments(Vec<(String, String)>);

impl Comments {
    /// Those of a stream: its title and artist, if it has them.
    pub(crate) fn titled(title: &Title) -> Self {
        let mut comments = Self::default();
        comments.set_title(title);
        comments
    }

    /// Adds one, unless it would be empty. Control characters of `value` become spaces, and what is too long is cut.
    pub(crate) fn push(&mut self, key: &str, value: &str) {
        let line = one_line(value);
        let value = cut(&line, VALUE_BYTES_MAX).trim_end();
        if !value.is_empty() {
            self.0.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Replaces title and artist; the rest stays.
    pub(crate) fn set_title(&mut self, title: &Title) {
        self.0.retain(|(key, _)| key != "TITLE" && key != "ARTIST");
        let fields = [("TITLE", title.name()), ("ARTIST", title.artist().unwrap_or_default())];
        let told = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let told = told.map(|(key, value)| (key.to_owned(), value.to_owned()));
        self.0.splice(0..0, told);
    }

    /// They say this title, with its artist.
    pub(crate) fn say(&self, title: &Title) -> bool {
        let value = |wanted| {
            self.0
                .iter()
                .find(|(key, _)| key == wanted)
                .map_or("", |(_, value)| value)
        };
        value("TITLE") == title.name() && value("ARTIST") == title.artist().unwrap_or_default()
    }

    /// Key and value of each.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The comment header's body: who encoded, and the comments. All lengths are 32 bits, little-endian.
    pub(crate) fn block(&self, vendor: &str) -> Vec<u8> {
        let mut block = Vec::new();
        let mut text = |text: &str| {
            block.extend((text.len() as u32).to_le_bytes());
            block.extend(text.as_bytes());
        };
        text(vendor);
        let comments: Vec<String> = self.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let count = (comments.len() as u32).to_le_bytes();
        let mut body = Vec::new();
        for comment in comments {
            body.extend((comment.len() as u32).to_le_bytes());
            body.extend(comment.as_bytes());
        }
        block.extend(count);
        block.extend(body);
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stays_one_line_and_an_empty_one_is_left_out() {
        let mut comments = Comments::titled(&Title::new("first"));
        comments.push("ALBUM", "a\r\nTITLE=evil\0");
        comments.push("GENRE", " \n ");
        comments.push("COMMENT", &"é".repeat(4_096));
        comments.set_title(&Title::new("second"));
        let all: Vec<_> = comments.iter().collect();
        assert_eq!(all[..2], [("TITLE", "second"), ("ALBUM", "a  TITLE=evil")]);
        assert_eq!((all.len(), all[2].1.len()), (3, VALUE_BYTES_MAX));
    }

    #[test]
    fn a_block_counts_its_comments_and_their_bytes() {
        let mut comments = Comments::default();
        comments.push("A", "é");
        assert_eq!(comments.block("me"), b"\x02\0\0\0me\x01\0\0\0\x04\0\0\0A=\xc3\xa9");
    }
}
