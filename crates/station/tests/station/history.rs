//! What the operator did, taken back and done again.

use std::time::Duration;

use airdesk_station::StripId;
use airdesk_station::api::{AudioCommand, BusName, ChainSettings, ErrorCode, ScenePart, Snapshot};
use tokio::time::sleep;

use crate::desk::{Desk, busy_chain, level};

#[tokio::test]
async fn an_action_is_taken_back_and_done_again_and_a_movement_is_one_action() {
    let mut desk = Desk::with_pads(&["One", "Two"]);
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
async fn each_stage_is_an_action_of_its_own_and_a_switch_is_no_movement() {
    let mut desk = Desk::with_pads(&["One"]);
    let strip = desk.first_strip().await;
    let mut chain = ChainSettings::default();
    let mut states = vec![chain];
    let mut set = async |change: &dyn Fn(&mut ChainSettings)| {
        change(&mut chain);
        let stages = Box::new(chain);
        desk.ask(AudioCommand::SetStages { strip, stages }).await;
        chain
    };
    states.push(set(&|chain| chain.gate.on = true).await);
    for threshold in [-21.0, -22.0, -23.0] {
        set(&|chain| chain.compressor.threshold_dbfs = threshold).await;
    }
    states.push(set(&|chain| chain.compressor.threshold_dbfs = -24.0).await);
    states.push(set(&|chain| chain.compressor.on = true).await);
    states.push(set(&|chain| chain.gate.on = false).await);
    let history = desk.now().await.history;
    assert_eq!(history.undo.as_deref(), Some("gate of One"));
    for state in states.iter().rev().skip(1) {
        desk.ask(AudioCommand::Undo).await;
        assert_eq!(desk.now().await.strips[0].controls.chain, *state);
    }
    desk.stop().await;
}

#[tokio::test]
async fn a_strip_that_was_removed_comes_back_to_its_place_with_all_it_was() {
    let mut desk = Desk::with_pads(&["One", "Two", "Three"]);
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
    let mut desk = Desk::with_pads(&["One"]);
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

/// A desk with a strip at -60 dB, and its programme too, which a scene has at 0 dB, and this scene's recall.
async fn faint_desk() -> (Desk, StripId, impl Fn(f32) -> AudioCommand) {
    let desk = Desk::with_pads(&["One"]);
    let strip = desk.first_strip().await;
    desk.ask(AudioCommand::StoreScene { name: "Up".into() }).await;
    let (bus, level) = (BusName::Programme, Some(-60.0));
    desk.fade(strip, -60.0).await;
    desk.ask(AudioCommand::SetBusFader { bus, level }).await;
    let recall = |fade| AudioCommand::RecallScene {
        name: "Up".into(),
        parts: vec![ScenePart::Levels],
        strips: Vec::new(),
        fade,
    };
    (desk, strip, recall)
}

/// Where the strip and the programme are, dB.
async fn levels(desk: &Desk) -> [f32; 2] {
    let now = desk.now().await;
    let bus = now.buses[BusName::Programme.place()].fader;
    [now.strips[0].controls.fader.db(), bus.db()]
}

#[tokio::test]
async fn a_recall_taken_back_while_it_fades_is_done_again_to_its_end() {
    let (mut desk, _, recall) = faint_desk().await;
    desk.ask(recall(10.0)).await;
    sleep(Duration::from_millis(300)).await;
    desk.ask(AudioCommand::Undo).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(levels(&desk).await, [-60.0; 2], "it fades no more");
    desk.ask(AudioCommand::Redo).await;
    assert_eq!(levels(&desk).await, [0.0; 2]);
    desk.ask(AudioCommand::Undo).await;
    assert_eq!(levels(&desk).await, [-60.0; 2]);
    desk.stop().await;
}

#[tokio::test]
async fn what_is_taken_back_while_a_scene_fades_leaves_the_fade_to_arrive() {
    let (mut desk, strip, recall) = faint_desk().await;
    desk.ask(recall(1.0)).await;
    desk.ask(AudioCommand::SetMute { strip, on: true }).await;
    desk.ask(AudioCommand::Undo).await;
    desk.ask(AudioCommand::Redo).await;
    let arrived = |now: &Snapshot| {
        now.strips[0].controls.fader == level(0.0) && now.buses[BusName::Programme.place()].fader == level(0.0)
    };
    let now = desk.when("both arrive", arrived).await;
    assert!(now.strips[0].controls.mute);
    desk.stop().await;
}

#[tokio::test]
async fn a_fader_taken_from_a_fade_is_given_back_to_where_the_scene_has_it() {
    let (mut desk, strip, recall) = faint_desk().await;
    desk.ask(recall(60.0)).await;
    desk.fade(strip, -20.0).await;
    desk.ask(AudioCommand::Undo).await;
    let [fader, bus] = levels(&desk).await;
    assert!(fader == 0.0 && bus < 0.0, "the programme fades still: {bus} dB");
    let goes_on = |now: &Snapshot| now.buses[BusName::Programme.place()].fader.db() > bus;
    desk.when("the programme fades on", goes_on).await;
    assert_eq!(desk.now().await.history.undo.as_deref(), Some("scene Up"));
    desk.ask(AudioCommand::Redo).await;
    assert_eq!(levels(&desk).await[0], -20.0);
    desk.stop().await;
}
