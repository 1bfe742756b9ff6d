//! The black box: what nobody recorded is kept, of this desk and of those before it.

use std::path::Path;
use std::time::Duration;

use airdesk_station::HostChoice;
use airdesk_station::api::{
    AudioCommand, BlackBoxKept, BlackBoxLanes, BlackBoxPhase, BlackBoxSettings, BlackBoxState, ErrorCode,
    RecordingFormat, RecordingSettings, Reply, Snapshot, TimelineKind,
};
use airdesk_station::black_box::shelf::{Shelf, ShelfError};
use airdesk_station::session::Session;
use tokio::time::sleep;

use crate::desk::{self, Desk, pad};
use crate::timeline::{newest, next_after};

/// A desk with these strips that records into a folder of its own, and whose black box is as `set`.
fn desk_with(names: &[&str], set: impl FnOnce(&Path) -> BlackBoxSettings) -> Desk {
    let folder = desk::folder();
    let session = Session {
        strips: names.iter().map(|name| pad(name)).collect(),
        title: "Late show".into(),
        recorders: vec![RecordingSettings {
            folder: folder.path().join("recordings").to_string_lossy().into_owned(),
            pattern: "{show}/{date} {title}".into(),
            show: "Night".into(),
            ..RecordingSettings::default()
        }],
        black_box: set(folder.path()),
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

fn wave(_: &Path) -> BlackBoxSettings {
    BlackBoxSettings {
        format: RecordingFormat::Float32,
        ..BlackBoxSettings::default()
    }
}

/// Waits until this much is held of the desk that runs.
async fn held(desk: &Desk, seconds: f64) -> BlackBoxState {
    let current = |now: &BlackBoxState| now.runs.last().filter(|run| run.current).map(|run| run.seconds);
    let enough = |now: &BlackBoxState| current(now) >= Some(seconds);
    desk.when("the black box", |now| enough(&now.black_box)).await.black_box
}

async fn keep(desk: &Desk, seconds: f64, run: Option<u64>) -> BlackBoxKept {
    let folder = None;
    match desk.ask(AudioCommand::KeepLast { seconds, run, folder }).await {
        Reply::Kept { kept } => kept,
        other => panic!("{other:?}"),
    }
}

fn samples(path: &str) -> Vec<f32> {
    let mut reader = hound::WavReader::open(path).expect("a WAV file");
    reader.samples().map(|sample| sample.expect("a sample")).collect()
}

#[tokio::test]
async fn what_nobody_recorded_is_kept_with_stems_beside_the_programme_under_the_names_of_recordings() {
    let mut desk = desk_with(&["One", "Two"], wave);
    held(&desk, 2.0).await;
    let second = desk.ids().await[1];
    let name = "Guest".to_owned();
    desk.ask(AudioCommand::RenameStrip { strip: second, name }).await;
    held(&desk, 3.0).await;
    let kept = keep(&desk, 2.0, None).await;
    assert!((kept.seconds - 2.0).abs() < 0.01, "{kept:?}");
    let names: Vec<&str> = kept.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["programme", "One", "Guest"]);
    let inside = desk.folder.path().join("recordings/Night");
    for (file, ending) in kept.files.iter().zip(["Late show.wav", " - One.wav", " - Guest.wav"]) {
        assert!(Path::new(&file.path).starts_with(&inside), "{file:?}");
        assert!(file.path.ends_with(ending) && file.frames_lost == 0, "{file:?}");
        let bytes = std::fs::read(&file.path).expect("there");
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("bext") && text.contains("Late show"), "{file:?}");
    }
    let [programme, one, guest] = [0, 1, 2].map(|n| samples(&kept.files[n].path));
    assert!(programme.len() == one.len() && one.len() == guest.len());
    assert!(one.iter().any(|sample| sample.abs() > 0.01), "it plays");
    let off = |n: usize| (programme[n] - one[n] - guest[n]).abs();
    let worst = (0..programme.len()).map(off).fold(0.0, f32::max);
    assert!(worst < 1e-5, "the stems add up to the programme: {worst}");
    let now = desk.now().await;
    assert_eq!(now.black_box.kept.as_ref(), Some(&kept), "everybody is told");
    assert!(now.notices.iter().any(|notice| notice.text.contains("kept 2.0 s")));
    let noted = newest(&desk, TimelineKind::BlackBoxKept).await;
    assert_eq!(noted.subject, kept.files[0].path);
    desk.stop().await;
}

