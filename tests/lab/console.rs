//! A console: one connection to a running desk over its WebSocket, as the browser's is.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// How long a message is waited for before something else is done. Much less than there is between two messages of
/// a desk that sends its meters, so that what has arrived can be taken to its end.
const PATIENCE: Duration = Duration::from_millis(2);

/// A connection, and the desk as it was told.
pub struct Console {
    socket: WebSocket<TcpStream>,
    snapshot: Value,
    meters: Option<Meters>,
    answers: Vec<Value>,
    last_id: u32,
}

/// The levels of one moment, linear.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meters {
    /// By how much the limiter turns the programme down, dB, at most zero.
    pub limiter: f32,
    /// Clips of programme and cue so far.
    pub clips: [u32; 2],
    /// Programme and cue: the peaks left and right.
    pub buses: [[f32; 2]; 2],
    /// For each strip its id and its peaks.
    pub strips: Vec<(u32, [f32; 2])>,
}

impl Console {
    /// Connects and waits for the first snapshot.
    pub fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the desk listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("the limit is not zero");
        let (socket, _) =
            tungstenite::client(format!("ws://127.0.0.1:{port}/control"), stream).expect("the desk speaks WebSocket");
        socket
            .get_ref()
            .set_read_timeout(Some(PATIENCE))
            .expect("the limit is not zero");
        let mut console = Self {
            socket,
            snapshot: Value::Null,
            meters: None,
            answers: Vec::new(),
            last_id: 0,
        };
        console.wait("the first snapshot", Duration::from_secs(10), |snapshot| {
            (!snapshot.is_null()).then_some(())
        });
        console
    }

    /// Gives a command and returns the desk's reply, or its refusal.
    pub fn ask(&mut self, command: Value) -> Result<Value, Value> {
        let id = self.begin(&command);
        self.answer_to(id)
    }

    /// Gives a command, and does not wait for the answer to the number that it gets.
    pub fn begin(&mut self, command: &Value) -> u32 {
        self.last_id += 1;
        self.send(&json!({ "id": self.last_id, "command": command }).to_string());
        self.last_id
    }

    /// The desk's reply to the command of this number, or its refusal.
    pub fn answer_to(&mut self, id: u32) -> Result<Value, Value> {
        let answer = self.answer_where(&format!("an answer to {id}"), |answer| answer["id"] == id);
        if answer["type"] == "reply" {
            Ok(answer["reply"].clone())
        } else {
            Err(answer["error"].clone())
        }
    }

    /// Gives a command that must be obeyed.
    pub fn say(&mut self, command: Value) -> Value {
        let shown = command.to_string();
        self.ask(command)
            .unwrap_or_else(|refusal| panic!("{shown} was refused: {refusal}"))
    }

    /// Sends any text.
    pub fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("the desk is still there");
    }

    /// The answer to a message that is no command.
    pub fn refusal(&mut self) -> Value {
        self.answer_where("a refusal", |answer| answer["type"] == "error")
    }

    /// Waits until what the desk says about itself fulfils `condition`.
    pub fn wait<T>(&mut self, what: &str, limit: Duration, mut condition: impl FnMut(&Value) -> Option<T>) -> T {
        let end = Instant::now() + limit;
        loop {
            self.listen();
            if let Some(answer) = condition(&self.snapshot) {
                return answer;
            }
            assert!(
                Instant::now() < end,
                "waited {limit:?} for {what}; the desk says {}",
                self.summary()
            );
        }
    }

    /// What the desk says about itself now.
    pub fn snapshot(&mut self) -> &Value {
        while self.listen() {}
        &self.snapshot
    }

    /// The peaks of the next quarter of a second.
    pub fn meters(&mut self) -> Meters {
        while self.listen() {}
        let end = Instant::now() + Duration::from_millis(250);
        let mut highest: Option<Meters> = None;
        while Instant::now() < end || highest.is_none() {
            self.meters = None;
            self.listen();
            if let Some(meters) = self.meters.take() {
                highest = Some(highest.map_or(meters.clone(), |before| before.highest(&meters)));
            }
            assert!(
                Instant::now() < end + Duration::from_secs(5),
                "the desk sends no meters"
            );
        }
        highest.expect("looped until there was one")
    }

    /// Whether that command has been answered by now.
    pub fn is_answered(&mut self, id: u32) -> bool {
        while self.listen() {}
        self.answers.iter().any(|answer| answer["id"] == id)
    }

    /// Takes one message, if there is one by now.
    fn listen(&mut self) -> bool {
        match self.socket.read() {
            Ok(Message::Text(text)) => self.take(serde_json::from_str(&text).expect("the desk sends JSON")),
            Ok(Message::Binary(bytes)) => self.meters = Some(Meters::from_bytes(&bytes)),
            Ok(_) => {}
            Err(tungstenite::Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                return false;
            }
            Err(error) => panic!("the desk closed the connection: {error}"),
        }
        true
    }

    fn take(&mut self, message: Value) {
        match message["type"].as_str() {
            Some("snapshot") => self.snapshot = message["snapshot"].clone(),
            Some("event") => apply(&mut self.snapshot, &message["event"]),
            _ => self.answers.push(message),
        }
    }

    fn answer_where(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(index) = self.answers.iter().position(&wanted) {
                return self.answers.swap_remove(index);
            }
            assert!(Instant::now() < end, "waited for {what}");
            self.listen();
        }
    }

    fn summary(&self) -> Value {
        let mut summary = self.snapshot.clone();
        if let Some(devices) = summary.get_mut("devices") {
            *devices = devices
                .as_array()
                .into_iter()
                .flatten()
                .map(|device| device["id"].clone())
                .collect();
        }
        summary
    }
}

