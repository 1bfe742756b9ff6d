//! Going live while the key store is asked, and several targets beside each other.

use std::path::Path;

use airdesk_outputs::encode::Encoders;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;

use super::*;
use crate::api::{AirState, PasswordState};
use crate::password::Kept;
use crate::secrets::{Found, Secrets};
use crate::station::Internal;

/// A desk's streams with a file of passwords in `folder`, of which the keeper has said that.
fn air(folder: &Path, state: PasswordState) -> (Air, UnboundedReceiver<Internal>) {
    let (internal, mut station) = mpsc::unbounded_channel();
    let keeper = Keeper::start(Secrets::new(folder).without_key_store(), internal).expect("a thread");
    let mut air = Air::new(
        vec![BroadcastSettings::default()],
        keeper,
        Encoders::default(),
        SampleRate::DESK,
    );
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

fn tap(_: BusName) -> MixTap {
    airdesk_engine::mix_queue::mix_queue(16).1
}

fn answer() -> Answer {
    oneshot::channel().0
}

/// What came of it, once it is known; `None` while it waits.
fn came_of(said: Said) -> Option<Result<Reply, String>> {
    let (_, result) = said.into_iter().next()?;
    Some(result.map_err(|error| error.message))
}

fn go_live(air: &mut Air) -> Option<Result<Reply, String>> {
    came_of(air.go_live(None, &tap, answer()))
}

fn go_live_at_last(air: &mut Air) -> Option<Result<Reply, String>> {
    came_of(air.go_live_at_last(&tap))
}

fn first(air: &Air) -> TargetState {
    air.states().swap_remove(0)
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
    assert_eq!(go_live(&mut air), None);
    assert_eq!(first(&air).air, AirState::Connecting);
    let again = go_live(&mut air).expect("known").expect_err("on its way");
    assert!(again.contains("already on air, or on its way"), "{again}");
    let elsewhere = BroadcastSettings {
        host: "elsewhere.example.org".into(),
        ..BroadcastSettings::default()
    };
    let id = first(&air).id;
    let refused = air.set(id, elsewhere, answer()).expect_err("nobody went live there");
    assert!(refused.0.message.contains("on its way to localhost"), "{}", refused.0);
    air.password_kept(said(&mut station)).0.expect("heard");
    assert_eq!(go_live_at_last(&mut air), Some(Ok(Reply::Done)));
    assert_eq!(go_live_at_last(&mut air), None);
    air.finish();
}

#[test]
fn a_key_store_that_is_still_locked_is_told_and_so_is_a_password_that_was_never_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut locked, mut station) = air(folder.path(), PasswordState::Locked);
    assert_eq!(go_live(&mut locked), None);
    let mut still = said(&mut station);
    still.result = Ok(Found {
        secret: None,
        state: PasswordState::Locked,
        fault: None,
    });
    locked.password_kept(still).0.expect("heard");
    let refused = go_live_at_last(&mut locked).expect("known").expect_err("no password");
    assert!(
        refused.contains("key store is locked") && refused.contains("unlock it"),
        "{refused}"
    );
    assert_eq!(first(&locked).air, AirState::Off);
    let mut without = air(folder.path(), PasswordState::None).0;
    let none = go_live(&mut without).expect("known").expect_err("no password");
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
    assert_eq!(go_live(&mut air), None);
    let waited = air.go_off_air(None, &Ok(())).expect("off");
    assert_eq!(came_of(waited), Some(Ok(Reply::Done)));
    assert_eq!(first(&air).air, AirState::Off);
    air.password_kept(said(&mut station)).0.expect("heard");
    assert_eq!(go_live_at_last(&mut air), None);
}

/// A target on a server of its own.
fn at(host: &str, user: &str) -> BroadcastSettings {
    BroadcastSettings {
        host: host.into(),
        user: user.into(),
        ..BroadcastSettings::default()
    }
}

