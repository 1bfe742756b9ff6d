//! Recordings that no hand starts, stops or splits: with the stream, by the clock, and at the hour.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use lab::desk::{Desk, Home};
use lab::icecast::{Icecast, PASSWORD};
use lab::listen;
use lab::sound_server::{Environment, numbered};
use lab::tone::{Sine, TONE};
use lab::wait::seconds;
use lab::wall_clock::WallClock;
use serde_json::{Value, json};

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };

/// Sunday, 22 November 2026, 19:59:57 in UTC, seconds since 1970.
const SUNDAY: i64 = 1_795_377_597;

/// A desk without any device whose one strip plays numbered frames, hard right, and whose recorder is set so.
fn desk(home: Home, environment: &Environment, settings: Value) -> Desk {
    let file = home.path().join("numbers.wav");
    numbered(&file, 60, PLAYED);
    let mut desk = Desk::start_at(home, environment, &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Numbers", &json!({ "type": "file", "path": file, "looped": false }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 1.0 }));
    // The panner glides there in 30 ms, and what is recorded on the way is no number.
    sleep(Duration::from_millis(200));
    let mut all = json!({ "folder": desk.home().join("recordings"), "format": "pcm24" });
    all.as_object_mut()
        .expect("settings by name")
        .extend(settings.as_object().expect("settings by name").clone());
    desk.say(json!({ "type": "setRecording", "settings": all }));
    desk
}

/// The file of the first recorder, once it is in a state.
fn when(desk: &mut Desk, state: &str) -> PathBuf {
    desk.wait(&format!("the recording to be {state}"), seconds(20), |snapshot| {
        let recording = &snapshot["recorders"][0]["recording"];
        let file = recording["file"].as_str().or(recording["lastFile"].as_str());
        (recording["state"] == state).then(|| file.map(PathBuf::from)).flatten()
    })
}

/// Sets a clock to this many seconds from [`SUNDAY`], from where it goes on.
fn set(clock: &WallClock, after: i64) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("it is later").as_secs() as i64;
    clock.set(&format!("{:+}", SUNDAY + after - now));
}

#[test]
fn a_recording_begins_and_ends_with_the_stream_and_goes_on_while_the_server_is_away() {
    let mut icecast = Icecast::start();
    let start = json!({ "withButton": false, "withStream": true, "signal": null, "schedule": [] });
    let mut desk = desk(Home::new(), &Environment::new(), json!({ "start": start }));
    let settings =
        json!({ "host": "localhost", "port": icecast.port, "mount": "/live.mp3", "codec": "mp3", "bitRate": 128 });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    sleep(seconds(1));
    assert_eq!(desk.snapshot()["recorders"][0]["recording"]["state"], "stopped");
    desk.say(json!({ "type": "goLive" }));
    let file = when(&mut desk, "recording");
    sleep(seconds(2));
    icecast.kill();
    desk.wait_for_air("retrying", 15);
    sleep(seconds(2));
    assert_eq!(when(&mut desk, "recording"), file);
    icecast.start_again();
    desk.wait_for_air("live", 40);
    sleep(seconds(1));
    assert_eq!(when(&mut desk, "recording"), file);
    desk.say(json!({ "type": "goOffAir" }));
    assert_eq!(when(&mut desk, "stopped"), file);
    listen::file(&file).must_be_every_frame(5.0);
}

#[test]
fn a_recording_begins_and_ends_by_the_clock_of_the_week() {
    let home = Home::new();
    let clock = WallClock::in_folder(home.path());
    // An hour before it is due, of which it has to know nothing.
    set(&clock, -3_600);
    let schedule = json!([{ "days": [7], "from": "20:00", "until": "20:01" }]);
    let start = json!({ "withButton": false, "withStream": false, "signal": null, "schedule": schedule });
    let mut desk = desk(home, &clock.environment(), json!({ "start": start }));
    sleep(seconds(1));
    assert_eq!(desk.snapshot()["recorders"][0]["recording"]["state"], "stopped");
    set(&clock, 0);
    let file = when(&mut desk, "recording");
    let name = file.display().to_string();
    assert!(name.contains("2026-11-22 20-00-0"), "{name}");
    sleep(seconds(2));
    set(&clock, 60);
    assert_eq!(when(&mut desk, "stopped"), file);
    listen::file(&file).must_be_every_frame(4.0);
    // At this time of a Monday it stays stopped.
    set(&clock, 86_400 + 10);
    sleep(seconds(2));
    assert_eq!(desk.snapshot()["recorders"][0]["recording"]["state"], "stopped");
}

#[test]
fn a_recording_goes_on_in_a_new_file_when_the_hour_strikes_without_a_frame_lost() {
    let home = Home::new();
    let clock = WallClock::in_folder(home.path());
    set(&clock, -5);
    let split = json!({ "minutes": null, "hourly": true, "megabytes": null, "titles": false });
    let mut desk = desk(home, &clock.environment(), json!({ "split": split }));
    desk.say(json!({ "type": "startRecording" }));
    let first = when(&mut desk, "recording");
    for (after, parts) in [(0, 2), (3_600, 3)] {
        set(&clock, after);
        desk.wait("a new file at the hour", seconds(20), |snapshot| {
            (snapshot["recorders"][0]["parts"] == parts).then_some(())
        });
        sleep(seconds(1));
    }
    desk.say(json!({ "type": "stopRecording" }));
    when(&mut desk, "stopped");
    let folder = first
        .parent()
        .expect("it is in a folder")
        .read_dir()
        .expect("it is there");
    let mut files: Vec<_> = folder.flatten().map(|file| file.path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
    assert_eq!(files.len(), 3, "{names:?}");
    assert!(
        names[0].contains("19-59-5") && names[1].contains("20-00-0") && names[2].contains("21-00-0"),
        "{names:?}"
    );
    let mut heard = listen::file(&files[0]);
    for file in &files[1..] {
        heard.frames.extend(listen::file(file).frames);
    }
    heard.must_be_every_frame(5.0);
}
