//! A bus heard live in a page: what it sounds like in binary messages of some 10 ms, each with its place, when it was due and how
//! much was lost before it. The page asks for the desk's time, to tell how late it plays.
//!
//! A message is 32 bytes, little-endian: number of its first frame, nanoseconds of the desk's clock at which that was due,
//! frames lost since the beginning (64 bits each), rate and 0 (32 bits each); then 32-bit floats, left and right in turn.

use std::sync::Arc;
use std::time::Duration;

use airdesk_station::StationHandle;
use airdesk_station::api::BusName;
use airdesk_station::monitor::{BusMonitor, Heard};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Delivery;
use super::outbox::Gone;

/// How often the bus is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// A bus that is silent for so long may have a new engine.
const SILENT: Duration = Duration::from_millis(250);
/// A client that takes longer to read one message has gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which bus.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    bus: BusName,
}

/// `GET /monitor?bus=programme`, `cue`, `aux1` to `aux8`.
pub(super) async fn open(
    upgrade: WebSocketUpgrade,
    State(delivery): State<Arc<Delivery>>,
    Query(wanted): Query<Wanted>,
) -> Response {
    upgrade.max_message_size(1024).on_upgrade(async move |socket| {
        // Gone is how every monitor ends.
        let _ = follow(socket, &delivery.station, wanted.bus).await;
    })
}

async fn follow(mut socket: WebSocket, station: &StationHandle, bus: BusName) -> Result<(), Gone> {
    let mut monitor = station.monitor(bus).await.map_err(|_| Gone)?;
    let hello = json!({ "type": "monitor", "bus": bus, "rate": monitor.rate() });
    send(&mut socket, Message::Text(hello.to_string().into())).await?;
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut frames, mut heard_at) = (Vec::new(), Instant::now());
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                while let Some(heard) = monitor.look(&mut frames) {
                    heard_at = Instant::now();
                    send(&mut socket, Message::Binary(message(heard, monitor.rate(), &frames).into())).await?;
                }
                if heard_at.elapsed() > SILENT {
                    let other = station.monitor(bus).await.map_err(|_| Gone)?;
                    if !monitor.is_same(&other) {
                        monitor = other;
                    }
                    heard_at = Instant::now();
                }
            }
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) => {
                    if let Some(answer) = clock(text.as_str(), &monitor) {
                        send(&mut socket, Message::Text(answer.into())).await?;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                Some(Ok(_)) => {}
            },
        }
    }
}

/// What time it is, with what the page has said about its own.
fn clock(text: &str, monitor: &BusMonitor) -> Option<String> {
    let asked: Value = serde_json::from_str(text).ok()?;
    let sent = asked.get("sent").and_then(Value::as_f64)?;
    (asked.get("type")? == "clock").then(|| json!({ "type": "clock", "sent": sent, "now": monitor.now() }).to_string())
}

fn message(heard: Heard, rate: u32, frames: &[[f32; 2]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32 + frames.len() * 8);
    for number in [heard.frame, heard.due, heard.lost] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(rate.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(frames.as_flattened().iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}
