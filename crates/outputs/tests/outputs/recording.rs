//! What is recorded is what was published: complete, in order, and readable while it grows.

use airdesk_dsp::{Frames, SampleRate};
use airdesk_engine::mix_queue::MixReader;
use airdesk_outputs::encode::FlacDepth;
use airdesk_outputs::recorder::{Feed, Recorder, RecorderSettings, Recording, RecordingState, Split, StartError};
use airdesk_outputs::recorder::{Names, Naming};
use airdesk_outputs::sound_file::{FileFormat, Origin, SampleFormat};

use crate::rig::decoder::{ffmpeg, says};
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
fn a_bus_that_is_made_as_late_as_the_programme_begins_with_it_and_without_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::index();
    let feeds = vec![
        Feed::bus("mix", desk.tap.reader()),
        Feed::bus("aux", desk.tap.reader()).later_by(Frames(143)),
    ];
    let settings = settings(folder.path(), SampleFormat::Float32);
    let recording = Recorder::start(settings, feeds, Box::new("show".to_owned())).expect("it starts");
    wait_for("a second", seconds(20), || {
        (recording.status().frames > 48_000).then_some(())
    });
    let summary = recording.stop();
    assert_eq!((summary.frames_lost, summary.gaps), (0, 0), "{summary:?}");
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
fn a_source_that_comes_later_begins_with_silence_and_is_as_long_as_the_others() {
    for format in [
        FileFormat::Wav(SampleFormat::Pcm24),
        FileFormat::Flac(FlacDepth::Bits24),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut desk = Desk::index();
        let settings = RecorderSettings {
            format,
            ..settings(folder.path(), SampleFormat::Pcm24)
        };
        let recording = record(settings, "show", desk.tap.reader()).expect("it starts");
        let reaches = |frames| {
            wait_for("audio on disk", seconds(20), || {
                (recording.status().frames > frames).then_some(())
            });
        };
        reaches(24_000);
        recording.split();
        reaches(72_000);
        assert!(recording.join(Feed::bus("Late", desk.tap.reader())));
        wait_for("its file", seconds(20), || {
            (recording.status().files.len() == 2).then_some(())
        });
        let here = recording.status().frames;
        reaches(here + 24_000);
        recording.split();
        reaches(here + 48_000);
        assert_eq!(recording.status().parts, 3, "a source that comes makes no new part");
        desk.stop();
        let summary = recording.stop();
        assert_eq!(
            (summary.failure, summary.frames_lost, summary.remarks),
            (None, 0, Vec::new())
        );
        let [_, with, late, after, too] = &summary.files[..] else {
            panic!("{:?}", summary.files)
        };
        let [with, late, after, too] = [with, late, after, too].map(|file| ffmpeg(file));
        assert_eq!((late.len(), too.len()), (with.len(), after.len()), "{format}");
        let begins = late.iter().position(|frame| *frame != [0.0; 2]).expect("it is heard");
        assert!(begins > 24_000 && begins < with.len() - 20_000, "{format}: {begins}");
        assert!(
            late[begins..] == with[begins..] && too == after,
            "{format}: it lies beside the others"
        );
    }
}

/// Names files, and says when they began.
struct Dated;

impl Names for Dated {
    fn next(&mut self, reels: &[&str], index: u32, _ago: std::time::Duration) -> Vec<Naming> {
        let naming = Naming {
            names: vec![format!("show {index}")],
            origin: Some(Origin {
                date: "2026-11-22".into(),
                time: "20:15:30".into(),
                frames_since_midnight: 0,
            }),
            ..Naming::default()
        };
        vec![naming; reels.len()]
    }
}

#[test]
fn every_wav_file_says_how_loud_it_is_once_it_is_whole_and_not_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::tone(1_000.0, 0.1);
    let feeds = vec![Feed::bus("Programme", desk.tap.reader())];
    let recording =
        Recorder::start(settings(folder.path(), SampleFormat::Pcm24), feeds, Box::new(Dated)).expect("it starts");
    let told = |file: &std::path::Path| {
        let fields = ["loudness-value", "max-truepeak", "max-momentary", "max-shortterm"];
        let fields = fields.map(|field| format!("--bext-{field}"));
        says("sndfile-metadata-get", &fields.each_ref().map(|field| &**field), file)
    };
    let limit = seconds(20);
    wait_for("a second on disk", limit, || {
        (recording.status().frames > 48_000).then_some(())
    });
    let file = recording.status().file().to_owned();
    let before = told(&file);
    assert!(
        before.contains("327.67") && !before.contains("-20."),
        "0x7fff is no value: {before}"
    );
    recording.split();
    wait_for("another file", limit, || (recording.status().parts == 2).then_some(()));
    let after = told(&file);
    assert!(
        after.matches("-23.0").count() == 2 && after.contains("-19.99"),
        "one side, 0.1 high: {after}"
    );
    assert!(!after.contains("327.67"), "{after}");
    recording.stop();
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
fn what_is_lost_before_the_first_block_comes_is_a_gap_also_where_the_files_are_made_after_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut publish, tap) = burst(64);
    let feeds = ["Programme", "Monitor"].map(|name| Feed::bus(name, tap.reader()));
    publish(1000);
    // The first blocks of two sources are waited for before there are files.
    let settings = settings(folder.path(), SampleFormat::Pcm24);
    let recording = Recorder::start(settings, feeds.into(), Box::new("show".to_owned())).expect("it starts");
    wait_for("both files", seconds(20), || {
        (recording.status().frames == 1000 * 64).then_some(())
    });
    let summary = recording.stop();
    assert_eq!((summary.files.len(), summary.gaps), (2, 2));
    for file in &summary.files {
        let found = wave(file, 0).frames;
        let [(0, lost, _)] = &gaps(file)[..] else {
            panic!("{:?}", gaps(file))
        };
        let expected: Vec<_> = (*lost..1000 * 64).map(index_frame).collect();
        assert!(found[*lost as usize..] == expected, "what follows is in its place");
    }
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
