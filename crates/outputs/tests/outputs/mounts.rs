//! The desk's own mounts, behind the smallest HTTP server there is.

use std::io::{Read, Write};
use std::net::TcpListener;

use airdesk_dsp::SampleRate;
use airdesk_engine::mix_queue::MixTap;
use airdesk_outputs::encode::Encoders;
use airdesk_outputs::listen::{JoinError, LAG_MAX, ListenSettings, ListenerFeed, ListenerHub, Mount};
use airdesk_outputs::title::Title;

use crate::rig::desk::{Desk, burst};
use crate::rig::listener::{hear, icy_title};
use crate::rig::titles::{table, tag};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn usual() -> ListenSettings {
    ListenSettings::at(SampleRate::DESK)
}

/// A hub with encoders of its own, open.
fn open(tap: MixTap, settings: ListenSettings) -> ListenerHub {
    let hub = ListenerHub::new(tap, Encoders::default(), settings).expect("possible");
    hub.open();
    hub
}

fn join(hub: &ListenerHub, mount: Mount) -> ListenerFeed {
    let joined = hub.join(mount, false).map_err(|error| error.to_string());
    joined.expect("there is room")
}

/// Serves the hub over HTTP; its port.
fn serve(hub: ListenerHub) -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for mut listener in socket.incoming().flatten() {
            let hub = hub.clone();
            std::thread::spawn(move || {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && listener.read(&mut byte).is_ok_and(|count| count == 1) {
                    request.push(byte[0]);
                }
                let request = String::from_utf8_lossy(&request).to_lowercase();
                let is_asked = |mount: &Mount| request.starts_with(&format!("get {} ", mount.path()));
                let mount = Mount::ALL.into_iter().find(is_asked).expect("a mount");
                let mut feed = hub
                    .join(mount, request.contains("icy-metadata: 1"))
                    .expect("there is room");
                let mut head = String::from("HTTP/1.0 200 OK\r\n");
                for (name, value) in feed.headers() {
                    head += &format!("{name}: {value}\r\n");
                }
                let mut sent = listener.write_all((head + "\r\n").as_bytes());
                let runtime = runtime();
                while sent.is_ok()
                    && let Some(bytes) = runtime.block_on(feed.next())
                {
                    sent = listener.write_all(&bytes);
                }
            });
        }
    });
    port
}

#[test]
fn a_listener_hears_the_desk_without_any_server_and_reads_its_title() {
    let desk = Desk::tone(1_000.0, 0.25);
    let hub = open(desk.tap.clone(), usual());
    hub.set_title(&Title::new("Jóga 🎵 it's');"));
    let port = serve(hub.clone());
    for path in Mount::ALL.map(Mount::path) {
        let [left, _] = hear(&format!("http://127.0.0.1:{port}{path}"), 3.0);
        assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
    }
    assert_eq!(icy_title(port, "/live.mp3", "J"), "Jóga 🎵 it's');");
    wait_for("everyone to leave", seconds(20), || {
        (hub.listeners() == 0).then_some(())
    });
}

#[test]
fn a_closed_or_full_hub_lets_nobody_in_and_says_why() {
    let desk = Desk::tone(1_000.0, 0.25);
    let settings = ListenSettings {
        listeners_max: 2,
        ..usual()
    };
    let hub = ListenerHub::new(desk.tap.clone(), Encoders::default(), settings).expect("possible");
    assert!(matches!(hub.join(Mount::Mp3, true), Err(JoinError::Closed)));
    assert_eq!(hub.listeners(), 0);
    hub.open();
    let mut first = join(&hub, Mount::Mp3);
    let second = join(&hub, Mount::Opus);
    assert!(matches!(
        hub.join(Mount::Mp3, false),
        Err(JoinError::Full { listeners_max: 2 })
    ));
    drop(second);
    assert_eq!(hub.listeners(), 1);
    assert!(hub.join(Mount::Opus, false).is_ok());
    hub.close();
    runtime().block_on(async { while first.next().await.is_some() {} }); // it ends
}

#[test]
fn what_an_encoder_comes_too_late_for_is_counted_also_after_it_has_ended() {
    let (mut publish, tap) = burst(64);
    let hub = open(tap, usual());
    let _listener = hub.join(Mount::Mp3, false).map_err(|error| error.to_string());
    assert_eq!(hub.frames_lost(), 0);
    publish(100_000); // no encoder is so fast
    let lost = wait_for("the loss", seconds(20), || {
        Some(hub.frames_lost()).filter(|lost| *lost > 0)
    });
    hub.close();
    assert!(hub.frames_lost() >= lost);
    hub.open();
    assert!(hub.frames_lost() >= lost);
}

