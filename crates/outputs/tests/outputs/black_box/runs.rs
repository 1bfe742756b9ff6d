//! What earlier desks and earlier engines have left.

use std::time::Duration;

use airdesk_engine::TapPoint;
use airdesk_outputs::black_box::{BlackBox, KeepOrder, RunId, Shelf, StartError};

use super::{differs_at, expected, frames, keep, order, play, play_seconds, settings, start};
use crate::rig::seconds;
use crate::rig::show::Show;

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
        BlackBox::start(settings.clone(), &show.programme),
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
fn what_a_stopped_desk_has_left_is_kept_without_one_and_only_while_none_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let ring = folder.path().join("ring");
    assert!(Shelf::open(&ring).expect("looked").is_none(), "nothing was ever there");
    assert!(!ring.exists(), "looking makes nothing");
    let mut show = Show::new();
    show.add_strip(0, 1, false);
    let black_box = start(settings(folder.path(), &show), &show);
    play(&mut show, &black_box, 750 * 3);
    assert!(matches!(Shelf::open(&ring), Err(StartError::InUse { .. })));
    black_box.stop();
    let shelf = Shelf::open(&ring).expect("looked").expect("a box was there");
    let runs = shelf.runs();
    assert_eq!((runs.len(), runs[0].held, runs[0].current), (1, seconds(3), false));
    let keeping = shelf.keep(order(folder.path(), seconds(2))).expect("it begins");
    let kept = keeping.wait().expect("it is kept");
    let heard = expected(1, 0, u64::from(show.latency().0), 48_000, 2 * 48_000);
    assert_eq!(differs_at(&frames(&kept.files[0].path), &heard), None);
    assert!(matches!(
        BlackBox::start(settings(folder.path(), &show), &show.programme),
        Err(StartError::InUse { .. })
    ));
    drop(shelf);
    start(settings(folder.path(), &show), &show).stop();
}
