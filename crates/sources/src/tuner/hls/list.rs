//! What a playlist of HLS says (RFC 8216, section 4): the variants of a stream, or its pieces. Untrusted: ten thousand pieces, a
//! hundred variants, and no number that could not be true.

use std::rc::Rc;

use crate::tuner::text::one_line;

/// Pieces of one list: sixteen hours of six seconds each.
const PIECES_MAX: usize = 10_000;
/// Variants and renditions that are looked at.
const VARIANTS_MAX: usize = 100;
/// No number of a piece, and no place in a file, is higher: what is reckoned with it stays far below what a `u64` holds.
const NUMBER_MAX: u64 = 1 << 53;
/// A piece, and the time after which a list changes, seconds.
const SECONDS_MAX: f64 = 86_400.0;
const TARGET: (f64, f64) = (1.0, 60.0);

/// A playlist.
#[derive(Debug, PartialEq)]
pub(super) enum List {
    /// Of lists.
    Master(Vec<Variant>),
    /// Of pieces.
    Media(Media),
}

/// One of several forms of a stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Variant {
    pub(super) uri: String,
    /// Bits a second.
    pub(super) bandwidth: u64,
    /// As it says, where it does: `mp4a.40.2`, `avc1.64001f`.
    pub(super) codecs: Vec<String>,
    /// It has a size to be looked at.
    pub(super) is_seen: bool,
    /// Where the sound of it is alone.
    pub(super) sound: Option<String>,
}

/// The pieces that there are.
#[derive(Debug, PartialEq)]
pub(super) struct Media {
    /// The number of the first of them.
    pub(super) first: u64,
    /// How long a piece is at most, seconds.
    pub(super) target: f64,
    /// No others follow.
    pub(super) ended: bool,
    pub(super) pieces: Vec<Piece>,
}

/// A part of a file, or all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct File {
    pub(super) uri: String,
    /// Where it begins, and how many bytes there are.
    pub(super) range: Option<(u64, u64)>,
}

/// One piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Piece {
    pub(super) file: File,
    pub(super) seconds: f64,
    pub(super) title: Option<String>,
    /// It does not go on where the one before ended.
    pub(super) breaks: bool,
    /// What has to be read before it.
    pub(super) opening: Option<Rc<File>>,
    /// How it is encrypted, if it is.
    pub(super) locked: Option<Rc<str>>,
    /// Its server says that it has none.
    pub(super) is_absent: bool,
}

impl Media {
    /// The number behind the last piece.
    pub(super) fn end(&self) -> u64 {
        self.first + self.pieces.len() as u64
    }
}

/// Reads a list.
///
/// # Errors
/// When it is none, or larger than any is.
pub(super) fn read(text: &str) -> Result<List, &'static str> {
    if !text.trim_start_matches('\u{feff}').trim_start().starts_with("#EXTM3U") {
        return Err("it does not begin as a list of HLS");
    }
    if text.lines().any(|line| line.starts_with("#EXT-X-STREAM-INF:")) {
        return Ok(List::Master(master(text)));
    }
    media(text).map(List::Media)
}

fn master(text: &str) -> Vec<Variant> {
    let (mut variants, mut sounds) = (Vec::new(), Vec::new());
    let mut told: Option<(Variant, Option<String>)> = None;
    for line in text.lines().map(str::trim) {
        if let Some(about) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            let codecs = attribute(about, "CODECS").unwrap_or_default();
            let codecs = codecs.split(',').map(str::trim).filter(|codec| !codec.is_empty());
            let variant = Variant {
                bandwidth: attribute(about, "BANDWIDTH").and_then(number).unwrap_or_default(),
                codecs: codecs.map(str::to_ascii_lowercase).collect(),
                is_seen: attribute(about, "RESOLUTION").is_some() || attribute(about, "FRAME-RATE").is_some(),
                ..Variant::default()
            };
            told = Some((variant, attribute(about, "AUDIO").map(str::to_owned)));
        } else if let Some(about) = line.strip_prefix("#EXT-X-MEDIA:") {
            let is_sound = attribute(about, "TYPE") == Some("AUDIO");
            if let (true, Some(group), Some(uri)) = (is_sound, attribute(about, "GROUP-ID"), attribute(about, "URI"))
                && sounds.len() < VARIANTS_MAX
            {
                let is_usual = attribute(about, "DEFAULT") == Some("YES");
                sounds.push((group.to_owned(), uri.to_owned(), is_usual));
            }
        } else if !line.is_empty()
            && !line.starts_with('#')
            && let Some((variant, group)) = told.take()
            && variants.len() < VARIANTS_MAX
        {
            let uri = line.to_owned();
            variants.push((Variant { uri, ..variant }, group));
        }
    }
    let with_sound = |(mut variant, group): (Variant, Option<String>)| {
        let mut fitting = sounds.iter().filter(|(name, ..)| Some(name) == group.as_ref());
        let first = fitting.clone().next();
        let found = fitting.find(|(.., is_usual)| *is_usual).or(first);
        variant.sound = found.map(|(_, uri, _)| uri.clone());
        variant
    };
    variants.into_iter().map(with_sound).collect()
}

