//! Tracks as samples over a real WebSocket: every frame is there, once, in its order and at its place.

#[path = "pcm/rig.rs"]
mod rig;

use std::time::{Duration, Instant};

use rig::{Player, Rig, Stream, coded};
use serde_json::json;

#[test]
fn every_sample_of_a_track_arrives_in_its_order_by_both_transports() {
    let rig = Rig::new(&[
        ("a.wav", 48_000, 2, 40),
        ("b.wav", 44_100, 1, 31),
        ("c.wav", 44_100, 2, 3),
        ("d.flac", 48_000, 1, 2),
    ]);
    for (name, rate, channels, seconds) in [
        ("a", 48_000_u32, 2_usize, 40_u32),
        ("b", 44_100, 1, 31),
        ("c", 44_100, 2, 3),
        ("d", 48_000, 1, 2),
    ] {
        let mut player = rig.player();
        let id = rig.track(name);
        player.say(json!({ "type": "play_normal", "data": { "track_id": id } }));
        let binary = player.stream();
        let start = &binary.start;
        assert_eq!(
            (&start["sample_rate"], &start["channels"]),
            (&json!(rate), &json!(channels))
        );
        assert_eq!((&start["preset"], &start["intensity"]), (&json!("none"), &json!(1.0)));
        assert_eq!(start["total_chunks"], seconds.div_ceil(15));
        assert_eq!(
            (&start["chunk_duration"], &start["total_duration"]),
            (&json!(15.0), &json!(f64::from(seconds)))
        );
        assert!(start.get("is_seek").is_none());
        let frames = rate * seconds;
        assert_eq!(binary.samples, coded(0..frames, channels), "{name}");
        assert_eq!(
            (&binary.end["reason"], &binary.end["total_samples"]),
            (&json!("completed"), &json!(frames))
        );
        assert_eq!(binary.end["stream_type"], "normal");

        let data = json!({ "track_id": id, "transport": "base64" });
        player.say(json!({ "type": "play_normal", "data": data }));
        let text = player.stream();
        assert_eq!(text.samples, binary.samples, "{name}: the transports differ");
        assert!(text.epoch() > binary.epoch());
    }
}

#[test]
fn a_seek_is_exact_to_the_frame_and_what_was_before_is_never_heard_behind_it() {
    let rig = Rig::new(&[("a.wav", 44_100, 2, 50)]);
    let id = rig.track("a");
    let mut player = rig.player();
    player.say(json!({ "type": "play_normal", "data": { "track_id": id } }));
    player.wait("audio_stream_start");
    for (position, chunk) in [(0.0, 0), (14.999, 0), (15.0, 1), (33.333_33, 2), (49.99, 3)] {
        player.pass_a_second();
        player.say(json!({ "type": "seek", "data": { "track_id": id, "position": position } }));
        let started = player.wait("seek_started");
        assert_eq!(started["data"], json!({ "track_id": id, "position": position }));
        let heard = player.stream();
        let frame = (position * 44_100.0_f64).round() as u32;
        assert_eq!(heard.start["is_seek"], true);
        assert_eq!(
            (&heard.start["start_chunk"], &heard.start["total_chunks"]),
            (&json!(chunk), &json!(4))
        );
        assert_eq!(heard.start["seek_position"], f64::from(frame) / 44_100.0);
        assert_eq!(heard.samples, coded(frame..50 * 44_100, 2), "from {position} s");
    }
    // Behind the end there is nothing.
    player.say(json!({ "type": "play_normal", "data": { "track_id": id, "start_position": 1e9 } }));
    let nothing = player.stream();
    assert_eq!(
        (nothing.samples.len(), &nothing.start["seek_position"]),
        (0, &json!(50.0))
    );
    assert_eq!(nothing.end["reason"], "completed");
}

