//! On air by Shoutcast's protocol, on servers that others wrote: an Icecast that takes such sources, and Liquidsoap.

use airdesk_outputs::broadcast::{BroadcastState, TitleShown};
use airdesk_outputs::encode::Codec;
use airdesk_outputs::icecast::{Protocol, SourceSettings};
use lab::harbor::Harbor;
use lab::icecast::{Icecast, PASSWORD, SHOUTCAST_MOUNT};

use crate::rig::air::{air, await_failed, await_live, await_retrying, source};
use crate::rig::desk::Desk;
use crate::rig::impostor::Impostor;
use crate::rig::listener::{hear, icy_title};
use crate::rig::tone::{assert_tone, measure};
use crate::rig::{seconds, wait_for};

/// What to send to the server whose listeners are at `port`.
fn shoutcast(port: u16, mount: &str) -> SourceSettings {
    SourceSettings {
        protocol: Protocol::Shoutcast { stream: None },
        ..source("127.0.0.1", port, Codec::Mp3, mount)
    }
}

#[test]
fn an_icecast_that_takes_shoutcast_sources_plays_the_tone_and_shows_the_title() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = air(shoutcast(server.shoutcast_port, SHOUTCAST_MOUNT), PASSWORD, &desk);
    broadcast.set_title("Jóga – Bjørk 🎵");
    await_live(&broadcast);
    let [left, _] = hear(&format!("http://127.0.0.1:{}{SHOUTCAST_MOUNT}", server.port), 2.0);
    assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
    assert_eq!(icy_title(server.port, SHOUTCAST_MOUNT, "J"), "Jóga – Bjørk 🎵");
    let told = server.mount(SHOUTCAST_MOUNT).expect("it is on air");
    assert_eq!(
        (&told["server_name"], &told["genre"]),
        (&"Rádio Ímpar 📻".into(), &"talk".into())
    );
    wait_for("the truth about the title", seconds(10), || {
        matches!(
            broadcast.state(),
            BroadcastState::Live {
                title: TitleShown::Shown,
                statistics: Some(_),
                ..
            }
        )
        .then_some(())
    });
}

#[test]
fn liquidsoap_plays_the_tone_and_is_told_titles_by_password_and_by_name() {
    let desk = Desk::tone(1_000.0, 0.25);
    for user in ["source", "dj"] {
        let server = Harbor::start(user);
        let mut settings = shoutcast(server.port, "/");
        settings.user = user.into();
        let broadcast = air(settings, PASSWORD, &desk);
        broadcast.set_title("Jóga – Bjørk 🎵");
        await_live(&broadcast);
        wait_for("the title", seconds(20), || {
            server.said().contains("TITLE Jóga – Bjørk 🎵").then_some(())
        });
        // It fades in from the silence before, and makes an MP3 of its own of what it has decoded: 0.45 dB less.
        let [left, _] = hear(&format!("http://127.0.0.1:{}/", server.listen_port), 6.0);
        let (found, rest) = measure(&left[left.len() - 24_000..], 1_000.0, 48_000.0);
        assert!((0.22..0.26).contains(&found) && rest < 1e-2, "{found} and {rest}");
        // Its listeners are elsewhere: nobody is to say that they see the title.
        let reason = wait_for("the truth about the title", seconds(60), || match broadcast.state() {
            BroadcastState::Live {
                title: TitleShown::CannotBeRead(reason),
                statistics: None,
                ..
            } => Some(reason),
            _ => None,
        });
        assert!(reason.contains("404"), "{reason}");
    }
}

