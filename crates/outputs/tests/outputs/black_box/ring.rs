//! How much the ring holds, and what goes first.

use airdesk_engine::TapPoint;
use airdesk_outputs::black_box::{BoxPhase, KeepOrder};

use super::{called, differs_at, expected, first_of, frames, keep, order, play_seconds, ring_files, settings, start};
use crate::rig::seconds;
use crate::rig::show::{Show, noise};

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
            naming: called(&format!("take {n}")),
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
