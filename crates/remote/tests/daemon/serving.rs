//! The port: the health page, who is let in, and what happens where it is taken.

use airdesk_remote::PlaybackDaemon;
use airdesk_station::api::{AudioCommand, Severity};
use airdesk_station::config::DaemonPort;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::rig::{Rig, chunk, control, numbers};

#[tokio::test]
async fn the_health_page_and_any_other_are_as_programs_expect_them() {
    let rig = Rig::start(&[]).await;
    let (status, head, body) = rig.ask("GET", "/health", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("x-daemon-version: 2.0.0"), "{head}");
    assert!(body.starts_with("{\n  "), "{body}");
    let page: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (
            &page["status"],
            &page["version"],
            &page["clients"],
            &page["audioProcessor"]
        ),
        (&json!("healthy"), &json!("2.0.0"), &json!(0), &Value::Null)
    );
    assert!(page["uptime"].as_f64().is_some_and(|uptime| uptime > 0.0));
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/health"),
        ("GET", "/some/where?x=1"),
        ("DELETE", "/"),
    ] {
        let (status, head, body) = rig.ask(method, path, "").await;
        assert_eq!(
            (status, body.as_str()),
            (200, "Audio Daemon Running\n"),
            "{method} {path}"
        );
        assert!(head.contains("content-type: text/plain"), "{head}");
    }
    let mut programs = Vec::new();
    for _ in 0..5 {
        let mut program = rig.program("/").await;
        assert_eq!(program.next().await["data"]["state"], "idle");
        programs.push(program);
    }
    let page = rig.health("/health").await;
    assert_eq!(page["clients"], 5);
    assert_eq!(page["audioProcessor"]["ringBuffer"]["capacity"], 96_000);
    assert!(rig.now().await.strips.is_empty(), "nobody has played");
    drop(programs);
    for _ in 0..200 {
        if rig.health("/health").await["clients"] == 0 {
            rig.stop().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("programs that have gone are still counted");
}

#[tokio::test]
async fn pages_of_other_sites_and_other_names_are_refused() {
    let rig = Rig::start(&[]).await;
    for headers in [
        "Origin: https://evil.test\r\n",
        "Origin: null\r\n",
        "Host: evil.test\r\n",
    ] {
        for upgrade in [
            "",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        ] {
            let (status, _, _) = rig.ask("GET", "/", &format!("{headers}{upgrade}")).await;
            assert_eq!(status, 403, "{headers}");
        }
    }
    rig.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_notice_and_off_is_none() {
    let rig = Rig::start(&[]).await;
    let url = rig.now().await.programs_at.expect("it is told");
    assert_eq!(url, format!("ws://127.0.0.1:{}/", rig.daemon.port()));
    let other = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let taken = other.local_addr().expect("an address").port();
    let second = PlaybackDaemon::start(&rig.handle, Some(DaemonPort::At(taken))).await;
    assert!(second.expect("a station").is_none());
    let notices = rig.now().await.notices;
    let notice = notices.iter().find(|notice| notice.text.contains(&taken.to_string()));
    let notice = notice.unwrap_or_else(|| panic!("{notices:?}"));
    assert!(notice.text.contains("--daemon-port") && notice.severity == Severity::Warning);
    let off = PlaybackDaemon::start(&rig.handle, Some(DaemonPort::Off)).await;
    assert!(off.expect("a station").is_none());
    rig.stop().await;
}

#[tokio::test]
async fn the_usual_strip_is_made_for_the_first_audio_and_its_removal_is_an_error() {
    let rig = Rig::start(&[]).await;
    let mut program = rig.program("/").await;
    program.say(&chunk(&numbers(0..240_000))).await;
    let now = rig
        .when("it sounds", |now| {
            now.streams.first().is_some_and(|stream| stream.buffered > 0.2)
        })
        .await;
    assert_eq!(now.strips[0].name, "Voice");
    assert_eq!(now.streams[0].url, "Playback daemon");
    let strip = now.strips[0].id;
    rig.handle
        .send(AudioCommand::RemoveStrip { strip })
        .await
        .expect("removed");
    let error = program.next_of("error").await;
    assert!(
        error["data"]["message"]
            .as_str()
            .is_some_and(|message| message.contains("removed")),
        "{error}"
    );
    program.state("idle").await;
    program.say(&chunk(&numbers(0..48_000))).await;
    program.say(&control("end_stream")).await;
    program.next_of("completed").await;
    assert_eq!(rig.now().await.strips[0].name, "Voice", "another");
    rig.stop().await;
}

#[tokio::test]
async fn every_question_is_answered_to_who_asks_and_heartbeats_come_unasked() {
    let rig = Rig::start(&["Voice"]).await;
    let (mut program, mut other) = (rig.program("/").await, rig.program("/").await);
    program.next().await;
    other.next().await;
    for (question, answer) in [
        ("status", "status"),
        ("heartbeat", "heartbeat"),
        ("timing_analysis", "timing_analysis"),
    ] {
        program.say(&json!({ "type": question })).await;
        assert_eq!(program.next().await["type"], answer);
    }
    let timing = program.told.last().expect("told")["data"].clone();
    for (part, keys) in [
        (
            "basic",
            &["expectedDuration", "actualDuration", "accuracy", "processingOverhead"][..],
        ),
        (
            "chunkAnalysis",
            &[
                "totalChunks",
                "averageChunkSize",
                "firstChunkTime",
                "lastChunkTime",
                "chunkDeliveryTime",
            ],
        ),
        (
            "playbackAnalysis",
            &[
                "playbackStartTime",
                "playbackEndTime",
                "playbackDuration",
                "bufferUtilization",
                "underruns",
            ],
        ),
        (
            "performance",
            &["bytesPerSecond", "totalBytesProcessed", "bufferCapacity", "bufferSize"],
        ),
    ] {
        for key in keys {
            assert!(timing[part][key].is_number(), "{part}.{key}: {timing}");
        }
    }
    assert_eq!(timing["performance"]["bytesPerSecond"], 48_000.0);
    // The other was asked nothing; what comes to it comes by itself.
    let beat = other.next().await;
    assert_eq!(
        (&beat["type"], &beat["data"]),
        (&json!("heartbeat"), &json!({ "status": "ok" }))
    );
    rig.stop().await;
}
