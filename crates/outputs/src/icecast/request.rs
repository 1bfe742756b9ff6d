//! What a source says first. Each value is one line, so that no title, name or mount adds a header.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Protocol, Secret, SourceSettings};
use crate::title::{Title, cut, one_line};

/// Bytes a header value may have; Icecast's request may have 4096 in all.
const VALUE_BYTES_MAX: usize = 400;
/// What a path may not contain as it is (RFC 3986, section 3.3).
pub(crate) const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// How a source introduces itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// HTTP's own, since Icecast 2.4.
    Put,
    /// What every server of the family knows.
    Source,
}

/// The head of the request that becomes the stream.
pub(crate) fn stream_head(method: Method, settings: &SourceSettings, secret: &Secret) -> String {
    let mount = utf8_percent_encode(&settings.mount, PATH);
    let encoder = settings.encoder;
    let mut head = match method {
        Method::Put => format!("PUT {mount} HTTP/1.1\r\nExpect: 100-continue\r\n"),
        Method::Source => format!("SOURCE {mount} HTTP/1.0\r\n"),
    };
    push_common(&mut head, settings, secret);
    // What has no bit rate says nothing of one.
    let bit_rate = Some(encoder.bit_rate).filter(|kbit| *kbit > 0);
    let bit_rate = bit_rate.map_or_else(String::new, |kbit| kbit.to_string());
    let quality = if bit_rate.is_empty() { "" } else { ";bitrate=" };
    let info = format!("samplerate={}{quality}{bit_rate};channels=2", encoder.stream_rate());
    for (name, value) in [
        ("Content-Type", encoder.codec.content_type()),
        ("Ice-Public", if settings.public { "1" } else { "0" }),
        ("Ice-Name", &settings.name),
        ("Ice-Description", &settings.description),
        ("Ice-Genre", &settings.genre),
        ("Ice-URL", &settings.url),
        ("Ice-Bitrate", &bit_rate),
        ("Ice-Audio-Info", &info),
    ] {
        push(&mut head, name, value);
    }
    head + "\r\n"
}

/// The request that sets the title of a mount.
pub(crate) fn title_head(title: &Title, settings: &SourceSettings, secret: &Secret) -> String {
    let mount = utf8_percent_encode(&settings.mount, NON_ALPHANUMERIC);
    let song = title.icy();
    let song = utf8_percent_encode(&song, NON_ALPHANUMERIC);
    let mut head = format!("GET /admin/metadata?mode=updinfo&charset=UTF-8&mount={mount}&song={song} HTTP/1.0\r\n");
    push_common(&mut head, settings, secret);
    head + "\r\n"
}

fn push_common(head: &mut String, settings: &SourceSettings, secret: &Secret) {
    push_host(head, settings);
    push_login(head, &settings.user, secret);
}

/// Who asks, as the server's owner knows them.
pub(crate) fn push_login(head: &mut String, user: &str, secret: &Secret) {
    let login = STANDARD.encode(format!("{user}:{}", secret.reveal()));
    let _ = write!(head, "Authorization: Basic {login}\r\n"); // a String takes everything
}

/// Whom the request is for, and what sends it.
pub(crate) fn push_host(head: &mut String, settings: &SourceSettings) {
    let bare = settings.host.trim_start_matches('[').trim_end_matches(']');
    let host = if bare.contains(':') {
        format!("[{bare}]:{}", settings.port)
    } else {
        format!("{bare}:{}", settings.port)
    };
    push(head, "Host", &host);
    let agent = match settings.protocol {
        Protocol::Icecast => concat!("Airdesk/", env!("CARGO_PKG_VERSION")),
        // Shoutcast 1 shows its pages to none but "Mozilla".
        Protocol::Shoutcast { .. } => concat!("Airdesk/", env!("CARGO_PKG_VERSION"), " (Mozilla compatible)"),
    };
    push(head, "User-Agent", agent);
}

fn push(head: &mut String, name: &str, value: &str) {
    let value = header_value(value);
    if !value.is_empty() {
        let _ = write!(head, "{name}: {value}\r\n"); // a String takes everything
    }
}

/// `text` as a header may have it: one line, of a bounded length.
pub(crate) fn header_value(text: &str) -> String {
    cut(&one_line(text), VALUE_BYTES_MAX).to_owned()
}
