//! Pictures over HTTP: of what is on a deck, and of nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use airdesk_remote::Face;
use airdesk_station::api::{AudioCommand, DeckCommand, Reply, StripSource};
use airdesk_station::{HostChoice, Station, StationOptions};

/// A WAV file with a picture in a tag behind its sound.
fn wav(path: &Path, picture: &[u8]) {
    let frame = [
        &b"APIC"[..],
        &synchsafe(picture.len() + 13),
        &[0, 0, 3],
        b"image/png\0\x03\0",
        picture,
    ]
    .concat();
    let mut tag = [&b"ID3\x04\0\0"[..], &synchsafe(frame.len()), &frame].concat();
    tag.resize(tag.len().next_multiple_of(2), 0);
    let sound = vec![0; 4_800 * 4];
    let chunks = [
        &b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data"[..],
        &(sound.len() as u32).to_le_bytes(),
        &sound,
        b"id3 ",
        &(tag.len() as u32).to_le_bytes(),
        &tag,
    ]
    .concat();
    let file = [&b"RIFF"[..], &(chunks.len() as u32).to_le_bytes(), &chunks].concat();
    std::fs::write(path, file).expect("written");
}

fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift & 0x7f) as u8)
}

/// The head and the body of an answer.
fn get(port: u16, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it is served");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let body = answer.split_off(end);
    (String::from_utf8_lossy(&answer).to_lowercase(), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_given_of_what_a_deck_lists_and_nothing_is_read_that_it_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = b"\x89PNG\r\n\x1a\nand so on";
    let path = folder.path().join("kiara.wav");
    wav(&path, picture);
    let desk = Station::start(StationOptions {
        session: folder.path().join("session.toml"),
        data: folder.path().to_owned(),
        key_store: false,
        hosts: HostChoice::none(),
        refuse_private: false,
    })
    .expect("a station");
    let station = desk.handle();
    let face = Face::bind(0).await.expect("a port").serve(station.clone());
    let source = StripSource::Deck;
    let name = "Deck".to_owned();
    let Ok(Reply::Strip { id: strip }) = station.send(AudioCommand::AddStrip { name, source }).await else {
        panic!("no strip");
    };
    let paths = vec![path.to_string_lossy().into_owned()];
    let command = DeckCommand::Add { paths, before: None };
    station
        .send(AudioCommand::Deck { strip, command })
        .await
        .expect("added");
    let item = loop {
        let now = station.snapshot().await.expect("a snapshot");
        let items = &now.decks[0].items;
        if let Some(item) = items.first().filter(|item| item.seconds.is_some()) {
            break item.clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(item.cover);
    let port = face.port();
    let asked = tokio::task::spawn_blocking(move || {
        let of = |item: &str| get(port, &format!("/api/decks/{strip}/{item}/cover"));
        let (head, body) = of(&item.id.to_string());
        assert!(
            head.starts_with("http/1.1 200") && head.contains("content-type: image/png"),
            "{head}"
        );
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
        assert_eq!(body, picture);
        assert!(of("4711").0.starts_with("http/1.1 404"));
        assert!(of("x").0.starts_with("http/1.1 400"));
        let (head, _) = get(port, "/api/tracks/1/cover");
        assert!(
            head.starts_with("http/1.1 404") || head.starts_with("http/1.1 503"),
            "{head}"
        );
    });
    asked.await.expect("as it should be");
    station.stop().await.expect("saved");
    desk.join();
}
