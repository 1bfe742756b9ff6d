//! What scans find, lose, find again and survive.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use super::super::scan::scan_with;
use super::super::store::{Row, put};
use super::*;
use airdesk_sources::decode::Decoder;

#[test]
fn a_scan_opens_nothing_that_is_as_it_was_and_finds_what_has_changed() {
    let music = Music::new();
    music.add("a.wav", "A", "");
    music.add("b.wav", "B", "");
    assert_eq!(counts(&music.scan()), [2, 0, 0, 0, 0]);
    let opened = Mutex::new(Vec::new());
    let mut writer = music.writer();
    let mut scan = || {
        let path = writer.path.clone();
        scan_with(
            &mut writer.connection,
            &path,
            &AtomicBool::new(false),
            &mut |_| {},
            &|path| {
                opened.lock().expect("one thread").push(path.to_owned());
                Decoder::open(path)
            },
        )
    };
    assert_eq!(counts(&scan()), [0; 5]);
    assert!(opened.lock().expect("one thread").is_empty());
    let id = music.search("a")[0].id;
    music.add("a.wav", "A, another one", "");
    assert_eq!(counts(&scan()), [0, 1, 0, 0, 0]);
    assert_eq!(*opened.lock().expect("one thread"), [music.at("a.wav")]);
    assert_eq!(music.search("another")[0].id, id, "it keeps its number");
}

#[test]
fn what_is_gone_is_kept_with_its_number_and_plays_until_it_is_back() {
    let music = Music::new();
    music.add("disk/a.wav", "A", "");
    music.add("b.wav", "B", "");
    music.scan();
    let a = music.search("a")[0].clone();
    let play = PlayBegun {
        path: a.path.clone(),
        strip: "Deck 1".into(),
        title: "A".into(),
        artist: String::new(),
    };
    let number = begin(&music.writer().connection, &play, 1_795_363_445_000_000, 3_600).expect("written");
    grow(&music.writer().connection, number, 61.5).expect("written");
    let away = music.folder.path().join("unplugged");
    fs::rename(music.at("disk"), &away).expect("unplugged");
    assert_eq!(counts(&music.scan()), [0, 0, 0, 1, 0]);
    assert_eq!(music.titles(""), ["B"]);
    let reader = music.file.open().expect("a library");
    let gone = reader.track(a.id).expect("read").expect("it is kept");
    assert!(gone.gone && gone.plays == 1);
    assert_eq!(counts(&music.scan()), [0; 5], "it is told once");
    fs::rename(&away, music.at("disk")).expect("plugged in");
    assert_eq!(counts(&music.scan()), [0, 0, 1, 0, 0]);
    let back = &music.search("a")[0];
    let last = Some("2026-11-22T17:04:05.000+01:00".to_owned());
    assert_eq!((back.id, back.plays, &back.last_played), (a.id, 1, &last));
    let plays = reader.plays(None, 10).expect("read");
    assert_eq!((plays.older, plays.plays.len()), (None, 1));
    assert_eq!((plays.plays[0].track, plays.plays[0].seconds), (Some(a.id), 61.5));
}

#[test]
fn a_folder_that_is_not_there_or_taken_out_loses_its_tracks_until_it_is_back() {
    let music = Music::new();
    music.add("a.wav", "A", "");
    music.scan();
    let (folder, away) = (music.at(""), music.folder.path().join("away"));
    fs::rename(&folder, &away).expect("moved");
    let summary = music.scan();
    assert_eq!(counts(&summary), [0, 0, 0, 1, 1]);
    assert!(summary.faults[0].contains("is not there"), "{:?}", summary.faults);
    fs::rename(&away, &folder).expect("back");
    assert_eq!(counts(&music.scan()), [0, 0, 1, 0, 0]);
    let path = folder.to_string_lossy().trim_end_matches('/').to_owned();
    music.writer().remove_folder(&path).expect("taken out");
    assert_eq!(music.titles(""), [""; 0]);
    let again = music.writer().remove_folder(&path).expect_err("it is out");
    assert!(again.to_string().contains("no folder of the library"), "{again}");
    music.writer().add_folder(&path).expect("added");
    assert_eq!(counts(&music.scan()), [0, 0, 1, 0, 0]);
}

