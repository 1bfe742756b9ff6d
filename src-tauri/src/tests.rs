//! The window's commands through Tauri's own IPC, on its mock runtime: no window, no display.

use airdesk_station::{HostChoice, Station, StationOptions};
use serde_json::{Value, json};
use tauri::ipc::{CallbackFn, InvokeBody};
use tauri::test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder, mock_context, noop_assets};
use tauri::webview::InvokeRequest;
use tauri::{WebviewWindow, WebviewWindowBuilder};

use super::*;

struct Desk {
    station: Option<Station>,
    window: WebviewWindow<MockRuntime>,
    _app: tauri::App<MockRuntime>,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let station = Station::start(StationOptions {
            session: folder.path().join("session.toml"),
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            refuse_private: false,
        })
        .expect("a station");
        let app = configure(mock_builder())
            .manage(station.handle())
            .manage(MetersUrl("ws://127.0.0.1:1/meters".into()))
            .build(mock_context(noop_assets()))
            .expect("an app");
        let window = WebviewWindowBuilder::new(&app, "main", Default::default())
            .build()
            .expect("a window");
        Self {
            station: Some(station),
            window,
            _app: app,
            _folder: folder,
        }
    }

    fn call(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        let request = InvokeRequest {
            cmd: command.into(),
            callback: CallbackFn(0),
            error: CallbackFn(1),
            url: "tauri://localhost".parse().expect("a URL"),
            body: InvokeBody::Json(arguments),
            headers: Default::default(),
            invoke_key: INVOKE_KEY.to_string(),
        };
        get_ipc_response(&self.window, request).map(|body| body.deserialize::<Value>().expect("JSON"))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(station) = self.station.take() {
            tauri::async_runtime::block_on(station.handle().stop()).expect("the session is saved");
            station.join();
        }
    }
}

#[test]
fn a_face_that_is_not_on_its_usual_port_is_a_notice_in_the_console() {
    use tauri::async_runtime::block_on;
    let desk = Desk::open();
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let usual = other.local_addr().expect("an address").port();
    let station = desk.station.as_ref().expect("a station").handle();
    let place = block_on(bind(None, usual)).expect("another port");
    let face = block_on(serve(&station, place)).expect("served");
    assert_ne!(face.port(), usual);
    let notices = desk.call("snapshot", json!({})).expect("a snapshot")["notices"].clone();
    let told: Vec<_> = notices.as_array().expect("notices").iter().collect();
    assert_eq!(told.len(), 1, "{notices}");
    assert_eq!(told[0]["severity"], "warning");
    let text = told[0]["text"].as_str().expect("a sentence");
    for said in [
        format!("port {usual} is used by another program"),
        face.console_url(),
        face.listen_urls().join(" and "),
        "choose a port".to_owned(),
    ] {
        assert!(text.contains(&said), "{said}: {text}");
    }

    let place = block_on(bind(Some(0), usual)).expect("the chosen port");
    block_on(serve(&station, place)).expect("served");
    let after = desk.call("snapshot", json!({})).expect("a snapshot")["notices"].clone();
    assert_eq!(after, notices, "it is where it was asked to be");
    assert!(matches!(block_on(bind(Some(usual), usual)), Err(ServeError::PortInUse { port }) if port == usual));
}

#[test]
fn the_window_sees_what_its_commands_have_changed() {
    let desk = Desk::open();
    let before = desk.call("snapshot", json!({})).expect("a snapshot");
    assert_eq!(before["strips"].as_array().expect("strips").len(), 3);
    let strip = before["strips"][0]["id"].clone();
    let command = json!({ "type": "setFader", "strip": strip, "level": -20.0 });
    assert_eq!(
        desk.call("dispatch", json!({ "command": command })),
        Ok(json!({ "type": "done" }))
    );
    let command = json!({ "type": "setFader", "strip": before["strips"][1]["id"], "level": null });
    assert_eq!(
        desk.call("dispatch", json!({ "command": command })),
        Ok(json!({ "type": "done" }))
    );
    let after = desk.call("snapshot", json!({})).expect("a snapshot");
    assert_eq!(after["strips"][0]["fader"], json!(-20.0));
    assert_eq!(after["strips"][1]["fader"], Value::Null, "off");
    assert_eq!(desk.call("meters_url", json!({})), Ok(json!("ws://127.0.0.1:1/meters")));
}

#[test]
fn a_refusal_reaches_the_window_with_a_code_and_a_sentence() {
    let desk = Desk::open();
    let command = json!({ "type": "setTrim", "strip": 123_456, "level": 0.0 });
    let refused = desk
        .call("dispatch", json!({ "command": command }))
        .expect_err("no such strip");
    assert_eq!(refused["code"], "noSuchStrip");
    let strip = desk.call("snapshot", json!({})).expect("a snapshot")["strips"][0]["id"].clone();
    let command = json!({ "type": "setTrim", "strip": strip, "level": -21.0 });
    let refused = desk
        .call("dispatch", json!({ "command": command }))
        .expect_err("out of range");
    assert_eq!(refused["code"], "outOfRange");
    assert!(refused["message"].as_str().expect("a sentence").contains("-20"));
    for (level, code) in [(json!(55.0), "outOfRange"), (json!("loud"), "invalid")] {
        let command = json!({ "type": "setTrim", "strip": strip, "level": level });
        let refused = desk
            .call("dispatch", json!({ "command": command }))
            .expect_err("no trim");
        assert_eq!(refused["code"], code, "{refused}");
    }
}

#[test]
fn the_timeline_is_written_where_the_operator_wants_it_and_half_of_it_nowhere() {
    let desk = Desk::open();
    let handle = desk.station.as_ref().expect("a station").handle();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("show.csv");
    std::fs::write(&path, "older").expect("written");
    let began = std::time::Instant::now();
    // The scribe writes ten times a second.
    let table = loop {
        // Before its first line there is no library to read.
        let written = export::write(handle.timeline(), &path);
        let table = std::fs::read_to_string(&path).expect("read");
        if table.lines().count() > 1 {
            break table;
        }
        assert!(began.elapsed().as_secs() < 20, "{written:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(
        table.starts_with("number,desk,time,") && table.lines().count() > 1,
        "{table}"
    );
    let nowhere = folder.path().join("nowhere/show.csv");
    let refused = export::write(handle.timeline(), &nowhere).expect_err("there is no such folder");
    assert!(refused.message.contains("nowhere/show.csv") && refused.message.contains("choose another place"));
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("read").count(),
        1,
        "no half of a table"
    );
}
