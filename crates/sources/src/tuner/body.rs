//! Where the body of an answer ends: never, after so many bytes, or after the last of its pieces (RFC 9112, 7.1).

use super::reply::Reply;

/// Letters of the line before a piece.
const LINE_MAX: usize = 256;

/// Takes the body out of what comes.
#[derive(Debug)]
pub(super) enum Body {
    /// Until the connection ends.
    Endless,
    /// So many bytes more.
    Counted(u64),
    Pieces(Piece),
}

/// What comes next of a body in pieces.
#[derive(Debug)]
pub(super) enum Piece {
    /// The line with its length, as far as it has come.
    Length(Vec<u8>),
    /// So many bytes of it.
    Bytes(u64),
    /// The end of its line, of which the first letter has come.
    End(bool),
    /// There is none.
    Over,
}

/// A piece does not say how long it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoLength;

impl Body {
    pub(super) fn of(reply: &Reply) -> Self {
        if reply.is_chunked() {
            return Self::Pieces(Piece::Length(Vec::new()));
        }
        // Servers of streams write what is no length: 0, or the most that fits.
        match reply.number("content-length") {
            Some(length @ 1..0x7fff_0000_0000) if !is_of_a_station(reply) => Self::Counted(length),
            _ => Self::Endless,
        }
    }

    /// All of it has come.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Counted(0) | Self::Pieces(Piece::Over))
    }

    /// Bytes that are still to come, where that is known: it is a file.
    pub(super) fn missing(&self) -> Option<u64> {
        match self {
            Self::Counted(left) => Some(*left),
            Self::Endless | Self::Pieces(_) => None,
        }
    }

    /// Appends what is of the body to `out`.
    pub(super) fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), NoLength> {
        match self {
            Self::Endless => out.extend_from_slice(bytes),
            Self::Counted(left) => {
                let now = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= now as u64;
                out.extend_from_slice(&bytes[..now]);
            }
            Self::Pieces(piece) => piece.take(bytes, out)?,
        }
        Ok(())
    }
}

/// It speaks of a station or of titles, as SHOUTcast and Icecast do: what it sends has no end, whatever length it gives.
fn is_of_a_station(reply: &Reply) -> bool {
    reply
        .names()
        .any(|name| name.starts_with("icy-") || name.starts_with("ice-"))
}

impl Piece {
    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), NoLength> {
        while let Some(first) = bytes.first().copied() {
            match self {
                Self::Length(line) => {
                    bytes = &bytes[1..];
                    if first != b'\n' {
                        line.push(first);
                        if line.len() > LINE_MAX {
                            return Err(NoLength);
                        }
                        continue;
                    }
                    *self = match length_of(line).ok_or(NoLength)? {
                        0 => Self::Over,
                        length => Self::Bytes(length),
                    };
                }
                Self::Bytes(left) => {
                    let now = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    out.extend_from_slice(&bytes[..now]);
                    bytes = &bytes[now..];
                    *left -= now as u64;
                    if *left == 0 {
                        *self = Self::End(false);
                    }
                }
                Self::End(returned) => {
                    bytes = &bytes[1..];
                    *self = match first {
                        b'\n' => Self::Length(Vec::new()),
                        b'\r' if !*returned => Self::End(true),
                        // Whatever stands there instead would be thrown away for ever, and nobody would hear why.
                        _ => return Err(NoLength),
                    };
                }
                Self::Over => return Ok(()),
            }
        }
        Ok(())
    }
}

fn length_of(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_number.then(|| u64::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &str) -> Body {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n");
        Body::of(&Reply::parse(head.as_bytes()).expect("an answer").expect("whole").0)
    }

    #[test]
    fn pieces_are_put_together_wherever_they_are_cut() {
        let sent = b"4\r\nabcd\r\n00A;x=y\r\nefghijklmn\r\n0\r\n\r\nrubbish";
        for cut in 1..=sent.len() {
            let (mut body, mut out) = (of("Transfer-Encoding: chunked"), Vec::new());
            for bytes in sent.chunks(cut) {
                body.take(bytes, &mut out).expect("pieces");
            }
            assert_eq!(out, b"abcdefghijklmn", "cut at {cut}");
            assert!(body.is_over());
        }
        for wrong in [
            &b"x\r\n"[..],
            b"\r\n",
            b"-1\r\n",
            b"fffffffffffffffff\r\n",
            &[b'0'; 300],
            b"1\r\naa",
            b"1\r\na\r\r\n",
        ] {
            assert_eq!(
                of("Transfer-Encoding: chunked").take(wrong, &mut Vec::new()),
                Err(NoLength)
            );
        }
    }

    #[test]
    fn a_file_has_a_length_and_a_station_none() {
        let (mut file, mut out) = (of("Content-Length: 5"), Vec::new());
        file.take(b"abc", &mut out).expect("any");
        assert_eq!((file.missing(), file.is_over()), (Some(2), false));
        file.take(b"defg", &mut out).expect("any");
        assert_eq!((out.as_slice(), file.is_over()), (&b"abcde"[..], true));
        for endless in [
            "X: y",
            "Content-Length: 0",
            "Content-Length: 999999999999999",
            "Content-Length: 9\r\nicy-metaint: 8",
            "Content-Length: 9\r\nIcy-Name: Lab FM",
            "Content-Length: 9\r\nice-audio-info: bitrate=128",
        ] {
            assert_eq!(of(endless).missing(), None, "{endless}");
        }
    }
}
