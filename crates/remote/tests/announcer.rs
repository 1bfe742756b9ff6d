//! The announcer told by programs: over HTTP, and by the control socket of speech programs.
#![cfg(unix)]

use std::time::Duration;

use airdesk_remote::{Face, SpeechControl};
use airdesk_station::api::AnnouncerState;
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::sleep;

fn desk(folder: &std::path::Path) -> Station {
    Station::start(StationOptions {
        session: folder.join("session.toml"),
        data: folder.to_owned(),
        key_store: false,
        hosts: HostChoice::none(),
        ..StationOptions::default()
    })
    .expect("a station")
}

async fn announcer(station: &StationHandle) -> AnnouncerState {
    station.snapshot().await.expect("a snapshot").announcer
}

async fn when(station: &StationHandle, what: &str, shows: impl Fn(&AnnouncerState) -> bool) {
    for _ in 0..200 {
        if shows(&announcer(station).await) {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: {:?}", announcer(station).await);
}

async fn post(port: u16, body: &Value) -> (String, Value) {
    let mut program = TcpStream::connect(("127.0.0.1", port)).await.expect("a face");
    let body = body.to_string();
    let request = format!(
        "POST /api/announcer HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    program.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    program.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (head[9..12].to_owned(), serde_json::from_str(body).expect("JSON"))
}

#[tokio::test]
async fn programs_have_texts_said_and_control_how_they_are_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = desk(folder.path());
    let station = desk.handle();
    let face = Face::bind(0).await.expect("a port").serve(station.clone());
    let port = face.port();
    let path = folder.path().join("control/speech.sock");
    let _control = SpeechControl::open(&path, station.clone()).await.expect("a socket");
    let order = async |lines: &[u8]| {
        let mut program = UnixStream::connect(&path).await.expect("let in");
        program.write_all(lines).await.expect("taken");
        program.shutdown().await.expect("closed");
        let mut answer = String::new();
        program.read_to_string(&mut answer).await.expect("an answer");
        answer
    };
    // Bad lines are left out, several orders come at once, and the last needs no end.
    let answer = order(b"nonsense\n{\"command\":\"volume\"}\n\xff\n{\"command\":\"pause\"}").await;
    assert_eq!(answer, "");
    when(&station, "it is paused", |announcer| announcer.paused).await;

    let (status, reply) = post(port, &json!({ "type": "say", "text": "Good evening" })).await;
    assert_eq!(
        (status.as_str(), &reply),
        ("200", &json!({ "type": "utterance", "id": 1 }))
    );
    let (status, reply) = post(port, &json!({ "type": "say", "text": "" })).await;
    assert_eq!(status, "400");
    assert!(
        reply["message"]
            .as_str()
            .is_some_and(|message| message.contains("1 to 10000")),
        "{reply}"
    );
    assert_eq!(announcer(&station).await.queue.len(), 1);

    let told = |answer: &str| serde_json::from_str::<Value>(answer.trim_end()).expect("one line of JSON");
    let answer = order(b"{\"command\":\"status\",\"request_id\":\"a\"}\n").await;
    let expected = json!({
        "ok": true, "action": "status", "request_id": "a", "state": "paused", "pending_transport": null,
        "buffer": { "depth": 0, "capacity": 8 }, "now_playing": null,
    });
    assert_eq!(told(&answer), expected);
    order(b"{\"command\":\"stop\",\"hint\":\"quiet\"}\n").await;
    when(&station, "it is stopped", |announcer| {
        announcer.stopped && announcer.queue.is_empty()
    })
    .await;
    assert_eq!(told(&order(b"{\"command\":\"status\"}").await)["state"], "stopped");
    // A line that has no end is given up, and the socket goes on.
    let endless = [b'x'; 20_000];
    let mut program = UnixStream::connect(&path).await.expect("let in");
    let _ = program.write_all(&endless).await; // it may have been let go already
    assert_eq!(program.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert_eq!(told(&order(b"{\"command\":\"status\"}").await)["ok"], true);
    station.stop().await.expect("saved");
    tokio::task::spawn_blocking(move || desk.join()).await.expect("it ends");
}
