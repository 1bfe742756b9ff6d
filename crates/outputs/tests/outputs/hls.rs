//! HLS as ffmpeg plays it: every frame, in order, whatever happens to the folder and to the desk.

use std::fs;
use std::path::Path;
use std::process::Command;

use airdesk_dsp::SampleRate;
use airdesk_outputs::encode::{Codec, EncoderSettings, Encoders, FlacDepth};
use airdesk_outputs::hls::{Ending, Hls, HlsSettings, HlsState};

use airdesk_outputs::title::Title;

use crate::rig::decoder;
use crate::rig::desk::{Desk, index_frame, index_of, sine};
use crate::rig::tone::assert_tone;
use crate::rig::{seconds, wait_for};

const FLAC: EncoderSettings = EncoderSettings {
    codec: Codec::Flac(FlacDepth::Bits24),
    bit_rate: 0,
    variable: true,
    rate: SampleRate::DESK,
};

fn lossy(codec: Codec) -> EncoderSettings {
    EncoderSettings {
        codec,
        bit_rate: 128,
        variable: false,
        rate: SampleRate::DESK,
    }
}

fn settings(folder: &Path, encoders: &[EncoderSettings], segments: u8) -> HlsSettings {
    HlsSettings {
        folder: folder.to_owned(),
        encoders: encoders.to_vec(),
        segment_seconds: 2,
        segments,
    }
}

fn start(desk: &Desk, settings: HlsSettings) -> Hls {
    Hls::start(desk.tap.clone(), Encoders::default(), settings, None).expect("started")
}

/// A desk whose time goes by four times as fast: each frame says which one it is.
fn fast() -> Desk {
    Desk::play_at(4 * 48_000, index_frame, |_| {})
}

fn wait_for_segments(hls: &Hls, count: u64) {
    wait_for("segments", seconds(60), || match hls.state() {
        HlsState::On { segments, .. } if segments >= count => Some(()),
        _ => None,
    });
}

/// The lines of a playlist that begin with `tag`, without it.
fn lines(folder: &Path, playlist: &str, tag: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(playlist)).expect("there is a playlist");
    let found = text.lines().filter_map(|line| line.strip_prefix(tag));
    found.map(str::to_owned).collect()
}

/// Frames that a playlist promises.
fn promised(folder: &Path, playlist: &str) -> u64 {
    let seconds = lines(folder, playlist, "#EXTINF:");
    let seconds = seconds
        .iter()
        .map(|text| text.split(',').next().unwrap_or(text).parse::<f64>().expect("a length"));
    seconds.map(|seconds| (seconds * 48_000.0).round() as u64).sum()
}

/// The numbers of the frames that ffmpeg finds in the FLAC playlist.
fn numbers(folder: &Path) -> Vec<u64> {
    let frames = decoder::ffmpeg(&folder.join("flac.m3u8"));
    frames.iter().map(|frame| index_of(frame[0])).collect()
}

#[test]
fn flac_is_bit_exact_across_every_segments_border() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    let hls = start(&desk, settings(place.path(), &[FLAC], 100));
    wait_for_segments(&hls, 8);
    hls.finish(Ending::ForGood);
    let numbers = numbers(place.path());
    assert_eq!(numbers.len() as u64, promised(place.path(), "flac.m3u8"));
    assert!(numbers.len() > 8 * 90_000);
    let wrong = numbers.windows(2).find(|pair| pair[1] != pair[0] + 1);
    assert_eq!(wrong, None);
    let text = fs::read_to_string(place.path().join("flac.m3u8")).expect("a playlist");
    assert!(
        text.ends_with("#EXT-X-ENDLIST\n") && !text.contains("DISCONTINUITY\n"),
        "{text}"
    );
}

#[test]
fn each_segment_is_named_after_what_is_on_when_it_begins() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    let hls = start(&desk, settings(place.path(), &[FLAC], 100));
    hls.set_title(&Title::by("Ada", "Waltz"));
    wait_for_segments(&hls, 3);
    // What would be a line of the playlist stays a title.
    hls.set_title(&Title::new("Bad\n#EXT-X-ENDLIST\r\nsong, it is"));
    wait_for_segments(&hls, 6);
    hls.finish(Ending::ForGood);
    let entries = lines(place.path(), "flac.m3u8", "#EXTINF:");
    let titles: Vec<&str> = entries
        .iter()
        .filter_map(|entry| Some(entry.split_once(',')?.1))
        .collect();
    assert!(titles[1..3].iter().all(|title| *title == "Ada - Waltz"), "{titles:?}");
    assert!(
        titles[4..]
            .iter()
            .all(|title| *title == "Bad #EXT-X-ENDLIST  song, it is"),
        "{titles:?}"
    );
    assert!(!numbers(place.path()).is_empty(), "ffmpeg plays it");
}

