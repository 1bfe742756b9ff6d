//! What the operator did, taken back and done again.

use airdesk_station::api::{AudioCommand, BusName, ChainSettings, ErrorCode};

use crate::desk::{Desk, busy_chain};

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
