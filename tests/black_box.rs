//! The black box: nobody pressed record, and what was heard is on disk all the same, in files that other programs read.
#![cfg(target_os = "linux")]

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use lab::desk::{DATA, Desk, Home, pair};
use lab::listen::{self, Heard};
use lab::process::output_of;
use lab::sound_server::{Environment, PipeWire, numbered};
use lab::tone::{OTHER_TONE, Sine, TONE, decibels};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const OTHER: Sine = Sine {
    hz: OTHER_TONE,
    db: -20.0,
};

/// Seconds that are held of the desk that runs.
fn held(snapshot: &Value) -> Option<f64> {
    let runs = snapshot["blackBox"]["runs"].as_array()?;
    runs.iter().find(|run| run["current"] == true)?["seconds"].as_f64()
}

fn wait_until_held(desk: &mut Desk, wanted: f64) {
    desk.wait(&format!("the black box to hold {wanted} s"), seconds(60), |snapshot| {
        held(snapshot).filter(|held| *held >= wanted)
    });
}

/// Where what is kept goes.
fn keep_in(desk: &mut Desk) {
    let settings = json!({ "folder": desk.home().join("recordings") });
    desk.say(json!({ "type": "setRecording", "settings": settings }));
}

fn files(kept: &Value) -> Vec<PathBuf> {
    let files = kept["files"].as_array().into_iter().flatten();
    files
        .map(|file| PathBuf::from(file["path"].as_str().expect("a path")))
        .collect()
}

/// What ffmpeg reads of a FLAC file, which flac itself and libsndfile take for whole and as long.
fn read(file: &PathBuf) -> Heard {
    output_of(Command::new("flac").args(["--test", "--silent"]).arg(file));
    let heard = listen::file(file);
    let told = String::from_utf8(output_of(Command::new("sndfile-info").arg(file))).expect("text");
    let frames = told.lines().find_map(|line| line.strip_prefix("Frames"));
    let frames = frames.expect("it counts frames").trim_start_matches([' ', ':']);
    assert_eq!(frames.parse(), Ok(heard.frames.len()), "{}", file.display());
    heard
}

/// A desk without any device whose one strip plays numbered frames, hard right.
fn desk_with_numbers(length: u64, start: impl FnOnce(Home) -> Desk) -> Desk {
    let home = Home::new();
    let file = home.path().join("numbers.wav");
    numbered(&file, length, ONE);
    let mut desk = start(home);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let source = json!({ "type": "file", "path": file, "looped": false });
    let strip = desk.add_strip("Numbers", &source);
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 1.0 }));
    desk
}

#[test]
fn two_inputs_that_nobody_recorded_are_kept_with_stems_that_add_up_to_the_programme() {
    let pipewire = PipeWire::start(2);
    let _one = pipewire.play_sines("src1", 60, ONE, ONE);
    let _other = pipewire.play_sines("src2", 60, OTHER, OTHER);
    let mut desk = Desk::start(pipewire.environment());
    desk.clear();
    let main = desk.device("PipeWire", "out1", "output");
    desk.play_on("main", &main);
    for (name, device) in [("One", "src1"), ("Other", "src2")] {
        let device = desk.device("PipeWire", device, "input");
        let strip = desk.add_strip(name, &pair(&device, 0));
        desk.set(strip, &json!({ "fader": 0.0, "pan": 0.0 }));
    }
    keep_in(&mut desk);
    let before = held(desk.snapshot()).unwrap_or_default();
    wait_until_held(&mut desk, before + 7.0);
    assert_eq!(desk.snapshot()["recorders"][0]["recording"]["state"], "stopped");
    let kept = desk.say(json!({ "type": "keepLast", "seconds": 5.0 }))["kept"].clone();
    let names: Vec<_> = kept["files"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|file| &file["name"])
        .collect();
    // The demo's strips that were there before have their lanes, too.
    assert_eq!(names[0], "programme");
    let of = |name: &str| names.iter().position(|found| **found == name).expect("a stem");
    let paths = files(&kept);
    let [programme, one, other] = [0, of("One"), of("Other")].map(|place| read(&paths[place]));
    assert_eq!(programme.frames.len(), 5 * 48_000);
    assert!(one.frames.len() == programme.frames.len() && other.frames.len() == programme.frames.len());
    let mut sum = 0.0;
    for (n, whole) in programme.frames.iter().enumerate() {
        let left = whole[0] - one.frames[n][0] - other.frames[n][0];
        sum += f64::from(left * left);
    }
    let difference = decibels((sum / programme.frames.len() as f64).sqrt());
    assert!(difference < -120.0, "the stems lie beside the mix: {difference} dB");
    let level = one.span(1.0, 4.0).levels(&[ONE.hz])[0][0];
    assert!((level - (ONE.db - 3.01)).abs() < 0.1, "{level} dB");
}