#[test]
fn mp3_and_opus_have_every_frame_and_no_break_through_the_playlist_of_all() {
    let desk = Desk::play_at(4 * 48_000, |frame| [sine(frame, 1_000.0, 48_000) * 0.25, 0.0], |_| {});
    let place = tempfile::tempdir().expect("a folder");
    let encoders = [lossy(Codec::Mp3), lossy(Codec::Opus), FLAC];
    let hls = start(&desk, settings(place.path(), &encoders, 100));
    wait_for_segments(&hls, 18);
    hls.finish(Ending::ForGood);
    for (playlist, codec, before) in [
        ("mp3.m3u8", "mp3", 0),
        ("opus.m3u8", "opus", 312),
        ("flac.m3u8", "flac", 0),
    ] {
        let path = place.path().join(playlist);
        let probed = decoder::says("ffprobe", &["-v", "error", "-show_streams", "-of", "flat"], &path);
        assert!(probed.contains(&format!("codec_name=\"{codec}\"")), "{probed}");
        let heard: Vec<f32> = decoder::ffmpeg(&path).iter().map(|frame| frame[0]).collect();
        assert_eq!(heard.len() as u64, promised(place.path(), playlist) - before, "{codec}");
        assert_tone(&heard[9_600..heard.len() - 9_600], 1_000.0, 0.25);
    }
    let all = lines(place.path(), "master.m3u8", "#EXT-X-STREAM-INF:");
    assert_eq!(all.len(), 3, "{all:?}");
    let probed = decoder::says(
        "ffprobe",
        &["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"],
        &place.path().join("master.m3u8"),
    );
    for codec in ["mp3", "opus", "flac"] {
        assert!(probed.contains(codec), "{probed}");
    }
}

#[test]
fn segments_leave_the_playlist_in_order_and_the_folder_one_playlist_later() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    fs::write(place.path().join("flac-notes.txt"), "mine").expect("written");
    let hls = start(&desk, settings(place.path(), &[FLAC], 3));
    wait_for_segments(&hls, 9);
    hls.finish(Ending::Pause);
    let first: u64 = lines(place.path(), "flac.m3u8", "#EXT-X-MEDIA-SEQUENCE:")[0]
        .parse()
        .expect("a number");
    let listed = lines(place.path(), "flac.m3u8", "flac-");
    let wanted: Vec<String> = (first..first + 3).map(|number| format!("{number}.m4s")).collect();
    assert_eq!(listed, wanted);
    let there = |number: u64| place.path().join(format!("flac-{number}.m4s")).exists();
    assert!((first - 3..first + 3).all(there));
    assert!((0..first - 3).all(|number| !there(number)) && first >= 6);
    assert!(place.path().join("flac-notes.txt").exists(), "what is not ours stays");
    let parts = fs::read_dir(place.path()).expect("there").flatten();
    assert!(
        parts
            .into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().ends_with(".part"))
    );
}

#[test]
fn a_desk_that_is_started_again_goes_on_behind_a_discontinuity() {
    let place = tempfile::tempdir().expect("a folder");
    for run in 1..=2 {
        let desk = fast();
        let hls = start(&desk, settings(place.path(), &[FLAC], 100));
        wait_for_segments(&hls, 3);
        assert!(lines(place.path(), "flac.m3u8", "#EXT-X-ENDLIST").is_empty());
        hls.finish(if run == 2 { Ending::ForGood } else { Ending::Pause });
    }
    assert_eq!(
        lines(place.path(), "flac.m3u8", "#EXT-X-DISCONTINUITY").len(),
        2,
        "one, and the count of those gone"
    );
    let listed = lines(place.path(), "flac.m3u8", "flac-");
    let wanted: Vec<String> = (0..listed.len()).map(|number| format!("{number}.m4s")).collect();
    assert_eq!(listed, wanted);
    let numbers = numbers(place.path());
    assert_eq!(numbers.len() as u64, promised(place.path(), "flac.m3u8"));
    let seams = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert_eq!(seams, 1, "where one desk ended and the next began");
}

