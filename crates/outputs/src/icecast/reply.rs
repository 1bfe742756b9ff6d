//! What a server answers: a status line and a reason, in HTTP, ICE or ICY.

use std::io;

use super::line::Line;
use super::patience::Step;
use super::sentence::page_text;
use super::{SourceError, SourceSettings};
use crate::title::{cut, one_line};

/// Bytes of an answer before it is no answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// Where else it sends the asker.
    pub(crate) location: Option<String>,
    /// Bytes of audio between two titles, where titles are among them.
    pub(crate) icy_interval: Option<usize>,
    /// Bytes up to the body.
    pub(crate) head_bytes: usize,
}

/// Why there is none.
#[derive(Debug)]
pub(crate) enum NoReply {
    /// The server closed the connection without a word.
    Closed,
    /// What came is no answer.
    Garbage,
    /// The connection or the patience ended.
    Fault(SourceError),
}

/// Reads up to the empty line.
pub(crate) fn read_reply(line: &mut Line, step: &Step) -> Result<Reply, NoReply> {
    let mut head = Vec::with_capacity(1024);
    let mut bytes = [0; 512];
    loop {
        match step.repeat(|| line.read_some(&mut bytes)).map_err(NoReply::Fault)? {
            Ok(0) => return Err(NoReply::Closed),
            Ok(count) => head.extend_from_slice(&bytes[..count]),
            Err(error) if closed(&error) => return Err(NoReply::Closed),
            Err(error) => return Err(NoReply::Fault(step.lost(&error))),
        }
        if let Some(mut reply) = parse(&head)? {
            if reply.status >= 400 {
                reply.reason = full_reason(&reply.reason, head, line, step);
            }
            return Ok(reply);
        }
        if head.len() > HEAD_BYTES_MAX {
            return Err(NoReply::Garbage);
        }
    }
}

/// Servers give their reason in the body, plain or in a page: "403 Forbidden", and below "Mountpoint in use".
fn full_reason(short: &str, mut answer: Vec<u8>, line: &mut Line, step: &Step) -> String {
    let mut bytes = [0; 512];
    while answer.len() < HEAD_BYTES_MAX
        && let Ok(Ok(count @ 1..)) = step.repeat(|| line.read_some(&mut bytes))
    {
        answer.extend_from_slice(&bytes[..count]);
    }
    let text = String::from_utf8_lossy(&answer);
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let sentence = page_text(body);
    let is_sentence = !sentence.is_empty() && sentence.len() < 200;
    if is_sentence { sentence } else { short.to_owned() }
}

fn closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof
    )
}

/// The answer in `head`, once its end is there.
pub(crate) fn parse(head: &[u8]) -> Result<Option<Reply>, NoReply> {
    let begin = &head[..head.len().min(4)];
    if ![b"HTTP", b"ICE/", b"ICY "]
        .iter()
        .any(|protocol| protocol.starts_with(begin))
    {
        return Err(NoReply::Garbage);
    }
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let end = |end: &[u8]| Some(head.windows(end.len()).position(|bytes| bytes == end)? + end.len());
    let Some(head_bytes) = ends.into_iter().filter_map(end).min() else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&head[..head_bytes]);
    let first = head.lines().next().unwrap_or_default();
    let value = |name: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        headers.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| one_line(value)))
    };
    let mut words = first.splitn(3, ' ').skip(1);
    let status = words
        .next()
        .and_then(|status| status.parse().ok())
        .ok_or(NoReply::Garbage)?;
    let reason = one_line(words.next().unwrap_or_default());
    Ok(Some(Reply {
        status,
        reason,
        location: value("location"),
        icy_interval: value("icy-metaint").and_then(|interval| interval.parse().ok()),
        head_bytes,
    }))
}