fn media(text: &str) -> Result<Media, &'static str> {
    let mut media = Media {
        first: 0,
        target: TARGET.0,
        ended: false,
        pieces: Vec::new(),
    };
    let (mut next, mut length) = (Piece::default(), None);
    // Where the part of a file ended that came before.
    let mut behind = (String::new(), 0);
    for line in text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        match tag {
            "#EXT-X-TARGETDURATION" => {
                let target: f64 = value
                    .trim()
                    .parse()
                    .map_err(|_| "it does not say how long its pieces are")?;
                media.target = if target.is_nan() {
                    TARGET.0
                } else {
                    target.clamp(TARGET.0, TARGET.1)
                };
            }
            "#EXT-X-MEDIA-SEQUENCE" => media.first = number(value).ok_or("its pieces have no number")?,
            "#EXT-X-ENDLIST" => media.ended = true,
            "#EXT-X-DISCONTINUITY" => next.breaks = true,
            "#EXT-X-GAP" => next.is_absent = true,
            "#EXT-X-BYTERANGE" => length = Some(range(value).ok_or("a piece of it has no length")?),
            "#EXT-X-KEY" => {
                let method = attribute(value, "METHOD").unwrap_or("an unknown method");
                next.locked = (method != "NONE").then(|| one_line(method).into());
            }
            "#EXT-X-MAP" => {
                let uri = attribute(value, "URI").ok_or("what comes before its pieces has no address")?;
                let part = attribute(value, "BYTERANGE").map(|part| range(part).ok_or("a piece of it has no length"));
                let part = part
                    .transpose()?
                    .map(|(length, from)| (from.unwrap_or_default(), length));
                next.opening = Some(Rc::new(File {
                    uri: uri.to_owned(),
                    range: part,
                }));
            }
            "#EXTINF" => {
                let (seconds, title) = value.split_once(',').unwrap_or((value, ""));
                let seconds = seconds.trim().parse::<f64>().ok();
                let seconds = seconds.filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds));
                next.seconds = seconds.ok_or("a piece of it lasts no time that there is")?;
                next.title = Some(one_line(title)).filter(|title| !title.is_empty());
            }
            _ if line.starts_with('#') => {}
            _ => {
                if media.pieces.len() == PIECES_MAX {
                    return Err("it has more than ten thousand pieces");
                }
                next.file.uri = line.to_owned();
                next.file.range = length.take().map(|(length, from)| {
                    let from = from.unwrap_or(if behind.0 == line { behind.1 } else { 0 });
                    behind = (line.to_owned(), from + length);
                    (from, length)
                });
                // What is encrypted, and what comes before, stay so for those that follow.
                let follows = Piece {
                    opening: next.opening.clone(),
                    locked: next.locked.clone(),
                    ..Piece::default()
                };
                media.pieces.push(std::mem::replace(&mut next, follows));
            }
        }
    }
    Ok(media)
}

/// `NAME=value` or `NAME="value"` of a list of attributes (4.2).
fn attribute<'list>(list: &'list str, name: &str) -> Option<&'list str> {
    let mut rest = list;
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=')?;
        let value_end = match value.strip_prefix('"') {
            Some(quoted) => quoted.find('"')? + 2,
            None => value.find(',').unwrap_or(value.len()),
        };
        if key.trim_start_matches(',').trim() == name {
            return Some(value[..value_end].trim().trim_matches('"'));
        }
        rest = &value[value_end..];
    }
    None
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|number| *number <= NUMBER_MAX)
}

