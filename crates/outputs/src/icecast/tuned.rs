//! Tunes in as a listener and reads the title there: between the bytes of an MP3 stream (ICY), or in the comments of
//! an Ogg one (RFC 7845, section 5.2; Vorbis I, section 5). Blocks for some seconds at most. Untrusted: read up to a
//! limit.

use std::time::Duration;

use percent_encoding::utf8_percent_encode;

use super::connect::connect;
use super::patience::Patience;
use super::reply::{NoReply, Reply, parse};
use super::request::{PATH, push_host};
use super::{Protocol, SourceError, SourceSettings};
use crate::title::{cut, one_line};

/// How long a listener waits for the title: a server without a burst sends 16000 bytes in a second or two.
const LISTEN_LIMIT: Duration = Duration::from_secs(6);
/// Bytes that a listener takes at most.
const BYTES_MAX: usize = 256 * 1024;
/// Blocks of ICY titles that a listener waits for: the first may say that nothing has changed.
const BLOCKS: usize = 2;

/// What a listener reads now. `None`: the stream has no title.
pub(crate) fn title(settings: &SourceSettings, patience: &Patience) -> Result<Option<String>, SourceError> {
    let mut line = connect(settings, patience)?;
    let step = patience.step(&settings.host, "play its own stream", LISTEN_LIMIT);
    line.write_all(head(settings).as_bytes(), &step)?;
    let mut answer = Vec::new();
    let mut bytes = [0; 4096];
    while answer.len() < BYTES_MAX {
        if let Heard::All(title) = listen(&answer, settings)? {
            return Ok(title);
        }
        match step.repeat(|| line.read_some(&mut bytes))? {
            Ok(0) => return Err(unread(settings, "it ended the stream")),
            Ok(count) => answer.extend_from_slice(&bytes[..count]),
            Err(error) => return Err(step.lost(&error)),
        }
    }
    Ok(None)
}

fn head(settings: &SourceSettings) -> String {
    let mut head = listener_head(&listener_path(settings));
    push_host(&mut head, settings);
    head + "\r\n"
}

/// What a listener who reads titles asks for first. No login.
pub(crate) fn listener_head(path: &str) -> String {
    format!("GET {path} HTTP/1.0\r\nIcy-MetaData: 1\r\n")
}

/// Where listeners find a mount.
pub(crate) fn listener_path(settings: &SourceSettings) -> String {
    match (settings.protocol, settings.mount.as_str()) {
        (Protocol::Shoutcast { stream: Some(stream) }, "/") => format!("/stream/{stream}/"),
        (_, mount) => utf8_percent_encode(mount, PATH).to_string(),
    }
}

/// What is known after some bytes.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// More has to come.
    TooLittle,
    /// This title, or that there is none.
    All(Option<String>),
}

fn listen(answer: &[u8], settings: &SourceSettings) -> Result<Heard, SourceError> {
    if answer.is_empty() {
        return Ok(Heard::TooLittle);
    }
    let reply = match parse(answer) {
        Ok(Some(reply)) => reply,
        Ok(None) => return Ok(Heard::TooLittle),
        Err(NoReply::Fault(error)) => return Err(error),
        Err(NoReply::Closed | NoReply::Garbage) => return Err(unread(settings, "it does not answer as a server does")),
    };
    if reply.status != 200 {
        return Err(unread(settings, &format!("{} {}", reply.status, reply.reason)));
    }
    Ok(of_stream(&reply, answer))
}

fn of_stream(reply: &Reply, answer: &[u8]) -> Heard {
    let body = &answer[reply.head_bytes..];
    match reply.icy_interval {
        Some(interval @ 1..) => of_icy(body, interval),
        _ if body.len() < 4 => Heard::TooLittle,
        _ if body.starts_with(b"OggS") => of_ogg(body),
        _ => Heard::All(None),
    }
}

/// The first title between the bytes.
fn of_icy(mut body: &[u8], interval: usize) -> Heard {
    for _ in 0..BLOCKS {
        let Some((length, rest)) = body.get(interval..).and_then(<[u8]>::split_first) else {
            return Heard::TooLittle;
        };
        let Some((block, rest)) = rest.split_at_checked(usize::from(*length) * 16) else {
            return Heard::TooLittle;
        };
        if let Some(title) = icy_title(block) {
            return Heard::All(Some(title));
        }
        body = rest;
    }
    Heard::All(None)
}

/// `StreamTitle='…';`: ends at the first `';`, as players read it.
pub(crate) fn icy_title(block: &[u8]) -> Option<String> {
    let text = text(block);
    let (_, rest) = text.split_once("StreamTitle='")?;
    let title = rest.split("';").next().unwrap_or_default();
    Some(one_line(title.trim_end_matches('\0')))
}

