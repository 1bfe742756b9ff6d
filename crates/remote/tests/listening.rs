//! What a player is told by the listener mounts before the audio comes.

use airdesk_remote::Face;
use airdesk_station::api::{AudioCommand, BroadcastSettings};
use airdesk_station::{HostChoice, Station, StationOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The head of a mount's answer.
async fn head(port: u16, mount: &str) -> String {
    let mut player = TcpStream::connect(("127.0.0.1", port)).await.expect("a face");
    let request = format!("GET {mount} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    player.write_all(request.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(player.read_u8().await.expect("an answer"));
    }
    String::from_utf8(head).expect("UTF-8")
}

fn named(name: &str) -> BroadcastSettings {
    BroadcastSettings {
        name: name.into(),
        description: format!("{name} until\nmorning"),
        genre: "Ambient".into(),
        url: "https://nightshift.example.org".into(),
        ..BroadcastSettings::default()
    }
}

#[tokio::test]
async fn a_player_is_told_whose_stream_it_is_and_the_next_one_what_was_saved_since() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || StationOptions {
        session: folder.path().join("session.toml"),
        data: folder.path().to_owned(),
        key_store: false,
        hosts: HostChoice::none(),
        refuse_private: false,
    };
    let station = Station::start(options()).expect("a station");
    let handle = station.handle();
    let face = Face::bind(0).await.expect("a port").serve(handle.clone());
    let listen = AudioCommand::SetListening { on: true };
    handle.send(listen).await.expect("open");
    let told = head(face.port(), "/live.mp3").await;
    assert!(told.contains("icy-name: Airdesk\r\n"), "{told}");
    for name in ["Night Shift", "Ночная смена"] {
        let settings = Box::new(named(name));
        let target = handle.snapshot().await.expect("a desk").targets[0].id;
        let saved = handle.send(AudioCommand::SetTarget { target, settings }).await;
        saved.expect("saved");
        for mount in ["/live.mp3", "/live.opus"] {
            let told = head(face.port(), mount).await;
            for line in [
                &format!("icy-name: {name}\r\n"),
                &format!("icy-description: {name} until morning\r\n"),
                "icy-genre: Ambient\r\n",
                "icy-url: https://nightshift.example.org\r\n",
            ] {
                assert!(told.contains(line), "{mount}, {line}: {told}");
            }
        }
    }
    handle.stop().await.expect("saved");
    station.join();
    drop(face);

    let station = Station::start(options()).expect("the same station again");
    let face = Face::bind(0).await.expect("a port").serve(station.handle());
    let listen = AudioCommand::SetListening { on: true };
    station.handle().send(listen).await.expect("open");
    let told = head(face.port(), "/live.opus").await;
    assert!(told.contains("icy-name: Ночная смена\r\n"), "after a restart: {told}");
    station.handle().stop().await.expect("saved");
    station.join();
}
