//! What is kept: every frame of it, and what stands where there was none.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use airdesk_engine::TapPoint;
use airdesk_outputs::black_box::{Heard, KeepError, KeepOrder, Kept, Shelf};
use airdesk_outputs::recorder::Naming;
use airdesk_outputs::title::TitleWords;

use super::{differs_at, expected, first_of, frames, keep, order, play, play_seconds, ring_files, settings, start};
use crate::rig::reader::{ffprobe_frames, sndfile_frames, sox_frames};
use crate::rig::seconds;
use crate::rig::show::Show;

#[test]
fn what_nobody_recorded_is_kept_afterwards_to_the_bit_with_all_lanes_beside_the_programme() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let black_box = start(settings(folder.path(), &show), &show);
    let tap = show.tap(one, TapPoint::PostFader);
    black_box.add_lane("Studio", tap);
    play_seconds(&mut show, &black_box, 14);
    let guest_began = show.blocks * 64;
    let two = show.add_strip(5, 2, true);
    let tap = show.tap(two, TapPoint::PreFader);
    let guest = black_box.add_lane("Guest", tap);
    play_seconds(&mut show, &black_box, 5);
    black_box.rename_lane(guest, "Guest: Ann/Bob");
    play_seconds(&mut show, &black_box, 4);
    show.remove(two);
    let guest_ended = show.blocks * 64;
    play(&mut show, &black_box, 750 * 6 + 333);

    let kept = keep(&black_box, order(folder.path(), seconds(21)));
    assert_eq!(kept.frames, 21 * 48_000);
    let names: Vec<_> = kept
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.path.file_name().expect("a name").to_str()))
        .collect();
    let expected_names = [
        ("programme", Some("kept.wav")),
        ("Studio", Some("kept - Studio.wav")),
        ("Guest: Ann/Bob", Some("kept - Guest_ Ann_Bob.wav")),
    ];
    assert_eq!(names, expected_names);
    assert!(kept.files.iter().all(|file| file.gaps.is_empty()), "{kept:?}");
    let (first, late) = (first_of(&show, &kept), u64::from(show.latency().0));
    let [programme, studio, guest] = [0, 1, 2].map(|n| frames(&kept.files[n].path));
    let heard = expected(1, 0, late, first, kept.frames);
    assert_eq!(differs_at(&programme, &heard), None);
    assert_eq!(
        differs_at(&studio, &programme),
        None,
        "a stem lies beside the mix to the frame"
    );
    let mut heard = expected(2, guest_began, late, first, kept.frames);
    // It fades with its strip's removal in nothing that is before the fader, and ends with it.
    let end = guest
        .iter()
        .rposition(|frame| *frame != [0.0; 2])
        .expect("it was heard")
        + 1;
    let ended = (guest_ended + late - first) as usize;
    assert!((ended - 6400..=ended).contains(&end), "{end} of {ended}");
    heard[end..].fill([0.0; 2]);
    assert_eq!(differs_at(&guest, &heard), None);
    for file in &kept.files {
        let read = [
            ffprobe_frames(&file.path, 48_000.0),
            sox_frames(&file.path),
            sndfile_frames(&file.path),
        ];
        assert_eq!(read, [kept.frames; 3]);
    }
    let again = keep(&black_box, order(folder.path(), seconds(2)));
    assert_eq!(again.files[0].path.file_name().expect("a name"), "kept-2.wav");
    black_box.stop();
}

#[test]
fn more_than_is_held_is_all_that_is_held_and_of_nothing_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let black_box = start(settings(folder.path(), &show), &show);
    let keeping = black_box.keep(order(folder.path(), seconds(60))).expect("it begins");
    assert!(matches!(keeping.wait(), Err(KeepError::Nothing)));
    assert!(!folder.path().join("kept").exists());
    play(&mut show, &black_box, 777);
    let kept = keep(&black_box, order(folder.path(), seconds(7200)));
    assert_eq!(kept.frames, 777 * 64);
    let late = u64::from(show.latency().0);
    let heard = expected(1, 0, late, 0, kept.frames);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
}

