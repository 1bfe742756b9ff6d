//! The client library for JavaScript: what a program plays by it is heard, whole and without a break, and its own tests hold
//! against a desk that runs.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use lab::desk::{Desk, Home};
use lab::listen;
use lab::process;
use lab::sound_server::Environment;
use serde_json::json;

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/js")
}

/// Node, where its WebSocket is still to be asked for.
fn node() -> Command {
    let mut node = Command::new("node");
    node.arg("--experimental-websocket").current_dir(library());
    node
}

/// A desk that plays nothing but what programs send, and where they send it.
fn desk() -> (Desk, String, String) {
    let mut desk = Desk::start_at(Home::new(), &Environment::new(), &["--daemon-port", "0"]);
    desk.clear();
    desk.say(json!({ "type": "addStrip", "name": "Voice", "source": { "type": "programs" } }));
    let programs = desk.snapshot()["programsAt"]
        .as_str()
        .expect("programs may play")
        .to_owned();
    let control = format!("ws://127.0.0.1:{}/control", desk.port);
    (desk, programs, control)
}

#[test]
fn what_a_program_plays_by_the_library_is_heard_whole() {
    let (mut desk, programs, control) = desk();
    let file = desk.record("pcm24");
    let said = process::output_of(node().arg("examples/tone.js").args([&programs, &control]));
    assert_eq!(String::from_utf8_lossy(&said).trim(), "heard 3.000 s");
    desk.stop_recording();
    let heard = listen::file(&file).without_silence();
    assert!((heard.seconds() - 3.0).abs() < 0.02, "{} s", heard.seconds());
    assert_eq!(heard.breaks(0, &[1_000.0], -60.0), []);
    assert_eq!(desk.snapshot()["title"]["title"], "Tone");
}

#[test]
fn the_librarys_own_tests_hold_against_a_desk() {
    let (_desk, programs, control) = desk();
    let mut test = node();
    test.args(["--test", "test/"]);
    test.env("AIRDESK_CONTROL", control).env("AIRDESK_PROGRAMS", programs);
    let said = process::output_of(&mut test);
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("# fail 0") && said.contains("# pass 5"), "{said}");
}
