//! The playback daemon: programs play into a strip over a JSON WebSocket, as they play into the daemon of that protocol.
//!
//! The protocol is in `docs/programs.md`. It has a port of its own, on loopback, where any path is the WebSocket. What may be
//! under way is bounded: programs, long messages, and the audio that waits.

mod base64;
mod chunk;
mod client;
mod figures;
mod intake;
mod lenient;
mod message;
mod pcm;
mod room;
mod session;
mod strip;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use airdesk_station::api::Severity;
use airdesk_station::config::DaemonPort;
use airdesk_station::programs::PROGRAMS_STRIP;
use airdesk_station::{StationHandle, Unavailable};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::guard::{self, Guard};
use crate::{Bound, ServeError, port};
use client::Connection;
use intake::{Intake, Reading};
use pcm::Pcm;
use strip::{Request, Strip, epoch};

/// The port, unless told otherwise.
pub const DEFAULT_DAEMON_PORT: u16 = 8081;

/// What its programs expect it to be.
const VERSION: &str = "2.0.0";
/// A whole clip in one message. The protocol's own limit.
const MESSAGE_BYTES: usize = 100 * MEBIBYTE;
const MEBIBYTE: usize = 1024 * 1024;
/// What of large chunks may wait at once, MiB, beside what each strip may keep.
const LARGE_MIB: usize = 128;
/// Programs at once.
const PROGRAMS_MOST: usize = 64;
/// The longest name that a program may call itself, characters.
const NAME_MOST: usize = 60;

/// A daemon that is served. Dropped, it takes no more programs.
pub struct PlaybackDaemon {
    port: u16,
    _servers: JoinSet<io::Result<()>>,
}

/// What all connections share.
struct Daemon {
    station: StationHandle,
    began: Instant,
    pcm: Pcm,
    /// By their names; without one, the usual strip.
    strips: Mutex<HashMap<Option<String>, Strip>>,
    programs: AtomicUsize,
    clients: AtomicU64,
    large: Arc<Semaphore>,
}

impl PlaybackDaemon {
    /// Serves the daemon on the port that was chosen, on the runtime it is called on, and says so to the desk. `None` where
    /// it is off, and where the port cannot be had: the operator is told then, and the desk runs on.
    ///
    /// # Errors
    /// When the station has ended.
    pub async fn start(station: &StationHandle, chosen: Option<DaemonPort>) -> Result<Option<Self>, Unavailable> {
        let wanted = match chosen {
            Some(DaemonPort::Off) => return Ok(None),
            Some(DaemonPort::At(port)) => port,
            None => DEFAULT_DAEMON_PORT,
        };
        match port::take(wanted).await {
            Ok(bound) => {
                let served = Self::serve(bound, station.clone());
                station.programs_at(served.url()).await?;
                Ok(Some(served))
            }
            Err(error) => {
                station.notice(Severity::Warning, without(&error)).await?;
                Ok(None)
            }
        }
    }

    fn serve(bound: Bound, station: StationHandle) -> Self {
        let Bound { port, first, second } = bound;
        let app = router(Arc::new(Daemon::new(station)), Guard::loopback(port));
        let app = app.into_make_service_with_connect_info::<Reading>();
        let places = intake::places();
        let mut servers = JoinSet::new();
        for listener in [Some(first), second].into_iter().flatten() {
            let intake = Intake::new(listener, places.clone());
            servers.spawn(axum::serve(intake, app.clone()).into_future());
        }
        Self {
            port,
            _servers: servers,
        }
    }

    /// The port it is served on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where programs connect.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.port)
    }
}

/// What the operator reads when programs cannot play into the desk.
fn without(error: &ServeError) -> String {
    let (port, why) = match error {
        ServeError::PortInUse { port } => (port, "it is used by another program".to_owned()),
        ServeError::Bind { port, source } => (port, source.to_string()),
    };
    format!(
        "programs cannot play into the desk on port {port}: {why}; end that program and start Airdesk again, or choose a \
         port with --daemon-port or AIRDESK_DAEMON_PORT (off: none)"
    )
}

impl Daemon {
    fn new(station: StationHandle) -> Self {
        Self {
            station,
            began: Instant::now(),
            pcm: Pcm::USUAL,
            strips: Mutex::default(),
            programs: AtomicUsize::new(0),
            clients: AtomicU64::new(0),
            large: Arc::new(Semaphore::new(LARGE_MIB)),
        }
    }

