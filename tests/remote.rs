//! The remote face: this machine only, and no foreign web page.
#![cfg(target_os = "linux")]

use lab::desk::{Desk, Home};
use lab::http;
use lab::sound_server::Environment;
use lab::wait::seconds;
use serde_json::{Value, json};

/// The status of an attempt to open the control WebSocket.
fn upgrade(port: u16, host: &str, origin: Option<&str>) -> u16 {
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /control HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    http::request(port, &request).expect("the desk answers").status
}

#[test]
fn a_foreign_page_and_a_rebound_name_are_turned_away() {
    let desk = Desk::start(&Environment::new());
    let own = format!("127.0.0.1:{}", desk.port);
    assert_eq!(upgrade(desk.port, &own, None), 101);
    assert_eq!(upgrade(desk.port, &own, Some(&format!("http://{own}"))), 101);
    assert_eq!(upgrade(desk.port, &own, Some("http://evil.test")), 403);
    assert_eq!(upgrade(desk.port, &own, Some("null")), 403);
    let rebound = format!("evil.test:{}", desk.port);
    assert_eq!(upgrade(desk.port, &rebound, Some(&format!("http://{rebound}"))), 403);
}

#[test]
fn the_console_the_health_and_the_metrics_are_served() {
    let desk = Desk::start(&Environment::new());
    let page = http::get(desk.port, "/").expect("the desk answers");
    assert_eq!(page.status, 200);
    assert!(
        String::from_utf8_lossy(&page.body).contains("<title>Airdesk"),
        "the console is not served"
    );
    assert_eq!(http::get(desk.port, "/health").expect("the desk answers").status, 200);
    let metrics = http::get(desk.port, "/metrics").expect("the desk answers");
    assert!(
        String::from_utf8_lossy(&metrics.body).contains("# TYPE airdesk_"),
        "no metrics"
    );
    assert_eq!(
        http::get(desk.port, "/../Cargo.toml").expect("the desk answers").status,
        404
    );
}

#[test]
fn two_consoles_see_the_same_desk() {
    let mut desk = Desk::start(&Environment::new());
    let mut other = desk.another_console();
    let strip = desk.snapshot()["strips"][0]["id"].clone();
    desk.say(json!({ "type": "setFader", "strip": strip, "level": -33.0 }));
    other.wait("the other console to see it", lab::wait::seconds(3), |snapshot| {
        (snapshot["strips"][0]["fader"] == -33.0).then_some(())
    });
}

#[test]
fn programs_play_into_the_desk_on_a_port_of_its_own() {
    let mut desk = Desk::start_at(Home::new(), &Environment::new(), &["--daemon-port", "0"]);
    let address = desk.wait("the port", seconds(10), |snapshot| {
        snapshot["programsAt"].as_str().map(str::to_owned)
    });
    let port = address.trim_end_matches('/').rsplit(':').next();
    let port: u16 = port.and_then(|port| port.parse().ok()).expect("a port");
    assert!(desk.process.output().contains(&format!("programs: {address}")));
    let health = http::get(port, "/health").expect("the daemon answers");
    let health: Value = serde_json::from_slice(&health.body).expect("JSON");
    assert_eq!(
        (&health["status"], &health["version"]),
        (&json!("healthy"), &json!("2.0.0"))
    );
    let (mut program, _) = tungstenite::connect(&address).expect("a WebSocket");
    // A second of a square wave, whole in one message, and no play.
    let sample = |n: usize| {
        if (n / 60).is_multiple_of(2) {
            [0, 0x20]
        } else {
            [0, 0xe0]
        }
    };
    let clip: Vec<u8> = (0..24_000).flat_map(sample).collect();
    let chunk = json!({ "type": "Buffer", "data": clip });
    for message in [
        json!({ "type": "audio_chunk", "data": { "chunk": chunk } }),
        json!({ "type": "end_stream" }),
    ] {
        program.send(message.to_string().into()).expect("it is taken");
    }
    let mut states = Vec::new();
    while states.last().is_none_or(|state| state != "completed") {
        let message = program.read().expect("a message").into_text().expect("text");
        let Ok(message) = serde_json::from_str::<Value>(&message) else {
            continue; // a ping
        };
        states.push(message["data"]["state"].as_str().unwrap_or_default().to_owned());
    }
    assert!(states.iter().any(|state| state == "playing"), "{states:?}");
    let now = desk.snapshot();
    let strips = now["strips"].as_array().expect("strips");
    // The demo session has a "Voice" of its own.
    let made = strips.iter().find(|strip| strip["source"]["type"] == "programs");
    assert_eq!(made.expect("a strip")["name"], "Voice (programs)");
}
