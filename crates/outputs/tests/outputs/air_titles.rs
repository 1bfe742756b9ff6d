//! Titles as listeners read them on every kind of server there is here, and the truth about them where they cannot.

use airdesk_dsp::SampleRate;
use airdesk_outputs::broadcast::{Broadcast, BroadcastState, TitleShown};
use airdesk_outputs::encode::{Codec, EncoderSettings, FlacDepth};
use airdesk_outputs::icecast::{Protocol, Statistics};
use airdesk_outputs::title::Title;
use lab::harbor::Harbor;
use lab::icecast::{Habits, Icecast, PASSWORD, SHOUTCAST_MOUNT};

use crate::rig::air::{air, await_live, on_air, source};
use crate::rig::desk::Desk;
use crate::rig::impostor::Impostor;
use crate::rig::listener::icy_title;
use crate::rig::titles::{table, tag};
use crate::rig::{seconds, wait_for};

/// Waits until the desk says that listeners see the title.
fn await_shown(broadcast: &Broadcast) {
    wait_for("the title to be shown", seconds(40), || match broadcast.state() {
        BroadcastState::Live {
            title: TitleShown::Shown,
            ..
        } => Some(()),
        _ => None,
    });
}

fn shown(broadcast: &Broadcast) -> TitleShown {
    match broadcast.state() {
        BroadcastState::Live { title, .. } => title,
        state => panic!("{state:?}"),
    }
}

/// Sets every title of the table between the bytes of a stream; `read` finds it there when it begins with the letter.
fn each_title_is_read(broadcast: &Broadcast, mut read: impl FnMut(&str) -> String) {
    for (title, in_comments) in table() {
        broadcast.set_title(&title);
        wait_for("what was true of the last title to be over", seconds(5), || {
            (shown(broadcast) == TitleShown::Waiting).then_some(())
        });
        let shown = in_comments.replace("';", "\u{2019};");
        await_shown(broadcast);
        let first: String = shown.chars().take(1).collect();
        assert_eq!(read(&first), shown);
    }
    assert!(matches!(broadcast.state(), BroadcastState::Live { reconnects: 0, .. }));
}

#[test]
fn every_title_is_read_in_mp3_on_icecast() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = on_air(&server, &desk, Codec::Mp3, "/live.mp3");
    each_title_is_read(&broadcast, |first| icy_title(server.port, "/live.mp3", first));
}

/// In a stream whose titles are its own comments.
fn every_title_is_read_in_ogg(codec: Codec) {
    // A new listener is not given first what was before the title.
    let server = Icecast::start_with(Habits {
        burst: 0,
        ..Habits::default()
    });
    let desk = Desk::tone(1_000.0, 0.25);
    let mut source = source("127.0.0.1", server.port, codec, "/live");
    if let Codec::Flac(depth) = codec {
        source.encoder = EncoderSettings::flac(depth, SampleRate::DESK);
    }
    let broadcast = air(source, PASSWORD, &desk);
    await_live(&broadcast);
    let url = server.url("/live");
    for (title, shown) in table() {
        broadcast.set_title(&title);
        wait_for(&shown, seconds(40), || (tag(&url, "TITLE")? == shown).then_some(()));
        await_shown(&broadcast);
    }
    assert!(matches!(broadcast.state(), BroadcastState::Live { reconnects: 0, .. }));
}

#[test]
fn every_title_is_read_in_opus_on_icecast() {
    every_title_is_read_in_ogg(Codec::Opus);
}

#[test]
fn every_title_is_read_in_vorbis_on_icecast() {
    every_title_is_read_in_ogg(Codec::Vorbis);
}

#[test]
fn every_title_is_read_in_flac_on_icecast() {
    every_title_is_read_in_ogg(Codec::Flac(FlacDepth::Bits16));
}

#[test]
fn every_title_is_read_where_icecast_stands_in_for_shoutcast() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let mut settings = source("127.0.0.1", server.shoutcast_port, Codec::Mp3, SHOUTCAST_MOUNT);
    settings.protocol = Protocol::Shoutcast { stream: None };
    let broadcast = air(settings, PASSWORD, &desk);
    await_live(&broadcast);
    each_title_is_read(&broadcast, |first| icy_title(server.port, SHOUTCAST_MOUNT, first));
}

#[test]
fn every_title_reaches_liquidsoap() {
    let server = Harbor::start("source");
    let desk = Desk::tone(1_000.0, 0.25);
    let mut settings = source("127.0.0.1", server.port, Codec::Mp3, "/");
    settings.protocol = Protocol::Shoutcast { stream: None };
    let broadcast = air(settings, PASSWORD, &desk);
    await_live(&broadcast);
    for (title, told) in table() {
        broadcast.set_title(&title);
        let told = format!("TITLE {}\n", told.replace("';", "\u{2019};"));
        wait_for(&title, seconds(40), || server.said().contains(&told).then_some(()));
    }
}

