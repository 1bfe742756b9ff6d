//! A disk that stands still, fails, or is taken away: what is heard and streamed goes on, and what is shown is true.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::desk::{DATA, Desk, Home};
use lab::faulty_disk::{Fault, FaultyDisk};
use lab::icecast::{Icecast, PASSWORD};
use lab::listen::{self, Listener};
use lab::sound_server::{Environment, numbered};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };
const MOUNT: &str = "/live.mp3";

/// What is shown within this has followed what is so within a second, on a machine that has other things to do.
const SOON: Duration = seconds(3);

/// A desk that streams a tone on its left and numbered frames on its right, and somebody who listens.
struct Show {
    listener: Listener,
    desk: Desk,
    disk: FaultyDisk,
    _icecast: Icecast,
}

impl Show {
    fn start(length: u64) -> Self {
        Self::start_by(length, |home, environment| Desk::start_at(home, environment, &[]))
    }

    fn start_by(length: u64, start: impl FnOnce(Home, &Environment) -> Desk) -> Self {
        let home = Home::new();
        let disk = FaultyDisk::in_folder(home.path());
        let file = home.path().join("numbers.wav");
        numbered(&file, length, PLAYED);
        let icecast = Icecast::start();
        let mut desk = start(home, &disk.environment());
        desk.clear();
        desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
        for (name, pan) in [("Tone", -1.0), ("Numbers", 1.0)] {
            let strip = desk.add_strip(name, &json!({ "type": "file", "path": file, "looped": false }));
            desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": pan }));
        }
        let settings =
            json!({ "host": "localhost", "port": icecast.port, "mount": MOUNT, "codec": "mp3", "bitRate": 128 });
        desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
        desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
        desk.say(json!({ "type": "goLive" }));
        desk.wait_for_air("live", 10);
        let mut listener = Listener::start(&icecast.url(MOUNT));
        listener.wait(1.0);
        Self {
            listener,
            desk,
            disk,
            _icecast: icecast,
        }
    }

    fn recordings(&self) -> PathBuf {
        self.desk.home().join("recordings")
    }

    fn recording(&mut self) -> Value {
        self.desk.snapshot()["recorders"][0]["recording"].clone()
    }

    /// Waits until the recorder is in this state.
    fn when(&mut self, state: &str, limit: Duration) -> Value {
        self.desk
            .wait(&format!("the recording to be {state}"), limit, |snapshot| {
                let recording = &snapshot["recorders"][0]["recording"];
                (recording["state"] == state).then(|| recording.clone())
            })
    }

    /// How long after the last title something was noted, seconds by the desk's own clock.
    fn noted_after_title(&mut self, kind: &str) -> f64 {
        let ask = json!({ "type": "readTimeline", "before": null, "limit": 2, "kinds": ["title", kind], "words": "" });
        wait::until("the entry", seconds(10), || {
            let read = self.desk.say(ask.clone());
            let seconds = |place: usize| read["entries"][place]["seconds"].as_f64();
            let is_noted = read["entries"][0]["kind"] == kind;
            is_noted.then(|| Some(seconds(0)? - seconds(1)?)).flatten()
        })
    }

    /// Nothing was lost anywhere but there, and who listened heard nothing of it.
    fn end_unharmed_but_for(mut self, place: Option<&str>) {
        let heard = self.listener.seconds();
        self.listener.wait(heard + 2.0);
        let engine = self.desk.snapshot()["engine"].clone();
        let losses = engine["losses"].as_array().expect("a list");
        let is_there = |told: &str| place.is_some_and(|place| told.starts_with(place));
        assert!(
            losses.iter().all(|loss| loss["where"].as_str().is_some_and(is_there)),
            "{losses:?}"
        );
        assert_eq!(self.desk.snapshot()["targets"][0]["air"]["reconnects"], 0);
        let heard = self.listener.stop();
        heard.span(0.5, heard.seconds() - 0.5).must_be(PLAYED, 0);
    }
}

