//! Recorders that nobody watches: what starts without a hand, in which folder, and for how long.

use std::time::Duration;

use airdesk_station::api::{
    AudioCommand, Notice, RecordingSettings, RecordingState, ScheduleSlot, SignalStart, Snapshot, StartSettings,
};
use airdesk_station::recover::find;
use tokio::time::sleep;

use crate::desk;
use crate::recorders::{desk_with, into, recorded, recording, samples};

#[tokio::test]
async fn a_recording_begins_in_the_second_folder_where_the_first_one_takes_none() {
    let mut desk = desk_with(|folder| {
        std::fs::write(folder.join("takes"), "no folder").expect("written");
        let mut settings = into(folder);
        settings.fallback = Some(folder.join("second").to_string_lossy().into_owned());
        vec![settings]
    });
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    let now = desk
        .when("what is free there", |now| {
            recorded(now, 0) > 0.5 && now.recorders[0].free_bytes.is_some()
        })
        .await;
    let moved = now.recorders[0].moved.clone().expect("it says so");
    assert!(moved.contains("takes") && moved.contains("second"), "{moved}");
    assert!(now.notices.iter().any(|notice| notice.text == moved));
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    desk.stop().await;
    let file = desk.folder.path().join("second").join("Programme 01.wav");
    assert!(samples(&file).len() > 24_000);
}

#[tokio::test]
async fn where_neither_folder_takes_a_recording_both_are_named() {
    let mut desk = desk_with(|folder| {
        for name in ["takes", "second"] {
            std::fs::write(folder.join(name), "no folder").expect("written");
        }
        let mut settings = into(folder);
        settings.fallback = Some(folder.join("second").to_string_lossy().into_owned());
        vec![settings]
    });
    let (_, told) = desk.refused(AudioCommand::StartRecording { recorder: None }).await;
    assert!(told.contains("takes") && told.contains("second"), "{told}");
    desk.stop().await;
}

/// The whole day, whatever day it is.
fn always() -> Vec<ScheduleSlot> {
    let days: Vec<u8> = (1..=7).collect();
    let slot = |from: &str, until: &str| ScheduleSlot {
        days: days.clone(),
        from: from.into(),
        until: until.into(),
    };
    vec![slot("00:00", "12:00"), slot("12:00", "00:00")]
}

#[tokio::test]
async fn what_the_clock_could_not_start_is_told_once_and_begins_as_soon_as_the_folder_takes_it() {
    let mut desk = desk_with(|folder| {
        std::fs::write(folder.join("takes"), "no folder").expect("written");
        let mut settings = into(folder);
        settings.start.schedule = always();
        vec![settings]
    });
    let told = |now: &Snapshot| {
        let of_it = |notice: &&Notice| notice.text.contains("tried again for as long as it is to be");
        now.notices.iter().filter(of_it).count()
    };
    desk.when("the operator is told", |now| told(now) == 1).await;
    std::fs::remove_file(desk.folder.path().join("takes")).expect("removed");
    let now = desk.when("it is recorded", |now| recorded(now, 0) > 0.2).await;
    assert_eq!(told(&now), 1);
    assert!(
        now.notices
            .iter()
            .any(|notice| notice.text.contains("is being recorded now"))
    );
    // What a hand stops stays stopped.
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    sleep(Duration::from_secs(1)).await;
    let now = desk.now().await;
    assert!(matches!(recording(&now, 0), RecordingState::Stopped { .. }));
    desk.stop().await;
}

#[tokio::test]
async fn a_recording_goes_on_for_as_long_as_anything_that_starts_it_wants_it() {
    let mut desk = desk_with(|folder| {
        let mut settings = into(folder);
        settings.start = StartSettings {
            signal: Some(SignalStart {
                level: -60.0,
                seconds: 2.0,
            }),
            schedule: always(),
            ..StartSettings::default()
        };
        vec![settings]
    });
    desk.when("it is recorded", |now| recorded(now, 0) > 1.0).await;
    let mut settings = desk.now().await.recorders[0].settings.clone();
    let set = |settings: &RecordingSettings| AudioCommand::SetRecording {
        recorder: None,
        settings: Box::new(settings.clone()),
    };
    settings.start.schedule.clear();
    desk.ask(set(&settings)).await;
    let before = recorded(&desk.now().await, 0);
    desk.when("there is signal still", |now| recorded(now, 0) > before + 1.0)
        .await;
    settings.start.signal = None;
    desk.ask(set(&settings)).await;
    desk.when("nothing wants it any more", |now| {
        matches!(recording(now, 0), RecordingState::Stopped { .. })
    })
    .await;
    desk.stop().await;
}

#[test]
fn a_folder_that_cannot_be_looked_through_hides_no_orphan_of_another() {
    let folder = desk::folder();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    // A file where a folder was: nobody can list it.
    std::fs::write(&first, "no folder").expect("written");
    std::fs::create_dir(&second).expect("made");
    std::fs::write(second.join("Programme.wav"), "").expect("written");
    std::fs::write(second.join("Programme.wav.recording"), "left behind").expect("written");
    let found = find(&[first.clone(), second].into_iter().collect());
    assert_eq!(found.orphans.len(), 1);
    let [told] = &found.unreadable[..] else {
        panic!("{:?}", found.unreadable)
    };
    assert!(told.contains(&first.display().to_string()), "{told}");
}
