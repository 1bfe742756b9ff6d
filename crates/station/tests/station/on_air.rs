//! What the station tells about the stream to a server: without a server, as most desks begin.

use airdesk_station::api::{AirState, AudioCommand, BroadcastSettings, Transport};
use airdesk_station::session::Session;

use crate::desk::Desk;

#[tokio::test]
async fn what_a_stream_began_with_is_told_until_it_is_off_whatever_is_saved_meanwhile() {
    // Nobody answers there: the stream stays on its way.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let first = BroadcastSettings {
        host: "127.0.0.1".into(),
        port: silent.local_addr().expect("an address").port(),
        mount: "/first.mp3".into(),
        ..BroadcastSettings::default()
    };
    let second = BroadcastSettings {
        mount: "/second.mp3".into(),
        bit_rate: 192,
        ..first.clone()
    };
    let mut desk = Desk::with(&Session::default());
    assert_eq!(desk.now().await.broadcast.running, None);
    let settings = first.clone();
    desk.ask(AudioCommand::SetBroadcast { settings }).await;
    let password = "hackme-42".into();
    desk.ask(AudioCommand::SetPassword { password }).await;
    assert_eq!(desk.now().await.broadcast.running, None, "saved, and not on its way");
    desk.ask(AudioCommand::GoLive).await;
    let settings = second.clone();
    desk.ask(AudioCommand::SetBroadcast { settings }).await;
    let told = desk.now().await.broadcast;
    assert_ne!(told.air, AirState::Off);
    assert_eq!((told.running.as_deref(), &told.settings), (Some(&first), &second));
    assert!(!format!("{told:?}").contains("hackme-42"));
    desk.ask(AudioCommand::GoOffAir).await;
    let told = desk.now().await.broadcast;
    assert_eq!((told.air, told.running), (AirState::Off, None));
    desk.stop().await;
}

#[tokio::test]
async fn every_transport_that_is_told_is_taken_and_every_other_is_refused() {
    let mut desk = Desk::with(&Session::default());
    let told = desk.now().await.broadcast.transports;
    assert!(told.contains(&Transport::Native));
    for transport in Transport::ALL {
        let settings = BroadcastSettings {
            transport,
            ..BroadcastSettings::default()
        };
        let answer = desk.handle.send(AudioCommand::SetBroadcast { settings }).await;
        assert_eq!(answer.is_ok(), told.contains(&transport), "{transport:?}: {answer:?}");
    }
    desk.stop().await;
}
