//! On air through a real Icecast: a listener hears the programme and reads its title, through every outage.
#![cfg(target_os = "linux")]

use std::thread::sleep;

use lab::desk::{Desk, Home};
use lab::icecast::{Icecast, LATIN_1_MOUNT, PASSWORD};
use lab::listen;
use lab::real_time::measure;
use lab::sound_server::{Environment, numbered, sines};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

const ON_AIR: Sine = Sine { hz: TONE, db: -12.0 };

/// What the pan law takes from each side in the centre, dB.
const CENTRE: f64 = -3.0103;

const TITLE: &str = "Bjørk – Jóga, côté élève 🎙";

/// A desk without any device that plays a tone, ready to go to a server.
fn desk(settings: &Value) -> Desk {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    sines(&file, 10, ON_AIR, ON_AIR);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    desk.say(json!({ "type": "setBroadcast", "settings": settings }));
    // It belongs to the account that was just set.
    desk.say(json!({ "type": "setPassword", "password": PASSWORD }));
    desk
}

fn settings(icecast: &Icecast, mount: &str, codec: &str) -> Value {
    json!({
        "host": "localhost", "port": icecast.port, "mount": mount, "codec": codec, "bitRate": 128,
        "name": "Radio Été", "description": "A test", "genre": "tones", "url": "http://localhost/", "public": false,
    })
}

/// Listens for two seconds and finds the programme at its level. A loop of the tone's file is no clean tone, so
/// the level is what is measured, not the absence of clicks.
#[track_caller]
fn hear(url: &str) {
    let heard = listen::url(url, 3.0);
    let level = heard.span(0.5, 2.8).levels(&[TONE])[0];
    for side in level {
        assert!((side - (ON_AIR.db + CENTRE)).abs() < 0.5, "{url}: {side} dB");
    }
}

/// The title that a listener reads.
fn title(url: &str) -> Option<String> {
    let probed = listen::probe(url);
    let tags = [&probed["format"]["tags"], &probed["streams"][0]["tags"]];
    let names = ["StreamTitle", "title", "TITLE"];
    let found = tags
        .iter()
        .find_map(|tags| names.iter().find_map(|name| tags[name].as_str()));
    found.map(str::to_owned)
}

fn is_heard_with_its_title(codec: &str, mount: &str) {
    let icecast = Icecast::start();
    let mut desk = desk(&settings(&icecast, mount, codec));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let source = wait::until("the mount", seconds(5), || icecast.mount(mount));
    assert_eq!(source["genre"], "tones");
    hear(&icecast.url(mount));
    // What a listener is told, not the server's own page: that takes MP3's headers for Latin-1.
    assert_eq!(
        listen::probe(&icecast.url(mount))["format"]["tags"]["icy-name"],
        "Radio Été"
    );
    desk.say(json!({ "type": "setTitle", "title": TITLE }));
    let url = icecast.url(mount);
    wait::until("the title", seconds(25), || {
        (title(&url).as_deref() == Some(TITLE)).then_some(())
    });
    // A change of title in the middle of the stream must not disturb who is listening.
    hear(&url);
    desk.say(json!({ "type": "goOffAir" }));
    desk.wait_for_air("off", 5);
    wait::until("the mount to be gone", seconds(5), || {
        icecast.mount(mount).is_none().then_some(())
    });
}

#[test]
fn a_listener_hears_mp3_and_reads_its_title() {
    measure(|| {
        is_heard_with_its_title("mp3", "/live.mp3");
    });
}

#[test]
fn a_listener_hears_opus_and_reads_its_title() {
    measure(|| {
        is_heard_with_its_title("opus", "/live.opus");
    });
}

#[test]
fn a_title_that_the_server_cannot_show_is_not_called_shown() {
    measure(|| {
        let icecast = Icecast::start();
        let mut desk = desk(&settings(&icecast, LATIN_1_MOUNT, "mp3"));
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
        desk.say(json!({ "type": "setTitle", "title": TITLE }));
        let error = desk.wait("the desk to say so", seconds(10), |snapshot| {
            snapshot["broadcast"]["air"]["titleError"].as_str().map(str::to_owned)
        });
        assert!(error.contains("UTF-8") && error.contains(LATIN_1_MOUNT), "{error}");
        desk.say(json!({ "type": "setTitle", "title": "Café" }));
        let url = icecast.url(LATIN_1_MOUNT);
        wait::until("a title in Latin-1", seconds(25), || {
            title(&url).filter(|title| title.starts_with("Caf"))
        });
        assert!(desk.snapshot()["broadcast"]["air"]["titleError"].is_null());
    });
}

#[test]
fn libshout_is_a_second_way_to_the_same_server() {
    measure(|| {
        let icecast = Icecast::start();
        let mut settings = settings(&icecast, "/shout.mp3", "mp3");
        settings["transport"] = json!("libshout");
        let mut desk = desk(&settings);
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
        hear(&icecast.url("/shout.mp3"));
    });
}

#[test]
fn a_server_that_crashed_and_came_back_is_live_again_without_a_hand() {
    measure(|| {
        let mut icecast = Icecast::start();
        let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
        icecast.kill();
        desk.wait_for_air("retrying", 15);
        icecast.start_again();
        let air = desk.wait_for_air("live", 40);
        assert!(air["reconnects"].as_u64() >= Some(1), "{air}");
        wait::until("the mount", seconds(5), || icecast.mount("/live.mp3"));
        hear(&icecast.url("/live.mp3"));
    });
}

