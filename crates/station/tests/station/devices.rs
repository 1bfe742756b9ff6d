//! Devices as the operator has them: what is chosen of them takes effect, and what is wrong with them is said.

use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use airdesk_devices::simulated::{Card, SimulatedCards, Sizes};
use airdesk_station::api::{
    AudioCommand, BusName, ChannelPick, DeviceChoice, ErrorCode, Event, InputState, OutputName, OutputSettings,
    PlaybackState, RecordingState, Resampling, Snapshot, StripSource,
};
use airdesk_station::session::{self, Session, SessionBus, SessionStrip};
use tokio::time::sleep;

use crate::desk::{self, Desk};
use crate::passing::Passing;

/// A station whose cards run at the machine's time.
struct Studio {
    cards: SimulatedCards,
    desk: Desk,
    _time: Passing,
}

impl Studio {
    fn start(cards: SimulatedCards, session: &Session) -> Self {
        Self {
            desk: Desk::start(desk::folder(), session, cards.hosts()),
            _time: Passing::for_cards(&cards),
            cards,
        }
    }

    /// Ends it. Returns the session as it was kept.
    async fn stop(mut self) -> Session {
        self.desk.stop().await;
        session::read(&self.desk.session_file()).expect("a session")
    }
}

impl Deref for Studio {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

fn mic(resampling: Resampling) -> StripSource {
    StripSource::Device {
        device: SimulatedCards::device("mic"),
        channels: ChannelPick::Mono { channel: 0 },
        resampling,
        buffer: None,
    }
}

/// A microphone, speakers, and headphones for cue.
fn session() -> Session {
    let output = |bus, id| SessionBus {
        output: Some(DeviceChoice::Device {
            device: SimulatedCards::device(id),
        }),
        ..SessionBus::new(bus)
    };
    Session {
        strips: vec![SessionStrip::new("Mic", mic(Resampling::default()))],
        buses: vec![output(BusName::Programme, "speakers"), output(BusName::Cue, "phones")],
        ..Session::default()
    }
}

fn cards(mic: Card) -> SimulatedCards {
    let cards = SimulatedCards::new();
    cards.add(mic);
    for id in ["speakers", "phones"] {
        cards.add(Card {
            keeps: false,
            ..Card::output(id)
        });
    }
    cards
}

fn all_run(now: &Snapshot) -> bool {
    let plays = |output: OutputName| matches!(now.outputs[output as usize].playback, PlaybackState::Playing { .. });
    matches!(now.strips[0].input, InputState::Running { .. }) && plays(OutputName::Main) && plays(OutputName::Cue)
}

#[tokio::test]
async fn resampling_is_chosen_for_each_device_takes_effect_at_once_and_is_kept() {
    let desk = Studio::start(cards(Card::input("mic")), &session());
    let now = desk.when("all runs", all_run).await;
    let strip = now.strips[0].id;
    assert_eq!(now.outputs[1].settings, OutputSettings::default());
    let mut events = desk.handle.events();
    let source = mic(Resampling::LowLatency);
    desk.ask(AudioCommand::SetSource {
        strip,
        source: source.clone(),
    })
    .await;
    let settings = OutputSettings {
        resampling: Resampling::Best,
        exclusive: false,
    };
    for output in [OutputName::Main, OutputName::Cue] {
        desk.ask(AudioCommand::SetOutputSettings { output, settings }).await;
    }
    let now = desk.when("all runs again", all_run).await;
    assert_eq!(now.strips[0].source, source);
    assert_eq!((now.outputs[0].settings, now.outputs[1].settings), (settings, settings));
    let (mut attached, mut opened) = (0, [0; 2]);
    while let Ok(event) = events.try_recv() {
        match event {
            Event::Strip(strip) if strip.input == InputState::Opening => attached += 1,
            Event::Output(state) if state.playback == PlaybackState::Opening => opened[state.output as usize] += 1,
            _ => {}
        }
    }
    assert!(attached > 0, "the strip was not bridged anew");
    assert_eq!(
        opened,
        [0, 1],
        "cue is resampled anew; the programme at the desk's rate goes on"
    );
    assert_eq!(desk.cards.streams("phones"), 1);
    desk.ask(AudioCommand::Undo).await;
    let now = desk.when("all runs again", all_run).await;
    assert_eq!(now.outputs[1].settings, OutputSettings::default());
    let kept = desk.stop().await;
    assert_eq!(kept.strips[0].source, source);
    assert_eq!(kept.bus(BusName::Programme).playback, settings);
    assert_eq!(kept.bus(BusName::Cue).playback, OutputSettings::default());
}

#[tokio::test]
#[cfg(not(target_os = "macos"))]
async fn an_output_cannot_be_had_alone_where_the_system_has_no_such_thing() {
    let mut session = session();
    session.buses[1].playback.exclusive = true;
    let desk = Studio::start(cards(Card::input("mic")), &session);
    let now = desk.when("all runs", all_run).await;
    assert!(!now.exclusive_outputs);
    let told = now.notices.iter().find(|notice| notice.text.contains("shared"));
    assert!(
        told.is_some_and(|notice| notice.text.contains("the cue output")),
        "{:?}",
        now.notices
    );
    let settings = OutputSettings {
        exclusive: true,
        ..OutputSettings::default()
    };
    let output = OutputName::Main;
    let refused = desk
        .handle
        .send(AudioCommand::SetOutputSettings { output, settings })
        .await;
    let refused = refused.expect_err("refused");
    assert_eq!(refused.code, ErrorCode::Invalid);
    assert!(
        refused.message.contains("main output") && refused.message.contains("leave"),
        "{refused}"
    );
    let kept = desk.stop().await;
    assert!(
        kept.bus(BusName::Cue).playback.exclusive,
        "for the system that it came from"
    );
    assert!(!kept.bus(BusName::Programme).playback.exclusive);
}

#[tokio::test]
async fn a_clock_that_is_far_off_and_sound_that_is_late_are_told_once_each() {
    let cards = SimulatedCards::new();
    cards.add(Card {
        ppm: 2_000.0,
        sizes: Sizes::Cycle(vec![9_600]),
        ..Card::input("mic")
    });
    cards.add(Card {
        keeps: false,
        ..Card::output("speakers")
    });
    let mut gulp = vec![256; 100_000];
    gulp[0] = 48_000;
    cards.add(Card {
        sizes: Sizes::Cycle(gulp),
        keeps: false,
        ..Card::output("phones")
    });
    let desk = Studio::start(cards, &session());
    let about = |now: &Snapshot, what: &str| {
        let about = now.notices.iter().filter(|notice| notice.text.contains(what));
        about.map(|notice| notice.text.clone()).collect::<Vec<_>>()
    };
    let told = [
        "Simulated mic runs",
        "Simulated mic is",
        "the cue output, Simulated phones, is",
    ];
    desk.when("all is told", |now| {
        told.iter().all(|what| !about(now, what).is_empty())
    })
    .await;
    sleep(Duration::from_secs(3)).await;
    let now = desk.now().await;
    for what in told {
        assert_eq!(about(&now, what).len(), 1, "{:?}", now.notices);
    }
    assert!(
        about(&now, told[0])[0].contains("faster than the 48000 Hz"),
        "{:?}",
        now.notices
    );
    assert!(about(&now, "the main output, ").is_empty(), "{:?}", now.notices);
    let InputState::Running { ppm, .. } = now.strips[0].input else {
        panic!("{:?}", now.strips[0]);
    };
    // Against the desk's clock, which moves while it makes room on a busy machine.
    assert!((ppm - 2_000.0).abs() < 800.0, "{ppm}");
    desk.stop().await;
}

fn missing(now: &Snapshot) -> u64 {
    match now.strips[0].input {
        InputState::Running { frames_missing, .. } => frames_missing,
        _ => 0,
    }
}

fn recorded_file(now: &Snapshot) -> Option<PathBuf> {
    match &now.recorders[0].recording {
        RecordingState::Stopped { last_file } => last_file.as_ref().map(PathBuf::from),
        _ => None,
    }
}

#[tokio::test]
async fn what_a_microphone_did_not_give_is_one_line_beside_the_recording() {
    let desk = Studio::start(cards(Card::input("mic")), &session());
    desk.when("all runs", all_run).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    let before = missing(&desk.now().await);
    // Nothing counts as missing before a device has run for two seconds, which on a busy machine may take longer.
    let mut lost = 0;
    for _ in 0..10 {
        sleep(Duration::from_millis(2_500)).await;
        desk.cards.stall("mic", 0.5);
        sleep(Duration::from_millis(1_500)).await;
        lost = missing(&desk.now().await) - before;
        if lost > 0 {
            break;
        }
    }
    assert!(lost > 20_000, "{lost} frames are missed of 24,000");
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let now = desk.when("it is whole", |now| recorded_file(now).is_some()).await;
    let mut log = recorded_file(&now).expect("a file").into_os_string();
    log.push(".gaps.tsv");
    let log = std::fs::read_to_string(log).expect("there is a gap log");
    let lines: Vec<Vec<&str>> = log.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let longest = lines
        .iter()
        .max_by_key(|line| line[1].parse::<u64>().expect("a count"))
        .expect("a line");
    let (place, frames) = (longest[0].parse::<u64>(), longest[1].parse::<u64>());
    assert!(place.is_ok_and(|place| place > 96_000), "{log}");
    assert!(frames.is_ok_and(|frames| frames > 20_000 && frames <= lost), "{log}");
    assert!(longest[2].starts_with("strip Mic gave nothing"), "{log}");
}
