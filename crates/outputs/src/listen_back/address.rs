//! Where the desk listens: the target's own mount, or an address that the operator gave or a server sends listeners to.
//! Never with a login.

use std::net::{SocketAddr, ToSocketAddrs};

use percent_encoding::{AsciiSet, utf8_percent_encode};

use crate::icecast::SourceSettings;
use crate::icecast::request::PATH;
use crate::icecast::tuned::listener_path;
use crate::title::cut;

/// What a path may not contain that is encoded already, and may have a query.
const ENCODED: &AsciiSet = &PATH.remove(b'%').remove(b'?');
/// Bytes of an address.
const BYTES_MAX: usize = 1000;

/// A place to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    tls: bool,
    host: String,
    port: u16,
    /// As the request has it, with its query.
    path: String,
}

/// It is no place to listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address to listen at; write it like https://radio.example.org/live.mp3, without a login")]
pub struct AddressError(String);

impl Address {
    /// The mount that a target streams to.
    pub(super) fn of_target(source: &SourceSettings) -> Self {
        Self {
            tls: source.tls,
            host: source.host.clone(),
            port: source.port,
            path: listener_path(source),
        }
    }

    /// `http://host:port/path`, or the same with `https`.
    pub(super) fn parse(url: &str) -> Result<Self, AddressError> {
        let refused = || AddressError(cut(&without_secrets(url), 200).to_owned());
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(refused()),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| refused())?),
            _ => (authority, if tls { 443 } else { 80 }),
        };
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '@' | '#' | '\\' | '%');
        if host.is_empty()
            || host.contains(odd)
            || port == 0
            || url.len() > BYTES_MAX
            || path.contains(char::is_control)
        {
            return Err(refused());
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
            path: path_of(path),
        })
    }

    /// Where a server at this address sends its listeners.
    pub(super) fn moved(&self, location: &str) -> Result<Self, AddressError> {
        if location.starts_with('/') && !location.starts_with("//") && location.len() <= BYTES_MAX {
            let path = path_of(location);
            return Ok(Self { path, ..self.clone() });
        }
        Self::parse(location)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Host and path, to be shown and logged: without the query, where a listener's token may be.
    pub(super) fn shown(&self) -> String {
        format!("{}{}", self.host, self.path_alone())
    }

    pub(super) fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    fn path_alone(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// This is the server and the mount that `source` streams to, where `peer` is who has answered: the host may have
    /// other names, and another server may share its name. May look a name up, which blocks.
    pub(super) fn is_mount_of(&self, source: &SourceSettings, peer: Option<SocketAddr>) -> bool {
        if self.port != source.port || self.path_alone() != listener_path(source) {
            return false;
        }
        if self.host.eq_ignore_ascii_case(&source.host) {
            return true;
        }
        let bare = source.host.trim_start_matches('[').trim_end_matches(']');
        let is_peer =
            |there: SocketAddr| peer.is_some_and(|peer| peer.ip().to_canonical() == there.ip().to_canonical());
        let known = (bare, source.port).to_socket_addrs();
        known.is_ok_and(|mut known| known.any(is_peer))
    }

    /// How to connect there, like `source` in all but where. A pinned certificate is trusted at its own server alone.
    pub(super) fn settings(&self, source: &SourceSettings) -> SourceSettings {
        let is_home = (self.host.as_str(), self.port) == (source.host.as_str(), source.port);
        SourceSettings {
            host: self.host.clone(),
            port: self.port,
            tls: self.tls,
            pinned_certificate: source.pinned_certificate.filter(|_| is_home),
            ..source.clone()
        }
    }
}

/// What somebody wrote as an address, as it may be shown: without a login and a query, where secrets are.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        // A password with a slash in it, or what else an @ may be for: nobody knows where it ends.
        _ if path.contains('@') || (!authority.contains('@') && rest.contains('@')) => format!("{scheme}…"),
        Some((_, host)) => format!("{scheme}{host}{path}"),
        None => format!("{scheme}{authority}{path}"),
    }
}

