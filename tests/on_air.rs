//! On air through a real Icecast: a listener hears the programme and reads its title, through every outage.
#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lab::desk::{Desk, Home};
use lab::http;
use lab::icecast::{Icecast, LATIN_1_MOUNT, PASSWORD};
use lab::listen::{self, Listener};
use lab::sound_server::{Environment, numbered, sines};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };

/// What of it is on air: the pan law takes 3 dB from each side in the centre.
const ON_AIR: Sine = Sine {
    hz: TONE,
    db: -12.0 - 3.0103,
};

const TITLE: &str = "Bjørk – Jóga, côté élève 🎙";

/// A desk without any device that plays a tone, ready to go to a server.
fn desk(settings: &Value) -> Desk {
    desk_in(&Environment::new(), settings)
}

/// The same in this environment.
fn desk_in(environment: &Environment, settings: &Value) -> Desk {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    // Whole periods: a loop of it has no seam.
    sines(&file, 10, PLAYED, PLAYED);
    let mut desk = Desk::start_at(home, environment, &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    // It belongs to the account that was just set.
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk
}

fn settings(icecast: &Icecast, mount: &str, codec: &str) -> Value {
    json!({
        "host": "localhost", "port": icecast.port, "mount": mount, "codec": codec, "bitRate": 128,
        "name": "Radio Été", "description": "A test", "genre": "tones", "url": "http://localhost/", "public": false,
    })
}

/// A desk without any device that plays for `length` seconds: a tone on the left, numbered frames on the right.
fn desk_with_numbers(settings: &Value, length: u64) -> Desk {
    let home = Home::new();
    let file = home.path().join("numbers.wav");
    numbered(&file, length, PLAYED);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    for (name, pan) in [("Tone", -1.0), ("Numbers", 1.0)] {
        let strip = desk.add_strip(name, &json!({ "type": "file", "path": file, "looped": false }));
        // Hard to one side that channel passes at unity, and nothing of the other.
        desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": pan }));
    }
    desk
}

/// Every frame that was mixed is in the recording, once, for longer than `seconds`.
#[track_caller]
fn is_whole(recording: &Path, seconds: u64) {
    let numbers = listen::file(recording).numbers(1.0);
    assert!(numbers.present > seconds * 48_000, "{numbers:?}");
    assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
}

/// Listens for two seconds and finds the programme at its level and without a break.
#[track_caller]
fn hear(url: &str) {
    let heard = listen::url(url, 3.0).span(0.5, 2.8);
    heard.must_be(ON_AIR, 0);
    heard.must_be(ON_AIR, 1);
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
    let url = icecast.url(mount);
    let mut listener = Listener::start(&url);
    listener.wait(2.0);
    // What a listener is told, not the server's own page: that takes MP3's headers for Latin-1.
    assert_eq!(listen::probe(&url)["format"]["tags"]["icy-name"], "Radio Été");
    let before = listener.seconds();
    desk.say(json!({ "type": "setTitle", "title": TITLE }));
    wait::until("the title", seconds(25), || {
        (title(&url).as_deref() == Some(TITLE)).then_some(())
    });
    // Who has been listening all the while hears no break where the title changes.
    listener.wait(before + 5.0);
    let heard = listener.stop();
    let heard = heard.span(0.5, heard.seconds() - 0.1);
    heard.must_be(ON_AIR, 0);
    heard.must_be(ON_AIR, 1);
    desk.say(json!({ "type": "goOffAir" }));
    desk.wait_for_air("off", 5);
    wait::until("the mount to be gone", seconds(5), || {
        icecast.mount(mount).is_none().then_some(())
    });
}

#[test]
fn a_listener_hears_mp3_and_reads_its_title() {
    is_heard_with_its_title("mp3", "/live.mp3");
}

#[test]
fn a_listener_hears_opus_and_reads_its_title() {
    is_heard_with_its_title("opus", "/live.opus");
}

#[test]
fn a_title_that_the_server_cannot_show_is_not_called_shown() {
    let icecast = Icecast::start();
    let mut desk = desk(&settings(&icecast, LATIN_1_MOUNT, "mp3"));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    desk.say(json!({ "type": "setTitle", "title": TITLE }));
    let error = desk.wait("the desk to say so", seconds(10), |snapshot| {
        snapshot["targets"][0]["air"]["title"]["reason"]
            .as_str()
            .map(str::to_owned)
    });
    assert!(error.contains("UTF-8") && error.contains(LATIN_1_MOUNT), "{error}");
    desk.say(json!({ "type": "setTitle", "title": "Café" }));
    let url = icecast.url(LATIN_1_MOUNT);
    wait::until("a title in Latin-1", seconds(25), || {
        title(&url).filter(|title| title.starts_with("Caf"))
    });
    assert!(desk.snapshot()["targets"][0]["air"]["title"]["reason"].is_null());
}

#[test]
fn libshout_is_a_second_way_to_the_same_server() {
    let icecast = Icecast::start();
    let mut settings = settings(&icecast, "/shout.mp3", "mp3");
    settings["transport"] = json!("libshout");
    let mut desk = desk(&settings);
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    hear(&icecast.url("/shout.mp3"));
}

#[test]
fn a_server_that_crashed_and_came_back_is_live_again_without_a_hand() {
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
}

#[test]
fn a_server_that_is_never_there_touches_neither_mix_nor_recording() {
    let nowhere = json!({ "host": "127.0.0.1", "port": lab::http::free_port(), "mount": "/live.mp3", "codec": "mp3" });
    let mut desk = desk_with_numbers(&nowhere, 30);
    desk.say(json!({ "type": "goLive" }));
    let recording = desk.record("float32");
    let air = desk.wait_for_air("retrying", 15);
    assert!(!air["reason"].as_str().unwrap_or_default().is_empty(), "{air}");
    sleep(seconds(8));
    assert_ne!(desk.snapshot()["targets"][0]["air"]["state"], "live");
    desk.stop_recording();
    is_whole(&recording, 8);
}

#[test]
fn a_frozen_server_is_noticed_and_does_not_touch_the_recording() {
    let mut icecast = Icecast::start();
    let mut desk = desk_with_numbers(&settings(&icecast, "/live.mp3", "mp3"), 150);
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let recording = desk.record("float32");
    icecast.freeze(true);
    desk.wait_for_air("retrying", 30);
    icecast.freeze(false);
    desk.wait_for_air("live", 60);
    listen::url(&icecast.url("/live.mp3"), 3.0)
        .span(0.5, 2.8)
        .must_be(PLAYED, 0);
    desk.stop_recording();
    is_whole(&recording, 5);
}

#[test]
fn a_desk_that_is_asked_to_end_completes_its_recording_and_leaves_the_air_within_two_seconds() {
    let icecast = Icecast::start();
    let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let recording = desk.record("pcm24");
    sleep(seconds(2));
    let told = desk.snapshot()["recorders"][0]["recording"]["seconds"]
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
    let icecast = Icecast::start();
    let mut desk = desk(&settings(&icecast, "/live.mp3", "mp3"));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": "not it" }));
    desk.say(json!({ "type": "goLive" }));
    let air = desk.wait_for_air("failed", 10);
    assert!(
        air["reason"].as_str().is_some_and(|reason| reason.contains("password")),
        "{air}"
    );
    sleep(seconds(3));
    assert_eq!(desk.snapshot()["targets"][0]["air"]["state"], "failed");
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
}

#[test]
fn a_server_that_signed_for_itself_is_trusted_only_by_hand() {
    let icecast = Icecast::start();
    let mut settings = settings(&icecast, "/live.mp3", "mp3");
    settings["port"] = json!(icecast.tls_port);
    settings["tls"] = json!(true);
    let mut desk = desk(&settings);
    desk.say(json!({ "type": "goLive" }));
    let air = desk.wait_for_air("failed", 10);
    assert_eq!(air["certificate"], icecast.fingerprint(), "{air}");
    assert!(icecast.mount("/live.mp3").is_none());
    desk.say(json!({ "type": "trustCertificate", "target": 1, "fingerprint": air["certificate"] }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    hear(&icecast.url("/live.mp3"));
}

/// A secret as it is, as bytes, and as a server is given it.
fn forms(secret: &str) -> [String; 3] {
    let in_hex = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let in_base64 = STANDARD.encode(format!("source:{secret}"));
    [secret.to_owned(), in_hex, in_base64.trim_end_matches('=').to_owned()]
}

/// The desk shows this nowhere: to hosts, in its metrics and its timeline, to whoever lists processes, in what it prints, and
/// in what it writes.
fn has_not(desk: &mut Desk, secret: &str) {
    let got = |path| String::from_utf8_lossy(&http::get(desk.port, path).expect("the desk answers").body).into_owned();
    let (metrics, timeline) = (got("/metrics"), got("/timeline.csv"));
    assert!(metrics.contains("airdesk_") && !timeline.is_empty());
    let arguments = std::fs::read(format!("/proc/{}/cmdline", desk.process.id())).expect("it runs");
    let arguments = String::from_utf8_lossy(&arguments).into_owned();
    assert!(!arguments.is_empty());
    let printed = desk.process.output();
    let shown = desk.snapshot().to_string();
    for form in forms(secret) {
        for (place, text) in [
            ("the snapshot", &shown),
            ("the metrics", &metrics),
            ("the timeline", &timeline),
            ("the arguments", &arguments),
            ("what it prints", &printed),
        ] {
            assert!(!text.contains(&form), "{form} is in {place}");
        }
    }
    no_file_has(desk.files(), secret);
}

/// None of these files has it, but the one that is for it and that nobody else can read. Returns their names.
fn no_file_has(files: Vec<PathBuf>, secret: &str) -> Vec<String> {
    let forms = forms(secret);
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for file in &files {
        // One that is gone by now, or is no file, holds nothing.
        let content = std::fs::read(file).unwrap_or_default();
        if name(file) == "passwords.toml" {
            let mode = std::fs::metadata(file).expect("it was read").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.display());
            continue;
        }
        for form in &forms {
            let found = content.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "{form} is in {}", file.display());
        }
    }
    files.iter().map(|file| name(file)).collect()
}

#[test]
fn the_password_is_nowhere_to_be_read() {
    let icecast = Icecast::start();
    // Also in what is printed to find a fault.
    let environment = Environment::from([("AIRDESK_LOG".into(), "trace".into())]);
    let mut desk = desk_in(&environment, &settings(&icecast, "/live.mp3", "mp3"));
    // One that is right and goes live, and one that is refused.
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    has_not(&mut desk, PASSWORD);
    desk.say(json!({ "type": "goOffAir" }));
    desk.wait_for_air("off", 10);
    let secret = "correct-horse-battery";
    desk.say(json!({ "type": "setPassword", "target": 1, "password": secret }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("failed", 10);
    has_not(&mut desk, secret);
    assert!(desk.process.output().contains("TRACE"));
    let names = no_file_has(desk.stop().files(), secret);
    // What must not have it is there.
    for part in [
        "session.previous.toml",
        "library.sqlite3",
        ".segment",
        "desk.log",
        "passwords.toml",
    ] {
        assert!(names.iter().any(|name| name.ends_with(part)), "no {part}: {names:?}");
    }
}

#[test]
fn a_desk_that_crashes_leaves_no_password_behind() {
    let icecast = Icecast::start();
    let environment = Environment::from([("AIRDESK_LOG".into(), "trace".into())]);
    let mut desk = Desk::start_where_crashes_are_kept(Home::new(), &environment);
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings(&icecast, "/live.mp3", "mp3") }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    desk.record("pcm24");
    let home = desk.crash();
    let names = no_file_has(home.files(), PASSWORD);
    assert!(names.iter().any(|name| name == "desk.log"), "{names:?}");
    // Nor does the next one, which looks over what was left, tell of it.
    let mut next = Desk::start_at(home, &environment, &[]);
    has_not(&mut next, PASSWORD);
    no_file_has(next.stop().files(), PASSWORD);
}

#[test]
fn three_servers_at_once_and_what_one_meets_with_is_not_heard_on_the_others() {
    let (steady, mut mortal) = (Icecast::start(), Icecast::start());
    let mut desk = desk(&settings(&steady, "/live.mp3", "mp3"));
    let second =
        desk.say(json!({ "type": "addTarget", "settings": settings(&mortal, "/live.mp3", "mp3") }))["id"].clone();
    // Beside a good password a wrong one, for another user of the same server.
    let mut refused = settings(&steady, "/other.mp3", "mp3");
    (refused["user"], refused["label"]) = (json!("stranger"), json!("Refused"));
    let third = desk.say(json!({ "type": "addTarget", "settings": refused }))["id"].clone();
    desk.say(json!({ "type": "setPassword", "target": second, "password": PASSWORD }));
    desk.say(json!({ "type": "setPassword", "target": third, "password": "not it" }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_target(0, "live", 10);
    desk.wait_for_target(1, "live", 10);
    let reason = desk.wait_for_target(2, "failed", 10)["reason"].clone();
    assert!(
        reason.as_str().is_some_and(|reason| reason.contains("stranger")),
        "{reason}"
    );
    let mut listener = Listener::start(&steady.url("/live.mp3"));
    listener.wait(1.0);
    hear(&mortal.url("/live.mp3"));
    mortal.kill();
    desk.wait_for_target(1, "retrying", 15);
    mortal.start_again();
    desk.wait_for_target(1, "live", 40);
    wait::until("the mount", seconds(5), || mortal.mount("/live.mp3"));
    hear(&mortal.url("/live.mp3"));
    // One goes off air, the other stays.
    desk.say(json!({ "type": "goOffAir", "target": second }));
    desk.wait_for_target(1, "off", 5);
    let before = listener.seconds();
    listener.wait(before + 3.0);
    let heard = listener.stop();
    let heard = heard.span(0.5, heard.seconds() - 0.1);
    heard.must_be(ON_AIR, 0);
    heard.must_be(ON_AIR, 1);
    let first = desk.wait_for_target(0, "live", 1);
    assert_eq!(
        (&first["reconnects"], &first["secondsDropped"]),
        (&json!(0), &json!(0.0))
    );
    desk.say(json!({ "type": "goOffAir" }));
    desk.wait_for_target(0, "off", 5);
    desk.say(json!({ "type": "removeTarget", "target": third }));
    desk.wait("the target to be gone", seconds(5), |snapshot| {
        (snapshot["targets"].as_array().map(Vec::len) == Some(2)).then_some(())
    });
}
