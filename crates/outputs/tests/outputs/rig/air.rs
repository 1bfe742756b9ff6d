//! Broadcasts as the tests make them, to a real Icecast or to what pretends to be one.

use airdesk_dsp::SampleRate;
use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings, BroadcastState, TransportKind};
use airdesk_outputs::encode::{Codec, EncoderSettings};
use airdesk_outputs::icecast::{Protocol, Secret, SourceSettings};
use lab::icecast::{Icecast, PASSWORD};

use super::desk::Desk;
use super::{seconds, wait_for};

/// What to send to a server as.
pub(crate) fn to(server: &Icecast, codec: Codec, mount: &str) -> SourceSettings {
    source("127.0.0.1", server.port, codec, mount)
}

/// A broadcast to a server that is on air.
pub(crate) fn on_air(server: &Icecast, desk: &Desk, codec: Codec, mount: &str) -> Broadcast {
    let broadcast = air(to(server, codec, mount), PASSWORD, desk);
    await_live(&broadcast);
    broadcast
}

/// A broadcast by the native transport.
pub(crate) fn air(source: SourceSettings, password: &str, desk: &Desk) -> Broadcast {
    let settings = BroadcastSettings {
        source,
        transport: TransportKind::Native,
    };
    Broadcast::start(&settings, Secret::new(password), desk.tap.clone()).expect("the settings are possible")
}

/// Waits until it is on air.
pub(crate) fn await_live(broadcast: &Broadcast) {
    let began = std::time::Instant::now();
    wait_for("on air", seconds(30), || match broadcast.state() {
        BroadcastState::Live { .. } => Some(()),
        state if began.elapsed() > seconds(29) => panic!("still {state:?}"),
        BroadcastState::Failed { reason, .. } => panic!("it gave up: {reason}"),
        _ => None,
    });
}

/// Waits until it has given up, and says why.
pub(crate) fn await_failed(broadcast: &Broadcast) -> String {
    wait_for("giving up", seconds(30), || match broadcast.state() {
        BroadcastState::Failed { reason, .. } => Some(reason),
        _ => None,
    })
}

/// Waits until it retries, and says why.
pub(crate) fn await_retrying(broadcast: &Broadcast) -> String {
    wait_for("retrying", seconds(30), || match broadcast.state() {
        BroadcastState::Retrying { reason, .. } => Some(reason),
        BroadcastState::Failed { reason, .. } => panic!("it gave up: {reason}"),
        _ => None,
    })
}

/// A source as the tests send it.
pub(crate) fn source(host: &str, port: u16, codec: Codec, mount: &str) -> SourceSettings {
    SourceSettings {
        protocol: Protocol::Icecast,
        host: host.into(),
        port,
        tls: false,
        pinned_certificate: None,
        mount: mount.into(),
        user: "source".into(),
        encoder: EncoderSettings {
            codec,
            bit_rate: 128,
            variable: false,
            rate: SampleRate::DESK,
        },
        name: "Rádio Ímpar 📻".into(),
        description: "a test".into(),
        genre: "talk".into(),
        url: "http://localhost/".into(),
        public: false,
    }
}