#[test]
fn ten_seconds_in_which_the_disk_stands_still_cost_no_frame_and_are_shown() {
    let (mut late, mut grown) = (f64::INFINITY, f64::INFINITY);
    for format in ["pcm24", "flac24"] {
        let mut show = Show::start(60);
        let file = show.desk.record(format);
        sleep(seconds(1));
        show.disk.fail(Fault::Stall, &show.recordings());
        let (began, megabytes) = (Instant::now(), show.desk.process.megabytes());
        let stalled = show.when("stalled", SOON);
        late = late.min(stalled["seconds"].as_f64().expect("it is told"));
        sleep(seconds(10).saturating_sub(began.elapsed()));
        assert_eq!(show.recording()["state"], "stalled");
        grown = grown.min(show.desk.process.megabytes() - megabytes);
        show.disk.heal();
        show.when("recording", SOON);
        show.desk.stop_recording();
        listen::file(&file).must_be_every_frame(10.0);
        show.end_unharmed_but_for(None);
    }
    // By the desk's own clock, when it was first told. Of both the shorter: a machine may be late, a desk is so every time.
    assert!(late <= 1.0, "it was shown as recording for {late} s");
    // What waits for the disk, and whatever else a desk has begun meanwhile.
    println!("{grown:.1} MB more after ten seconds");
    assert!(grown <= 6.0, "{grown} MB wait");
}

#[test]
fn one_error_of_the_disk_is_tried_again_and_costs_no_frame() {
    let mut show = Show::start(60);
    let file = show.desk.record("pcm24");
    for _ in 0..3 {
        show.disk.fail(Fault::ErrorOnce, &file);
        wait::until("the error", seconds(10), || show.disk.is_well().then_some(()));
        sleep(Duration::from_millis(700));
    }
    assert_eq!(show.recording()["state"], "recording");
    show.desk.stop_recording();
    listen::file(&file).must_be_every_frame(2.0);
    show.end_unharmed_but_for(None);
}

#[test]
fn a_disk_that_fails_for_good_ends_the_recording_with_a_sentence_and_no_frame_of_the_file_is_lost() {
    let mut late = f64::INFINITY;
    for (fault, words) in [
        (Fault::Error, "Input/output error"),
        (Fault::ReadOnly, "Read-only file system"),
        (Fault::Full, "the disk is full"),
    ] {
        let mut show = Show::start(60);
        let file = show.desk.record("pcm24");
        sleep(seconds(2));
        show.desk.say(json!({ "type": "setTitle", "title": "Now" }));
        show.disk.fail(fault, &show.recordings());
        show.desk.wait("it not to be shown as recording", SOON, |snapshot| {
            (snapshot["recorders"][0]["recording"]["state"] != "recording").then_some(())
        });
        let failed = show.when("failed", seconds(15));
        let noted = show.noted_after_title("recordingFailed");
        println!("{fault:?}: {noted:.2} s until it had failed");
        if fault != Fault::Error {
            // That one is tried again for three seconds, and shown as a disk that stands still.
            late = late.min(noted);
        }
        let reason = failed["reason"].as_str().expect("a sentence");
        assert!(reason.contains(words), "{reason}");
        assert!(
            reason.contains(&file.display().to_string()) && reason.contains("complete up to"),
            "{reason}"
        );
        listen::file(&file).must_be_every_frame(1.5);
        let refused = show
            .desk
            .ask(json!({ "type": "startRecording" }))
            .expect_err("it fails still");
        assert!(
            refused["message"]
                .as_str()
                .is_some_and(|text| text.contains("recordings")),
            "{refused}"
        );
        show.disk.heal();
        show.desk.record("pcm24");
        show.desk.stop_recording();
        show.end_unharmed_but_for(None);
    }
    assert!(late <= 1.0, "a disk that takes no more was told of after {late} s");
}

