//! The track library beside a desk: files of many kinds are found by the program of the command line and by the desk, and what a deck has
//! sounded is known after the desk was killed.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use lab::desk::{Desk, Home};
use lab::http;
use lab::process::{self, output_of};
use lab::sound_server::Environment;
use lab::wait::seconds;
use serde_json::{Value, json};

/// A file, how it is encoded, and what the library calls that.
const FILES: [(&str, &[&str], &str); 7] = [
    ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "192k"], "MP3"),
    ("b.flac", &["-c:a", "flac"], "FLAC"),
    ("deep/c.ogg", &["-c:a", "libvorbis"], "Vorbis"),
    ("deep/d.opus", &["-c:a", "libopus"], "Opus"),
    ("deep/e.m4a", &["-c:a", "aac"], "AAC"),
    ("deep/f.aiff", &["-c:a", "pcm_s16be", "-write_id3v2", "1"], "PCM"),
    ("deep/g.m4a", &["-c:a", "alac"], "ALAC"),
];

fn make(music: &Path) {
    std::fs::create_dir_all(music.join("deep")).expect("made");
    for (name, encoder, codec) in FILES {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args([
            "-loglevel",
            "error",
            "-f",
            "lavfi",
            "-i",
            "aevalsrc=0.2*sin(2*PI*500*t)|0.2*sin(2*PI*500*t):s=44100:d=8",
        ]);
        ffmpeg.args(encoder);
        ffmpeg.args(["-metadata", &format!("title=Tón {codec}"), "-metadata", "artist=Ñandú"]);
        process::output_of(ffmpeg.arg(music.join(name)));
    }
    std::fs::write(music.join("notes.mp3"), "no music at all\n".repeat(100)).expect("written");
}

