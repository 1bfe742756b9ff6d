//! A desk that programs play into, what it records of a strip, and a program.

use std::time::Duration;

use airdesk_remote::PlaybackDaemon;
use airdesk_station::api::{
    AudioCommand, RecordingFormat, RecordingSettings, RecordingState, Snapshot, Stems, StripSource,
};
use airdesk_station::config::DaemonPort;
use airdesk_station::session::{Session, SessionFile, SessionStrip};
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// More than anything should take.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A desk without devices, whose strips are recorded before their faders.
pub(crate) struct Rig {
    station: Option<Station>,
    pub(crate) handle: StationHandle,
    pub(crate) daemon: PlaybackDaemon,
    folder: TempDir,
}

impl Rig {
    /// With a strip of each name that programs play into.
    pub(crate) async fn start(strips: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Session {
            strips: strips
                .iter()
                .map(|name| SessionStrip::new(name, StripSource::Programs))
                .collect(),
            recorders: vec![RecordingSettings {
                folder: folder.path().join("takes").to_string_lossy().into_owned(),
                pattern: "{strip} {index}".into(),
                format: RecordingFormat::Pcm24,
                stems: Stems::BeforeFaders,
                ..RecordingSettings::default()
            }],
            ..Session::default()
        };
        let file = SessionFile::new(folder.path().join("session.toml"));
        file.save(&session).expect("a session");
        let station = Station::start(StationOptions {
            session: folder.path().join("session.toml"),
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            refuse_private: false,
        })
        .expect("a station");
        let handle = station.handle();
        let daemon = PlaybackDaemon::start(&handle, Some(DaemonPort::At(0))).await;
        Self {
            station: Some(station),
            handle,
            daemon: daemon.expect("a station").expect("a port"),
            folder,
        }
    }

    /// A program that plays into the strip that the path names.
    pub(crate) async fn program(&self, path: &str) -> Program {
        Program::connect(self.daemon.port(), path).await
    }

    pub(crate) async fn now(&self) -> Snapshot {
        self.handle.snapshot().await.expect("a snapshot")
    }