#[test]
fn a_second_folder_takes_over_with_the_very_next_frame() {
    for fault in [Fault::Error, Fault::ReadOnly, Fault::Full] {
        let mut show = Show::start(60);
        let second = show.desk.home().join("second");
        let settings = json!({ "folder": show.recordings(), "fallback": second, "format": "pcm24" });
        show.desk.say(json!({ "type": "setRecording", "settings": settings }));
        show.desk.say(json!({ "type": "startRecording" }));
        let before = show.when("recording", SOON)["file"].clone();
        sleep(seconds(2));
        show.disk.fail(fault, &show.recordings());
        let after = show.desk.wait("the second folder", seconds(15), |snapshot| {
            let file = snapshot["recorders"][0]["recording"]["file"].as_str()?;
            Path::new(file).starts_with(&second).then(|| PathBuf::from(file))
        });
        let moved = show.desk.snapshot()["recorders"][0]["moved"].clone();
        assert!(moved.as_str().is_some_and(|why| why.contains("goes on in")), "{moved}");
        sleep(seconds(1));
        show.desk.stop_recording();
        let mut heard = listen::file(Path::new(before.as_str().expect("a path")));
        heard.frames.extend(listen::file(&after).frames);
        heard.must_be_every_frame(3.0);
        show.end_unharmed_but_for(None);
    }
}

#[test]
fn a_recorder_that_hangs_and_a_console_that_reads_nothing_hold_up_nobody_and_the_loss_is_counted() {
    let mut show = Show::start(120);
    let file = show.desk.record("pcm24");
    let late = |show: &mut Show| show.desk.snapshot()["engine"]["blocksLate"].clone();
    let (before, began) = (late(&mut show), Instant::now());
    // Meters and events come to it, and nobody takes them.
    let deaf: Vec<_> = (0..3).map(|_| show.desk.another_console()).collect();
    show.disk.fail(Fault::Stall, &show.recordings());
    show.when("stalled", SOON);
    while began.elapsed() < seconds(60) {
        assert_eq!(show.recording()["state"], "stalled");
        // Commands are answered meanwhile.
        show.desk.say(json!({ "type": "clearClips" }));
        sleep(Duration::from_millis(500));
    }
    let lost = show.recording()["framesLost"].as_u64().expect("it is counted");
    assert!(lost > 30 * 48_000, "{lost} frames");
    show.disk.heal();
    show.when("recording", SOON);
    sleep(seconds(1));
    let counted = show.recording()["framesLost"].as_u64().expect("it is counted");
    show.desk.stop_recording();
    // What was lost is silence of that length: no number is zero.
    let heard = listen::file(&file).without_silence();
    let silent = heard.frames.iter().filter(|frame| frame[1] == 0.0).count();
    assert_eq!(silent as u64, counted);
    assert_eq!(late(&mut show), before, "the engine was not late for it");
    drop(deaf);
    show.end_unharmed_but_for(Some("recording "));
}

#[test]
fn a_folder_that_is_removed_ends_the_recording_or_another_takes_over_and_is_never_silent() {
    let mut late = f64::INFINITY;
    for fallback in [false, true] {
        let mut show = Show::start(60);
        let second = show.desk.home().join("second");
        let settings =
            json!({ "folder": show.recordings(), "fallback": fallback.then_some(&second), "format": "flac16" });
        show.desk.say(json!({ "type": "setRecording", "settings": settings }));
        show.desk.say(json!({ "type": "startRecording" }));
        show.when("recording", SOON);
        sleep(seconds(1));
        show.desk.say(json!({ "type": "setTitle", "title": "Now" }));
        fs::remove_dir_all(show.recordings()).expect("it is ours");
        let noted = if fallback {
            show.desk.wait("the second folder", SOON, |snapshot| {
                let recording = &snapshot["recorders"][0]["recording"];
                let file = recording["file"].as_str()?;
                (recording["state"] == "recording" && Path::new(file).starts_with(&second)).then_some(())
            });
            show.desk.stop_recording();
            "recordingMoved"
        } else {
            let failed = show.when("failed", SOON);
            let reason = failed["reason"].as_str().expect("a sentence");
            assert!(reason.contains("was removed while it was recorded"), "{reason}");
            "recordingFailed"
        };
        let seconds = show.noted_after_title(noted);
        println!("{noted} {seconds:.2} s after the folder was removed");
        late = late.min(seconds);
        show.end_unharmed_but_for(None);
    }
    // Of both the shorter: a machine may be late.
    assert!(late <= 1.0, "it was noted after {late} s");
}

