//! The black box: what it holds, what is kept of it, and what it leaves alone. Every frame is known and compared.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};
use airdesk_engine::TapPoint;
use airdesk_engine::mix_queue::{MixTap, mix_queue};
use airdesk_outputs::black_box::{BlackBox, BoxPhase, BoxSettings, KeepError, KeepOrder, Kept, RunId, StartError};
use airdesk_outputs::sound_file::{FileFormat, SampleFormat, Tags};

use crate::rig::reader::{ffprobe_frames, sndfile_frames, sox_frames, wave};
use crate::rig::show::{Show, noise};
use crate::rig::{seconds, wait_for};

const FOLDER: &str = "AIRDESK_TEST_BLACK_BOX";
const INSIDE: &str = "airdesk-black-box";

fn settings(folder: &Path, show: &Show) -> BoxSettings {
    BoxSettings::new(folder.join("ring"), SampleRate::DESK, show.latency())
}

fn start(settings: BoxSettings, show: &Show) -> BlackBox {
    BlackBox::start(settings, show.programme.reader()).expect("it starts")
}

/// A bus on which nothing happens, for a box that only shows what is held.
fn nothing() -> MixTap {
    mix_queue(64).1
}

fn order(folder: &Path, last: Duration) -> KeepOrder {
    KeepOrder {
        run: None,
        last,
        folder: folder.join("kept"),
        file_stem: "kept".into(),
        format: FileFormat::Wav(SampleFormat::Pcm24),
        tags: Tags::default(),
        origin: None,
    }
}

fn keep(black_box: &BlackBox, order: KeepOrder) -> Kept {
    let keeping = black_box.keep(order).expect("it begins");
    keeping.wait().expect("it is kept")
}

fn frames(path: &Path) -> Vec<Frame> {
    wave(path, 0).frames
}

/// Mixes blocks no faster than the box writes them, however busy the machine is.
fn play(show: &mut Show, black_box: &BlackBox, blocks: u64) {
    let mut left = blocks;
    while left > 0 {
        let burst = left.min(750);
        show.play_at_once(burst);
        left -= burst;
        // A batch may wait for its end.
        let wanted = show.blocks.saturating_sub(400) * BLOCK_FRAMES as u64;
        wait_for("the disk", seconds(20), || {
            let runs = black_box.state().runs;
            let current = runs.last().filter(|run| run.current);
            (wanted == 0 || current.is_some_and(|run| run.end >= wanted)).then_some(())
        });
    }
}

fn play_seconds(show: &mut Show, black_box: &BlackBox, seconds: u64) {
    play(show, black_box, seconds * 750);
}

/// Mixes blocks though nobody writes them.
fn play_on(show: &mut Show, blocks: u64) {
    show.play_at_once(blocks);
    std::thread::sleep(Duration::from_millis(50));
}

/// What a strip that began with the desk's frame `began` gives, as it stands in a file whose first frame is the programme's
/// frame `first`.
fn expected(seed: u64, began: u64, late: u64, first: u64, count: u64) -> Vec<Frame> {
    (first..first + count)
        .map(|frame| match frame.checked_sub(began + late) {
            Some(own) => noise(seed, own),
            None => [0.0; 2],
        })
        .collect()
}

fn differs_at(found: &[Frame], expected: &[Frame]) -> Option<usize> {
    if found.len() != expected.len() {
        return Some(found.len().min(expected.len()));
    }
    found
        .iter()
        .zip(expected)
        .position(|(found, expected)| found != expected)
}

/// Whether the desk's frame `first` is what a file that ends with the desk's last frame begins with.
fn first_of(show: &Show, kept: &Kept) -> u64 {
    show.blocks * BLOCK_FRAMES as u64 - kept.frames
}

