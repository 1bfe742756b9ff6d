//! A desk with a library of numbered frames, and players that speak the protocol to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use airdesk_remote::Face;
use airdesk_station::tracks::Search;
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// Nothing here takes that long.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) struct Rig {
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    station: StationHandle,
    desk: Option<Station>,
    runtime: tokio::runtime::Runtime,
    _face: Face,
}

/// One sample of a numbered frame: exact in 24 bits and in a float.
fn code(frame: u32, channel: usize) -> i32 {
    let number = (frame * 2 + channel as u32).wrapping_mul(2_654_435) % (1 << 23);
    number as i32 - (1 << 22)
}

/// What a player must hear of these frames.
pub(crate) fn coded(frames: Range<u32>, channels: usize) -> Vec<f32> {
    let sample = |frame, channel| code(frame, channel) as f32 / (1 << 23) as f32;
    frames
        .flat_map(|frame| (0..channels).map(move |channel| sample(frame, channel)))
        .collect()
}

fn write(path: &Path, rate: u32, channels: u16, seconds: u32) {
    let frames = rate * seconds;
    let samples = (0..frames).flat_map(|frame| (0..usize::from(channels)).map(move |channel| code(frame, channel)));
    if path.extension().is_some_and(|ending| ending == "flac") {
        let options = flac_codec::encode::Options::default();
        let mut file = flac_codec::encode::FlacSampleWriter::create(
            path,
            options,
            rate,
            24_u32,
            u8::try_from(channels).expect("few"),
            Some(u64::from(frames) * u64::from(channels)),
        )
        .expect("made");
        file.write(&samples.collect::<Vec<_>>()).expect("written");
        return file.finalize().expect("whole");
    }
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).expect("made");
    samples.for_each(|sample| file.write_sample(sample).expect("written"));
    file.finalize().expect("whole");
}

impl Rig {
    /// Files by name, rate, channels and seconds.
    pub(crate) fn new(files: &[(&str, u32, u16, u32)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let music = folder.path().join("music");
        std::fs::create_dir(&music).expect("made");
        for (name, rate, channels, seconds) in files {
            write(&music.join(name), *rate, *channels, *seconds);
        }
        let desk = Station::start(StationOptions {
            session: folder.path().join("session.toml"),
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            refuse_private: false,
        })
        .expect("a station");
        let station = desk.handle();
        let mut library = station.tracks().open_to_write().expect("a library");
        library.add_folder(&music.to_string_lossy()).expect("added");
        // A scan steps behind everybody for good: not on this thread.
        let scanned = std::thread::spawn(move || library.scan(&AtomicBool::new(false), &mut |_| {}));
        let scanned = scanned.join().expect("scanned");
        assert_eq!(scanned.added as usize, files.len(), "{scanned:?}");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let bound = runtime.block_on(Face::bind(0)).expect("a port");
        let face = runtime.block_on(async { bound.serve(station.clone()) });
        Self {
            port: face.port(),
            folder,
            station,
            desk: Some(desk),
            runtime,
            _face: face,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("music").join(name)
    }

    /// The number of the track with this word.
    pub(crate) fn track(&self, word: &str) -> u64 {
        let search = Search {
            words: word.to_owned(),
            offset: 0,
            limit: 2,
        };
        let reader = self.station.tracks().open().expect("a library");
        let page = reader.search(&search).expect("read");
        assert_eq!(page.total, 1, "{word}");
        page.tracks[0].id
    }

    /// A player that has been told the settings.
    pub(crate) fn player(&self) -> Player {
        let mut player = self.connect("/ws", None);
        player.wait("enhancement_settings_changed");
        player
    }

    pub(crate) fn monitor(&self, bus: &str) -> Player {
        self.connect(&format!("/monitor?bus={bus}"), None)
    }

    fn connect(&self, path: &str, origin: Option<&str>) -> Player {
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).expect("it is served");
        tcp.set_read_timeout(Some(LIMIT)).expect("set");
        let mut request = format!("ws://127.0.0.1:{}{path}", self.port)
            .into_client_request()
            .expect("a request");
        if let Some(origin) = origin {
            request
                .headers_mut()
                .insert("Origin", origin.parse().expect("a header"));
        }
        let (socket, _) = tungstenite::client(request, tcp).expect("taken");
        Player { socket }
    }

    /// With which code a page is sent away; `None`: it is not.
    pub(crate) fn close_code(&self, origin: Option<&str>) -> Option<u16> {
        let mut player = self.connect("/ws", origin);
        match player.socket.read().expect("an answer") {
            Message::Close(Some(close)) => Some(close.code.into()),
            Message::Text(_) => None,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> u16 {
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        ))
    }

    /// What an upgrade to a WebSocket is answered with.
    pub(crate) fn get_status(&self, path: &str) -> u16 {
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{upgrade}\r\n\r\n",
            self.port
        ))
    }

    fn ask(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it is served");
        stream.set_read_timeout(Some(LIMIT)).expect("set");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("answered");
        std::str::from_utf8(&head[9..])
            .expect("a number")
            .parse()
            .expect("a number")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let stopped = self.runtime.block_on(self.station.stop());
        if !std::thread::panicking() {
            stopped.expect("saved");
        }
        if let Some(desk) = self.desk.take() {
            desk.join();
        }
    }
}