#[tokio::test]
async fn what_an_earlier_desk_held_is_kept_by_the_next_or_without_one() {
    let mut desk = desk_with(&["One"], wave);
    let state = held(&desk, 2.0).await;
    let (session, data) = (desk.session_file(), desk.options().data);
    assert!(
        matches!(Shelf::open(&session, &data, None), Err(ShelfError::Ring(_))),
        "a desk writes there"
    );
    desk.stop().await;
    let shelf = Shelf::open(&session, &data, None).expect("it is there");
    let runs = shelf.runs();
    assert_eq!((runs.len(), runs[0].id, runs[0].current), (1, state.runs[0].id, false));
    let folder = desk.folder.path().join("elsewhere");
    let kept = shelf
        .keep(Duration::from_secs(1), None, Some(&folder))
        .expect("it is kept");
    assert!(Path::new(&kept.files[0].path).starts_with(&folder), "{kept:?}");
    assert_eq!(
        samples(&kept.files[1].path).len(),
        2 * (kept.seconds * 48_000.0).round() as usize
    );
    assert!(
        kept.files[0].path.contains("Late show"),
        "it is known what was on then: {kept:?}"
    );
    drop(shelf);

    let mut next = desk.restart().await;
    let state = held(&next, 1.0).await;
    assert_eq!(state.runs.len(), 2, "{state:?}");
    let kept = keep(&next, 60.0, Some(state.runs[0].id)).await;
    assert!((kept.seconds - runs[0].seconds).abs() < 0.001, "{kept:?}");
    let (code, _) = next
        .refused(AudioCommand::KeepLast {
            seconds: 1.0,
            run: Some(1),
            folder: None,
        })
        .await;
    assert_eq!(code, ErrorCode::NotRunning);
    next.stop().await;
}

#[tokio::test]
async fn what_is_kept_has_the_title_of_its_beginning_and_a_cue_sheet_of_all_also_when_the_desk_has_ended() {
    let mut desk = desk_with(&["One"], wave);
    let mut settings = desk.now().await.recorders[0].settings.clone();
    settings.cue_sheets = true;
    let settings = Box::new(settings);
    desk.ask(AudioCommand::SetRecording {
        recorder: None,
        settings,
    })
    .await;
    let mut noted = Vec::new();
    for (seconds, artist, title) in [(1.0, "Ann", "First"), (5.0, "Bob", "Second")] {
        held(&desk, seconds).await;
        desk.ask(AudioCommand::SetTitle {
            title: title.into(),
            artist: artist.into(),
            show: None,
        })
        .await;
        let entry = match noted.last() {
            Some((number, _)) => next_after(&desk, *number, TimelineKind::Title).await,
            None => newest(&desk, TimelineKind::Title).await,
        };
        noted.push((entry.number, entry.frame));
    }
    let before = held(&desk, 7.0).await;
    let run = before.runs.last().expect("a run").id;
    // From a moment of the first title on.
    let part = keep(&desk, 4.0, None).await;
    assert!(part.files[0].path.ends_with(" First.wav"), "{part:?}");
    let sheet = std::fs::read_to_string(format!("{}.cue", part.files[0].path)).expect("a sheet");
    assert!(
        sheet.contains("TRACK 01 AUDIO\n    TITLE \"First\"\n    PERFORMER \"Ann\"\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    TITLE \"Second\"\n    PERFORMER \"Bob\""),
        "{sheet}"
    );
    assert!(!sheet.contains("TRACK 03"), "{sheet}");
    desk.stop().await;
    // Nothing of it was only in the memory of that desk.
    let mut next = desk.restart().await;
    held(&next, 0.5).await;
    let kept = keep(&next, 60.0, Some(run)).await;
    assert!(kept.files[0].path.ends_with(" Late show.wav"), "{kept:?}");
    let sheet = std::fs::read_to_string(format!("{}.cue", kept.files[0].path)).expect("a sheet");
    let places: Vec<i64> = sheet
        .lines()
        .filter_map(|line| line.trim().strip_prefix("INDEX 01 "))
        .map(place)
        .collect();
    let [0, first, second] = places[..] else {
        panic!("{sheet}")
    };
    let expected = (noted[1].1 - noted[0].1) as i64 / 640;
    assert!((second - first - expected).abs() <= 2, "{expected} of 1/75 s: {sheet}");
    next.stop().await;
}

