//! Devices come and go; the desk stays.
#![cfg(target_os = "linux")]

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::desk::{self, Desk, Home, pair};
use lab::listen;
use lab::real_time::{self, measure};
use lab::sound_server::{Cycles, Jack, PipeWire};
use lab::tone::{OTHER_TONE, Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::json;

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const OTHER: Sine = Sine {
    hz: OTHER_TONE,
    db: -12.0,
};

/// What there may be beside a tone that is there, dB: one that should not be there is far above.
const NOISE: f64 = -70.0;

/// What is kept clear of a moment that our clock knows only so well.
const UNSURE: Duration = Duration::from_millis(300);

#[test]
fn an_input_that_is_unplugged_falls_silent_says_so_and_comes_back() {
    measure(|| {
        let pipewire = PipeWire::start(2);
        let _one = pipewire.play_sines("src1", 120, ONE, ONE);
        let _other = pipewire.play_sines("src2", 120, OTHER, OTHER);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        let main = desk.device("PipeWire", "out1", "output");
        desk.play_on("main", &main);
        let [one, _] = ["src1", "src2"].map(|name| {
            let device = desk.device("PipeWire", name, "input");
            let strip = desk.add_strip(name, &pair(&device, 0));
            desk.set(strip, &json!({ "fader": 0.0, "pan": 0.0 }));
            strip
        });
        let recording = desk.record("float32");
        pipewire.unplug("src1");
        let sentence = desk.wait("the strip to miss its device", seconds(20), |snapshot| {
            let input = &desk::strip(snapshot, one)?["input"];
            let reason = input["reason"].as_str().map(str::to_owned);
            reason.filter(|_| input["state"] == "missing")
        });
        assert!(
            sentence.contains("src1") && sentence.contains("plug it in"),
            "{sentence}"
        );
        let missing = Instant::now() + UNSURE;
        sleep(seconds(3));
        let back = Instant::now() - UNSURE;
        pipewire.plug("src1");
        let _again = pipewire.play_sines("src1", 120, ONE, ONE);
        desk.wait_for_input(one, "running");
        sleep(seconds(4));
        let ended = Instant::now();
        desk.stop_recording();
        let heard = listen::file(&recording);
        let end = heard.seconds();
        let [from, to] = [missing, back].map(|moment| end - (ended - moment).as_secs_f64());
        let meanwhile = heard.span(from, to);
        assert!(meanwhile.seconds() > 2.0, "{from} to {to} s of {end} s");
        for side in [0, 1] {
            // Nothing but the other tone, and that without a break.
            assert_eq!(meanwhile.breaks(side, &[OTHER_TONE], NOISE), [], "side {side}");
        }
        let levels = heard.span(end - 2.0, end - 0.5).levels(&[TONE, OTHER_TONE]);
        assert!((levels[0][0] + 15.0).abs() < 0.2, "it did not come back: {levels:?}");
        // The other strip has not been touched by any of this.
        let other = heard.span(1.0, end - 0.5).levels(&[TONE, OTHER_TONE])[1][0];
        assert!((other + 15.0).abs() < 0.1, "{other} dB");
    });
}

#[test]
fn a_device_that_a_user_has_defined_for_alsa_is_heard_at_its_level() {
    measure(|| {
        let jack = Jack::start();
        let home = Home::new();
        let defined = home.path().join("asoundrc");
        let text = "</usr/share/alsa/alsa.conf>\npcm.mic { type jack\n\
                    capture_ports { 0 \"system:capture_1\" 1 \"system:capture_2\" }\n\
                    hint { show on description \"Guest's microphone\" } }\n";
        fs::write(&defined, text).expect("the home folder is ours");
        let mut environment = jack.environment().clone();
        environment.insert("ALSA_CONFIG_PATH".to_owned(), defined.into_os_string());
        let mut desk = Desk::start_at(home, &environment, &[]);
        desk.clear();
        let device = desk.device("ALSA", "mic", "input");
        let strip = desk.add_strip("Guest", &pair(&device, 0));
        desk.set(strip, &json!({ "fader": -6.0, "pan": 0.0 }));
        let ports = wait::until("the ports of ALSA's plugin", seconds(10), || {
            let mut ports = jack.inputs(2);
            ports.retain(|port| port.starts_with("airdesk.C."));
            (ports.len() == 2).then_some(ports)
        });
        let _one = jack.play_sines([&ports[0], &ports[1]], ONE, ONE);
        desk.wait_for_input(strip, "running");
        sleep(seconds(1));
        let recording = desk.record("float32");
        sleep(seconds(3));
        desk.stop_recording();
        let heard = listen::file(&recording);
        let level = heard.span(0.5, heard.seconds()).levels(&[TONE])[0];
        for side in level {
            assert!((side + 12.0 + 6.0 + 3.0).abs() < 0.1, "{level:?}");
        }
    });
}

#[test]
fn an_output_that_is_unplugged_leaves_mix_and_recording_alone_and_is_taken_back() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        let main = desk.device("PipeWire", "out1", "output");
        desk.play_on("main", &main);
        let file = desk.home().join("numbers.wav");
        lab::sound_server::numbered(&file, 60, ONE);
        let strip = desk.add_strip("Numbers", &json!({ "type": "file", "path": file, "looped": false }));
        desk.set(strip, &json!({ "fader": 0.0, "pan": 1.0 }));
        let recording = desk.record("float32");
        sleep(seconds(2));
        pipewire.unplug("out1");
        let state = |state: &'static str| {
            move |snapshot: &serde_json::Value| (snapshot["outputs"][0]["playback"]["state"] == state).then_some(())
        };
        desk.wait("the output to be missing", seconds(10), state("missing"));
        desk.wait("the desk to follow the machine's clock", seconds(10), |snapshot| {
            (snapshot["engine"]["clock"]["type"] == "machine").then_some(())
        });
        sleep(seconds(3));
        pipewire.plug("out1");
        desk.wait("the output to play again", seconds(15), state("playing"));
        sleep(seconds(2));
        let heard = pipewire.record("out1");
        sleep(seconds(2));
        assert!(
            heard.stop().peak() > -40.0,
            "nothing is heard on the output that came back"
        );
        desk.stop_recording();
        let numbers = listen::file(&recording).numbers(1.0);
        assert!(numbers.present > 6 * 48_000, "{numbers:?}");
        assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
    });
}