#[test]
fn a_stream_is_held_between_chunks_and_stopped_or_replaced_without_an_end() {
    let rig = Rig::new(&[("a.wav", 48_000, 2, 120), ("b.wav", 48_000, 2, 120)]);
    let (a, b) = (rig.track("a"), rig.track("b"));
    let mut player = rig.player();
    for (hold, answer, go_on) in [
        ("pause", "playback_paused", "resume"),
        ("buffer_full", "", "buffer_ready"),
    ] {
        player.pass_a_second();
        player.say(json!({ "type": "play_normal", "data": { "track_id": a } }));
        player.wait("audio_stream_start");
        player.say(json!({ "type": hold, "data": {} }));
        let mut heard = Stream::default();
        let quiet = Instant::now();
        // What was under way comes; then nothing more.
        player.hear_until_quiet(&mut heard);
        assert!(heard.samples.len() < 2 * 120 * 48_000, "{hold} does not hold it");
        assert_eq!(
            heard.samples.len() % (2 * 15 * 48_000),
            0,
            "{hold} is obeyed between chunks"
        );
        assert!(answer.is_empty() || heard.said(answer), "{answer}");
        assert!(quiet.elapsed() < Duration::from_secs(60));
        player.say(json!({ "type": go_on, "data": {} }));
        player.hear(&mut heard);
        assert_eq!(heard.samples, coded(0..120 * 48_000, 2), "{hold} loses nothing");
    }
    player.pass_a_second();
    // Each replaces the one before; only the last is heard, from its start on.
    for id in [a, b, a, b] {
        player.say(json!({ "type": "play_normal", "data": { "track_id": id } }));
    }
    let last = player.stream();
    assert_eq!(
        (last.start["track_id"].as_u64(), &last.samples),
        (Some(b), &coded(0..120 * 48_000, 2))
    );
    player.pass_a_second();
    player.say(json!({ "type": "play_normal", "data": { "track_id": a } }));
    player.wait("audio_stream_start");
    player.say(json!({ "type": "stop" }));
    player.wait("playback_stopped");
    let mut rest = Stream::default();
    player.hear_until_quiet(&mut rest);
    assert!(
        rest.samples.is_empty() && rest.end.is_null(),
        "a stopped stream has no end"
    );
}

