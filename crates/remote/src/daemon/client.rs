//! One program's connection: what it sends is read as long as there is room for it, and what it is told waits in a bounded
//! queue.
//!
//! While its audio waits for room one message more is read and held, then nothing: a program that has sent a whole clip can
//! pause and stop it, one that goes on sending has to wait, and its own `resume` waits behind its audio.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::intake::{Reading, SMALL};
use super::message::{Action, Said, read};
use super::room::Kept;
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
/// Text from here on is read on a thread that may take its time, bytes.
const LONG: usize = 64 * 1024;

/// The program has gone, one way or another.
struct Gone;

/// What a socket gives.
type Heard = Option<Result<Message, axum::Error>>;

/// Audio that waits for room.
struct Held(Vec<u8>, Option<super::message::FormatSaid>);

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
    /// What came while something else was being done.
    next: Option<Heard>,
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
                next: None,
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
                heard = next(&mut self.next, &mut self.socket), if reads => self.heard(heard).await?,
                () = room.free(), if self.held.is_some() => self.pass_on().await?,
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
                let said = self.read(text).await;
                self.connection.reading.is_whole();
                match said {
                    Some(said) => self.obey(said).await,
                    None => Ok(()),
                }
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Gone),
            // Pings are answered below us; binary messages mean nothing here.
            Some(Ok(_)) => {
                self.connection.reading.is_whole();
                Ok(())
            }
        }
    }

    /// Reads a message, a long one where that may take its time.
    async fn read(&mut self, text: Utf8Bytes) -> Option<Said> {
        if text.len() < LONG {
            return read(&text);
        }
        let long = text.clone();
        let read = tokio::task::spawn_blocking(move || read(&long)).await;
        if text.len() >= SMALL && self.next.is_none() {
            // A socket that is asked while the message is still there takes another buffer, and this one goes with the
            // message. Otherwise it would keep it for as long as the program is connected.
            self.next = timeout(Duration::ZERO, self.socket.recv()).await.ok();
        }
        // A panic there is one in reading: the message is as good as ignored, and the panic has been logged.
        read.unwrap_or_default()
    }

    async fn obey(&mut self, said: Said) -> Result<(), Gone> {
        let client = self.connection.client;
        let request = match said {
            Said::Audio(bytes, format) => {
                self.held = Some(Held(bytes, format));
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
        let Some(Held(bytes, format)) = self.held.take() else {
            return Ok(());
        };
        let kept = self.keep(bytes.len()).await?;
        self.ask(Request::Audio(self.connection.client, bytes, format, kept))
            .await?;
        // Nothing was read meanwhile.
        self.heard = Instant::now();
        Ok(())
    }

    async fn keep(&mut self, bytes: usize) -> Result<Kept, Gone> {
        let large = if bytes < SMALL {
            None
        } else {
            let permits = bytes.div_ceil(MEBIBYTE) as u32;
            let large = self.connection.daemon.large.clone();
            Some(large.acquire_many_owned(permits).await.map_err(|_| Gone)?)
        };
        Ok(self.connection.strip.room.keep(bytes, large))
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
        self.send(Message::Ping(bytes::Bytes::new())).await;
        Ok(())
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
            room.free().await;
            // Only a daemon that ends takes nothing any more, and then nobody waits for it.
            let _ = self.pass_on().await;
        }
        let _ = self.ask(Request::Leave(client)).await; // the same
    }
}

/// What came meanwhile, else what comes.
async fn next(came: &mut Option<Heard>, socket: &mut WebSocket) -> Heard {
    match came.take() {
        Some(heard) => heard,
        None => socket.recv().await,
    }
}

fn beat() -> Message {
    Message::Text(message("heartbeat", &json!({ "status": "ok" })))
}

fn every(period: Duration) -> Interval {
    let mut every = interval_at(Instant::now() + period, period);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every
}
