//! The desk's own listener mounts: on air with nothing else installed.
#![cfg(target_os = "linux")]

use lab::desk::{Desk, Home};
use lab::http;
use lab::listen::{self, Listener};
use lab::sound_server::{Environment, sines};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::json;

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };

/// What of it is on air: the pan law takes 3 dB from each side in the centre.
const ON_AIR: Sine = Sine {
    hz: TONE,
    db: -12.0 - 3.0103,
};

fn desk() -> Desk {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    // Whole periods: a loop of it has no seam.
    sines(&file, 10, PLAYED, PLAYED);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    desk.say(json!({ "type": "setListening", "on": true }));
    desk
}

#[test]
fn listeners_hear_the_programme_in_both_formats_and_read_its_title() {
    let mut desk = desk();
    let mounts = [("/live.mp3", "mp3"), ("/live.opus", "opus")]
        .map(|(mount, codec)| (format!("http://127.0.0.1:{}{mount}", desk.port), codec));
    let listeners = mounts.each_ref().map(|(url, _)| {
        let mut listener = Listener::start(url);
        listener.wait(2.0);
        listener
    });
    desk.say(json!({ "type": "setTitle", "title": "Café ☕" }));
    for (url, codec) in &mounts {
        wait::until("the title", seconds(10), || {
            let probed = listen::probe(url);
            assert_eq!(probed["streams"][0]["codec_name"], *codec);
            probed.to_string().contains("Café ☕").then_some(())
        });
    }
    // Who has been listening all the while hears no break, also where the title changes.
    for mut listener in listeners {
        listener.wait(listener.seconds() + 3.0);
        let heard = listener.stop();
        let heard = heard.span(0.5, heard.seconds() - 0.1);
        heard.must_be(ON_AIR, 0);
        heard.must_be(ON_AIR, 1);
    }
}

#[test]
fn listeners_are_counted_and_sent_away_when_the_mounts_close() {
    let mut desk = desk();
    let url = format!("http://127.0.0.1:{}/live.mp3", desk.port);
    let told = desk.snapshot()["listening"].clone();
    assert!(told["urls"].to_string().contains("/live.mp3"), "{told}");
    let listener = std::thread::spawn(move || listen::url(&url, 60.0));
    desk.wait("the listener to be counted", seconds(5), |snapshot| {
        (snapshot["listening"]["listeners"] == 1).then_some(())
    });
    desk.say(json!({ "type": "setListening", "on": false }));
    wait::until("the listener to be sent away", seconds(10), || {
        listener.is_finished().then_some(())
    });
    assert_eq!(http::get(desk.port, "/live.mp3").expect("the desk answers").status, 404);
}
