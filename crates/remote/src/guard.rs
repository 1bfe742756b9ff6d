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
}

impl Guard {
    /// Loopback, on this port.
    pub fn loopback(port: u16) -> Self {
        Self {
            hosts: ["127.0.0.1", "localhost", "[::1]"]
                .map(|host| format!("{host}:{port}"))
                .into(),
        }
    }

    /// Says why a request is refused, if it is.
    fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name| {
            headers
                .get(name)
                .map(|value: &HeaderValue| value.to_str().unwrap_or_default())
        };
        let host = text(header::HOST).unwrap_or_default();
        if !self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
            return Some("this desk is not addressed by that name; use 127.0.0.1 or localhost");
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
    if let Some(reason) = guard.refusal(request.headers()) {
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
        Guard::loopback(8765).refusal(&headers).is_some()
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
}
