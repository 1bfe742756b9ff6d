//! What is sent is heard: the sequences of the known programs.

use std::time::Duration;

use airdesk_station::api::StreamPhase;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::rig::{Rig, assert_same, base64, chunk, control, numbered_chunk, numbers};

/// What `configure` says of numbered frames.
fn configure() -> Value {
    let params = json!({ "format": { "sampleRate": 48_000, "channels": 1, "bitDepth": 24 }, "bufferSize": 524_288 });
    json!({ "type": "control", "timestamp": 1, "data": { "action": "configure", "params": params } })
}

#[tokio::test]
async fn the_python_scripts_sequence_is_heard_to_the_frame_without_a_play() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let mut program = rig.program("/").await;
    let welcome = program.next().await;
    assert_eq!(
        (&welcome["type"], &welcome["data"]["state"]),
        (&json!("status"), &json!("idle"))
    );
    let audio = numbers(1_000..61_000);
    // Pieces of base64 that cut frames.
    for piece in audio.chunks(4_096) {
        program.say(&chunk(piece)).await;
    }
    program.say(&json!({ "type": "end_stream", "data": {} })).await;
    program.state("playing").await;
    program.next_of("completed").await;
    let after = program.state("idle").await;
    assert_eq!(after["data"]["bufferUtilization"], 0.0);
    assert_eq!(after["data"]["audioPosition"], audio.len());
    assert_eq!(after["data"]["audioSeconds"], 1.25);
    assert_same(&rig.heard("Voice").await, 1_000..61_000);
    assert_eq!(program.all_of("completed").len(), 1);
    let before = program.told[1..].iter().take_while(|told| told["type"] != "completed");
    assert!(before.clone().count() > 1 && before.clone().all(|told| told["data"]["state"] != "idle"));
    let warnings = program.all_of("warning");
    assert_eq!(warnings.len(), 1, "once for a session: {warnings:?}");
    let warning = warnings[0]["data"]["message"].as_str().expect("a sentence");
    assert!(
        warning.contains("Audio format mismatch: 48000 Hz") && warning.contains("expected: 24000 Hz"),
        "{warning}"
    );
    assert!(program.all_of("error").is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn the_typescript_clients_streams_and_whole_clips_are_heard_to_the_frame() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let mut program = rig.program("/").await;
    program.say(&configure()).await;
    for action in ["stop", "play"] {
        program.say(&control(action)).await;
    }
    for piece in numbers(1_000..25_000).chunks(3_001) {
        program.say(&numbered_chunk(piece)).await;
    }
    program.say(&control("end_stream")).await;
    let completed = program.next_of("completed").await;
    assert_eq!(completed["data"]["audioPosition"], 72_000);
    program.state("idle").await;
    // `playAudio`: all in one chunk, and no play.
    program.say(&control("stop")).await;
    program.say(&numbered_chunk(&numbers(25_000..73_000))).await;
    program.say(&control("end_stream")).await;
    let completed = program.next_of("completed").await;
    let timing = &completed["data"]["performance"]["timing"];
    assert_eq!(
        (&timing["totalChunks"], &timing["averageChunkSize"]),
        (&json!(1), &json!("144000 bytes"))
    );
    assert_eq!(timing["expectedDuration"], 1_010.0);
    let heard = rig.heard("Voice").await;
    assert_same(&heard, 1_000..73_000);
    assert!(program.all_of("warning").is_empty() && program.all_of("error").is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn a_pause_is_silent_and_keeps_every_frame_and_a_stop_drops_them_at_once() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let (mut program, mut other) = (rig.program("/").await, rig.program("/other/path").await);
    program.say(&configure()).await;
    program.say(&numbered_chunk(&numbers(1_000..97_000))).await;
    rig.when("it sounds", |now| now.streams[0].phase == StreamPhase::Playing)
        .await;
    program.say(&control("pause")).await;
    program.state("paused").await;
    // The end waits, too: nothing is completed before it was heard.
    program.say(&control("end_stream")).await;
    other.state("paused").await;
    sleep(Duration::from_millis(2_500)).await;
    rig.when("it is paused", |now| now.streams[0].phase == StreamPhase::Paused)
        .await;
    assert_eq!(rig.health("/health").await["audioProcessor"]["isPaused"], true);
    other.say(&json!({ "type": "resume" })).await;
    program.next_of("completed").await;
    other.next_of("completed").await;
    let heard = rig.heard("Voice").await;
    assert_same(&heard, 1_000..97_000);
    assert!(heard.len() > 96_000 + 2 * 48_000, "it was silent");
    assert_eq!(
        (program.all_of("completed").len(), other.all_of("completed").len()),
        (1, 1)
    );

    program.say(&numbered_chunk(&numbers(1_000..480_000))).await;
    rig.when("it sounds", |now| now.streams[0].phase == StreamPhase::Playing)
        .await;
    other.say(&control("stop")).await;
    program.state("idle").await;
    rig.when("it waits", |now| now.streams[0].phase == StreamPhase::Waiting)
        .await;
    // Answered in order: a completion would be here.
    program.say(&json!({ "type": "heartbeat" })).await;
    program.next_of("heartbeat").await;
    assert_eq!(program.all_of("completed").len(), 1);
    rig.stop().await;
}

#[tokio::test]
async fn a_program_that_dies_is_heard_to_its_last_chunk_and_the_strip_is_anothers() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let mut other = rig.program("/").await;
    let mut program = rig.program("/").await;
    // As much as the system takes at once: what a killed program's own system still had is gone with it. It has not read
    // what it was told, so that the connection is reset.
    for piece in numbers(1_000..13_000).chunks(9_000) {
        program.say(&chunk(piece)).await;
    }
    drop(program);
    other.next_of("completed").await;
    other.say(&chunk(&numbers(13_000..100_000))).await;
    other.say(&control("end_stream")).await;
    other.next_of("completed").await;
    assert_same(&rig.heard("Voice").await, 1_000..100_000);
    rig.stop().await;
}

