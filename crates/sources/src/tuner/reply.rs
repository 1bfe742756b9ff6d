//! What a server answers before the stream: a status line and headers, in HTTP, ICE or ICY. Untrusted: 16 kB at most.

use super::text::one_line;

/// Bytes of an answer before it is none.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A server's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) reason: String,
    headers: Vec<(String, String)>,
}

impl Reply {
    /// The answer that `bytes` begin with, and how long it is; `None` while its end has not come.
    ///
    /// # Errors
    /// When it is no answer, or has no end.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, &'static str> {
        let begin = &bytes[..bytes.len().min(4)];
        let is_known = |known: &[u8; 4]| known.starts_with(begin);
        if ![b"HTTP", b"ICE/", b"ICY "].into_iter().any(is_known) {
            return Err("what it sends is no HTTP");
        }
        let window = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
        let end = |end: &[u8]| Some(window.windows(end.len()).position(|bytes| bytes == end)? + end.len());
        let Some(length) = [&b"\r\n\r\n"[..], b"\n\n"].into_iter().filter_map(end).min() else {
            return if bytes.len() < HEAD_BYTES_MAX {
                Ok(None)
            } else {
                Err("its headers have no end")
            };
        };
        let head = String::from_utf8_lossy(&bytes[..length]);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().splitn(3, ' ').skip(1);
        let status = words.next().and_then(|status| status.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        };
        let reply = Self {
            status: status
                .filter(|status| (100..600).contains(status))
                .ok_or("its answer has no status")?,
            reason: one_line(words.next().unwrap_or_default()),
            headers: lines.filter_map(header).collect(),
        };
        Ok(Some((reply, length)))
    }

    /// The first header of this name, which is in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter(|(key, _)| key == name);
        headers.next().map(|(_, value)| value.as_str())
    }

    /// What its headers are called, in lower case.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// A header that is a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The type of what follows, in lower case and without its parameters.
    pub(super) fn kind(&self) -> String {
        let kind = self.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// A parameter of the type, as a number.
    pub(super) fn kind_number(&self, name: &str) -> Option<u32> {
        let parameters = self.header("content-type")?.split(';').skip(1);
        parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find_map(|(key, value)| {
                let is_it = key.trim().eq_ignore_ascii_case(name);
                is_it.then(|| value.trim().trim_matches('"').parse().ok())?
            })
    }

    /// It is sent in pieces, each with its length.
    pub(super) fn is_chunked(&self) -> bool {
        self.header("transfer-encoding")
            .is_some_and(|encoding| encoding.to_ascii_lowercase().contains("chunked"))
    }

    /// How what follows is packed, if it is.
    pub(super) fn packing(&self) -> Option<String> {
        let encoding = self.header("content-encoding")?;
        (!encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity")).then(|| one_line(encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_once_it_is_whole() {
        let whole =
            b"ICY 200 OK\r\nIcy-MetaInt: 16000\r\nContent-Type: Audio/L16 ; rate=\"44100\"; channels=2\r\n\r\nrest";
        for length in 0..whole.len() - 4 {
            assert_eq!(Reply::parse(&whole[..length]), Ok(None), "{length}");
        }
        let (reply, length) = Reply::parse(whole).expect("an answer").expect("whole");
        assert_eq!(
            (reply.status, reply.reason.as_str(), length),
            (200, "OK", whole.len() - 4)
        );
        assert_eq!(reply.number("icy-metaint"), Some(16_000));
        assert_eq!(
            (reply.kind().as_str(), reply.kind_number("rate")),
            ("audio/l16", Some(44_100))
        );
        assert_eq!((reply.kind_number("channels"), reply.kind_number("x")), (Some(2), None));
    }

    #[test]
    fn what_is_no_answer_or_has_no_end_is_refused() {
        assert!(Reply::parse(b"<html>").is_err());
        assert!(Reply::parse(b"HTTP/1.1 OK\r\n\r\n").is_err());
        let endless = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(3_000)].concat();
        assert_eq!(Reply::parse(&endless[..HEAD_BYTES_MAX - 1]), Ok(None));
        assert_eq!(Reply::parse(&endless), Err("its headers have no end"));
        let long = [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'a'; 20_000]].concat();
        assert_eq!(Reply::parse(&long), Err("its headers have no end"));
    }
}
