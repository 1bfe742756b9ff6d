//! Devices as the operator has them: what is chosen of them takes effect, and what is wrong with them is said.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_devices::simulated::{Card, SimulatedCards};
use airdesk_station::api::{
    AudioCommand, BusName, ChannelPick, DeviceChoice, ErrorCode, Event, InputState, OutputName, OutputSettings,
    PlaybackState, Resampling, Snapshot, StripSource,
};
use airdesk_station::session::{self, Session, SessionBus, SessionStrip};
use airdesk_station::{Station, StationHandle, StationOptions};
use tempfile::TempDir;
use tokio::time::sleep;

/// A station whose cards run at the machine's time.
struct Desk {
    cards: SimulatedCards,
    station: Station,
    handle: StationHandle,
    folder: TempDir,
    ended: Arc<AtomicBool>,
    time: thread::JoinHandle<()>,
}

impl Desk {
    fn start(cards: SimulatedCards, session: &Session) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("session.toml");
        session::SessionFile::new(path.clone())
            .save(session)
            .expect("a session");
        let ended = Arc::new(AtomicBool::new(false));
        let station = Station::start(StationOptions {
            session: path,
            data: folder.path().to_owned(),
            key_store: false,
            hosts: cards.hosts(),
        })
        .expect("a station");
        Self {
            time: play(cards.clone(), ended.clone()),
            cards,
            handle: station.handle(),
            station,
            folder,
            ended,
        }
    }

    async fn ask(&self, command: AudioCommand) {
        self.handle.send(command).await.expect("obeyed");
    }

    /// The first snapshot that `shows` it.
    async fn when(&self, what: &str, shows: impl Fn(&Snapshot) -> bool) -> Snapshot {
        let mut last = None;
        for _ in 0..600 {
            let snapshot = self.handle.snapshot().await.expect("a snapshot");
            if shows(&snapshot) {
                return snapshot;
            }
            last = Some(snapshot);
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: {last:#?}")
    }

    /// Ends it. Returns the session as it was kept.
    async fn stop(self) -> Session {
        self.handle.stop().await.expect("the session is saved");
        let station = self.station;
        tokio::task::spawn_blocking(move || station.join())
            .await
            .expect("it ends");
        self.ended.store(true, Ordering::Relaxed);
        self.time.join().expect("time ends");
        session::read(&self.folder.path().join("session.toml")).expect("a session")
    }
}

/// Moves the cards' time on with the machine's until `ended`.
fn play(cards: SimulatedCards, ended: Arc<AtomicBool>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let (began, mut seconds) = (Instant::now(), 0.0);
        while !ended.load(Ordering::Relaxed) {
            let now = began.elapsed().as_secs_f64();
            cards.advance(now - seconds);
            seconds = now;
            thread::sleep(Duration::from_millis(2));
        }
    })
}

fn mic(resampling: Resampling) -> StripSource {
    StripSource::Device {
        device: SimulatedCards::device("mic"),
        channels: ChannelPick::Mono { channel: 0 },
        resampling,
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
    let desk = Desk::start(cards(Card::input("mic")), &session());
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
    let desk = Desk::start(cards(Card::input("mic")), &session);
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
