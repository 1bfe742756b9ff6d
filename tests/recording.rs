//! The recorder: what was heard is on disk, whole and in order, in files that other programs read.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::desk::{Desk, Home};
use lab::listen::{self, Numbers};
use lab::process::output_of;
use lab::sound_server::{Environment, numbered};
use lab::tone::{Sine, TONE, amplitude, pan_law};
use lab::wait::seconds;
use lab::wall_clock::WallClock;
use serde_json::{Value, json};

const LEFT: Sine = Sine { hz: TONE, db: -6.0 };

/// What a process that is killed may lose, seconds. Strictly and to the frame, `crates/outputs/tests/outputs/killed.rs`
/// holds the recorder to it; here the whole desk is killed, and [`UNSURE`] is added.
const LOST_MAX: f64 = 0.25;
/// By how much our clock may misjudge a recording's length, seconds: an engine without a device turns every 5 ms, at
/// either end, and an answer of the desk is a few milliseconds on its way.
const UNSURE: f64 = 0.05;

/// A desk without any device, whose one strip plays numbered frames for `length` seconds.
fn desk_with_numbers(length: u64) -> Desk {
    numbers_on(length, |home| Desk::start_at(home, &Environment::new(), &[]))
}

/// The same, on a desk that is started in its own way.
fn numbers_on(length: u64, start: impl FnOnce(Home) -> Desk) -> Desk {
    let home = Home::new();
    let file = home.path().join("numbers.wav");
    numbered(&file, length, LEFT);
    let mut desk = start(home);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let source = json!({ "type": "file", "path": file, "looped": false });
    let strip = desk.add_strip("Numbers", &source);
    // Hard right the numbers pass at unity.
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 1.0 }));
    // The panner glides there in 30 ms, and what is recorded on the way is no number.
    sleep(Duration::from_millis(200));
    desk
}

/// A recording that has begun at some moment between two.
struct Begun {
    file: PathBuf,
    not_before: Instant,
    not_after: Instant,
}

/// Begins a recording, by our clock and not by what the desk says of it.
fn begin(desk: &mut Desk) -> Begun {
    let settings = json!({ "folder": desk.home().join("recordings"), "format": "float32" });
    desk.say(json!({ "type": "setRecording", "settings": settings }));
    let not_before = Instant::now();
    desk.say(json!({ "type": "startRecording" }));
    let not_after = Instant::now();
    let file = desk.wait("the recording to have a file", seconds(10), |snapshot| {
        let file = snapshot["recorders"][0]["recording"]["file"].as_str();
        file.map(PathBuf::from)
    });
    Begun {
        file,
        not_before,
        not_after,
    }
}

fn numbers_in(file: &Path) -> Numbers {
    listen::file(file).numbers(1.0)
}

/// What three readers of other people say about how long a file is, in seconds.
fn lengths(file: &Path) -> [f64; 3] {
    let ffprobe = listen::probe(&file.display().to_string());
    let number = |text: &str| {
        text.trim()
            .parse::<f64>()
            .unwrap_or_else(|_| panic!("{text} is no length"))
    };
    let soxi = output_of(Command::new("soxi").arg("-D").arg(file));
    let sndfile = String::from_utf8(output_of(Command::new("sndfile-info").arg(file))).expect("it prints text");
    let frames = sndfile
        .lines()
        .find_map(|line| line.strip_prefix("Frames"))
        .expect("it counts frames");
    [
        number(
            ffprobe["format"]["duration"]
                .as_str()
                .expect("ffprobe knows the length"),
        ),
        number(&String::from_utf8_lossy(&soxi)),
        number(frames.trim_start_matches([' ', ':'])) / 48_000.0,
    ]
}

#[test]
fn every_frame_arrives_on_disk_in_order() {
    let mut desk = desk_with_numbers(12);
    let file = desk.record("float32");
    sleep(seconds(5));
    desk.stop_recording();
    let numbers = numbers_in(&file);
    assert!(numbers.present > 4 * 48_000, "{numbers:?}");
    assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
}

