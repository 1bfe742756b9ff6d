//! What a desk notes of a show, as a host reads it: while it runs, live, and after the next start.

use std::time::Duration;

use airdesk_devices::simulated::{Card, SimulatedCards};
use airdesk_station::HostChoice;
use airdesk_station::api::{
    AudioCommand, ChannelPick, DeviceChoice, ErrorCode, Event, Happening, InputState, OutputName, RecordingFormat,
    RecordingSettings, RecordingState, Reply, Resampling, StripSource, TimelineEntry, TimelineKind,
};
use airdesk_station::session::{Session, SessionStrip};
use airdesk_station::timeline::{Question, TimelineFile};
use tokio::time::{sleep, timeout};

use crate::desk::{self, Desk, pad};
use crate::passing::Passing;

/// The newest entries, the newest first.
async fn entries(desk: &Desk, kinds: &[TimelineKind]) -> Vec<TimelineEntry> {
    let asked = AudioCommand::ReadTimeline {
        before: None,
        limit: 500,
        kinds: kinds.to_vec(),
        words: String::new(),
    };
    match desk.handle.send(asked).await {
        Ok(Reply::Timeline { entries, .. }) => entries,
        // The scribe may not have made it yet.
        Err(error) if error.code == ErrorCode::Storage => Vec::new(),
        other => panic!("{other:?}"),
    }
}

/// Waits until there is one of this kind, and returns the newest.
pub(crate) async fn newest(desk: &Desk, kind: TimelineKind) -> TimelineEntry {
    for _ in 0..400 {
        if let Some(entry) = entries(desk, &[kind]).await.into_iter().next() {
            return entry;
        }
        sleep(Duration::from_millis(25)).await;
    }
    panic!("no {kind} was noted: {:#?}", entries(desk, &[]).await)
}

/// Waits for one of this kind that has happened later than another entry.
pub(crate) async fn next_after(desk: &Desk, number: u64, kind: TimelineKind) -> TimelineEntry {
    for _ in 0..400 {
        let next = newest(desk, kind).await;
        if next.number > number {
            return next;
        }
        sleep(Duration::from_millis(25)).await;
    }
    panic!("no {kind} was noted after {number}: {:#?}", entries(desk, &[]).await)
}

fn kinds(entries: &[TimelineEntry]) -> Vec<TimelineKind> {
    entries.iter().rev().map(|entry| entry.happening.kind()).collect()
}

/// Sets the title.
fn titled(title: &str) -> AudioCommand {
    AudioCommand::SetTitle {
        title: title.to_owned(),
        artist: String::new(),
        show: None,
    }
}

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

#[tokio::test]
async fn a_show_is_read_back_in_the_order_in_which_it_was() {
    let desk = recorder();
    let title = "Bjørk – Jóga".to_owned();
    desk.ask(titled(&title)).await;
    desk.ask(titled(&title)).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when(
        "bytes in the file",
        |now| matches!(&now.recorders[0].recording, RecordingState::Recording { bytes, .. } if *bytes > 0),
    )
    .await;
    desk.handle.slept(7.0).await.expect("heard");
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    newest(&desk, TimelineKind::RecordingStopped).await;
    let all = entries(&desk, &[]).await;
    let expected = [
        TimelineKind::DeskStarted,
        TimelineKind::Title,
        TimelineKind::RecordingStarted,
        TimelineKind::MachineSlept,
        TimelineKind::RecordingStopped,
    ];
    assert_eq!(kinds(&all), expected, "{all:#?}");
    assert_eq!(all[3].happening, Happening::Title { title });
    assert!(all.is_sorted_by(|a, b| a.number > b.number && a.seconds >= b.seconds && a.frame >= b.frame));
    let Happening::RecordingStopped { frames, frames_lost } = all[0].happening else {
        panic!("{:?}", all[0]);
    };
    let file = hound::WavReader::open(&all[0].subject).expect("the file it names");
    assert_eq!(
        (u64::from(file.duration()), frames_lost, all[0].position),
        (frames, 0, Some(frames))
    );

    let mut desk = desk.restart().await;
    newest(&desk, TimelineKind::DeskStopped).await;
    let all = entries(&desk, &[]).await;
    assert_eq!(
        kinds(&all)[5..],
        [TimelineKind::DeskStopped, TimelineKind::DeskStarted],
        "{all:#?}"
    );
    assert_eq!((all[1].desk, all[0].desk), (1, 2));
    desk.stop().await;
}

#[tokio::test]
async fn every_console_is_told_what_happens_and_the_file_has_it_then() {
    let mut desk = recorder();
    newest(&desk, TimelineKind::DeskStarted).await;
    let mut events = desk.handle.events();
    let title = "Now".to_owned();
    desk.ask(titled(&title)).await;
    let told = timeout(Duration::from_secs(10), async {
        loop {
            if let Event::Timeline(entry) = events.recv().await.expect("a station") {
                return entry;
            }
        }
    });
    let told = told.await.expect("it is told");
    assert_eq!(told.text, "title: Now");
    let reader = desk.handle.timeline().open().expect("a timeline");
    let question = Question {
        after: Some(told.number - 1),
        limit: 1,
        ..Question::default()
    };
    assert_eq!(reader.read(&question).expect("readable").entries, [told]);
    desk.stop().await;
}

