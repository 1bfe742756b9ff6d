//! One program's connection: what it sends is read as long as there is room for it, and what it is told waits in a bounded
//! queue.
//!
//! While its audio waits for room one message more is read and held, then nothing: a program that has sent a whole clip can
//! pause and stop it, one that goes on sending has to wait, and its own `resume` waits behind its audio.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use serde_json::json;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::intake::{Reading, SMALL};
use super::message::{Action, FormatSaid, Said, read};
use super::room::Room;
use super::session::Client;
use super::strip::{Request, Strip, UNREAD_MOST, message};
use super::{Daemon, MEBIBYTE};

/// All programs are told so often that somebody is there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// So often a program is asked whether it is there, by a ping that its library answers.
const PING: Duration = Duration::from_secs(1);
/// One that has not answered for so long has nothing more to say until it does; its strip is another's.
const SILENT: Duration = Duration::from_millis(3_500);
/// One that has not answered for so long is gone.
const GONE: Duration = Duration::from_secs(60);
/// A program that takes longer to take one message is told nothing more.
const PATIENCE: Duration = Duration::from_secs(5);
/// Answers that wait to be read before another question is heard.
const UNREAD: usize = UNREAD_MOST / 4;
/// How much a socket reads at once, bytes: little, because so much of a long message's buffer is used for what comes next.
pub(super) const READ: usize = 2_048;
/// The longest that a ping may be, bytes.
const PING_BYTES: usize = 125;
/// Text from here on is read on a thread that may take its time, bytes.
const LONG: usize = 64 * 1024;

/// The program has gone, one way or another.
struct Gone;

/// What a socket gives.
type Heard = Option<Result<Message, axum::Error>>;

/// Audio that waits for room.
struct Held {
    bytes: Vec<u8>,
    format: Option<FormatSaid>,
    /// Of what is large, for the whole daemon: waited for, then had.
    waits: Option<WaitsForLarge>,
    large: Option<OwnedSemaphorePermit>,
}

type WaitsForLarge = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>;

/// A long message that was read. The socket goes on behind it in the same buffer, and would use that again, however large it
/// is; so it is not given back before the socket has come to the end of it and has taken another.
struct Spent {
    _text: Utf8Bytes,
    /// Bytes to its end, at most.
    left: usize,
}

/// One program's connection.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) calls_itself: String,
    pub(super) daemon: Arc<Daemon>,
    pub(super) strip: Strip,
    pub(super) reading: Reading,
}

/// The connection while it lasts.
struct Talk {
    connection: Connection,
    socket: WebSocket,
    told: mpsc::Receiver<Utf8Bytes>,
    held: Option<Held>,
    spent: Option<Spent>,
    heard: Instant,
    silent: bool,
    /// It takes nothing any more. What it has sent before is read nevertheless.
    deaf: bool,
}

impl Connection {
    pub(super) async fn talk(self, socket: WebSocket) {
        let (client, daemon) = (self.client, self.daemon.clone());
        daemon.came();
        if let Ok(told) = self.join(&self.strip).await {
            let mut talk = Talk {
                connection: self,
                socket,
                told,
                held: None,
                spent: None,
                heard: Instant::now(),
                silent: false,
                deaf: false,
            };
            let _ = talk.on().await; // Gone is how every conversation ends
            talk.finish(client).await;
        }
        daemon.went();
    }

    /// Plays into this strip from now on.
    async fn join(&self, strip: &Strip) -> Result<mpsc::Receiver<Utf8Bytes>, Gone> {
        let (reads, told) = mpsc::channel(UNREAD_MOST);
        let join = Request::Join(self.client, self.calls_itself.clone(), reads);
        strip.requests.send(join).await.map_err(|_| Gone)?;
        Ok(told)
    }
}

impl Talk {
    async fn on(&mut self) -> Result<(), Gone> {
        let mut heartbeat = every(HEARTBEAT);
        let mut ping = every(PING);
        loop {
            let room = self.connection.strip.room.clone();
            // Who asks more than it reads the answers of is asked to wait.
            let reads = self.held.is_none() && (self.deaf || self.told.len() < UNREAD);
            tokio::select! {
                heard = self.socket.recv(), if reads => self.heard(heard).await?,
                () = admitted(self.held.as_mut(), &room, &self.connection.reading) => self.pass_on().await?,
                told = self.told.recv(), if !self.deaf => match told {
                    Some(text) => self.send(Message::Text(text)).await,
                    // It was too slow to read.
                    None => self.deaf = true,
                },
                _ = heartbeat.tick() => self.send(beat()).await,
                _ = ping.tick() => self.look_for_it().await?,
            }
        }
    }

