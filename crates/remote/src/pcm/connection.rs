//! One client: what it says is obeyed in its order, what it is to know is told, and when it has gone all of its work ends.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::heartbeat::{Beat, Heartbeat};
use super::limits::ConnectionLimit;
use super::message::{Inbound, Place, Refusal, Transport};
use super::outbox::{Gone, Outbox, PATIENCE};
use super::settings::{Asked, Enhancement};
use super::stream::{self, Held, Order};
use super::tell::Teller;
use super::{Delivery, next_epoch};
use crate::door::Visitor;

/// Longer messages end the connection: so much is read of one before it is refused.
const READ_MAX: usize = 1024 * 1024;

/// How a client wants its samples.
#[derive(Debug, Deserialize)]
pub(super) struct Options {
    transport: Option<String>,
}

/// `GET /ws`
pub(super) async fn open(
    upgrade: WebSocketUpgrade,
    State(delivery): State<Arc<Delivery>>,
    ConnectInfo(visitor): ConnectInfo<Visitor>,
    Query(options): Query<Options>,
    headers: HeaderMap,
) -> Response {
    let is_welcome = delivery.guard.lets_play(&headers);
    let transport = match options.transport.as_deref() {
        Some("base64") => Transport::Base64,
        _ => Transport::Binary,
    };
    upgrade
        .max_message_size(READ_MAX)
        .max_frame_size(READ_MAX)
        .on_upgrade(async move |mut socket| {
            if !is_welcome {
                tracing::warn!("refused a page of another site that wanted to play tracks");
                let close = CloseFrame {
                    code: close_code::POLICY,
                    reason: "Origin not allowed".into(),
                };
                // It may have gone already.
                let _ = socket.send(Message::Close(Some(close))).await;
                return;
            }
            talk(socket, delivery, visitor.address().ip(), transport).await;
        })
}

async fn talk(socket: WebSocket, delivery: Arc<Delivery>, address: IpAddr, transport: Transport) {
    let (out, mut heard) = socket.split();
    let outbox = Arc::new(Outbox::default());
    let mut connection = Connection {
        outbox: outbox.clone(),
        delivery,
        address,
        transport,
        limit: ConnectionLimit::default(),
        own: None,
        plain: None,
        held: watch::Sender::new(Held::default()),
        running: None,
    };
    let mut delivering = tokio::spawn(async move { outbox.deliver(out).await });
    let ended = connection.converse(&mut heard, &mut delivering).await;
    connection.cancel().await;
    if ended.is_err() {
        // What waits for something to send has nothing to wait for any more.
        connection.outbox.close(close_code::NORMAL, "");
    }
    if timeout(PATIENCE, &mut delivering).await.is_err() {
        delivering.abort();
    }
}

struct Connection {
    delivery: Arc<Delivery>,
    outbox: Arc<Outbox>,
    address: IpAddr,
    transport: Transport,
    limit: ConnectionLimit,
    /// What it plays with; forgotten when it is changed for all.
    own: Option<Enhancement>,
    /// The track that it has asked to hear plain.
    plain: Option<u64>,
    held: watch::Sender<Held>,
    running: Option<JoinHandle<()>>,
}