#[tokio::test]
async fn a_program_that_neither_reads_nor_ends_frees_the_strip() {
    let rig = Rig::start(&["Voice"]).await;
    let mut program = rig.program("/").await;
    program.say(&chunk(&numbers(1_000..25_000))).await;
    // Nobody polls its socket any more: no ping is answered, and nothing is closed.
    let mut other = rig.program("/").await;
    other.next_of("completed").await;
    let inlet = rig.handle.programs(Some("Voice".into())).await.expect("a way in");
    tokio::time::timeout(crate::rig::LONG, inlet.turn("another protocol"))
        .await
        .expect("its turn");
    // It comes back, and is heard.
    program.say(&chunk(&numbers(1_000..25_000))).await;
    program.say(&control("end_stream")).await;
    other.next_of("completed").await;
    rig.stop().await;
}

#[tokio::test]
async fn each_program_plays_into_the_strip_it_chose() {
    let rig = Rig::start(&["Voice", "News", "Ads & more"]).await;
    rig.record().await;
    let mut voice = rig.program("/?strip=Voice").await;
    let mut news = rig.program("/some/path?strip=News").await;
    let mut ads = rig.program("/").await;
    let move_to =
        |strip: &str| json!({ "type": "control", "data": { "action": "configure", "params": { "strip": strip } } });
    ads.say(&move_to("Nowhere")).await;
    let warning = ads.next_of("warning").await;
    let warning = warning["data"]["message"].as_str().expect("a sentence");
    assert!(
        warning.contains("Nowhere") && warning.contains("News, Ads & more"),
        "{warning}"
    );
    ads.say(&move_to("Ads & more")).await;
    for (program, from) in [(&mut voice, 100_000), (&mut news, 200_000), (&mut ads, 300_000)] {
        program.say(&chunk(&numbers(from..from + 24_000))).await;
        program.say(&control("end_stream")).await;
    }
    for program in [&mut voice, &mut news, &mut ads] {
        program.next_of("completed").await;
        program.state("idle").await;
        assert_eq!(program.all_of("completed").len(), 1, "its own alone");
    }
    assert_eq!(
        rig.health("/health?strip=News").await["audioProcessor"]["stats"]["chunksReceived"],
        1
    );
    let heard = rig.heard("News").await;
    assert_same(&heard, 200_000..224_000);
    let (status, _, body) = rig
        .ask(
            "GET",
            "/?strip=Nowhere",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        )
        .await;
    assert_eq!(status, 404);
    assert!(
        body.contains("Nowhere") && body.contains("Voice, News, Ads & more"),
        "{body}"
    );
    rig.stop().await;
}