/// What the answer means for a source.
pub(crate) fn verdict(reply: &Reply, settings: &SourceSettings) -> Result<(), SourceError> {
    let (status, reason) = (reply.status, reply.reason.clone());
    let (host, mount) = (settings.host.clone(), settings.mount.clone());
    let says = |words: &str| reason.to_lowercase().contains(words);
    match status {
        100..=299 => Ok(()),
        401 | 407 => Err(SourceError::Unauthorized {
            host,
            user: settings.user.clone(),
        }),
        300..=399 => Err(SourceError::Moved {
            host,
            location: cut(reply.location.as_deref().unwrap_or("nowhere"), 200).to_owned(),
        }),
        // Old forks of Icecast say so with 404, and some proxies with 500.
        403 | 404 | 409 | 500 if says("in use") || says("already") => Err(SourceError::MountInUse { host, mount }),
        415 => Err(settings.format_refused()),
        403 if says("content-type") || says("content type") || says("format") => Err(settings.format_refused()),
        403 if says("too many") => Err(SourceError::Busy { host, status, reason }),
        403 => Err(SourceError::Forbidden { host, mount, reason }),
        404 => Err(SourceError::UnknownMount { host, mount }),
        409 => Err(SourceError::MountInUse { host, mount }),
        408 | 429 | 500..=599 => Err(SourceError::Busy { host, status, reason }),
        _ => Err(SourceError::Rejected { host, status, reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recovery;

    /// What a source is told by an answer whose body has come whole.
    fn judge(head: &str, body: &str) -> Result<(), SourceError> {
        let mut reply = parse(format!("{head}\r\n\r\n").as_bytes())
            .expect("it is an answer")
            .expect("it is whole");
        let said = page_text(body);
        if !said.is_empty() {
            reply.reason = said;
        }
        verdict(&reply, &SourceSettings::example())
    }

    #[test]
    fn every_refusal_of_the_servers_there_are_has_words_of_its_own() {
        let harbor = |words: &str| {
            format!("<html><head><title>Liquidsoap source harbor</title></head><body><p>{words}</p></body></html>")
        };
        let again = Recovery::Retry;
        let never = Recovery::AskOperator;
        let table = [
            // Icecast 2.4
            (
                "HTTP/1.0 401 Authentication Required",
                "You need to authenticate\r\n".into(),
                "refused the login of \"source\"",
                never,
            ),
            (
                "HTTP/1.0 403 Forbidden",
                "Mountpoint in use".into(),
                "already on air from another source",
                again,
            ),
            (
                "HTTP/1.0 403 Forbidden",
                "too many sources connected".into(),
                "cannot take the stream now: 403 too many sources",
                again,
            ),
            (
                "HTTP/1.0 403 Forbidden",
                "Content-type not supported".into(),
                "takes no audio/mpeg; choose another codec",
                never,
            ),
            (
                "HTTP/1.0 403 Forbidden",
                "No Content-type given".into(),
                "takes no audio/mpeg",
                never,
            ),
            (
                "HTTP/1.0 403 Forbidden",
                "internal format allocation problem".into(),
                "takes no audio/mpeg",
                never,
            ),
            // Icecast 2.5
            (
                "HTTP/1.1 401 Authentication Required",
                "<html><body><h1>Error 401</h1><p>You need to authenticate</p></body></html>".into(),
                "refused the login",
                never,
            ),
            (
                "HTTP/1.1 409 Conflict",
                "<html><head><title>x</title></head><body><p>Mountpoint in use</p></body></html>".into(),
                "already on air",
                again,
            ),
            (
                "HTTP/1.1 415 Unsupported Media Type",
                "<p>Content-type not supported</p>".into(),
                "takes no audio/mpeg",
                never,
            ),
            // The kh fork, of two ages
            (
                "HTTP/1.0 404 File Not Found",
                "Mountpoint in use".into(),
                "already on air",
                again,
            ),
            (
                "HTTP/1.1 403 Content type not supported",
                String::new(),
                "takes no audio/mpeg",
                never,
            ),
            // Liquidsoap
            (
                "HTTP/1.0 401 Unauthorized",
                harbor("Wrong Authentication data"),
                "refused the login",
                never,
            ),
            (
                "HTTP/1.0 403 Mountpoint in use",
                harbor("The mountpoint is already in use."),
                "already on air",
                again,
            ),
            (
                "HTTP/1.0 404 Not found",
                harbor("This mountpoint isn't available."),
                "knows no mount /live",
                never,
            ),
            // What stands in front of servers
            (
                "HTTP/1.1 301 Moved Permanently\r\nLocation: https://radio/live",
                String::new(),
                "sends its sources to https://radio/live",
                never,
            ),
            (
                "HTTP/1.1 502 Bad Gateway",
                "<html><body><center><h1>502 Bad Gateway</h1></center></body></html>".into(),
                "cannot take the stream now: 502 502 Bad Gateway",
                again,
            ),
            (
                "HTTP/1.1 429 Too Many Requests",
                String::new(),
                "cannot take the stream now: 429",
                again,
            ),
            (
                "HTTP/1.1 403 Forbidden",
                "<p>Your address is banned</p>".into(),
                "does not allow a stream on /live: Your address is banned",
                never,
            ),
            (
                "HTTP/1.1 418 I'm a teapot",
                String::new(),
                "answered 418 I'm a teapot",
                never,
            ),
        ];
        for (head, body, words, recovery) in table {
            let error = judge(head, &body).expect_err(head);
            assert!(error.to_string().contains(words), "{head}: {error}");
            assert_eq!(error.recovery(), recovery, "{head}: {error}");
        }
        for accepted in [
            "HTTP/1.0 200 OK",
            "HTTP/1.1 100 Continue",
            "ICE/1.0 200 OK",
            "ICY 200 OK",
        ] {
            assert!(judge(accepted, "").is_ok());
        }
    }
}
