//! The console through the station: every control is heard, told, kept, taken back, and stored in scenes.

use std::time::Duration;

use airdesk_dsp::Decibels;
use airdesk_dsp::equaliser::{Band, BandKind};
use airdesk_station::api::{
    AudioCommand, BusChainSettings, BusName, ChainSettings, ChannelMode, DelaySettings, DuckerSettings, ErrorCode,
    Material, PanLaw, Reply, ScenePart, SendTap, Snapshot, StripSource, Talkover,
};
use airdesk_station::session::{Session, SessionFile, SessionStrip};
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions, StripId};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

struct Desk {
    station: Option<Station>,
    handle: StationHandle,
    folder: TempDir,
}

impl Desk {
    /// A desk with a pad on each strip.
    fn with(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Session {
            strips: names.iter().map(|name| pad(name)).collect(),
            ..Session::default()
        };
        SessionFile::new(folder.path().join("session.toml"))
            .save(&session)
            .expect("a session");
        Self::at(folder)
    }

    fn at(folder: TempDir) -> Self {
        let station = Station::start(StationOptions {
            session: folder.path().join("session.toml"),
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
        })
        .expect("a station");
        Self {
            handle: station.handle(),
            station: Some(station),
            folder,
        }
    }

    async fn ask(&self, command: AudioCommand) -> Reply {
        let said = format!("{command:?}");
        self.handle
            .send(command)
            .await
            .unwrap_or_else(|error| panic!("{said}: {error}"))
    }

    async fn refused(&self, command: AudioCommand) -> (ErrorCode, String) {
        let error = self.handle.send(command).await.expect_err("refused");
        (error.code, error.message)
    }

    async fn now(&self) -> Snapshot {
        self.handle.snapshot().await.expect("a snapshot")
    }

    async fn ids(&self) -> Vec<StripId> {
        self.now().await.strips.iter().map(|strip| strip.id).collect()
    }

    async fn names(&self) -> Vec<String> {
        self.now().await.strips.into_iter().map(|strip| strip.name).collect()
    }

    /// The faders, dB.
    async fn faders(&self) -> Vec<f32> {
        let strips = self.now().await.strips;
        strips.iter().map(|strip| strip.controls.fader.db()).collect()
    }

    async fn fade(&self, strip: StripId, level: f32) {
        let level = Some(level);
        self.ask(AudioCommand::SetFader { strip, level }).await;
    }

    /// The highest peak of a bus within some frames of meters.
    async fn peak(&self, bus: BusName) -> f32 {
        let mut meters = self.handle.meters();
        let mut peak = 0.0_f32;
        for _ in 0..20 {
            let frame = timeout(Duration::from_secs(5), meters.recv()).await;
            let frame = frame.expect("levels come").expect("a station");
            peak = peak.max(frame.buses[bus.place()].levels.peak[0]);
        }
        peak
    }

    /// Ends the station and starts it anew with what it has saved.
    async fn restart(mut self) -> Self {
        self.stop().await;
        Self::at(self.folder)
    }

    async fn stop(&mut self) {
        self.handle.stop().await.expect("the session is saved");
        if let Some(station) = self.station.take() {
            let joined = tokio::task::spawn_blocking(move || station.join()).await;
            joined.expect("it ends");
        }
    }
}

fn pad(name: &str) -> SessionStrip {
    let material = Material::Pad;
    SessionStrip::new(name, StripSource::Material { material })
}

fn level(db: f32) -> Decibels {
    Decibels::new(db).expect("a level")
}

/// A chain in which every stage differs from what it is unless set.
fn busy_chain() -> ChainSettings {
    let mut chain = ChainSettings::default();
    chain.high_pass = chain.high_pass.switched(true);
    chain.gate.on = true;
    chain.gate.threshold_dbfs = -80.0;
    chain.equaliser.bands[1] = Band::new(BandKind::Bell, 1_000.0, 6.0, 1.5).expect("a band");
    chain.compressor.on = true;
    chain.compressor.threshold_dbfs = -30.0;
    chain.de_esser.on = true;
    chain
}

