//! Words from outside, made fit to be shown: titles, names of stations, a server's reasons.

/// Letters of a title.
const LETTERS_MAX: usize = 250;

/// One line without signs that cannot be seen, of 250 letters at most.
pub(crate) fn one_line(text: &str) -> String {
    let seen = |c: char| if c.is_control() || c == '\u{feff}' { ' ' } else { c };
    let words = text.chars().take(4 * LETTERS_MAX).map(seen).collect::<String>();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LETTERS_MAX).collect()
}

/// Artist and title of a Vorbis comment (Vorbis I, section 5), which follows the words that begin its packet. `None`: it is
/// broken, or has neither.
pub(super) fn title_of_comments(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let vendor = number(&mut rest)?;
    rest = rest.get(vendor..)?;
    let count = number(&mut rest)?;
    let (mut artist, mut title) = (None, None);
    for _ in 0..count.min(1_000) {
        let Some(comment) = number(&mut rest).and_then(|length| rest.split_at_checked(length)) else {
            break;
        };
        rest = comment.1;
        let text = String::from_utf8_lossy(comment.0);
        let Some((name, value)) = text.split_once('=') else {
            continue;
        };
        let place = match name.to_ascii_lowercase().as_str() {
            "artist" => &mut artist,
            "title" => &mut title,
            _ => continue,
        };
        *place = Some(one_line(value)).filter(|value| !value.is_empty());
    }
    match (artist, title) {
        (Some(artist), Some(title)) => Some(one_line(&format!("{artist} - {title}"))),
        (artist, title) => title.or(artist),
    }
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    usize::try_from(u32::from_le_bytes(*first)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(comments: &[&str]) -> Vec<u8> {
        let mut bytes = 3_u32.to_le_bytes().to_vec();
        bytes.extend(b"lab");
        bytes.extend((comments.len() as u32).to_le_bytes());
        for comment in comments {
            bytes.extend((comment.len() as u32).to_le_bytes());
            bytes.extend(comment.as_bytes());
        }
        bytes
    }

    #[test]
    fn artist_and_title_are_found_and_nothing_else_is() {
        let found = |list: &[&str]| title_of_comments(&comments(list));
        assert_eq!(
            found(&["TITLE=J\u{f3}ga", "Artist=Bj\u{f6}rk"]).as_deref(),
            Some("Bj\u{f6}rk - J\u{f3}ga")
        );
        assert_eq!(found(&["title=Only"]).as_deref(), Some("Only"));
        assert_eq!(found(&["genre=x", "no comment"]), None);
        let whole = comments(&["title=T", "artist=A"]);
        for length in 0..whole.len() {
            // Whatever is missing costs no more than a title.
            title_of_comments(&whole[..length]);
        }
        assert_eq!(title_of_comments(&[0xff; 64]), None);
    }

    #[test]
    fn what_cannot_be_seen_is_not_shown() {
        assert_eq!(one_line(" a\r\n b\0\u{1b}[31m "), "a b [31m");
        assert_eq!(one_line(&"x".repeat(10_000)).len(), LETTERS_MAX);
    }
}