#[test]
fn a_tap_that_was_read_too_late_is_silence_of_that_length_and_said_to_the_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let black_box = start(settings(folder.path(), &show), &show);
    let tap = show.tap_of(one, TapPoint::PostFader, 200);
    black_box.add_lane("Mic", tap);
    show.play_at_once(100);
    std::thread::sleep(Duration::from_millis(300));
    show.play_at_once(700);
    std::thread::sleep(Duration::from_millis(300));
    show.play_at_once(150);
    let kept = keep(&black_box, order(folder.path(), seconds(60)));
    let late = u64::from(show.latency().0);
    assert!(kept.files[0].gaps.is_empty(), "the programme's queue holds more");
    // Of the 700 at once at least the 200 that fit, and what was read meanwhile.
    let gaps = &kept.files[1].gaps;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let (from, count) = gaps[0];
    assert_eq!(from % 64, late % 64);
    assert!(from >= 300 * 64 + late && count <= 500 * 64 && count > 0 && count % 64 == 0);
    let mut heard = frames(&kept.files[0].path);
    heard[from as usize..(from + count) as usize].fill([0.0; 2]);
    assert_eq!(differs_at(&frames(&kept.files[1].path), &heard), None);
    let lanes = &black_box.state().runs[0].lanes;
    assert_eq!((lanes[0].frames_lost, lanes[1].frames_lost), (0, count));
}

#[test]
fn silence_costs_next_to_nothing_and_is_kept_as_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    let strips: Vec<_> = (0..8).map(|slot| show.add_silent_strip(slot)).collect();
    let black_box = start(settings(folder.path(), &show), &show);
    for (n, strip) in strips.iter().enumerate() {
        let tap = show.tap(*strip, TapPoint::PostFader);
        black_box.add_lane(&format!("Mic {n}"), tap);
    }
    play_seconds(&mut show, &black_box, 60);
    let kept = keep(&black_box, order(folder.path(), seconds(60)));
    assert_eq!((kept.files.len(), kept.frames), (9, 60 * 48_000));
    for file in &kept.files {
        assert!(frames(&file.path).iter().all(|frame| *frame == [0.0; 2]));
    }
    let state = black_box.state();
    // 9 lanes: a 260th of what one of them takes as PCM of 24 bits.
    assert!(state.bytes < 60 * 288_000 / 500, "{} bytes", state.bytes);
    let on_disk: u64 = ring_files(folder.path())
        .iter()
        .map(|path| path.metadata().expect("there").len())
        .sum();
    assert_eq!(state.bytes, on_disk);
}

/// The frames of a WAV file's cue points.
fn cue_points(path: &Path) -> Vec<u32> {
    let bytes = std::fs::read(path).expect("there");
    let at = bytes.windows(4).rposition(|name| name == b"cue ").expect("cue points");
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let points = u32_at(at + 8) as usize;
    (0..points).map(|point| u32_at(at + 12 + point * 24 + 20)).collect()
}

fn by(artist: &str, title: &str) -> TitleWords {
    TitleWords {
        title: title.into(),
        artist: artist.into(),
        show: "Night".into(),
    }
}

