//! Strips that play what is at an address: heard, named, told and kept, from a real Icecast.
#![cfg(target_os = "linux")]

use std::process::Command;

use airdesk_station::api::{
    AudioCommand, BusName, ErrorCode, InputState, RawEncoding, RawFormat, StreamPhase, StripSource,
};
use airdesk_station::session::{Session, SessionStrip};
use airdesk_station::{HostChoice, StationOptions};
use lab::icecast::{Icecast, PASSWORD};
use lab::process::{Priority, Process};
use lab::wait;

use crate::desk::{self, Desk};

fn stream(url: &str, titles: bool) -> StripSource {
    StripSource::Stream {
        url: url.into(),
        raw: None,
        titles,
    }
}

fn session(source: StripSource) -> Session {
    Session {
        strips: vec![SessionStrip::new("Relay", source)],
        ..Session::default()
    }
}

/// Sends a tone in Opus, whose title is in the stream.
fn push(icecast: &Icecast, log: &std::path::Path) -> Process {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args([
        "-v",
        "warning",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=1000:sample_rate=48000",
    ]);
    ffmpeg.args([
        "-metadata",
        "title=J\u{f3}ga",
        "-metadata",
        "artist=Bj\u{f6}rk",
        "-c:a",
        "libopus",
    ]);
    ffmpeg.args(["-flush_packets", "1", "-content_type", "application/ogg", "-f", "ogg"]);
    ffmpeg.arg(format!("icecast://source:{PASSWORD}@127.0.0.1:{}/live", icecast.port));
    let process = Process::start(&mut ffmpeg, log, Priority::Ordinary);
    wait::until("the mount", wait::seconds(15), || icecast.mount("/live").map(drop));
    process
}

#[tokio::test]
async fn a_station_on_the_network_is_heard_in_the_programme_and_names_what_is_on() {
    let icecast = Icecast::start();
    let folder = desk::folder();
    let _source = push(&icecast, &folder.path().join("ffmpeg.log"));
    let url = icecast.url("/live?token=secret");
    let mut desk = Desk::start(folder, &session(stream(&url, true)), HostChoice::none());
    let strip = desk.first_strip().await;
    desk.fade(strip, 0.0).await;
    let now = desk
        .when("it plays", |now| {
            now.streams
                .first()
                .is_some_and(|stream| stream.phase == StreamPhase::Playing)
                && matches!(now.strips[0].input, InputState::Running { .. })
        })
        .await;
    let told = &now.streams[0];
    assert_eq!((told.strip, told.codec.as_deref()), (strip, Some("Opus")));
    assert_eq!(told.url, format!("127.0.0.1:{}/live", icecast.port));
    assert!(told.time_to_first_audio.is_some(), "{told:?}");
    assert!(desk.peak(BusName::Programme).await > 0.05);
    let now = desk.when("its title", |now| now.title.title == "J\u{f3}ga").await;
    assert_eq!(now.title.artist, "Bj\u{f6}rk");
    // Another source: nothing of it is left.
    desk.ask(AudioCommand::SetSource {
        strip,
        source: StripSource::Silent,
    })
    .await;
    assert!(desk.now().await.streams.is_empty());
    desk.stop().await;
}

#[tokio::test]
async fn what_cannot_be_heard_is_told_and_an_address_that_is_none_is_refused() {
    let mut desk = Desk::with(&session(StripSource::Silent));
    let strip = desk.first_strip().await;
    for (url, words) in [
        ("file:///etc/passwd", "http:// or https:// only"),
        ("http://user:hunter2@radio/live", "a user and a password"),
        ("http://", "no address of a stream"),
    ] {
        let source = stream(url, false);
        let (code, message) = desk.refused(AudioCommand::SetSource { strip, source }).await;
        assert_eq!(code, ErrorCode::Invalid);
        assert!(message.contains(words) && !message.contains("hunter2"), "{message}");
    }
    let raw = RawFormat {
        encoding: RawEncoding::S16,
        channels: 9,
        rate: 48_000,
        big_endian: false,
    };
    let source = StripSource::Stream {
        url: "http://radio/live".into(),
        raw: Some(raw),
        titles: false,
    };
    let (code, _) = desk.refused(AudioCommand::SetSource { strip, source }).await;
    assert_eq!(code, ErrorCode::OutOfRange);
    let source = stream("http://169.254.169.254/latest/meta-data", false);
    desk.ask(AudioCommand::SetSource { strip, source }).await;
    let now = desk
        .when("why not", |now| {
            matches!(now.strips[0].input, InputState::Missing { .. })
        })
        .await;
    assert_eq!(now.streams[0].phase, StreamPhase::Failed);
    assert!(
        now.notices
            .iter()
            .any(|notice| notice.text.contains("may not come from"))
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_desk_may_be_kept_from_its_own_network() {
    let folder = desk::folder();
    let options = StationOptions {
        refuse_private: true,
        hosts: HostChoice::none(),
        ..desk::options(&folder)
    };
    airdesk_station::session::SessionFile::new(options.session.clone())
        .save(&session(stream("http://127.0.0.1:9/live", false)))
        .expect("a session");
    let station = airdesk_station::Station::start(options).expect("a station");
    let handle = station.handle();
    for _ in 0..100 {
        let now = handle.snapshot().await.expect("a snapshot");
        if let InputState::Missing { reason } = &now.strips[0].input {
            assert!(reason.contains("refusePrivate"), "{reason}");
            handle.stop().await.expect("saved");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it is not refused");
}