#[test]
fn a_server_that_is_never_there_touches_neither_mix_nor_recording() {
    measure(|| {
        let home = Home::new();
        let file = home.path().join("numbers.wav");
        numbered(&file, 20, ON_AIR);
        let mut desk = Desk::start_at(home, &Environment::new(), &[]);
        desk.clear();
        desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
        let nowhere =
            json!({ "host": "127.0.0.1", "port": lab::http::free_port(), "mount": "/live.mp3", "codec": "mp3" });
        desk.say(json!({ "type": "setBroadcast", "settings": nowhere }));
        desk.say(json!({ "type": "setPassword", "password": PASSWORD }));
        let strip = desk.add_strip("Numbers", &json!({ "type": "file", "path": file, "looped": false }));
        desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 1.0 }));
        desk.say(json!({ "type": "goLive" }));
        let recording = desk.record("float32");
        let air = desk.wait_for_air("retrying", 15);
        assert!(!air["reason"].as_str().unwrap_or_default().is_empty(), "{air}");
        sleep(seconds(8));
        assert_ne!(desk.snapshot()["broadcast"]["air"]["state"], "live");
        desk.stop_recording();
        let numbers = listen::file(&recording).numbers(1.0);
        assert!(numbers.present > 8 * 48_000, "{numbers:?}");
        assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
    });
}

#[test]
fn a_frozen_server_is_noticed_and_does_not_touch_the_recording() {
    measure(|| {
        let mut icecast = Icecast::start();
        let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
        let recording = desk.record("float32");
        icecast.freeze(true);
        desk.wait_for_air("retrying", 30);
        icecast.freeze(false);
        desk.wait_for_air("live", 60);
        hear(&icecast.url("/live.mp3"));
        let lost = desk.snapshot()["recorder"]["recording"]["framesLost"].clone();
        desk.stop_recording();
        assert_eq!(lost, 0);
        assert!(listen::file(&recording).seconds() > 5.0);
    });
}

#[test]
fn a_desk_that_is_asked_to_end_completes_its_recording_and_leaves_the_air_within_two_seconds() {
    let icecast = Icecast::start();
    let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let recording = desk.record("pcm24");
    sleep(seconds(2));
    let told = desk.snapshot()["recorder"]["recording"]["seconds"]
        .as_f64()
        .expect("seconds are told");
    desk.process.signal(libc::SIGTERM);
    let status = desk.process.wait(seconds(2));
    assert!(status.success(), "{status}: {}", desk.process.output());
    wait::until("the mount to close", seconds(2), || {
        icecast.mount("/live.mp3").is_none().then_some(())
    });
    // What was on disk is there, and what was heard after that; the header says the same.
    let heard = listen::file(&recording).seconds();
    let header = &listen::probe(&recording.display().to_string())["format"]["duration"];
    let header: f64 = header.as_str().and_then(|text| text.parse().ok()).expect("a length");
    assert!(
        heard >= told && (header - heard).abs() < 1e-4,
        "{heard} s are heard, {header} s in the header, {told} s told"
    );
    assert!(!recording.with_extension("wav.gaps.tsv").exists());
}

#[test]
fn a_wrong_password_fails_at_once_and_says_what_to_change() {
    measure(|| {
        let icecast = Icecast::start();
        let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
        desk.say(json!({ "type": "setPassword", "password": "not it" }));
        desk.say(json!({ "type": "goLive" }));
        let air = desk.wait_for_air("failed", 10);
        assert!(
            air["reason"].as_str().is_some_and(|reason| reason.contains("password")),
            "{air}"
        );
        sleep(seconds(3));
        assert_eq!(desk.snapshot()["broadcast"]["air"]["state"], "failed");
        desk.say(json!({ "type": "setPassword", "password": PASSWORD }));
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
    });
}

#[test]
fn a_server_that_signed_for_itself_is_trusted_only_by_hand() {
    measure(|| {
        let icecast = Icecast::start();
        let mut settings = settings(&icecast, "/live.mp3", "mp3");
        settings["port"] = json!(icecast.tls_port);
        settings["tls"] = json!(true);
        let mut desk = desk(&settings);
        desk.say(json!({ "type": "goLive" }));
        let air = desk.wait_for_air("failed", 10);
        assert_eq!(air["certificate"], icecast.fingerprint(), "{air}");
        assert!(icecast.mount("/live.mp3").is_none());
        desk.say(json!({ "type": "trustCertificate", "fingerprint": air["certificate"] }));
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
        hear(&icecast.url("/live.mp3"));
    });
}

#[test]
fn the_password_is_nowhere_to_be_read() {
    let icecast = Icecast::start();
    let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
    let secret = "correct-horse-battery";
    desk.say(json!({ "type": "setPassword", "password": secret }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("failed", 10);
    assert!(!desk.snapshot().to_string().contains(secret));
    assert!(!desk.process.output().contains(secret));
    let home = desk.stop();
    for file in files(home.path()) {
        let content = std::fs::read(&file).unwrap_or_default();
        if content.windows(secret.len()).any(|window| window == secret.as_bytes()) {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).expect("it was read").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{} holds the password", file.display());
        }
    }
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = folder
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}
