//! Servers that do what they should not: each costs its own strip and says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use airdesk_sources::tuner::{Reach, TunerPhase, TunerSettings};

use crate::rig::{Desk, MP3, encoded, ok, say, server, settings};

fn mp3(seconds: u32) -> Vec<u8> {
    encoded(1_000, seconds, MP3)
}

/// Sends at the pace of 128 kbit/s, after a burst of two seconds.
fn stream(visitor: &mut std::net::TcpStream, bytes: &[u8]) {
    let (burst, rest) = bytes.split_at(bytes.len().min(32_000));
    say(visitor, burst);
    for piece in rest.chunks(1_600) {
        say(visitor, piece);
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_stall_is_told_and_the_stream_tuned_in_to_again() {
    let bytes = mp3(4);
    let address = server(move |n, _, visitor| {
        say(visitor, ok("audio/mpeg"));
        stream(visitor, &bytes[..48_000]);
        if n > 0 {
            stream(visitor, &bytes.repeat(5));
        }
        thread::sleep(Duration::from_secs(30));
    });
    let mut desk = Desk::tune(&format!("{address}/live"));
    desk.until("sound", |status| status.phase == TunerPhase::Playing);
    assert!(desk.break_off().contains("has sent nothing for 1 s"));
    desk.until("it again", |status| {
        status.phase == TunerPhase::Playing && status.reconnects == 1
    });
    desk.listen(1.5);
    desk.must_be_tone(1_000.0);
}

#[test]
fn a_stream_that_ends_is_tuned_in_to_again_and_a_file_is_not() {
    let bytes = mp3(2);
    let file = bytes.clone();
    let address = server(move |_, head, visitor| {
        if head.starts_with("GET /live ") {
            say(visitor, ok("audio/mpeg"));
        } else {
            let length = if head.starts_with("GET /cut") {
                file.len() + 9
            } else {
                file.len()
            };
            say(
                visitor,
                format!("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: {length}\r\n\r\n"),
            );
        }
        say(visitor, &file);
    });
    let mut live = Desk::tune(&format!("{address}/live"));
    assert!(live.break_off().contains("has ended the stream"));
    live.until("it again", |status| status.reconnects >= 1);
    let mut whole = Desk::tune(&format!("{address}/whole"));
    let status = whole.until("its end", |status| status.phase == TunerPhase::Ended);
    assert_eq!(status.reason, None);
    let heard = whole.heard.iter().filter(|sample| sample.abs() > 1e-4).count();
    assert!(heard > 90_000, "to its last frame: {heard}");
    let mut cut = Desk::tune(&format!("{address}/cut"));
    assert!(cut.failure().contains("9 bytes before the end of the file"));
}

#[test]
fn a_file_that_breaks_off_goes_on_where_it_was_or_says_that_it_cannot_and_never_begins_again() {
    let file = mp3(10);
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, sent) = (asked.clone(), file.clone());
    let address = server(move |_, head, visitor| {
        count.fetch_add(1, Ordering::Relaxed);
        let from = head
            .split("Range: bytes=")
            .nth(1)
            .and_then(|rest| rest.split('-').next());
        let from: usize = from.map_or(0, |from| from.parse().expect("a number"));
        let (status, range) = match from {
            0 => ("200 OK", String::new()),
            _ => (
                "206 Partial Content",
                format!("Content-Range: bytes {from}-{}/{}\r\n", sent.len() - 1, sent.len()),
            ),
        };
        if from > 0 && head.starts_with("GET /gone") {
            return say(visitor, "HTTP/1.1 404 Not Found\r\n\r\n");
        }
        let parts = if head.starts_with("GET /none") { "none" } else { "bytes" };
        say(
            visitor,
            format!(
                "HTTP/1.1 {status}\r\nContent-Type: audio/mpeg\r\nAccept-Ranges: {parts}\r\nETag: \"1\"\r\n{range}\
                 Content-Length: {}\r\n\r\n",
                sent.len() - from
            ),
        );
        match from {
            0 => say(visitor, &sent[..70_001]),
            70_001 => {
                say(visitor, &sent[from..from + 30_000]);
                // A stall.
                thread::sleep(Duration::from_secs(5));
            }
            _ => say(visitor, &sent[from..]),
        }
    });
    let mut parts = Desk::tune(&format!("{address}/parts"));
    let status = parts.until("its end", |status| status.phase == TunerPhase::Ended);
    assert_eq!((status.reconnects, status.spoilt, status.reason), (2, 0, None));
    // What the strip has ahead.
    parts.listen(1.0);
    let heard = parts.heard.iter().filter(|sample| sample.abs() > 1e-4).count();
    // Two frames in 48 of this tone are where it is zero.
    assert!((459_000..462_000).contains(&heard), "{heard} frames of 460000");
    assert_eq!(asked.swap(0, Ordering::Relaxed), 3);
    for (path, times) in [("/none", 1), ("/gone", 2)] {
        let reason = Desk::tune(&format!("{address}{path}")).failure();
        assert!(reason.contains("bytes before the end of the file"), "{reason}");
        assert_eq!(asked.swap(0, Ordering::Relaxed), times);
    }
}

#[test]
fn redirects_are_followed_five_times_and_never_in_circles() {
    let bytes = mp3(10);
    let address = server(move |_, head, visitor| {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let number: u32 = path.trim_start_matches('/').parse().unwrap_or(0);
        match (path, number) {
            ("/circle", _) => say(visitor, "HTTP/1.1 302 Found\r\nLocation: circle\r\n\r\n"),
            ("/file", _) => say(visitor, "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"),
            ("/metadata", _) => say(
                visitor,
                "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/x\r\n\r\n",
            ),
            (_, 1..) => say(
                visitor,
                format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\n\r\n", number - 1),
            ),
            _ => {
                say(visitor, ok("audio/mpeg"));
                stream(visitor, &bytes);
            }
        }
    });
    let mut five = Desk::tune(&format!("{address}/5"));
    five.until("sound", |status| status.phase == TunerPhase::Playing);
    for (path, words) in [
        ("/20", "in circles"),
        ("/circle", "in circles"),
        ("/file", "http:// or https:// only"),
        ("/metadata", "may not come from"),
    ] {
        let reason = Desk::tune(&format!("{address}{path}")).failure();
        assert!(reason.contains(words), "{path}: {reason}");
    }
}

#[test]
fn a_playlist_stands_for_its_first_entry_that_plays() {
    let bytes = mp3(10);
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let address = server(
        move |_, head, visitor| match head.split(' ').nth(1).unwrap_or_default() {
            "/list.m3u" => say(
                visitor,
                ok("audio/x-mpegurl") + "#EXTM3U\n/gone\nhttp://169.254.1.1/x\nlive\n",
            ),
            "/list.pls" => say(
                visitor,
                ok("text/plain") + "[playlist]\nFile1=/live\nNumberOfEntries=1\n",
            ),
            "/nested.m3u" => say(visitor, ok("audio/x-mpegurl") + "/list.m3u\n"),
            "/self.m3u" => {
                count.fetch_add(1, Ordering::Relaxed);
                say(visitor, ok("audio/x-mpegurl") + &"self.m3u\n".repeat(1_000));
            }
            "/slow.m3u" => {
                say(visitor, ok("audio/x-mpegurl") + "#EXTM3U\n");
                for _ in 0..2_000 {
                    say(visitor, "#");
                    thread::sleep(Duration::from_millis(50));
                }
            }
            "/live" => {
                say(visitor, ok("audio/mpeg"));
                stream(visitor, &bytes);
            }
            _ => say(visitor, "HTTP/1.1 404 Not Found\r\n\r\n"),
        },
    );
    for list in ["/list.m3u", "/list.pls"] {
        let mut desk = Desk::tune(&format!("{address}{list}"));
        desk.until("sound", |status| status.phase == TunerPhase::Playing);
    }
    let reason = Desk::tune(&format!("{address}/nested.m3u")).break_off();
    assert!(reason.contains("another playlist"), "{reason}");
    let reason = Desk::tune(&format!("{address}/self.m3u")).break_off();
    assert!(reason.contains("another playlist"), "{reason}");
    assert!(asked.load(Ordering::Relaxed) <= 1 + 16, "{asked:?} times");
    let reason = Desk::tune(&format!("{address}/slow.m3u")).break_off();
    assert!(reason.contains("no entry in it"), "{reason}");
}

#[test]
fn what_cannot_be_helped_is_said_at_once() {
    let address = server(
        move |_, head, visitor| match head.split([' ', '?']).nth(1).unwrap_or_default() {
            "/page" => say(visitor, ok("text/html") + "<html>Listen here!</html>"),
            "/disguised" => say(visitor, ok("audio/mpeg") + "<!DOCTYPE html><html>Listen here!</html>"),
            "/json" => say(visitor, ok("application/json") + "{\"error\": \"no such stream\"}"),
            "/401" => say(visitor, "HTTP/1.1 401 Unauthorized\r\n\r\n"),
            "/packed" => say(
                visitor,
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n........................",
            ),
            "/rubbish" => {
                say(visitor, ok("audio/mpeg"));
                say(visitor, vec![b'x'; 3 << 20]);
            }
            "/no-http" => say(visitor, "SSH-2.0-OpenSSH_9.9\r\n\r\n"),
            "/endless" => {
                say(visitor, "HTTP/1.1 200 OK\r\n");
                say(visitor, "X-Header: again and again\r\n".repeat(4_000));
            }
            _ => {}
        },
    );
    for (path, words) in [
        ("/page", "web page instead of sound"),
        ("/disguised", "web page instead of sound"),
        ("/json", "application/json"),
        ("/401", "401 Unauthorized: it wants a login"),
        ("/packed", "packed (gzip)"),
        ("/rubbish", "there is no sound in it"),
        ("/no-http", "no HTTP"),
        ("/endless", "headers have no end"),
    ] {
        let reason = Desk::tune(&format!("{address}{path}?token=secret")).failure();
        assert!(reason.contains(words) && !reason.contains("secret"), "{path}: {reason}");
    }
}

#[test]
fn what_ends_or_goes_on_without_a_sound_is_said_to_be_none() {
    let address = server(move |_, head, visitor| {
        if head.starts_with("GET /file ") {
            say(
                visitor,
                "HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 900\r\n\r\n",
            );
            say(visitor, [b'x'; 900]);
        } else {
            say(visitor, ok("audio/mpeg"));
            say(visitor, [b'x'; 20_000]);
            while head.starts_with("GET /slow ") {
                say(visitor, [b'x'; 100]);
                thread::sleep(Duration::from_millis(100));
            }
        }
    });
    for path in ["/file", "/live", "/slow"] {
        let reason = Desk::tune(&format!("{address}{path}")).failure();
        assert!(
            reason.contains("there is no sound in it; have it sent as MP3"),
            "{path}: {reason}"
        );
    }
}

#[test]
fn what_nothing_plays_any_more_is_told() {
    let bytes = mp3(20);
    let address = server(move |_, _, visitor| {
        say(visitor, ok("audio/mpeg"));
        stream(visitor, &bytes);
    });
    let mut desk = Desk::tune(&format!("{address}/live"));
    desk.until("sound", |status| status.phase == TunerPhase::Playing);
    desk.remove();
    assert!(desk.failure().contains("nothing plays the stream any more"));
}

#[test]
fn what_may_pass_is_tried_again() {
    let address = server(
        move |n, head, visitor| match head.split(' ').nth(1).unwrap_or_default() {
            "/404" => say(visitor, "HTTP/1.1 404 Not Found\r\n\r\n"),
            "/503" => say(visitor, "HTTP/1.1 503 Busy\r\n\r\n"),
            "/closed" => {}
            "/mute" => thread::sleep(Duration::from_secs(5 + n as u64)),
            "/drop" => {
                say(visitor, ok("audio/mpeg"));
                thread::sleep(Duration::from_millis(1_900));
                say(visitor, "abc");
                thread::sleep(Duration::from_secs(5));
            }
            _ => {}
        },
    );
    for (path, words) in [
        ("/404", "404 Not Found: there is nothing at this address now"),
        ("/503", "503 Busy"),
        ("/closed", "closed without an answer"),
        (
            "/mute",
            "did not begin to answer within 2 s; look after whether the port",
        ),
        ("/drop", "has sent nothing for 2 s"),
    ] {
        let reason = Desk::tune(&format!("{address}{path}")).break_off();
        assert!(reason.contains(words), "{path}: {reason}");
    }
    let reason = Desk::tune(&format!("http://127.0.0.1:{}/x", lab::http::free_port())).break_off();
    assert!(
        reason.contains("nothing answers at port")
            && reason.ends_with("look after the port, and whether the server runs"),
        "{reason}"
    );
    let reason = Desk::tune("http://nobody.invalid/x").break_off();
    assert!(
        reason.contains("nobody.invalid is not found; look after how its name is written"),
        "{reason}"
    );
}

#[test]
fn a_change_of_format_and_titles_among_the_bytes_are_taken_in_their_stride() {
    let mono = encoded(
        1_000,
        2,
        &[
            "-ar",
            "44100",
            "-ac",
            "1",
            "-c:a",
            "libmp3lame",
            "-b:a",
            "128k",
            "-f",
            "mp3",
        ],
    );
    let bytes = [
        mono,
        encoded(
            1_000,
            20,
            &["-ac", "2", "-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"],
        ),
    ]
    .concat();
    let address = server(move |_, head, visitor| {
        if !head.contains("Icy-MetaData: 1") || head.starts_with("GET /off") {
            say(visitor, ok("audio/mpeg"));
            return stream(visitor, &bytes);
        }
        say(
            visitor,
            "ICY 200 OK\r\ncontent-type:audio/mpeg\r\nicy-name:Lab FM\r\nicy-br:128\r\nicy-metaint:1000\r\n\r\n",
        );
        let mut sent = Vec::new();
        for (n, piece) in bytes.chunks(1_000).enumerate() {
            sent.extend_from_slice(piece);
            if n % 20 == 0 {
                let title = format!("StreamTitle='No. {n}';");
                sent.push(2);
                sent.extend(title.as_bytes());
                sent.resize(sent.len() + 32 - title.len(), 0);
            } else {
                sent.push(0);
            }
        }
        stream(visitor, &sent);
    });
    let mut with = Desk::tune(&format!("{address}/on"));
    let mut without = Desk::tune(&format!("{address}/off"));
    for desk in [&mut with, &mut without] {
        desk.until("sound", |status| status.phase == TunerPhase::Playing);
        desk.listen(4.0);
        desk.must_be_tone(1_000.0);
        let status = desk.tuner.status();
        assert_eq!((status.underruns, status.codec), (0, Some("MP3")), "{status:?}");
    }
    let status = with.tuner.status();
    assert_eq!((status.station.as_deref(), status.kbits), (Some("Lab FM"), Some(128)));
    assert!(status.title.is_some_and(|title| title.starts_with("No. ")));
    assert_eq!(without.tuner.status().title, None);
}

#[test]
fn the_desks_own_network_is_closed_when_the_operator_says_so_by_whatever_name() {
    let bytes = mp3(10);
    let address = server(move |_, _, visitor| {
        say(visitor, ok("audio/mpeg"));
        stream(visitor, &bytes);
    });
    let port = address.rsplit(':').next().unwrap_or_default().to_owned();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "10.0.0.1"] {
        let mut desk = Desk::with(TunerSettings {
            reach: Reach { refuse_private: true },
            ..settings(&format!("http://{host}:{port}/x"))
        });
        let reason = desk.failure();
        assert!(
            reason.contains("may not come from") && reason.contains("refusePrivate"),
            "{host}: {reason}"
        );
    }
    for host in [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "0.0.0.0",
        "100.100.100.200",
        "168.63.129.16",
        "[fd00:ec2::254]",
    ] {
        let reason = Desk::tune(&format!("http://{host}:{port}/x")).failure();
        assert!(reason.contains("may not come from"), "{host}: {reason}");
    }
    let mut open = Desk::tune(&format!("http://localhost:{port}/x"));
    open.until("sound", |status| status.phase == TunerPhase::Playing);
}