/// Sets a password, and hears of it.
fn set_password(air: &mut Air, station: &mut UnboundedReceiver<Internal>, id: TargetId, password: &str) {
    assert!(air.set_password(id, password.into(), answer()).is_ok());
    air.password_kept(said(station)).0.expect("kept");
}

#[test]
fn one_without_a_password_keeps_none_of_the_others_back_and_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut air, mut station) = air(folder.path(), PasswordState::None);
    let with = air.add(at("with.invalid", "source")).expect("added");
    air.password_kept(said(&mut station)).0.expect("heard");
    let off = air.add(BroadcastSettings {
        enabled: false,
        ..at("off.invalid", "source")
    });
    air.password_kept(said(&mut station)).0.expect("heard");
    let off = off.expect("added");
    for id in [with, off] {
        set_password(&mut air, &mut station, id, "hackme");
    }
    let refused = go_live(&mut air).expect("known").expect_err("one cannot");
    assert!(refused.contains("no password for source at localhost"), "{refused}");
    let on: Vec<_> = air.states().iter().map(|state| state.air != AirState::Off).collect();
    assert_eq!(on, [false, true, false]);
    assert_eq!(
        came_of(air.go_live(Some(off), &tap, answer())),
        Some(Ok(Reply::Done)),
        "asked for by name"
    );
    assert!(
        air.remove(with)
            .expect_err("on its way")
            .message
            .contains("take it off air first")
    );
    air.go_off_air(Some(with), &Ok(())).expect("off");
    air.remove(with).expect("removed");
    let left: Vec<_> = air.states().iter().map(|state| state.air != AirState::Off).collect();
    assert_eq!(left, [false, true]);
    air.finish();
}

#[test]
fn two_users_at_one_server_have_a_password_each_and_two_mounts_have_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut air, mut station) = air(folder.path(), PasswordState::None);
    let add = |air: &mut Air, station: &mut _, settings| {
        let id = air.add(settings).expect("added");
        air.password_kept(said(station)).0.expect("heard");
        id
    };
    let one = add(&mut air, &mut station, at("radio.example.org", "source"));
    let dj = add(&mut air, &mut station, at("Radio.example.org", "dj"));
    let other_mount = BroadcastSettings {
        mount: "/other.mp3".into(),
        ..at("radio.example.org", "source")
    };
    let other = add(&mut air, &mut station, other_mount);
    let kept = |air: &Air, id| {
        let state = air.states().into_iter().find(|state| state.id == id);
        state.expect("a target").password
    };
    set_password(&mut air, &mut station, one, "for source");
    assert_eq!(kept(&air, one), PasswordState::File);
    assert_eq!(kept(&air, other), PasswordState::File, "the same server and user");
    assert_eq!(kept(&air, dj), PasswordState::None);
    set_password(&mut air, &mut station, dj, "for the dj");
    let file = std::fs::read_to_string(folder.path().join("passwords.toml")).expect("a file");
    assert!(file.contains("\"stream@radio.example.org\" = \"for source\""), "{file}");
    assert!(
        file.contains("\"stream@dj@radio.example.org\" = \"for the dj\""),
        "{file}"
    );
    set_password(&mut air, &mut station, dj, "");
    assert_eq!(
        (kept(&air, dj), kept(&air, one)),
        (PasswordState::None, PasswordState::File)
    );
}

#[test]
fn a_password_stays_with_the_target_that_still_goes_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut air, mut station) = air(folder.path(), PasswordState::None);
    let second = air.add(at("localhost", "source")).expect("added");
    air.password_kept(said(&mut station)).0.expect("heard");
    set_password(&mut air, &mut station, second, "hackme");
    assert!(air.set(second, at("elsewhere.invalid", "source"), answer()).is_ok());
    air.password_kept(said(&mut station)).0.expect("heard");
    let states: Vec<_> = air.states().iter().map(|state| state.password).collect();
    assert_eq!(states, [PasswordState::File, PasswordState::None]);
}