    async fn heard(&mut self, heard: Heard) -> Result<(), Gone> {
        self.is_there().await?;
        match heard {
            Some(Ok(Message::Text(text))) => {
                self.moves_on(text.len());
                let said = self.read(text).await;
                let done = match said {
                    Some(said) => self.obey(said).await,
                    None => Ok(()),
                };
                // A large chunk keeps its place until there is room for it: no more of them are in memory.
                if self.held.as_ref().is_none_or(|held| held.waits.is_none()) {
                    self.connection.reading.is_whole();
                }
                done
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
            // Pings are answered below us; binary messages mean nothing here.
            Some(Ok(other)) => {
                self.moves_on(other.into_data().len());
                self.connection.reading.is_whole();
                Ok(())
            }
        }
    }

    /// The socket has come so many bytes further.
    fn moves_on(&mut self, bytes: usize) {
        if let Some(spent) = &mut self.spent {
            spent.left = spent.left.saturating_sub(bytes);
        }
        if self.spent.as_ref().is_some_and(|spent| spent.left == 0) {
            self.spent = None;
        }
    }

    /// Reads a message, a long one where that may take its time.
    async fn read(&mut self, text: Utf8Bytes) -> Option<Said> {
        if text.len() < LONG {
            return read(&text);
        }
        let long = text.clone();
        let read = tokio::task::spawn_blocking(move || read(&long)).await;
        if text.len() >= SMALL {
            self.spent = Some(Spent {
                _text: text,
                left: READ,
            });
            // What it answers brings the socket there.
            for _ in 0..READ.div_ceil(PING_BYTES) {
                self.ping().await;
            }
        }
        // A panic there is one in reading: the message is as good as ignored, and the panic has been logged.
        read.unwrap_or_default()
    }

    async fn obey(&mut self, said: Said) -> Result<(), Gone> {
        let client = self.connection.client;
        let request = match said {
            Said::Audio(bytes, format) => {
                let large = (bytes.len() >= SMALL).then(|| self.connection.daemon.large.clone());
                let permits = bytes.len().div_ceil(MEBIBYTE) as u32;
                self.held = Some(Held {
                    bytes,
                    format,
                    waits: large.map(|large| Box::pin(large.acquire_many_owned(permits)) as WaitsForLarge),
                    large: None,
                });
                return Ok(());
            }
            Said::Broken(fault) => Request::Broken(client, fault.to_string()),
            Said::Control(Action::Configure(mut params)) => {
                if let Some(strip) = params.strip.take() {
                    self.change_to(strip).await?;
                }
                Request::Control(client, Action::Configure(params))
            }
            Said::Control(action) => Request::Control(client, action),
            Said::Status => Request::Status(client),
            Said::Timing => Request::Timing(client),
            Said::Heartbeat => {
                self.send(beat()).await;
                return Ok(());
            }
        };
        self.ask(request).await
    }

    async fn ask(&mut self, request: Request) -> Result<(), Gone> {
        self.connection.strip.requests.send(request).await.map_err(|_| Gone)
    }

    /// Passes on the audio that waited for room.
    async fn pass_on(&mut self) -> Result<(), Gone> {
        let Some(held) = self.held.take() else {
            return Ok(());
        };
        let Held {
            bytes, format, large, ..
        } = held;
        let kept = self.connection.strip.room.keep(bytes.len(), large);
        self.ask(Request::Audio(self.connection.client, bytes, format, kept))
            .await?;
        // Nothing was read meanwhile.
        self.heard = Instant::now();
        Ok(())
    }

    /// Plays into another strip from now on.
    async fn change_to(&mut self, name: String) -> Result<(), Gone> {
        match self.connection.daemon.strip(Some(name)).await {
            Ok(strip) => {
                let left = Request::Leave(self.connection.client);
                self.ask(left).await?;
                self.told = self.connection.join(&strip).await?;
                self.connection.strip = strip;
                Ok(())
            }
            Err(reason) => {
                let warning = message("warning", &json!({ "message": reason }));
                self.send(Message::Text(warning)).await;
                Ok(())
            }
        }
    }

    async fn is_there(&mut self) -> Result<(), Gone> {
        self.heard = Instant::now();
        if std::mem::take(&mut self.silent) {
            self.ask(Request::Silent(self.connection.client, false)).await?;
        }
        Ok(())
    }

    async fn look_for_it(&mut self) -> Result<(), Gone> {
        // What it answers is not read while its audio waits, or its answers do.
        let since = if self.held.is_some() || self.told.len() >= UNREAD {
            Duration::ZERO
        } else {
            self.heard.elapsed()
        };
        if since >= GONE {
            return Err(Gone);
        }
        if since >= SILENT && !std::mem::replace(&mut self.silent, true) {
            self.ask(Request::Silent(self.connection.client, true)).await?;
        }
        self.ping().await;
        Ok(())
    }

    async fn ping(&mut self) {
        let bytes = if self.spent.is_some() { PING_BYTES } else { 0 };
        self.send(Message::Ping(vec![0; bytes].into())).await;
    }

    /// Tells it something. One that was killed takes nothing, and may have sent what was not read yet.
    async fn send(&mut self, message: Message) {
        if !self.deaf {
            let sent = timeout(PATIENCE, self.socket.send(message)).await;
            self.deaf = !matches!(sent, Ok(Ok(())));
        }
    }

    /// What it sent is passed on to the last chunk, also when it has gone meanwhile.
    async fn finish(&mut self, client: Client) {
        if self.held.is_some() {
            let room = self.connection.strip.room.clone();
            admitted(self.held.as_mut(), &room, &self.connection.reading).await;
            // Only a daemon that ends takes nothing any more, and then nobody waits for it.
            let _ = self.pass_on().await;
        }
        let _ = self.ask(Request::Leave(client)).await; // the same
    }
}

/// Waits until there is room for what is held.
async fn admitted(held: Option<&mut Held>, room: &Room, reading: &Reading) {
    let Some(held) = held else {
        return std::future::pending().await;
    };
    if let Some(waits) = &mut held.waits {
        // Nobody closes it.
        held.large = waits.await.ok();
        held.waits = None;
        reading.is_whole();
    }
    room.free().await;
}

fn beat() -> Message {
    Message::Text(message("heartbeat", &json!({ "status": "ok" })))
}

fn every(period: Duration) -> Interval {
    let mut every = interval_at(Instant::now() + period, period);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}
