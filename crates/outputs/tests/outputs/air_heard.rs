//! What listeners of a real Icecast hear, as the desk hears it: the programme, something else, or nothing.

use std::time::{Duration, Instant};

use airdesk_dsp::{Frame, SampleRate};
use airdesk_outputs::broadcast::{Broadcast, BroadcastState, Feed};
use airdesk_outputs::encode::{Codec, EncoderSettings, FlacDepth};
use airdesk_outputs::icecast::{Protocol, SourceSettings};
use airdesk_outputs::listen_back::{Hearing, ListenBack, ListenBackSettings, TitleHeard, Verdict};
use lab::chaos::{Chaos, Fault};
use lab::harbor::Harbor;
use lab::icecast::{Icecast, PASSWORD};

use crate::rig::air::{air, await_live, await_retrying, source, to};
use crate::rig::desk::{Desk, sine};
use crate::rig::impostor::Impostor;
use crate::rig::{seconds, wait_for};

/// What is promised, and some more for a machine that builds meanwhile.
const SOON: Duration = Duration::from_secs(20);

/// Syllables of 150 ms, each a sound of its own and all of them another one for each seed.
fn voice(seed: u64) -> impl FnMut(u64) -> Frame {
    move |frame| {
        let syllable = frame / 7200 + seed * 1_000_003;
        let chance = |n: u64| {
            let mixed = (syllable * 8 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f64 / (1 << 24) as f64
        };
        let loud = (chance(0) * 0.15 + 0.02) as f32;
        let sound: f32 = (1..4).map(|n| sine(frame, 200.0 + 3500.0 * chance(n), 48_000)).sum();
        [sound * loud; 2]
    }
}

fn listen(source: &SourceSettings, desk: &Desk, broadcast: &Broadcast, url: Option<String>) -> ListenBack {
    let settings = ListenBackSettings { url, reconnects: false };
    listen_with(&settings, source, desk, broadcast)
}

fn listen_with(
    settings: &ListenBackSettings,
    source: &SourceSettings,
    desk: &Desk,
    broadcast: &Broadcast,
) -> ListenBack {
    let feed = Feed::from(desk.tap.clone());
    ListenBack::start(settings, source, &feed, broadcast.on_air()).expect("the address is one")
}

/// Waits for what is said; when it is not, the panic tells what was said instead.
fn wait_for_verdict<T>(listens: &ListenBack, what: &str, mut is: impl FnMut(&Verdict) -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        let verdict = listens.verdict();
        if let Some(found) = is(&verdict) {
            return found;
        }
        assert!(
            began.elapsed() < SOON,
            "waited {SOON:?} in vain for {what}; last {verdict:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn hearing(verdict: &Verdict) -> Option<Hearing> {
    match verdict {
        Verdict::Heard(hearing) => Some(hearing.clone()),
        _ => None,
    }
}

fn wait_until_heard(listens: &ListenBack) -> Hearing {
    wait_for_verdict(listens, "being heard", hearing)
}

fn url(port: u16, mount: &str) -> String {
    format!("http://127.0.0.1:{port}{mount}")
}

#[test]
fn every_codec_is_heard_with_its_delay_its_loudness_and_each_title() {
    let server = Icecast::start();
    let desk = Desk::play(voice(1));
    for codec in [Codec::Mp3, Codec::Opus, Codec::Vorbis, Codec::Flac(FlacDepth::Bits16)] {
        let mut source = to(&server, codec, "/live");
        if let Codec::Flac(depth) = codec {
            source.encoder = EncoderSettings::flac(depth, SampleRate::DESK);
        }
        let broadcast = air(source.clone(), PASSWORD, &desk);
        broadcast.set_title("the first");
        let listens = listen(&source, &desk, &broadcast, None);
        let heard = wait_until_heard(&listens);
        // A burst of 16 kB, the encoder, and the loopback between them.
        let delay = heard.delay.as_secs_f64();
        assert!((0.02..5.0).contains(&delay), "{codec:?}: {delay} s");
        for title in ["the second", "Jóga – Bjørk 🎵"] {
            broadcast.set_title(title);
            wait_for_verdict(&listens, title, |verdict| match hearing(verdict)?.title {
                TitleHeard::AsSet => Some(()),
                _ => None,
            });
        }
        let loudness = wait_for_verdict(&listens, "its loudness", |verdict| hearing(verdict)?.loudness);
        assert!((-30.0..-10.0).contains(&loudness.value()), "{codec:?}: {loudness}");
        wait_for("being counted", seconds(15), || listens.is_counted().then_some(()));
        broadcast.stop();
        wait_for_verdict(&listens, "the end", |verdict| {
            (*verdict == Verdict::Waiting).then_some(())
        });
    }
}

#[test]
fn silence_another_source_and_an_old_title_are_told() {
    let server = Icecast::start();
    let desk = Desk::play(voice(2));
    let (other, silent) = (Desk::play(voice(3)), Desk::play(|_| [0.0; 2]));
    let on = |desk: &Desk, mount: &str, title: &str| {
        let broadcast = air(to(&server, Codec::Mp3, mount), PASSWORD, desk);
        broadcast.set_title(title);
        await_live(&broadcast);
        broadcast
    };
    let source = to(&server, Codec::Mp3, "/live.mp3");
    let live = on(&desk, "/live.mp3", "new");
    let others = [
        on(&other, "/other.mp3", "new"),
        on(&silent, "/silent.mp3", "new"),
        on(&desk, "/old.mp3", "old"),
    ];
    let at = |mount: &str| listen(&source, &desk, &live, Some(url(server.port, mount)));
    let ears = [at("/other.mp3"), at("/silent.mp3"), at("/old.mp3"), at("/live.mp3")];
    wait_for_verdict(&ears[0], "another sound", |verdict| {
        (*verdict == Verdict::OtherSound).then_some(())
    });
    wait_for_verdict(&ears[1], "silence", |verdict| {
        (*verdict == Verdict::Silence).then_some(())
    });
    let title = wait_for_verdict(&ears[2], "an old title", |verdict| match verdict {
        Verdict::OldTitle { title, .. } => Some(title.clone()),
        _ => None,
    });
    assert_eq!(title.as_deref(), Some("old"));
    wait_until_heard(&ears[3]);
    assert!(!ears[0].is_counted(), "it listens elsewhere");
    drop(others);
}

#[test]
fn a_door_that_closes_for_listeners_is_told_with_its_reason_and_so_is_that_it_opens() {
    let server = Icecast::start();
    let way = Chaos::before(server.port);
    let desk = Desk::play(voice(4));
    let source = to(&server, Codec::Opus, "/live.opus");
    let broadcast = air(source.clone(), PASSWORD, &desk);
    await_live(&broadcast);
    let listens = listen(&source, &desk, &broadcast, Some(url(way.port, "/live.opus")));
    wait_until_heard(&listens);
    way.set(Fault::Closed);
    way.cut();
    let reason = wait_for_verdict(&listens, "nothing", |verdict| match verdict {
        Verdict::Nothing { reason } => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.contains("nothing answers at 127.0.0.1"), "{reason}");
    way.set(Fault::None);
    wait_until_heard(&listens);
    // It stands and carries nothing.
    way.set(Fault::Dark);
    wait_for_verdict(&listens, "nothing", |verdict| verdict.is_alarm().then_some(()));
    way.set(Fault::None);
    way.cut();
    wait_until_heard(&listens);
    assert!(broadcast.state().is_live());
}

#[test]
fn a_login_for_listeners_is_no_alarm_and_a_server_may_send_them_elsewhere() {
    let server = Icecast::start();
    let way = Chaos::before(server.port);
    let desk = Desk::play(voice(5));
    let source = to(&server, Codec::Mp3, "/live.mp3");
    let broadcast = air(source.clone(), PASSWORD, &desk);
    await_live(&broadcast);
    way.set(Fault::Answer(
        "HTTP/1.0 401 Authentication Required\r\n\r\nYou need to authenticate\r\n",
    ));
    let listens = listen(&source, &desk, &broadcast, Some(url(way.port, "/live.mp3")));
    let reason = wait_for_verdict(&listens, "a refusal", |verdict| match verdict {
        Verdict::CannotListen { reason } => Some(reason.clone()),
        verdict if verdict.is_alarm() => panic!("{verdict:?}"),
        _ => None,
    });
    assert!(
        reason.contains("401") && reason.contains("let the desk listen"),
        "{reason}"
    );
    let moved = format!(
        "HTTP/1.0 302 Found\r\nLocation: {}\r\n\r\n",
        url(server.port, "/live.mp3")
    );
    way.set(Fault::Answer(Box::leak(moved.into_boxed_str())));
    wait_until_heard(&listens);
    // It has ended up at the source's own server.
    wait_for("being counted", seconds(15), || listens.is_counted().then_some(()));
}

#[test]
fn a_server_whose_listeners_are_elsewhere_is_no_alarm_until_somebody_says_that_they_are_there() {
    let desk = Desk::play(voice(8));
    let server = Harbor::start("source");
    let source = SourceSettings {
        protocol: Protocol::Shoutcast { stream: None },
        ..source("127.0.0.1", server.port, Codec::Mp3, "/")
    };
    let broadcast = air(source.clone(), PASSWORD, &desk);
    await_live(&broadcast);
    let settings = |url| ListenBackSettings { url, reconnects: true };
    let guess = listen_with(&settings(None), &source, &desk, &broadcast);
    let elsewhere = listen(&source, &desk, &broadcast, Some(url(server.listen_port, "/")));
    let reason = wait_for_verdict(&guess, "where listeners are", |verdict| match verdict {
        Verdict::CannotListen { reason } => Some(reason.clone()),
        verdict if verdict.is_alarm() => panic!("{verdict:?}"),
        _ => None,
    });
    assert!(
        reason.contains(&format!("127.0.0.1:{} serves no listeners there", server.port)),
        "{reason}"
    );
    wait_until_heard(&elsewhere);
    assert!(!guess.verdict().is_alarm() && broadcast.state().is_live());
    drop(guess);
    let named = listen(&source, &desk, &broadcast, Some(url(server.port, "/")));
    wait_for_verdict(&named, "nothing", |verdict| match verdict {
        Verdict::Nothing { reason } => reason.contains("404").then_some(()),
        _ => None,
    });
}

#[test]
fn a_certificate_that_was_trusted_for_the_stream_is_trusted_for_listening() {
    let server = Icecast::start();
    let desk = Desk::play(voice(6));
    let source = SourceSettings {
        host: "localhost".into(),
        port: server.tls_port,
        tls: true,
        pinned_certificate: Some(server.fingerprint().parse().expect("it is one")),
        ..to(&server, Codec::Mp3, "/live.mp3")
    };
    let broadcast = air(source.clone(), PASSWORD, &desk);
    await_live(&broadcast);
    let listens = listen(&source, &desk, &broadcast, None);
    let elsewhere = format!("https://127.0.0.1:{}/live.mp3", server.tls_port);
    let stranger = listen(&source, &desk, &broadcast, Some(elsewhere));
    wait_until_heard(&listens);
    let reason = wait_for_verdict(&stranger, "distrust", |verdict| match verdict {
        Verdict::CannotListen { reason } => Some(reason.clone()),
        _ => None,
    });
    assert!(reason.contains("is not trusted"), "{reason}");
}

#[test]
fn what_listeners_do_not_hear_is_connected_anew_once_in_half_a_minute_where_that_is_wished() {
    let server = Icecast::start();
    let (desk, silent) = (Desk::play(voice(7)), Desk::play(|_| [0.0; 2]));
    let quiet = air(to(&server, Codec::Mp3, "/silent.mp3"), PASSWORD, &silent);
    let source = to(&server, Codec::Mp3, "/live.mp3");
    let broadcast = air(source.clone(), PASSWORD, &desk);
    await_live(&quiet);
    await_live(&broadcast);
    let settings = ListenBackSettings {
        url: Some(url(server.port, "/silent.mp3")),
        reconnects: true,
    };
    let listens = listen_with(&settings, &source, &desk, &broadcast);
    let reason = await_retrying(&broadcast);
    assert!(reason.contains("listeners hear silence"), "{reason}");
    let reconnects = wait_for("coming back", SOON, || match broadcast.state() {
        BroadcastState::Live { reconnects, .. } => Some(reconnects),
        _ => None,
    });
    assert_eq!(reconnects, 1);
    // Still silence, and the connection stays.
    wait_for_verdict(&listens, "silence", |verdict| {
        (*verdict == Verdict::Silence).then_some(())
    });
    assert!(broadcast.state().is_live());
}

#[test]
fn whatever_address_is_given_or_told_one_request_is_made_for_it_and_nothing_is_added() {
    let server = Icecast::start();
    let desk = Desk::play(voice(9));
    let source = to(&server, Codec::Mp3, "/live");
    let broadcast = air(source.clone(), PASSWORD, &desk);
    await_live(&broadcast);
    let odd = "/li ve\"'<>&%20x?token=a&b=\"c d\"#X-Evil: 1";
    let asked = "GET /li%20ve%22'%3C%3E&%20x?token=a&b=%22c%20d%22 HTTP/1.";
    let one_request = |place: &Impostor| {
        let heard = wait_for("a request", seconds(10), || {
            Some(place.heard()).filter(|heard| !heard.is_empty())
        });
        // It has no answer: a second one would be another connection's.
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(place.heard(), heard);
        let [head] = &heard[..] else { panic!("{heard:?}") };
        assert!(head.starts_with(asked), "{head}");
        assert!(head.is_ascii() && head.matches("\r\n\r\n").count() == 1, "{head}");
        assert!(
            !head.contains("X-Evil") && !head.to_lowercase().contains("authorization"),
            "{head}"
        );
    };
    let hole = Impostor::black_hole();
    let given = listen(&source, &desk, &broadcast, Some(url(hole.port, odd)));
    one_request(&hole);
    drop(given);
    // A server may send listeners anywhere.
    let elsewhere = Impostor::black_hole();
    let there = url(elsewhere.port, odd);
    let sends = Impostor::start(move |_| format!("HTTP/1.0 302 Found\r\nLocation: {there}\r\n\r\n"));
    let sent = listen(&source, &desk, &broadcast, Some(url(sends.port, "/live")));
    one_request(&elsewhere);
    assert_eq!(sends.heard().len(), 1);
    drop(sent);
    // What would break out of a request is no address, and nobody is asked.
    let nobody = Impostor::black_hole();
    for path in ["/a\r\nX-Evil: 1", "/a\n\nGET /evil HTTP/1.0", "/a\0", "/a\u{85}b"] {
        let settings = ListenBackSettings {
            url: Some(url(nobody.port, path)),
            reconnects: false,
        };
        let feed = Feed::from(desk.tap.clone());
        let refused = ListenBack::start(&settings, &source, &feed, broadcast.on_air());
        let Err(error) = refused else {
            panic!("{path:?} is taken")
        };
        assert!(error.to_string().contains("is no address"), "{error}");
    }
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(nobody.heard(), Vec::<String>::new());
    broadcast.stop();
}