/// What a listener who has just joined gets without waiting.
fn bytes_at_once(runtime: &tokio::runtime::Runtime, feed: &mut ListenerFeed) -> usize {
    runtime.block_on(async {
        let mut bytes = 0;
        while let Ok(Some(more)) = tokio::time::timeout(std::time::Duration::from_millis(5), feed.next()).await {
            bytes += more.len();
        }
        bytes
    })
}

/// Joins a mount, has it encode for three seconds, leaves it, and joins it again after `away` seconds.
/// What the second one gets at once, and whether it then hears the desk.
fn joined_again(rest_after: std::time::Duration, away: u64) -> usize {
    let desk = Desk::tone(1_000.0, 0.25);
    let settings = ListenSettings { rest_after, ..usual() };
    let hub = open(desk.tap.clone(), settings);
    let first = join(&hub, Mount::Mp3);
    std::thread::sleep(seconds(3));
    drop(first);
    std::thread::sleep(seconds(away));
    let (runtime, mut second) = (runtime(), join(&hub, Mount::Mp3));
    let at_once = bytes_at_once(&runtime, &mut second);
    let next = runtime.block_on(second.next());
    assert!(next.is_some_and(|bytes| !bytes.is_empty()), "it is heard");
    at_once
}

#[test]
fn a_mount_that_nobody_listens_to_rests_and_begins_anew_with_the_next_listener() {
    let at_once = joined_again(std::time::Duration::from_millis(300), 2);
    assert!(at_once < 4_000, "{at_once} bytes were encoded while nobody listened");
}

#[test]
fn a_listener_who_is_soon_back_finds_the_mount_still_encoding() {
    let at_once = joined_again(seconds(60), 1);
    assert!(
        (28_000..48_000).contains(&at_once),
        "{at_once} bytes, two seconds are 32000"
    );
}

#[test]
fn a_listener_that_begins_has_two_seconds_at_once_and_one_that_lags_is_dropped() {
    let desk = Desk::tone(1_000.0, 0.25);
    let hub = open(desk.tap.clone(), usual());
    let mut slow = join(&hub, Mount::Mp3);
    std::thread::sleep(seconds(3));
    let mut late = join(&hub, Mount::Mp3);
    let runtime = runtime();
    let at_once = bytes_at_once(&runtime, &mut late);
    assert!(
        (28_000..48_000).contains(&at_once),
        "{at_once} bytes at once, two seconds are 32000"
    );
    std::thread::sleep(LAG_MAX);
    let heard = runtime.block_on(async {
        let mut bytes = 0;
        while let Some(more) = slow.next().await {
            bytes += more.len();
        }
        bytes
    });
    assert_eq!(heard, 0, "it is sent away, not served from the past");
    drop(slow);
    let told = &hub.statistics()[Mount::Mp3 as usize];
    assert_eq!((told.evicted, told.listeners, told.peak, told.total), (1, 1, 2, 2));
    assert_eq!(told.bytes_sent, at_once as u64);
}

#[test]
fn a_burst_is_as_long_as_was_set() {
    let desk = Desk::tone(1_000.0, 0.25);
    let settings = |seconds_| ListenSettings {
        burst: seconds(seconds_),
        ..usual()
    };
    let hub = open(desk.tap.clone(), settings(0));
    let first = join(&hub, Mount::Mp3);
    std::thread::sleep(seconds(5));
    let runtime = runtime();
    let bytes = |burst| {
        hub.set(settings(burst)).expect("possible");
        bytes_at_once(&runtime, &mut join(&hub, Mount::Mp3))
    };
    let at_once = [0, 1, 4].map(bytes);
    // Sixteen kilobytes a second, and silent frames that an MP3 decoder needs; what is made meanwhile comes, too.
    for (bytes, seconds) in at_once.into_iter().zip([0, 1, 4]) {
        let wanted = seconds * 16_000;
        assert!((wanted..wanted + 4_000).contains(&(bytes + 500)), "{at_once:?}");
    }
    drop(first);
}

#[test]
fn the_first_listener_of_a_mount_is_given_the_last_seconds_at_once_too() {
    let desk = Desk::tone(1_000.0, 0.25);
    let hub = open(desk.tap.clone(), usual());
    std::thread::sleep(seconds(4));
    let runtime = runtime();
    let mut first = join(&hub, Mount::Mp3);
    let joined = std::time::Instant::now();
    let mut bytes = 0;
    // Two seconds are 32 kB; what an encoder still keeps comes with what is played next.
    while bytes < 28_000 {
        bytes += runtime.block_on(first.next()).expect("it goes on").len();
    }
    let waited = joined.elapsed();
    assert!(waited < std::time::Duration::from_millis(1_000), "{waited:?}");
    let [left, _] = hear(&format!("http://127.0.0.1:{}/live.opus", serve(hub)), 2.0);
    assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
}