#[test]
fn a_hostile_file_costs_only_itself_and_is_named() {
    let music = Music::new();
    music.add("good.wav", "Good", "");
    fs::write(music.at("notes.mp3"), "no music at all\n".repeat(1_000)).expect("written");
    fs::write(music.at("empty.flac"), "").expect("written");
    let mut riff = b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\x7f".to_vec();
    riff.resize(4_000, 0xff);
    fs::write(music.at("liar.wav"), riff).expect("written");
    let summary = music.scan();
    assert_eq!(counts(&summary), [4, 0, 0, 0, 3]);
    assert!(
        summary.faults.iter().any(|fault| fault.contains("notes.mp3")),
        "{:?}",
        summary.faults
    );
    let notes = &music.search("notes")[0];
    assert!(
        notes.fault.as_ref().is_some_and(|fault| fault.contains("notes.mp3")),
        "{notes:?}"
    );
    assert_eq!(music.search("good")[0].fault, None);
    assert_eq!(counts(&music.scan()), [0, 0, 0, 0, 3], "as it was");
}

#[test]
fn nothing_is_gone_from_a_folder_that_could_not_be_read() {
    let music = Music::new();
    // Deeper than anybody looks; it was not when its tracks were found.
    let deep: PathBuf = std::iter::repeat_n("d", 66).collect();
    let path = music.at("").join(deep).join("a.wav");
    wav(&path, 4_800, Says::default());
    let row = Row::named(&path.to_string_lossy(), 1, 1);
    put(&music.writer().connection, &row).expect("written");
    music.add("b.wav", "B", "");
    let summary = music.scan();
    assert_eq!(counts(&summary), [1, 0, 0, 0, 1], "{:?}", summary.faults);
    assert_eq!(music.titles(""), ["a", "B"]);
}

#[test]
fn a_folder_in_another_is_refused_and_one_around_others_takes_their_place() {
    let music = Music::new();
    let (outer, inner) = (music.folder.path().join("all"), music.folder.path().join("all/new"));
    fs::create_dir_all(&inner).expect("made");
    let (outer, inner) = (outer.to_string_lossy(), inner.to_string_lossy());
    let mut writer = music.writer();
    assert_eq!(writer.add_folder(&format!("{inner}/")).expect("added"), inner);
    assert_eq!(writer.add_folder(&outer).expect("added"), outer);
    let listed: Vec<String> = music
        .file
        .open()
        .and_then(|reader| reader.folders())
        .map(|(folders, _)| folders.into_iter().map(|folder| folder.path).collect())
        .expect("read");
    assert!(listed.len() == 2 && listed.contains(&outer.to_string()), "{listed:?}");
    for (path, says) in [
        (&*inner, "in the library already, with"),
        (&*outer, "in the library already, with"),
        ("music", "from the root"),
        ("/music/../etc", "from the root"),
        ("/nowhere/at/all", "is no folder"),
    ] {
        let refused = writer.add_folder(path).expect_err(path).to_string();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn how_far_a_scan_is_is_told_some_times_a_second_and_ends_with_all() {
    let music = Music::new();
    for n in 0..30 {
        music.add(&format!("{n}.wav"), "", "");
    }
    let mut told = Vec::new();
    let began = Instant::now();
    let mut writer = music.writer();
    let path = writer.path.clone();
    let tell = &mut |progress: &crate::api::ScanProgress| told.push(progress.clone());
    scan_with(&mut writer.connection, &path, &AtomicBool::new(false), tell, &|path| {
        std::thread::sleep(Duration::from_millis(30));
        Decoder::open(path)
    });
    let most = began.elapsed().as_millis() / 200 + 2;
    assert!(
        (3..=most as usize).contains(&told.len()),
        "{} in {most} turns",
        told.len()
    );
    assert!(told.is_sorted_by_key(|progress| progress.looked));
    let last = told.last().expect("the end");
    assert_eq!((last.looked, last.found, last.counted), (30, 30, true));
}

#[test]
fn a_scan_that_hangs_in_a_file_is_left_behind_and_writes_no_more() {
    let music = Music::new();
    music.add("a.wav", "A", "");
    let cancelled = Arc::new(AtomicBool::new(false));
    let (hangs, hanging) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (mut writer, seen) = (music.writer(), cancelled.clone());
    let thread = std::thread::spawn(move || {
        let path = writer.path.clone();
        scan_with(&mut writer.connection, &path, &seen, &mut |_| {}, &|path| {
            hangs.send(()).expect("waited for");
            may_go_on.recv().expect("it ends");
            Decoder::open(path)
        })
    });
    hanging.recv().expect("it hangs");
    cancelled.store(true, Ordering::Relaxed);
    assert_eq!(music.titles(""), [""; 0], "others read");
    music.add("b.wav", "B", "");
    assert_eq!(counts(&music.scan()), [2, 0, 0, 0, 0], "and another scans");
    music.add("a.wav", "A, as the other scan never saw it", "");
    go_on.send(()).expect("it waits");
    let summary = thread.join().expect("it ends");
    assert!(summary.cancelled && summary.broken.is_none());
    assert_eq!(music.titles("a"), ["A"]);
}