/// What the program of the command line prints, one object a line.
fn printed(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let mut command = home.program("airdesk", &Environment::new());
    let printed = output_of(command.arg("library").args(arguments).arg("--json"));
    let printed = String::from_utf8(printed).expect("UTF-8");
    printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn search(desk: &mut Desk, words: &str) -> Vec<Value> {
    let found = desk.say(json!({ "type": "searchTracks", "words": words, "offset": 0, "limit": 200 }));
    found["tracks"].as_array().expect("tracks").clone()
}

#[test]
fn what_a_deck_has_sounded_of_a_scanned_folder_is_known_after_a_kill() {
    let home = Home::new();
    let music = home.path().join("music");
    make(&music);
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    desk.say(json!({ "type": "library", "command": { "type": "addFolder", "path": music } }));
    desk.say(json!({ "type": "library", "command": { "type": "scan" } }));
    let last = desk.wait("the scan", seconds(60), |now| {
        let last = &now["library"]["last"];
        last.is_object().then(|| last.clone())
    });
    assert_eq!((&last["added"], &last["unreadable"]), (&json!(8), &json!(1)), "{last}");
    for (name, _, codec) in FILES {
        let found = search(&mut desk, &format!("nandu ton {codec}"));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert_eq!(found[0]["codec"], codec, "{name}");
        assert_eq!(found[0]["channels"], 2, "{name}");
        let length = found[0]["seconds"].as_f64().expect("known");
        assert!((length - 8.0).abs() < 0.1, "{name}: {length} s");
        let path = &found[0]["path"];
        let waveform = desk.say(json!({ "type": "readWaveform", "path": path }));
        let peaks = waveform["waveform"]["peaks"].as_array().expect("peaks");
        // A fifth of 127, to each side, in the middle of it.
        let (low, high) = (peaks[1_024].as_i64(), peaks[1_025].as_i64());
        let is_near = |peak: Option<i64>, wanted: i64| peak.is_some_and(|peak| (peak - wanted).abs() <= 3);
        assert!(is_near(low, -25) && is_near(high, 25), "{name}: {low:?} to {high:?}");
    }

    let strip = desk.add_strip("Deck", &json!({ "type": "deck" }));
    let id = search(&mut desk, "ton flac")[0]["id"].clone();
    let paths = [music.join("b.flac")];
    desk.say(json!({ "type": "deck", "strip": strip, "command": { "type": "add", "paths": paths } }));
    desk.wait("its title", seconds(20), |now| {
        (now["decks"][0]["items"][0]["title"] == "Tón FLAC").then_some(())
    });
    desk.say(json!({ "type": "deck", "strip": strip, "command": { "type": "play" } }));
    let heard = desk.wait("it plays", seconds(20), |now| {
        now["decks"][0]["position"]["seconds"]
            .as_f64()
            .filter(|heard| *heard > 2.5)
    });
    let table = http::get(desk.port, "/plays.csv").expect("the desk answers");
    assert_eq!(table.status, 200);
    let table = String::from_utf8(table.body).expect("UTF-8");
    assert!(
        table.contains("number,began,") && table.contains("Ñandú,\"Tón FLAC\",Deck,"),
        "{table}"
    );
    let home = desk.kill();
    let plays = printed(&home, &["history"]);
    assert_eq!(plays.len(), 1, "{plays:?}");
    assert_eq!(
        (&plays[0]["title"], &plays[0]["artist"]),
        (&json!("Tón FLAC"), &json!("Ñandú"))
    );
    assert_eq!((&plays[0]["strip"], &plays[0]["track"]), (&json!("Deck"), &id));
    let written = plays[0]["seconds"].as_f64().expect("a number");
    assert!(written > heard - 1.2, "{written} s of {heard} s are written");

    std::fs::remove_file(music.join("a.mp3")).expect("removed");
    let scanned = printed(&home, &["scan"]);
    assert_eq!(
        (&scanned[0]["gone"], &scanned[0]["added"]),
        (&json!(1), &json!(0)),
        "{scanned:?}"
    );
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    let found = search(&mut desk, "flac");
    assert_eq!((&found[0]["id"], &found[0]["plays"]), (&id, &json!(1)), "{found:?}");
    assert!(found[0]["lastPlayed"].is_string());
    assert_eq!(search(&mut desk, "mp3 ton"), [] as [Value; 0]);
}

/// A file with some of its bytes changed, the same ones each time.
fn damaged(bytes: &[u8], turn: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // A linear congruential generator (Knuth, MMIX); headers are hit as often as all the rest.
    let mut state = turn + 1;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for hit in 0..24 {
        let within = if hit % 2 == 0 {
            bytes.len().min(300)
        } else {
            bytes.len()
        };
        let at = next(within);
        bytes[at] = [0xff, 0x7f, 0x80, 0x00][next(4)];
    }
    if turn.is_multiple_of(5) {
        let half = bytes.len() / 2;
        bytes.truncate(half);
    }
    bytes
}

/// What a scan may take of memory, bytes: it needs a tenth of that, and the debug build's own pages are counted too.
const MEMORY_MAX: u64 = 700 << 20;

#[test]
fn ten_thousand_files_and_hundreds_of_hostile_ones_are_scanned_in_bounded_memory() {
    let home = Home::new();
    let (music, source) = (home.path().join("music"), home.path().join("source"));
    make(&source);
    std::fs::create_dir_all(&music).expect("made");
    let mut hostile = 0;
    for (kind, (name, ..)) in FILES.into_iter().enumerate() {
        let file = source.join(name);
        let ending = file.extension().and_then(|ending| ending.to_str()).expect("an ending");
        for n in 0..10_000 / FILES.len() + 1 {
            let folder = music.join(format!("{kind}-{}", n / 100));
            std::fs::create_dir_all(&folder).expect("made");
            std::fs::hard_link(&file, folder.join(format!("{n}.{ending}"))).expect("linked");
        }
        let whole = std::fs::read(&file).expect("read");
        for turn in 0..40 {
            std::fs::write(music.join(format!("{kind}-{turn}.{ending}")), damaged(&whole, turn)).expect("written");
            hostile += 1;
        }
    }
    let good = FILES.len() * (10_000 / FILES.len() + 1);
    let mut add = home.program("airdesk", &Environment::new());
    output_of(add.args(["library", "add-folder"]).arg(&music));
    let scan = home.program("airdesk", &Environment::new());
    let mut limited = Command::new("prlimit");
    limited.env_clear().envs(home.environment()).current_dir(home.path());
    limited.arg(format!("--as={MEMORY_MAX}")).arg(scan.get_program());
    let printed = output_of(limited.args(["library", "scan", "--json"]));
    let summary: Value = serde_json::from_slice(&printed).expect("JSON");
    println!("{summary}");
    assert_eq!(summary["broken"], Value::Null);
    assert_eq!(summary["looked"], good + hostile);
    assert_eq!(summary["added"], good + hostile);
    let unreadable = summary["unreadable"].as_u64().expect("a number") as usize;
    assert!(
        (1..=hostile).contains(&unreadable),
        "{unreadable} of {hostile} hostile files"
    );
}