impl Meters {
    /// The peaks of a strip.
    pub fn strip(&self, id: u32) -> [f32; 2] {
        self.strips
            .iter()
            .find(|(strip, _)| *strip == id)
            .expect("the strip is metered")
            .1
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let peaks = |at: usize| [f32::from_bits(word(at)), f32::from_bits(word(at + 4))];
        assert_eq!(bytes[..2], [4, 10], "the version of the meters and the number of buses");
        let strips = usize::from(u16::from_le_bytes([bytes[2], bytes[3]]));
        Self {
            limiter: f32::from_bits(word(12)),
            buses: [peaks(28), peaks(84)],
            clips: [word(44), word(100)],
            strips: (0..strips)
                .map(|index| 28 + 10 * 56 + 36 * index)
                .map(|at| (word(at), peaks(at + 4)))
                .collect(),
        }
    }

    fn highest(mut self, other: &Self) -> Self {
        self.limiter = self.limiter.min(other.limiter);
        self.clips = other.clips;
        let raise = |one: &mut [f32; 2], other: &[f32; 2]| *one = [one[0].max(other[0]), one[1].max(other[1])];
        self.buses
            .iter_mut()
            .zip(&other.buses)
            .for_each(|(one, other)| raise(one, other));
        self.strips
            .iter_mut()
            .zip(&other.strips)
            .for_each(|((_, one), (_, other))| raise(one, other));
        self
    }
}

/// Brings a snapshot up to date with an event.
fn apply(snapshot: &mut Value, event: &Value) {
    let (kind, value) = (event["type"].as_str().unwrap_or_default(), event["value"].clone());
    match kind {
        "strip" => replace(&mut snapshot["strips"], "id", value),
        "deck" => replace(&mut snapshot["decks"], "strip", value),
        "deckPosition" => {
            let decks = snapshot["decks"].as_array_mut().into_iter().flatten();
            for deck in decks.filter(|deck| deck["strip"] == value["strip"]) {
                deck["position"] = value.clone();
            }
        }
        "deckRemoved" => {
            let decks = snapshot["decks"].as_array_mut().expect("a list of the snapshot");
            decks.retain(|deck| deck["strip"] != value);
        }
        "loudness" => replace(&mut snapshot["loudness"], "bus", value),
        "loudnessEnded" | "spectrum" => {}
        "vca" => replace(&mut snapshot["vcas"], "vca", value),
        "stripRemoved" => remove(&mut snapshot["strips"], &value),
        "recorder" => replace(&mut snapshot["recorders"], "id", value),
        "recorderRemoved" => remove(&mut snapshot["recorders"], &value),
        "target" => replace(&mut snapshot["targets"], "id", value),
        "targetRemoved" => remove(&mut snapshot["targets"], &value),
        "bus" => replace(&mut snapshot["buses"], "bus", value),
        "output" => replace(&mut snapshot["outputs"], "output", value),
        "notice" => replace(&mut snapshot["notices"], "id", value),
        "noticeDismissed" => remove(&mut snapshot["notices"], &value),
        part => snapshot[part] = value,
    }
}

fn replace(list: &mut Value, key: &str, value: Value) {
    let list = list.as_array_mut().expect("a list of the snapshot");
    match list.iter_mut().find(|item| item[key] == value[key]) {
        Some(item) => *item = value,
        None => list.push(value),
    }
}

fn remove(list: &mut Value, id: &Value) {
    list.as_array_mut()
        .expect("a list of the snapshot")
        .retain(|item| item["id"] != *id);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_change_the_snapshot_they_follow() {
        let mut snapshot = json!({ "strips": [{ "id": 1, "mute": false }], "engine": {} });
        apply(
            &mut snapshot,
            &json!({ "type": "strip", "value": { "id": 1, "mute": true } }),
        );
        apply(&mut snapshot, &json!({ "type": "strip", "value": { "id": 2 } }));
        apply(&mut snapshot, &json!({ "type": "engine", "value": { "load": 0.5 } }));
        assert_eq!(
            snapshot,
            json!({ "strips": [{ "id": 1, "mute": true }, { "id": 2 }], "engine": { "load": 0.5 } })
        );
        apply(&mut snapshot, &json!({ "type": "stripRemoved", "value": 1 }));
        assert_eq!(snapshot["strips"], json!([{ "id": 2 }]));
    }

    #[test]
    fn meters_are_read_as_the_station_writes_them() {
        let mut bytes = vec![0; 28 + 10 * 56 + 36];
        let mut write = |at: usize, value: [u8; 4]| bytes[at..at + 4].copy_from_slice(&value);
        write(0, [4, 10, 1, 0]);
        write(12, (-2.5_f32).to_le_bytes());
        for (bus, levels, clips) in [(28, [0.5_f32, 0.25], 3_u32), (84, [0.1, 0.2], 0)] {
            write(bus, levels[0].to_le_bytes());
            write(bus + 4, levels[1].to_le_bytes());
            write(bus + 16, clips.to_le_bytes());
        }
        write(588, 7_u32.to_le_bytes());
        write(592, 0.75_f32.to_le_bytes());
        write(596, 1.0_f32.to_le_bytes());
        let meters = Meters::from_bytes(&bytes);
        assert_eq!(meters.buses, [[0.5, 0.25], [0.1, 0.2]]);
        assert_eq!((meters.limiter, meters.clips), (-2.5, [3, 0]));
        assert_eq!(meters.strip(7), [0.75, 1.0]);
    }
}