    /// The strip of this name, if programs may play into it; without one the usual one, which is made when there is audio.
    async fn strip(&self, name: Option<String>) -> Result<Strip, String> {
        let name = name.filter(|name| name != PROGRAMS_STRIP);
        if let Some(name) = &name {
            let there = self.station.programs(Some(name.clone())).await;
            there.map_err(|error| error.message)?;
        }
        let mut strips = self.strips.lock().unwrap_or_else(PoisonError::into_inner);
        let strip = strips
            .entry(name.clone())
            .or_insert_with(|| Strip::start(self.station.clone(), name, self.pcm, self.began));
        Ok(strip.clone())
    }

    fn came(&self) {
        // Relaxed: a count.
        self.programs.fetch_add(1, Ordering::Relaxed);
    }

    fn went(&self) {
        // Relaxed: a count.
        self.programs.fetch_sub(1, Ordering::Relaxed);
    }

    fn programs(&self) -> usize {
        // Relaxed: a count.
        self.programs.load(Ordering::Relaxed)
    }

    /// `GET /health`
    async fn health(&self, name: Option<String>) -> Response {
        let name = name.filter(|name| name != PROGRAMS_STRIP);
        let strip = {
            let strips = self.strips.lock().unwrap_or_else(PoisonError::into_inner);
            strips.get(&name).cloned()
        };
        let strip = match strip {
            Some(strip) => state(&strip).await,
            None => Value::Null,
        };
        let page = json!({
            "status": "healthy",
            "timestamp": epoch(),
            "uptime": self.began.elapsed().as_secs_f64(),
            "version": VERSION,
            "audioProcessor": strip,
            "clients": self.programs(),
        });
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (HeaderName::from_static("x-daemon-version"), VERSION),
        ];
        (headers, format!("{page:#}")).into_response()
    }
}

async fn state(strip: &Strip) -> Value {
    let (answer, answered) = oneshot::channel();
    // A strip whose task has ended has no state.
    let _ = strip.requests.send(Request::Health(answer)).await;
    answered.await.unwrap_or_default()
}

/// What the address may say beside the path.
#[derive(Deserialize, Default)]
struct Wanted {
    strip: Option<String>,
}

fn router(daemon: Arc<Daemon>, guard: Guard) -> Router {
    Router::new()
        .fallback(answer)
        .layer(from_fn_with_state(guard, guard::check))
        .with_state(daemon)
}

/// Any path, any method.
async fn answer(
    State(daemon): State<Arc<Daemon>>,
    ConnectInfo(reading): ConnectInfo<Reading>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    reading.is_whole();
    let wanted = Query::<Wanted>::try_from_uri(&uri).map(|Query(wanted)| wanted);
    let name = wanted.unwrap_or_default().strip;
    match upgrade {
        Ok(upgrade) => welcome(daemon, upgrade, reading, name, &headers).await,
        Err(_) if method == Method::GET && uri.path() == "/health" => daemon.health(name).await,
        Err(_) => "Audio Daemon Running\n".into_response(),
    }
}

async fn welcome(
    daemon: Arc<Daemon>,
    upgrade: WebSocketUpgrade,
    reading: Reading,
    name: Option<String>,
    headers: &HeaderMap,
) -> Response {
    if daemon.programs() >= PROGRAMS_MOST {
        let reason = format!("{PROGRAMS_MOST} programs are connected, and no more are let in; end one of them\n");
        return (StatusCode::SERVICE_UNAVAILABLE, reason).into_response();
    }
    let strip = match daemon.strip(name).await {
        Ok(strip) => strip,
        Err(reason) => return (StatusCode::NOT_FOUND, format!("{reason}\n")).into_response(),
    };
    let connection = Connection {
        // Relaxed: each is another.
        client: daemon.clients.fetch_add(1, Ordering::Relaxed),
        calls_itself: calls_itself(headers),
        daemon,
        strip,
        reading,
    };
    upgrade
        .max_message_size(MESSAGE_BYTES)
        .max_frame_size(MESSAGE_BYTES)
        .read_buffer_size(client::READ)
        .on_upgrade(|socket| connection.talk(socket))
}

/// What a program calls itself, behind what it is.
fn calls_itself(headers: &HeaderMap) -> String {
    let name = headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok());
    name.map_or_else(String::new, |name| {
        format!(": {}", name.chars().take(NAME_MOST).collect::<String>())
    })
}
