//! A disk that takes no more: a process whose files may not grow beyond a limit.

use std::fs::File;
use std::io::ErrorKind;
use std::process::Command;

use airdesk_dsp::Frame;
use airdesk_outputs::sound_file::{self, FileFormat};

use super::{FLAC, Recorded, closing, encoded_formats, frames_found, opening, said};
use crate::rig::decoder::ffmpeg;
use crate::rig::desk::{index_frame, sine};

/// Runs `name` of this program as a process of its own, whose files may not grow beyond a limit.
fn alone(name: &str) {
    let out = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name, "--ignored", "--nocapture"])
        .output()
        .expect("it starts");
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

fn limit_files_to(bytes: Option<u64>) {
    let limit = libc::rlimit {
        rlim_cur: bytes.unwrap_or(libc::RLIM_INFINITY),
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: both calls take plain numbers and a reference that lives as long as they do.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

#[test]
#[ignore = "limits its process, and is started by the test below"]
fn records_against_a_limit() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        file.record(48_000, index_frame);
        // Into the middle of a packet, wherever that is.
        for more in [100, 1_001, 3_333] {
            let before = (file.sound.frames(), file.sound.bytes_on_disk());
            limit_files_to(Some(before.1 + more));
            let mut failed = false;
            while !failed {
                let run: Vec<Frame> = (file.frames..file.frames + 1_920).map(index_frame).collect();
                file.sound.push(&run).expect("taken");
                failed = file.sound.commit().is_err();
                file.frames += 1_920;
            }
            assert!(
                file.sound.commit().is_err(),
                "{format}: it fails as long as the disk does"
            );
            limit_files_to(None);
            assert!(file.sound.frames() >= before.0, "{format}");
            file.sound.commit().expect("written the next time");
        }
        let frames = file.frames;
        file.record(frames + 30_001, index_frame);
        file.sound.finish(&closing(48_000)).expect("finished");
        assert_eq!(file.sound.frames(), frames + 30_001, "{format}");
        assert_eq!(frames_found(format, &file.path), frames + 30_001, "{format}");
        if format == FLAC {
            let expected: Vec<_> = (0..frames + 30_001).map(index_frame).collect();
            assert!(ffmpeg(&file.path) == expected, "not a frame is lost or doubled");
        }
    }
}

#[test]
fn a_write_that_failed_is_made_good_without_a_frame_lost_or_doubled() {
    alone("sound_files::limited::records_against_a_limit");
}

#[test]
#[ignore = "limits its process, and is started by the test below"]
fn records_until_the_disk_is_full() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        limit_files_to(Some(file.sound.bytes_on_disk() + 50_001));
        while file.sound.commit().is_ok() {
            let run: Vec<Frame> = (file.frames..file.frames + 1_920)
                .map(|n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0])
                .collect();
            file.sound.push(&run).expect("taken");
            file.frames += 1_920;
        }
        file.sound.trim().expect("cut");
        limit_files_to(None);
        assert_eq!(
            file.path.metadata().expect("there").len(),
            file.sound.bytes_on_disk(),
            "{format}"
        );
        let (told, found) = (file.sound.frames(), frames_found(format, &file.path));
        assert!(
            told > 6_000 && found >= told && found < told + 1_152,
            "{format}: {found}, not {told}"
        );
        assert!(ffmpeg(&file.path).len() as u64 >= told, "{format}");
    }
}

#[test]
fn a_disk_that_is_full_leaves_a_file_that_is_valid_to_its_last_packet() {
    alone("sound_files::limited::records_until_the_disk_is_full");
}

#[test]
fn a_disk_that_takes_nothing_is_said_to_be_full_for_as_long_as_it_is() {
    for format in [encoded_formats(), vec![FileFormat::default()]].concat() {
        let full = || {
            File::options()
                .read(true)
                .write(true)
                .open("/dev/full")
                .expect("there is one")
        };
        let mut sound = match sound_file::create(full(), format, &opening(48_000, &said())) {
            // The header goes to the disk at once, or with the first packets.
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::StorageFull, "{format}");
                continue;
            }
            Ok(sound) => sound,
        };
        for second in 0..5 {
            let run: Vec<Frame> = (second * 48_000..(second + 1) * 48_000).map(index_frame).collect();
            sound.push(&run).expect("taken");
            let error = sound.commit().expect_err("nothing can be written");
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{format}");
        }
        assert_eq!(sound.frames(), 0, "{format}: it claims nothing that is not there");
    }
}
