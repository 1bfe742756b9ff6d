//! The transport on libshout, against the same server and the same listener.

use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings, BroadcastState, TransportKind};
use airdesk_outputs::encode::Codec;
use airdesk_outputs::icecast::{Secret, SourceSettings};
use lab::icecast::{Icecast, PASSWORD};

use crate::rig::air::{await_failed, await_live, await_retrying, source, to};
use crate::rig::desk::Desk;
use crate::rig::impostor::Impostor;
use crate::rig::listener::{hear, icy_title};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

fn air(source: SourceSettings, password: &str, desk: &Desk) -> Broadcast {
    let settings = BroadcastSettings {
        source,
        transport: TransportKind::Libshout,
    };
    Broadcast::start(&settings, Secret::new(password), desk.tap.clone()).expect("the settings are possible")
}

#[test]
fn a_listener_hears_the_tone_through_libshout_too() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    for (codec, mount) in [(Codec::Mp3, "/shout.mp3"), (Codec::Opus, "/shout.opus")] {
        let broadcast = air(to(&server, codec, mount), PASSWORD, &desk);
        broadcast.set_title("Jóga – Bjørk 🎵");
        await_live(&broadcast);
        let [left, _] = hear(&format!("http://127.0.0.1:{}{mount}", server.port), 3.0);
        assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
        if codec == Codec::Mp3 {
            assert_eq!(icy_title(server.port, mount, "J"), "Jóga – Bjørk 🎵");
        }
        broadcast.stop();
    }
}

#[test]
fn libshout_comes_back_after_a_restart_and_gives_up_on_a_wrong_password() {
    let mut server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = air(to(&server, Codec::Mp3, "/shout.mp3"), PASSWORD, &desk);
    await_live(&broadcast);
    server.kill();
    await_retrying(&broadcast);
    server.start_again();
    await_live(&broadcast);
    let reason = await_failed(&air(to(&server, Codec::Mp3, "/other.mp3"), "wrong", &desk));
    assert!(reason.contains("refused the login"), "{reason}");
}

#[test]
fn a_login_that_libshout_is_refused_names_a_mount_in_use_beside_the_password() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let source = to(&server, Codec::Mp3, "/shout.mp3");
    let first = air(source.clone(), PASSWORD, &desk);
    await_live(&first);
    let reason = await_failed(&air(source, PASSWORD, &desk));
    for said in [
        "check user name and password",
        "/shout.mp3 is on air already",
        "another mount",
    ] {
        assert!(reason.contains(said), "{reason}");
    }
}

#[test]
fn a_server_that_never_answers_libshout_is_left_behind() {
    let server = Impostor::black_hole();
    let desk = Desk::tone(1_000.0, 0.25);
    let source = source("127.0.0.1", server.port, Codec::Mp3, "/shout");
    let broadcast = air(source.clone(), PASSWORD, &desk);
    let reason = wait_for("a reason", seconds(40), || match broadcast.state() {
        BroadcastState::Retrying { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(!reason.is_empty());
    let reason = await_failed(&air(source, "a\0b", &desk));
    assert!(reason.contains("NUL"), "{reason}");
}
