//! The page that plays tracks and buses, in a real browser: what its audio thread plays is what the desk has.
#![cfg(target_os = "linux")]

use lab::artifact;
use lab::browser::Browser;
use lab::desk::{Desk, Home};
use lab::locate::Face;
use lab::sound_server::{Environment, sines, write};
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use serde_json::{Value, json};

/// Seconds of the track, so many that the desk sends it in more than one chunk.
const TRACK: u64 = 17;

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };
/// The pan law takes 3 dB from each side in the centre.
const ON_AIR_DB: f64 = -12.0 - 3.0103;

/// Numbers both sides of each frame, exactly.
fn number(frame: u64) -> [f32; 2] {
    let number = frame as f32 / 8_388_608.0;
    [number, -number]
}

#[test]
fn a_track_is_played_in_the_browser_frame_by_frame_to_its_last() {
    let home = Home::new();
    let music = home.path().join("music");
    std::fs::create_dir(&music).expect("made");
    write(&music.join("Numbers.wav"), TRACK, number);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.say(json!({ "type": "library", "command": { "type": "addFolder", "path": music } }));
    desk.say(json!({ "type": "library", "command": { "type": "scan" } }));
    desk.wait("the track", seconds(20), |snapshot| {
        (snapshot["library"]["tracks"] == 1).then_some(())
    });

    let mut browser = Browser::open(&format!("http://127.0.0.1:{}/listen", desk.port));
    browser.run("window.__airdeskListen.tap.start();");
    browser.fill(&["textbox:Words"], "num");
    browser.click(&["button:Numbers"]);
    let state = |browser: &mut Browser| browser.run("return window.__airdeskListen.state;");
    wait::until("the track to begin", seconds(30), || {
        (state(&mut browser) == "playing").then_some(())
    });
    browser.screenshot(&artifact("listen-track.png"));
    wait::until("the track to end", seconds(90), || {
        (state(&mut browser) == "played").then_some(())
    });
    let heard = browser.run(
        "const turns = window.__airdeskListen.tap.take();
         let next = 0, wrong = 0;
         for (const { left, right } of turns)
           for (let n = 0; n < left.length; n++, next++)
             if (left[n] * 8388608 !== next || right[n] !== -left[n]) wrong += 1;
         const { gaps, position, fault } = window.__airdeskListen;
         return { frames: next, wrong, gaps, position, fault };",
    );
    let frames = TRACK * 48_000;
    assert_eq!(
        (&heard["frames"], &heard["wrong"]),
        (&json!(frames), &json!(0)),
        "{heard}"
    );
    assert_eq!((&heard["gaps"], &heard["fault"]), (&json!(0), &Value::Null), "{heard}");
    assert_eq!(heard["position"], TRACK as f64);

    // From the middle: the first frame that is heard is the one that was asked for.
    browser.run(
        "const listener = window.__airdeskListen;
         listener.tap.take();
         listener.seek(16.5);",
    );
    wait::until("the rest to end", seconds(30), || {
        (state(&mut browser) == "played").then_some(())
    });
    let rest = browser.run(
        "const turns = window.__airdeskListen.tap.take();
         return [turns[0].left[0] * 8388608, turns.reduce((sum, { left }) => sum + left.length, 0)];",
    );
    assert_eq!(rest, json!([792_000, 24_000]));
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn a_bus_is_heard_live_in_the_browser_without_a_break_and_says_how_late() {
    let home = Home::new();
    let file = home.path().join("tone.wav");
    // Whole periods: a loop of it has no seam.
    sines(&file, 10, PLAYED, PLAYED);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Tone", &json!({ "type": "file", "path": file, "looped": true }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));

    let mut browser = Browser::open(&format!("http://127.0.0.1:{}/listen", desk.port));
    browser.click(&["button:Listen"]);
    wait::until("the latency to be known", seconds(30), || {
        let latency = browser.run("return window.__airdeskListen.busFacts?.latency ?? null;");
        latency.as_f64().map(drop)
    });
    // On a busy machine it finds out first how much must be kept.
    let heard = wait::until("four seconds without a gap", seconds(90), || {
        let heard = browser.run(&listened());
        (heard["gaps"] == 0).then_some(heard)
    });
    let level = heard["db"].as_f64().expect("a level");
    assert!((level - (ON_AIR_DB - 3.0103)).abs() < 0.1, "{heard}");
    // A sine of this level never rises faster than that; a lost or doubled frame does.
    assert!(heard["steepest"].as_f64().expect("a number") < 1.1, "{heard}");
    assert_eq!(heard["missing"], 0, "{heard}");
    let latency = heard["latency"].as_f64().expect("a time");
    assert!((5.0..1000.0).contains(&latency), "{heard}");
    eprintln!("heard of the programme: {heard}");
    browser.screenshot(&artifact("listen-bus.png"));
    browser.click(&["button:Stop listening"]);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

/// Taps four seconds of a bus: level, steepest step relative to the tone's, gaps meanwhile, latency.
fn listened() -> String {
    format!(
        "const listener = window.__airdeskListen, before = listener.busFacts.gaps;
         listener.tap.start();
         listener.tap.take();
         await new Promise((done) => setTimeout(done, 4000));
         const turns = listener.tap.take();
         const samples = turns.flatMap(({{ left }}) => [...left]);
         const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
         const slope = Math.sqrt(2 * power) * 2 * Math.PI * {TONE} / 48000;
         let steepest = 0;
         for (let n = 1; n < samples.length; n++) steepest = Math.max(steepest, Math.abs(samples[n] - samples[n - 1]));
         const {{ latency, gaps, missing, waitingMs }} = listener.busFacts;
         return {{ frames: samples.length, db: 10 * Math.log10(power), steepest: steepest / slope,
                   gaps: gaps - before, latency, missing, waitingMs }};"
    )
}
