use std::path::Path;

use airdesk_engine::mix_queue::mix_queue;
use airdesk_outputs::recorder::{Feed, Recorder, RecorderSettings, RecordingState as Running, RecordingStatus};

use super::recorder::Phase;
use super::recorder::state::running_state;
use super::*;
use crate::api::{BusName, RecordingState, Severity, Stems};

#[test]
fn a_recording_that_the_disk_has_stalled_says_as_much_of_itself_as_before() {
    let state = |state, gap_log_fault| {
        running_state(RecordingStatus {
            files: vec!["/first.wav".into()],
            parts: 1,
            state,
            frames: 60 * 48_000,
            rate: SampleRate::DESK,
            bytes: 17_280_068,
            frames_lost: 128,
            gap_log_fault,
            seam_fault: None,
            remarks: Vec::new(),
            moved: None,
        })
    };
    for fault in [None, Some("the gap log cannot be written".to_owned())] {
        let (file, gaps_logged) = (|| "/first.wav".to_owned(), fault.is_none());
        let recording = RecordingState::Recording {
            file: file(),
            seconds: 60.0,
            bytes: 17_280_068,
            frames_lost: 128,
            gaps_logged,
        };
        assert_eq!(state(Running::Recording, fault.clone()), recording);
        let stalled = RecordingState::Stalled {
            file: file(),
            seconds: 4.0,
            recorded: 60.0,
            bytes: 17_280_068,
            frames_lost: 128,
            gaps_logged,
        };
        assert_eq!(state(Running::Stalled { seconds: 4.0 }, fault), stalled);
    }
}

#[test]
fn a_gap_that_is_not_logged_is_told_once_a_file_and_never_in_place_of_a_failure() {
    let (internal, _station) = mpsc::unbounded_channel();
    let settings = RecordingSettings::default();
    let mut desk = RecorderDesk::new(1, settings, SampleRate::DESK, Default::default(), internal);
    let fault = || Some("the gap log cannot be written".to_owned());
    let failure = || Some("the disk is full".to_owned());
    let warning = (Severity::Warning, "the gap log cannot be written".to_owned());
    let error = (Severity::Error, "the disk is full".to_owned());
    let (first, second) = (Path::new("/first.wav"), Path::new("/second.wav"));
    assert_eq!(desk.remarks(first, None, None), []);
    assert_eq!(desk.remarks(first, fault(), None), std::slice::from_ref(&warning));
    assert_eq!(desk.remarks(first, fault(), None), []);
    assert_eq!(desk.remarks(first, fault(), failure()), std::slice::from_ref(&error));
    assert_eq!(desk.remarks(second, fault(), failure()), [warning, error]);
}

#[test]
fn that_no_new_file_can_be_begun_is_told_once_until_one_was() {
    let (internal, _station) = mpsc::unbounded_channel();
    let settings = RecordingSettings::default();
    let mut desk = RecorderDesk::new(1, settings, SampleRate::DESK, Default::default(), internal);
    let seam = "no new file can be begun".to_owned();
    let told = |desk: &mut RecorderDesk, fault| desk.file_remarks(fault, &[]).len();
    let times = [Some(&seam), Some(&seam), None, Some(&seam)].map(|fault| told(&mut desk, fault));
    assert_eq!(times, [1, 0, 0, 1]);
    let remarks = ["a cue sheet".to_owned(), "a stem".to_owned()];
    let told = [1, 1, 2, 2].map(|count| desk.file_remarks(Some(&seam), &remarks[..count]).len());
    assert_eq!(told, [1, 0, 1, 0]);
}

#[test]
fn recordings_are_told_apart_by_their_recorders_where_something_is_lost() {
    let (internal, _station) = mpsc::unbounded_channel();
    let named = |name: &str| RecordingSettings {
        name: name.into(),
        ..RecordingSettings::default()
    };
    let settings = ["Show", "Music", "Show"].map(named).to_vec();
    let recorders = Recorders::new(settings, SampleRate::DESK, internal);
    assert_eq!(
        [1, 2, 3].map(|id| recorders.place(id)),
        [
            "recording Show (recorder 1)",
            "recording Music",
            "recording Show (recorder 3)"
        ]
    );
}

/// A recorder that is set to this and has room for so many minutes of 24 bit at 48 kHz, in one file.
fn with_room(settings: RecordingSettings, minutes: u64) -> RecorderDesk {
    let (internal, _station) = mpsc::unbounded_channel();
    let mut desk = RecorderDesk::new(1, settings, SampleRate::DESK, Default::default(), internal);
    desk.free_bytes = Some(minutes * 60 * 48_000 * 6);
    desk
}

#[test]
fn room_is_counted_in_all_files_that_a_recording_would_have() {
    let set = |stems, buses: &[BusName]| RecordingSettings {
        stems,
        buses: buses.to_vec(),
        ..RecordingSettings::default()
    };
    let further = [BusName::Programme, BusName::Cue];
    for (settings, files) in [
        (set(Stems::None, &[]), 1.0),
        (set(Stems::AfterFaders, &[]), 4.0),
        (set(Stems::BeforeFaders, &further), 5.0),
    ] {
        let hours = with_room(settings, 60).hours_left(3, 0.0).expect("it is known");
        assert!((hours * files - 1.0).abs() < 1e-6, "{hours} h for {files} files");
    }
}

#[test]
fn little_room_is_told_once_at_an_hour_and_once_at_five_minutes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_writer, tap) = mix_queue(64);
    let mut desk = with_room(RecordingSettings::default(), 4);
    assert_eq!(desk.space_remark(2, 0.0), None, "nothing is recorded");
    let outputs = RecorderSettings {
        folder: folder.path().into(),
        ..settings::outputs(desk.settings(), SampleRate::DESK)
    };
    let feeds = vec![Feed::bus("Programme", tap.reader())];
    let recording = Recorder::start(outputs, feeds, Box::new("show".to_owned())).expect("it begins");
    desk.phase = Phase::Running(recording);
    let mut told = |minutes: u64| {
        desk.free_bytes = Some(minutes * 60 * 48_000 * 6);
        desk.space_remark(2, 0.0)
    };
    let severities = [90, 60, 59, 6].map(|minutes| told(minutes).map(|(severity, _)| severity));
    assert_eq!(severities, [None, Some(Severity::Warning), None, None]);
    let (severity, text) = told(5).expect("five minutes are left");
    assert_eq!(severity, Severity::Error);
    assert!(
        text.starts_with("there is room for 5 more minutes of recording in "),
        "{text}"
    );
    assert_eq!([told(4), told(1)], [None, None]);
    assert_eq!(told(90), None);
    assert!(told(30).is_some(), "there was room meanwhile");
}
