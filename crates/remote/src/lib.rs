//! The remote face: the console in a browser, the listener mounts, HLS, the title, tracks as samples, health and metrics, over
//! HTTP and WebSocket on loopback.
//!
//! It is a host like the window: it sends commands to the station and passes on what the station says.
//! Requests from elsewhere, and pages of other sites in a browser on this machine, are refused.

mod announcer;
mod console;
mod control;
mod cover;
mod daemon;
mod descriptors;
mod door;
mod guard;
mod hls;
mod listen;
mod metrics;
mod pcm;
mod plays;
mod port;
#[cfg(unix)]
mod socket;
#[cfg(unix)]
mod sockets;
#[cfg(unix)]
mod speech_control;
#[cfg(unix)]
mod spkr;
mod status;
mod timeline;
mod title;

use std::io;

use airdesk_station::{Mount, StationHandle};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use control::MESSAGE_BYTES;
pub use daemon::{DEFAULT_DAEMON_PORT, PlaybackDaemon};
use door::{Door, Visitor};
pub use guard::Guard;
#[cfg(unix)]
pub use socket::SocketError;
#[cfg(unix)]
pub use sockets::Sockets;
#[cfg(unix)]
pub use speech_control::SpeechControl;
#[cfg(unix)]
pub use spkr::SpkrSocket;

/// The port, unless told otherwise.
pub const DEFAULT_PORT: u16 = 8765;

/// Why the face is not served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Another program has the port.
    #[error("port {port} is used by another program, perhaps another Airdesk; choose one with --port or AIRDESK_PORT")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The system refuses it for another reason.
    #[error("port {port} cannot be opened: {source}; choose another with --port or AIRDESK_PORT")]
    Bind {
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
}

/// A face that is being served. Dropped, it takes no more connections; those that are open end with the program.
pub struct Face {
    port: u16,
    servers: JoinSet<io::Result<()>>,
}

/// A port that is held and not served yet.
pub struct Bound {
    port: u16,
    first: TcpListener,
    /// A machine without IPv6 is served on IPv4 alone.
    second: Option<TcpListener>,
}

impl Bound {
    /// Serves the desk, on the runtime it is called on.
    pub fn serve(self, station: StationHandle) -> Face {
        descriptors::ask_for_all();
        let app = router(station, Guard::loopback(self.port)).into_make_service_with_connect_info::<Visitor>();
        let mut servers = JoinSet::new();
        if let Some(second) = self.second {
            servers.spawn(axum::serve(Door(second), app.clone()).into_future());
        }
        servers.spawn(axum::serve(Door(self.first), app).into_future());
        Face {
            port: self.port,
            servers,
        }
    }
}

impl Face {
    /// Takes the port on loopback, v4 and (where the machine has it) v6, before there is a desk to serve.
    ///
    /// # Errors
    /// When the port cannot be had, or another program has it in one of the two.
    pub async fn bind(port: u16) -> Result<Bound, ServeError> {
        port::take(port).await
    }

    /// The port it is served on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the console is.
    pub fn console_url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Where the levels alone are, as binary WebSocket messages.
    pub fn meters_url(&self) -> String {
        format!("ws://127.0.0.1:{}/meters", self.port)
    }

    /// Where listeners tune in.
    pub fn listen_urls(&self) -> Vec<String> {
        Mount::ALL
            .map(|mount| format!("http://127.0.0.1:{}{}", self.port, mount.path()))
            .to_vec()
    }

    /// Waits until serving fails, which it does not by itself.
    pub async fn failed(&mut self) -> io::Error {
        match self.servers.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(broken)) => io::Error::other(broken),
            Some(Ok(Ok(()))) | None => io::Error::other("it is served no more"),
        }
    }
}

fn router(station: StationHandle, guard: Guard) -> Router {
    let mounts = Mount::ALL.into_iter().fold(Router::new(), |router, mount| {
        router.route(mount.path(), get(listen::listen))
    });
    mounts
        .route("/control", get(control::console))
        .route("/meters", get(control::meters))
        .route("/health", get(metrics::health))
        .route("/metrics", get(metrics::metrics))
        .route("/timeline.csv", get(timeline::table))
        .route("/api/tracks/{id}/cover", get(cover::of_track))
        .route("/api/decks/{strip}/{item}/cover", get(cover::of_item))
        .route("/plays.csv", get(plays::table))
        .route("/status-json.xsl", get(status::page))
        .route("/hls/{file}", get(hls::file))
        .route(
            "/api/title",
            post(title::set).layer(DefaultBodyLimit::max(MESSAGE_BYTES)),
        )
        .route(
            "/api/announcer",
            post(announcer::tell).layer(DefaultBodyLimit::max(MESSAGE_BYTES)),
        )
        .fallback(get(console::file))
        .with_state(station.clone())
        .merge(pcm::router(station, guard.clone()))
        .layer(from_fn_with_state(guard, guard::check))
}
