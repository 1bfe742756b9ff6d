//! Its folder: what is not its own there, and what becomes of it without one.

use airdesk_outputs::black_box::{BlackBox, BoxPhase, BoxSettings, KeepError, StartError};

use super::{INSIDE, order, play_on, play_seconds, settings, start};
use crate::rig::show::Show;
use crate::rig::{seconds, wait_for};

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
    let refused = BlackBox::start(linked, &show.programme);
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
