//! Going on with a file whose connection has broken, from the byte on that has not come (RFC 9110, section 14). A server that sends
//! no parts, or has another file by now, is not asked for it: what was heard is never begun again.

use super::address::Address;
use super::reach::Reach;
use super::reply::Reply;

/// Where a file comes from, and what tells it from another one.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) address: Address,
    /// How far that may send the desk.
    pub(super) reach: Reach,
    /// Bytes of the file.
    length: u64,
    /// What its server calls this state of it.
    state: Option<String>,
}

impl Origin {
    /// Of a file of so many bytes. `None`: its server does not send parts.
    pub(super) fn of(reply: &Reply, address: &Address, reach: Reach, length: u64) -> Option<Self> {
        let takes = |unit: &str| unit.trim().eq_ignore_ascii_case("bytes");
        if !reply.header("accept-ranges")?.split(',').any(takes) {
            return None;
        }
        // A weak tag does not say that every byte is the same.
        let tag = reply.header("etag").filter(|tag| !tag.starts_with("W/"));
        let state = tag.or_else(|| reply.header("last-modified"));
        let is_plain = |state: &&str| state.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        Some(Self {
            address: address.clone(),
            reach,
            length,
            state: state.filter(is_plain).map(str::to_owned),
        })
    }

    /// What a request says that asks for the last so many bytes.
    pub(super) fn headers(&self, missing: u64) -> String {
        let range = format!("Range: bytes={}-\r\n", self.length.saturating_sub(missing));
        match &self.state {
            Some(state) => format!("{range}If-Range: {state}\r\n"),
            None => range,
        }
    }

    /// An answer brings exactly those.
    pub(super) fn goes_on(&self, reply: &Reply, missing: u64) -> bool {
        let from = self.length.saturating_sub(missing);
        let part = format!("bytes {from}-{}/", self.length.saturating_sub(1));
        let range = reply.header("content-range").unwrap_or_default();
        let whole = range.strip_prefix(&part);
        reply.status == 206
            && whole.is_some_and(|whole| whole == "*" || whole.parse() == Ok(self.length))
            && !reply.is_chunked()
            && reply.packing().is_none()
            && reply.header("icy-metaint").is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(head: &str) -> Reply {
        let head = format!("HTTP/1.1 {head}\r\n\r\n");
        Reply::parse(head.as_bytes()).expect("an answer").expect("whole").0
    }

    fn origin(headers: &str) -> Option<Origin> {
        let address = Address::parse("http://a/x.mp3").expect("an address");
        Origin::of(
            &reply(&format!("200 OK\r\n{headers}")),
            &address,
            Reach::default(),
            1_000,
        )
    }

    #[test]
    fn a_file_is_asked_for_from_the_byte_that_has_not_come_and_only_if_it_is_the_same() {
        let headers = |head: &str| origin(head).expect("parts").headers(400);
        assert_eq!(
            headers("Accept-Ranges: bytes\r\nETag: \"abc\"\r\nLast-Modified: x"),
            "Range: bytes=600-\r\nIf-Range: \"abc\"\r\n"
        );
        assert_eq!(
            headers("Accept-Ranges: Bytes\r\nETag: W/\"abc\"\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT"),
            "Range: bytes=600-\r\nIf-Range: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        );
        assert_eq!(headers("Accept-Ranges: bytes"), "Range: bytes=600-\r\n");
        assert!(origin("Accept-Ranges: none").is_none() && origin("X: y").is_none());
    }

    #[test]
    fn only_exactly_the_rest_of_the_same_file_is_taken() {
        let origin = origin("Accept-Ranges: bytes").expect("parts");
        for (head, goes_on) in [
            ("206 Partial Content\r\nContent-Range: bytes 600-999/1000", true),
            ("206 Partial Content\r\nContent-Range: bytes 600-999/*", true),
            ("206 Partial Content\r\nContent-Range: bytes 600-1999/2000", false),
            ("206 Partial Content\r\nContent-Range: bytes 0-999/1000", false),
            ("206 Partial Content\r\nContent-Range: bytes 600-700/1000", false),
            ("206 Partial Content", false),
            ("200 OK\r\nContent-Length: 1000", false),
            (
                "206 Partial Content\r\nContent-Range: bytes 600-999/1000\r\nContent-Encoding: gzip",
                false,
            ),
        ] {
            assert_eq!(origin.goes_on(&reply(head), 400), goes_on, "{head}");
        }
    }
}