/// A place in a cue sheet, 1/75 s.
fn place(text: &str) -> i64 {
    let parts: Vec<i64> = text.split(':').map(|part| part.parse().expect("a number")).collect();
    (parts[0] * 60 + parts[1]) * 75 + parts[2]
}

#[tokio::test]
async fn strips_come_and_go_and_the_programme_can_be_held_alone() {
    let mut desk = desk_with(&["One"], wave);
    held(&desk, 0.5).await;
    let first = desk.first_strip().await;
    desk.ask(AudioCommand::AddStrip {
        name: "Two".into(),
        source: pad("").source,
    })
    .await;
    desk.ask(AudioCommand::RemoveStrip { strip: first }).await;
    let lanes = |now: &BlackBoxState| -> Vec<(String, f64)> {
        let run = now.runs.last().expect("a run");
        run.lanes.iter().map(|lane| (lane.name.clone(), lane.seconds)).collect()
    };
    let later = held(&desk, 3.0).await;
    let [programme, one, two] = &lanes(&later)[..] else {
        panic!("{later:?}")
    };
    assert_eq!([&programme.0, &one.0, &two.0], ["programme", "One", "Two"]);
    assert!(one.1 < two.1 && two.1 < programme.1, "{later:?}");
    let mut settings = later.settings.clone();
    settings.lanes = BlackBoxLanes::ProgrammeAlone;
    desk.ask(AudioCommand::SetBlackBox {
        settings: settings.clone(),
    })
    .await;
    let alone = held(&desk, 4.5).await;
    let ended = lanes(&alone)[2].1;
    let after = held(&desk, 6.0).await;
    assert_eq!(
        (after.runs.len(), lanes(&after)[2].1),
        (1, ended),
        "the run goes on without strips"
    );
    settings.lanes = BlackBoxLanes::AllStrips;
    desk.ask(AudioCommand::SetBlackBox { settings }).await;
    assert_eq!(lanes(&held(&desk, 7.5).await).len(), 4, "the strip has another lane");
    desk.stop().await;
}

#[tokio::test]
async fn it_goes_on_with_another_engine_and_every_strip() {
    let mut desk = desk_with(&["One"], wave);
    held(&desk, 1.0).await;
    desk.handle.break_engine().await.expect("a station");
    desk.when("another run", |now| now.black_box.runs.len() == 2).await;
    let state = held(&desk, 2.0).await;
    let lane = &state.runs[1].lanes[1];
    assert!(lane.name == "One" && lane.seconds > 1.0, "{state:?}");
    let kept = keep(&desk, 1.0, None).await;
    assert!(samples(&kept.files[1].path).iter().any(|sample| sample.abs() > 0.01));
    desk.stop().await;
}