#[test]
fn what_cannot_be_played_is_told_and_the_connection_stays() {
    let rig = Rig::new(&[
        ("a.wav", 48_000, 2, 1),
        ("b.wav", 48_000, 2, 1),
        ("c.wav", 48_000, 2, 1),
    ]);
    let (b, c) = (rig.track("b"), rig.track("c"));
    std::fs::remove_file(rig.file("b.wav")).expect("removed");
    std::fs::write(rig.file("c.wav"), "no sound at all").expect("written");
    let mut player = rig.player();
    player.send_text(r#"{"type":"play_enhanced","data":{"track_id":1,"preset":"live"}}"#);
    assert_eq!(
        player.wait("error")["error"],
        "invalid_preset",
        "nothing is stored that could be meant"
    );
    for (message, code, text) in [
        (
            json!({ "type": "play_normal", "data": { "track_id": 4711 } }),
            "STREAMING_ERROR",
            "Track not found",
        ),
        (
            json!({ "type": "play_normal", "data": { "track_id": b } }),
            "STREAMING_ERROR",
            "Audio file not found",
        ),
        (
            json!({ "type": "seek", "data": { "track_id": b, "position": 1 } }),
            "SEEK_ERROR",
            "Audio file not found",
        ),
        (
            json!({ "type": "play_enhanced", "data": { "track_id": c } }),
            "STREAMING_ERROR",
            "Failed to load track",
        ),
    ] {
        player.say(message);
        let told = player.wait("audio_stream_error");
        assert_eq!(
            (&told["data"]["code"], &told["data"]["error"]),
            (&json!(code), &json!(text))
        );
    }
    player.pass_a_second();
    for (message, code) in [
        ("{", "invalid_json"),
        (r#"{"type":"play_normal"}"#, "invalid_track_id"),
        (r#"{"type":"what"}"#, "validation_error"),
    ] {
        player.send_text(message);
        assert_eq!(player.wait("error")["error"], code, "{message}");
    }
    player.send_binary(vec![1, 2, 3]);
    assert_eq!(player.wait("error")["error"], "unsupported_frame_type");
    player.send_text(&format!(r#"{{"x":"{}"}}"#, "x".repeat(70_000)));
    assert_eq!(player.wait("error")["error"], "message_too_large");
    player.pass_a_second();
    for _ in 0..12 {
        player.say(json!({ "type": "buffer_ready" }));
    }
    assert_eq!(player.wait("error")["error"], "rate_limit_exceeded");
    for _ in 0..20 {
        player.say(json!({ "type": "ping" }));
    }
    for _ in 0..20 {
        player.wait("pong");
    }
    player.pass_a_second();
    player.say(json!({ "type": "play_normal", "data": { "track_id": rig.track("a") } }));
    assert_eq!(
        player.stream().samples,
        coded(0..48_000, 2),
        "it plays as if nothing had been"
    );
}

#[test]
fn pages_of_other_sites_are_sent_away_and_the_desks_own_are_welcome() {
    let rig = Rig::new(&[("a.wav", 48_000, 2, 1)]);
    assert_eq!(rig.close_code(Some("https://evil.test")), Some(1008));
    assert_eq!(rig.close_code(Some("null")), Some(1008));
    assert_eq!(rig.close_code(Some(&format!("http://localhost:{}", rig.port))), None);
    assert_eq!(rig.close_code(None), None);
}

#[test]
fn an_enhanced_track_is_whole_and_goes_on_where_it_is_sought() {
    let rig = Rig::new(&[("a.wav", 48_000, 2, 37)]);
    let id = rig.track("a");
    let mut player = rig.player();
    let data = json!({ "track_id": id, "preset": "Warm", "intensity": 0.5 });
    player.say(json!({ "type": "play_enhanced", "data": data }));
    let whole = player.stream();
    assert_eq!(
        (&whole.start["preset"], &whole.start["intensity"]),
        (&json!("warm"), &json!(0.5))
    );
    assert_eq!(
        (&whole.start["total_chunks"], &whole.end["stream_type"]),
        (&json!(4), &json!("enhanced"))
    );
    assert_eq!(whole.samples.len(), 2 * 37 * 48_000);
    let dry = coded(0..37 * 48_000, 2);
    assert_ne!(whole.samples, dry);
    player.pass_a_second();
    // Without a word about it a seek has what is played.
    player.say(json!({ "type": "seek", "data": { "track_id": id, "position": 20.5 } }));
    let part = player.stream();
    assert_eq!(
        (&part.start["preset"], &part.start["start_chunk"]),
        (&json!("warm"), &json!(1))
    );
    let rest = &whole.samples[2 * 984_000..];
    let apart = part
        .samples
        .iter()
        .zip(rest)
        .fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(part.samples.len() == rest.len() && apart < 3e-5, "{apart}");

    // For everybody, over HTTP.
    for (path, body, status) in [
        ("toggle", r#"{"enabled":1}"#, 422),
        ("preset", r#"{"preset":"live"}"#, 422),
        ("intensity", r#"{"intensity":1.5}"#, 422),
        ("intensity", r#"{"intensity":true}"#, 422),
        ("intensity", "{}", 422),
        ("preset", r#"{"preset":"BRIGHT"}"#, 200),
        ("intensity", r#"{"intensity":0.25}"#, 200),
        ("toggle", r#"{"enabled":false}"#, 200),
    ] {
        assert_eq!(
            rig.post(&format!("/api/player/enhancement/{path}"), body),
            status,
            "{path} {body}"
        );
    }
    for _ in 0..2 {
        player.wait("enhancement_settings_changed");
    }
    let told = player.wait("enhancement_settings_changed");
    assert_eq!(
        told["data"],
        json!({ "enabled": false, "preset": "bright", "intensity": 0.25 })
    );
    player.pass_a_second();
    player.say(json!({ "type": "play_enhanced", "data": { "track_id": id } }));
    assert_eq!(
        player.wait("audio_stream_error")["data"]["code"],
        "ENHANCEMENT_DISABLED"
    );
    player.say(json!({ "type": "seek", "data": { "track_id": id, "position": 30 } }));
    let plain = player.stream();
    assert_eq!(
        (&plain.start["stream_type"], &plain.samples),
        (&json!("normal"), &coded(30 * 48_000..37 * 48_000, 2))
    );
    player.say(json!({ "type": "play_enhanced", "data": { "track_id": id, "force": true } }));
    assert_eq!(
        player.wait("audio_stream_start")["data"]["preset"],
        "bright",
        "what is set for all"
    );
}

#[test]
fn ten_streams_are_given_and_an_eleventh_is_told_that_the_server_is_busy() {
    let rig = Rig::new(&[("a.wav", 48_000, 2, 90)]);
    let id = rig.track("a");
    // None of them reads: each waits with a chunk that nobody takes.
    let mut players: Vec<Player> = (0..10).map(|_| rig.player()).collect();
    for player in &mut players {
        player.say(json!({ "type": "play_normal", "data": { "track_id": id } }));
        player.wait("audio_stream_start");
    }
    let mut late = rig.player();
    late.say(json!({ "type": "play_normal", "data": { "track_id": id } }));
    let told = late.wait("audio_stream_error");
    assert_eq!(told["data"]["error"], "Server busy - too many active streams");
    // Who leaves makes room.
    drop(players.pop());
    late.say(json!({ "type": "play_normal", "data": { "track_id": id } }));
    assert_eq!(late.stream().samples.len(), 2 * 90 * 48_000);
}

#[test]
fn a_bus_is_heard_live_block_after_block_with_the_desks_time() {
    let rig = Rig::new(&[]);
    for bus in ["programme", "cue", "aux8"] {
        let mut monitor = rig.monitor(bus);
        assert_eq!(monitor.wait("monitor")["rate"], 48_000);
        let mut next = None;
        let mut blocks = Vec::new();
        while blocks.len() < 50 {
            let bytes = monitor.binary();
            let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
            let (frame, due, lost) = (number(0), number(8), number(16));
            let frames = (bytes.len() as u64 - 32) / 8;
            assert!(frames > 0 && frames.is_multiple_of(64), "{bus}: {frames}");
            if let Some((next, lost_before)) = next {
                assert_eq!(frame - next, lost - lost_before, "{bus}: what is missing is counted");
            }
            next = Some((frame + frames, lost));
            blocks.push((frame, due));
        }
        let (first, last) = (blocks[0], blocks[49]);
        let rate = (last.0 - first.0) as f64 / ((last.1 - first.1) as f64 * 1e-9);
        assert!((rate / 48_000.0 - 1.0).abs() < 0.05, "{bus}: {rate} frames a second");
        monitor.say(json!({ "type": "clock", "sent": 12.5 }));
        let told = monitor.wait("clock");
        assert!(
            told["sent"] == 12.5 && told["now"].as_u64().is_some_and(|now| now >= first.1),
            "{told}"
        );
    }
    assert_eq!(rig.get_status("/monitor?bus=kitchen"), 400);
}

#[test]
fn an_enhanced_stream_ends_when_enhancing_is_turned_off_and_says_how_far_it_came() {
    let rig = Rig::new(&[("a.wav", 48_000, 2, 120)]);
    let mut player = rig.player();
    player.say(json!({ "type": "play_enhanced", "data": { "track_id": rig.track("a") } }));
    let mut heard = Stream::default();
    player.say(json!({ "type": "pause" }));
    player.hear_until_quiet(&mut heard);
    assert_eq!(rig.post("/api/player/enhancement/toggle", r#"{"enabled":false}"#), 200);
    player.hear(&mut heard);
    assert_eq!(heard.end["reason"], "stopped");
    assert_eq!(heard.end["total_samples"], heard.samples.len() / 2);
    assert!(heard.samples.len() < 2 * 120 * 48_000);
}