/// UTF-8, or Latin-1 where it is none.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// The comments of the first logical stream.
fn of_ogg(body: &[u8]) -> Heard {
    let after = |mark: &[u8]| {
        let at = body.windows(mark.len()).position(|bytes| bytes == mark)?;
        Some(&body[at + mark.len()..])
    };
    let comments = after(b"OpusTags")
        .or_else(|| after(b"\x03vorbis"))
        .or_else(|| of_flac(after(b"\x7fFLAC")?));
    let title = comments.and_then(title_of_comments);
    title.map_or(Heard::TooLittle, Heard::All)
}

/// The comments of FLAC in Ogg: the second packet, behind the four bytes that say what it is (Ogg FLAC mapping, 1.0).
fn of_flac(first: &[u8]) -> Option<&[u8]> {
    const TABLE_AT: usize = 26;
    let begins = first.windows(4).position(|bytes| bytes == b"OggS")?;
    let page = &first[begins..];
    let segments = usize::from(*page.get(TABLE_AT)?);
    page.get(TABLE_AT + 1 + segments + 4..)
}

/// `ARTIST` and `TITLE` of a comment header; `None` when its end is not there yet.
pub(crate) fn title_of_comments(mut bytes: &[u8]) -> Option<Option<String>> {
    take_text(&mut bytes)?; // who made it
    let count = take_length(&mut bytes)?;
    let (mut artist, mut title) = (None, None);
    for _ in 0..count {
        let comment = take_text(&mut bytes)?;
        let (key, value) = comment.split_once('=').unwrap_or_default();
        match key.to_ascii_uppercase().as_str() {
            "ARTIST" => artist = Some(one_line(value)),
            "TITLE" => title = Some(one_line(value)),
            _ => {}
        }
    }
    Some(match (artist, title) {
        (Some(artist), Some(title)) => Some(format!("{artist} - {title}")),
        (artist, title) => title.or(artist),
    })
}

fn take_length(bytes: &mut &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let length = take_length(bytes)?;
    let (found, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(text(found))
}

fn unread(settings: &SourceSettings, reason: &str) -> SourceError {
    SourceError::TitleUnread {
        host: settings.host.clone(),
        mount: settings.mount.clone(),
        reason: cut(&one_line(reason), 200).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn icy(interval: usize, blocks: &[&[u8]]) -> Vec<u8> {
        let mut answer = format!("ICY 200 OK\r\nicy-metaint: {interval}\r\n\r\n").into_bytes();
        for block in blocks {
            answer.extend(vec![b'a'; interval]);
            let units = block.len().div_ceil(16);
            answer.push(units as u8);
            answer.extend(*block);
            answer.extend(vec![0; units * 16 - block.len()]);
        }
        answer
    }

    fn heard(answer: &[u8]) -> Heard {
        let reply = parse(answer).expect("an answer").expect("it is whole");
        of_stream(&reply, answer)
    }

    fn titled(title: &str) -> Heard {
        Heard::All(Some(title.to_owned()))
    }

    #[test]
    fn a_title_between_the_bytes_is_read_as_players_do() {
        let utf8 = icy(8, &["StreamTitle='Jóga; it's';StreamUrl='x';".as_bytes()]);
        assert_eq!(heard(&utf8), titled("Jóga; it's"));
        assert_eq!(heard(&icy(8, &[b"", b"StreamTitle='J\xf3ga';"])), titled("Jóga"));
        assert_eq!(heard(&icy(8, &[b"", b""])), Heard::All(None));
        let half = &utf8[..utf8.len() - 20];
        assert_eq!(heard(half), Heard::TooLittle);
    }

    #[test]
    fn the_comments_of_opus_vorbis_and_flac_are_read_and_broken_ones_are_not() {
        let comments = |texts: &[&str]| {
            let mut bytes = 3_u32.to_le_bytes().to_vec();
            bytes.extend(b"lib");
            bytes.extend((texts.len() as u32).to_le_bytes());
            for text in texts {
                bytes.extend((text.len() as u32).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            bytes
        };
        // Of FLAC all up to its second packet: a page of 51 bytes, and the next one's header with a table of two.
        let flac = [
            b"\x7fFLAC\x01\x00\x00\x01fLaC",
            &[0; 38][..],
            b"OggS",
            &[0; 22],
            &[2, 255, 9, 0x84, 0, 0, 0],
        ]
        .concat();
        for mark in [&b"OpusTags"[..], b"\x03vorbis", &flac] {
            let stream = |comments: &[u8]| [b"HTTP/1.0 200 OK\r\n\r\nOggS....", mark, comments].concat();
            let whole = comments(&["artist=Bjørk", "ENCODER=x", "TITLE=Jóga"]);
            assert_eq!(heard(&stream(&whole)), titled("Bjørk - Jóga"));
            assert_eq!(heard(&stream(&whole[..whole.len() - 1])), Heard::TooLittle);
            assert_eq!(heard(&stream(&comments(&["X=y"]))), Heard::All(None));
            let endless = [0xff; 64];
            assert_eq!(heard(&stream(&endless)), Heard::TooLittle);
        }
    }
}