#[test]
fn each_format_is_what_it_says_and_sounds_the_same() {
    for (format, codec) in [("pcm16", "pcm_s16le"), ("pcm24", "pcm_s24le"), ("float32", "pcm_f32le")] {
        let mut desk = desk_with_numbers(8);
        let strip = first_strip(&mut desk);
        desk.set(strip, &json!({ "pan": -1.0 }));
        let file = desk.record(format);
        sleep(seconds(2));
        desk.stop_recording();
        let stream = &listen::probe(&file.display().to_string())["streams"][0];
        assert_eq!(
            (&stream["codec_name"], &stream["sample_rate"], &stream["channels"]),
            (&json!(codec), &json!("48000"), &json!(2))
        );
        let heard = listen::file(&file);
        let level = heard.span(0.5, heard.seconds()).levels(&[TONE])[0][0];
        assert!((level - LEFT.db).abs() < 0.01, "{format}: {level} dB");
    }
}

#[test]
fn a_file_can_be_read_while_it_is_written() {
    let mut desk = desk_with_numbers(20);
    let file = desk.record("pcm24");
    for _ in 0..3 {
        sleep(seconds(2));
        let told = desk.snapshot()["recorders"][0]["recording"]["seconds"]
            .as_f64()
            .expect("seconds are told");
        for length in lengths(&file) {
            assert!(
                length > told - 1.1 && length < told + 1.5,
                "{length} s are read, {told} s are told"
            );
        }
    }
    desk.stop_recording();
}

/// From the first frames on disk to well into the recorder's rhythm: another one at every call.
fn any_moment() -> Duration {
    // The standard library's hash keys are random, and nothing else is needed here.
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ());
    Duration::from_millis(400 + random % 2_200)
}

#[test]
fn a_killed_desk_loses_at_most_a_quarter_of_a_second_twenty_times() {
    for round in 0..20_u64 {
        let mut desk = desk_with_numbers(8);
        let Begun {
            file,
            not_before,
            not_after,
        } = begin(&mut desk);
        let wait = any_moment();
        println!("round {round}: killed after {wait:?}");
        sleep(wait);
        let before = listen::file(&file).frames.len();
        // What was mixed until then belongs on disk, whatever the desk says is there.
        let mixed_min = not_after.elapsed().as_secs_f64();
        let home = desk.kill();
        let mixed_max = not_before.elapsed().as_secs_f64();
        let [ffprobe, sox, sndfile] = lengths(&file);
        let numbers = numbers_in(&file);
        assert_eq!(
            (numbers.lost, numbers.repeated, numbers.damaged),
            (0, 0, 0),
            "round {round}"
        );
        // A decoder reads to the file's end, the others believe its header; neither may lose much.
        let after = listen::file(&file).frames.len();
        assert!(after >= before, "round {round}: {after} frames of {before}");
        assert!(
            ffprobe >= mixed_min - LOST_MAX - UNSURE && ffprobe <= mixed_max + UNSURE,
            "round {round}: {ffprobe} s of {mixed_min} to {mixed_max} s"
        );
        assert!(
            (sox - ffprobe).abs() < 0.01 && (sndfile - ffprobe).abs() < 0.01,
            "round {round}: {sox} s, {sndfile} s"
        );
        drop(home);
    }
}

#[test]
fn a_wall_clock_that_leaps_or_stands_still_changes_nothing_that_is_recorded() {
    let mut clock = None;
    let mut desk = numbers_on(40, |home| {
        let clock = clock.insert(WallClock::in_folder(home.path()));
        Desk::start_at(home, &clock.environment(), &[])
    });
    let clock = clock.expect("the desk was started by it");
    let Begun {
        file,
        not_before,
        not_after,
    } = begin(&mut desk);
    for time in ["+1h", "-1h", "@1970-01-01 00:00:10", "+0"] {
        clock.set(time);
        sleep(seconds(1));
    }
    let least = not_after.elapsed().as_secs_f64();
    desk.stop_recording();
    let most = not_before.elapsed().as_secs_f64();
    let numbers = numbers_in(&file);
    assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
    for length in lengths(&file) {
        assert!(
            length > least - UNSURE && length < most + UNSURE,
            "{length} s of {least} to {most} s"
        );
    }
    // In a second that does not end each recording still has a name of its own. In its middle: the first frames of a
    // recording may have been mixed a moment before it was begun.
    clock.set("2001-09-09 01:46:40.5");
    let files = [(); 3].map(|()| {
        let file = desk.record("pcm24");
        sleep(Duration::from_millis(500));
        desk.stop_recording();
        file
    });
    for file in &files {
        let name = file.display().to_string();
        assert!(name.contains("2001-09-09 01-46-40"), "{name}");
        assert_eq!(files.iter().filter(|other| *other == file).count(), 1, "{files:?}");
        assert!(lengths(file).iter().all(|length| *length > 0.4), "{name}");
    }
}

