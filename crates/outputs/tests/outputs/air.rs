//! On air on a real Icecast: what a listener hears and reads is what the desk plays and says.

use std::time::{Duration, Instant};

use airdesk_outputs::broadcast::{BroadcastState, TitleShown};
use airdesk_outputs::encode::Codec;
use airdesk_outputs::sound_file::SampleFormat;
use lab::http::free_port;
use lab::icecast::{Icecast, LATIN_1_MOUNT, PASSWORD};

use crate::rig::air::{air, await_live, await_retrying, on_air, source, to};
use crate::rig::desk::{Desk, index_frame};
use crate::rig::listener::{hear, icy_title};
use crate::rig::reader::wave;
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

/// Accents, an emoji, right to left, quotes, and what would like to be another field.
const TITLES: [&str; 4] = [
    "Jóga – Bjørk 🎵",
    "مرحبا ♪ 你好",
    "\"Rock 'n' Roll\" & more; <b>",
    "x';StreamUrl='http://evil",
];

#[test]
fn a_listener_hears_the_tone_in_mp3_and_in_opus() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    for (codec, mount) in [(Codec::Mp3, "/live.mp3"), (Codec::Opus, "/live.opus")] {
        let broadcast = on_air(&server, &desk, codec, mount);
        let [left, right] = hear(&format!("http://127.0.0.1:{}{mount}", server.port), 3.0);
        assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
        let loudest = right[right.len() / 3..]
            .iter()
            .fold(0.0_f32, |peak, x| peak.max(x.abs()));
        assert!(loudest < 0.01, "the right channel has {loudest}");
        let told = wait_for("its description", seconds(10), || server.mount(mount));
        assert_eq!(told["server_name"], "Rádio Ímpar 📻");
        let BroadcastState::Live {
            bytes_acked,
            seconds_dropped,
            reconnects,
            ..
        } = broadcast.state()
        else {
            panic!("{:?}", broadcast.state())
        };
        assert!(bytes_acked > 16_000 && seconds_dropped == 0.0 && reconnects == 0);
        let states = broadcast.watch();
        broadcast.stop();
        assert_eq!(*states.borrow(), BroadcastState::Off);
        wait_for("the mount's end", seconds(10), || {
            server.mount(mount).is_none().then_some(())
        });
    }
}

#[test]
fn mp3_titles_reach_listeners_as_they_were_set() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = air(to(&server, Codec::Mp3, "/live.mp3"), PASSWORD, &desk);
    broadcast.set_title("set before it is on air");
    await_live(&broadcast);
    wait_for("the first title", seconds(20), || {
        (server.mount("/live.mp3")?["title"] == "set before it is on air").then_some(())
    });
    for title in TITLES {
        broadcast.set_title(title);
        let shown = title.replace("';", "\u{2019};"); // else it would end the field
        wait_for(title, seconds(20), || {
            (server.mount("/live.mp3")?["title"] == *shown).then_some(())
        });
        let first: String = shown.chars().take(1).collect();
        assert_eq!(icy_title(server.port, "/live.mp3", &first), shown);
    }
    wait_for("no complaint", seconds(5), || {
        let state = broadcast.state();
        let is_shown = |title: &TitleShown| *title == TitleShown::Shown;
        matches!(&state, BroadcastState::Live { title, .. } if is_shown(title)).then_some(())
    });
}

#[test]
fn a_mount_that_cannot_show_a_title_is_complained_about() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = on_air(&server, &desk, Codec::Mp3, LATIN_1_MOUNT);
    broadcast.set_title("Jóga");
    wait_for("what it can show", seconds(20), || {
        (server.mount(LATIN_1_MOUNT)?["title"] == "Jóga").then_some(())
    });
    broadcast.set_title("Jóga 🎵");
    let complaint = wait_for("a complaint", seconds(20), || match broadcast.state() {
        BroadcastState::Live { title, .. } => title.complaint().map(str::to_owned),
        _ => None,
    });
    assert!(
        complaint.contains("<charset>UTF-8</charset>") && complaint.contains(LATIN_1_MOUNT),
        "{complaint}"
    );
}

