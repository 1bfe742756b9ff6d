//! The pages on which servers show everyone what is on: Icecast's in JSON, Shoutcast 2's in JSON, Shoutcast 1's in
//! one line. Untrusted: read up to a limit, and what is not understood is absent.

use std::time::Instant;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::request::push_host;
use super::{Protocol, SourceSettings, Statistics};
use crate::title::{cut, one_line};

/// Bytes of a page that are read; a server with a hundred mounts needs half as many.
pub(super) const PAGE_BYTES_MAX: usize = 128 * 1024;
/// Bytes of a text on it that are kept.
const TEXT_BYTES_MAX: usize = 4096;

/// What a server showed everyone about a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusPage {
    /// When it was asked for: what it shows is not older.
    pub asked: Instant,
    /// Its figures. `None` where it has no such page, shows it to nobody, or does not know the mount yet.
    pub statistics: Option<Statistics>,
    /// The title as it shows it. `None` where it shows none.
    pub title: Option<String>,
}

/// The kinds of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Icecast: `status-json.xsl`.
    Icecast,
    /// Shoutcast 2: `stats?json=1`.
    Stats,
    /// Shoutcast 1: `7.html`.
    Seven,
}

impl Kind {
    /// Those that a server of this protocol may have. An Icecast may stand in for a Shoutcast.
    pub(super) fn of(protocol: Protocol) -> &'static [Self] {
        match protocol {
            Protocol::Icecast => &[Self::Icecast],
            Protocol::Shoutcast { .. } => &[Self::Stats, Self::Seven, Self::Icecast],
        }
    }

    /// The request for it. Open to everyone: no login.
    pub(super) fn head(self, settings: &SourceSettings) -> String {
        let mount = utf8_percent_encode(&settings.mount, NON_ALPHANUMERIC);
        let stream = match settings.protocol {
            Protocol::Shoutcast { stream: Some(stream) } => stream,
            _ => 1,
        };
        let path = match self {
            Self::Icecast => format!("/status-json.xsl?mount={mount}"),
            Self::Stats => format!("/stats?sid={stream}&json=1"),
            Self::Seven => format!("/7.html?sid={stream}"),
        };
        let mut head = format!("GET {path} HTTP/1.0\r\n");
        push_host(&mut head, settings);
        head + "\r\n"
    }

    /// What a whole answer shows about the mount.
    pub(super) fn read(self, answer: &[u8], mount: &str) -> Option<(Statistics, Option<String>)> {
        let text = String::from_utf8_lossy(answer);
        let (_, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
        match self {
            Self::Icecast => icecast(&serde_json::from_str(body).ok()?, mount),
            Self::Stats => stats(&serde_json::from_str(body).ok()?),
            Self::Seven => seven(body),
        }
    }
}

fn icecast(page: &Value, mount: &str) -> Option<(Statistics, Option<String>)> {
    let told = &page["icestats"];
    // One mount is an object, several are a list, none is absent.
    let one = std::slice::from_ref(&told["source"]);
    let sources = told["source"].as_array().map_or(one, Vec::as_slice);
    let source = sources
        .iter()
        .find(|source| path(&source["listenurl"]) == Some(mount))?;
    let statistics = Statistics {
        listeners: number(&source["listeners"]),
        listeners_peak: number(&source["listener_peak"]),
        server: words(&told["server_id"]),
        bit_rate: number(&source["bitrate"]).or_else(|| number(&source["ice-bitrate"])),
        content_type: words(&source["server_type"]),
    };
    let title = match (words(&source["artist"]), words(&source["title"])) {
        (Some(artist), Some(title)) => Some(format!("{artist} - {title}")),
        (_, title) => title,
    };
    Some((statistics, title))
}

/// The path of an address, which is its mount.
fn path(url: &Value) -> Option<&str> {
    let (_, rest) = url.as_str()?.split_once("://")?;
    rest.find('/').map(|at| &rest[at..])
}

fn stats(page: &Value) -> Option<(Statistics, Option<String>)> {
    let version = words(&page["version"]).map(|version| format!("Shoutcast {version}"));
    let statistics = Statistics {
        listeners: Some(number(&page["currentlisteners"])?),
        listeners_peak: number(&page["peaklisteners"]),
        server: version,
        bit_rate: number(&page["bitrate"]),
        content_type: words(&page["content"]),
    };
    Some((statistics, words(&page["songtitle"])))
}

