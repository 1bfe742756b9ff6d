//! `kill -9` at random moments: the file opens unrepaired, and at most 250 ms are missing, or one second where it is encoded.
//!
//! Six times for each encoded format, and 60 times, as WAV 200 times, where ignored tests run too.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use airdesk_outputs::sound_file::{self, FileFormat, SampleFormat};

use crate::recording::{record, settings};
use crate::rig::decoder::ffmpeg;
use crate::rig::desk::{Desk, index_frame, index_of};
use crate::rig::reader::{ffprobe_frames, sndfile_frames, sox_frames, wave};
use crate::rig::{seconds, wait_for};
use crate::sound_files::judged::complaints_after_a_kill;
use crate::sound_files::{FLAC, encoded_formats, file_rate, frames_found};

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

/// Starts the test `name` in a process of its own, lets it record for a random time up to `longest`, and kills it.
/// How many frames it had published.
fn kill(name: &str, folder: &Path, file: &Path, longest: u64) -> u64 {
    std::fs::create_dir(folder).expect("made");
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name, "--ignored"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    // Beyond what the file has before its first audio: readers refuse an MP3 of a few frames, and ffmpeg a Vorbis file of none. Numbered
    // frames are so even that FLAC makes hardly anything of them.
    let header = match file.extension().and_then(|extension| extension.to_str()) {
        Some("flac") => 16_400,
        Some("mp3") => 36_000,
        Some("ogg") => 8_000,
        _ => 4_096,
    };
    wait_for("the recording", seconds(20), || {
        file.metadata().ok().filter(|file| file.len() > header).map(drop)
    });
    // Anywhere in the writer's rounds: the standard library's hash keys are random.
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    let wait = Duration::from_millis(random % longest);
    println!("{}: killed after {wait:?}", folder.display());
    std::thread::sleep(wait);
    child.kill().expect("killed");
    child.wait().expect("dead");
    number_in(&folder.join("published"))
}

fn number_in(path: &Path) -> u64 {
    let bytes = std::fs::read(path).expect("read");
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

#[test]
fn a_killed_recorder_leaves_a_valid_file_that_lacks_250_ms_at_most() {
    killed_while_recording(20);
}

#[test]
#[ignore = "takes two minutes and more: the test above, ten times as often"]
fn none_of_200_kills_leaves_a_file_that_is_not_valid_or_lacks_more_than_250_ms() {
    killed_while_recording(200);
}

fn killed_while_recording(kills: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut lost_each = Vec::new();
    for number in 0..kills {
        let inside = folder.path().join(number.to_string());
        let file = inside.join("killed.wav");
        let published = kill("killed::records_until_killed", &inside, &file, 700);
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
        lost_each.push(lost);
        let readers = [
            ffprobe_frames(&file, 48_000.0),
            sox_frames(&file),
            sndfile_frames(&file),
        ];
        assert_eq!(readers, [count; 3], "kill {number}");
    }
    lost_each.sort_unstable();
    let milliseconds = |part: usize| lost_each[(lost_each.len() - 1) * part / 2] as f64 / 48.0;
    println!(
        "{kills} kills cost {:.1} ms, {:.1} at most",
        milliseconds(1),
        milliseconds(2)
    );
}

/// The process that is killed while it encodes: the format's number is its folder's.
#[test]
#[ignore = "runs as a process of its own, started by the tests below"]
fn encodes_until_killed() {
    let folder = PathBuf::from(std::env::var(FOLDER).expect("started by the tests below"));
    let name = folder.file_name().and_then(|name| name.to_str()).expect("a name");
    let number: usize = name.split('-').next().and_then(|n| n.parse().ok()).expect("a number");
    let published = std::fs::File::create(folder.join("published")).expect("made");
    let desk = Desk::play_at(48_000, index_frame, move |frames| {
        published.write_all_at(&frames.to_le_bytes(), 0).expect("written");
    });
    let reader = desk.tap.reader();
    let first = reader.next_sequence() * 64 - 64;
    std::fs::write(folder.join("first"), first.to_le_bytes()).expect("written");
    let mut settings = settings(&folder, SampleFormat::Pcm24);
    settings.format = encoded_formats()[number];
    let _recording = record(settings, "killed", reader).expect("it starts");
    std::thread::sleep(seconds(60));
}

/// Kills one of each format that `wanted` picks, again and again.
fn killed_while_encoding(kills: usize, wanted: impl Fn(FileFormat) -> bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let formats = encoded_formats();
    let numbers: Vec<usize> = (0..formats.len()).filter(|n| wanted(formats[*n])).collect();
    let mut worst = 0;
    for kill_number in 0..kills {
        let number = numbers[kill_number % numbers.len()];
        let format = formats[number];
        let inside = folder.path().join(format!("{number}-{kill_number}"));
        let file = inside.join("killed").with_extension(format.extension());
        let published = kill("killed::encodes_until_killed", &inside, &file, 1_500) - number_in(&inside.join("first"));
        let count = frames_found(format, &file) * 48_000 / u64::from(file_rate(format, 48_000));
        let lost = published.saturating_sub(count);
        assert!(
            lost <= 48_000,
            "kill {kill_number}, {format}: {lost} frames are missing"
        );
        worst = worst.max(lost);
        let heard = ffmpeg(&file);
        assert!(
            heard.len() as u64 + 1_152 >= count,
            "kill {kill_number}, {format}: ffmpeg hears {} of {count}",
            heard.len()
        );
        if format == FLAC {
            let first = number_in(&inside.join("first"));
            let expected: Vec<_> = (first..first + count).map(index_frame).collect();
            assert!(
                heard[..count as usize] == expected,
                "kill {kill_number}: the run of frames is broken"
            );
        }
        sound_file::complete(&file).expect("a sound file");
        assert_eq!(
            complaints_after_a_kill(format, &file),
            [""; 0],
            "kill {kill_number}, {format}"
        );
    }
    println!("the worst kill cost {:.1} ms", worst as f64 / 48.0);
}

#[test]
fn a_killed_recorder_leaves_a_flac_file_that_decodes_to_its_end_and_lacks_a_second_at_most() {
    killed_while_encoding(6, |format| matches!(format, FileFormat::Flac(_)));
}

#[test]
fn a_killed_recorder_leaves_an_mp3_file_that_decodes_to_its_end_and_lacks_a_second_at_most() {
    killed_while_encoding(6, |format| matches!(format, FileFormat::Mp3(_)));
}

#[test]
fn a_killed_recorder_leaves_an_opus_file_that_decodes_to_its_end_and_lacks_a_second_at_most() {
    killed_while_encoding(6, |format| matches!(format, FileFormat::Opus(_)));
}

#[test]
fn a_killed_recorder_leaves_a_vorbis_file_that_decodes_to_its_end_and_lacks_a_second_at_most() {
    killed_while_encoding(6, |format| matches!(format, FileFormat::Vorbis(_)));
}

#[test]
#[ignore = "takes ten minutes: the tests above, ten times as often"]
fn none_of_60_kills_of_each_encoded_format_leaves_a_file_that_does_not_decode_or_lacks_more_than_a_second() {
    killed_while_encoding(60, |format| matches!(format, FileFormat::Flac(_)));
    killed_while_encoding(60, |format| matches!(format, FileFormat::Mp3(_)));
    killed_while_encoding(60, |format| matches!(format, FileFormat::Opus(_)));
    killed_while_encoding(60, |format| matches!(format, FileFormat::Vorbis(_)));
}