/// A path that may be encoded already, with a query.
fn path_of(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{slash}{}", utf8_percent_encode(path, ENCODED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<(bool, String, u16, String)> {
        let Address { tls, host, port, path } = Address::parse(url).ok()?;
        Some((tls, host, port, path))
    }

    #[test]
    fn addresses_are_read_as_listeners_write_them() {
        let is = |url, tls, host: &str, port, path: &str| {
            assert_eq!(parts(url), Some((tls, host.to_owned(), port, path.to_owned())), "{url}");
        };
        is("http://radio:8000/live.mp3", false, "radio", 8000, "/live.mp3");
        is(
            " HTTPS://radio.example.org/a b?x=1#y ",
            true,
            "radio.example.org",
            443,
            "/a%20b?x=1",
        );
        is("http://[::1]:8000/live", false, "[::1]", 8000, "/live");
        is("http://[::1]", false, "[::1]", 80, "/");
        is("http://radio/Jóga%20x", false, "radio", 80, "/J%C3%B3ga%20x");
        for odd in [
            "radio/live",
            "ftp://radio/live",
            "http://",
            "http:///live",
            "http://user:secret@radio/live",
            "http://radio:0/live",
            "http://radio:http/live",
            "http://radio/a\r\nHost: x",
            "http://ra dio/live",
        ] {
            assert_eq!(parts(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn what_is_shown_of_an_address_has_no_login_and_no_query_in_it() {
        for odd in [
            "ftp://radio/live?token=secret",
            "radio/live?token=secret#secret",
            "//edge/live?token=secret",
            "http://user:secret@radio/live",
            "user:secret@radio/live",
            "http://user:sec/secret@radio/live",
            "http://user:?secret@radio/live",
            "http://radio:0?token=secret",
            "http://radio:0/live?mail=a@b&token=secret",
            "?token=secret",
        ] {
            let told = Address::parse(odd).expect_err("it is none").to_string();
            assert!(!told.contains("sec"), "{odd:?}: {told}");
        }
        let told = Address::parse("ftp://user:secret@radio/live?x").expect_err("it is none");
        assert!(
            told.to_string().starts_with("\"ftp://radio/live\" is no address"),
            "{told}"
        );
        let here = Address::parse("https://radio/live?token=secret").expect("it is one");
        assert_eq!(
            (here.shown().as_str(), here.path()),
            ("radio/live", "/live?token=secret")
        );
        let told = here
            .moved("ftp://user:secret@edge/live?token=secret")
            .expect_err("not there");
        assert!(!told.to_string().contains("secret"), "{told}");
    }

    #[test]
    fn a_mount_is_known_by_its_server_port_and_path_and_not_by_how_it_is_written() {
        let source = SourceSettings {
            host: "127.0.0.1".into(),
            ..SourceSettings::example()
        };
        let peer = |text: &str| Some(text.parse().expect("it is one"));
        let here = peer("127.0.0.1:8000");
        let is = |url: &str, peer| Address::parse(url).expect("it is one").is_mount_of(&source, peer);
        assert!(Address::of_target(&source).is_mount_of(&source, here));
        assert!(is("http://127.0.0.1:8000/live?token=x", here));
        assert!(
            is("http://radio.example.org:8000/live", here),
            "the same server by another name"
        );
        assert!(!is("http://radio.example.org:8000/live", peer("192.0.2.1:8000")));
        assert!(!is("http://radio.example.org:8000/live", None));
        assert!(!is("http://127.0.0.1:8000/other", here));
        assert!(!is("http://127.0.0.1:8001/live", peer("127.0.0.1:8001")));
    }

    #[test]
    fn a_server_may_send_listeners_elsewhere_and_to_another_path_of_its_own() {
        let here = Address::parse("https://radio:8443/live").expect("it is one");
        assert_eq!(
            here.moved("/edge?n=2")
                .map(|there| (there.host, there.port, there.path)),
            { Ok(("radio".into(), 8443, "/edge?n=2".into())) }
        );
        assert_eq!(here.moved("http://edge/live"), Address::parse("http://edge/live"));
        assert!(here.moved("//edge/live").is_err());
        assert!(here.moved("nowhere").is_err());
    }
}
