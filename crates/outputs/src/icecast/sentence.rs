//! What a page of HTML says: many servers and proxies wrap one sentence into one.

use crate::title::one_line;

/// Parts of a page that nobody reads.
const UNREAD: [&str; 3] = ["head", "style", "script"];

/// The text of `page`, on one line. A page without tags is its own text.
pub(super) fn page_text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        text.push(' ');
        rest = after_tag(&rest[at..]);
    }
    text.push_str(rest);
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&");
    let words: Vec<_> = plain.split_whitespace().collect();
    one_line(&words.join(" "))
}

/// What follows the tag that `text` begins with, or the whole part that it opens when nobody reads that.
fn after_tag(text: &str) -> &str {
    let Some((tag, rest)) = text.split_once('>') else {
        return "";
    };
    let name: String = tag[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
    let Some(part) = UNREAD.into_iter().find(|part| name.eq_ignore_ascii_case(part)) else {
        return rest;
    };
    let end = format!("</{part}>");
    let at = rest.to_ascii_lowercase().find(&end);
    at.map_or("", |at| &rest[at + end.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_found_in_a_page() {
        for (page, sentence) in [
            ("Mountpoint in use", "Mountpoint in use"),
            ("You need to\r\n authenticate\r\n", "You need to authenticate"),
            (
                "<html><head><title>Error 400</title></head><body><b>400 - Source does not exist</b></body></html>\r\n",
                "400 - Source does not exist",
            ),
            (
                "<HTML><STYLE>b { x: 1 }</STYLE><p>Tom &amp; Jerry &lt;3</p><script>alert(1)",
                "Tom & Jerry <3",
            ),
            ("<", ""),
            ("", ""),
        ] {
            assert_eq!(page_text(page), sentence);
        }
    }
}
