//! The remote face: this machine only, and no foreign web page.
#![cfg(target_os = "linux")]

use lab::desk::Desk;
use lab::http;
use lab::sound_server::Environment;
use serde_json::json;

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
