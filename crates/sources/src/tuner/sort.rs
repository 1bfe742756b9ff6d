//! What a server sends: by its first bytes where they tell, and else by what it says. A page, a film or a picture is no
//! stream, and no byte of it is decoded.

use super::TuneError;
use super::address::Address;
use super::playlist;
use super::reply::Reply;
use crate::decode::bare::{Kind as Bare, adts_header, mp3_header};
use crate::stream::format::{Encoding, Format};

/// Samples without a header, as somebody has declared them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw {
    /// What they are.
    pub format: Format,
    /// The high byte of each comes first, as on a network.
    pub big_endian: bool,
}

/// What is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Frames(Bare),
    Ogg,
    Wave,
    /// Without Ogg: files, and what speech servers send.
    Flac,
    Raw(Raw),
    /// Frames in an MPEG transport stream, as pieces of HLS have them.
    Transport,
    /// Fragmented MP4, likewise.
    Fragments,
}

/// What an answer brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Sound(Sort),
    List(playlist::Kind),
}

/// Looks at an answer and the first bytes of what it brings. `raw` is what the operator says that it is.
pub(super) fn what(reply: &Reply, address: &Address, first: &[u8], raw: Option<Raw>) -> Result<What, TuneError> {
    let kind = reply.kind();
    let host = || address.to_string();
    if kind == "text/html" || kind == "application/xhtml+xml" || is_page(first) {
        return Err(TuneError::Page { host: host() });
    }
    if let Some(raw) = raw {
        return Ok(What::Sound(Sort::Raw(raw)));
    }
    let is_vague = matches!(
        kind.as_str(),
        "" | "text/plain" | "application/octet-stream" | "binary/octet-stream" | "application/xml" | "text/xml"
    );
    let list = playlist::Kind::of_type(&kind).or_else(|| playlist::Kind::of_beginning(first));
    let by_name = || playlist::Kind::of_ending(&address.ending()).filter(|_| is_vague);
    let sound = by_beginning(first).map_err(|kind| unsupported(host(), kind))?;
    let sound = sound.or_else(|| first.starts_with(b"ID3").then(|| tagged(&kind)));
    if sound.is_none()
        && let Some(list) = list.or_else(by_name)
    {
        return Ok(What::List(list));
    }
    if let Some(declared) = linear(reply, &kind).map_err(|kind| unsupported(host(), kind))? {
        return Ok(What::Sound(Sort::Raw(declared)));
    }
    let told = sound
        .or_else(|| by_type(&kind))
        .or_else(|| by_ending(address).filter(|_| is_vague));
    match told {
        Some(sort) => Ok(What::Sound(sort)),
        // Old servers say nothing, and send MP3.
        None if kind.is_empty() => Ok(What::Sound(Sort::Frames(Bare::Mp3))),
        None => Err(unsupported(host(), &kind)),
    }
}

fn unsupported(host: String, kind: &str) -> TuneError {
    TuneError::Unsupported {
        host,
        kind: super::text::one_line(kind),
    }
}

pub(super) fn is_page(first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first).trim_ascii_start();
    let begins = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
    };
    begins(b"<!doctype") || begins(b"<html") || begins(b"<head") || begins(b"<body")
}

