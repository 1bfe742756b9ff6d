//! `kill -9` at random moments: the file opens unrepaired, and at most 250 ms are missing.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use airdesk_outputs::sound_file::SampleFormat;

use crate::recording::{record, settings};
use crate::rig::desk::{Desk, index_frame, index_of};
use crate::rig::reader::{ffprobe_frames, sndfile_frames, sox_frames, wave};
use crate::rig::{seconds, wait_for};

const FOLDER: &str = "AIRDESK_TEST_RECORD_INTO";
const FORMATS: [SampleFormat; 3] = [SampleFormat::Pcm24, SampleFormat::Float32, SampleFormat::Pcm16];

/// The process that is killed. It leaves the count of published frames where the kernel keeps it.
#[test]
#[ignore = "runs as a process of its own, started by the test below"]
fn records_until_killed() {
    let folder = PathBuf::from(std::env::var(FOLDER).expect("started by the test below"));
    let number: usize = folder
        .file_name()
        .and_then(|name| name.to_str()?.parse().ok())
        .expect("a number");
    let published = std::fs::File::create(folder.join("published")).expect("made");
    let desk = Desk::play_at(48_000, index_frame, move |frames| {
        published.write_all_at(&frames.to_le_bytes(), 0).expect("written");
    });
    let settings = settings(&folder, FORMATS[number % 3]);
    let _recording = record(settings, "killed", desk.tap.reader()).expect("it starts");
    std::thread::sleep(seconds(60));
}

#[test]
fn a_killed_recorder_leaves_a_valid_file_that_lacks_250_ms_at_most() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut worst = 0;
    for number in 0..20_u64 {
        let inside = folder.path().join(number.to_string());
        std::fs::create_dir(&inside).expect("made");
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "killed::records_until_killed", "--ignored"])
            .env(FOLDER, &inside)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let file = inside.join("killed.wav");
        wait_for("the recording", seconds(20), || {
            file.metadata().ok().filter(|file| file.len() > 4096).map(drop)
        });
        // Anywhere in the writer's rounds: the standard library's hash keys are random.
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), number);
        let wait = Duration::from_millis(random % 700);
        println!("kill {number}: after {wait:?}");
        std::thread::sleep(wait);
        child.kill().expect("killed");
        child.wait().expect("dead");

        let published = std::fs::read(inside.join("published")).expect("read");
        let published = u64::from_le_bytes(published.try_into().expect("eight bytes"));
        let found = wave(&file, 0);
        let count = found.frames.len() as u64;
        let first = match FORMATS[number as usize % 3] {
            SampleFormat::Pcm16 => 0, // dithered: counted, not compared
            _ => {
                let first = index_of(found.frames[0][0]);
                let expected: Vec<_> = (first..first + count).map(index_frame).collect();
                assert!(found.frames == expected, "kill {number}: the run of frames is broken");
                first
            }
        };
        let lost = published - first - count;
        assert!(lost <= 12_000, "kill {number}: {lost} frames are missing");
        worst = worst.max(lost);
        let readers = [
            ffprobe_frames(&file, 48_000.0),
            sox_frames(&file),
            sndfile_frames(&file),
        ];
        assert_eq!(readers, [count; 3], "kill {number}");
    }
    println!("the worst of 20 kills cost {:.1} ms", worst as f64 / 48.0);
}
