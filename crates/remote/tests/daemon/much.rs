//! Much audio: more than fits, whole clips, and a thousand utterances in a row.

use std::time::Duration;

use airdesk_station::api::StreamPhase;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::rig::{Rig, assert_same, chunk, control, numbered_chunk, numbers};

/// What the strip keeps beside its buffer, bytes, and a message more.
const KEPT: u64 = 5 * 1024 * 1024;

#[tokio::test]
async fn a_thousand_utterances_in_a_row_are_heard_in_order_and_completed_one_by_one() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let mut program = rig.program("/").await;
    let length = 480;
    for n in 0..1_000 {
        let from = 1_000 + n * length;
        program.say(&chunk(&numbers(from..from + length))).await;
        program.say(&control("end_stream")).await;
        // It reads what it is told meanwhile.
        while timeout(Duration::ZERO, program.next()).await.is_ok() {}
    }
    while program.all_of("completed").len() < 1_000 {
        program.next().await;
    }
    for completed in program.all_of("completed") {
        assert_eq!(completed["data"]["audioPosition"], 3 * length);
    }
    program.state("idle").await;
    assert_same(&rig.heard("Voice").await, 1_000..1_000 + 1_000 * length);
    rig.stop().await;
}

#[tokio::test]
async fn audio_in_pieces_of_a_few_bytes_is_heard_as_in_one() {
    let rig = Rig::start(&["Voice"]).await;
    rig.record().await;
    let mut program = rig.program("/").await;
    let audio = numbers(1_000..13_000);
    let mut rest = audio.as_slice();
    for n in 0.. {
        // 1 to 7 bytes, in every order of the ways to write them.
        let (piece, more) = rest.split_at((1 + n % 7).min(rest.len()));
        let mut message = chunk(piece);
        if n % 2 == 1 {
            message["data"]["chunk"] = numbered_chunk(piece)["data"]["chunk"].take();
        } else if n % 3 == 0 {
            message["data"]["chunk"] = json!({ "type": "Buffer", "data": piece });
        }
        program.say(&message).await;
        rest = more;
        if rest.is_empty() {
            break;
        }
    }
    program.say(&control("end_stream")).await;
    let completed = program.next_of("completed").await;
    assert_eq!(completed["data"]["audioPosition"], audio.len());
    assert_same(&rig.heard("Voice").await, 1_000..13_000);
    rig.stop().await;
}

#[tokio::test]
async fn a_program_that_is_faster_than_the_strip_has_to_wait_and_loses_nothing() {
    let rig = Rig::start(&["Voice"]).await;
    let mut program = rig.program("/").await;
    // 50 s of it, 14 MB: more than is kept.
    let sender = tokio::spawn(async move {
        for piece in numbers(0..4_800_000).chunks(96_000) {
            program.say(&chunk(piece)).await;
        }
        program
    });
    rig.when("it sounds", |now| now.streams[0].phase == StreamPhase::Playing)
        .await;
    let received = async || {
        let page = rig.health("/health").await;
        page["audioProcessor"]["stats"]["bytesProcessed"]
            .as_u64()
            .expect("a number")
    };
    let mut before = 0;
    loop {
        sleep(Duration::from_millis(500)).await;
        let now = received().await;
        // What sounds makes room for half a second at a time.
        if now - before < 3 * 96_000 {
            break;
        }
        before = now;
    }
    let page = rig.health("/health").await;
    let stats = &page["audioProcessor"]["stats"];
    let waits = stats["bytesProcessed"].as_u64().zip(stats["audioPosition"].as_u64());
    let waits = waits.map(|(bytes, position)| bytes - position).expect("numbers");
    assert!(waits < KEPT + 2 * 144_000 + 3 * 96_000, "{waits} bytes");
    assert!(!sender.is_finished(), "it waits");
    // Another program's word is obeyed meanwhile.
    let mut other = rig.program("/").await;
    other.say(&control("pause")).await;
    other.state("paused").await;
    // Paused, more is kept: all of it comes in.
    let mut program = timeout(crate::rig::LONG, sender)
        .await
        .expect("it is taken")
        .expect("no panic");
    program.say(&control("stop")).await;
    other.state("idle").await;
    rig.stop().await;
}

#[tokio::test]
async fn a_clip_in_one_message_can_be_paused_and_stopped_by_who_sent_it() {
    let rig = Rig::start(&["Voice"]).await;
    let mut program = rig.program("/").await;
    // Seven minutes as programs usually send it: 20 MB in one message.
    let clip = vec![0x11; 20_000_000];
    program
        .say(&json!({ "type": "audio_chunk", "data": { "chunk": crate::rig::base64(&clip) } }))
        .await;
    program.say(&control("end_stream")).await;
    let status = program.state("playing").await;
    assert_eq!(status["data"]["bufferUtilization"], 1.0);
    rig.when("it sounds", |now| now.streams[0].phase == StreamPhase::Playing)
        .await;
    program.say(&control("pause")).await;
    program.state("paused").await;
    program.say(&control("resume")).await;
    program.state("playing").await;
    program.say(&control("stop")).await;
    program.state("idle").await;
    // Nothing of it is in the way of the next.
    program.say(&numbered_chunk(&[0x11; 4_800])).await;
    program.say(&control("end_stream")).await;
    let completed = program.next_of("completed").await;
    assert_eq!(completed["data"]["audioPosition"], 4_800);
    rig.stop().await;
}

#[tokio::test]
async fn long_messages_take_their_turn_and_one_that_stands_still_is_given_up() {
    use futures_util::SinkExt;
    use tokio::io::AsyncWriteExt;
    use tokio_tungstenite::tungstenite::Message;

    let rig = Rig::start(&["Voice"]).await;
    let mut stalled = Vec::new();
    for _ in 0..2 {
        let mut program = rig.program("/").await;
        program
            .socket
            .send(Message::text(r#"{"type":"heartbeat"}"#))
            .await
            .expect("sent");
        program.next_of("heartbeat").await;
        // The head of a message of 50 MB, and 5 MB of it.
        let stream = program.socket.get_mut();
        let mut head = vec![0x81, 0xff];
        head.extend_from_slice(&50_000_000_u64.to_be_bytes());
        head.extend_from_slice(&[0; 4]);
        head.extend_from_slice(&vec![b' '; 5_000_000]);
        stream.write_all(&head).await.expect("taken");
        stalled.push(program);
    }
    // Both places are taken; a small message needs none, a long one waits until they are given up.
    let mut program = rig.program("/").await;
    program.say(&json!({ "type": "heartbeat" })).await;
    program.next_of("heartbeat").await;
    program.say(&numbered_chunk(&vec![0x11; 480_000])).await;
    program.say(&control("end_stream")).await;
    program.state("playing").await;
    program.say(&control("stop")).await;
    rig.stop().await;
}
