//! Who may speak to the desk: programs on this machine, and pages that the desk itself served.
//!
//! A browser also runs other sites' pages. They can open `ws://127.0.0.1`, and by DNS rebinding even
//! bring our address under their own name; so both the Host and the Origin have to be ours.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Pages of the desktop window, as the systems' web views name them.
const WINDOW_ORIGINS: [&str; 3] = ["tauri://localhost", "http://tauri.localhost", "https://tauri.localhost"];

/// The names under which the desk may be addressed.
#[derive(Clone, Debug)]
pub struct Guard {
    hosts: Arc<[String]>,
    port: u16,
}

/// Where players come in, which have a policy of their own ([`Guard::lets_play`]).
const PLAYERS: &str = "/ws";
/// Pages that developers serve themselves may play tracks where this is set to 1.
const DEVELOPER_VARIABLE: &str = "AIRDESK_DEV_ORIGINS";
/// Where they do.
const DEVELOPER_PORTS: std::ops::RangeInclusive<u16> = 3000..=3006;

impl Guard {
    /// Loopback, on this port.
    pub fn loopback(port: u16) -> Self {
        Self {
            hosts: ["127.0.0.1", "localhost", "[::1]"]
                .map(|host| format!("{host}:{port}"))
                .into(),
            port,
        }
    }

    /// Whether a page may play tracks: the desk's own, under any name of this machine and any scheme, and those that are files.
    /// Programs that are no browsers say no origin.
    pub(crate) fn lets_play(&self, headers: &HeaderMap) -> bool {
        let developing = std::env::var(DEVELOPER_VARIABLE).is_ok_and(|set| set == "1");
        self.plays_from(headers, developing)
    }

    fn plays_from(&self, headers: &HeaderMap, developing: bool) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str().map(str::to_lowercase) else {
            return false;
        };
        if origin == "file://" || WINDOW_ORIGINS.contains(&origin.as_str()) {
            return true;
        }
        let schemes = ["http://", "https://", "ws://", "wss://"];
        let Some(host) = schemes.iter().find_map(|scheme| origin.strip_prefix(scheme)) else {
            return false;
        };
        let port = ["localhost:", "127.0.0.1:", "[::1]:"]
            .iter()
            .find_map(|name| host.strip_prefix(name))
            .and_then(|port| port.parse::<u16>().ok());
        port.is_some_and(|port| port == self.port || developing && DEVELOPER_PORTS.contains(&port))
    }

    /// Says why a request is refused, if it is.
    fn refusal(&self, path: &str, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name| {
            headers
                .get(name)
                .map(|value: &HeaderValue| value.to_str().unwrap_or_default())
        };
        let host = text(header::HOST).unwrap_or_default();
        if !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            return Some("this desk is not addressed by that name; use 127.0.0.1 or localhost");
        }
        if path == PLAYERS {
            return None; // told by the protocol's own means
        }
        // Programs that are no browsers send no Origin.
        let origin = text(header::ORIGIN)?;
        let ours = self
            .hosts
            .iter()
            .any(|known| origin.strip_prefix("http://").is_some_and(|rest| rest == known));
        (!ours && !WINDOW_ORIGINS.contains(&origin)).then_some("pages of other sites may not use this desk")
    }
}

/// Refuses what the [`Guard`] does not know, and tells browsers to be strict with the rest.
pub(crate) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    if let Some(reason) = guard.refusal(request.uri().path(), request.headers()) {
        tracing::warn!("refused a request to {}: {reason}", request.uri().path());
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).expect("a header"));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("a header"));
        }
        Guard::loopback(8765).refusal("/control", &headers).is_some()
    }

    #[test]
    fn only_the_desks_own_pages_and_local_programs_are_let_in() {
        assert!(!refused("127.0.0.1:8765", None));
        assert!(!refused("localhost:8765", Some("http://localhost:8765")));
        assert!(!refused("[::1]:8765", Some("http://[::1]:8765")));
        assert!(!refused("127.0.0.1:8765", Some("tauri://localhost")));
        assert!(refused("127.0.0.1:8765", Some("https://evil.test")));
        assert!(refused("127.0.0.1:8765", Some("null")));
        assert!(refused("127.0.0.1:8765", Some("http://127.0.0.1:9999")));
        assert!(refused("evil.test", Some("http://evil.test")), "DNS rebinding");
        assert!(refused("evil.test:8765", None));
        assert!(refused("127.0.0.1:9999", None));
    }

    #[test]
    fn tracks_are_played_to_the_pages_that_the_protocol_names() {
        let plays = |origin: Option<&str>, developing| {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("a header"));
            }
            Guard::loopback(8765).plays_from(&headers, developing)
        };
        for origin in [
            "http://localhost:8765",
            "HTTPS://127.0.0.1:8765",
            "ws://localhost:8765",
            "file://",
        ] {
            assert!(plays(Some(origin), false), "{origin}");
        }
        assert!(plays(None, false));
        for origin in [
            "null",
            "http://localhost",
            "http://localhost:9999",
            "http://localhost:8765.evil.test",
            "http://evil.test:8765",
            "http://localhost:3007",
            "ftp://localhost:8765",
            "",
        ] {
            assert!(!plays(Some(origin), true), "{origin}");
        }
        assert!(plays(Some("http://localhost:3000"), true));
        assert!(!plays(Some("http://localhost:3000"), false));
    }

    #[test]
    fn players_too_must_name_this_machine() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("evil.test:8765"));
        assert!(
            Guard::loopback(8765).refusal("/ws", &headers).is_some(),
            "DNS rebinding"
        );
    }
}
