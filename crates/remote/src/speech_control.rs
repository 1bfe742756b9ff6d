//! The control socket of speech programs: lines of JSON that pause, resume, stop and skip what the announcer says, and ask how it
//! stands. Off unless it is configured. What cannot be read is left out, as the protocol has it: nobody is told.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use airdesk_station::StationHandle;
use airdesk_station::api::{AnnouncerCommand, AnnouncerState, AudioCommand};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::socket::{LocalSocket, SocketError, is_own};

/// Programs that may be connected at the same time.
const PROGRAMS_MAX: usize = 8;
/// A connection's length.
const VISIT_MAX: Duration = Duration::from_secs(10);
/// A line, bytes.
const LINE_BYTES_MAX: usize = 8_192;
/// Its message, characters.
const MESSAGE_LETTERS_MAX: usize = 256;
/// What is kept to be said again.
const CAPACITY: usize = 8;

/// The socket. Dropped, it takes no more programs.
pub struct SpeechControl {
    server: JoinHandle<()>,
}

impl SpeechControl {
    /// Opens the socket at a path and serves it, on the runtime it is called on.
    ///
    /// # Errors
    /// When the path cannot be had.
    pub async fn open(path: &Path, station: StationHandle) -> Result<Self, SocketError> {
        let socket = LocalSocket::open(path).await?;
        tracing::info!("speech is controlled at {}", socket.path().display());
        Ok(Self {
            server: tokio::spawn(serve(socket, station)),
        })
    }
}

impl Drop for SpeechControl {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(socket: LocalSocket, station: StationHandle) {
    let places = Arc::new(Semaphore::new(PROGRAMS_MAX));
    let mut programs = tokio::task::JoinSet::new();
    loop {
        while programs.try_join_next().is_some() {}
        let Ok((program, _)) = socket.listener.accept().await else {
            // No descriptor is left, or the like: some will be closed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            continue;
        };
        if !is_own(&program) {
            continue;
        }
        let station = station.clone();
        programs.spawn(async move {
            let _place = place;
            // A program that stays for longer is let go.
            let _ = timeout(VISIT_MAX, visit(program, &station)).await;
        });
    }
}

/// One program, to its end or to a line that is too long.
async fn visit(mut program: UnixStream, station: &StationHandle) -> std::io::Result<()> {
    let mut waiting = Vec::new();
    let mut bytes = [0; 1_024];
    loop {
        let count = program.read(&mut bytes).await?;
        waiting.extend_from_slice(&bytes[..count]);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            obey(&line, &mut program, station).await?;
        }
        if waiting.len() > LINE_BYTES_MAX {
            return Ok(());
        }
        if count == 0 {
            // The last line may have no end.
            return obey(&waiting, &mut program, station).await;
        }
    }
}

async fn obey(line: &[u8], program: &mut UnixStream, station: &StationHandle) -> std::io::Result<()> {
    let Some(order) = read(line) else {
        return Ok(());
    };
    let command = match order.command {
        Name::Pause => AnnouncerCommand::Pause,
        Name::Resume => AnnouncerCommand::Resume,
        Name::Stop => AnnouncerCommand::CancelAll,
        Name::SkipForward => AnnouncerCommand::Skip,
        Name::SkipBack => AnnouncerCommand::Back,
        Name::Status => {
            let Ok(now) = station.snapshot().await else {
                return Ok(());
            };
            let answer = format!("{}\n", status(&now.announcer, &order.request_id));
            return program.write_all(answer.as_bytes()).await;
        }
    };
    tracing::debug!(message = order.message, hint = ?order.hint, ?command, "speech is controlled");
    // Nobody is told: where nothing is said there is nothing to skip.
    let _ = station.send(AudioCommand::Announcer { command }).await;
    Ok(())
}

/// A line.
#[derive(Debug, Deserialize)]
struct Order {
    command: Name,
    /// Why, for the log.
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    hint: Option<Hint>,
    #[serde(default)]
    request_id: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Pause,
    Resume,
    Stop,
    SkipForward,
    SkipBack,
    Status,
}

/// What the program would like its partner to do.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Hint {
    SwitchToText,
    Brevity,
    Quiet,
    PauseTimeout,
}

fn read(line: &[u8]) -> Option<Order> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let order: Order = serde_json::from_slice(line).ok()?;
    let letters = order.message.as_ref().map_or(0, |message| message.chars().count());
    (letters <= MESSAGE_LETTERS_MAX).then_some(order)
}

/// How it stands. What is not known of what is being said is null.
fn status(announcer: &AnnouncerState, request_id: &Value) -> Value {
    let state = match announcer {
        AnnouncerState { paused: true, .. } => "paused",
        AnnouncerState { stopped: true, .. } => "stopped",
        _ => "running",
    };
    let now_playing = announcer.speaking.as_ref().map(|speaking| {
        json!({
            "index": speaking.utterance.id, "text": speaking.utterance.text, "duration": null, "sample_rate": null,
            "channels": null, "timestamp": null, "voice": speaking.utterance.voice,
        })
    });
    json!({
        "ok": true, "action": "status", "request_id": request_id, "state": state, "pending_transport": null,
        "buffer": { "depth": announcer.history.len(), "capacity": CAPACITY }, "now_playing": now_playing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_the_protocol_has_them_and_all_others_are_left_out() {
        for (line, name) in [
            (&br#"{"command":"pause"}"#[..], Name::Pause),
            (br#"{"command":"resume","message":"go on"}"#, Name::Resume),
            (br#"{"command":"stop","hint":"switch-to-text"}"#, Name::Stop),
            (br#"{"command":"skip_forward","hint":null}"#, Name::SkipForward),
            (br#"{"command":"skip_back"} "#, Name::SkipBack),
            (br#"{"command":"status","request_id":7}"#, Name::Status),
        ] {
            assert_eq!(read(line).expect("an order").command, name);
        }
        let long = format!(r#"{{"command":"pause","message":"{}"}}"#, "x".repeat(257));
        for line in [
            &b""[..],
            b"pause",
            br#"{"command":"volume"}"#,
            br#"{"command":7}"#,
            br#"{"command":"pause","message":7}"#,
            br#"{"command":"pause","hint":"louder"}"#,
            b"\xff\xfe",
            long.as_bytes(),
        ] {
            assert!(read(line).is_none(), "{}", String::from_utf8_lossy(line));
        }
    }
}
