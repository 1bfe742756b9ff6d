//! Where the desk listens: the target's own mount, or an address that the operator gave or a server sends listeners to.
//! Never with a login.

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
        let refused = || AddressError(cut(url, 200).to_owned());
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
