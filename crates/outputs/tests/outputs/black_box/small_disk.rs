//! A disk that is small, and that somebody else fills.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use airdesk_outputs::black_box::{BoxPhase, KeepError};

use super::{
    FOLDER, differs_at, expected, first_of, frames, keep, order, play_on, play_seconds, ring_files, settings, start,
};
use crate::rig::show::Show;
use crate::rig::{seconds, wait_for};

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
            "black_box::small_disk::turns_on_a_small_disk",
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
