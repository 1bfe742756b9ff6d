//! What is recorded is what was published: complete, in order, and readable while it grows.

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixReader;
use airdesk_outputs::recorder::{Feed, Recorder, RecorderSettings, Recording, RecordingState, Split, StartError};
use airdesk_outputs::sound_file::{FileFormat, SampleFormat};

use crate::rig::desk::{Desk, burst, index_frame};
use crate::rig::reader::{ffprobe_frames, gaps, sndfile_frames, sox_frames, wave};
use crate::rig::{seconds, wait_for};

pub(crate) fn settings(folder: &std::path::Path, format: SampleFormat) -> RecorderSettings {
    RecorderSettings {
        folder: folder.into(),
        fallback: None,
        format: FileFormat::Wav(format),
        rate: SampleRate::DESK,
        split: Split::default(),
        cue_sheets: false,
    }
}

/// Records the bus into files called `name`.
pub(crate) fn record(settings: RecorderSettings, name: &str, reader: MixReader) -> Result<Recording, StartError> {
    let feeds = vec![Feed::bus("Programme", reader)];
    Recorder::start(settings, feeds, Box::new(name.to_owned()))
}

#[test]
fn every_published_frame_is_in_the_file_once_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in [SampleFormat::Pcm24, SampleFormat::Float32] {
        let mut desk = Desk::index();
        std::thread::sleep(std::time::Duration::from_millis(50));
        let reader = desk.tap.reader();
        let first = reader.next_sequence() * 64 - 64;
        let recording = record(settings(folder.path(), format), "show", reader).expect("it starts");
        wait_for("a second on disk", seconds(20), || {
            (recording.status().frames > 48_000).then_some(())
        });
        assert_eq!(recording.status().state, RecordingState::Recording);
        desk.stop();
        let published = desk.published();
        let summary = recording.stop();
        assert_eq!(
            (summary.frames, summary.frames_lost, summary.gaps),
            (published - first, 0, 0)
        );
        assert_eq!(summary.failure, None);
        let found = wave(&summary.file, 0);
        assert_eq!(found.bits, format.bits());
        let expected: Vec<_> = (first..published).map(index_frame).collect();
        assert!(found.frames == expected, "the frames differ");
        assert!(!summary.file.with_extension("wav.gaps.tsv").exists(), "no gap, no log");
    }
    assert!(
        folder.path().join("show-2.wav").exists(),
        "the second did not overwrite the first"
    );
}

#[test]
fn sixteen_bits_are_dithered_and_no_more_than_a_bit_and_a_half_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut publish, tap) = burst(4096);
    let recording = record(settings(folder.path(), SampleFormat::Pcm16), "show", tap.reader()).expect("it starts");
    publish(1000);
    let summary = recording.stop();
    let found = wave(&summary.file, 0);
    assert_eq!(found.frames.len(), 64_000);
    let mut off = 0.0_f64;
    for (n, frame) in found.frames.iter().enumerate() {
        let error = f64::from((frame[0] - index_frame(n as u64)[0]) * 32_768.0);
        assert!(error.abs() <= 1.51, "frame {n} is {error} bits off");
        off += error * error;
    }
    let power = off / 64_000.0; // quantising gives 1/12, the dither 2/12
    assert!((power - 0.25).abs() < 0.01, "{power}");
}

#[test]
fn three_readers_open_the_file_at_any_moment_while_it_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::index();
    for format in [SampleFormat::Pcm16, SampleFormat::Pcm24, SampleFormat::Float32] {
        let recording = record(settings(folder.path(), format), "show", desk.tap.reader()).expect("it starts");
        wait_for("bytes on disk", seconds(20), || {
            (recording.status().frames > 0).then_some(())
        });
        for _ in 0..3 {
            let before = recording.status().frames;
            let found = [
                ffprobe_frames(recording.status().file(), 48_000.0),
                sox_frames(recording.status().file()),
                sndfile_frames(recording.status().file()),
            ];
            let after = recording.status().frames + 4_800;
            assert!(
                found.iter().all(|frames| (before..=after).contains(frames)),
                "{before}..{after}: {found:?}"
            );
        }
        let summary = recording.stop();
        let found = [
            ffprobe_frames(&summary.file, 48_000.0),
            sox_frames(&summary.file),
            sndfile_frames(&summary.file),
        ];
        assert_eq!(found, [summary.frames; 3]);
    }
}

#[test]
fn lost_blocks_are_silence_of_that_length_and_an_exact_line_in_the_gap_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut publish, tap) = burst(64);
    let reader = tap.reader();
    publish(1000); // the reader may be 32 behind: it finds the newest only
    let recording = record(settings(folder.path(), SampleFormat::Pcm24), "show", reader).expect("it starts");
    wait_for("what is left", seconds(20), || {
        (recording.status().frames > 0).then_some(())
    });
    publish(10);
    let status = wait_for("the rest", seconds(20), || {
        let status = recording.status();
        (status.frames == 1010 * 64).then_some(status)
    });
    let lost = status.frames_lost;
    assert!(lost > 0 && lost.is_multiple_of(64), "{lost}");
    let summary = recording.stop();
    assert_eq!((summary.frames, summary.gaps), (1010 * 64, 1));
    assert_eq!(gaps(&summary.file), [(0, lost, "the machine was too busy".into())]);
    let found = wave(&summary.file, 0).frames;
    assert!(
        found[..lost as usize].iter().all(|frame| *frame == [0.0; 2]),
        "the gap is silent"
    );
    let expected: Vec<_> = (lost..1010 * 64).map(index_frame).collect();
    assert!(
        found[lost as usize..] == expected,
        "what follows the gap is in its place"
    );
}

#[test]
fn without_audio_nobody_says_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_publish, tap) = burst(64);
    let recording = record(settings(folder.path(), SampleFormat::Pcm24), "show", tap.reader()).expect("it starts");
    assert_eq!(recording.status().state, RecordingState::Starting);
    wait_for("the truth", seconds(5), || {
        matches!(recording.status().state, RecordingState::Stalled { .. }).then_some(())
    });
    assert_eq!(recording.stop().frames, 0);
}

#[test]
fn a_folder_that_takes_no_recording_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a file");
    std::fs::write(&file, "").expect("written");
    let (_publish, tap) = burst(64);
    let refused = record(settings(&file.join("below"), SampleFormat::Pcm24), "show", tap.reader());
    let Err(error) = refused else {
        panic!("a file is no folder")
    };
    assert!(matches!(error, StartError::Folder { .. }));
    assert!(
        error.to_string().contains("a file/below") && error.to_string().contains("choose another"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_removed_stops_the_recording_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::index();
    let inside = folder.path().join("inside");
    let recording = record(settings(&inside, SampleFormat::Pcm24), "show", desk.tap.reader()).expect("it starts");
    wait_for("bytes on disk", seconds(20), || {
        (recording.status().frames > 0).then_some(())
    });
    std::fs::remove_dir_all(&inside).expect("removed");
    let reason = wait_for("the truth", seconds(10), || match recording.status().state {
        RecordingState::Failed { reason } => Some(reason),
        _ => None,
    });
    assert!(
        reason.contains("inside/show.wav was removed") && reason.contains("choose"),
        "{reason}"
    );
}
