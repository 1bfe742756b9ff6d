//! The first run, on a machine with nothing: the demo plays, can be recorded, and can be listened to.
#![cfg(target_os = "linux")]

use std::thread::sleep;

use lab::desk::{Desk, Home};
use lab::listen;
use lab::sound_server::Environment;
use lab::tone::decibels;
use lab::wait::seconds;
use serde_json::json;

#[test]
fn without_any_device_the_demo_plays_on_three_strips() {
    let mut desk = Desk::start(&Environment::new());
    let strips = desk.wait("three strips that play", seconds(10), |snapshot| {
        let strips = snapshot["strips"].as_array()?;
        let playing = strips.iter().all(|strip| strip["input"]["state"] == "running");
        (strips.len() == 3 && playing).then(|| strips.clone())
    });
    let materials: Vec<_> = strips.iter().map(|strip| strip["source"]["material"].clone()).collect();
    assert_eq!(materials, ["rhythm", "pad", "voice"]);
    // The spoken phrase has pauses: everything is heard within a while, not at once.
    let mut highest = [-200.0_f64; 3];
    for _ in 0..40 {
        let meters = desk.meters();
        for (level, strip) in highest.iter_mut().zip(&strips) {
            let id = strip["id"].as_u64().expect("a strip has a number") as u32;
            *level = level.max(decibels(f64::from(meters.strip(id)[0])));
        }
        if highest.iter().all(|level| *level > -40.0) {
            break;
        }
    }
    assert!(highest.iter().all(|level| *level > -40.0), "{highest:?}");
    assert_eq!(desk.snapshot()["engine"]["clock"]["type"], "machine");
}

#[test]
fn the_demo_can_be_recorded_and_listened_to_at_once() {
    let mut desk = Desk::start(&Environment::new());
    let recording = desk.record("pcm24");
    desk.say(json!({ "type": "setListening", "on": true }));
    let listened = listen::url(&format!("http://127.0.0.1:{}/live.mp3", desk.port), 4.0);
    sleep(seconds(1));
    desk.stop_recording();
    assert!(listened.peak() > -40.0, "{} dB", listened.peak());
    let recorded = listen::file(&recording);
    assert!(
        recorded.peak() > -40.0 && recorded.seconds() > 4.0,
        "{} dB, {} s",
        recorded.peak(),
        recorded.seconds()
    );
}

#[test]
fn what_was_set_is_there_again_after_a_restart_and_after_a_crash() {
    let mut desk = Desk::start(&Environment::new());
    let strips = desk.snapshot()["strips"].clone();
    let id = strips[1]["id"].as_u64().expect("a strip has a number") as u32;
    desk.say(json!({ "type": "renameStrip", "strip": id, "name": "Étude" }));
    desk.set(id, &json!({ "fader": -13.5 }));
    let session = desk.snapshot()["session"].as_str().expect("a path").to_owned();
    let changed = |snapshot: &serde_json::Value| {
        let strip = &snapshot["strips"][1];
        (strip["name"] == "Étude" && strip["fader"] == -13.5).then_some(())
    };
    desk.wait("the change", seconds(2), changed);
    let home = desk.stop();
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.wait("the session of before", seconds(5), changed);
    sleep(seconds(2));
    let home = desk.kill();
    assert!(
        std::fs::read_to_string(&session)
            .expect("the session is a file")
            .contains("Étude")
    );
    Desk::start_at(home, &Environment::new(), &[]).wait("the session of before", seconds(5), changed);
}

#[test]
fn the_desk_says_where_it_keeps_things_inside_the_home_folder() {
    let home = Home::new();
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    let session = desk.snapshot()["session"].as_str().expect("a path").to_owned();
    assert!(std::path::Path::new(&session).starts_with(desk.home()), "{session}");
}
