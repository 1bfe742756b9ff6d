//! As much of an HTTP client as the tests need: one request, one answer, connection closed.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::time::Duration;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header lines, without the status line.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks for a path of a server on this machine.
pub fn get(port: u16, path: &str) -> std::io::Result<Answer> {
    request(
        port,
        &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"),
    )
}

/// Sends a whole request, as it stands, and reads until the server closes or sends no more for five seconds.
pub fn request(port: u16, request: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&bytes) {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&part[..count]),
            Err(_) if !bytes.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    parse(&bytes).ok_or_else(|| std::io::Error::other("no HTTP answer"))
}

/// Ports that no system gives to outgoing connections: one of those may be taken by any program before it is bound.
const PORTS: Range<u16> = 20_000..32_000;

/// A port of this machine that is free now.
pub fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let found = std::iter::repeat_with(any_port).take(1_000).find(is_free);
    found.expect("a port is free")
}

/// The standard library's hash keys are random.
fn any_port() -> u16 {
    let random = RandomState::new().hash_one(0);
    PORTS.start + (random % PORTS.len() as u64) as u16
}

/// A port of this machine that is free now, and so is the next higher one.
pub fn free_pair() -> u16 {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let found = (0..100)
        .map(|_| free_port())
        .find(|port| port.checked_add(1).is_some_and(is_free));
    found.expect("two ports side by side are free")
}

fn is_whole(bytes: &[u8]) -> bool {
    parse(bytes).is_some_and(|answer| {
        if answer.status == 101 {
            return true; // what follows is no HTTP
        }
        let length = answer
            .header("content-length")
            .and_then(|length| length.parse::<usize>().ok());
        length.is_some_and(|length| answer.body.len() >= length)
    })
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let (first, head) = text.split_once("\r\n").unwrap_or((&text, ""));
    let status = first.split(' ').nth(1)?.parse().ok()?;
    Some(Answer {
        status,
        head: head.to_owned(),
        body: bytes[end + 4..].to_vec(),
    })
}

impl Answer {
    /// The value of a header, if it is there.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = parse(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX: y\r\n\r\nno").unwrap();
        assert_eq!(
            (answer.status, answer.header("content-length"), answer.body.as_slice()),
            (403, Some("2"), &b"no"[..])
        );
        assert!(is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok"));
    }
}
