//! The console in a real browser, served by the headless desk: what is moved there is heard.
#![cfg(target_os = "linux")]

use std::thread::sleep;

use lab::browser::Browser;
use lab::desk::{Desk, pair};
use lab::listen;
use lab::locate::Face;
use lab::real_time::measure;
use lab::sound_server::PipeWire;
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use lab::{artifact, icecast::Icecast};
use serde_json::json;

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const HEARD: f64 = ONE.db - 3.0103;

#[test]
fn a_fader_moved_in_the_browser_moves_what_is_heard_and_what_is_shown() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        let _player = pipewire.play_sines("src1", 120, ONE, ONE);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        let main = desk.device("PipeWire", "out1", "output");
        desk.play_on("main", &main);
        let device = desk.device("PipeWire", "src1", "input");
        let strip = desk.add_strip("Mic", &pair(&device, 0));
        desk.set(strip, &json!({ "fader": 0.0, "pan": 0.0 }));
        desk.wait_until_followed();

        let mut browser = Browser::open(&format!("http://127.0.0.1:{}/", desk.port));
        let meter = ["meter:Level, Programme"];
        wait::until("the meter to show the tone", seconds(10), || {
            browser
                .value(&meter)
                .as_f64()
                .is_some_and(|level| (level - HEARD).abs() < 1.5)
                .then_some(())
        });
        browser.screenshot(&artifact("browser.png"));
        browser.focus(&["slider:Fader, Mic"]);
        browser.press("PageDown");
        browser.press("PageDown");
        let by_key = desk.wait("the fader to arrive", seconds(5), |snapshot| {
            snapshot["strips"][0]["fader"].as_f64().filter(|level| *level < -3.0)
        });
        is_heard(&pipewire, HEARD + by_key);
        browser.drag(&["slider:Fader, Mic"], 60.0);
        sleep(seconds(2));
        let fader = desk.snapshot()["strips"][0]["fader"].as_f64().expect("not off");
        assert!(
            fader < by_key - 3.0,
            "the mouse moved the fader from {by_key} to {fader} dB"
        );
        let level = is_heard(&pipewire, HEARD + fader);
        wait::until("the meter to fall", seconds(5), || {
            browser
                .value(&meter)
                .as_f64()
                .is_some_and(|shown| (shown - level).abs() < 1.5)
                .then_some(())
        });
        browser.click(&["button:Mute Mic"]);
        desk.wait("the mute to arrive", seconds(5), |snapshot| {
            (snapshot["strips"][0]["mute"] == true).then_some(())
        });
        assert_eq!(browser.errors(), Vec::<String>::new());
    });
}

/// The level of the tone in what the main output plays, dB, which must be this one.
#[track_caller]
fn is_heard(pipewire: &PipeWire, expected: f64) -> f64 {
    sleep(seconds(1));
    let recorder = pipewire.record("out1");
    sleep(seconds(2));
    let heard = recorder.stop();
    let level = heard.span(0.5, heard.seconds()).levels(&[TONE])[0][0];
    assert!((level - expected).abs() < 0.1, "{level} dB where {expected} should be");
    level
}

#[test]
fn recording_and_going_live_are_done_in_the_browser() {
    let icecast = Icecast::start();
    let mut desk = Desk::start(&lab::sound_server::Environment::new());
    let settings = json!({ "host": "localhost", "port": icecast.port, "mount": "/live.mp3", "codec": "mp3" });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": lab::icecast::PASSWORD }));
    let folder = desk.home().join("recordings");
    desk.say(json!({ "type": "setRecording", "settings": { "folder": folder, "format": "pcm24" } }));

    let mut browser = Browser::open(&format!("http://127.0.0.1:{}/", desk.port));
    browser.push(&["button:Record"]);
    let file = desk.wait("the recording", seconds(5), |snapshot| {
        let recording = &snapshot["recorders"][0]["recording"];
        (recording["state"] == "recording")
            .then(|| recording["file"].as_str().map(str::to_owned))
            .flatten()
    });
    browser.push(&["button:Go live"]);
    desk.wait_for_air("live", 10);
    wait::until("the mount", seconds(5), || icecast.mount("/live.mp3"));
    assert!(listen::url(&icecast.url("/live.mp3"), 4.0).peak() > -40.0);
    browser.screenshot(&artifact("browser-on-air.png"));
    desk.stop_recording();
    assert!(listen::file(&folder.join(file)).peak() > -40.0);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn what_nobody_recorded_is_kept_in_the_browser() {
    let mut desk = Desk::start(&lab::sound_server::Environment::new());
    let folder = desk.home().join("recordings");
    desk.say(json!({ "type": "setRecording", "settings": { "folder": folder } }));
    desk.wait("the black box to hold 3 s", seconds(30), |snapshot| {
        let seconds = snapshot["blackBox"]["runs"][0]["seconds"].as_f64();
        seconds.filter(|seconds| *seconds > 3.0)
    });
    let mut browser = Browser::open(&format!("http://127.0.0.1:{}/", desk.port));
    browser.choose(&["combobox:How much to keep"], "the last 1 minute");
    browser.push(&["button:Keep"]);
    let file = desk.wait("it to be kept", seconds(15), |snapshot| {
        let path = snapshot["blackBox"]["kept"]["files"][0]["path"].as_str();
        path.map(std::path::PathBuf::from)
    });
    assert!(listen::file(&file).peak() > -40.0, "the demo is heard in it");
    sleep(seconds(1));
    browser.screenshot(&artifact("browser-black-box.png"));
    assert_eq!(browser.errors(), Vec::<String>::new());
}