#[test]
fn a_folder_that_is_gone_is_said_and_written_again_by_itself() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    let folder = place.path().join("hls");
    // Six seconds of silence at the folder at this pace: time to see what is said.
    let long = HlsSettings {
        segment_seconds: 20,
        ..settings(&folder, &[FLAC], 6)
    };
    let hls = start(&desk, long);
    wait_for_segments(&hls, 2);
    fs::remove_dir_all(&folder).expect("removed");
    let reason = wait_for("the fault", seconds(5), || match hls.state() {
        HlsState::Fault { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(reason.contains("was removed or emptied"), "{reason}");
    wait_for("it to be back", seconds(30), || {
        matches!(hls.state(), HlsState::On { .. }).then_some(())
    });
    hls.finish(Ending::ForGood);
    assert!(folder.join("master.m3u8").exists());
    assert_eq!(
        numbers(&folder).len() as u64,
        promised(&folder, "flac.m3u8"),
        "only what is there is listed"
    );
}

#[test]
fn a_folder_that_cannot_be_is_said_and_used_as_soon_as_it_can() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    let folder = place.path().join("hls");
    fs::write(&folder, "in its way").expect("written");
    let hls = start(&desk, settings(&folder, &[FLAC], 6));
    let reason = wait_for("the fault", seconds(5), || match hls.state() {
        HlsState::Fault { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(reason.contains("cannot be written"), "{reason}");
    let lost = wait_for("what was lost meanwhile", seconds(30), || match hls.state() {
        HlsState::Fault { seconds_lost, .. } if seconds_lost > 0.0 => Some(seconds_lost),
        _ => None,
    });
    assert!(lost < 60.0, "{lost}");
    fs::remove_file(&folder).expect("removed");
    wait_for("it to be written", seconds(10), || {
        matches!(hls.state(), HlsState::On { seconds_lost, .. } if seconds_lost >= lost).then_some(())
    });
    hls.finish(Ending::ForGood);
    assert_eq!(numbers(&folder).len() as u64, promised(&folder, "flac.m3u8"));
}

#[test]
fn a_playlist_of_others_in_the_folder_removes_nothing_of_theirs() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    let folder = place.path().join("hls");
    fs::create_dir(&folder).expect("made");
    let victims = [place.path().join("victim"), folder.join("notes.txt")];
    victims
        .iter()
        .for_each(|victim| fs::write(victim, "mine").expect("written"));
    let absolute = victims[0].display().to_string();
    let names = ["../victim", absolute.as_str(), "notes.txt"];
    let entries = names.map(|name| format!("#EXTINF:2.000000,\n{name}\n"));
    let text = format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n{}", entries.concat());
    fs::write(folder.join("flac.m3u8"), text).expect("written");
    let hls = start(&desk, settings(&folder, &[FLAC], 3));
    // Those would have left the playlist, and the folder behind it.
    wait_for_segments(&hls, 8);
    hls.finish(Ending::ForGood);
    assert!(victims.iter().all(|victim| victim.exists()));
    assert_eq!(numbers(&folder).len() as u64, promised(&folder, "flac.m3u8"));
}

/// A pipe that nobody writes to stands for a disk: whoever reads it hangs.
#[cfg(unix)]
#[test]
fn a_disk_that_hangs_is_said_and_holds_up_neither_its_end_nor_another_folder() {
    let (desk, place) = (fast(), tempfile::tempdir().expect("a folder"));
    let (hung, other) = (place.path().join("hung"), place.path().join("other"));
    fs::create_dir(&hung).expect("made");
    let pipe = hung.join("flac.m3u8");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    let said = |hls: &Hls| {
        let reason = wait_for("the fault", seconds(5), || match hls.state() {
            HlsState::Fault { reason, .. } => Some(reason),
            _ => None,
        });
        assert!(reason.contains("hung has not answered for"), "{reason}");
    };
    let hls = start(&desk, settings(&hung, &[FLAC], 6));
    said(&hls);
    hls.let_go(Ending::Pause);
    let next = |folder: &Path, before| {
        let settings = settings(folder, &[FLAC], 6);
        Hls::start(desk.tap.clone(), Encoders::default(), settings, Some(before)).expect("started")
    };
    let again = next(&hung, hls);
    said(&again);
    // The disk answers, and nothing hangs there any more.
    let answer = fs::OpenOptions::new().write(true).open(&pipe).expect("it is read");
    fs::remove_file(&pipe).expect("removed");
    drop(answer);
    wait_for_segments(&again, 1);
    again.finish(Ending::ForGood);

    fs::remove_file(&pipe).expect("the playlist, removed");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there");
    assert!(made.success());
    let hls = start(&desk, settings(&hung, &[FLAC], 6));
    said(&hls);
    let elsewhere = next(&other, hls);
    wait_for_segments(&elsewhere, 1);
    elsewhere.finish(Ending::ForGood);
    drop(fs::OpenOptions::new().write(true).open(&pipe).expect("it is read"));
}

#[test]
fn what_a_server_that_others_wrote_hands_out_is_heard_live() {
    let (desk, place) = (Desk::tone(1_000.0, 0.25), tempfile::tempdir().expect("a folder"));
    let hls = start(&desk, settings(place.path(), &[lossy(Codec::Opus)], 6));
    wait_for_segments(&hls, 3);
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = port.local_addr().expect("bound").port();
    drop(port);
    let mut server = Command::new("python3")
        .args([
            "-m",
            "http.server",
            &number.to_string(),
            "--bind",
            "127.0.0.1",
            "--directory",
        ])
        .arg(place.path())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("python3 is installed");
    wait_for("the server", seconds(20), || {
        std::net::TcpStream::connect(("127.0.0.1", number)).ok().map(drop)
    });
    let [left, _] = crate::rig::listener::hear(&format!("http://127.0.0.1:{number}/master.m3u8"), 8.0);
    server.kill().expect("it runs");
    server.wait().expect("it has ended");
    // Eight seconds are more than there was when it began: it asked for new segments and got them.
    assert!(left.len() >= 7 * 48_000, "{} frames", left.len());
    assert_tone(&left[24_000..], 1_000.0, 0.25);
    hls.finish(Ending::ForGood);
}