#[test]
fn what_is_kept_is_called_by_what_was_on_when_it_began_and_marked_to_the_frame_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let black_box = start(settings(folder.path(), &show), &show);
    let tap = show.tap(one, TapPoint::PostFader);
    black_box.add_lane("Mic", tap);
    black_box.set_title(0, by("", "Before"));
    play_seconds(&mut show, &black_box, 5);
    black_box.set_title(show.blocks * 64, by("Ann", "One"));
    // Over the end of a segment, and of another.
    play_seconds(&mut show, &black_box, 17);
    black_box.mark_dumped(&(20 * 48_000..21 * 48_000));
    let second = show.blocks * 64;
    black_box.set_title(second, by("Bob", "Two"));
    play_seconds(&mut show, &black_box, 6);
    let asked = |last: u64, called: &str| {
        let (heard, name) = (Arc::new(Mutex::new(None)), called.to_owned());
        let told = heard.clone();
        let naming = move |now: &Heard| {
            *told.lock().expect("nobody panics here") = Some(now.on.clone());
            let mut naming = Naming {
                names: vec![name.clone()],
                ..Naming::default()
            };
            (naming.tags.title, naming.tags.artist) = (now.on.title.clone(), now.on.artist.clone());
            naming
        };
        let order = KeepOrder {
            naming: Arc::new(naming),
            cue_sheet: true,
            ..order(folder.path(), seconds(last))
        };
        (order, heard)
    };
    let check = |kept: &Kept, heard: &Mutex<Option<TitleWords>>| {
        assert_eq!(kept.frames, 10 * 48_000);
        assert_eq!(*heard.lock().expect("nobody panics here"), Some(by("Ann", "One")));
        let first = 18 * 48_000;
        let expected = [0, 20 * 48_000 - first, 21 * 48_000 - first, second - first].map(|frame| frame as u32);
        for file in &kept.files {
            assert_eq!(cue_points(&file.path), expected, "{}", file.name);
        }
        let sheet = std::fs::read_to_string(kept.files[0].path.with_extension("wav.cue")).expect("a sheet");
        let lines: Vec<&str> = sheet
            .lines()
            .map(str::trim)
            .filter(|line| !line.contains("FILE"))
            .collect();
        let expected = [
            "TITLE \"One\"",
            "TRACK 01 AUDIO",
            "TITLE \"One\"",
            "PERFORMER \"Ann\"",
            "INDEX 01 00:00:00",
            "TRACK 02 AUDIO",
            "TITLE \"dumped 1.0 s\"",
            "INDEX 01 00:02:00",
            "TRACK 03 AUDIO",
            "TITLE \"One\"",
            "PERFORMER \"Ann\"",
            "INDEX 01 00:03:00",
            "TRACK 04 AUDIO",
            "TITLE \"Two\"",
            "PERFORMER \"Bob\"",
            "INDEX 01 00:04:00",
        ];
        assert_eq!(lines, expected);
        assert!(
            !kept.files[1].path.with_extension("wav.cue").exists(),
            "stems have none"
        );
    };
    let (order, heard) = asked(10, "while it turns");
    check(&keep(&black_box, order), &heard);
    black_box.stop();
    let shelf = Shelf::open(&folder.path().join("ring"))
        .expect("looked")
        .expect("it is there");
    let (order, heard) = asked(10, "afterwards");
    check(
        &shelf.keep(order).expect("it begins").wait().expect("it is kept"),
        &heard,
    );
}

#[test]
fn what_is_on_stays_on_when_another_engine_begins_another_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut show, mut next) = (Show::new(), Show::new());
    let black_box = start(settings(folder.path(), &show), &show);
    play_seconds(&mut show, &black_box, 1);
    black_box.set_title(show.blocks * 64, by("Ann", "One"));
    play_seconds(&mut show, &black_box, 1);
    black_box.begin_run(next.programme.reader());
    std::thread::sleep(Duration::from_millis(200));
    // Longer than the first: only so is it known that the disk has it.
    play_seconds(&mut next, &black_box, 4);
    let on = Arc::new(Mutex::new(TitleWords::default()));
    let told = on.clone();
    let naming = move |heard: &Heard| {
        *told.lock().expect("nobody panics here") = heard.on.clone();
        Naming {
            names: vec!["kept".into()],
            ..Naming::default()
        }
    };
    let order = KeepOrder {
        naming: Arc::new(naming),
        ..order(folder.path(), seconds(60))
    };
    keep(&black_box, order);
    assert_eq!(*on.lock().expect("nobody panics here"), by("Ann", "One"));
}