fn ring_files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.join("ring").join(INSIDE)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("listed") {
            let path = entry.expect("read").path();
            if path.is_dir() {
                folders.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.retain(|path| path.extension().is_some_and(|ending| ending == "segment"));
    files
}

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
        ("Studio", Some("kept Studio.wav")),
        ("Guest: Ann/Bob", Some("kept Guest_ Ann_Bob.wav")),
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

#[test]
fn the_ring_holds_as_long_as_it_may_and_what_it_holds_is_the_last_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let mut settings = settings(folder.path(), &show);
    settings.time_max = seconds(25);
    let black_box = start(settings, &show);
    play_seconds(&mut show, &black_box, 75);
    let kept = keep(&black_box, order(folder.path(), seconds(25)));
    assert_eq!(kept.frames, 25 * 48_000);
    let (first, late) = (first_of(&show, &kept), u64::from(show.latency().0));
    let heard = expected(1, 0, late, first, kept.frames);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
    let held = black_box.state().runs[0].held;
    assert!(held >= seconds(25) && held <= seconds(36), "{held:?}");
    assert!((3..=5).contains(&ring_files(folder.path()).len()));
}

#[test]
fn the_ring_takes_no_more_bytes_than_it_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let mut settings = settings(folder.path(), &show);
    settings.bytes_max = Some(6_000_000);
    let black_box = start(settings, &show);
    for _ in 0..20 {
        play_seconds(&mut show, &black_box, 3);
        let on_disk: u64 = ring_files(folder.path())
            .iter()
            .map(|path| path.metadata().map_or(0, |found| found.len()))
            .sum();
        assert!(on_disk <= 6_000_000, "{on_disk}");
    }
    let state = black_box.state();
    // Noise takes 290 kB a second, and the ring consists of eight parts at least.
    assert!(state.runs[0].held > seconds(13), "{:?}", state.runs[0].held);
    assert_eq!((state.bytes_max, state.phase), (6_000_000, BoxPhase::Turning));
    let kept = keep(&black_box, order(folder.path(), seconds(12)));
    let (first, late) = (first_of(&show, &kept), u64::from(show.latency().0));
    let heard = expected(1, 0, late, first, kept.frames);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
}

#[test]
fn what_is_being_kept_stays_until_it_is_kept_though_the_ring_turns() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let mut settings = settings(folder.path(), &show);
    settings.time_max = seconds(20);
    let black_box = start(settings, &show);
    let tap = show.tap(one, TapPoint::PostFader);
    black_box.add_lane("Mic", tap);
    play_seconds(&mut show, &black_box, 20);
    let mut keepings = Vec::new();
    for n in 0..4 {
        let order = KeepOrder {
            file_stem: format!("take {n}"),
            ..order(folder.path(), seconds(18))
        };
        keepings.push((show.blocks, black_box.keep(order).expect("it begins")));
        play_seconds(&mut show, &black_box, 12);
    }
    for (blocks, keeping) in keepings {
        let kept = keeping.wait().expect("it is kept");
        let late = u64::from(show.latency().0);
        let programme = frames(&kept.files[0].path);
        // What is mixed until it is asked for is in it; the box sees that within a round.
        let first = (0..4_000)
            .map(|n| (blocks + n) * 64 - kept.frames)
            .find(|first| noise(1, first - late) == programme[0])
            .expect("it ends after it was asked for");
        let heard = expected(1, 0, late, first, kept.frames);
        assert_eq!(differs_at(&programme, &heard), None, "{kept:?}");
        assert_eq!(differs_at(&frames(&kept.files[1].path), &heard), None);
    }
    play_seconds(&mut show, &black_box, 21);
    let held = black_box.state().runs[0].held;
    assert!(held <= seconds(31), "all that was kept has gone: {held:?}");
}