/// By the first bytes; `Err`: known, and not to be played.
pub(super) fn by_beginning(first: &[u8]) -> Result<Option<Sort>, &'static str> {
    Ok(Some(match first {
        [b'O', b'g', b'g', b'S', ..] => Sort::Ogg,
        [b'R', b'I', b'F' | b'X', b'F' | b'4', ..] | [b'R', b'F', b'6', b'4', ..]
            if first.get(8..12) == Some(b"WAVE") =>
        {
            Sort::Wave
        }
        [b'I', b'D', b'3', ..] => return Ok(None),
        [b'f', b'L', b'a', b'C', ..] => return Err("FLAC without Ogg"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return Err("MP4"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => return Err("WebM or Matroska"),
        [b'F', b'O', b'R', b'M', ..] => return Err("AIFF"),
        [0x1f, 0x8b, ..] => return Err("packed bytes (gzip)"),
        _ if adts_header(first.get(..7).unwrap_or_default()).is_some() => Sort::Frames(Bare::Adts),
        _ if mp3_header(first).is_some() => Sort::Frames(Bare::Mp3),
        _ => return Ok(None),
    }))
}

/// What stands behind a tag (ID3v2) is MP3 unless it is said to be AAC; a look at it decides.
fn tagged(kind: &str) -> Sort {
    let told = by_type(kind).filter(|sort| matches!(sort, Sort::Frames(_)));
    told.unwrap_or(Sort::Frames(Bare::Mp3))
}

fn by_type(kind: &str) -> Option<Sort> {
    Some(match kind {
        "audio/mpeg" | "audio/mp3" | "audio/x-mpeg" | "audio/mpeg3" | "audio/x-mp3" => Sort::Frames(Bare::Mp3),
        "audio/aac" | "audio/aacp" | "audio/x-aac" | "audio/x-hx-aac-adts" => Sort::Frames(Bare::Adts),
        "application/ogg" | "audio/ogg" | "audio/x-ogg" | "audio/opus" | "audio/vorbis" => Sort::Ogg,
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Sort::Wave,
        _ => return None,
    })
}

fn by_ending(address: &Address) -> Option<Sort> {
    Some(match address.ending().as_str() {
        "mp3" => Sort::Frames(Bare::Mp3),
        "aac" => Sort::Frames(Bare::Adts),
        "ogg" | "oga" | "opus" => Sort::Ogg,
        "wav" => Sort::Wave,
        _ => return None,
    })
}

/// `audio/L16;rate=48000;channels=2` and its like (RFC 2586, 3190, 4856): the high byte first, one channel unless it says.
fn linear(reply: &Reply, kind: &str) -> Result<Option<Raw>, &'static str> {
    let encoding = match kind {
        "audio/l8" => Encoding::U8,
        "audio/l16" => Encoding::S16,
        "audio/l24" => Encoding::S24,
        _ => return Ok(None),
    };
    let rate = reply.kind_number("rate").ok_or("samples that do not say their rate")?;
    let channels = reply.kind_number("channels").unwrap_or(1);
    let format = Format::new(encoding, channels as usize, rate);
    Ok(Some(Raw {
        format: format.map_err(|_| "samples of a rate or a number of channels that nobody has")?,
        big_endian: true,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, url: &str, first: &[u8]) -> Result<What, String> {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n");
        let (reply, _) = Reply::parse(head.as_bytes()).expect("an answer").expect("whole");
        let address = Address::parse(url).expect("an address");
        what(&reply, &address, first, None).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_bytes_say_more_than_the_type() {
        let sound = |sort| Ok(What::Sound(sort));
        let mp3 = [0xff, 0xfb, 0x94, 0x00, 0, 0, 0, 0];
        let adts = [0xff, 0xf1, 0x4c, 0x80, 0x2e, 0x7f, 0xfc, 0];
        for (kind, url, first, expected) in [
            ("audio/mpeg", "http://a/x", &b"OggS\0\x02......"[..], sound(Sort::Ogg)),
            ("audio/mpeg", "http://a/x", &adts, sound(Sort::Frames(Bare::Adts))),
            ("audio/aac", "http://a/x", &mp3, sound(Sort::Frames(Bare::Mp3))),
            (
                "audio/aacp",
                "http://a/x",
                b"in the middle of one",
                sound(Sort::Frames(Bare::Adts)),
            ),
            (
                "audio/mpeg",
                "http://a/x",
                b"ID3\x04\0\0\0\0\0\0",
                sound(Sort::Frames(Bare::Mp3)),
            ),
            (
                "application/octet-stream",
                "http://a/x",
                b"ID3\x04\0\0\0\0\0\0",
                sound(Sort::Frames(Bare::Mp3)),
            ),
            (
                "audio/aac",
                "http://a/x",
                b"ID3\x04\0\0\0\0\0\0",
                sound(Sort::Frames(Bare::Adts)),
            ),
            (
                "audio/x-mpegurl",
                "http://a/x",
                b"ID3\x04\0\0\0\0\0\0",
                sound(Sort::Frames(Bare::Mp3)),
            ),
            (
                "binary/octet-stream",
                "http://a/x.mp3",
                b"in the middle",
                sound(Sort::Frames(Bare::Mp3)),
            ),
            (
                "binary/octet-stream",
                "http://a/x.m3u",
                b"http://b/",
                Ok(What::List(playlist::Kind::M3u)),
            ),
            (
                "",
                "http://a/x",
                b"in the middle of one",
                sound(Sort::Frames(Bare::Mp3)),
            ),
            (
                "application/octet-stream",
                "http://a/x.aac",
                b"in the middle",
                sound(Sort::Frames(Bare::Adts)),
            ),
            (
                "application/octet-stream",
                "http://a/x",
                b"RIFF\xff\xff\xff\xffWAVEfmt ",
                sound(Sort::Wave),
            ),
            (
                "audio/x-mpegurl",
                "http://a/x",
                b"http://b/",
                Ok(What::List(playlist::Kind::M3u)),
            ),
            ("audio/x-mpegurl", "http://a/x", &mp3, sound(Sort::Frames(Bare::Mp3))),
            (
                "text/plain",
                "http://a/x.pls",
                b"\n[playlist]",
                Ok(What::List(playlist::Kind::Pls)),
            ),
            (
                "text/plain",
                "http://a/x",
                b"#EXTM3U\nhttp://b/",
                Ok(What::List(playlist::Kind::M3u)),
            ),
        ] {
            assert_eq!(told(kind, url, first), expected, "{kind} {url}");
        }
    }

    #[test]
    fn what_is_no_stream_is_called_by_its_name() {
        for (kind, first, word) in [
            ("text/html", &b"sound, it says"[..], "web page"),
            ("audio/mpeg", b"\n<!DOCTYPE html><html>", "web page"),
            ("video/mp4", b"\0\0\0\x20ftypisom", "MP4"),
            ("audio/flac", b"fLaC\0\0\0\x22", "FLAC without Ogg"),
            ("application/json", b"{\"a\": 1}", "application/json"),
            ("image/png", b"\x89PNG", "image/png"),
            ("audio/mpeg", b"\x1f\x8b\x08\0", "gzip"),
            ("audio/L16", b"....", "do not say their rate"),
            ("audio/L16; rate=1", b"....", "rate"),
        ] {
            let sentence = told(kind, "http://a/x", first).expect_err(kind);
            assert!(sentence.contains(word), "{kind}: {sentence}");
        }
    }

    #[test]
    fn samples_are_what_their_type_says() {
        let expected = |encoding, channels, rate| {
            let format = Format::new(encoding, channels, rate).expect("a format");
            Ok(What::Sound(Sort::Raw(Raw {
                format,
                big_endian: true,
            })))
        };
        assert_eq!(
            told("audio/L16;rate=44100;channels=2", "http://a/x", b"\0\0\0\0"),
            expected(Encoding::S16, 2, 44_100)
        );
        assert_eq!(
            told("audio/L24; rate=48000", "http://a/x", b"\0\0\0"),
            expected(Encoding::S24, 1, 48_000)
        );
    }
}
