//! The power fails: what was recorded is in files that open, all but its last two seconds, and nothing older is damaged.
//!
//! No machine is switched off: everything that a desk does to its disk is noted, and the disk put together as a cut at that
//! moment would have left it, with only what was synced sure to be there.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;

use lab::desk::{DATA, Desk, Home};
use lab::faulty_disk::FaultyDisk;
use lab::listen;
use lab::power_cut::Journal;
use lab::process::output_of;
use lab::sound_server::numbered;
use lab::tone::{Sine, TONE};
use lab::wait::seconds;
use serde_json::{Value, json};

const CUTS: u64 = 20;
/// What a cut may cost, frames: two seconds.
const LOST_MAX: usize = 96_000;

/// A title of the desk before.
const BEFORE: &str = "Before";

/// Chance: another number for each `n`, and other ones in every run of the tests.
struct Chance {
    keys: RandomState,
    n: u64,
}

impl Chance {
    fn next(&mut self) -> u64 {
        self.n += 1;
        self.keys.hash_one(self.n)
    }
}

/// How far the numbers in a file go on without a fault, frames.
fn good(file: &Path) -> usize {
    let heard = listen::file(file);
    let first = heard
        .frames
        .iter()
        .position(|frame| frame[1] != 0.0)
        .unwrap_or(heard.frames.len());
    let whole = |until: usize| {
        let span = listen::Heard {
            frames: heard.frames[first..until].to_vec(),
        };
        let numbers = span.numbers(1.0);
        (numbers.lost, numbers.repeated, numbers.damaged) == (0, 0, 0)
    };
    // The numbers are right up to some frame, and not beyond it.
    let (mut right, mut wrong) = (first, heard.frames.len() + 1);
    while wrong - right > 1 {
        let middle = right.midpoint(wrong);
        if whole(middle) { right = middle } else { wrong = middle }
    }
    // Silence at the end is none of them.
    heard.frames[..right]
        .iter()
        .rposition(|frame| frame[1] != 0.0)
        .map_or(0, |last| last + 1)
}

fn put(files: &BTreeMap<PathBuf, Vec<u8>>, home: &Path, to: &Path) {
    for (path, bytes) in files {
        let Ok(inside) = path.strip_prefix(home) else { continue };
        let path = to.join(inside);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("made");
        fs::write(path, bytes).expect("there is room");
    }
}

/// The titles of a timeline, as a program of its own reads them in a home.
fn titles_noted(home: &Path) -> Vec<String> {
    let mut command = Command::new(lab::built("airdesk"));
    command.args(["timeline", "--json", "--kind", "title"]);
    let printed = output_of(command.env("HOME", home).env_remove("XDG_DATA_HOME"));
    let printed = String::from_utf8(printed).expect("UTF-8");
    let titles = printed.lines().map(|line| {
        let entry: Value = serde_json::from_str(line).expect("JSON");
        entry["title"].as_str().expect("a title").to_owned()
    });
    titles.collect()
}

fn is_whole_after_cuts(format: &str) {
    let home = Home::new();
    let disk = FaultyDisk::in_folder(home.path());
    let played = home.path().join("numbers.wav");
    numbered(&played, 60, Sine { hz: TONE, db: -12.0 });
    let environment = disk.journaled(home.path());
    // A desk was there before and left its timeline on the disk.
    let mut desk = Desk::start_at(home, &environment, &[]);
    desk.say(json!({ "type": "setTitle", "title": BEFORE }));
    let mut desk = Desk::start_at(desk.stop(), &environment, &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    for (name, pan) in [("Tone", -1.0), ("Numbers", 1.0)] {
        let strip = desk.add_strip(name, &json!({ "type": "file", "path": played, "looped": false }));
        desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": pan }));
    }
    sleep(seconds(1));
    let older = desk.record(format);
    sleep(seconds(2));
    desk.stop_recording();
    let whole = good(&older);
    let begins = Journal::read(&disk.journal()).len();
    let file = desk.record(format);
    for step in 0..8 {
        // The session is saved again and again meanwhile.
        desk.say(json!({ "type": "setTitle", "title": format!("Title {step}") }));
        sleep(seconds(1));
    }
    let home = desk.kill();
    let journal = Journal::read(&disk.journal());
    assert!(journal.len() > begins + 40, "{} operations", journal.len() - begins);
    let session = home.path().join(DATA).join("session.toml");
    let mut chance = Chance {
        keys: RandomState::new(),
        n: 0,
    };
    let mut judged = 0;
    for cut in 0..CUTS {
        let at = begins + (chance.next() % (journal.len() - begins) as u64) as usize;
        let there = journal.after(at);
        let folder = tempfile::tempdir().expect("there is room");
        let image = folder.path().join("cut");
        let odds = cut % 4; // from nothing that is not sure to nearly all of it
        put(&there.cut(|| chance.next() % 4 < odds), home.path(), &image);
        let inside = |path: &Path| image.join(path.strip_prefix(home.path()).expect("it is at home"));

        let text = fs::read_to_string(inside(&session)).expect("the session is there");
        assert!(text.contains("[[strips]]") && text.ends_with('\n'), "cut {cut}: {text}");
        assert_eq!(good(&inside(&older)), whole, "cut {cut}: an older recording");
        // The timeline may lack its newest entries, but none between others and no older one.
        let noted = titles_noted(&image);
        let said = (0..).map(|step| format!("Title {step}"));
        let said = std::iter::once(BEFORE.to_owned()).chain(said);
        assert!(
            !noted.is_empty() && said.take(noted.len()).eq(noted.iter().cloned()),
            "cut {cut}: {noted:?}"
        );

        let now: BTreeMap<PathBuf, Vec<u8>> = there
            .now()
            .into_iter()
            .map(|(path, bytes)| (path, bytes.to_vec()))
            .collect();
        let Some(written) = now.get(&file).filter(|bytes| bytes.len() > 65_536) else {
            continue; // it has hardly begun
        };
        let powered = folder
            .path()
            .join("powered")
            .with_extension(file.extension().expect("an ending"));
        fs::write(&powered, written).expect("there is room");
        let written = good(&powered);
        if written < LOST_MAX {
            continue;
        }
        judged += 1;
        let left = inside(&file);
        assert!(left.exists(), "cut {cut}: the file has its name after {written} frames");
        output_of(Command::new("sndfile-info").arg(&left));
        let found = good(&left);
        println!(
            "{format}, cut {cut}: {} ms are missing",
            (written.saturating_sub(found)) / 48
        );
        assert!(found + LOST_MAX >= written, "cut {cut}: {found} frames of {written}");
    }
    assert!(judged >= 8, "{judged} cuts were in the recording");
}

#[test]
fn a_wave_file_loses_two_seconds_at_most_and_nothing_older_is_damaged() {
    is_whole_after_cuts("pcm24");
}

#[test]
fn a_flac_file_loses_two_seconds_at_most_and_nothing_older_is_damaged() {
    is_whole_after_cuts("flac24");
}