#[test]
fn after_a_restart_the_last_run_can_be_kept_and_goes_before_what_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let mut settings = settings(folder.path(), &show);
    settings.time_max = seconds(30);
    let black_box = start(settings.clone(), &show);
    let tap = show.tap(one, TapPoint::PostFader);
    black_box.add_lane("Mic", tap);
    play(&mut show, &black_box, 750 * 15 + 100);
    assert!(matches!(
        BlackBox::start(settings.clone(), show.programme.reader()),
        Err(StartError::InUse { .. })
    ));
    black_box.stop();

    let mut next = Show::new();
    next.add_strip(0, 9, false);
    let black_box = start(settings, &next);
    let state = black_box.state();
    assert_eq!(state.runs.len(), 1);
    let run = &state.runs[0];
    assert_eq!(
        (run.current, run.held),
        (false, Duration::from_secs_f64(11_350.0 / 750.0))
    );
    assert_eq!(
        run.lanes.iter().map(|lane| lane.name.as_str()).collect::<Vec<_>>(),
        ["programme", "Mic"]
    );
    play_seconds(&mut next, &black_box, 5);
    let old = KeepOrder {
        run: Some(run.id),
        ..order(folder.path(), seconds(60))
    };
    let kept = keep(&black_box, old);
    assert_eq!(kept.frames, 11_350 * 64);
    let heard = expected(1, 0, u64::from(show.latency().0), 0, kept.frames);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
    assert_eq!(differs_at(&frames(&kept.files[1].path), &heard), None);
    assert_eq!(black_box.state().runs.len(), 2);
    play_seconds(&mut next, &black_box, 40);
    let state = black_box.state();
    assert_eq!(state.runs.len(), 1, "the older run has gone first");
    assert!(state.runs[0].current && state.runs[0].held >= seconds(30));
}

#[test]
fn another_engine_begins_another_run_and_both_can_be_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut show, mut next) = (Show::new(), Show::new());
    show.add_strip(0, 1, false);
    next.add_strip(0, 2, false);
    let black_box = start(settings(folder.path(), &show), &show);
    play_seconds(&mut show, &black_box, 3);
    black_box.begin_run(next.programme.reader());
    std::thread::sleep(Duration::from_millis(200));
    play_seconds(&mut next, &black_box, 4);
    let late = u64::from(show.latency().0);
    let kept = keep(&black_box, order(folder.path(), seconds(60)));
    assert_eq!(kept.frames, 4 * 48_000);
    let heard = expected(2, 0, late, 0, kept.frames);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
    let runs: Vec<RunId> = black_box.state().runs.iter().map(|run| run.id).collect();
    assert_eq!(runs.len(), 2);
    let first = KeepOrder {
        run: Some(runs[0]),
        ..order(folder.path(), seconds(60))
    };
    let kept = keep(&black_box, first);
    let heard = expected(1, 0, late, 0, 3 * 48_000);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
}

#[test]
fn what_is_not_its_own_is_neither_followed_nor_read_nor_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let elsewhere = folder.path().join("elsewhere");
    std::fs::create_dir_all(&elsewhere).expect("made");
    let linked = BoxSettings {
        folder: folder.path().join("linked"),
        ..settings(folder.path(), &show)
    };
    std::fs::create_dir_all(&linked.folder).expect("made");
    std::os::unix::fs::symlink(&elsewhere, linked.folder.join(INSIDE)).expect("linked");
    let refused = BlackBox::start(linked, show.programme.reader());
    assert!(matches!(refused, Err(StartError::NotAFolder { .. })));
    assert_eq!(std::fs::read_dir(&elsewhere).expect("listed").count(), 0);

    let run = folder.path().join("ring").join(INSIDE).join("run-0000000000000001");
    std::fs::create_dir_all(&run).expect("made");
    let treasure = elsewhere.join("treasure");
    std::fs::write(&treasure, "gold").expect("written");
    std::os::unix::fs::symlink(&treasure, run.join("0000000000000001.segment")).expect("linked");
    let others = [
        run.join("0000000000000002.segment"),
        run.join("notes.txt"),
        run.join("3.segment"),
        run.parent().expect("above").join("photo.jpg"),
        folder.path().join("ring").join("show.wav"),
    ];
    others
        .iter()
        .for_each(|path| std::fs::write(path, "somebody's").expect("written"));
    let mut settings = settings(folder.path(), &show);
    settings.bytes_max = Some(3_000_000);
    let black_box = start(settings, &show);
    assert!(black_box.state().runs.is_empty());
    play_seconds(&mut show, &black_box, 40);
    black_box.stop();
    assert!(
        others
            .iter()
            .all(|path| std::fs::read(path).expect("there") == b"somebody's")
    );
    assert_eq!(std::fs::read(&treasure).expect("there"), b"gold");
    assert!(run.join("0000000000000001.segment").symlink_metadata().is_ok());
}