#[test]
fn a_mount_that_is_closed_or_sounds_otherwise_ends_and_the_others_go_on() {
    let desk = Desk::tone(1_000.0, 0.25);
    let hub = open(desk.tap.clone(), usual());
    let mut feeds = Mount::ALL.map(|mount| join(&hub, mount));
    let mut settings = usual();
    settings.mounts[Mount::Mp3 as usize].encoder.bit_rate = 320;
    settings.mounts[Mount::Flac as usize].open = false;
    hub.set(settings).expect("possible");
    let runtime = runtime();
    let [mp3, opus, vorbis, flac] = &mut feeds;
    for ended in [mp3, flac] {
        runtime.block_on(async { while ended.next().await.is_some() {} });
    }
    for goes_on in [opus, vorbis] {
        assert!(runtime.block_on(goes_on.next()).is_some());
    }
    assert!(matches!(hub.join(Mount::Flac, false), Err(JoinError::Closed)));
    let louder = join(&hub, Mount::Mp3);
    assert!(louder.headers().contains(&("icy-br", "320".into())));
    let told = hub.statistics();
    assert_eq!(told[Mount::Flac as usize].open_for, None);
    assert!(told[Mount::Mp3 as usize].open_for.is_some());
}

#[test]
fn a_mount_and_a_server_of_the_same_settings_share_one_encoder() {
    let desk = Desk::tone(1_000.0, 0.25);
    let encoders = Encoders::default();
    let hub = ListenerHub::new(desk.tap.clone(), encoders.clone(), usual()).expect("possible");
    hub.open();
    let titles = "0\n{artist} - {title}\n".into();
    let wanted = airdesk_outputs::encode::Wanted {
        tap: desk.tap.clone(),
        level: Default::default(),
        settings: usual().mounts[Mount::Opus as usize].encoder,
        titles,
    };
    let _server = encoders.join(&wanted, &Title::new("on")).expect("encoded");
    let listeners = [Mount::Opus, Mount::Opus].map(|mount| join(&hub, mount));
    assert_eq!(encoders.count(), 1);
    drop(listeners);
}

#[test]
fn titles_reach_ogg_listeners_in_the_stream() {
    let desk = Desk::tone(1_000.0, 0.25);
    let hub = open(desk.tap.clone(), usual());
    let runtime = runtime();
    for mount in [Mount::Vorbis, Mount::Flac] {
        hub.set_title(&Title::by("Bjørk", "Jóga"));
        let mut feed = join(&hub, mount);
        let mut bytes = Vec::new();
        let mut hears_for = |time: u64| {
            let began = std::time::Instant::now();
            while began.elapsed() < seconds(time) {
                bytes.extend_from_slice(&runtime.block_on(feed.next()).expect("it goes on"));
            }
        };
        hears_for(2);
        hub.set_title(&Title::by("Bjørk", "Hyper"));
        hears_for(2);
        for (comment, wanted) in [("TITLE=Jóga", 1), ("TITLE=Hyper", 1), ("ARTIST=Bjørk", 2)] {
            assert_eq!(count(&bytes, comment.as_bytes()), wanted, "{mount:?}, {comment}");
        }
        let [left, _] = crate::rig::listener::decode(&bytes);
        // Before the new title and after it. That nothing is lost between is seen to where encoders are tested.
        assert_tone(&left[9_600..57_600], 1_000.0, 0.25);
        assert_tone(&left[left.len() - 52_800..left.len() - 4_800], 1_000.0, 0.25);
    }
}

#[test]
fn every_title_is_read_on_every_mount() {
    let desk = Desk::tone(1_000.0, 0.25);
    let hub = open(desk.tap.clone(), usual());
    let port = serve(hub.clone());
    for (title, shown) in table() {
        hub.set_title(&Title::new(&title));
        let in_bytes = shown.replace("';", "\u{2019};");
        let first: String = in_bytes.chars().take(1).collect();
        assert_eq!(icy_title(port, Mount::Mp3.path(), &first), in_bytes);
        for mount in [Mount::Opus, Mount::Vorbis, Mount::Flac] {
            let url = format!("http://127.0.0.1:{port}{}", mount.path());
            // What a new listener is given first may be from before the title.
            wait_for(&format!("{shown} on {mount:?}"), seconds(20), || {
                (tag(&url, "TITLE")? == shown).then_some(())
            });
        }
    }
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|found| *found == wanted).count()
}