#[test]
fn a_wrong_password_is_named_and_a_second_source_waits() {
    let desk = Desk::tone(1_000.0, 0.25);
    let harbor = Harbor::start("source");
    let reason = await_failed(&air(shoutcast(harbor.port, "/"), "wrong-secret", &desk));
    assert!(
        reason.contains("check user name and password") && !reason.contains("wrong-secret"),
        "{reason}"
    );
    // Icecast hangs up without a word: once may be an accident or a server that starts, for long it is the password.
    let icecast = Icecast::start();
    let wrong = air(
        shoutcast(icecast.shoutcast_port, SHOUTCAST_MOUNT),
        "wrong-secret",
        &desk,
    );
    let reason = await_retrying(&wrong);
    assert!(
        reason.contains("check the password") && !reason.contains("wrong-secret"),
        "{reason}"
    );
    let reason = wait_for("giving up", seconds(90), || match wrong.state() {
        BroadcastState::Failed { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(
        reason.contains("hung up on the password")
            && reason.contains("times in a row")
            && !reason.contains("wrong-secret"),
        "{reason}"
    );
    let first = air(shoutcast(icecast.shoutcast_port, SHOUTCAST_MOUNT), PASSWORD, &desk);
    await_live(&first);
    let second = air(shoutcast(icecast.shoutcast_port, SHOUTCAST_MOUNT), PASSWORD, &desk);
    let reason = await_retrying(&second);
    assert!(reason.contains("already on air from another source"), "{reason}");
    first.stop();
    await_live(&second);
}

#[test]
fn a_shoutcast_2_server_is_told_user_and_stream_and_a_page_of_its_own_is_read() {
    let source_says = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = source_says.clone();
    let (pages, sources) = Impostor::pair(
        |head| {
            if head.starts_with("GET /stats?sid=2&json=1 ") {
                let page =
                    r#"{"currentlisteners":4,"peaklisteners":9,"songtitle":"Jóga","bitrate":"128","version":"2.6.1"}"#;
                return format!("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{page}");
            }
            "HTTP/1.0 200 OK\r\n\r\n".into()
        },
        move |line| {
            log.lock().expect("nobody panics here").push(line.to_owned());
            "OK2\r\nicy-caps:11\r\n\r\n".into()
        },
    );
    let desk = Desk::tone(1_000.0, 0.25);
    let mut settings = shoutcast(pages.port, "/");
    settings.protocol = Protocol::Shoutcast { stream: Some(2) };
    settings.user = "dj".into();
    settings.name = "a\r\nicy-evil:1\r\n\r\nb".into();
    let broadcast = air(settings, "pass&word'", &desk);
    broadcast.set_title("Jóga");
    await_live(&broadcast);
    let statistics = wait_for("figures and the title", seconds(20), || match broadcast.state() {
        BroadcastState::Live {
            title: TitleShown::Shown,
            statistics,
            ..
        } => statistics,
        _ => None,
    });
    assert_eq!((statistics.listeners, statistics.listeners_peak), (Some(4), Some(9)));
    assert_eq!(statistics.server.as_deref(), Some("Shoutcast 2.6.1"));
    assert_eq!(*source_says.lock().expect("nobody panics here"), ["dj:pass&word':#2"]);
    let titles: Vec<_> = pages
        .heard()
        .into_iter()
        .filter(|head| head.contains("updinfo"))
        .collect();
    assert_eq!(titles.len(), 1, "{titles:?}");
    assert!(
        titles[0]
            .starts_with("GET /admin.cgi?pass=dj%3Apass%26word%27&mode=updinfo&sid=2&charset=UTF-8&song=J%C3%B3ga ")
    );
    assert!(
        titles[0].contains("Mozilla"),
        "Shoutcast 1 lets nobody else in: {titles:?}"
    );
    let introduction = &sources.heard()[0];
    assert!(
        introduction.starts_with("icy-name:a  icy-evil:1    b\r\n"),
        "{introduction:?}"
    );
    assert!(introduction.contains("\r\nicy-br:128\r\n") && introduction.contains("\r\ncontent-type:audio/mpeg\r\n"));
}

#[test]
fn what_a_shoutcast_server_cannot_take_is_refused_before_going_live() {
    let good = shoutcast(8000, "/");
    assert!(good.check().is_ok());
    type Spoil = fn(&mut SourceSettings);
    let odd: [(&str, Spoil); 6] = [
        ("choose MP3", |settings| settings.encoder.codec = Codec::Opus),
        ("turn TLS off", |settings| settings.tls = true),
        ("port above", |settings| settings.port = u16::MAX),
        ("counted from 1", |settings| {
            settings.protocol = Protocol::Shoutcast { stream: Some(0) }
        }),
        ("is no user name", |settings| settings.user = "a\r\nb".into()),
        ("is no mount", |settings| settings.mount = "/a\r\nb".into()),
    ];
    for (words, spoil) in odd {
        let mut settings = good.clone();
        spoil(&mut settings);
        let error = settings.check().expect_err("it is refused").to_string();
        assert!(error.contains(words), "{error}");
    }
    let desk = Desk::tone(1_000.0, 0.25);
    let server = Impostor::start(|_| "OK2\r\n\r\n".into());
    let reason = await_failed(&air(shoutcast(server.port - 1, "/"), "pass\r\nicy-evil:1", &desk));
    assert!(reason.contains("the password has a character"), "{reason}");
    assert!(server.heard().is_empty());
}
