//! As much of W3C WebDriver as the window needs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::http;

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One session with a driver that listens on a port.
pub struct Session {
    port: u16,
    path: String,
}

impl Session {
    /// Has the driver start `binary`.
    pub fn open(port: u16, binary: &str) -> Self {
        let options = json!({ "binary": binary, "args": [] });
        let capabilities = json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let mut session = Self {
            port,
            path: String::new(),
        };
        let answer = session.post("/session", &capabilities);
        session.path = format!(
            "/session/{}",
            answer["sessionId"].as_str().expect("a session has an id")
        );
        session
    }

    /// Runs the body of an asynchronous function.
    pub fn run(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async () => {{ {script} }})().then((value) => done(value ?? null), (error) => done('error: ' + error));"
        );
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Types into what has the focus.
    pub fn type_text(&self, text: &str) {
        let element = self.ask("GET", "/element/active", None)[ELEMENT]
            .as_str()
            .expect("something has the focus")
            .to_owned();
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// The picture, as a PNG file's bytes.
    pub fn screenshot(&self) -> Vec<u8> {
        let picture = self.ask("GET", "/screenshot", None);
        STANDARD
            .decode(picture.as_str().expect("a picture is text"))
            .expect("a picture is base64")
    }

    /// Closes what was started.
    pub fn close(&self) {
        self.ask("DELETE", "", None);
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.ask("POST", path, Some(body))
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        );
        let answer = http::request(self.port, &request).expect("the driver answers");
        let mut value: Value = serde_json::from_slice(&answer.body).expect("the driver answers with JSON");
        assert_eq!(answer.status, 200, "{method} {path}: {value}");
        value["value"].take()
    }
}