#[test]
fn a_folder_that_is_removed_stops_it_with_a_sentence_and_is_not_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let black_box = start(settings(folder.path(), &show), &show);
    play_seconds(&mut show, &black_box, 2);
    std::fs::remove_dir_all(folder.path().join("ring")).expect("removed");
    let reason = wait_for("the sentence", seconds(10), || {
        play_on(&mut show, 100);
        match black_box.state().phase {
            BoxPhase::Halted { reason, tries_again } => Some((reason, tries_again)),
            _ => None,
        }
    });
    assert!(
        reason.0.contains("was removed") && reason.0.contains("switch it on again"),
        "{reason:?}"
    );
    assert!(!reason.1);
    play_on(&mut show, 2250);
    assert!(!folder.path().join("ring").exists());
    let state = black_box.state();
    assert!(state.runs.is_empty() && state.frames_not_written > 0, "{state:?}");
    let keeping = black_box.keep(order(folder.path(), seconds(5))).expect("it begins");
    assert!(matches!(keeping.wait(), Err(KeepError::Nothing)));
}

/// The process that is killed. It leaves the count of mixed frames where the kernel keeps it.
#[test]
#[ignore = "runs as a process of its own, started by the test below"]
fn turns_until_killed() {
    let folder = PathBuf::from(std::env::var(FOLDER).expect("started by the test below"));
    let published = std::fs::File::create(folder.join("published")).expect("made");
    let mut show = Show::new();
    let one = show.add_strip(0, 1, false);
    let two = show.add_strip(1, 2, true);
    let black_box = start(settings(&folder, &show), &show);
    let taps = [show.tap(one, TapPoint::PostFader), show.tap(two, TapPoint::PreFader)];
    for (tap, name) in taps.into_iter().zip(["One", "Two"]) {
        black_box.add_lane(name, tap);
    }
    let began = std::time::Instant::now();
    loop {
        // In real time: what is lost is a time.
        let due = (began.elapsed().as_secs_f64() * 750.0) as u64;
        show.play_at_once(due.saturating_sub(show.blocks));
        published
            .write_all_at(&(show.blocks * 64).to_le_bytes(), 0)
            .expect("written");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_desk_loses_the_last_second_at_most_and_the_rest_is_kept_by_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut worst = 0;
    for number in 0..8_u64 {
        let inside = folder.path().join(number.to_string());
        std::fs::create_dir(&inside).expect("made");
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "black_box::turns_until_killed", "--ignored"])
            .env(FOLDER, &inside)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        wait_for("the ring", seconds(20), || {
            let ring = inside.join("ring").join(INSIDE);
            ring.exists().then(|| ring_files(&inside)).filter(|files| {
                files
                    .iter()
                    .any(|file| file.metadata().is_ok_and(|found| found.len() > 4096))
            })
        });
        // Anywhere in a batch: the standard library's hash keys are random.
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), number);
        std::thread::sleep(Duration::from_millis(random % 1200));
        child.kill().expect("killed");
        child.wait().expect("dead");
        let published = std::fs::read(inside.join("published")).expect("read");
        let published = u64::from_le_bytes(published.try_into().expect("eight bytes"));

        let show = Show::new();
        let black_box = BlackBox::start(settings(&inside, &show), nothing().reader()).expect("it starts");
        let kept = keep(&black_box, order(&inside, seconds(60)));
        let lost = published - kept.frames;
        assert!(lost <= 48_000, "kill {number}: {lost} frames are missing");
        worst = worst.max(lost);
        let late = u64::from(show.latency().0);
        for (file, seed) in kept.files.iter().zip([1, 1, 2]) {
            let heard = expected(seed, 0, late, 0, kept.frames);
            assert_eq!(
                differs_at(&frames(&file.path), &heard),
                None,
                "kill {number}, {}",
                file.name
            );
            assert_eq!(sndfile_frames(&file.path), kept.frames);
        }
        assert_eq!(kept.files.len(), 3);
    }
    println!("the worst of 8 kills cost {:.0} ms", worst as f64 / 48.0);
}