/// One connection.
pub(crate) struct Player {
    socket: WebSocket<TcpStream>,
}

/// What was heard of one stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) start: Value,
    pub(crate) end: Value,
    pub(crate) samples: Vec<f32>,
    messages: u64,
    others: Vec<String>,
}

impl Stream {
    pub(crate) fn epoch(&self) -> u64 {
        self.start["stream_epoch"].as_u64().expect("a number")
    }

    pub(crate) fn said(&self, kind: &str) -> bool {
        self.others.iter().any(|other| other == kind)
    }

    fn take(&mut self, kind: &str, data: &Value) {
        if kind == "audio_stream_start" {
            (self.start, self.messages) = (data.clone(), 0);
            self.samples.clear();
        }
    }

    fn add(&mut self, data: &Value, bytes: &[u8]) {
        assert_eq!(data["seq"], self.messages, "{data}");
        assert_eq!(data["sample_count"], bytes.len() / 4);
        assert!(bytes.len() <= 307_200 && bytes.len().is_multiple_of(4));
        if !self.start.is_null() {
            assert_eq!(
                data["stream_epoch"], self.start["stream_epoch"],
                "a stream that was replaced is heard"
            );
        }
        self.messages += 1;
        let (samples, _) = bytes.as_chunks();
        self.samples
            .extend(samples.iter().map(|four| f32::from_le_bytes(*four)));
    }
}

impl Player {
    pub(crate) fn say(&mut self, message: Value) {
        self.send_text(&message.to_string());
    }

    pub(crate) fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("sent");
    }

    pub(crate) fn send_binary(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).expect("sent");
    }

    /// So that what it says next is within the limits.
    pub(crate) fn pass_a_second(&self) {
        std::thread::sleep(Duration::from_millis(1050));
    }

    /// Passes over everything up to a message of this type.
    pub(crate) fn wait(&mut self, kind: &str) -> Value {
        loop {
            if let Message::Text(text) = self.socket.read().expect("a message") {
                let message: Value = serde_json::from_str(&text).expect("JSON");
                if message["type"] == kind {
                    return message;
                }
            }
        }
    }

    pub(crate) fn binary(&mut self) -> Vec<u8> {
        loop {
            if let Message::Binary(bytes) = self.socket.read().expect("a message") {
                return bytes.to_vec();
            }
        }
    }

    /// A stream from its start to its end. Parts of one before are passed over.
    pub(crate) fn stream(&mut self) -> Stream {
        let mut stream = Stream::default();
        let start = self.wait("audio_stream_start");
        stream.take("audio_stream_start", &start["data"]);
        self.hear(&mut stream);
        stream
    }

    /// What comes up to the end.
    pub(crate) fn hear(&mut self, stream: &mut Stream) {
        while stream.end.is_null() {
            self.hear_one(stream).expect("a message");
        }
    }

    /// What comes until nothing comes for two seconds.
    pub(crate) fn hear_until_quiet(&mut self, stream: &mut Stream) {
        let tcp = self.socket.get_ref().try_clone().expect("a socket");
        tcp.set_read_timeout(Some(Duration::from_secs(2))).expect("set");
        while self.hear_one(stream).is_ok() {}
        tcp.set_read_timeout(Some(LIMIT)).expect("set");
    }

    fn hear_one(&mut self, stream: &mut Stream) -> Result<(), tungstenite::Error> {
        let message = self.socket.read()?;
        let Message::Text(text) = message else {
            panic!("samples without a word about them");
        };
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let (kind, data) = (message["type"].as_str().expect("a type"), &message["data"]);
        match kind {
            "audio_chunk_meta" => {
                let bytes = match self.socket.read().expect("samples") {
                    Message::Binary(bytes) => bytes,
                    other => panic!("{other:?} where samples should be"),
                };
                stream.add(data, &bytes);
            }
            "audio_chunk" => {
                let samples = data["samples"].as_str().expect("samples");
                stream.add(data, &STANDARD.decode(samples).expect("base64"));
            }
            "audio_stream_end" => stream.end = data.clone(),
            "audio_stream_error" => panic!("{data}"),
            "ping" => self.say(json!({ "type": "pong" })),
            other => {
                stream.take(other, data);
                stream.others.push(other.to_owned());
            }
        }
        Ok(())
    }
}
