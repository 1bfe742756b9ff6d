//! The scribe and its readers, on real files: what is on disk when a desk is killed, when the disk refuses, and later.

mod reading;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver};

use jiff::{Timestamp, Zoned};
use rusqlite::Connection;

use super::retention::{Limits, Pruned, prune};
use super::scribe::{Draft, Scribe, ScribeNews, Wish};
use super::watch::Watch;
use super::*;
use crate::api::{TimelineEntry, TimelineKind};
use crate::tracks::TrackFile;

/// A scribe with a folder, and what it says.
struct Desk {
    folder: PathBuf,
    scribe: Scribe,
    watch: Watch,
    serial: u64,
    news: Receiver<ScribeNews>,
    events: broadcast::Receiver<Event>,
}

impl Desk {
    fn new(folder: &Path, session: &str) -> Self {
        Self::with(folder, session, Watch::start())
    }

    fn with(folder: &Path, session: &str, watch: Watch) -> Self {
        let (events, heard) = broadcast::channel(64);
        let (tell, news) = mpsc::channel();
        let tell = move |said| {
            let _ = tell.send(said); // a test that is over does not listen
        };
        let path = folder.join(crate::library::FILE);
        Self {
            folder: folder.to_owned(),
            scribe: Scribe::start(&path, Path::new(session), watch, events, tell).expect("a thread"),
            watch,
            serial: 0,
            news,
            events: heard,
        }
    }

    fn title(&mut self, title: &str) -> u64 {
        let title = title.to_owned();
        self.note("programme", Happening::Title { title })
    }

    fn note(&mut self, subject: &str, happening: Happening) -> u64 {
        self.serial += 1;
        let draft = Draft {
            serial: self.serial,
            stamp: self.watch.now(),
            frame: self.serial * 64,
            subject: subject.into(),
            cause: None,
            position: None,
            happening,
        };
        self.scribe.ask(Wish::Write(Box::new(draft)));
        self.serial
    }

    /// Waits until everything is on disk.
    fn end(self) {
        let (answer, ended) = tokio::sync::oneshot::channel();
        let mut answer = Some(answer);
        while !self.scribe.end(&mut answer) {
            std::thread::sleep(Duration::from_millis(5));
        }
        ended.blocking_recv().expect("all is written");
    }

    fn heard(&self) -> ScribeNews {
        self.news
            .recv_timeout(Duration::from_secs(20))
            .expect("it says something")
    }

