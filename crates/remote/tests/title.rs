//! The title, set by a program that knows nothing but HTTP.

use airdesk_remote::Face;
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is answered: the status, and the body.
async fn ask(port: u16, method: &str, headers: &str, body: &str) -> (u16, String) {
    let mut program = TcpStream::connect(("127.0.0.1", port)).await.expect("a face");
    let length = body.len();
    let request =
        format!("{method} /api/title HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    program.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    program.read_to_string(&mut answer).await.expect("an answer");
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (
        status.unwrap_or_else(|| panic!("{answer}")),
        body.unwrap_or_else(|| panic!("{answer}")),
    )
}

async fn is_on(station: &StationHandle) -> [String; 3] {
    let title = station.snapshot().await.expect("a snapshot").title;
    [title.title, title.artist, title.show]
}

#[tokio::test]
async fn a_program_sets_the_title_with_one_request_and_is_told_what_is_wrong_with_another() {
    let folder = tempfile::tempdir().expect("a folder");
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
    let port = face.port();
    let host = format!("Host: 127.0.0.1:{port}\r\n");
    let post = async |body: &str| ask(port, "POST", &host, body).await;

    let done = (200, r#"{"type":"done"}"#.to_owned());
    let answer = post(r#"{"title": "Jóga", "artist": "Björk", "show": "Night"}"#).await;
    assert_eq!(answer, done);
    assert_eq!(is_on(&station).await, ["Jóga", "Björk", "Night"]);
    assert_eq!(post(r#"{"title": "News\n"}"#).await, done);
    assert_eq!(is_on(&station).await, ["News", "", "Night"], "the show stays");

    for (body, says) in [
        ("title=News", "this is not a title as JSON"),
        (r#"["News"]"#, "this is not a title as JSON"),
        (r#"{"artist": "Ada"}"#, "title"),
        (r#"{"title": 7}"#, "setTitle"),
        (r#"{"title": "A", "album": "B"}"#, "album"),
        (r#"{"title": "A", "type": "goLive"}"#, "leave it out"),
    ] {
        let (status, answer) = post(body).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(
            answer.contains(r#""code":"invalid""#) && answer.contains(says),
            "{body}: {answer}"
        );
    }
    let long = format!(r#"{{"title": "{}"}}"#, "x".repeat(70_000));
    assert_eq!(post(&long).await.0, 413);
    let body = r#"{"title": "Stolen"}"#;
    let foreign = format!("{host}Origin: https://evil.test\r\n");
    assert_eq!(ask(port, "POST", &foreign, body).await.0, 403);
    assert_eq!(ask(port, "POST", "Host: evil.test\r\n", body).await.0, 403);
    assert_eq!(ask(port, "GET", &host, "").await.0, 405);
    assert_eq!(is_on(&station).await, ["News", "", "Night"]);

    station.stop().await.expect("saved");
    desk.join();
    let (status, answer) = post(body).await;
    assert_eq!(status, 503, "{answer}");
    assert!(answer.contains(r#""code":"unavailable""#), "{answer}");
}