#[tokio::test]
async fn switched_off_it_writes_nothing_says_so_and_the_session_knows() {
    let desk = desk_with(&["One"], wave);
    let state = held(&desk, 1.0).await;
    let settings = BlackBoxSettings {
        on: false,
        ..state.settings
    };
    desk.ask(AudioCommand::SetBlackBox {
        settings: settings.clone(),
    })
    .await;
    desk.when("the end", |now| now.black_box.phase == BlackBoxPhase::Off)
        .await;
    newest(&desk, TimelineKind::BlackBoxOff).await;
    let (code, why) = desk
        .refused(AudioCommand::KeepLast {
            seconds: 1.0,
            run: None,
            folder: None,
        })
        .await;
    assert!(code == ErrorCode::NotRunning && why.contains("switch it on"), "{why}");
    let mut next = desk.restart().await;
    assert_eq!(next.now().await.black_box.phase, BlackBoxPhase::Off);
    let on = BlackBoxSettings { on: true, ..settings };
    next.ask(AudioCommand::SetBlackBox { settings: on }).await;
    newest(&next, TimelineKind::BlackBoxOn).await;
    assert_eq!(held(&next, 0.5).await.runs.len(), 2, "what it held before is held");
    for seconds in [0.0, -1.0, f64::INFINITY, 1e300] {
        let (code, _) = next
            .refused(AudioCommand::KeepLast {
                seconds,
                run: None,
                folder: None,
            })
            .await;
        assert_eq!(code, ErrorCode::OutOfRange);
    }
    next.stop().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_had_is_told_once_tried_again_and_disturbs_nothing() {
    let mut desk = desk_with(&["One"], |folder| {
        let place = folder.join("taken");
        std::fs::write(&place, "no folder").expect("written");
        BlackBoxSettings {
            folder: Some(place.to_string_lossy().into_owned()),
            ..wave(folder)
        }
    });
    let halted = |now: &BlackBoxState| matches!(&now.phase, BlackBoxPhase::Halted { tries_again: true, .. });
    let now = desk.when("the refusal", |now| halted(&now.black_box)).await;
    let told = |now: &Snapshot| {
        now.notices
            .iter()
            .filter(|notice| notice.text.contains("the black box cannot use"))
            .count()
    };
    assert_eq!(told(&now), 1);
    newest(&desk, TimelineKind::BlackBoxHalted).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    std::fs::remove_file(desk.folder.path().join("taken")).expect("removed");
    held(&desk, 0.5).await;
    let is_again = |now: &Snapshot| now.notices.iter().any(|notice| notice.text.contains("on again"));
    let now = desk.when("it to be told", is_again).await;
    assert_eq!(told(&now), 1);
    desk.stop().await;
}

#[tokio::test]
async fn two_desks_in_one_folder_do_not_write_into_each_other() {
    let mut one = desk_with(&["One"], wave);
    held(&one, 0.5).await;
    let place = one.folder.path().to_string_lossy().into_owned();
    let mut two = desk_with(&["Two"], |folder| BlackBoxSettings {
        folder: Some(place),
        ..wave(folder)
    });
    let reason = |now: &BlackBoxState| match &now.phase {
        BlackBoxPhase::Halted { reason, .. } => reason.contains("another desk"),
        _ => false,
    };
    two.when("the refusal", |now| reason(&now.black_box)).await;
    two.stop().await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(one.now().await.black_box.phase, BlackBoxPhase::Turning);
    one.stop().await;
}

#[tokio::test]
async fn what_is_kept_is_of_the_show_that_the_title_names_else_of_the_recorders_own() {
    let mut desk = desk_with(&["One"], wave);
    held(&desk, 0.5).await;
    for (show, folder) in [("Day/Shift", "Day_Shift"), ("", "Night")] {
        desk.ask(AudioCommand::SetTitle {
            title: "Jingle".into(),
            artist: String::new(),
            show: Some(show.into()),
        })
        .await;
        // What is kept begins with it.
        let here = held(&desk, 0.0).await.runs.last().map_or(0.0, |run| run.seconds);
        held(&desk, here + 1.5).await;
        let kept = keep(&desk, 0.3, None).await;
        let file = Path::new(&kept.files[0].path);
        let of = file.parent().and_then(Path::file_name);
        assert_eq!(of.and_then(|name| name.to_str()), Some(folder), "{}", file.display());
    }
    desk.stop().await;
}