/// `listeners,status,peak,most,unique,bit rate,title`, where the title may have commas too.
fn seven(page: &str) -> Option<(Statistics, Option<String>)> {
    let (_, body) = page.split_once("<body>").or_else(|| page.split_once("<BODY>"))?;
    let line = body.split('<').next()?;
    let mut fields = line.splitn(7, ',');
    let listeners = fields.next()?.trim().parse().ok()?;
    let peak = fields.nth(1)?.parse().ok();
    let bit_rate = fields.nth(2)?.parse().ok();
    let statistics = Statistics {
        listeners: Some(listeners),
        listeners_peak: peak,
        bit_rate,
        ..Statistics::default()
    };
    let title = fields.next().map(one_line).filter(|title| !title.is_empty());
    Some((statistics, title))
}

/// A count; some servers write it as a text.
fn number(value: &Value) -> Option<u32> {
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    u32::try_from(number).ok()
}

/// A text; Icecast writes one of digits as a number.
fn words(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let line = one_line(&text);
    Some(cut(&line, TEXT_BYTES_MAX).to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";

    fn read(kind: Kind, body: &str) -> Option<(Statistics, Option<String>)> {
        kind.read(format!("{HEAD}{body}").as_bytes(), "/live.mp3")
    }

    #[test]
    fn icecasts_page_is_read_for_one_mount_for_many_and_for_none() {
        let source = r#"{"bitrate":128,"genre":"talk","listener_peak":3,"listeners":2,"listenurl":"http://h:8000/live.mp3",
            "server_type":"audio/mpeg","title":"Jóga \"x\"","dummy":null}"#;
        let other = source
            .replace("live.mp3", "other.mp3")
            .replace("\"listeners\":2", "\"listeners\":9");
        let page =
            |sources: &str| format!("{{\"icestats\":{{\"server_id\":\"Icecast 2.4.4\"{sources},\"dummy\":null}}}}");
        for sources in [
            format!(",\"source\":{source}"),
            format!(",\"source\":[{other},{source}]"),
        ] {
            let (statistics, title) = read(Kind::Icecast, &page(&sources)).expect("it is there");
            assert_eq!(
                (statistics.listeners, statistics.listeners_peak, statistics.bit_rate),
                (Some(2), Some(3), Some(128))
            );
            assert_eq!(statistics.server.as_deref(), Some("Icecast 2.4.4"));
            assert_eq!(statistics.content_type.as_deref(), Some("audio/mpeg"));
            assert_eq!(title.as_deref(), Some("Jóga \"x\""));
        }
        assert_eq!(read(Kind::Icecast, &page("")), None);
        assert_eq!(read(Kind::Icecast, &page(&format!(",\"source\":{other}"))), None);
    }

    #[test]
    fn a_page_that_is_broken_or_something_else_says_nothing() {
        for body in [
            "{\"icestats\":\"server_start\":\"now\"}", // an Icecast in its first tenth of a second
            "<html>404</html>",
            "",
            "[]",
            "{\"icestats\":{\"source\":{\"listenurl\":7}}}",
        ] {
            for kind in [Kind::Icecast, Kind::Stats, Kind::Seven] {
                assert_eq!(read(kind, body), None, "{body}");
            }
        }
    }

    #[test]
    fn a_title_of_digits_is_a_title() {
        let page = "{\"icestats\":{\"source\":{\"listenurl\":\"http://h/live.mp3\",\"title\":1979,\"artist\":311}}}";
        assert_eq!(
            read(Kind::Icecast, page).expect("it is there").1.as_deref(),
            Some("311 - 1979")
        );
    }

    #[test]
    fn shoutcasts_pages_are_read() {
        let two = r#"{"currentlisteners":4,"peaklisteners":9,"maxlisteners":32,"songtitle":"A, B","streamstatus":1,
            "bitrate":"128","content":"audio/mpeg","version":"2.6.1.777 (posix(linux x64))"}"#;
        let (statistics, title) = read(Kind::Stats, two).expect("it is there");
        assert_eq!((statistics.listeners, statistics.listeners_peak), (Some(4), Some(9)));
        assert_eq!(
            statistics.server.as_deref(),
            Some("Shoutcast 2.6.1.777 (posix(linux x64))")
        );
        assert_eq!(title.as_deref(), Some("A, B"));
        let one =
            "<HTML><meta http-equiv=\"Pragma\" content=\"no-cache\"></head><body>4,1,9,100,3,128,A, B</body></html>";
        let (statistics, title) = read(Kind::Seven, one).expect("it is there");
        assert_eq!(
            (statistics.listeners, statistics.listeners_peak, statistics.bit_rate),
            (Some(4), Some(9), Some(128))
        );
        assert_eq!((statistics.server, title.as_deref()), (None, Some("A, B")));
    }
}