    pub(crate) async fn when(&self, what: &str, shows: impl Fn(&Snapshot) -> bool) -> Snapshot {
        for _ in 0..1_200 {
            let now = self.now().await;
            if shows(&now) {
                return now;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: {:#?}", self.now().await)
    }

    /// Records from now on.
    pub(crate) async fn record(&self) {
        let record = AudioCommand::StartRecording { recorder: None };
        self.handle.send(record).await.expect("recording");
        self.when("it records", |now| {
            matches!(now.recorders[0].recording, RecordingState::Recording { .. })
        })
        .await;
    }

    /// The samples that a strip sounded, of 24 bits, without the silence around them.
    pub(crate) async fn heard(&self, strip: &str) -> Vec<i32> {
        let stop = AudioCommand::StopRecording { recorder: None };
        self.handle.send(stop).await.expect("recorded");
        let file = self.folder.path().join("takes").join(format!("{strip} 01.wav"));
        let mut wave = hound::WavReader::open(file).expect("a recording");
        let left: Vec<i32> = wave
            .samples::<i32>()
            .step_by(2)
            .map(|sample| sample.expect("a sample"))
            .collect();
        let first = left.iter().position(|sample| *sample != 0).expect("it is heard");
        let last = left.iter().rposition(|sample| *sample != 0).expect("it is heard");
        left[first..=last].to_vec()
    }

    /// The answer to one request: its status, its head, its body.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &str) -> (u16, String, String) {
        let port = self.daemon.port();
        let mut program = TcpStream::connect(("127.0.0.1", port)).await.expect("a daemon");
        let host = if headers.contains("Host:") {
            String::new()
        } else {
            format!("Host: localhost:{port}\r\n")
        };
        let request = format!("{method} {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n");
        program.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        program.read_to_string(&mut answer).await.expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.get(9..12).and_then(|status| status.parse().ok());
        (status.expect("a status"), head.to_lowercase(), body.to_owned())
    }

    /// The health page.
    pub(crate) async fn health(&self, path: &str) -> Value {
        let (_, _, body) = self.ask("GET", path, "").await;
        serde_json::from_str(&body).expect("JSON")
    }

    pub(crate) async fn stop(mut self) {
        self.handle.stop().await.expect("saved");
        if let Some(station) = self.station.take() {
            station.join();
        }
    }
}

/// The usual message of a program.
pub(crate) fn control(action: &str) -> Value {
    json!({ "type": "control", "timestamp": 1, "data": { "action": action } })
}

/// Audio as base64, said to be numbered frames.
pub(crate) fn chunk(bytes: &[u8]) -> Value {
    let format = json!({ "format": "pcm", "sampleRate": 48_000, "channels": 1, "bitDepth": 24 });
    json!({ "type": "audio_chunk", "timestamp": 1.5, "data": { "chunk": base64(bytes), "format": format, "sequence": 0 } })
}

/// The same as JSON makes it of a `Uint8Array`, which says nothing of its format.
pub(crate) fn numbered_chunk(bytes: &[u8]) -> Value {
    let bytes: serde_json::Map<String, Value> = bytes
        .iter()
        .enumerate()
        .map(|(n, byte)| (n.to_string(), json!(byte)))
        .collect();
    json!({ "type": "audio_chunk", "timestamp": 1, "data": { "chunk": bytes, "sequence": 0 } })
}

/// Samples of 24 bits, each the number of its frame.
pub(crate) fn numbers(frames: std::ops::Range<i32>) -> Vec<u8> {
    frames.flat_map(|n| n.to_le_bytes().into_iter().take(3)).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for group in bytes.chunks(3) {
        let all = group.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for n in 0..4 {
            let letter = LETTERS[(all >> (18 - 6 * n)) as usize & 63];
            text.push(if n > group.len() { '=' } else { letter as char });
        }
    }
    text
}

/// A program that is connected.
pub(crate) struct Program {
    pub(crate) socket: WebSocketStream<TcpStream>,
    /// All it was told.
    pub(crate) told: Vec<Value>,
}

impl Program {
    pub(crate) async fn connect(port: u16, path: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a daemon");
        let address = format!("ws://localhost:{port}{path}");
        let connected = client_async_with_config(address, stream, None).await;
        let (socket, _) = connected.expect("a WebSocket");
        Self {
            socket,
            told: Vec::new(),
        }
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.text(message.to_string()).await;
    }

    pub(crate) async fn text(&mut self, text: String) {
        let sent = timeout(LONG, self.socket.send(Message::text(text))).await;
        sent.expect("it is taken").expect("a daemon");
    }

    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = timeout(LONG, self.socket.next()).await;
            let message = message.unwrap_or_else(|_| panic!("nothing more comes behind {:#?}", self.told));
            if let Message::Text(text) = message.expect("a daemon").expect("a message") {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                assert!(message["timestamp"].is_u64(), "{message}");
                self.told.push(message.clone());
                return message;
            }
        }
    }

    /// The next message of a type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The next status of this state.
    pub(crate) async fn state(&mut self, state: &str) -> Value {
        loop {
            let status = self.next_of("status").await;
            if status["data"]["state"] == state {
                return status;
            }
        }
    }

    /// What it was told of one type, so far.
    pub(crate) fn all_of(&self, kind: &str) -> Vec<&Value> {
        self.told.iter().filter(|message| message["type"] == kind).collect()
    }
}

/// Every number is heard once and in order. Where it was silent between, because somebody wanted that or the machine was too
/// busy to go on, the frames that it faded with are other numbers.
#[track_caller]
pub(crate) fn assert_same(heard: &[i32], expected: std::ops::Range<i32>) {
    /// Of one fade out and in.
    const FADED: usize = 512;
    let gaps = heard.windows(2).filter(|two| two[0] != 0 && two[1] == 0).count();
    let mut next = expected.start;
    let mut found = 0;
    for sample in heard.iter().copied() {
        if sample >= next && sample < expected.end {
            (next, found) = (sample + 1, found + 1);
        }
    }
    assert!(
        found + gaps * FADED >= expected.len() && next == expected.end,
        "{found} of {} numbers, the last is {}, with {gaps} gaps",
        expected.len(),
        next - 1
    );
    let sounds = heard.iter().filter(|sample| **sample != 0).count();
    assert!(sounds <= expected.len(), "{sounds} samples: some were heard twice");
}
