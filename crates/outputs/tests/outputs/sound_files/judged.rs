//! What the programs that judge sound files say of ours: `flac --test`, mp3val, opusinfo and ogginfo.

use std::path::Path;
use std::process::Command;

use airdesk_outputs::sound_file::{self, FileFormat, SampleFormat};

use super::{Recorded, closing, encoded_formats, opening, said};
use crate::recording::{record, settings};
use crate::rig::desk::{Desk, sine};
use crate::rig::{seconds, wait_for};

/// Everything that a judge has to say against a file, line by line.
fn complaints(format: FileFormat, path: &Path) -> Vec<String> {
    let (judge, arguments, says) = match format {
        FileFormat::Flac(_) => ("flac", &["--test", "--silent"][..], ""),
        FileFormat::Mp3(_) => ("mp3val", &[][..], "MPEG frames"),
        FileFormat::Opus(_) => ("opusinfo", &[][..], "Playback length"),
        FileFormat::Vorbis(_) => ("ogginfo", &[][..], "Playback length"),
        FileFormat::Wav(_) => unreachable!("nothing is encoded"),
    };
    let out = Command::new(judge)
        .args(arguments)
        .arg(path)
        .output()
        .expect("the judge is installed");
    let told = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(told.contains(says), "{format}: {judge} has not read it: {told}");
    let mut against: Vec<String> = told
        .lines()
        .chain(String::from_utf8_lossy(&out.stderr).lines())
        .filter(|line| line.to_uppercase().contains("WARNING") || line.to_uppercase().contains("ERROR"))
        .map(str::to_owned)
        .collect();
    if !out.status.success() {
        against.push(format!("{judge}: {}", out.status));
    }
    against
}

/// The same of a file whose writer was killed, and which was looked over. It has no sum of all its samples: nobody has got them.
pub(crate) fn complaints_after_a_kill(format: FileFormat, path: &Path) -> Vec<String> {
    let mut against = complaints(format, path);
    against.retain(|line| !line.contains("MD5 signature since it was unset"));
    against
}

#[test]
fn a_finished_file_has_nothing_said_against_it() {
    for format in encoded_formats() {
        for frames in [480_000, 48_001] {
            let mut file = Recorded::begin(format, &opening(48_000, &said()));
            file.record(frames, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
            file.sound.finish(&closing(48_000)).expect("finished");
            assert_eq!(complaints(format, &file.path), [""; 0], "{format}, {frames} frames");
            // The judge is awake.
            let mut bytes = std::fs::read(&file.path).expect("read");
            let middle = bytes.len() / 2;
            bytes.drain(middle..middle + 3_001);
            std::fs::write(&file.path, bytes).expect("written");
            assert_ne!(complaints(format, &file.path), [""; 0], "{format}, {frames} frames");
        }
    }
}

#[test]
fn no_part_of_a_recording_that_was_split_has_anything_said_against_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::tone(1_000.0, 0.25);
    let recordings = encoded_formats().into_iter().enumerate().map(|(number, format)| {
        let mut settings = settings(folder.path(), SampleFormat::Pcm24);
        settings.format = format;
        let recording = record(settings, &format!("show {number}"), desk.tap.reader());
        (format, recording.expect("it starts"))
    });
    let recordings: Vec<_> = recordings.collect();
    for part in 1..=3 {
        wait_for("audio on disk", seconds(20), || {
            let mut all = recordings.iter().map(|(_, recording)| recording.status().frames);
            all.all(|frames| frames > part * 72_000).then_some(())
        });
        for (_, recording) in recordings.iter().filter(|_| part < 3) {
            recording.split();
        }
    }
    for (format, recording) in recordings {
        let summary = recording.stop();
        assert_eq!(summary.files.len(), 3, "{format}");
        for file in &summary.files {
            assert_eq!(complaints(format, file), [""; 0], "{format}");
        }
    }
}

#[test]
fn a_file_that_was_completed_after_a_kill_has_nothing_said_against_it() {
    for format in encoded_formats() {
        let mut file = Recorded::begin(format, &opening(48_000, &said()));
        for round in 1..6 {
            file.record(round * 50_003, |n| [sine(n, 1_000.0, 48_000) * 0.25, 0.0]);
            let killed = file
                .path
                .with_file_name(format!("killed {round}"))
                .with_extension(format.extension());
            std::fs::copy(&file.path, &killed).expect("copied"); // what a kill leaves now
            sound_file::complete(&killed).expect("a sound file");
            assert_eq!(complaints_after_a_kill(format, &killed), [""; 0], "{format}, {round}");
        }
    }
}