/// Turns where the disk is small, beside somebody who fills it.
#[test]
#[ignore = "runs where the disk is small, started by the test below"]
fn turns_on_a_small_disk() {
    let folder = PathBuf::from(std::env::var(FOLDER).expect("started by the test below"));
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let black_box = start(settings(&folder, &show), &show);
    let held = || {
        let files = ring_files(&folder);
        let length = |path: &PathBuf| path.metadata().map_or(0, |found| found.len());
        files.iter().map(length).sum::<u64>()
    };
    play_seconds(&mut show, &black_box, 30);
    let most = held();
    assert!((1_000_000..=2_100_000).contains(&most), "{most} of 8 MB");
    // Somebody else needs the disk: the ring makes way.
    let recording = std::fs::File::create(folder.join("recording")).expect("made");
    recording
        .write_all_at(&vec![7; 5_500_000], 0)
        .expect("it has been left for this");
    std::thread::sleep(Duration::from_millis(600)); // so often it asks what is free
    play_seconds(&mut show, &black_box, 5);
    let left = held();
    assert!(left < 730_000 && left > 0, "{left} of what is left");
    assert_eq!(black_box.state().phase, BoxPhase::Turning);
    recording
        .write_all_at(&vec![7; 1_950_000], 5_500_000)
        .expect("it has been left for this");
    let keeping = black_box.keep(order(&folder, seconds(60))).expect("it begins");
    let refused = keeping.wait().expect_err("it does not fit");
    assert!(matches!(refused, KeepError::DiskFull { .. }), "{refused}");
    assert!(!folder.join("kept/kept.wav").exists());
    let mut end = 7_450_000;
    while recording.write_at(&[7; 65_536], end).is_ok_and(|written| written > 0) {
        end += 65_536;
    }
    let reason = wait_for("the sentence", seconds(20), || {
        play_on(&mut show, 400);
        match black_box.state().phase {
            BoxPhase::Halted { reason, tries_again } => Some((reason, tries_again)),
            _ => None,
        }
    });
    assert!(
        reason.0.contains("there is no room for it in") && reason.1,
        "{reason:?}"
    );
    drop(recording);
    std::fs::remove_file(folder.join("recording")).expect("removed");
    wait_for("its return", seconds(30), || {
        play_on(&mut show, 100);
        (black_box.state().phase == BoxPhase::Turning).then_some(())
    });
    play_seconds(&mut show, &black_box, 2);
    let kept = keep(&black_box, order(&folder, seconds(1)));
    let heard = expected(1, 0, u64::from(show.latency().0), first_of(&show, &kept), kept.frames);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
    println!("REFUSED {refused}\nREASON {}", reason.0);
}

#[test]
fn on_a_disk_of_8_mb_it_takes_a_quarter_makes_way_stops_with_a_sentence_and_returns() {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = format!(
        "mount -t tmpfs -o size=8m tmpfs {} && exec \"$@\"",
        folder.path().display()
    );
    let out = Command::new("unshare")
        .args(["-Urm", "sh", "-c", &mount, "sh"])
        .arg(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "black_box::turns_on_a_small_disk",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(
        said.contains("REASON the black box has stopped: ") && said.contains("only ") && said.contains("keep less"),
        "{said}"
    );
}