#[test]
fn a_full_disk_ends_the_recording_with_a_sentence_and_the_mix_goes_on() {
    // 13 s of these samples.
    let mut desk = numbers_on(60, |home| Desk::start_with_small_disk(home, &Environment::new(), "5m"));
    let file = desk.record("float32");
    let folder = file.parent().expect("it is in a folder").display().to_string();
    let reason = desk.wait("the disk to be full", seconds(40), |snapshot| {
        let recording = &snapshot["recorders"][0]["recording"];
        let reason = recording["reason"].as_str().map(str::to_owned);
        reason.filter(|_| recording["state"] == "failed")
    });
    assert!(
        reason.starts_with("recording stopped at ") && reason.contains("the disk is full") && reason.contains(&folder),
        "{reason}"
    );
    let notices = desk.snapshot()["notices"].clone();
    let mut told = notices.as_array().into_iter().flatten();
    assert!(
        told.any(|notice| notice["severity"] == "error" && notice["text"] == reason.as_str()),
        "{notices}"
    );
    let refused = desk
        .ask(json!({ "type": "startRecording" }))
        .expect_err("there is no room");
    assert!(
        refused["message"].as_str().is_some_and(|text| text.contains(&folder)),
        "{refused}"
    );
    let mixed = |snapshot: &Value| snapshot["engine"]["seconds"].as_f64();
    let before = mixed(desk.snapshot()).expect("the engine counts");
    desk.wait("the engine to go on for 2 s", seconds(20), |snapshot| {
        mixed(snapshot).filter(|now| *now > before + 2.0)
    });
    let [_, right] = desk.meters().buses[0];
    assert!(right > 0.0, "the programme is silent");
}

#[test]
fn the_desk_tells_where_and_how_much_is_recorded() {
    let mut desk = desk_with_numbers(8);
    let file = desk.record("pcm24");
    sleep(seconds(3));
    let recorder = desk.snapshot()["recorders"][0].clone();
    let recording = &recorder["recording"];
    assert_eq!(recording["state"], "recording");
    assert!(recording["seconds"].as_f64() > Some(1.5), "{recording}");
    assert!(recording["bytes"].as_u64() > Some(48_000 * 6), "{recording}");
    assert!(
        recorder["freeBytes"].as_u64() > Some(0) && recorder["hoursLeft"].as_f64() > Some(0.0),
        "{recorder}"
    );
    desk.stop_recording();
    assert!(file.starts_with(desk.home()), "{}", file.display());
}

#[test]
fn the_recorded_level_is_what_the_controls_predict() {
    let mut desk = desk_with_numbers(8);
    let strip = first_strip(&mut desk);
    desk.set(strip, &json!({ "trim": -4.0, "fader": -7.0, "pan": -0.4 }));
    sleep(Duration::from_millis(300));
    let file = desk.record("float32");
    sleep(seconds(3));
    desk.stop_recording();
    let heard = listen::file(&file);
    let level = heard.span(0.2, 2.0).levels(&[TONE])[0][0];
    assert!((level - (LEFT.db - 11.0 + pan_law(-0.4)[0])).abs() < 0.01, "{level} dB");
    let numbers = heard.numbers(amplitude(-11.0 + pan_law(-0.4)[1]));
    assert_eq!((numbers.lost, numbers.repeated), (0, 0), "{numbers:?}");
}

fn first_strip(desk: &mut Desk) -> u32 {
    let strips: Value = desk.snapshot()["strips"].clone();
    strips[0]["id"].as_u64().expect("a strip has a number") as u32
}
