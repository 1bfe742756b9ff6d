//! Where a stream is: an HTTP address without a login, and where a server or a playlist sends us from there.

use std::fmt;

/// Bytes of an address.
const BYTES_MAX: usize = 2_000;

/// An address to listen at. Shown, it has neither a query nor a fragment: a listener's token may be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// As a request has it, with its query.
    pub(super) path: String,
}

/// It is no address to listen at. Each says what to write instead; none repeats a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Another protocol, or none.
    #[error("a stream is heard by http:// or https:// only; write its address like https://radio.example.org/live.mp3")]
    Scheme,
    /// A user's name and password are in it.
    #[error("a stream's address may not have a user and a password in it, which everybody would read; use one without")]
    Login,
    /// Something in it is not as it has to be.
    #[error("this is no address of a stream; write it like https://radio.example.org/live.mp3")]
    Malformed,
    /// Nobody has written that.
    #[error("an address of a stream has at most {BYTES_MAX} bytes; use a shorter one")]
    TooLong,
}

impl Address {
    /// `http://host:port/path?query`, or the same with `https`.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let url = url.trim();
        if url.len() > BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        let (scheme, rest) = url.split_once("://").ok_or(AddressError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(AddressError::Scheme),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // A password may have a slash in it that was not encoded.
        if authority.contains('@') || (authority.contains(':') && port_of(authority).is_none() && rest.contains('@')) {
            return Err(AddressError::Login);
        }
        let usual = if tls { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, _)) if !authority.ends_with(']') => (host, port_of(authority)),
            _ => (authority, Some(usual)),
        };
        let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '%' | '"' | '<' | '>');
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        let port = port.filter(|port| *port > 0).ok_or(AddressError::Malformed)?;
        if host.is_empty()
            || host.contains(odd)
            || path.contains(char::is_control)
            || host.contains(':') != is_bracketed
        {
            return Err(AddressError::Malformed);
        }
        Ok(Self {
            tls,
            host: host.to_ascii_lowercase(),
            port,
            path: request_path(path),
        })
    }

    /// Where somebody at this address sends us (RFC 3986, 5.2, but for dots in a path, which are the server's business).
    ///
    /// # Errors
    /// When that is no address to listen at.
    pub fn moved(&self, to: &str) -> Result<Self, AddressError> {
        let to = to.trim();
        if to.is_empty() {
            return Err(AddressError::Malformed);
        }
        let scheme = to.split(['/', '?', '#']).next().unwrap_or_default();
        if scheme.contains(':') {
            return Self::parse(to);
        }
        if to.starts_with("//") {
            let scheme = if self.tls { "https" } else { "http" };
            return Self::parse(&format!("{scheme}:{to}"));
        }
        if to.contains(char::is_control) {
            return Err(AddressError::Malformed);
        }
        let before = self.path.split('?').next().unwrap_or_default();
        let path = match to.chars().next() {
            Some('/') => to.to_owned(),
            Some('?') => format!("{before}{to}"),
            _ => {
                let folder = before.rfind('/').map_or("/", |slash| &before[..=slash]);
                format!("{folder}{to}")
            }
        };
        if path.len() > BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        Ok(Self {
            path: request_path(&path),
            ..self.clone()
        })
    }

    /// The host without the brackets of IPv6.
    pub(super) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// As the request names it.
    pub(super) fn host_line(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// What its path ends with, in lower case: `mp3` of `/live.mp3?x`.
    pub(super) fn ending(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase())
            .unwrap_or_default()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{}{path}", self.host_line())
    }
}

fn port_of(authority: &str) -> Option<u16> {
    let (_, port) = authority.rsplit_once(':')?;
    port.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| port.parse().ok())?
}

/// A path and its query as a request has it: nothing in it but what ASCII has of letters and signs.
fn request_path(path: &str) -> String {
    let path = path.split('#').next().unwrap_or_default();
    let mut encoded = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        encoded.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_graphic() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Address {
        Address::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn an_address_is_taken_apart_as_a_request_needs_it() {
        for (url, tls, host, port, path) in [
            ("http://radio.example.org", false, "radio.example.org", 80, "/"),
            ("HTTPS://Radio/live.mp3", true, "radio", 443, "/live.mp3"),
            ("http://radio:8000/a b?t=1#x", false, "radio", 8000, "/a%20b?t=1"),
            ("http://radio?t=1", false, "radio", 80, "/?t=1"),
            ("https://[2001:db8::1]:8443/x", true, "[2001:db8::1]", 8443, "/x"),
            ("http://[::1]/", false, "[::1]", 80, "/"),
            ("http://radio/J\u{f3}ga", false, "radio", 80, "/J%C3%B3ga"),
        ] {
            let address = parsed(url);
            assert_eq!(
                (address.tls, address.host.as_str(), address.port, address.path.as_str()),
                (tls, host, port, path),
                "{url}"
            );
        }
        assert_eq!(
            parsed("http://radio:8000/live?token=secret").to_string(),
            "radio:8000/live"
        );
    }

    #[test]
    fn what_is_no_http_address_is_refused_and_a_login_is_never_repeated() {
        use AddressError::{Login, Malformed, Scheme, TooLong};
        for (url, why) in [
            ("file:///etc/passwd", Scheme),
            ("ftp://radio/live", Scheme),
            ("radio/live", Scheme),
            ("", Scheme),
            ("http://user:secret@radio/live", Login),
            ("http://user@radio/live", Login),
            ("http://user:se/cret@radio/live", Login),
            ("http://", Malformed),
            ("http:///live", Malformed),
            ("http://radio:0/", Malformed),
            ("http://radio:+80/", Malformed),
            ("http://radio:99999/", Malformed),
            ("http://::1/", Malformed),
            ("http://ra dio/", Malformed),
            ("http://radio/a\r\nHost: x", Malformed),
        ] {
            let error = Address::parse(url).expect_err(url);
            assert_eq!(error, why, "{url:?}");
            assert!(!error.to_string().contains("secret"));
        }
        assert_eq!(
            Address::parse(&format!("http://radio/{}", "a".repeat(2_000))),
            Err(TooLong)
        );
    }

    #[test]
    fn a_server_sends_us_elsewhere_in_every_way_there_is() {
        let here = parsed("https://radio:8443/a/live.m3u?x=1");
        for (to, expected) in [
            ("/b?y=2", "https://radio:8443/b?y=2"),
            ("live.mp3", "https://radio:8443/a/live.mp3"),
            ("?z=3", "https://radio:8443/a/live.m3u?z=3"),
            ("//edge/live", "https://edge/live"),
            ("http://edge:8000/live", "http://edge:8000/live"),
        ] {
            assert_eq!(here.moved(to), Ok(parsed(expected)), "{to}");
        }
        assert_eq!(here.moved("file:///etc/passwd"), Err(AddressError::Scheme));
        assert_eq!(here.moved("javascript:alert(1)"), Err(AddressError::Scheme));
        assert_eq!(here.moved("http://user:x@edge/"), Err(AddressError::Login));
        assert_eq!(here.moved(" "), Err(AddressError::Malformed));
    }
}