#[tokio::test]
async fn every_control_of_a_strip_is_told_and_kept_for_the_next_run() {
    let desk = Desk::with(&["One", "Two"]);
    let strip = desk.ids().await[1];
    let stages = Box::new(busy_chain());
    let delay = DelaySettings { delay_ms: 12.5 };
    let (to, tap) = (BusName::Aux3, SendTap::PreFader);
    for command in [
        AudioCommand::SetChannels {
            strip,
            mode: ChannelMode::Swapped,
        },
        AudioCommand::SetInverted {
            strip,
            left: true,
            right: false,
        },
        AudioCommand::SetDelay { strip, settings: delay },
        AudioCommand::SetStages {
            strip,
            stages: stages.clone(),
        },
        AudioCommand::SetPanLaw {
            strip,
            law: PanLaw::Balance,
        },
        AudioCommand::SetSend {
            strip,
            to,
            level: Some(-6.0),
            tap,
        },
        AudioCommand::SetVca { strip, vca: Some(2) },
        AudioCommand::SetTalkoverPart {
            strip,
            part: Talkover::Ducked,
        },
    ] {
        desk.ask(command).await;
    }
    let told = desk.now().await.strips[1].controls;
    assert_eq!((told.channels, told.inverted), (ChannelMode::Swapped, [true, false]));
    assert_eq!(
        (told.delay, told.chain, told.pan_law),
        (delay, *stages, PanLaw::Balance)
    );
    assert_eq!((told.sends[2].level, told.sends[2].tap), (level(-6.0), tap));
    assert_eq!((told.vca, told.talkover), (Some(2), Talkover::Ducked));
    let mut desk = desk.restart().await;
    let strips = desk.now().await.strips;
    assert_eq!(strips[1].controls, told);
    assert_eq!(
        strips[0].controls,
        pad("One").controls,
        "the other strip was not touched"
    );
    desk.stop().await;
}