#[tokio::test]
async fn an_engine_that_breaks_is_noted_with_the_file_that_takes_over() {
    let mut desk = recorder();
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when("a recording", |now| {
        matches!(now.recorders[0].recording, RecordingState::Recording { .. })
    })
    .await;
    desk.handle.break_engine().await.expect("it breaks");
    let over = newest(&desk, TimelineKind::RecordingTookOver).await;
    let all = entries(&desk, &[]).await;
    let expected = [
        TimelineKind::DeskStarted,
        TimelineKind::RecordingStarted,
        TimelineKind::EngineRestarted,
        TimelineKind::RecordingStopped,
        TimelineKind::RecordingTookOver,
    ];
    assert_eq!(kinds(&all), expected, "{all:#?}");
    let began = &all[3];
    assert_eq!(
        over.happening,
        Happening::RecordingTookOver {
            before: began.subject.clone()
        }
    );
    assert_ne!(over.subject, began.subject);
    desk.stop().await;
}

#[tokio::test]
async fn a_microphone_that_is_pulled_and_plugged_in_again_is_lost_and_back() {
    let cards = SimulatedCards::new();
    cards.add(Card::input("mic"));
    let source = StripSource::Device {
        device: SimulatedCards::device("mic"),
        channels: ChannelPick::Mono { channel: 0 },
        resampling: Resampling::default(),
        buffer: None,
    };
    let session = Session {
        strips: vec![SessionStrip::new("Mic", source)],
        ..Session::default()
    };
    let mut desk = Desk::start(desk::folder(), &session, cards.hosts());
    let time = Passing::for_cards(&cards);
    let runs = |now: &airdesk_station::api::Snapshot| matches!(now.strips[0].input, InputState::Running { .. });
    desk.when("the microphone", runs).await;
    cards.vanish("mic", true);
    let lost = newest(&desk, TimelineKind::DeviceLost).await;
    assert!(lost.cause.is_some(), "{lost:?}");
    cards.come_back("mic");
    desk.when("the microphone again", runs).await;
    let back = newest(&desk, TimelineKind::DeviceBack).await;
    let Happening::DeviceBack { away } = back.happening else {
        panic!("{back:?}");
    };
    assert_eq!(back.subject, lost.subject);
    assert!(
        (away - (back.seconds - lost.seconds)).abs() < 0.5,
        "{away} s: {lost:?} {back:?}"
    );
    desk.stop().await;
    drop(time);
}

#[tokio::test]
async fn an_output_that_is_led_elsewhere_is_noted_with_where() {
    let mut desk = recorder();
    let device = Some(DeviceChoice::Device {
        device: "pipewire:speakers".parse().expect("an id"),
    });
    let output = OutputName::Cue;
    desk.ask(AudioCommand::SetOutput { output, device }).await;
    let changed = newest(&desk, TimelineKind::OutputChanged).await;
    assert_eq!(changed.text, "the cue output plays on pipewire:speakers now");
    desk.stop().await;
}

#[tokio::test]
async fn a_stream_that_finds_no_server_is_noted_once_and_so_is_its_end() {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        free.local_addr().expect("an address").port()
    };
    let mut desk = recorder();
    let settings = airdesk_station::api::BroadcastSettings {
        host: "127.0.0.1".into(),
        port,
        ..Default::default()
    };
    let target = desk.target().await.id;
    let settings = Box::new(settings);
    desk.ask(AudioCommand::SetTarget { target, settings }).await;
    let password = "hackme-42".into();
    desk.ask(AudioCommand::SetPassword { target, password }).await;
    desk.ask(AudioCommand::GoLive { target: None }).await;
    let trying = newest(&desk, TimelineKind::Reconnecting).await;
    assert_eq!(trying.subject, format!("127.0.0.1:{port}/live.mp3"));
    assert!(trying.cause.is_some(), "{trying:?}");
    sleep(Duration::from_secs(3)).await; // it is tried again meanwhile
    desk.ask(AudioCommand::GoOffAir { target: None }).await;
    newest(&desk, TimelineKind::OffAir).await;
    let all = entries(&desk, &[TimelineKind::Reconnecting, TimelineKind::OffAir]).await;
    assert_eq!(
        kinds(&all),
        [TimelineKind::Reconnecting, TimelineKind::OffAir],
        "{all:#?}"
    );
    assert!(!format!("{all:?}").contains("hackme"));
    desk.stop().await;
}

#[tokio::test]
async fn a_desk_whose_library_cannot_be_made_runs_and_says_so_once() {
    let folder = desk::folder();
    std::fs::create_dir(folder.path().join("library.sqlite3")).expect("something is in the way");
    let session = Session {
        strips: vec![pad("One")],
        ..Session::default()
    };
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let told = desk.when("a notice", |now| !now.notices.is_empty()).await.notices;
    assert!(told[0].text.starts_with("the timeline is not written: "), "{told:?}");
    let strip = desk.first_strip().await;
    desk.fade(strip, 0.0).await;
    assert!(
        desk.peak(airdesk_station::api::BusName::Programme).await > 0.0,
        "it is heard"
    );
    let asked = AudioCommand::ReadTimeline {
        before: None,
        limit: 10,
        kinds: Vec::new(),
        words: String::new(),
    };
    assert_eq!(desk.refused(asked).await.0, ErrorCode::Storage);
    sleep(Duration::from_secs(3)).await; // it is tried again meanwhile
    assert_eq!(desk.now().await.notices.len(), 1, "{:?}", desk.now().await.notices);
    std::fs::remove_dir(desk.folder.path().join("library.sqlite3")).expect("out of the way");
    newest(&desk, TimelineKind::DeskStarted).await;
    let file = TimelineFile::in_folder(desk.folder.path());
    assert!(file.path().is_file());
    desk.stop().await;
}
