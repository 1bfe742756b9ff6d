//! Two devices at once: what leaves the main output is what trim, fader and pan predict, for a minute without a break.
//!
//! On PipeWire and on JACK. A plain PulseAudio server can be reached through ALSA's plugin only, which
//! delivers in bursts of up to 200 ms and floods its callers with errors: nothing about the desk could be
//! concluded from a gap there.
#![cfg(target_os = "linux")]

use std::thread::sleep;

use lab::desk::{Desk, pair};
use lab::listen::Heard;
use lab::real_time::measure;
use lab::sound_server::{Jack, PipeWire};
use lab::tone::{OTHER_TONE, Sine, TONE, pan_law};
use lab::wait::{self, seconds};
use serde_json::json;

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const OTHER: Sine = Sine {
    hz: OTHER_TONE,
    db: -20.0,
};

/// How long it is listened to.
const MINUTE: u64 = 60;

/// What there may be beside the tones, dB: a clock that is followed within 100 ppm stays below, a click does not.
const NOISE: f64 = -70.0;

/// Where the controls of a strip stand.
struct Controls {
    trim: f64,
    fader: f64,
    pan: f64,
}

const FOR_ONE: Controls = Controls {
    trim: -3.5,
    fader: -6.0,
    pan: -0.5,
};
const FOR_OTHER: Controls = Controls {
    trim: 8.0,
    fader: -4.5,
    pan: 0.3,
};

#[test]
fn two_devices_on_pipewire_are_mixed_as_predicted_for_a_minute() {
    measure(|| {
        let pipewire = PipeWire::start(2);
        let _one = pipewire.play_sines("src1", 2 * MINUTE, ONE, ONE);
        let _other = pipewire.play_sines("src2", 2 * MINUTE, OTHER, OTHER);
        let mut desk = Desk::start(pipewire.environment());
        desk.clear();
        let main = desk.device("PipeWire", "out1", "output");
        desk.play_on("main", &main);
        for (name, device, controls) in [("One", "src1", FOR_ONE), ("Other", "src2", FOR_OTHER)] {
            let device = desk.device("PipeWire", device, "input");
            let strip = desk.add_strip(name, &pair(&device, 0));
            set(&mut desk, strip, &controls);
        }
        desk.wait_for_lock();
        let recorder = pipewire.record("out1");
        sleep(seconds(MINUTE + 2));
        prove(&recorder.stop().span(0.5, MINUTE as f64 + 0.5));
        nothing_was_lost(&mut desk);
    });
}

#[test]
fn two_pairs_of_ports_on_jack_are_mixed_as_predicted_for_a_minute() {
    measure(|| {
        let jack = Jack::start();
        let mut desk = Desk::start(jack.environment());
        desk.clear();
        let main = desk.device("JACK", "", "output");
        desk.play_on("main", &main);
        let device = desk.device("JACK", "", "input");
        for (name, left, controls) in [("One", 0, FOR_ONE), ("Other", 2, FOR_OTHER)] {
            let strip = desk.add_strip(name, &pair(&device, left));
            set(&mut desk, strip, &controls);
        }
        let inputs = wait::until("the desk's input ports", seconds(10), || {
            Some(jack.inputs()).filter(|ports| ports.len() >= 4)
        });
        let _one = jack.play_sines([&inputs[0], &inputs[1]], ONE, ONE);
        let _other = jack.play_sines([&inputs[2], &inputs[3]], OTHER, OTHER);
        desk.wait_for_lock();
        let outputs = jack.outputs();
        let heard = jack.record([&outputs[0], &outputs[1]], MINUTE + 2).finish();
        prove(&heard.span(0.5, MINUTE as f64 + 0.5));
        nothing_was_lost(&mut desk);
    });
}

fn set(desk: &mut Desk, strip: u32, controls: &Controls) {
    desk.set(
        strip,
        &json!({ "trim": controls.trim, "fader": controls.fader, "pan": controls.pan }),
    );
}

fn prove(heard: &Heard) {
    assert!(
        heard.seconds() > MINUTE as f64 - 0.5,
        "only {} s were heard",
        heard.seconds()
    );
    let levels = heard.levels(&[TONE, OTHER_TONE]);
    for ((tone, controls), level) in [(ONE, FOR_ONE), (OTHER, FOR_OTHER)].iter().zip(&levels) {
        for side in [0, 1] {
            let predicted = tone.db + controls.trim + controls.fader + pan_law(controls.pan)[side];
            assert!(
                (level[side] - predicted).abs() < 0.1,
                "{} Hz: {} dB instead of {predicted} dB",
                tone.hz,
                level[side]
            );
        }
    }
    for side in [0, 1] {
        assert_eq!(heard.breaks(side, &[TONE, OTHER_TONE], NOISE), [], "on side {side}");
    }
}

/// The desk must not have noticed a loss either: what it says and what is heard agree.
fn nothing_was_lost(desk: &mut Desk) {
    let snapshot = desk.snapshot();
    for strip in snapshot["strips"].as_array().expect("a list") {
        let input = &strip["input"];
        assert_eq!(input["state"], "running", "{strip}");
        assert_eq!(
            (&input["framesLost"], &input["framesMissing"]),
            (&json!(0), &json!(0)),
            "{strip}"
        );
    }
    assert_eq!(
        snapshot["outputs"][0]["playback"]["framesMissing"], 0,
        "{}",
        snapshot["outputs"]
    );
}
