//! A disk that takes no more: the recording stops with a sentence, and what was written is valid.

use std::path::{Path, PathBuf};
use std::process::Command;

use airdesk_outputs::recorder::{RecordingState, StartError};
use airdesk_outputs::sound_file::SampleFormat;

use crate::recording::{record, settings};
use crate::rig::desk::{burst, index_frame};
use crate::rig::reader::{ffprobe_frames, sndfile_frames, sox_frames, wave};
use crate::rig::{seconds, wait_for};

const FOLDER: &str = "AIRDESK_TEST_FILL";

/// Records, faster than real time, until it stops by itself; leaves the reason beside the file.
#[test]
#[ignore = "runs where the disk is small, started by the tests below"]
fn records_until_full() {
    let folder = PathBuf::from(std::env::var(FOLDER).expect("started by a test below"));
    let (mut publish, tap) = burst(8192);
    let recording = record(settings(&folder, SampleFormat::Pcm24), "show", tap.reader()).expect("it starts");
    let reason = wait_for("the end", seconds(60), || {
        publish(400);
        match recording.status().state {
            RecordingState::Failed { reason } => Some(reason),
            _ => None,
        }
    });
    let summary = recording.stop();
    assert_eq!(summary.failure.as_deref(), Some(&reason[..]));
    let found = wave(&summary.file, 0);
    assert_eq!(found.frames.len() as u64, summary.frames);
    let expected: Vec<_> = (0..summary.frames).map(index_frame).collect();
    assert!(found.frames == expected, "what was written is complete and in order");
    let readers = [
        ffprobe_frames(&summary.file, 48_000.0),
        sox_frames(&summary.file),
        sndfile_frames(&summary.file),
    ];
    assert_eq!(readers, [summary.frames; 3]);
    if let Err(error) = record(settings(&folder, SampleFormat::Pcm24), "show", tap.reader()) {
        assert!(matches!(error, StartError::DiskFull { .. }), "{error}");
        println!("REFUSED {error}");
    }
    println!("REASON {reason}");
}

/// Runs the test above by `shell`, which gets the test's command as its arguments.
fn fill(folder: &Path, program: &str, shell: &[&str]) -> String {
    let out = Command::new(program)
        .args(shell)
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "disk_full::records_until_full", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    said
}

/// Why it stopped, as it is told after the time of day at which it did.
fn stopped_with(said: &str) -> &str {
    let at = said.split("REASON recording stopped at ").nth(1);
    let (time, reason) = at
        .and_then(|at| at.split_once(": "))
        .unwrap_or_else(|| panic!("{said}"));
    let parts: Vec<u8> = time.split(':').map(|part| part.parse().expect("a number")).collect();
    assert!(
        matches!(parts[..], [0..24, 0..60, 0..60]) && time.len() == "hh:mm:ss".len(),
        "{time:?} is no time of day"
    );
    reason
}

#[test]
fn a_full_disk_stops_the_recording_and_refuses_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = format!(
        "mount -t tmpfs -o size=8m tmpfs {} && exec \"$@\"",
        folder.path().display()
    );
    let said = fill(folder.path(), "unshare", &["-Urm", "sh", "-c", &mount, "sh"]);
    assert!(
        stopped_with(&said).starts_with("the disk is full: ") && said.contains("show.wav is complete up to 0:00:"),
        "{said}"
    );
    assert!(
        said.contains("are free in") && said.contains("choose another folder"),
        "{said}"
    );
    assert!(said.contains("REFUSED ") && said.contains("left; make room"), "{said}");
}

#[test]
fn a_file_system_that_takes_no_larger_file_stops_the_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let limit = "trap '' XFSZ; ulimit -f 10001; exec \"$@\""; // 5 MB and a half block: cuts a frame in two
    let said = fill(folder.path(), "sh", &["-c", limit, "sh"]);
    assert!(stopped_with(&said).contains("may not grow any larger"), "{said}");
}
