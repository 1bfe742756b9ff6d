//! The timeline of a show, read by a program of its own: while the desk runs, after it was killed, and as a table.
#![cfg(target_os = "linux")]

use std::process::Command;
use std::thread::sleep;

use lab::desk::{DATA, Desk, Home};
use lab::http;
use lab::icecast::{Icecast, PASSWORD};
use lab::process::output_of;
use lab::sound_server::Environment;
use lab::wait::{self, seconds};
use serde_json::{Value, json};

/// What `airdesk timeline` prints.
fn printed(home: &Home, arguments: &[&str]) -> String {
    let mut command = home.program("airdesk", &Environment::new());
    let output = output_of(command.arg("timeline").args(arguments));
    String::from_utf8(output).expect("UTF-8")
}

fn entries(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let lines = printed(home, &[&["--json"], arguments].concat());
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().filter_map(|entry| entry["kind"].as_str()).collect()
}

#[test]
fn a_show_that_was_killed_is_read_from_its_timeline_and_so_is_the_kill() {
    let icecast = Icecast::start();
    let mut desk = Desk::start(&Environment::new());
    let settings = json!({
        "host": "localhost", "port": icecast.port, "mount": "/live.mp3", "codec": "mp3", "bitRate": 128,
    });
    desk.say(json!({ "type": "setTarget", "target": 1, "settings": settings }));
    desk.say(json!({ "type": "setPassword", "target": 1, "password": PASSWORD }));
    desk.say(json!({ "type": "goLive" }));
    desk.wait_for_air("live", 10);
    let recording = desk.record("pcm24");
    let title = "=HYPERLINK(\"http://evil.test\") \u{202e}– Jóga, 🎙";
    desk.say(json!({ "type": "setTitle", "title": title }));
    sleep(seconds(1));
    let table = http::get(desk.port, "/timeline.csv").expect("the desk answers");
    let table = String::from_utf8(table.body).expect("UTF-8");
    assert!(
        table.contains("\"title: =HYPERLINK(\"\"http://evil.test\"\")"),
        "{table}"
    );
    let home = desk.kill();

    let first = entries(&home, &[]);
    assert_eq!(
        kinds(&first),
        ["deskStarted", "onAir", "recordingStarted", "title"],
        "{first:#?}"
    );
    assert_eq!(first[1]["subject"], format!("localhost:{}/live.mp3", icecast.port));
    assert_eq!(first[2]["subject"], recording.to_string_lossy().as_ref());
    assert_eq!(first[3]["title"], title);

    let mut next = Desk::start_at(home, &Environment::new(), &[]);
    next.wait("the orphan to be told", seconds(10), |snapshot| {
        let told = |notice: &Value| {
            notice["text"]
                .as_str()
                .is_some_and(|text| text.contains("was not finished by the desk"))
        };
        snapshot["notices"]
            .as_array()
            .is_some_and(|notices| notices.iter().any(told))
            .then_some(())
    });
    let home = next.stop();
    let all = entries(&home, &[]);
    assert_eq!(
        kinds(&all)[4..],
        ["deskKilled", "deskStarted", "recordingRecovered", "deskStopped"],
        "{all:#?}"
    );
    assert!(recording.is_file(), "an orphan is never deleted");
    assert_eq!(
        entries(&home, &["--kind", "title", "--kind", "onAir"]),
        [first[1].clone(), first[3].clone()]
    );
    assert_eq!(entries(&home, &["--limit", "1"])[0]["kind"], "deskStopped");
    assert_eq!(entries(&home, &["--word", "jóga"]), [first[3].clone()]);
    assert_eq!(entries(&home, &["--since", "1h"]).len(), 8);
    assert!(entries(&home, &["--until", "2020-01-01"]).is_empty());
    let table = printed(&home, &["--csv"]);
    assert_eq!(table.lines().count(), 9);
    assert!(table.starts_with("number,desk,time,"), "{table}");
    assert!(!printed(&home, &[]).contains(PASSWORD));
}

#[test]
fn a_timeline_that_is_followed_shows_what_happens_while_it_does() {
    let mut desk = Desk::start(&Environment::new());
    let said = desk.home().join("followed.log");
    let mut follow = Command::new(lab::built("airdesk"));
    follow
        .args(["timeline", "--follow"])
        .env("HOME", desk.home())
        .env_remove("XDG_DATA_HOME");
    wait::until("a timeline", seconds(5), || {
        desk.home().join(DATA).join("library.sqlite3").exists().then_some(())
    });
    let mut follow = lab::process::Process::start(&mut follow, &said, lab::process::Priority::Ordinary);
    for title in ["One", "Two"] {
        desk.say(json!({ "type": "setTitle", "title": title }));
        wait::until("the title to be shown", seconds(5), || {
            follow.output().contains(&format!("title: {title}")).then_some(())
        });
    }
    follow.kill();
}

#[test]
fn there_is_a_reason_where_there_is_no_timeline_and_a_foreign_page_gets_none() {
    let home = Home::new();
    let output = home
        .program("airdesk", &Environment::new())
        .arg("timeline")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("library.sqlite3") && said.contains("desk runs"), "{said}");
    let desk = Desk::start_at(home, &Environment::new(), &[]);
    let request = format!(
        "GET /timeline.csv HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: http://evil.test\r\nConnection: close\r\n\r\n",
        desk.port
    );
    assert_eq!(http::request(desk.port, &request).expect("an answer").status, 403);
}

#[test]
fn a_full_disk_costs_the_timeline_alone_and_what_was_kept_is_written_when_there_is_room() {
    let mut desk = Desk::start_with_small_data(Home::new(), &Environment::new(), "1m");
    let data = format!("/proc/{}/root{}/{DATA}", desk.process.id(), desk.home().display());
    let plug = format!("{data}/plug");
    std::fs::write(&plug, vec![0; 500_000]).expect("there is room");
    let told = |snapshot: &Value, what: &str| {
        let notices = snapshot["notices"].as_array()?;
        let text = |notice: &Value| notice["text"].as_str().map(str::to_owned);
        notices.iter().filter_map(text).find(|text| text.starts_with(what))
    };
    let mut last = String::new();
    let full = (0..3_000).find_map(|number| {
        last = format!("{number} {}", "x".repeat(400));
        desk.say(json!({ "type": "setTitle", "title": last }));
        told(desk.snapshot(), "the timeline is not written")
    });
    assert!(full.is_some_and(|text| text.contains("library.sqlite3") && text.contains("free space")));
    let mixed = |snapshot: &Value| snapshot["engine"]["seconds"].as_f64();
    let before = mixed(desk.snapshot()).expect("the engine counts");
    desk.wait("the engine to go on for 2 s", seconds(20), |snapshot| {
        mixed(snapshot).filter(|now| *now > before + 2.0)
    });
    std::fs::remove_file(&plug).expect("it is there");
    desk.wait("the timeline to be written again", seconds(20), |snapshot| {
        told(snapshot, "the timeline is written again")
    });
    let ask = json!({ "type": "readTimeline", "before": null, "limit": 1, "kinds": ["title"], "words": "" });
    wait::until("the last title", seconds(10), || {
        (desk.say(ask.clone())["entries"][0]["title"] == last.as_str()).then_some(())
    });
}
