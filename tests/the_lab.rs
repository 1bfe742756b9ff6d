//! The lab's own servers: what is played into them comes out as it went in, so that a test that fails later
//! says something about the desk. And the desks of the tests are armed: they end when real-time code allocates.
#![cfg(target_os = "linux")]

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread::sleep;

use lab::browser::Browser;
use lab::desk::Home;
use lab::icecast::{Icecast, PASSWORD};
use lab::listen;
use lab::locate::Face;
use lab::process::{Priority, Process};
use lab::real_time::measure;
use lab::sound_server::{Jack, PipeWire, numbered};
use lab::tone::{OTHER_TONE, Sine, TONE};
use lab::wait::{self, seconds};
use lab::window::Display;

const LEFT: Sine = Sine { hz: TONE, db: -6.0 };
const RIGHT: Sine = Sine {
    hz: OTHER_TONE,
    db: -20.0,
};

#[test]
fn pipewire_carries_two_tones_unchanged_and_unbroken() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        let _player = pipewire.play_sines("src1", 20, LEFT, RIGHT);
        sleep(seconds(1));
        let recorder = pipewire.record("src1");
        sleep(seconds(5));
        let heard = recorder.stop().without_silence();
        assert!(heard.seconds() > 4.0, "{}", heard.seconds());
        let levels = heard.levels(&[TONE, OTHER_TONE]);
        assert!(
            (levels[0][0] + 6.0).abs() < 0.01 && (levels[1][1] + 20.0).abs() < 0.01,
            "{levels:?}"
        );
        assert_eq!(heard.breaks(0, &[TONE], -100.0), []);
    });
}

#[test]
fn pipewire_carries_every_numbered_frame() {
    measure(|| {
        let pipewire = PipeWire::start(1);
        let file = tempfile::Builder::new().suffix(".wav").tempfile().unwrap();
        numbered(file.path(), 4, LEFT);
        let recorder = pipewire.record("src1");
        let _player = pipewire.play("src1", file.path());
        sleep(seconds(6));
        let numbers = recorder.stop().numbers(1.0);
        // The player starts and ends inside a quantum.
        assert!(numbers.present > 4 * 48_000 - 2048, "{numbers:?}");
        assert_eq!((numbers.lost, numbers.repeated, numbers.damaged), (0, 0, 0));
    });
}

#[test]
fn pipewire_devices_can_be_unplugged_and_plugged() {
    let mut pipewire = PipeWire::start(2);
    pipewire.unplug("src2");
    pipewire.plug("src2");
    pipewire.kill();
    pipewire.start_again();
}

#[test]
fn jack_carries_two_tones_unchanged_and_unbroken() {
    measure(|| {
        let jack = Jack::start();
        let player = jack.play_sines(["system:playback_1", "system:playback_2"], LEFT, RIGHT);
        let ports = player.ports();
        let heard = jack.record([&ports[0], &ports[1]], 5).finish().span(1.0, 4.5);
        let levels = heard.levels(&[TONE, OTHER_TONE]);
        assert!(
            (levels[0][0] + 6.0).abs() < 0.01 && (levels[1][1] + 20.0).abs() < 0.01,
            "{levels:?}"
        );
        assert_eq!(heard.breaks(0, &[TONE], -100.0), []);
    });
}

#[test]
fn icecast_hands_on_what_another_program_streams_and_survives_a_crash() {
    let mut icecast = Icecast::start();
    let home = Home::new();
    let stream = |icecast: &Icecast| {
        let mut source = Command::new("ffmpeg");
        source.args([
            "-v",
            "error",
            "-re",
            "-f",
            "lavfi",
            "-i",
            &format!("aevalsrc=0.5*sin({TONE}*2*PI*t)|0:s=48000"),
        ]);
        source.args([
            "-c:a",
            "libmp3lame",
            "-b:a",
            "128k",
            "-f",
            "mp3",
            "-content_type",
            "audio/mpeg",
        ]);
        source.arg(format!(
            "icecast://source:{PASSWORD}@127.0.0.1:{}/live.mp3",
            icecast.port
        ));
        Process::start(&mut source, &home.path().join("source.log"), Priority::Ordinary)
    };
    let source = stream(&icecast);
    wait::until("the mount", seconds(10), || icecast.mount("/live.mp3"));
    let heard = listen::url(&icecast.url("/live.mp3"), 2.0);
    let level = heard.span(0.5, 1.5).levels(&[TONE])[0][0];
    assert!((level + 6.02).abs() < 0.5, "{level}");
    drop(source);
    icecast.kill();
    assert!(icecast.status().is_none());
    icecast.start_again();
    let _source = stream(&icecast);
    wait::until("the mount", seconds(10), || icecast.mount("/live.mp3"));
    assert_eq!(icecast.fingerprint().len(), 64);
}

#[test]
fn a_desk_that_allocates_in_real_time_code_ends() {
    let home = Home::new();
    let display = Display::start(&home);
    let environment = [
        ("AIRDESK_ALLOCATE_IN_REAL_TIME".to_owned(), "1".into()),
        ("DISPLAY".to_owned(), display.name.clone().into()),
        ("WEBKIT_DISABLE_DMABUF_RENDERER".to_owned(), "1".into()),
    ];
    for (program, arguments) in [("airdesk", &["run", "--port", "0"][..]), ("airdesk-desktop", &[])] {
        let mut command = home.program(program, &environment.clone().into());
        let log = home.path().join("armed.log");
        let mut desk = Process::start(command.args(arguments), &log, Priority::Ordinary);
        let status = desk.wait(seconds(20));
        assert_eq!(status.signal(), Some(libc::SIGABRT), "{program}: {status}");
        assert!(
            desk.output().contains("memory allocation"),
            "{program}: {}",
            desk.output()
        );
    }
}

#[test]
fn a_display_has_a_number_of_its_own() {
    let home = Home::new();
    let (one, other) = (Display::start(&home), Display::start(&Home::new()));
    assert_ne!(one.name, other.name);
}

#[test]
fn a_page_in_the_browser_is_used_by_role_and_name() {
    let mut browser = Browser::open(
        "data:text/html,<label>Mount <input></label><select aria-label=Source><option>none<option>src1</select>\
         <input type=range aria-label=Fader min=-90 max=10 value=0 step=1><meter aria-label=Level aria-valuenow=-12></meter>\
         <button onclick=\"document.title='pressed'\">Go live</button>",
    );
    browser.fill(&["textbox:Mount"], "/live.mp3");
    assert_eq!(browser.value(&["textbox:Mount"]), "/live.mp3");
    browser.choose(&["combobox:Source"], "src1");
    assert_eq!(browser.value(&["combobox:Source"]), "src1");
    browser.focus(&["slider:Fader"]);
    browser.press("ArrowDown");
    assert_eq!(browser.value(&["slider:Fader"]), -1);
    assert_eq!(browser.value(&["meter:Level"]), -12);
    browser.push(&["button:Go live"]);
    assert_eq!(browser.run("return document.title;"), "pressed");
    assert!(!browser.is_there(&["button:Record"]));
    browser.screenshot(&Home::new().path().join("page.png"));
    assert_eq!(browser.errors(), Vec::<String>::new());
}
