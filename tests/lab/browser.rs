//! A real browser: Chromium under Playwright, in a small Node program that takes orders line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::locate::Face;
use crate::process::Process;
use crate::repository;

/// A browser with one page. It is closed when this is dropped.
pub struct Browser {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    process: Process,
    _folder: TempDir,
}

impl Browser {
    /// Opens a page.
    pub fn open(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let mut node = Command::new("node");
        node.arg(repository().join("tests/browser/puppet.mjs"))
            .env("HOME", folder.path());
        let (process, orders, answers) = Process::start_talking(&mut node, &folder.path().join("browser.log"));
        let mut browser = Self {
            orders,
            answers: BufReader::new(answers),
            process,
            _folder: folder,
        };
        browser.order(&json!({ "do": "open", "url": url }));
        browser
    }

    /// Takes a control in its middle with the mouse, and lets go of it `down` pixels below.
    pub fn drag(&mut self, steps: &[&str], down: f64) {
        let [x, y] = self.middle(steps);
        self.order(&json!({ "do": "drag", "from": [x, y], "to": [x, y + down] }));
    }

    /// Clicks on the middle of a control.
    pub fn click(&mut self, steps: &[&str]) {
        self.drag(steps, 0.0);
    }

    /// What the page wrote to its console as errors.
    pub fn errors(&mut self) -> Vec<String> {
        let errors = self.order(&json!({ "do": "errors" }));
        errors
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| error.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    fn order(&mut self, order: &Value) -> Value {
        writeln!(self.orders, "{order}").expect("the browser is still there");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the browser answers in text");
        let answer: Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("the browser ended: {}", self.process.output()));
        assert!(answer["error"].is_null(), "{order}: {}", answer["error"]);
        answer["value"].clone()
    }
}

impl Face for Browser {
    fn run(&mut self, script: &str) -> Value {
        self.order(&json!({ "do": "run", "script": script }))
    }

    fn press(&mut self, key: &str) {
        self.order(&json!({ "do": "press", "key": key }));
    }

    fn screenshot(&mut self, file: &Path) {
        self.order(&json!({ "do": "screenshot", "path": file }));
    }
}
