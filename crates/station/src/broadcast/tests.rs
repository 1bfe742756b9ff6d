//! Going live while the key store is asked.

use std::path::Path;

use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;

use super::*;
use crate::secrets::{Found, Secrets};
use crate::station::Internal;

/// A desk's stream with a file of passwords in `folder`, of which the keeper has said that.
fn air(folder: &Path, state: PasswordState) -> (Air, UnboundedReceiver<Internal>) {
    let (internal, mut station) = mpsc::unbounded_channel();
    let keeper = Keeper::start(Secrets::new(folder).without_key_store(), internal).expect("a thread");
    let mut air = Air::new(BroadcastSettings::default(), keeper, SampleRate::DESK);
    let mut found = said(&mut station);
    found.result = Ok(Found {
        secret: None,
        state,
        fault: None,
    });
    air.password_kept(found).0.expect("heard");
    (air, station)
}

fn said(station: &mut UnboundedReceiver<Internal>) -> Kept {
    match station.blocking_recv() {
        Some(Internal::Password(kept)) => kept,
        _ => panic!("the keeper says nothing"),
    }
}

fn go_live(air: &mut Air) -> Result<Option<Answer>, String> {
    let (_, tap) = airdesk_engine::mix_queue::mix_queue(16);
    let (answer, _) = oneshot::channel();
    air.go_live(&tap, answer).map_err(|Refused(error, _)| error.message)
}

#[test]
fn a_key_store_that_was_unlocked_meanwhile_lets_the_desk_go_live_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut air, mut station) = air(folder.path(), PasswordState::Locked);
    std::fs::write(
        folder.path().join("passwords.toml"),
        "\"stream@localhost\" = \"hackme\"",
    )
    .expect("written");
    assert!(go_live(&mut air).expect("it is asked").is_none());
    assert_eq!(air.state().air, AirState::Connecting);
    assert!(
        go_live(&mut air)
            .expect_err("on its way")
            .contains("already on air, or on its way")
    );
    let elsewhere = BroadcastSettings {
        host: "elsewhere.example.org".into(),
        ..BroadcastSettings::default()
    };
    let (answer, _) = oneshot::channel();
    let refused = air
        .set(elsewhere, answer)
        .expect_err("nobody went live there")
        .0
        .message;
    assert!(refused.contains("on its way to localhost"), "{refused}");
    air.password_kept(said(&mut station)).0.expect("heard");
    let (_, tap) = airdesk_engine::mix_queue::mix_queue(16);
    let (went, _) = air.go_live_at_last(&tap).expect("somebody waits");
    went.expect("live");
    assert!(air.go_live_at_last(&tap).is_none());
    air.finish();
}

#[test]
fn a_key_store_that_is_still_locked_is_told_and_so_is_a_password_that_was_never_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut locked, mut station) = air(folder.path(), PasswordState::Locked);
    assert!(go_live(&mut locked).expect("it is asked").is_none());
    let mut still = said(&mut station);
    still.result = Ok(Found {
        secret: None,
        state: PasswordState::Locked,
        fault: None,
    });
    locked.password_kept(still).0.expect("heard");
    let (_, tap) = airdesk_engine::mix_queue::mix_queue(16);
    let (went, _) = locked.go_live_at_last(&tap).expect("somebody waits");
    let refused = went.expect_err("no password").message;
    assert!(
        refused.contains("key store is locked") && refused.contains("unlock it"),
        "{refused}"
    );
    assert_eq!(locked.state().air, AirState::Off);
    let none = go_live(&mut air(folder.path(), PasswordState::None).0).expect_err("no password");
    for part in [
        "there is no password for source at localhost",
        "set it first",
        "open the listener mounts",
    ] {
        assert!(none.contains(part), "{none}");
    }
}

#[test]
fn whoever_goes_off_air_while_the_key_store_is_asked_is_off_air() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut air, mut station) = air(folder.path(), PasswordState::Locked);
    assert!(go_live(&mut air).expect("it is asked").is_none());
    air.go_off_air(Ok(()));
    assert_eq!(air.state().air, AirState::Off);
    air.password_kept(said(&mut station)).0.expect("heard");
    let (_, tap) = airdesk_engine::mix_queue::mix_queue(16);
    assert!(air.go_live_at_last(&tap).is_none());
}
