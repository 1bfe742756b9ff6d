//! A desk that is killed while it writes everything that it writes: the next one opens all of it, and what is missing of the
//! timeline and the black box is younger than a second.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use lab::desk::{Desk, Home};
use lab::listen::{self, Heard, number_at};
use lab::process::output_of;
use lab::sound_server::{Environment, numbered};
use lab::tone::{Sine, TONE};
use lab::wait::seconds;
use serde_json::{Value, json};

const PLAYED: Sine = Sine { hz: TONE, db: -12.0 };
const KILLS: u32 = 5;

/// What a killed desk was about, by our clock.
struct Killed {
    home: Home,
    recording: PathBuf,
    /// Its run of the black box.
    run: Value,
    /// The titles that it had taken, and when it had said so.
    titles: Vec<(Instant, String)>,
    at: Instant,
}

/// Lets a desk record, keep its black box and note titles, all at once, and kills it at any moment.
fn kill(home: Home, round: u32) -> Killed {
    let numbers = home.path().join("numbers.wav");
    let mut desk = Desk::start_at(home, &Environment::new(), &[]);
    desk.clear();
    desk.say(json!({ "type": "setOutput", "output": "main", "device": null }));
    let strip = desk.add_strip("Numbers", &json!({ "type": "file", "path": numbers, "looped": false }));
    desk.set(strip, &json!({ "trim": 0.0, "fader": 0.0, "pan": 1.0 }));
    // The panner glides there in 30 ms, and what is recorded on the way is no number.
    sleep(Duration::from_millis(200));
    let recording = desk.record("float32");
    let run = desk.wait("the black box to turn", seconds(20), |snapshot| {
        let runs = snapshot["blackBox"]["runs"].as_array()?;
        runs.iter()
            .find(|run| run["current"] == true)
            .map(|run| run["id"].clone())
    });
    // The standard library's hash keys are random.
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), round);
    let wait = Duration::from_millis(1_500 + random % 2_000);
    println!("round {round}: killed after {wait:?}");
    let (began, mut titles) = (Instant::now(), Vec::new());
    while began.elapsed() < wait {
        let title = format!("{round}-{}", titles.len());
        desk.say(json!({ "type": "setTitle", "title": title }));
        titles.push((Instant::now(), title));
        sleep(Duration::from_millis(10));
    }
    let at = Instant::now();
    Killed {
        home: desk.kill(),
        recording,
        run,
        titles,
        at,
    }
}

/// Titles of a round, in the timeline's order, as a program of its own reads them while no desk runs.
fn titles_noted(home: &Home, round: u32) -> Vec<String> {
    let mut command = home.program("airdesk", &Environment::new());
    let printed = output_of(command.args(["timeline", "--json", "--kind", "title"]));
    let printed = String::from_utf8(printed).expect("UTF-8");
    let titles = printed.lines().map(|line| {
        let entry: Value = serde_json::from_str(line).expect("JSON");
        entry["title"].as_str().expect("a title").to_owned()
    });
    titles.filter(|title| title.starts_with(&format!("{round}-"))).collect()
}

/// The last number in it.
fn last_number(heard: &Heard) -> u64 {
    let [_, last] = *heard.without_silence().frames.last().expect("numbers are heard");
    (last / number_at(0)).round() as u64
}

fn is_unbroken(heard: &Heard) {
    let numbers = heard.numbers(1.0);
    assert_eq!(
        (numbers.lost, numbers.repeated, numbers.damaged),
        (0, 0, 0),
        "{numbers:?}"
    );
}

#[test]
fn everything_opens_after_a_kill_and_nothing_older_than_a_second_is_missing() {
    let (mut home, mut before) = (Home::new(), Vec::new());
    numbered(&home.path().join("numbers.wav"), 20, PLAYED);
    for round in 0..KILLS {
        let killed = kill(home, round);
        let noted = titles_noted(&killed.home, round);
        let told = killed.titles.iter().map(|(_, title)| title);
        assert!(
            noted.iter().eq(told.take(noted.len())),
            "in order, none missing between"
        );
        let old = killed.titles.iter().filter(|(told, _)| killed.at - *told > seconds(1));
        let old = old.count();
        assert!(
            old > 0 && noted.len() >= old,
            "round {round}: {} of {old} are there",
            noted.len()
        );
        let recorded = listen::file(&killed.recording);
        is_unbroken(&recorded);

        let mut next = Desk::start_at(killed.home, &Environment::new(), &[]);
        let session = next.snapshot()["strips"].clone();
        assert!(session.to_string().contains("\"Numbers\""), "round {round}: {session}");
        next.wait("the recording to be looked over", seconds(10), |snapshot| {
            let notices = snapshot["notices"].to_string();
            notices.contains("was not finished by the desk").then_some(())
        });
        let notices = next.snapshot()["notices"].to_string();
        for broken in ["set aside", "is kept as", "a new one was begun"] {
            assert!(!notices.contains(broken), "round {round}: {notices}");
        }
        let settings = json!({ "folder": next.home().join("recordings") });
        next.say(json!({ "type": "setRecording", "settings": settings }));
        let keep = json!({ "type": "keepLast", "seconds": 3_600.0, "run": killed.run });
        let kept = next.say(keep)["kept"].clone();
        let files = kept["files"].as_array().expect("files").iter();
        let files: Vec<_> = files.filter_map(|file| file["path"].as_str()).collect();
        assert!(files.len() > 1, "the programme and stems: {kept}");
        for file in &files {
            output_of(Command::new("flac").args(["--test", "--silent", file]));
        }
        let held = listen::file(files[0].as_ref());
        is_unbroken(&held.span(held.seconds() - 1.0, held.seconds()));
        // The recorder loses a quarter of a second at the most, which is held against it elsewhere.
        let (held, recorded) = (last_number(&held), last_number(&recorded));
        println!(
            "round {round}: {} titles after the last that was noted, and {} ms less in the black box than in the recording",
            killed.titles.len() - noted.len(),
            (recorded as i64 - held as i64) / 48
        );
        assert!(held + 48_000 >= recorded, "round {round}: {held} of {recorded}");
        // The next one begins with what two kills have left.
        home = next.kill();
        before.push(noted);
        for (round, noted) in before.iter().enumerate() {
            assert_eq!(&titles_noted(&home, round as u32), noted, "of round {round}");
        }
    }
}
