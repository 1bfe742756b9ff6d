//! The transport on libshout, against the same server and the same listener.

use airdesk_outputs::broadcast::{Broadcast, BroadcastSettings, BroadcastState, TransportKind};
use airdesk_outputs::encode::Codec;
use airdesk_outputs::icecast::{Secret, SourceSettings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lab::icecast::{Icecast, PASSWORD};

use crate::rig::air::{await_failed, await_live, await_retrying, source, to};
use crate::rig::desk::Desk;
use crate::rig::impostor::Impostor;
use crate::rig::listener::{hear, icy_title};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

fn air(source: SourceSettings, password: &str, desk: &Desk) -> Broadcast {
    let settings = through_libshout(source);
    Broadcast::start(&settings, Secret::new(password), desk.tap.clone()).expect("the settings are possible")
}

fn through_libshout(source: SourceSettings) -> BroadcastSettings {
    BroadcastSettings {
        source,
        transport: TransportKind::Libshout,
    }
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

#[test]
fn no_value_adds_a_header_or_a_request_through_libshout_either() {
    let server = Impostor::start(|_| "HTTP/1.0 200 OK\r\n\r\n".into());
    let desk = Desk::tone(1_000.0, 0.25);
    let evil = "a\r\nX-Evil: 1\r\n\r\nGET /evil HTTP/1.0\r\n\r\n\u{85}\u{2028}b\" & 'c'";
    let mut settings = source("127.0.0.1", server.port, Codec::Mp3, "/li ve?x=1#&%\u{e9}\"'");
    settings.name = evil.into();
    settings.description = evil.into();
    settings.genre = evil.into();
    settings.url = evil.into();
    let password = "pass\r\nX-Evil: 1\r\n\r\n&'\"";
    let broadcast = air(settings.clone(), password, &desk);
    await_live(&broadcast);
    broadcast.set_title(evil);
    let login = format!(
        "\r\nAuthorization: Basic {}\r\n",
        STANDARD.encode(format!("source:{password}"))
    );
    let is_title = |head: &String| head.contains("updinfo") && head.contains(&login);
    let heard = wait_for("a title", seconds(20), || {
        Some(server.heard()).filter(|heard| heard.iter().any(is_title))
    });
    broadcast.stop();
    for head in &heard {
        assert_eq!(head.matches("\r\n\r\n").count(), 1, "{head}");
        let line = head.lines().next().expect("a request");
        assert_eq!(line.split(' ').count(), 3, "{line}");
        let is_evil = |line: &str| line.starts_with("X-Evil") || line.starts_with("GET /evil");
        assert!(!head.lines().any(is_evil), "{head}");
    }
    // What listeners see is asked for beside libshout, which knocks without its login before it says anything with it.
    let heard: Vec<_> = heard
        .iter()
        .filter(|head| !head.starts_with("GET /status-json.xsl"))
        .collect();
    let stream = "SOURCE /li%20ve%3fx%3d1%23%26%25%c3%a9%22%27 HTTP/1.0\r\n";
    let title = "GET /admin/metadata?mode=updinfo&mount=%2fli%20ve%3fx%3d1%23%26%25%c3%a9%22%27&song=a%20%20X%2dEvil%3a%201\
                 %20%20%20%20GET%20%2fevil%20HTTP%2f1%2e0%20%20%20%20%20%20b%22%20%26%20%27c%27&charset=UTF%2d8 HTTP/1.1\r\n";
    assert_eq!(heard.len(), 4, "{heard:#?}");
    for (head, (begins, logs_in)) in heard
        .iter()
        .zip([(stream, false), (stream, true), (title, false), (title, true)])
    {
        assert!(head.starts_with(begins) && head.contains(&login) == logs_in, "{head}");
    }

    for (field, word) in [("user", "user name"), ("host", "host name"), ("mount", "is no mount")] {
        let mut settings = settings.clone();
        match field {
            "user" => settings.user = "a\r\nX-Evil: 1".into(),
            "host" => settings.host = "127.0.0.1\r\nX-Evil: 1".into(),
            _ => settings.mount = "/a\r\nX-Evil: 1".into(),
        }
        let before = server.heard().len();
        let refused = Broadcast::start(&through_libshout(settings), Secret::new(PASSWORD), desk.tap.clone());
        let reason = refused.err().expect("it is refused").to_string();
        assert!(reason.contains(word), "{reason}");
        assert_eq!(server.heard().len(), before, "nothing is asked");
    }
}
