//! Rendering offline: the same console as on air, compared with what arithmetic says.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;

use lab::desk::Home;
use lab::listen;
use lab::process::output_of;
use lab::sound_server::{Environment, numbered};
use lab::tone::{Sine, TONE, amplitude, pan_law};
use serde_json::Value;

const LEFT: Sine = Sine { hz: TONE, db: -6.0 };

/// Renders a session of one strip and returns the files that went in and came out, and what was printed.
fn render(home: &Home, controls: &str) -> (PathBuf, PathBuf, Value) {
    let [input, session, out] = ["in.wav", "show.toml", "out.wav"].map(|name| home.path().join(name));
    numbered(&input, 5, LEFT);
    let text = format!(
        "[[strips]]\nname = \"Numbers\"\n{controls}\n[strips.source]\ntype = \"file\"\npath = {input:?}\nlooped = false\n"
    );
    fs::write(&session, text).unwrap();
    let mut command = home.program("airdesk", &Environment::new());
    command
        .arg("render")
        .arg(&session)
        .arg("--out")
        .arg(&out)
        .args(["--duration", "4"]);
    let printed = output_of(&mut command);
    (
        input,
        out,
        serde_json::from_slice(&printed).expect("one line of JSON is printed"),
    )
}

#[test]
fn the_render_differs_from_the_arithmetic_by_less_than_minus_120_db() {
    let home = Home::new();
    let (input, out, printed) = render(&home, "trim = -2.5\nfader = -6.0\npan = 0.25");
    assert_eq!(printed["frames"], 4 * 48_000);
    let gains = pan_law(0.25).map(|pan| amplitude(-8.5 + pan) as f32);
    let expected: Vec<_> = listen::file(&input).frames[..4 * 48_000]
        .iter()
        .map(|frame| [frame[0] * gains[0], frame[1] * gains[1]])
        .collect();
    let difference = listen::difference(&listen::file(&out).frames, &expected);
    assert!(difference < -120.0, "{difference} dB");
}

#[test]
fn a_flac_file_and_the_stems_beside_it_are_the_same_mix() {
    let home = Home::new();
    let [input, session, out, stems] = ["in.wav", "show.toml", "out.flac", "stems"].map(|name| home.path().join(name));
    numbered(&input, 3, LEFT);
    let strip = |name: &str, fader: f64| {
        format!(
            "[[strips]]\nname = {name:?}\nfader = {fader:?}\nsource = {{ type = \"file\", path = {input:?}, looped = false }}\n"
        )
    };
    fs::write(&session, strip("One", -9.0) + &strip("Two", -15.0)).unwrap();
    let mut command = home.program("airdesk", &Environment::new());
    command.arg("render").arg(&session).arg("--out").arg(&out);
    output_of(command.arg("--stems").arg(&stems).args(["--duration", "2"]));
    assert_eq!(
        listen::probe(&out.display().to_string())["streams"][0]["codec_name"],
        "flac"
    );
    let [one, two] = ["01 One.flac", "02 Two.flac"].map(|name| listen::file(&stems.join(name)).frames);
    let sum: Vec<_> = one.iter().zip(&two).map(|(a, b)| [a[0] + b[0], a[1] + b[1]]).collect();
    // Three files of 24 bits, each rounded once.
    let difference = listen::difference(&listen::file(&out).frames, &sum);
    assert!(sum.len() == 2 * 48_000 && difference < -130.0, "{difference} dB");
}

#[test]
fn the_same_session_gives_the_same_bytes() {
    let (one, other) = (Home::new(), Home::new());
    let [one, other] = [&one, &other].map(|home| fs::read(render(home, "fader = -3.0").1).unwrap());
    assert!(one == other, "two renders differ");
}

#[test]
fn a_session_with_a_value_that_cannot_be_is_rendered_with_the_usual_one_and_says_so() {
    let (one, other) = (Home::new(), Home::new());
    let (_, usual, _) = render(&one, "fader = -3.0");
    let (_, mended, printed) = render(&other, "fader = -3.0\ntrim = 400.0");
    assert!(
        fs::read(usual).unwrap() == fs::read(mended).unwrap(),
        "the usual trim is used"
    );
    let faults = printed["faults"].as_str().unwrap_or_default();
    assert!(faults.contains("trim") && faults.contains("400"), "{printed}");
}
