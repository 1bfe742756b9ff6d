//! A server with a self-signed certificate: refused with its fingerprint, trusted by it, and by no other.

use airdesk_outputs::broadcast::BroadcastState;
use airdesk_outputs::encode::Codec;
use airdesk_outputs::icecast::{Fingerprint, SourceSettings};
use lab::icecast::{Icecast, PASSWORD};

use crate::rig::air::{air, await_live, to};
use crate::rig::desk::Desk;
use crate::rig::listener::{hear, icy_title};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

fn over_tls(server: &Icecast, port: u16) -> SourceSettings {
    SourceSettings {
        tls: true,
        port,
        host: "localhost".into(),
        ..to(server, Codec::Mp3, "/live.mp3")
    }
}

fn refused(settings: SourceSettings, desk: &Desk) -> (String, Option<Fingerprint>) {
    let broadcast = air(settings, PASSWORD, desk);
    wait_for("the refusal", seconds(30), || match broadcast.state() {
        BroadcastState::Failed { reason, certificate } => Some((reason, certificate)),
        _ => None,
    })
}

#[test]
fn a_self_signed_server_is_trusted_once_the_operator_says_so() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let mut settings = over_tls(&server, server.tls_port);
    let (reason, certificate) = refused(settings.clone(), &desk);
    assert!(
        reason.contains("the certificate of localhost is not trusted"),
        "{reason}"
    );
    let presented = certificate.expect("the certificate to trust");
    assert_eq!(Ok(presented), server.fingerprint().parse());

    settings.pinned_certificate = Some(presented);
    let broadcast = air(settings.clone(), PASSWORD, &desk);
    broadcast.set_title("Jóga 🎵");
    await_live(&broadcast);
    let [left, _] = hear(&format!("http://127.0.0.1:{}/live.mp3", server.port), 2.0);
    assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
    assert_eq!(icy_title(server.port, "/live.mp3", "J"), "Jóga 🎵");
    broadcast.stop();

    settings.pinned_certificate = Some(Fingerprint::of(b"another"));
    let (reason, certificate) = refused(settings, &desk);
    assert!(
        reason.contains("another certificate than the one you trusted"),
        "{reason}"
    );
    assert_eq!(certificate, Some(presented));
}

#[test]
fn a_port_without_tls_is_named() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = air(over_tls(&server, server.port), PASSWORD, &desk);
    let reason = wait_for("a reason", seconds(30), || match broadcast.state() {
        BroadcastState::Failed { reason, .. } | BroadcastState::Retrying { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(reason.contains("TLS"), "{reason}");
}
