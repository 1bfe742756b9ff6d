//! The desk's own mounts, behind the smallest HTTP server there is.

use std::io::{Read, Write};
use std::net::TcpListener;

use airdesk_outputs::listen::{JoinError, ListenSettings, ListenerFeed, ListenerHub, Mount};

use crate::rig::desk::{Desk, burst};
use crate::rig::listener::{hear, icy_title};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
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
                let mount = if request.contains("/live.opus") {
                    Mount::Opus
                } else {
                    Mount::Mp3
                };
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
    let hub = ListenerHub::new(desk.tap.clone(), ListenSettings::default());
    hub.open();
    hub.set_title("Jóga 🎵 it's');");
    let port = serve(hub.clone());
    for path in ["/live.mp3", "/live.opus"] {
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
        ..ListenSettings::default()
    };
    let hub = ListenerHub::new(desk.tap.clone(), settings);
    assert!(matches!(hub.join(Mount::Mp3, true), Err(JoinError::Closed)));
    assert_eq!(hub.listeners(), 0);
    hub.open();
    let mut first = hub
        .join(Mount::Mp3, true)
        .map_err(|error| error.to_string())
        .expect("there is room");
    let second = hub
        .join(Mount::Opus, true)
        .map_err(|error| error.to_string())
        .expect("there is room");
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
    let hub = ListenerHub::new(tap, ListenSettings::default());
    hub.open();
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
    let settings = ListenSettings {
        rest_after,
        ..ListenSettings::default()
    };
    let hub = ListenerHub::new(desk.tap.clone(), settings);
    hub.open();
    let join = || {
        hub.join(Mount::Mp3, false)
            .map_err(|error| error.to_string())
            .expect("there is room")
    };
    let first = join();
    std::thread::sleep(seconds(3));
    drop(first);
    std::thread::sleep(seconds(away));
    let (runtime, mut second) = (runtime(), join());
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
    let hub = ListenerHub::new(desk.tap.clone(), ListenSettings::default());
    hub.open();
    let mut slow = hub
        .join(Mount::Mp3, false)
        .map_err(|error| error.to_string())
        .expect("there is room");
    std::thread::sleep(seconds(3));
    let mut late = hub
        .join(Mount::Mp3, false)
        .map_err(|error| error.to_string())
        .expect("there is room");
    let runtime = runtime();
    let at_once = bytes_at_once(&runtime, &mut late);
    assert!(
        (28_000..48_000).contains(&at_once),
        "{at_once} bytes at once, two seconds are 32000"
    );
    std::thread::sleep(seconds(5)); // together longer than a subscriber may lag
    let heard = runtime.block_on(async {
        let mut bytes = 0;
        while let Some(more) = slow.next().await {
            bytes += more.len();
        }
        bytes
    });
    assert_eq!(heard, 0, "it is dropped, not served from the past");
}