    /// Waits for so many entries.
    fn when(&self, count: usize) -> Vec<TimelineEntry> {
        for _ in 0..2_000 {
            if let Ok(reader) = TimelineFile::in_folder(&self.folder).open() {
                let found = reader.read(&all()).expect("readable").entries;
                if found.len() >= count {
                    return found;
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{count} entries never came");
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn all() -> Question {
    Question {
        limit: 100_000,
        order: Order::OldestFirst,
        ..Question::default()
    }
}

fn read(folder: &Path, question: &Question) -> Page {
    let reader = TimelineFile::in_folder(folder).open().expect("a timeline");
    reader.read(question).expect("readable")
}

fn titles(entries: &[TimelineEntry]) -> Vec<String> {
    let title = |entry: &TimelineEntry| match &entry.happening {
        Happening::Title { title } => Some(title.clone()),
        _ => None,
    };
    entries.iter().filter_map(title).collect()
}

fn open(folder: &Path) -> Connection {
    Connection::open(folder.join(crate::library::FILE)).expect("a database")
}

/// Set for a process of its own that logs until it is killed.
const VICTIM: &str = "AIRDESK_TEST_VICTIM";

/// What the victim does: a title every 3 ms, and its number on standard output.
fn log_until_killed(folder: &Path) -> ! {
    let mut desk = Desk::new(folder, "/session.toml");
    let mut out = std::io::stdout();
    let (play, stamp) = (1 << 40, desk.watch.now());
    let begun = PlayBegun {
        path: "/music/a.flac".into(),
        strip: "Deck".into(),
        title: "A".into(),
        artist: String::new(),
    };
    desk.scribe.ask(Wish::Play {
        serial: play,
        stamp,
        play: Box::new(begun),
    });
    loop {
        let number = desk.serial + 1;
        desk.title(&number.to_string());
        desk.scribe.ask(Wish::Heard {
            serial: play,
            seconds: number as f64,
        });
        // Whoever reads has gone only when it has killed us.
        let _ = writeln!(out, "noted {number}").and_then(|()| out.flush());
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Starts a victim, kills it so many milliseconds after its first entry, and returns which it had noted a second before.
fn kill_one(folder: &Path, after: u64) -> u64 {
    let mut victim = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "timeline::tests::nothing_older_than_a_second_is_missing_after_a_kill",
            "--nocapture",
        ])
        .env(VICTIM, folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a victim");
    let out = BufReader::new(victim.stdout.take().expect("its output"));
    let mut noted = Vec::new();
    let mut end = None;
    for line in out.lines().map_while(Result::ok) {
        // The test's own heading may be on the same line.
        let Some((_, number)) = line.rsplit_once("noted ") else {
            continue;
        };
        let now = Instant::now();
        noted.push((now, number.parse::<u64>().expect("a number")));
        if now >= *end.get_or_insert(now + Duration::from_millis(after)) {
            break;
        }
    }
    let killed = Instant::now();
    victim.kill().expect("killed"); // SIGKILL, where there are signals
    victim.wait().expect("gone");
    let old = noted.iter().filter(|(at, _)| killed - *at > Duration::from_secs(1));
    old.map(|(_, number)| *number).max().unwrap_or_default()
}

#[test]
fn nothing_older_than_a_second_is_missing_after_a_kill() {
    if let Some(folder) = std::env::var_os(VICTIM) {
        log_until_killed(Path::new(&folder));
    }
    // Four kills of each of five libraries: every desk but the first finds what was left by one that was killed.
    let one = |library: u64| {
        let folder = folder();
        for kill in 0..4 {
            let known = TimelineFile::in_folder(folder.path())
                .open()
                .ok()
                .and_then(|reader| reader.newest().expect("readable"));
            let old = kill_one(folder.path(), 1_050 + library * 77 + kill * 193);
            let kept = read(
                folder.path(),
                &Question {
                    after: known,
                    kinds: vec![TimelineKind::Title],
                    ..all()
                },
            );
            let numbers: Vec<u64> = titles(&kept.entries).iter().flat_map(|title| title.parse()).collect();
            let plays = TrackFile::in_folder(folder.path())
                .open()
                .and_then(|reader| reader.plays(None, 1));
            let heard = plays.expect("readable").plays[0].seconds;
            assert!(heard >= old as f64, "{heard} of {old} were heard");
            assert!(
                numbers.iter().copied().eq(1..=numbers.len() as u64),
                "in order, none missing between"
            );
            assert!(
                old > 0 && numbers.len() as u64 >= old,
                "{} of {old} are there",
                numbers.len()
            );
            let whole: String = open(folder.path())
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .expect("readable");
            assert_eq!(whole, "ok");
        }
        let killed = read(
            folder.path(),
            &Question {
                kinds: vec![TimelineKind::DeskKilled],
                ..all()
            },
        );
        assert_eq!(killed.entries.len(), 3, "each desk tells of the one before");
    };
    std::thread::scope(|scope| {
        let libraries: Vec<_> = (0..5).map(|library| scope.spawn(move || one(library))).collect();
        for library in libraries {
            library.join().expect("all of them hold");
        }
    });
}

#[test]
fn a_desk_goes_on_without_a_library_and_writes_all_it_could_keep_when_there_is_one() {
    let folder = folder();
    let path = folder.path().join(crate::library::FILE);
    fs::create_dir(&path).expect("something is in the way");
    let mut desk = Desk::new(folder.path(), "/session.toml");
    desk.title("0");
    let ScribeNews::Stuck(why) = desk.heard() else {
        panic!("it is not stuck");
    };
    assert!(why.contains("library.sqlite3"), "{why}");
    assert!(desk.scribe.late_since().is_some());
    for number in 1..12_000 {
        desk.title(&number.to_string());
    }
    assert!(desk.news.try_recv().is_err(), "it is told once");
    fs::remove_dir(&path).expect("out of the way");
    assert_eq!(desk.heard(), ScribeNews::Again);
    let watched = desk.folder.clone();
    desk.end();
    let kept = read(&watched, &all()).entries;
    let missed: u64 = kept
        .iter()
        .map(|entry| match entry.happening {
            Happening::Missed { entries } => entries,
            _ => 0,
        })
        .sum();
    let titles = titles(&kept);
    assert!(missed > 0, "the queue is bounded");
    assert_eq!(titles.len() as u64 + missed, 12_000);
    let order: Vec<u64> = titles.iter().flat_map(|title| title.parse()).collect();
    assert!(order.is_sorted());
}

#[test]
fn a_library_that_breaks_while_it_is_written_is_set_aside_and_a_new_one_goes_on() {
    let folder = folder();
    let path = folder.path().join(crate::library::FILE);
    let mut desk = Desk::new(folder.path(), "/session.toml");
    for number in 0..3_000 {
        desk.title(&format!("{number} {}", "x".repeat(200)));
    }
    desk.end();
    let mut bytes = fs::read(&path).expect("a library");
    let length = bytes.len();
    bytes[4096..length].fill(0xA5); // all but the first page, which says what it is
    fs::write(&path, &bytes).expect("broken");
    let mut desk = Desk::new(folder.path(), "/session.toml");
    desk.title("after");
    let ScribeNews::SetAside(warning) = desk.heard() else {
        panic!("nothing was set aside");
    };
    assert!(
        warning.contains("broken") && warning.contains("a new one was begun"),
        "{warning}"
    );
    assert_eq!(titles(&desk.when(1)), ["after"]);
    let aside = fs::read_dir(folder.path())
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path());
    let aside: Vec<_> = aside
        .filter(|path| path.to_string_lossy().contains("broken-"))
        .collect();
    assert!(
        aside
            .iter()
            .any(|path| fs::metadata(path).is_ok_and(|file| file.len() == length as u64)),
        "{aside:?}"
    );
}

#[test]
fn a_library_that_was_deleted_is_made_anew() {
    let folder = folder();
    let mut desk = Desk::new(folder.path(), "/session.toml");
    desk.title("before");
    desk.when(1);
    for name in ["library.sqlite3", "library.sqlite3-wal", "library.sqlite3-shm"] {
        fs::remove_file(folder.path().join(name)).expect("deleted");
    }
    desk.title("after");
    assert_eq!(titles(&desk.when(1)), ["after"]);
}

#[test]
fn two_desks_write_into_one_library_and_only_the_one_of_the_same_session_was_killed() {
    let folder = folder();
    let mut desks = ["/one.toml", "/two.toml"].map(|session| Desk::new(folder.path(), session));
    for number in 0..300 {
        for desk in &mut desks {
            desk.title(&number.to_string());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let entries = desks[0].when(600);
    for desk in [1, 2] {
        let of_it: Vec<_> = entries.iter().filter(|entry| entry.desk == desk).cloned().collect();
        let numbers: Vec<u64> = titles(&of_it).iter().flat_map(|title| title.parse()).collect();
        assert!(numbers.into_iter().eq(0..300), "desk {desk}");
    }
    let [one, two] = desks;
    one.end();
    drop(two.scribe); // as little as a kill leaves
    for (session, killed) in [("/one.toml", 0), ("/two.toml", 1), ("/two.toml", 1)] {
        let mut desk = Desk::new(folder.path(), session);
        desk.title("again");
        desk.end();
        let question = Question {
            kinds: vec![TimelineKind::DeskKilled],
            ..all()
        };
        assert_eq!(read(folder.path(), &question).entries.len(), killed, "{session}");
    }
}

/// The wall clock of the test below, seconds since 1970.
static WALL: AtomicI64 = AtomicI64::new(0);

#[test]
fn a_wall_clock_that_is_set_changes_no_order_and_no_seconds() {
    let folder = folder();
    let wall: fn() -> Zoned = || {
        let seconds = WALL.load(Ordering::Relaxed); // Relaxed: one thread sets and asks
        Timestamp::from_second(seconds)
            .expect("a time")
            .in_tz("UTC")
            .expect("a zone")
    };
    let mut desk = Desk::with(folder.path(), "/session.toml", Watch::with_wall(wall));
    let times = [10, 1_795_363_445, 1_795_359_845, 1_795_363_500];
    for time in times {
        WALL.store(time, Ordering::Relaxed);
        desk.title(&time.to_string());
        std::thread::sleep(Duration::from_millis(5));
    }
    let entries = desk.when(4);
    assert_eq!(titles(&entries), times.map(|time| time.to_string()));
    assert!(entries.is_sorted_by(|a, b| a.number < b.number && a.seconds < b.seconds && a.frame < b.frame));
    let written: Vec<_> = entries.iter().map(|entry| entry.time.as_str()).collect();
    assert_eq!(written[0], "1970-01-01T00:00:10.000+00:00");
    assert_eq!(written[2], "2026-11-22T15:04:05.000+00:00");
    let since = |time: i64, until: i64| {
        let question = Question {
            since: Some(time * 1_000_000),
            until: Some(until * 1_000_000),
            ..all()
        };
        titles(&read(folder.path(), &question).entries)
    };
    assert_eq!(since(1_795_363_000, 1_795_363_450), ["1795363445"]);
    assert_eq!(since(0, 100), ["10"]);
    assert!(since(2_000_000_000, 2_100_000_000).is_empty());
    // What was logged before the clock was set is as old as its desk, which began when the clock says now.
    desk.title("a round");
    desk.when(5);
    let limits = Limits::default();
    prune(&open(folder.path()), &limits, 1_795_363_500_000_000).expect("pruned");
    assert_eq!(read(folder.path(), &all()).entries.len(), 5);
}

#[test]
fn a_loss_that_goes_on_is_one_entry_that_grows_and_is_told_again() {
    let folder = folder();
    let mut desk = Desk::new(folder.path(), "/session.toml");
    let loss = |frames| Happening::Loss {
        frames,
        seconds: frames as f64 / 48_000.0,
    };
    let serial = desk.note("stream", loss(480));
    desk.when(1);
    desk.scribe.ask(Wish::Grow {
        serial,
        happening: Box::new(loss(96_000)),
    });
    let first = desk.events.blocking_recv().expect("told");
    let second = desk.events.blocking_recv().expect("told again");
    let (Event::Timeline(first), Event::Timeline(second)) = (first, second) else {
        panic!("other events");
    };
    assert_eq!((first.number, first.happening), (second.number, loss(480)));
    assert_eq!(read(folder.path(), &all()).entries, std::slice::from_ref(&second));
    assert_eq!(second.happening, loss(96_000));
    assert_eq!(second.text, "lost 2.000 s (96000 frames) of stream");
}