impl Connection {
    async fn converse(
        &mut self,
        heard: &mut (impl StreamExt<Item = Result<Message, axum::Error>> + Unpin),
        delivering: &mut JoinHandle<()>,
    ) -> Result<(), Gone> {
        let mut changes = self.delivery.changes.subscribe();
        let mut heart = Heartbeat::new(Instant::now());
        // The oldest news that has not been sent, and until when it has to be.
        let mut unsent: Option<(u64, Instant)> = None;
        self.tell_settings(self.delivery.stored().effective()).await?;
        loop {
            let late = unsent.map_or_else(Instant::now, |(_, until)| until);
            tokio::select! {
                message = heard.next() => match message {
                    Some(Ok(Message::Text(text))) => self.hear(text.as_str(), &mut heart).await?,
                    Some(Ok(Message::Binary(_))) => self.refuse_or_limit(Refusal::FrameType).await?,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {} // answered below us
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Gone),
                },
                change = changes.recv() => {
                    let now = match change {
                        Ok(now) => now,
                        Err(RecvError::Lagged(_)) => self.delivery.stored().effective(),
                        Err(RecvError::Closed) => return Err(Gone),
                    };
                    (self.own, self.plain) = (None, None);
                    let number = self.tell_settings(now).await?;
                    unsent.get_or_insert((number, Instant::now() + PATIENCE));
                }
                () = sleep_until(late), if unsent.is_some() => {
                    if unsent.is_some_and(|(number, _)| !self.outbox.has_sent(number)) {
                        return Err(Gone);
                    }
                    unsent = None;
                }
                () = sleep_until(heart.due()) => match heart.beat(Instant::now()) {
                    Beat::Ping => drop(self.outbox.say(json!({ "type": "ping" }).to_string()).await?),
                    Beat::Gone => {
                        self.outbox.close(close_code::AWAY, "Heartbeat timeout");
                        return Ok(());
                    }
                    Beat::Wait => {}
                },
                _ = &mut *delivering => return Err(Gone),
            }
        }
    }

    async fn tell_settings(&self, now: Enhancement) -> Result<u64, Gone> {
        let told = json!({ "type": "enhancement_settings_changed", "data": now.to_json() });
        self.outbox.say(told.to_string()).await
    }

    async fn hear(&mut self, text: &str, heart: &mut Heartbeat) -> Result<(), Gone> {
        let message = match Inbound::read(text) {
            Ok(message) => message,
            Err(refusal) => return self.refuse_or_limit(refusal).await,
        };
        if !message.is_exempt() && !self.admit() {
            return self.refuse(Refusal::Rate).await;
        }
        match message {
            Inbound::Ping => self.say("pong").await,
            Inbound::Pong => {
                heart.pong();
                Ok(())
            }
            Inbound::Heartbeat => Ok(()),
            Inbound::PlayNormal(place) => self.play_normal(place).await,
            Inbound::PlayEnhanced { place, asked, force } => self.play_enhanced(place, asked, force).await,
            Inbound::Seek { place, asked } => self.seek(place, asked).await,
            Inbound::Pause => {
                self.held.send_modify(|held| held.paused = true);
                self.tell_state("playback_paused", "paused").await
            }
            Inbound::Resume => {
                self.held.send_modify(|held| held.paused = false);
                self.tell_state("playback_resumed", "playing").await
            }
            Inbound::Stop => {
                self.cancel().await;
                self.tell_state("playback_stopped", "stopped").await
            }
            Inbound::BufferFull | Inbound::BufferReady => {
                self.held.send_modify(|held| held.full = message == Inbound::BufferFull);
                Ok(())
            }
        }
    }

    fn admit(&mut self) -> bool {
        let delivery = self.delivery.clone();
        self.limit
            .admit(&mut delivery.addresses(), self.address, Instant::now())
    }

    /// What is refused counts as a message, too.
    async fn refuse_or_limit(&mut self, refusal: Refusal) -> Result<(), Gone> {
        let refusal = if self.admit() { refusal } else { Refusal::Rate };
        self.refuse(refusal).await
    }

    async fn refuse(&self, refusal: Refusal) -> Result<(), Gone> {
        self.outbox.say(refusal.to_text()).await.map(drop)
    }

    async fn say(&self, kind: &str) -> Result<(), Gone> {
        self.outbox.say(json!({ "type": kind }).to_string()).await.map(drop)
    }

    async fn tell_state(&self, kind: &str, state: &str) -> Result<(), Gone> {
        let told = json!({ "type": kind, "data": { "state": state } });
        self.outbox.say(told.to_string()).await.map(drop)
    }

    async fn play_normal(&mut self, place: Place) -> Result<(), Gone> {
        self.plain = Some(place.track);
        self.begin(place, None, place.seconds > 0.0, false).await;
        Ok(())
    }

    async fn play_enhanced(&mut self, place: Place, asked: Asked, force: bool) -> Result<(), Gone> {
        let Ok(chosen) = asked.resolve(self.own, self.delivery.stored()) else {
            return self.refuse(Refusal::Preset).await;
        };
        self.own = Some(chosen);
        self.plain = None;
        if asked.is_something() {
            self.delivery.keep(chosen);
        }
        if !chosen.enabled && !force {
            self.cancel().await;
            let teller = self.teller(place, Some(chosen), false);
            let part = teller.error_of("ENHANCEMENT_DISABLED", "Enhancement is disabled", None);
            return self.outbox.push(part).await;
        }
        self.begin(place, Some(chosen), place.seconds > 0.0, force).await;
        Ok(())
    }

    /// A place in a track, as it is heard: plain where enhancing is off, or where the client has asked to hear this track plain.
    async fn seek(&mut self, place: Place, asked: Asked) -> Result<(), Gone> {
        let stored = self.delivery.stored();
        let is_plain = !stored.enabled || self.plain == Some(place.track) && !asked.is_something();
        let chosen = if is_plain {
            None
        } else {
            // A preset that is none never refuses a seek.
            let chosen = asked.resolve(self.own, stored).unwrap_or_else(|_| stored.effective());
            self.own = Some(chosen);
            self.plain = None;
            Some(chosen)
        };
        self.cancel().await;
        let data = json!({ "track_id": place.track, "position": place.seconds });
        let told = json!({ "type": "seek_started", "data": data });
        self.outbox.say(told.to_string()).await?;
        self.begin(place, chosen, true, false).await;
        Ok(())
    }

    fn teller(&mut self, place: Place, chosen: Option<Enhancement>, sought: bool) -> Teller {
        self.transport = place.transport.unwrap_or(self.transport);
        Teller {
            track: place.track,
            epoch: next_epoch(),
            enhanced: chosen.map(|chosen| (chosen.preset, chosen.intensity)),
            sought,
            transport: self.transport,
        }
    }

    /// Streams, in place of what was streamed.
    async fn begin(&mut self, place: Place, chosen: Option<Enhancement>, sought: bool, force: bool) {
        self.cancel().await;
        let order = Order {
            teller: self.teller(place, chosen, sought),
            from: place.seconds,
            force,
        };
        self.held.send_replace(Held::default());
        let run = stream::run(self.delivery.clone(), self.outbox.clone(), order, self.held.subscribe());
        self.running = Some(tokio::spawn(run));
    }

    /// Ends the stream. Nothing of it is sent any more when this returns.
    async fn cancel(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            // It was ended, or it has ended.
            let _ = running.await;
        }
        self.outbox.purge();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}
