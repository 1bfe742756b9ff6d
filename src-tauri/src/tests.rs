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