#[tokio::test]
async fn buses_groups_talkover_and_mix_minus_are_kept_for_the_next_run() {
    let desk = Desk::with(&["Guest", "Music"]);
    let guest = desk.ids().await[0];
    let mut stages = BusChainSettings::default();
    stages.compressor.on = true;
    let talkover = DuckerSettings {
        on: true,
        depth_db: 20.0,
        ..DuckerSettings::default()
    };
    let bus = BusName::Aux2;
    for command in [
        AudioCommand::SetBusFader { bus, level: Some(-3.0) },
        AudioCommand::SetBusStages {
            bus: BusName::Programme,
            stages: Box::new(stages),
        },
        AudioCommand::SetMixMinus {
            bus,
            without: Some(guest),
        },
        AudioCommand::SetVcaFader { vca: 7, level: None },
        AudioCommand::SetTalkover { settings: talkover },
    ] {
        desk.ask(command).await;
    }
    let mut desk = desk.restart().await;
    let now = desk.now().await;
    let aux = now.buses[bus.place()];
    assert_eq!((aux.fader, aux.without), (level(-3.0), Some(now.strips[0].id)));
    assert_eq!(now.buses[0].stages, stages);
    assert_eq!(
        (now.vcas[7].fader, now.vcas[0].fader),
        (Decibels::SILENCE, Decibels::UNITY)
    );
    assert_eq!(now.talkover, talkover);
    desk.ask(AudioCommand::RemoveStrip {
        strip: now.strips[0].id,
    })
    .await;
    assert_eq!(
        desk.now().await.buses[bus.place()].without,
        None,
        "nobody is left to leave out"
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_send_and_a_vca_group_are_heard() {
    let mut desk = Desk::with(&["One"]);
    let strip = desk.ids().await[0];
    assert_eq!(desk.peak(BusName::Aux1).await, 0.0);
    let (to, tap) = (BusName::Aux1, SendTap::PostFader);
    desk.ask(AudioCommand::SetSend {
        strip,
        to,
        level: Some(0.0),
        tap,
    })
    .await;
    sleep(Duration::from_millis(200)).await;
    assert!(desk.peak(BusName::Aux1).await > 0.01);
    desk.ask(AudioCommand::SetVca { strip, vca: Some(0) }).await;
    desk.ask(AudioCommand::SetVcaFader { vca: 0, level: None }).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(
        (desk.peak(BusName::Aux1).await, desk.peak(BusName::Programme).await),
        (0.0, 0.0)
    );
    desk.stop().await;
}

#[tokio::test]
async fn what_goes_too_far_is_refused_by_name_value_and_range() {
    let mut desk = Desk::with(&["One"]);
    let strip = desk.ids().await[0];
    let before = desk.now().await.strips;
    let mut stages = busy_chain();
    stages.compressor.threshold_dbfs = 3.0;
    let settings = DelaySettings { delay_ms: 501.0 };
    let tap = SendTap::PostFader;
    for (command, said) in [
        (
            AudioCommand::SetStages {
                strip,
                stages: Box::new(stages),
            },
            "compressor threshold in dBFS goes from -60 to 0, not 3",
        ),
        (
            AudioCommand::SetDelay { strip, settings },
            "delay in ms goes from 0 to 500, not 501",
        ),
        (
            AudioCommand::SetSend {
                strip,
                to: BusName::Aux1,
                level: Some(10.5),
                tap,
            },
            "send is 10.5 dB; it goes from -90 to +10 dB, or is off",
        ),
        (
            AudioCommand::SetVca { strip, vca: Some(8) },
            "there is no VCA group 8; they go from 0 to 7",
        ),
    ] {
        assert_eq!(desk.refused(command).await, (ErrorCode::OutOfRange, said.to_owned()));
    }
    let to = BusName::Cue;
    let (code, message) = desk
        .refused(AudioCommand::SetSend {
            strip,
            to,
            level: None,
            tap,
        })
        .await;
    assert!(
        code == ErrorCode::Invalid && message.contains("aux1 to aux8"),
        "{message}"
    );
    assert_eq!(desk.now().await.strips, before);
    desk.stop().await;
}

#[tokio::test]
async fn an_action_is_taken_back_and_done_again_and_a_movement_is_one_action() {
    let mut desk = Desk::with(&["One", "Two"]);
    let [one, two] = desk.ids().await[..] else {
        panic!("two strips")
    };
    let (code, message) = desk.refused(AudioCommand::Undo).await;
    assert!(
        code == ErrorCode::NotRunning && message.contains("nothing to undo"),
        "{message}"
    );
    for db in [-1.0, -2.0, -3.0] {
        desk.fade(one, db).await;
    }
    desk.fade(two, -20.0).await;
    desk.ask(AudioCommand::SetMute { strip: two, on: true }).await;
    let history = desk.now().await.history;
    assert_eq!((history.undo.as_deref(), history.redo), (Some("mute of Two"), None));
    desk.ask(AudioCommand::Undo).await;
    let now = desk.now().await;
    assert!(!now.strips[1].controls.mute);
    assert_eq!(now.history.redo.as_deref(), Some("mute of Two"));
    assert_eq!(now.history.undo.as_deref(), Some("fader of Two"));
    desk.ask(AudioCommand::Undo).await;
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(desk.faders().await, [0.0, 0.0], "the whole movement");
    for _ in 0..3 {
        desk.ask(AudioCommand::Redo).await;
    }
    assert_eq!(desk.faders().await, [-3.0, -20.0]);
    assert!(desk.now().await.strips[1].controls.mute);
    desk.refused(AudioCommand::Redo).await;
    desk.ask(AudioCommand::Undo).await;
    desk.fade(one, 5.0).await;
    desk.refused(AudioCommand::Redo).await; // another way was taken
    desk.stop().await;
}

#[tokio::test]
async fn a_strip_that_was_removed_comes_back_to_its_place_with_all_it_was() {
    let mut desk = Desk::with(&["One", "Two", "Three"]);
    let two = desk.ids().await[1];
    desk.ask(AudioCommand::SetStages {
        strip: two,
        stages: Box::new(busy_chain()),
    })
    .await;
    let (bus, without) = (BusName::Aux1, Some(two));
    desk.ask(AudioCommand::SetMixMinus { bus, without }).await;
    desk.ask(AudioCommand::RemoveStrip { strip: two }).await;
    assert_eq!(desk.names().await, ["One", "Three"]);
    desk.ask(AudioCommand::Undo).await;
    let now = desk.now().await;
    assert_eq!(desk.names().await, ["One", "Two", "Three"]);
    assert_eq!(now.strips[1].controls.chain, busy_chain());
    assert_eq!(now.buses[bus.place()].without, Some(now.strips[1].id));
    // What was done before to the strip that is gone is taken back from the one that came.
    desk.ask(AudioCommand::Undo).await;
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(desk.now().await.strips[1].controls.chain, ChainSettings::default());
    for _ in 0..3 {
        desk.ask(AudioCommand::Redo).await;
    }
    assert_eq!(desk.names().await, ["One", "Three"]);
    desk.stop().await;
}

#[tokio::test]
async fn a_hundred_actions_are_kept_and_the_oldest_goes() {
    let mut desk = Desk::with(&["One"]);
    let strip = desk.ids().await[0];
    for n in 0..101 {
        desk.ask(AudioCommand::SetMute { strip, on: n % 2 == 0 }).await;
    }
    for _ in 0..100 {
        desk.ask(AudioCommand::Undo).await;
    }
    desk.refused(AudioCommand::Undo).await;
    assert!(
        desk.now().await.strips[0].controls.mute,
        "the first action is past taking back"
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_brings_back_what_is_asked_for_and_leaves_the_rest() {
    let desk = Desk::with(&["Mic", "Music"]);
    let [mic, music] = desk.ids().await[..] else {
        panic!("two strips")
    };
    desk.fade(mic, -6.0).await;
    desk.ask(AudioCommand::SetMute { strip: music, on: true }).await;
    desk.ask(AudioCommand::SetStages {
        strip: mic,
        stages: Box::new(busy_chain()),
    })
    .await;
    desk.ask(AudioCommand::StoreScene { name: "Opening".into() }).await;
    desk.fade(mic, -30.0).await;
    desk.ask(AudioCommand::SetMute {
        strip: music,
        on: false,
    })
    .await;
    let usual = Box::new(ChainSettings::default());
    desk.ask(AudioCommand::SetStages {
        strip: mic,
        stages: usual,
    })
    .await;
    // It is there after a restart, too.
    let mut desk = desk.restart().await;
    assert_eq!(desk.now().await.scenes, ["Opening"]);
    let recall = |parts: &[ScenePart]| AudioCommand::RecallScene {
        name: "Opening".into(),
        parts: parts.to_vec(),
        strips: Vec::new(),
        fade: 0.0,
    };
    desk.ask(recall(&[ScenePart::Switches])).await;
    let strips = desk.now().await.strips;
    assert!(strips[1].controls.mute);
    assert_eq!(strips[0].controls.fader, level(-30.0), "levels were not asked for");
    desk.ask(recall(&[ScenePart::Levels, ScenePart::Stages])).await;
    let strips = desk.now().await.strips;
    assert_eq!(
        (strips[0].controls.fader, strips[0].controls.chain),
        (level(-6.0), busy_chain())
    );
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(desk.faders().await[0], -30.0, "a recall is one action");
    desk.ask(AudioCommand::RemoveScene { name: "Opening".into() }).await;
    let (code, message) = desk.refused(recall(&[])).await;
    assert!(code == ErrorCode::Invalid && message.contains("Opening"), "{message}");
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_restores_which_strips_there_are_when_that_is_asked_for() {
    let mut desk = Desk::with(&["Mic", "Music"]);
    let music = desk.ids().await[1];
    desk.ask(AudioCommand::StoreScene { name: "Talk".into() }).await;
    desk.ask(AudioCommand::RemoveStrip { strip: music }).await;
    let source = StripSource::Silent;
    let name = "Phone".to_owned();
    desk.ask(AudioCommand::AddStrip { name, source }).await;
    let recall = |parts: &[ScenePart]| AudioCommand::RecallScene {
        name: "Talk".into(),
        parts: parts.to_vec(),
        strips: Vec::new(),
        fade: 0.0,
    };
    desk.ask(recall(&[ScenePart::Levels])).await;
    assert_eq!(
        desk.names().await,
        ["Mic", "Phone"],
        "nobody is added or removed unasked"
    );
    desk.ask(recall(&[ScenePart::Layout])).await;
    assert_eq!(desk.names().await, ["Mic", "Music"]);
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_recalled_for_single_strips_leaves_the_others_and_the_buses_as_they_are() {
    let mut desk = Desk::with(&["Mic", "Music", "Phone"]);
    let [mic, music, phone] = desk.ids().await[..] else {
        panic!("three strips")
    };
    let bus = BusName::Programme;
    desk.ask(AudioCommand::StoreScene { name: "Talk".into() }).await;
    for strip in [mic, music, phone] {
        desk.fade(strip, -30.0).await;
        desk.ask(AudioCommand::SetMute { strip, on: true }).await;
    }
    desk.ask(AudioCommand::SetBusFader { bus, level: Some(-3.0) }).await;
    let recall = |strips: &[StripId]| AudioCommand::RecallScene {
        name: "Talk".into(),
        parts: vec![ScenePart::Levels, ScenePart::Layout],
        strips: strips.to_vec(),
        fade: 0.0,
    };
    desk.ask(recall(&[music, phone])).await;
    let now = desk.now().await;
    assert_eq!(desk.faders().await, [-30.0, 0.0, 0.0]);
    assert!(
        now.strips.iter().all(|strip| strip.controls.mute),
        "switches were not asked for"
    );
    assert_eq!(now.buses[bus.place()].fader, level(-3.0));
    desk.ask(AudioCommand::RemoveStrip { strip: phone }).await;
    let (code, _) = desk.refused(recall(&[mic, phone])).await;
    assert_eq!((code, desk.faders().await[0]), (ErrorCode::NoSuchStrip, -30.0));
    desk.stop().await;
}

#[tokio::test]
async fn a_recall_fades_and_a_hand_on_a_fader_keeps_it() {
    let mut desk = Desk::with(&["One", "Two"]);
    let [one, two] = desk.ids().await[..] else {
        panic!("two strips")
    };
    desk.ask(AudioCommand::StoreScene { name: "Up".into() }).await;
    desk.fade(one, -60.0).await;
    desk.fade(two, -60.0).await;
    let recall = |fade| AudioCommand::RecallScene {
        name: "Up".into(),
        parts: vec![ScenePart::Levels],
        strips: Vec::new(),
        fade,
    };
    let (code, message) = desk.refused(recall(61.0)).await;
    assert!(
        code == ErrorCode::OutOfRange && message.contains("0 to 60 s"),
        "{message}"
    );
    desk.ask(recall(2.0)).await;
    assert!(
        desk.faders().await.iter().all(|db| *db < -50.0),
        "it begins where it was"
    );
    sleep(Duration::from_millis(800)).await;
    let way = desk.faders().await;
    assert!(way.iter().all(|db| (-59.0..-1.0).contains(db)), "{way:?}");
    desk.fade(two, -10.0).await;
    let arrived = async {
        while desk.faders().await[0] < 0.0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), arrived).await.expect("it arrives");
    assert_eq!(desk.faders().await, [0.0, -10.0]);
    desk.stop().await;
}

#[tokio::test]
async fn the_programmes_loudness_is_always_measured_and_that_of_a_bus_on_demand() {
    let mut desk = Desk::with(&["One"]);
    let loud = async {
        loop {
            let loudness = desk.now().await.loudness;
            if loudness
                .first()
                .is_some_and(|state| state.short_term.is_some() && state.seconds > 2.0)
            {
                return loudness;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let loudness = timeout(Duration::from_secs(20), loud).await.expect("it is measured");
    assert_eq!((loudness.len(), loudness[0].bus), (1, BusName::Programme));
    assert!(
        loudness[0].momentary.is_some_and(|lufs| (-60.0..0.0).contains(&lufs)),
        "{loudness:?}"
    );
    let bus = BusName::Programme;
    desk.ask(AudioCommand::ResetLoudness { bus }).await;
    assert!(desk.now().await.loudness[0].seconds < 1.0);
    let (code, message) = desk.refused(AudioCommand::MeasureLoudness { bus, on: false }).await;
    assert!(
        code == ErrorCode::Invalid && message.contains("always measured"),
        "{message}"
    );
    let bus = BusName::Aux1;
    desk.ask(AudioCommand::MeasureLoudness { bus, on: true }).await;
    assert_eq!(desk.now().await.loudness[1].bus, bus);
    desk.ask(AudioCommand::MeasureLoudness { bus, on: false }).await;
    assert_eq!(desk.now().await.loudness.len(), 1);
    assert_eq!(
        desk.refused(AudioCommand::ResetLoudness { bus }).await.0,
        ErrorCode::NotRunning
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_of_a_full_desk_is_recalled_to_the_last_control() {
    let folder = tempfile::tempdir().expect("a folder");
    let strip = |n: usize| SessionStrip::new(&format!("Strip {n}"), StripSource::Silent);
    let mut session = Session {
        strips: (0..256).map(strip).collect(),
        ..Session::default()
    };
    let usual = session.strips[0].controls;
    for strip in &mut session.strips {
        let controls = &mut strip.controls;
        (controls.channels, controls.inverted) = (ChannelMode::Mono, [true, true]);
        (controls.trim, controls.fader, controls.chain) = (level(6.0), level(-6.0), busy_chain());
        controls.delay = DelaySettings { delay_ms: 10.0 };
        (controls.mute, controls.solo, controls.solo_safe, controls.cue) = (true, true, true, true);
        (controls.vca, controls.talkover, controls.pan_law) = (Some(1), Talkover::Ducked, PanLaw::Balance);
        controls.sends.iter_mut().for_each(|send| send.level = level(-10.0));
    }
    let wanted = session.strips[0].controls;
    SessionFile::new(folder.path().join("session.toml"))
        .save(&session)
        .expect("a session");
    let mut desk = Desk::at(folder);
    desk.ask(AudioCommand::StoreScene { name: "All".into() }).await;
    session.strips.iter_mut().for_each(|strip| strip.controls = usual);
    let parts = vec![
        ScenePart::Levels,
        ScenePart::Switches,
        ScenePart::Stages,
        ScenePart::Sends,
        ScenePart::Groups,
    ];
    let recall = |name: &str| AudioCommand::RecallScene {
        name: name.into(),
        parts: parts.clone(),
        strips: Vec::new(),
        fade: 0.0,
    };
    // Everything back to rest, as another scene, and from there to the first in one go.
    desk.stop().await;
    let file = SessionFile::new(desk.folder.path().join("session.toml"));
    let kept = file.open().expect("the session").session;
    session.scenes = kept.scenes;
    file.save(&session).expect("saved");
    let mut desk = Desk::at(std::mem::replace(
        &mut desk.folder,
        tempfile::tempdir().expect("a folder"),
    ));
    assert!(desk.now().await.strips.iter().all(|strip| strip.controls == usual));
    desk.ask(recall("All")).await;
    let now = desk.now().await;
    assert!(now.strips.iter().all(|strip| strip.controls == wanted));
    let refused = now.notices.iter().find(|notice| notice.text.contains("take commands"));
    assert_eq!(refused, None, "the engine has taken every command");
    desk.ask(AudioCommand::Undo).await;
    assert!(desk.now().await.strips.iter().all(|strip| strip.controls == usual));
    desk.stop().await;
}
