//! A deck on air: files of many kinds one after the other, each under its own title, as a listener of a real Icecast hears
//! and reads them.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::Command;

use lab::desk::{Desk, Home};
use lab::icecast::{Icecast, PASSWORD};
use lab::listen::{Heard, Listener};
use lab::process;
use lab::sound_server::Environment;
use lab::wait::{self, seconds};
use serde_json::{Value, json};

/// What is played: the file, how it is encoded, and its tone, Hz.
const PLAYED: [(&str, &[&str], f64); 6] = [
    ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "192k"], 500.0),
    ("b.flac", &["-c:a", "flac"], 800.0),
    ("c.ogg", &["-c:a", "libvorbis", "-b:a", "160k"], 1_100.0),
    ("d.opus", &["-c:a", "libopus", "-b:a", "128k"], 1_400.0),
    ("e.m4a", &["-c:a", "aac", "-b:a", "192k"], 1_700.0),
    ("f.aiff", &["-c:a", "pcm_s16be", "-write_id3v2", "1"], 2_000.0),
];
/// How long each is, seconds.
const LENGTH: f64 = 3.0;

/// A file of a tone at 44.1 kHz, with its title and artist in it.
fn made(folder: &Path, (name, encoder, hz): (&str, &[&str], f64)) -> PathBuf {
    let path = folder.join(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-loglevel", "error", "-f", "lavfi", "-i"]);
    ffmpeg.arg(format!(
        "aevalsrc=0.25*sin(2*PI*{hz}*t)|0.25*sin(2*PI*{hz}*t):s=44100:d={LENGTH}"
    ));
    ffmpeg
        .args(encoder)
        .args(["-metadata", &format!("title=Tón {hz}"), "-metadata", "artist=Ñandú"]);
    ffmpeg.arg(&path);
    process::output_of(&mut ffmpeg);
    path
}

/// Seconds for which each tone is what is heard.
fn heard_for(heard: &Heard) -> Vec<f64> {
    let step = 0.1;
    let mut counts = vec![0.0; PLAYED.len()];
    for n in 0..(heard.seconds() / step) as usize {
        let span = heard.span(n as f64 * step, (n + 1) as f64 * step);
        let hz = PLAYED.map(|(_, _, hz)| hz);
        let levels = span.levels(&hz);
        for (count, level) in counts.iter_mut().zip(levels) {
            *count += if level[0] > -20.0 { step } else { 0.0 };
        }
    }
    counts
}

fn told(desk: &mut Desk, strip: u32, command: &Value) {
    desk.say(json!({ "type": "deck", "strip": strip, "command": command }));
}

#[test]
fn a_playlist_of_many_kinds_of_files_is_heard_and_named_on_air() {
    let icecast = Icecast::start();
    let home = Home::new();
    let paths: Vec<PathBuf> = PLAYED.iter().map(|played| made(home.path(), *played)).collect();
    let playlist = home.path().join("show.m3u");
    let lines: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    std::fs::write(&playlist, lines.join("\n")).expect("written");
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Deck", &json!({ "type": "deck" }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 0.0 }));
    told(&mut desk, strip, &json!({ "type": "add", "paths": [playlist] }));
    desk.wait("all are listed and known", seconds(20), |now| {
        let items = now["decks"][0]["items"].as_array()?;
        let known = items
            .iter()
            .filter(|item| item["title"].as_str().is_some_and(|title| title.starts_with("Tón")));
        (known.count() == PLAYED.len()).then_some(())
    });
    let settings =
        json!({ "host": "localhost", "port": icecast.port, "mount": "/deck.mp3", "codec": "mp3", "bitRate": 192 });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let listener = Listener::start(&icecast.url("/deck.mp3"));
    told(&mut desk, strip, &json!({ "type": "play" }));
    let mut titles: Vec<String> = Vec::new();
    wait::until("the last title", seconds(60), || {
        let mount = icecast.mount("/deck.mp3")?;
        let title = mount["title"].as_str().unwrap_or_default().to_owned();
        if titles.last() != Some(&title) {
            titles.push(title);
        }
        titles.last().is_some_and(|title| title.contains("2000")).then_some(())
    });
    desk.wait("the end", seconds(20), |now| {
        (now["decks"][0]["position"]["phase"] == "ended").then_some(())
    });
    std::thread::sleep(seconds(2));
    let heard = heard_for(&listener.stop());
    for ((name, _, hz), heard) in PLAYED.iter().zip(&heard) {
        assert!(
            (LENGTH - 0.4..LENGTH + 0.3).contains(heard),
            "{name}, {hz} Hz: heard for {heard:.1} s"
        );
        let title = format!("Ñandú - Tón {hz}");
        assert!(titles.contains(&title), "{title} is not among {titles:?}");
    }
}
