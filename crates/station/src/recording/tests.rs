use std::path::Path;

use airdesk_outputs::recorder::{RecordingState as Running, RecordingStatus};

use super::recorder::state::running_state;
use super::*;
use crate::api::{RecordingState, Severity};

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
