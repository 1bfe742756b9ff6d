//! A real Icecast, fed by ffmpeg.

use std::path::Path;
use std::process::Command;

use airdesk_sources::stream::format::{Encoding, Format};
use airdesk_sources::tuner::{Raw, TunerPhase};
use lab::http;
use lab::icecast::{Icecast, PASSWORD};
use lab::process::{Priority, Process};
use lab::wait;

use crate::rig::Desk;

/// Sends a tone to a mount, for as long as it is kept.
pub(crate) fn push(icecast: &Icecast, folder: &Path, mount: &str, kind: &str, options: &[&str]) -> Process {
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
    ffmpeg
        .args(["-metadata", "title=Tone", "-metadata", "artist=Lab"])
        .args(options);
    ffmpeg.args(["-flush_packets", "1", "-content_type", kind]);
    ffmpeg.arg(format!("icecast://source:{PASSWORD}@127.0.0.1:{}{mount}", icecast.port));
    let log = folder.join(format!("{}.log", mount.trim_start_matches('/')));
    let process = Process::start(&mut ffmpeg, &log, Priority::Ordinary);
    wait::until("the mount", wait::seconds(15), || icecast.mount(mount).map(drop));
    process
}

fn heard(mount: &str, kind: &str, codec: &str, options: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let icecast = Icecast::start();
    let _source = push(&icecast, folder.path(), mount, kind, options);
    let mut desk = Desk::tune(&icecast.url(mount));
    let status = desk.until("sound", |status| status.phase == TunerPhase::Playing);
    assert_eq!(status.codec, Some(codec));
    desk.listen(3.0);
    desk.must_be_tone(1_000.0);
    let status = desk.tuner.status();
    assert_eq!(
        (status.underruns, status.spoilt, status.reconnects),
        (0, 0, 0),
        "{status:?}"
    );
    if codec != "MP3" && codec != "AAC" {
        assert_eq!(status.title.as_deref(), Some("Lab - Tone"));
    }
}

#[test]
fn mp3_is_heard() {
    heard("/a.mp3", "audio/mpeg", "MP3", crate::rig::MP3);
}

#[test]
fn aac_is_heard() {
    heard(
        "/a.aac",
        "audio/aac",
        "AAC",
        &["-c:a", "aac", "-b:a", "128k", "-f", "adts"],
    );
}

#[test]
fn vorbis_is_heard() {
    heard(
        "/a.ogg",
        "application/ogg",
        "Vorbis",
        &["-c:a", "libvorbis", "-page_duration", "100000", "-f", "ogg"],
    );
}

#[test]
fn opus_is_heard() {
    heard(
        "/a.opus",
        "application/ogg",
        "Opus",
        &[
            "-c:a",
            "libopus",
            "-b:a",
            "96k",
            "-page_duration",
            "100000",
            "-f",
            "ogg",
        ],
    );
}

#[test]
fn flac_is_heard() {
    heard(
        "/a.flac.ogg",
        "application/ogg",
        "FLAC",
        &["-c:a", "flac", "-page_duration", "100000", "-f", "ogg"],
    );
}

#[test]
fn samples_are_heard_as_they_were_declared() {
    let folder = tempfile::tempdir().expect("a folder");
    let icecast = Icecast::start();
    let _source = push(
        &icecast,
        folder.path(),
        "/pcm",
        "audio/mpeg",
        &["-ac", "2", "-c:a", "pcm_s16be", "-f", "s16be"],
    );
    let raw = Raw {
        format: Format::new(Encoding::S16, 2, 48_000).expect("a format"),
        big_endian: true,
    };
    let mut desk = Desk::raw(&icecast.url("/pcm"), raw);
    desk.until("sound", |status| status.phase == TunerPhase::Playing);
    desk.listen(2.0);
    // A cut through the middle of a frame is not this server's doing: it begins where a buffer does.
    desk.must_be_tone(1_000.0);
}

#[test]
fn titles_among_the_bytes_of_mp3_are_shown_and_not_heard() {
    let folder = tempfile::tempdir().expect("a folder");
    let icecast = Icecast::start();
    let _source = push(&icecast, folder.path(), "/a.mp3", "audio/mpeg", crate::rig::MP3);
    let mut desk = Desk::tune(&icecast.url("/a.mp3"));
    desk.until("sound", |status| status.phase == TunerPhase::Playing);
    // source:hackme
    let request = "GET /admin/metadata?mount=/a.mp3&mode=updinfo&charset=UTF-8&song=Bj%C3%B6rk%20-%20J%C3%B3ga HTTP/1.0\r\n\
                   Authorization: Basic c291cmNlOmhhY2ttZQ==\r\n\r\n";
    assert_eq!(http::request(icecast.port, request).expect("an answer").status, 200);
    desk.until("the title", |status| {
        status.title.as_deref() == Some("Bj\u{f6}rk - J\u{f3}ga")
    });
    desk.listen(1.5);
    desk.must_be_tone(1_000.0);
    assert_eq!(desk.tuner.status().spoilt, 0);
}

#[test]
fn a_server_that_was_killed_is_heard_again_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut icecast = Icecast::start();
    let source = push(&icecast, folder.path(), "/a.mp3", "audio/mpeg", crate::rig::MP3);
    let mut desk = Desk::tune(&icecast.url("/a.mp3"));
    desk.until("sound", |status| status.phase == TunerPhase::Playing);
    desk.listen(1.0);
    icecast.kill();
    drop(source);
    desk.until("the break", |status| status.phase == TunerPhase::Reconnecting);
    icecast.start_again();
    let _source = push(&icecast, folder.path(), "/a.mp3", "audio/mpeg", crate::rig::MP3);
    let status = desk.until("it again", |status| status.phase == TunerPhase::Playing);
    assert!(status.reconnects > 0 && status.reason.is_none(), "{status:?}");
    desk.listen(2.0);
    desk.must_be_tone(1_000.0);
}
