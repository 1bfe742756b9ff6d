//! On air by Icecast's protocol on a server of another make: Liquidsoap's harbor.

use airdesk_outputs::broadcast::BroadcastState;
use airdesk_outputs::encode::Codec;
use lab::harbor::Harbor;
use lab::icecast::PASSWORD;

use crate::rig::air::{air, await_failed, await_live, source};
use crate::rig::desk::Desk;
use crate::rig::listener::hear;
use crate::rig::titles::table;
use crate::rig::tone::measure;
use crate::rig::{seconds, wait_for};

const MOUNT: &str = "/live";

/// What it plays of the tone.
fn hears(server: &Harbor) {
    // It makes an MP3 of its own of what it has decoded: 0.45 dB less.
    let [left, _] = hear(&format!("http://127.0.0.1:{}/", server.listen_port), 6.0);
    let (found, rest) = measure(&left[left.len() - 24_000..], 1_000.0, 48_000.0);
    assert!((0.22..0.26).contains(&found) && rest < 1e-2, "{found} and {rest}");
}

#[test]
fn liquidsoap_takes_mp3_plays_it_and_is_told_its_titles() {
    let desk = Desk::tone(1_000.0, 0.25);
    let server = Harbor::with_mount("source", MOUNT);
    let broadcast = air(source("127.0.0.1", server.port, Codec::Mp3, MOUNT), PASSWORD, &desk);
    await_live(&broadcast);
    for (title, told) in table() {
        broadcast.set_title(&title);
        let told = format!("TITLE {}\n", told.replace("';", "\u{2019};"));
        wait_for(&told, seconds(40), || server.said().contains(&told).then_some(()));
    }
    hears(&server);
    let state = broadcast.state();
    assert!(matches!(state, BroadcastState::Live { reconnects: 0, .. }), "{state:?}");
}

/// A stream whose titles are its own comments: this Liquidsoap does not look there.
fn is_heard_after_a_title(codec: Codec) {
    let desk = Desk::tone(1_000.0, 0.25);
    let server = Harbor::with_mount("source", MOUNT);
    let broadcast = air(source("127.0.0.1", server.port, codec, MOUNT), PASSWORD, &desk);
    await_live(&broadcast);
    broadcast.set_title("Jóga – Bjørk 🎵");
    hears(&server);
    let state = broadcast.state();
    assert!(matches!(state, BroadcastState::Live { reconnects: 0, .. }), "{state:?}");
}

#[test]
fn liquidsoap_takes_opus_and_plays_it_beyond_a_title() {
    is_heard_after_a_title(Codec::Opus);
}

#[test]
fn liquidsoap_takes_vorbis_and_plays_it_beyond_a_title() {
    is_heard_after_a_title(Codec::Vorbis);
}

#[test]
fn a_wrong_password_is_named() {
    let desk = Desk::tone(1_000.0, 0.25);
    let server = Harbor::with_mount("source", MOUNT);
    let broadcast = air(source("127.0.0.1", server.port, Codec::Mp3, MOUNT), "not it", &desk);
    let reason = await_failed(&broadcast);
    assert!(reason.contains("password"), "{reason}");
}