#[test]
fn opus_titles_reach_listeners_as_they_were_set() {
    let server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    let broadcast = air(to(&server, Codec::Opus, "/live.opus"), PASSWORD, &desk);
    broadcast.set_title("set before it is on air");
    await_live(&broadcast);
    let url = format!("http://127.0.0.1:{}/live.opus", server.port);
    wait_for("the first title", seconds(20), || {
        (title_of(&url)? == "set before it is on air").then_some(())
    });
    for title in TITLES {
        broadcast.set_title(title);
        wait_for(title, seconds(30), || (title_of(&url)? == title).then_some(()));
    }
    let [left, _] = hear(&url, 2.0);
    assert_tone(&left[left.len() / 2..], 1_000.0, 0.25);
}

/// The title that ffprobe finds in an Ogg stream.
fn title_of(url: &str) -> Option<String> {
    let out = std::process::Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-rw_timeout",
            "5000000",
            "-show_entries",
            "stream_tags=title",
            "-of",
            "json",
            url,
        ])
        .output()
        .expect("ffprobe is installed");
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).ok()?;
    let tags = &told["streams"][0]["tags"];
    tags["title"].as_str().or(tags["TITLE"].as_str()).map(str::to_owned)
}

/// A server that is back must have the stream within 2 s: no wait is longer before the third attempt. The rest is room for a
/// busy machine.
const AGAIN_WITHIN: Duration = Duration::from_millis(2_000 + 1_000);

#[test]
fn a_server_that_was_killed_is_taken_back_without_a_hand() {
    let mut server = Icecast::start();
    let desk = Desk::tone(1_000.0, 0.25);
    for (codec, mount) in [(Codec::Mp3, "/live.mp3"), (Codec::Opus, "/live.opus")] {
        let broadcast = on_air(&server, &desk, codec, mount);
        broadcast.set_title("still the same");
        server.kill();
        await_retrying(&broadcast);
        server.start_again();
        let back = Instant::now();
        await_live(&broadcast);
        let again = back.elapsed();
        println!("{codec:?} is live {:.2} s after the server is", again.as_secs_f64());
        assert!(again < AGAIN_WITHIN, "{again:?}");
        let [left, _] = hear(&format!("http://127.0.0.1:{}{mount}", server.port), 2.0);
        assert_tone(&left[left.len() / 3..], 1_000.0, 0.25);
        assert!(
            matches!(broadcast.state(), BroadcastState::Live { reconnects: 1, .. }),
            "{:?}",
            broadcast.state()
        );
        if codec == Codec::Mp3 {
            wait_for("the title", seconds(20), || {
                (server.mount(mount)?["title"] == "still the same").then_some(())
            });
        }
    }
}

#[test]
fn a_server_that_is_never_there_does_not_touch_the_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut desk = Desk::index();
    let broadcast = air(source("127.0.0.1", free_port(), Codec::Mp3, "/live"), PASSWORD, &desk);
    let reader = desk.tap.reader();
    let first = reader.next_sequence() * 64 - 64;
    let recording = crate::recording::record(
        crate::recording::settings(folder.path(), SampleFormat::Pcm24),
        "show",
        reader,
    )
    .expect("it starts");
    let reason = await_retrying(&broadcast);
    assert!(reason.contains("nothing answers at 127.0.0.1"), "{reason}");
    std::thread::sleep(seconds(4)); // several attempts
    assert!(
        matches!(broadcast.state(), BroadcastState::Retrying { attempt: 3.., .. }),
        "{:?}",
        broadcast.state()
    );
    desk.stop();
    let summary = recording.stop();
    assert_eq!((summary.frames_lost, summary.frames), (0, desk.published() - first));
    let expected: Vec<_> = (first..desk.published()).map(index_frame).collect();
    assert!(wave(&summary.file, 0).frames == expected);
    broadcast.stop();
}
