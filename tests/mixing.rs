//! Two devices at once: what leaves the main output is what trim, fader and pan predict, for a minute without a break.
//!
//! On PipeWire and on JACK. A plain PulseAudio server can be reached through ALSA's plugin only, which
//! delivers in bursts of up to 200 ms and floods its callers with errors: nothing about the desk could be
//! concluded from a gap there.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use lab::desk::{Desk, pair};
use lab::listen::Heard;
use lab::real_time::{Watch, note};
use lab::sound_server::{Jack, Lateness, PipeWire};
use lab::tone::{OTHER_TONE, Sine, TONE, pan_law};
use lab::wait::seconds;
use serde_json::{Value, json};

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
const OTHER: Sine = Sine {
    hz: OTHER_TONE,
    db: -20.0,
};

/// How long it is listened to.
const MINUTE: u64 = 60;

/// What of it must be left beside the breaks that are a stop's doing, and which the desk need not have noticed: on the way to
/// it, or from it to the recorder.
const JUDGED_MIN: u64 = 45;

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
    let watch = Watch::begin();
    let pipewire = PipeWire::start(2);
    let _one = pipewire.play_sines("src1", 5 * MINUTE, ONE, ONE);
    let _other = pipewire.play_sines("src2", 5 * MINUTE, OTHER, OTHER);
    let mut desk = Desk::start(pipewire.environment());
    desk.clear();
    let main = desk.device("PipeWire", "out1", "output");
    desk.play_on("main", &main);
    for (name, device, controls) in [("One", "src1", FOR_ONE), ("Other", "src2", FOR_OTHER)] {
        let device = desk.device("PipeWire", device, "input");
        let strip = desk.add_strip(name, &pair(&device, 0));
        set(&mut desk, strip, &controls);
    }
    desk.wait_until_followed();
    let recorder = pipewire.record("out1");
    listen_for_a_minute(&watch, &mut desk, || pipewire.lateness());
    let ended = Instant::now();
    prove(&recorder.stop(), ended, &watch);
}

#[test]
fn two_pairs_of_ports_on_jack_are_mixed_as_predicted_for_a_minute() {
    let watch = Watch::begin();
    let jack = Jack::start();
    let mut desk = Desk::start(jack.environment());
    desk.clear();
    let main = desk.device("JACK", "", "output");
    desk.play_on("main", &main);
    let device = desk.device("JACK", "", "input");
    // The first two of the server's ports and the last.
    for (name, left, controls) in [("One", 0, FOR_ONE), ("Other", 10, FOR_OTHER)] {
        let strip = desk.add_strip(name, &pair(&device, left));
        set(&mut desk, strip, &controls);
    }
    let inputs = jack.inputs(12);
    let _one = jack.play_sines([&inputs[0], &inputs[1]], ONE, ONE);
    let _other = jack.play_sines([&inputs[10], &inputs[11]], OTHER, OTHER);
    desk.wait_until_followed();
    let outputs = jack.outputs();
    let recorder = jack.record([&outputs[0], &outputs[1]], 5 * MINUTE);
    listen_for_a_minute(&watch, &mut desk, || jack.lateness());
    let ended = Instant::now();
    prove(&recorder.stop(), ended, &watch);
}

/// Lets the desk play until a minute can be judged. Meanwhile it must not notice a loss that neither a stop of the
/// machine nor the sound server's own lateness explains: what it says and what is heard agree.
fn listen_for_a_minute(watch: &Watch, desk: &mut Desk, lateness: impl Fn() -> Lateness) {
    let (mut late_before, mut looked) = (lateness(), Instant::now());
    let mut before = losses(desk);
    watch.keep_watching(seconds(MINUTE), || {
        // What the server was late for comes before what the desk lost of it.
        let now = losses(desk);
        let late = lateness();
        let server_was_late = late.is_its_own_since(late_before);
        if server_was_late {
            eprintln!("the sound server was late by itself: {late:?}");
            watch.count_as_stop(looked);
        }
        (late_before, looked) = (late, Instant::now());
        let explained = watch.explains_now();
        let stop = watch.last_stop();
        assert!(
            now == before || explained,
            "lost frames: {now}, before: {before}; {stop}; {late:?}; {}",
            desk.snapshot()["engine"]
        );
        let lost = now != before;
        before = now;
        lost || server_was_late
    });
}

fn set(desk: &mut Desk, strip: u32, controls: &Controls) {
    desk.set(
        strip,
        &json!({ "trim": controls.trim, "fader": controls.fader, "pan": controls.pan }),
    );
}

/// Everything is as predicted but for what a stop of the machine, or of the sound server alone, explains.
fn prove(heard: &Heard, ended: Instant, watch: &Watch) {
    assert!(
        heard.seconds() > MINUTE as f64 - 0.5,
        "only {} s were heard",
        heard.seconds()
    );
    let heard = heard.span(1.0, heard.seconds());
    let moment = |at: f64| ended - Duration::from_secs_f64(heard.seconds() - at);
    let mut excused = Vec::new();
    for side in [0, 1] {
        let breaks = heard.breaks(side, &[TONE, OTHER_TONE], NOISE);
        let (stopped, of_ours): (Vec<_>, Vec<_>) = breaks
            .into_iter()
            .partition(|broken| watch.may_be_a_stop(moment(broken.at)));
        assert_eq!(of_ours, [], "on side {side}");
        excused.extend(stopped.iter().map(|broken| moment(broken.at)));
    }
    let judged = watch.judged(moment(0.0), ended, &excused);
    if !excused.is_empty() {
        note(&format!(
            "{} runs of 10 ms were broken while the machine was stopped; {judged:?} of {:.0} s are without a break",
            excused.len(),
            heard.seconds()
        ));
    }
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
    assert!(judged >= seconds(JUDGED_MIN), "only {judged:?} could be judged");
}

/// Frames that the desk says it lost or missed, at each strip and at the output.
fn losses(desk: &mut Desk) -> Value {
    let snapshot = desk.snapshot();
    let strips = snapshot["strips"].as_array().expect("a list").iter().map(|strip| {
        let input = &strip["input"];
        assert_eq!(input["state"], "running", "{strip}");
        json!([input["framesLost"], input["framesMissing"]])
    });
    json!({
        "strips": strips.collect::<Vec<_>>(),
        "output": snapshot["outputs"][0]["playback"]["framesMissing"],
    })
}