#[tokio::test]
async fn every_depth_and_rate_is_converted_and_nothing_breaks_the_connection() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let mut program = rig.program("/").await;
    program.next().await;
    let tone = |n: i32, full: f64| (full * 0.25 * (f64::from(n) * 0.1).sin()).round();
    let formats: [(u32, u32, u32, Vec<u8>); 4] = [
        (
            8,
            24_000,
            1,
            (0..12_000).map(|n| (tone(n, 128.0) + 128.0) as u8).collect(),
        ),
        (
            16,
            44_100,
            2,
            (0..22_050)
                .flat_map(|n| [tone(n, 32_768.0) as i16; 2])
                .flat_map(i16::to_le_bytes)
                .collect(),
        ),
        (
            24,
            48_000,
            1,
            (0..24_000)
                .flat_map(|n| (tone(n, 8_388_608.0) as i32).to_le_bytes().into_iter().take(3))
                .collect(),
        ),
        (
            32,
            22_050,
            2,
            (0..11_025)
                .flat_map(|n| [tone(n, 1e6) as f32 / 1e6; 2])
                .flat_map(f32::to_le_bytes)
                .collect(),
        ),
    ];
    for (bits, rate, channels, audio) in &formats {
        let format = json!({ "format": "pcm", "sampleRate": rate, "channels": channels, "bitDepth": bits });
        for (n, piece) in audio.chunks(7_777).enumerate() {
            // Text that means nothing, between.
            program.text("no json".into()).await;
            let mut text = base64(piece);
            text.insert_str(text.len() / 2, "\r\n");
            let text = text.trim_end_matches('=');
            let data = json!({ "chunk": text, "format": format, "sequence": n });
            program.say(&json!({ "type": "audio_chunk", "data": data })).await;
        }
    }
    program
        .say(&json!({ "type": "audio_chunk", "data": { "chunk": "AAAA*AAA" } }))
        .await;
    program.say(&json!({ "type": "dance" })).await;
    program.say(&control("ping")).await;
    program.say(&control("end_stream")).await;
    let completed = program.next_of("completed").await;
    assert_eq!(completed["data"]["audioSeconds"], 2.0);
    program.state("idle").await;
    let messages = program.all_of("warning");
    let messages: Vec<&str> = messages
        .iter()
        .filter_map(|told| told["data"]["message"].as_str())
        .collect();
    assert_eq!(messages.len(), 5, "{messages:?}");
    assert!(messages[4].contains("character 4 is no base64"), "{messages:?}");
    assert!(program.all_of("error").is_empty());
    let heard = rig.heard("Voice").await;
    let seconds = heard.len() as f64 / 48_000.0;
    assert!((seconds - 2.0).abs() < 0.1, "{seconds} s");
    // Each has the same level, whatever it was written in.
    for part in heard.chunks(24_000).take(4) {
        let power: f64 = part[4_000..20_000]
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum();
        let level = (power / 16_000.0).sqrt() / 8_388_608.0;
        assert!((level - 0.25 / 2.0_f64.sqrt()).abs() < 0.005, "{level}");
    }
    rig.stop().await;
}