#[test]
fn what_a_killed_desk_had_heard_is_kept_without_one_and_by_the_next() {
    let mut desk = desk_with_numbers(60, |home| Desk::start_at(home, &Environment::new(), &[]));
    keep_in(&mut desk);
    wait_until_held(&mut desk, 6.0);
    let shown = held(desk.snapshot()).expect("it is shown");
    let run = desk.snapshot()["blackBox"]["runs"][0]["id"].clone();
    // The folder for what is kept is in the session, which is saved a moment after it was set.
    let home = desk.kill();
    let keep = |arguments: &[&str]| {
        let mut command = home.program("airdesk", &Environment::new());
        let said = output_of(command.args(["keep", "--json"]).args(arguments));
        serde_json::from_slice::<Value>(&said).expect("it prints JSON")
    };
    let listed = keep(&["--list"]);
    assert_eq!((&listed["id"], &listed["current"]), (&run, &json!(false)));
    let all = listed["seconds"].as_f64().expect("seconds");
    assert!(all >= shown - 0.001, "{all} s of {shown} s that were shown as held");
    let folder = home.path().join("without a desk");
    let kept = keep(&["--last", "1h", "--folder", folder.to_str().expect("text")]);
    let [programme, stem] = [0, kept["files"].as_array().expect("files").len() - 1].map(|n| files(&kept)[n].clone());
    assert!(programme.starts_with(&folder), "{kept}");
    let numbers = |heard: &Heard| heard.span(heard.seconds() - 3.0, heard.seconds()).numbers(1.0);
    for file in [&programme, &stem] {
        let numbers = numbers(&read(file));
        assert!(numbers.present > 2 * 48_000, "{numbers:?}");
        assert_eq!(
            (numbers.lost, numbers.repeated, numbers.damaged),
            (0, 0, 0),
            "{}",
            file.display()
        );
    }

    let mut next = Desk::start_at(home, &Environment::new(), &[]);
    wait_until_held(&mut next, 1.0);
    let kept = next.say(json!({ "type": "keepLast", "seconds": 4.0, "run": run }))["kept"].clone();
    assert!(
        (kept["seconds"].as_f64().expect("seconds") - 4.0).abs() < 0.01,
        "{kept}"
    );
    let again = read(&files(&kept)[0]);
    assert_eq!(numbers(&again).lost, 0);
    let late = next.home().join("without a desk");
    assert!(
        !files(&kept)[0].starts_with(&late),
        "the session's folder is used again"
    );
}

#[test]
fn on_a_full_disk_it_stops_with_a_sentence_and_recording_and_mix_go_on() {
    let mut desk = desk_with_numbers(90, |home| Desk::start_with_small_data(home, &Environment::new(), "8m"));
    std::thread::sleep(Duration::from_millis(200)); // the panner glides
    let recording = desk.record("float32");
    desk.wait(
        "the ring to hold something, and a quarter of the disk at the most",
        seconds(60),
        |snapshot| {
            let black_box = &snapshot["blackBox"];
            let (bytes, most) = (black_box["bytes"].as_u64()?, black_box["bytesMax"].as_u64()?);
            (bytes > 100_000 && most <= 2_200_000).then_some(())
        },
    );
    // Somebody else fills the disk, which only the desk sees.
    let seen = format!("/proc/{}/root{}", desk.process.id(), desk.home().join(DATA).display());
    let mut other = OpenOptions::new()
        .append(true)
        .create(true)
        .open(format!("{seen}/somebody else"))
        .expect("it is ours");
    let reason = wait::until("the sentence", seconds(30), || {
        while other.write(&[7; 4096]).is_ok_and(|written| written > 0) {}
        let phase = desk.snapshot()["blackBox"]["phase"].clone();
        (phase["state"] == "halted").then(|| phase["reason"].as_str().map(str::to_owned))?
    });
    assert!(reason.contains("there is no room for it in"), "{reason}");
    let state = desk.snapshot()["recorders"][0]["recording"]["state"].clone();
    assert_eq!(state, "recording");
    drop(other);
    std::fs::remove_file(format!("{seen}/somebody else")).expect("removed");
    desk.wait("its return", seconds(40), |snapshot| {
        (snapshot["blackBox"]["phase"]["state"] == "turning").then_some(())
    });
    desk.stop_recording();
    let numbers = listen::file(&recording).numbers(1.0);
    assert!(numbers.present > 5 * 48_000, "{numbers:?}");
    assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
}