#[test]
fn artist_and_title_are_two_comments_in_opus_and_one_line_in_mp3() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let opus = on_air(&server, &desk, Codec::Opus, "/live.opus");
    let mp3 = on_air(&server, &desk, Codec::Mp3, "/live.mp3");
    for broadcast in [&opus, &mp3] {
        broadcast.set_title(Title::by("Bjørk", "Jóga"));
        await_shown(broadcast);
    }
    let url = server.url("/live.opus");
    assert_eq!(
        (tag(&url, "ARTIST").as_deref(), tag(&url, "TITLE").as_deref()),
        (Some("Bjørk"), Some("Jóga"))
    );
    assert_eq!(icy_title(server.port, "/live.mp3", "B"), "Bjørk - Jóga");
}

#[test]
fn where_nobody_is_shown_the_status_the_title_is_read_as_a_listener_reads_it() {
    let server = Icecast::start_with(Habits {
        shows_status: false,
        ..Habits::default()
    });
    let desk = Desk::tone(1_000.0, 0.25);
    for (codec, mount) in [(Codec::Mp3, "/live.mp3"), (Codec::Opus, "/live.opus")] {
        let broadcast = on_air(&server, &desk, codec, mount);
        assert_eq!(shown(&broadcast), TitleShown::NotSet);
        broadcast.set_title("Jóga 🎵");
        await_shown(&broadcast);
        let state = broadcast.state();
        assert!(
            matches!(state, BroadcastState::Live { statistics: None, .. }),
            "{state:?}"
        );
    }
}

#[test]
fn a_title_that_a_server_forgets_is_sent_again_until_listeners_read_it() {
    let told = std::sync::atomic::AtomicU32::new(0);
    let page = |title: &str| {
        let source = format!(r#"{{"listenurl":"http://h/live","listeners":1,"title":"{title}"}}"#);
        format!("HTTP/1.0 200 OK\r\n\r\n{{\"icestats\":{{\"source\":{source}}}}}")
    };
    // It takes each title, and shows the old one until it was told three times.
    let server = Impostor::start(move |head| {
        use std::sync::atomic::Ordering::Relaxed;
        if head.starts_with("GET /admin/metadata") {
            told.fetch_add(1, Relaxed);
            "HTTP/1.0 200 OK\r\n\r\n<return>1</return>".into()
        } else if head.starts_with("GET /status-json") {
            page(if told.load(Relaxed) < 3 { "an old one" } else { "Jóga" })
        } else if head.starts_with("GET /live") {
            "HTTP/1.0 404 Not Found\r\n\r\n".into()
        } else {
            "HTTP/1.0 200 OK\r\n\r\n".into()
        }
    });
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = air(source("127.0.0.1", server.port, Codec::Mp3, "/live"), PASSWORD, &desk);
    broadcast.set_title("Jóga");
    await_live(&broadcast);
    wait_for("the truth", seconds(30), || {
        shown(&broadcast).complaint().map(str::to_owned)
    });
    await_shown(&broadcast);
}

#[test]
fn a_server_tells_its_own_figures() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    for (codec, mount, kind) in [
        (Codec::Mp3, "/live.mp3", "audio/mpeg"),
        (Codec::Opus, "/live.opus", "audio/ogg"),
    ] {
        let broadcast = on_air(&server, &desk, codec, mount);
        let mut figures = || match broadcast.state() {
            BroadcastState::Live { statistics, .. } => statistics,
            state => panic!("{state:?}"),
        };
        let at_first = wait_for("figures", seconds(20), &mut figures);
        assert_eq!((at_first.listeners, at_first.listeners_peak), (Some(0), Some(0)));
        assert!(at_first.server.is_some_and(|name| name.starts_with("Icecast 2.")));
        assert_eq!(
            (at_first.bit_rate, at_first.content_type.as_deref()),
            (Some(128), Some(kind))
        );
        let counted = |statistics: &Statistics| (statistics.listeners, statistics.listeners_peak);
        {
            let listeners = [(); 2].map(|()| lab::listen::Listener::start(&server.url(mount)));
            wait_for("two listeners", seconds(20), || {
                figures().filter(|now| counted(now) == (Some(2), Some(2)))
            });
            drop(listeners);
        }
        wait_for("nobody any more", seconds(20), || {
            figures().filter(|now| counted(now) == (Some(0), Some(2)))
        });
    }
}
