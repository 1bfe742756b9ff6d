//! The real window on a virtual display: the main job with a keyboard, listened to from outside.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::thread::sleep;

use lab::artifact;
use lab::icecast::{Icecast, PASSWORD};
use lab::listen;
use lab::locate::Face;
use lab::real_time::measure;
use lab::sound_server::PipeWire;
use lab::tone::{Sine, TONE};
use lab::wait::{self, seconds};
use lab::window::Window;

const ONE: Sine = Sine { hz: TONE, db: -12.0 };
/// In the middle of the pan, at unity.
const HEARD: f64 = ONE.db - 3.0103;

/// The level that a meter or a fader shows, dB.
fn shown(window: &mut Window, meter: &str) -> f64 {
    window.value(&[meter]).as_f64().unwrap_or(-200.0)
}

#[test]
fn the_window_opens_with_the_demo_and_its_meters_move() {
    let pipewire = PipeWire::start(1);
    let mut window = Window::open(pipewire.environment());
    wait::until("the programme's meter to move", seconds(20), || {
        (shown(&mut window, "meter:Level, Programme") > -40.0).then_some(())
    });
    for strip in ["Rhythm", "Pad", "Voice"] {
        assert!(
            window.is_there(&[&format!("slider:Fader, {strip}")]),
            "there is no strip {strip}"
        );
    }
    window.screenshot(&artifact("window.png"));
    let recorder = pipewire.record("out1");
    sleep(seconds(3));
    assert!(recorder.stop().peak() > -40.0, "the demo is shown and not heard");
}

#[test]
fn a_fader_moved_in_the_window_moves_the_meter_and_the_recorded_level() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        let _player = pipewire.play_sines("src1", 120, ONE, ONE);
        let mut window = Window::open(pipewire.environment());
        take_the_tone(&mut window);
        window.push(&["button:Record"]);
        wait::until("the recording to be shown", seconds(10), || {
            window.is_there(&["button:Stop recording"]).then_some(())
        });
        let loud = heard(&pipewire);
        let loud_shown = shown(&mut window, "meter:Level, Programme");
        window.focus(&["slider:Fader, Voice"]);
        let before = shown(&mut window, "slider:Fader, Voice");
        for _ in 0..4 {
            window.press("PageDown");
        }
        let moved = before - shown(&mut window, "slider:Fader, Voice");
        assert!(moved > 6.0, "the fader moved by {moved} dB");
        sleep(seconds(2));
        let quiet = heard(&pipewire);
        let quiet_shown = shown(&mut window, "meter:Level, Programme");
        assert!((loud - HEARD).abs() < 0.1, "{loud} dB at first");
        assert!(
            (loud - quiet - moved).abs() < 0.1,
            "the fader moved by {moved} dB and the sound from {loud} to {quiet} dB"
        );
        assert!(
            (loud_shown - quiet_shown - moved).abs() < 0.5,
            "the fader moved by {moved} dB and the meter from {loud_shown} to {quiet_shown} dB"
        );
        window.push(&["button:Stop recording"]);
        wait::until("the recording to be finished", seconds(10), || {
            window.is_there(&["button:Record"]).then_some(())
        });
        let recording = listen::file(&wavs(window.home())[0]);
        let end = recording.seconds();
        let tone = |start, end| recording.span(start, end).levels(&[TONE])[0][0];
        let recorded = tone(0.5, 1.5) - tone(end - 1.5, end - 0.5);
        assert!(
            (recorded - moved).abs() < 0.1,
            "the fader moved by {moved} dB and the recording by {recorded} dB"
        );
    });
}

#[test]
fn recording_and_going_live_are_done_in_the_window() {
    let pipewire = PipeWire::start(1);
    let icecast = Icecast::start();
    let mut window = Window::open(pipewire.environment());
    window.push(&["button:Record"]);
    wait::until("the recording to be shown", seconds(10), || {
        window.is_there(&["button:Stop recording"]).then_some(())
    });
    window.push(&["button:Server settings"]);
    window.fill(&["textbox:Host"], "localhost");
    window.fill(&["spinbutton:Port"], &icecast.port.to_string());
    window.fill(&["textbox:Mount"], "/live.mp3");
    window.fill(&["textbox:Password"], PASSWORD);
    window.push(&["button:Save"]);
    window.push(&["button:Go live"]);
    wait::until("the mount", seconds(15), || icecast.mount("/live.mp3"));
    wait::until("the window to say so", seconds(10), || {
        window.text().contains("On air").then_some(())
    });
    assert!(listen::url(&icecast.url("/live.mp3"), 4.0).peak() > -40.0);
    window.screenshot(&artifact("window-on-air.png"));
    window.push(&["button:Stop recording"]);
    wait::until("the recording to be finished", seconds(10), || {
        window.is_there(&["button:Record"]).then_some(())
    });
    let recordings = wavs(window.home());
    assert_eq!(recordings.len(), 1, "{recordings:?}");
    assert!(listen::file(&recordings[0]).peak() > -40.0);
}

#[test]
fn a_device_is_put_on_a_strip_in_the_window() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        let _player = pipewire.play_sines("src1", 120, ONE, ONE);
        let mut window = Window::open(pipewire.environment());
        take_the_tone(&mut window);
        let level = heard(&pipewire);
        assert!((level - HEARD).abs() < 0.1, "{level} dB");
        window.screenshot(&artifact("window-device.png"));
    });
}

/// Puts the tone that `src1` plays on the strip that had the voice, and leaves nothing else to be heard.
fn take_the_tone(window: &mut Window) {
    window.push(&["button:Source of Voice"]);
    window.choose(&["combobox:Source"], "src1");
    window.push(&["button:Use this source"]);
    for strip in ["Rhythm", "Pad"] {
        window.push(&[&format!("button:Mute {strip}")]);
    }
    sleep(seconds(4));
}

/// The level of the tone in what the main output plays, dB.
fn heard(pipewire: &PipeWire) -> f64 {
    let recorder = pipewire.record("out1");
    sleep(seconds(2));
    let heard = recorder.stop();
    heard.span(0.5, heard.seconds()).levels(&[TONE])[0][0]
}

fn wavs(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = folder
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let found = entries.flat_map(|path| if path.is_dir() { wavs(&path) } else { vec![path] });
    found
        .filter(|path| path.extension().is_some_and(|kind| kind == "wav"))
        .collect()
}