/// A length, and where it begins if that is said: `1000@2000`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let text = text.trim().trim_matches('"');
    let Some((length, from)) = text.split_once('@') else {
        return Some((number(text).filter(|length| *length > 0)?, None));
    };
    Some((number(length).filter(|length| *length > 0)?, Some(number(from)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Media {
        match read(text) {
            Ok(List::Media(media)) => media,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pieces_keep_their_numbers_their_parts_and_what_comes_before_them() {
        let media = pieces(
            "#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n#EXT-X-MEDIA-SEQUENCE:41\r\n#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"9@1\"\r\n\
             #EXTINF:5.9, Artist - J\u{f3}ga \r\n#EXT-X-BYTERANGE:100@10\r\na.m4s\r\n#EXTINF:6,\r\n#EXT-X-BYTERANGE:50\r\na.m4s\r\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-DISCONTINUITY\n#EXTINF:6\nb.m4s\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:6\n\
             #EXT-X-GAP\nc.m4s\n#EXT-X-ENDLIST\n",
        );
        assert_eq!(
            (media.first, media.end(), media.target, media.ended),
            (41, 45, 6.0, true)
        );
        let [a, b, c, d] = media.pieces.as_slice() else {
            panic!()
        };
        assert_eq!(
            (a.file.range, b.file.range, c.file.range),
            (Some((10, 100)), Some((110, 50)), None)
        );
        assert_eq!(
            (a.title.as_deref(), b.title.as_deref()),
            (Some("Artist - J\u{f3}ga"), None)
        );
        assert_eq!((a.breaks, b.breaks, c.breaks, d.breaks), (false, false, true, false));
        assert_eq!(
            (b.locked.as_deref(), c.locked.as_deref(), d.locked.as_deref()),
            (None, Some("AES-128"), None)
        );
        assert!(!c.is_absent && d.is_absent);
        let opening = File {
            uri: "i.mp4".into(),
            range: Some((1, 9)),
        };
        assert!(
            media
                .pieces
                .iter()
                .all(|piece| piece.opening.as_deref() == Some(&opening))
        );
    }

    #[test]
    fn variants_know_where_their_sound_is_alone() {
        let text = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x, y\",URI=\"second.m3u8\"\n\
                    #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"usual\",DEFAULT=YES,URI=\"usual.m3u8\"\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS=\"avc1.4d401e, mp4a.40.2\",AUDIO=\"a\"\nfilm.m3u8\n\
                    #EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=1,BANDWIDTH=64000,CODECS=\"mp4a.40.2\"\nlow.m3u8\n";
        let Ok(List::Master(variants)) = read(text) else {
            panic!()
        };
        let [film, low] = variants.as_slice() else { panic!() };
        assert_eq!(
            (film.uri.as_str(), film.sound.as_deref()),
            ("film.m3u8", Some("usual.m3u8"))
        );
        assert!(film.is_seen && film.codecs == ["avc1.4d401e", "mp4a.40.2"]);
        assert_eq!(
            (low.uri.as_str(), low.bandwidth, low.is_seen),
            ("low.m3u8", 64_000, false)
        );
    }

    #[test]
    fn what_could_not_be_true_is_refused_and_no_list_is_endless() {
        for wrong in [
            "#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:1,\na\n",
            "#EXT-X-MEDIA-SEQUENCE:-1\n",
            "#EXTINF:NaN,\na\n",
            "#EXTINF:1e99,\na\n",
            "#EXTINF:-5,\na\n",
            "#EXT-X-BYTERANGE:0@9\na\n",
            "#EXT-X-BYTERANGE:18446744073709551615@18446744073709551615\na\n",
            "#EXT-X-MAP:BYTERANGE=\"1@1\"\n",
            "#EXT-X-TARGETDURATION:soon\n",
        ] {
            assert!(read(&format!("#EXTM3U\n{wrong}")).is_err(), "{wrong}");
        }
        assert!(read(&format!("#EXTM3U\n{}", "#EXTINF:1,\na\n".repeat(PIECES_MAX + 1))).is_err());
        assert_eq!(pieces("#EXTM3U\n#EXT-X-TARGETDURATION:0\n").target, 1.0);
        for odd in [
            "#EXT-X-STREAM-INF:",
            "#EXT-X-STREAM-INF:A=\"\nb",
            "#EXT-X-KEY:=,=\"\n",
            "#EXT-X-MAP",
        ] {
            let _ = read(&format!("#EXTM3U\n{odd}")); // no panic
        }
    }
}
