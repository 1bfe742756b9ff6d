//! What the station tells about a recording, up to the moment when its file is whole.

use std::time::Duration;

use airdesk_station::HostChoice;
use airdesk_station::api::{
    AudioCommand, ErrorCode, Event, RecordingFormat, RecordingSettings, RecordingState, Severity,
};
use airdesk_station::session::Session;
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::desk::{self, Desk, pad};

/// A desk with one strip that records into a folder of its own.
fn recorder() -> Desk {
    let folder = desk::folder();
    let session = Session {
        strips: vec![pad("One")],
        recorders: vec![RecordingSettings {
            folder: folder.path().join("recordings").to_string_lossy().into_owned(),
            format: RecordingFormat::Pcm24,
            ..RecordingSettings::default()
        }],
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

/// What the recorder is next said to be doing.
async fn next(events: &mut broadcast::Receiver<Event>) -> RecordingState {
    let told = async {
        loop {
            if let Event::Recorder(recorder) = events.recv().await.expect("a station") {
                return recorder.recording;
            }
        }
    };
    timeout(Duration::from_secs(10), told).await.expect("it is told")
}

/// Starts a recording, waits until bytes reach the disk, and says into which file.
async fn record(desk: &Desk, events: &mut broadcast::Receiver<Event>) -> String {
    desk.handle
        .send(AudioCommand::StartRecording { recorder: None })
        .await
        .expect("recording");
    loop {
        if let RecordingState::Recording { file, gaps_logged, .. } = next(events).await {
            assert!(gaps_logged, "there is no gap");
            return file;
        }
    }
}

#[tokio::test]
async fn a_recording_that_was_stopped_is_finishing_until_its_file_is_whole() {
    let mut desk = recorder();
    let mut events = desk.handle.events();
    let recorded = record(&desk, &mut events).await;
    let (stopped, refused, told) = tokio::join!(
        desk.handle.send(AudioCommand::StopRecording { recorder: None }),
        desk.handle.send(AudioCommand::StartRecording { recorder: None }),
        async {
            let mut told = Vec::new();
            while !matches!(told.last(), Some(RecordingState::Stopped { .. })) {
                told.push(next(&mut events).await);
            }
            told
        }
    );
    stopped.expect("it is whole");
    // Six bytes a frame; seconds and bytes are not read in one go.
    let finishing = told.iter().position(|state| {
        matches!(state, RecordingState::Finishing { file, seconds, bytes, gaps_logged: true, .. }
            if *file == recorded && *seconds > 0.0 && *bytes as f64 > seconds * 48_000.0 * 3.0)
    });
    let finishing = finishing.unwrap_or_else(|| panic!("it is never finishing: {told:#?}"));
    let after = &told[finishing..];
    assert!(
        !after
            .iter()
            .any(|state| matches!(state, RecordingState::Recording { .. })),
        "{after:#?}"
    );
    let refused = refused.expect_err("the last one is not whole yet");
    assert_eq!(refused.code, ErrorCode::AlreadyRunning);
    assert!(refused.message.contains("on its way to the disk"), "{refused}");
    desk.stop().await;
}

#[tokio::test]
async fn a_machine_that_sleeps_is_noted_in_the_gap_log_of_the_recording_under_way_and_of_no_other() {
    let mut desk = recorder();
    let mut events = desk.handle.events();
    let slept = async |seconds: f32, says: &str| {
        desk.handle.slept(seconds).await.expect("a station");
        let told = |text: &str| text.contains("slept") && text.contains(says);
        desk.when("it is told", |now| now.notices.iter().any(|notice| told(&notice.text)))
            .await
    };
    slept(60.0, "slept for 60 s; the desk goes on from now").await;
    let file = record(&desk, &mut events).await;
    slept(
        3_600.0,
        "slept for 3600 s; the desk goes on from now, and the recording does not hold",
    )
    .await;
    let stopped = desk.handle.send(AudioCommand::StopRecording { recorder: None }).await;
    stopped.expect("it is whole");
    let log = std::fs::read_to_string(format!("{file}.gaps.tsv")).expect("a gap log");
    let [_, gap] = log.lines().collect::<Vec<_>>()[..] else {
        panic!("one gap: {log}")
    };
    let columns: Vec<_> = gap.split('\t').collect();
    assert!(columns[0].parse::<u64>().is_ok_and(|frame| frame > 0), "where: {gap}");
    // An hour at 48 kHz.
    assert_eq!(
        columns[1..],
        ["172800000", "the machine slept: this time is not in the file"]
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_desk_that_ends_tells_that_its_recording_is_finishing() {
    let mut desk = recorder();
    let mut events = desk.handle.events();
    record(&desk, &mut events).await;
    desk.stop().await;
    let mut told = Vec::new();
    while !matches!(told.last(), Some(RecordingState::Stopped { .. })) {
        told.push(next(&mut events).await);
    }
    assert!(
        told.iter()
            .any(|state| matches!(state, RecordingState::Finishing { .. })),
        "{told:#?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_recording_that_turns_out_to_be_lost_when_it_is_stopped_is_told_as_any_failure() {
    let mut desk = recorder();
    let mut events = desk.handle.events();
    let file = record(&desk, &mut events).await;
    std::fs::remove_file(&file).expect("removed");
    // It may have been noticed by now; then there is nothing to stop.
    let _ = desk.handle.send(AudioCommand::StopRecording { recorder: None }).await;
    let now = desk.now().await;
    let RecordingState::Failed { reason, .. } = &now.recorders[0].recording else {
        panic!("it looks as if all were well: {:?}", now.recorders)
    };
    assert!(reason.contains(&file), "{reason}");
    let told: Vec<_> = now
        .notices
        .iter()
        .map(|notice| (notice.severity, &notice.text))
        .collect();
    assert_eq!(told, [(Severity::Error, reason)]);
    desk.stop().await;
}