#[test]
fn a_folder_that_may_not_be_written_any_more_costs_no_frame_and_is_told_where_a_file_is_to_begin() {
    let permit = |folder: &Path, mode| {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let mut show = Show::start_by(60, Desk::start_bound_by_permissions);
    let recordings = show.recordings();
    let first = show.desk.record("pcm24");
    sleep(seconds(1));
    permit(&recordings, 0o500);
    // The file that is open may be written still.
    sleep(seconds(1));
    assert_eq!(show.recording()["state"], "recording");
    show.desk.say(json!({ "type": "splitRecording" }));
    let told = show.desk.wait("the truth", SOON, |snapshot| {
        snapshot["recorders"][0]["seamFault"].as_str().map(str::to_owned)
    });
    assert!(
        told.contains("Permission denied") && told.contains(&recordings.display().to_string()),
        "{told}"
    );
    assert_eq!(show.recording()["state"], "recording");
    permit(&recordings, 0o700);
    show.desk.wait("the new file", seconds(15), |snapshot| {
        let recorder = &snapshot["recorders"][0];
        (recorder["parts"] == 2 && recorder["seamFault"].is_null()).then_some(())
    });
    sleep(seconds(1));
    let second = PathBuf::from(show.recording()["file"].as_str().expect("a path"));
    permit(&recordings, 0o500);
    show.desk.stop_recording();
    let mut heard = listen::file(&first);
    heard.frames.extend(listen::file(&second).frames);
    heard.must_be_every_frame(3.0);
    let refused = show.desk.ask(json!({ "type": "startRecording" }));
    let refused = refused.expect_err("no file can be made").to_string();
    assert!(
        refused.contains("Permission denied") && refused.contains("recordings"),
        "{refused}"
    );
    permit(&recordings, 0o700);
    show.end_unharmed_but_for(None);
}

#[test]
fn a_black_box_whose_disk_stands_still_says_so_and_holds_up_nobody() {
    let mut show = Show::start(60);
    let held = |snapshot: &Value| (snapshot["blackBox"]["phase"]["state"] == "turning").then_some(());
    show.desk.wait("the black box", seconds(20), held);
    let below = show.desk.home().join(DATA).join("airdesk-black-box");
    show.disk.fail(Fault::Stall, &below);
    let reason = show.desk.wait("it to be shown", seconds(6), |snapshot| {
        let phase = &snapshot["blackBox"]["phase"];
        (phase["state"] == "halted").then(|| phase["reason"].as_str().map(str::to_owned))?
    });
    assert!(reason.contains("does not answer"), "{reason}");
    let keep = show.desk.begin(&json!({ "type": "keepLast", "seconds": 1.0 }));
    let file = show.desk.record("pcm24");
    for _ in 0..20 {
        show.desk.say(json!({ "type": "clearClips" }));
        sleep(Duration::from_millis(500));
    }
    show.desk.stop_recording();
    listen::file(&file).must_be_every_frame(8.0);
    show.disk.heal();
    show.desk.wait("its return", seconds(20), held);
    // What the disk had before is kept, also while it stands still.
    show.desk.answer_to(keep).expect("it is kept");
    show.end_unharmed_but_for(None);
}

#[test]
fn a_desk_whose_disk_stands_still_ends_all_the_same() {
    let mut show = Show::start(60);
    // Everything but the log of its output is there: session, timeline, black box and recording.
    let data = show.desk.home().join(DATA);
    show.desk
        .say(json!({ "type": "setRecording", "settings": { "folder": data.join("recordings") } }));
    show.desk.say(json!({ "type": "startRecording" }));
    show.when("recording", SOON);
    show.disk.fail(Fault::Stall, &data);
    sleep(seconds(1));
    show.desk.process.signal(libc::SIGTERM);
    show.desk.process.wait(seconds(20));
}
