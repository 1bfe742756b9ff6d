//! Scenes: what is stored, and what of it a recall brings back.

use std::time::Duration;

use airdesk_dsp::Decibels;
use airdesk_station::api::{
    AudioCommand, BusName, ChainSettings, ChannelMode, DelaySettings, ErrorCode, Happening, PanLaw, ScenePart, SendTap,
    Snapshot, StripSource, Talkover, TimelineKind,
};
use airdesk_station::session::{self, Session, SessionStrip};
use airdesk_station::{HostChoice, StripId};
use tokio::time::{sleep, timeout};

use crate::desk::{Desk, busy_chain, level};
use crate::timeline::{newest, next_after};

#[tokio::test]
async fn a_scene_brings_back_what_is_asked_for_and_leaves_the_rest() {
    let desk = Desk::with_pads(&["Mic", "Music"]);
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
    let mut desk = Desk::with_pads(&["Mic", "Music"]);
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
    let mut desk = Desk::with_pads(&["Mic", "Music", "Phone"]);
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
async fn a_scene_recalled_with_sends_brings_back_who_is_left_out_of_an_aux_bus_by_name() {
    let mut desk = Desk::with_pads(&["Mic", "Phone", "Music"]);
    let [mic, phone, music] = desk.ids().await[..] else {
        panic!("three strips")
    };
    let leave_out = |bus, without| AudioCommand::SetMixMinus { bus, without };
    let without = async |desk: &Desk| desk.now().await.buses[BusName::Aux1.place()].without;
    desk.ask(leave_out(BusName::Aux1, Some(phone))).await;
    desk.ask(AudioCommand::StoreScene { name: "Call".into() }).await;
    desk.ask(leave_out(BusName::Aux1, Some(music))).await;
    desk.ask(leave_out(BusName::Aux2, Some(mic))).await;
    let recall = |parts: &[ScenePart]| AudioCommand::RecallScene {
        name: "Call".into(),
        parts: parts.to_vec(),
        strips: Vec::new(),
        fade: 0.0,
    };
    // Another place, the same name.
    desk.ask(AudioCommand::RemoveStrip { strip: mic }).await;
    desk.ask(recall(&[ScenePart::Levels, ScenePart::Groups])).await;
    assert_eq!(without(&desk).await, Some(music), "sends were not asked for");
    desk.ask(recall(&[ScenePart::Sends])).await;
    assert_eq!(without(&desk).await, Some(phone));
    assert_eq!(desk.now().await.buses[BusName::Aux2.place()].without, None);
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(without(&desk).await, Some(music));
    // Who has gone comes back with the layout, and is left out.
    desk.ask(AudioCommand::RemoveStrip { strip: phone }).await;
    desk.ask(recall(&[ScenePart::Layout])).await;
    assert_eq!(without(&desk).await, Some(music), "at another place now");
    desk.ask(AudioCommand::Undo).await;
    desk.ask(recall(&[ScenePart::Sends])).await;
    assert_eq!(without(&desk).await, None, "nobody of that name is there");
    desk.ask(recall(&[ScenePart::Sends, ScenePart::Layout])).await;
    let ids = desk.ids().await;
    assert_eq!((desk.names().await.len(), without(&desk).await), (3, Some(ids[1])));
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_that_was_overwritten_or_removed_comes_back() {
    let desk = Desk::with_pads(&["Mic"]);
    let mic = desk.first_strip().await;
    let store = || AudioCommand::StoreScene { name: "Talk".into() };
    let recall = || AudioCommand::RecallScene {
        name: "Talk".into(),
        parts: vec![ScenePart::Levels],
        strips: Vec::new(),
        fade: 0.0,
    };
    desk.fade(mic, -6.0).await;
    desk.ask(store()).await;
    desk.fade(mic, -30.0).await;
    desk.ask(store()).await;
    let undo = desk.now().await.history.undo;
    assert_eq!(undo.as_deref(), Some("storing of scene Talk"));
    desk.ask(AudioCommand::Undo).await;
    desk.ask(recall()).await;
    assert_eq!(desk.faders().await, [-6.0], "as it was before it was overwritten");
    desk.ask(AudioCommand::RemoveScene { name: "Talk".into() }).await;
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(desk.now().await.scenes, ["Talk"]);
    desk.ask(AudioCommand::Redo).await;
    assert!(desk.now().await.scenes.is_empty());
    desk.ask(AudioCommand::Undo).await;
    // What came back is saved, too.
    let mut desk = desk.restart().await;
    desk.ask(recall()).await;
    assert_eq!(desk.faders().await, [-6.0]);
    desk.stop().await;
}

#[tokio::test]
async fn a_recall_fades_and_a_hand_on_a_fader_keeps_it() {
    let mut desk = Desk::with_pads(&["One", "Two"]);
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
    let noted = newest(&desk, TimelineKind::FadeEnded).await;
    let words = "scene Up fades no more; levels that have arrived: 1, that were stopped: 1";
    assert_eq!(noted.text, words);
    let recalled = newest(&desk, TimelineKind::SceneRecalled).await;
    assert_eq!(recalled.text, "scene Up was recalled; levels that fade for 2.0 s: 2");
    assert!(recalled.number < noted.number);
    desk.ask(recall(0.0)).await;
    assert_eq!(desk.faders().await, [0.0, 0.0]);
    assert_eq!(
        next_after(&desk, recalled.number, TimelineKind::SceneRecalled)
            .await
            .happening,
        Happening::SceneRecalled { fade: 0.0, levels: 0 }
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_of_a_full_desk_is_recalled_to_the_last_control() {
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
    let mut desk = Desk::with(&session);
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
    session.scenes = session::read(&desk.session_file()).expect("the session").scenes;
    let mut desk = Desk::start(desk.folder, &session, HostChoice::none());
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

fn levels_of(scene: &str, strips: &[StripId], fade: f32) -> AudioCommand {
    AudioCommand::RecallScene {
        name: scene.into(),
        parts: vec![ScenePart::Levels, ScenePart::Sends],
        strips: strips.to_vec(),
        fade,
    }
}

#[tokio::test]
async fn a_scene_recalled_during_a_fade_stays() {
    let mut desk = Desk::with_pads(&["One"]);
    let strip = desk.first_strip().await;
    let (bus, to, tap) = (BusName::Programme, BusName::Aux1, SendTap::default());
    let store = |name: &str| AudioCommand::StoreScene { name: name.into() };
    let set = async |desk: &Desk, db| {
        let level = Some(db);
        desk.fade(strip, db).await;
        desk.ask(AudioCommand::SetSend { strip, to, level, tap }).await;
        desk.ask(AudioCommand::SetBusFader { bus, level }).await;
        desk.ask(AudioCommand::SetVcaFader { vca: 0, level }).await;
    };
    let levels = async |desk: &Desk| {
        let now = desk.now().await;
        let controls = now.strips[0].controls;
        let levels = [
            controls.fader,
            controls.sends[0].level,
            now.buses[bus.place()].fader,
            now.vcas[0].fader,
        ];
        levels.map(Decibels::db)
    };
    set(&desk, 0.0).await;
    desk.ask(store("Up")).await;
    set(&desk, -60.0).await;
    desk.ask(store("Down")).await;
    desk.ask(levels_of("Up", &[], 10.0)).await;
    sleep(Duration::from_millis(300)).await;
    let way = levels(&desk).await;
    assert!(way.iter().all(|db| *db > -60.0), "{way:?}");
    desk.ask(levels_of("Down", &[], 0.0)).await;
    assert_eq!(levels(&desk).await, [-60.0; 4]);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(levels(&desk).await, [-60.0; 4], "nothing goes on to the first scene");
    // The same scene once more, and sooner.
    desk.ask(levels_of("Up", &[], 60.0)).await;
    desk.ask(levels_of("Up", &[], 0.0)).await;
    assert_eq!(levels(&desk).await, [0.0; 4]);
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(levels(&desk).await, [-60.0; 4], "both were one action");
    desk.stop().await;
}

#[tokio::test]
async fn a_scene_stored_and_a_session_saved_during_a_fade_hold_where_it_goes() {
    let desk = Desk::with_pads(&["One"]);
    let strip = desk.first_strip().await;
    let (bus, to, tap) = (BusName::Programme, BusName::Aux1, SendTap::PreFader);
    let store = |name: &str| AudioCommand::StoreScene { name: name.into() };
    for (scene, db) in [("Up", -10.0), ("Down", -60.0)] {
        let level = Some(db);
        desk.fade(strip, db).await;
        desk.ask(AudioCommand::SetSend { strip, to, level, tap }).await;
        desk.ask(AudioCommand::SetBusFader { bus, level }).await;
        desk.ask(AudioCommand::SetVcaFader { vca: 0, level }).await;
        desk.ask(store(scene)).await;
    }
    desk.ask(levels_of("Up", &[], 60.0)).await;
    let on_its_way = |now: &Snapshot| now.vcas[0].fader.db() > -60.0;
    let now = desk.when("it fades", on_its_way).await;
    assert!(now.vcas[0].fader.db() < -11.0, "it has a long way to go");
    desk.ask(store("Meanwhile")).await;
    // It is there at once when the desk is started again.
    let mut desk = desk.restart().await;
    assert_eq!(desk.faders().await, [-10.0]);
    desk.stop().await;
    let saved = session::read(&desk.session_file()).expect("the session");
    let [up, _, meanwhile] = &saved.scenes[..] else {
        panic!("three scenes: {:?}", saved.scenes)
    };
    assert_eq!((&meanwhile.strips, &meanwhile.vcas), (&up.strips, &up.vcas));
    assert_eq!(meanwhile.buses, up.buses);
    assert_eq!((&saved.strips, &saved.vcas), (&up.strips, &up.vcas));
    assert_eq!(saved.bus(bus).fader, level(-10.0));
}

#[tokio::test]
async fn a_fade_ends_where_the_next_scene_has_its_control_just_now() {
    let mut desk = Desk::with_pads(&["One"]);
    let strip = desk.first_strip().await;
    desk.ask(AudioCommand::SetFader { strip, level: None }).await;
    desk.ask(AudioCommand::StoreScene { name: "Off".into() }).await;
    desk.fade(strip, -90.0).await;
    desk.ask(AudioCommand::StoreScene { name: "Faint".into() }).await;
    // All the way to off it stands at -90 dB, which is off only when the time is over.
    desk.ask(levels_of("Off", &[], 1.0)).await;
    desk.ask(levels_of("Faint", &[], 0.0)).await;
    sleep(Duration::from_millis(1_300)).await;
    assert_eq!(desk.faders().await, [-90.0]);
    desk.stop().await;
}

#[tokio::test]
async fn what_a_recall_is_not_asked_for_fades_on() {
    let mut desk = Desk::with_pads(&["One", "Two"]);
    let [one, two] = desk.ids().await[..] else {
        panic!("two strips")
    };
    desk.ask(AudioCommand::StoreScene { name: "Up".into() }).await;
    desk.fade(one, -60.0).await;
    desk.fade(two, -60.0).await;
    desk.ask(AudioCommand::StoreScene { name: "Down".into() }).await;
    desk.ask(levels_of("Up", &[], 1.0)).await;
    desk.ask(levels_of("Down", &[one], 0.0)).await;
    desk.ask(AudioCommand::RecallScene {
        name: "Down".into(),
        parts: vec![ScenePart::Switches, ScenePart::Stages, ScenePart::Sends],
        strips: Vec::new(),
        fade: 0.0,
    })
    .await;
    let arrived = |now: &Snapshot| now.strips[1].controls.fader == level(0.0);
    desk.when("the other strip arrives", arrived).await;
    assert_eq!(desk.faders().await, [-60.0, 0.0]);
    desk.stop().await;
}

#[tokio::test]
async fn only_a_hand_on_the_fader_of_a_bus_takes_it_from_the_fade() {
    let mut desk = Desk::with_pads(&["One"]);
    let (strip, [moved, held]) = (desk.first_strip().await, [BusName::Programme, BusName::Aux1]);
    desk.ask(AudioCommand::StoreScene { name: "Up".into() }).await;
    for bus in [moved, held] {
        desk.ask(AudioCommand::SetBusFader {
            bus,
            level: Some(-60.0),
        })
        .await;
    }
    desk.ask(levels_of("Up", &[], 1.0)).await;
    for bus in [moved, held] {
        let stages = Box::default();
        desk.ask(AudioCommand::SetBusStages { bus, stages }).await;
    }
    let (bus, without) = (held, Some(strip));
    desk.ask(AudioCommand::SetMixMinus { bus, without }).await;
    desk.ask(AudioCommand::SetBusFader {
        bus,
        level: Some(-20.0),
    })
    .await;
    let arrived = |now: &Snapshot| now.buses[moved.place()].fader == level(0.0);
    let now = desk.when("the bus's fader arrives", arrived).await;
    assert_eq!(now.buses[held.place()].fader, level(-20.0));
    desk.stop().await;
}