#[test]
fn a_sound_server_that_crashed_and_came_back_is_used_again() {
    measure(|| {
        let mut pipewire = PipeWire::start(1);
        let player = pipewire.play_sines("src1", 60, ONE, ONE);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        let main = desk.device("PipeWire", "out1", "output");
        desk.play_on("main", &main);
        let device = desk.device("PipeWire", "src1", "input");
        let strip = desk.add_strip("One", &pair(&device, 0));
        desk.set(strip, &json!({ "fader": 0.0, "pan": 0.0 }));
        pipewire.kill();
        drop(player);
        desk.wait_for_input(strip, "missing");
        pipewire.start_again();
        let _player = pipewire.play_sines("src1", 60, ONE, ONE);
        desk.wait_for_input(strip, "running");
        desk.wait("the output to play again", seconds(20), |snapshot| {
            (snapshot["outputs"][0]["playback"]["state"] == "playing").then_some(())
        });
        sleep(seconds(3));
        let recorder = pipewire.record("out1");
        sleep(seconds(2));
        let heard = recorder.stop();
        let level = heard.span(0.5, heard.seconds()).levels(&[TONE])[0][0];
        assert!((level + 15.0).abs() < 0.2, "{level} dB");
    });
}

#[test]
fn what_another_program_plays_is_an_input_that_says_so() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        // No microphone, but headphones that some player uses.
        let _player = pipewire.play_sines("phones1", 60, ONE, ONE);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        let main = desk.device("PipeWire", "out1", "output");
        desk.play_on("main", &main);
        let playing = desk.device("PipeWire", "phones1", "input");
        let listed = desk.snapshot()["devices"].as_array().expect("devices").clone();
        let listed = listed
            .iter()
            .find(|device| device["id"] == playing)
            .expect("it was there");
        assert_eq!(listed["monitor"], true, "{listed}");
        let strip = desk.add_strip("Player", &pair(&playing, 0));
        desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
        desk.wait_until_followed();
        let listen = || {
            let recorder = pipewire.record("out1");
            sleep(Duration::from_millis(1800));
            let heard = recorder.stop();
            heard.span(heard.seconds() - 1.0, heard.seconds())
        };
        real_time::judge(listen, |heard| {
            let level = heard.levels(&[TONE])[0][0];
            assert!((level - (ONE.db - 3.01)).abs() < 0.1, "{level} dB");
        });
    });
}

#[test]
fn a_longer_buffer_of_an_input_is_heard_later_and_as_whole() {
    measure(|| {
        let pipewire = PipeWire::start_with(1, Cycles::AsAsked);
        let _one = pipewire.play_sines("src1", 120, ONE, ONE);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        // A desk's output asks the server for short cycles, too.
        for output in ["main", "cue"] {
            desk.say(json!({ "type": "setOutput", "output": output, "device": null }));
        }
        let device = desk.device("PipeWire", "src1", "input");
        let mut source = pair(&device, 0);
        let strip = desk.add_strip("One", &source);
        desk.set(strip, &json!({ "fader": 0.0, "pan": 0.0 }));
        let [short, long] = [256, 1024].map(|buffer| {
            source["buffer"] = json!(buffer);
            desk.say(json!({ "type": "setSource", "strip": strip, "source": source }));
            desk.wait_for_input(strip, "running");
            desk.wait_until_followed();
            let recording = desk.record("float32");
            sleep(seconds(4));
            let latency = desk::strip(desk.snapshot(), strip).map(|strip| strip["input"]["latency"].clone());
            desk.stop_recording();
            let heard = listen::file(&recording);
            let end = heard.seconds();
            let heard = heard.span(end - 2.5, end - 0.2);
            assert_eq!(heard.breaks(0, &[TONE], NOISE), [], "{buffer} frames");
            latency.and_then(|latency| latency.as_f64()).expect("it runs")
        });
        // Periods of 5.3 and of 21.3 ms; a quarter of the longer one is room.
        assert!(short < 0.016 && long > short + 0.010, "{short} s and {long} s");
    });
}
