//! The announcer: texts that a speech server says, heard to the frame, in order, and as they are told to be.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use airdesk_station::HostChoice;
use airdesk_station::api::{
    AnnouncerCommand, AnnouncerSettings, AudioCommand, ErrorCode, PasswordState, PastUtterance, RecordingFormat,
    RecordingSettings, Reply, Snapshot, SpeechBackend, SpeechFormat, SpeechOutcome, Stems, StripSource, Talkover,
    UtteranceId,
};
use airdesk_station::session::{Session, SessionStrip};

use crate::desk::{self, Desk};

/// A speech server on this machine, which answers each text by `answer`. Says what it was asked.
struct Server {
    base: String,
    asked: Arc<Mutex<Vec<serde_json::Value>>>,
}

impl Server {
    fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + Clone + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let base = format!("http://{}/v1", listener.local_addr().expect("bound"));
        let asked: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
        let seen = asked.clone();
        thread::spawn(move || {
            for visitor in listener.incoming() {
                let (Ok(mut visitor), answer, seen) = (visitor, answer.clone(), seen.clone()) else {
                    continue;
                };
                thread::spawn(move || {
                    let Some(body) = body(&mut visitor) else { return };
                    let text = body["input"].as_str().expect("a text").to_owned();
                    seen.lock().expect("no panic").push(body);
                    answer(&text, &mut visitor);
                });
            }
        });
        Self { base, asked }
    }

    fn texts(&self) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        asked
            .iter()
            .map(|body| body["input"].as_str().expect("a text").to_owned())
            .collect()
    }
}

fn body(visitor: &mut TcpStream) -> Option<serde_json::Value> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        visitor.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    visitor.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn say(visitor: &mut TcpStream, bytes: &[u8]) {
    // Who has gone need not hear it.
    let _ = visitor.write_all(bytes);
}

/// Answers with these bytes, a few at a time.
fn answer(visitor: &mut TcpStream, kind: &str, bytes: &[u8], piece: usize, pause: Duration) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    say(visitor, head.as_bytes());
    for piece in bytes.chunks(piece) {
        say(visitor, format!("{:x}\r\n", piece.len()).as_bytes());
        say(visitor, piece);
        say(visitor, b"\r\n");
        thread::sleep(pause);
    }
    say(visitor, b"0\r\n\r\n");
}

/// Frames that carry their numbers, as a WAV that was written into a pipe.
fn numbered(numbers: std::ops::Range<i32>) -> Vec<u8> {
    let mut bytes = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend(48_000_u32.to_le_bytes());
    bytes.extend(144_000_u32.to_le_bytes());
    bytes.extend([3, 0, 24, 0]);
    bytes.extend(b"data\xff\xff\xff\xff");
    bytes.extend(numbers.flat_map(|n| [n as u8, (n >> 8) as u8, (n >> 16) as u8]));
    bytes
}

/// A server that says a text such as "100000-148000" by the frames of these numbers, faster than they are heard.
fn counting() -> Server {
    Server::start(|text, visitor| {
        let (from, to) = text.split_once('-').expect("two numbers");
        let numbers = from.parse().expect("a number")..to.parse().expect("a number");
        answer(
            visitor,
            "audio/wav",
            &numbered(numbers),
            7_001,
            Duration::from_millis(5),
        );
    })
}

fn settings(bases: &[&Server]) -> AnnouncerSettings {
    AnnouncerSettings {
        base_urls: bases.iter().map(|server| server.base.clone()).collect(),
        format: SpeechFormat::Wav,
        trailing_silence: 0.0,
        ..AnnouncerSettings::default()
    }
}

fn desk(settings: AnnouncerSettings) -> Desk {
    let folder = desk::folder();
    let session = Session {
        strips: vec![SessionStrip::new("Announcer", StripSource::Programs)],
        announcer: Some(settings),
        recorders: vec![RecordingSettings {
            folder: folder.path().join("takes").to_string_lossy().into_owned(),
            pattern: "{strip} {index}".into(),
            format: RecordingFormat::Pcm24,
            stems: Stems::BeforeFaders,
            ..RecordingSettings::default()
        }],
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

async fn tell(desk: &Desk, command: AnnouncerCommand) {
    desk.ask(AudioCommand::Announcer { command }).await;
}

async fn says(desk: &Desk, text: &str) -> UtteranceId {
    let command = AnnouncerCommand::Say {
        text: text.into(),
        voice: None,
    };
    match desk.ask(AudioCommand::Announcer { command }).await {
        Reply::Utterance { id } => id,
        other => panic!("{other:?}"),
    }
}

async fn refused(desk: &Desk, command: AnnouncerCommand) -> (ErrorCode, String) {
    desk.refused(AudioCommand::Announcer { command }).await
}

/// Waits until all was said.
async fn quiet(desk: &Desk) -> Snapshot {
    desk.when("all was said", |now| {
        now.announcer.speaking.is_none() && now.announcer.queue.is_empty()
    })
    .await
}

async fn heard_some(desk: &Desk) {
    desk.when("it is heard", |now| {
        now.announcer.speaking.as_ref().is_some_and(|now| now.heard)
    })
    .await;
}

async fn record(desk: &Desk) {
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
}

/// The numbers of the frames that were heard: all that is no silence.
async fn numbers(desk: &Desk) -> Vec<i32> {
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let file = desk.folder.path().join("takes").join("Announcer 01.wav");
    let mut wave = hound::WavReader::open(file).expect("recorded");
    let left = wave.samples::<i32>().step_by(2).map(|sample| sample.expect("a sample"));
    left.filter(|sample| *sample != 0).collect()
}

#[tokio::test]
async fn texts_are_said_in_order_to_the_frame_and_told() {
    let server = counting();
    let mut desk = desk(settings(&[&server]));
    record(&desk).await;
    for text in ["100000-148000", "200000-201000", "300000-348000"] {
        says(&desk, text).await;
    }
    heard_some(&desk).await;
    let now = quiet(&desk).await;
    let expected: Vec<i32> = (100_000..148_000)
        .chain(200_000..201_000)
        .chain(300_000..348_000)
        .collect();
    assert!(
        numbers(&desk).await == expected,
        "every frame, in order, and none between"
    );
    assert_eq!(server.texts(), ["100000-148000", "200000-201000", "300000-348000"]);
    let history = &now.announcer.history;
    assert_eq!(history.len(), 3);
    let PastUtterance {
        utterance,
        outcome,
        attempts,
        seconds,
        underruns,
        ..
    } = &history[2];
    assert_eq!(
        (utterance.text.as_str(), outcome),
        ("100000-148000", &SpeechOutcome::Spoken)
    );
    assert_eq!((attempts.len(), *seconds, *underruns), (1, 1.0, 0));
    assert!(
        history[2].bytes > 140_000 && history[2].time_to_first_byte.is_some(),
        "{history:#?}"
    );
    let asked = server.asked.lock().expect("no panic")[0].clone();
    let expected = serde_json::json!({
        "model": "tts-1", "input": "100000-148000", "voice": "af_sky", "response_format": "wav",
    });
    assert_eq!(asked, expected);
    desk.stop().await;
}

#[tokio::test]
async fn speech_is_heard_while_it_comes_and_by_the_strip_that_is_made_for_it() {
    // 24 kHz in 16 bits, at the pace at which it is heard.
    let server = Server::start(|_, visitor| {
        let tone: Vec<u8> = (0..72_000)
            .flat_map(|n| ((f64::from(n) * 0.1).sin() * 9_000.0).to_le_bytes_16())
            .collect();
        answer(visitor, "audio/pcm", &tone, 960, Duration::from_millis(18));
    });
    let mut settings = settings(&[&server]);
    settings.format = SpeechFormat::Pcm;
    settings.strip = "Robot".into();
    let mut desk = desk(settings);
    says(&desk, "hello").await;
    heard_some(&desk).await;
    let now = desk.now().await;
    let strip = now
        .strips
        .iter()
        .find(|strip| strip.name == "Robot")
        .expect("it is made");
    assert_eq!(
        (&strip.source, strip.controls.talkover),
        (&StripSource::Programs, Talkover::Key)
    );
    assert!(now.talkover.on);
    assert!(now.announcer.history.is_empty(), "it is heard before all has come");
    let now = quiet(&desk).await;
    let past = &now.announcer.history[0];
    let (first_byte, first_audio) = (
        past.time_to_first_byte.expect("known"),
        past.time_to_first_audio.expect("known"),
    );
    println!(
        "first byte after {first_byte:.0} ms, given to be heard {:.0} ms later",
        first_audio - first_byte
    );
    assert!(first_audio - first_byte < 1_000.0, "{past:?}");
    assert!((2.9..3.1).contains(&past.seconds), "{past:?}");
    desk.stop().await;
}

trait Sixteen {
    fn to_le_bytes_16(self) -> [u8; 2];
}

impl Sixteen for f64 {
    fn to_le_bytes_16(self) -> [u8; 2] {
        (self as i16).to_le_bytes()
    }
}

#[tokio::test]
async fn a_thousand_texts_are_said_in_order_and_no_more_than_a_hundred_wait() {
    let server = counting();
    let mut desk = desk(settings(&[&server]));
    record(&desk).await;
    tell(&desk, AnnouncerCommand::Pause).await;
    let text = |n: i32| format!("{}-{}", 100_000 + 480 * n, 100_480 + 480 * n);
    for n in 0..100 {
        says(&desk, &text(n)).await;
    }
    let say = |text: String| AnnouncerCommand::Say { text, voice: None };
    let (code, message) = refused(&desk, say("one more".into())).await;
    assert!(
        code == ErrorCode::OutOfRange && message.contains("100 texts wait"),
        "{message}"
    );
    assert!(desk.now().await.announcer.speaking.is_none(), "it is paused");
    tell(&desk, AnnouncerCommand::Resume).await;
    for n in 100..1_000 {
        while desk.now().await.announcer.queue.len() > 90 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        says(&desk, &text(n)).await;
    }
    let now = quiet(&desk).await;
    assert_eq!(now.announcer.history.len(), 8);
    assert!(numbers(&desk).await == (100_000..580_000).collect::<Vec<i32>>());
    for text in ["", " \n", &"x".repeat(10_001)] {
        assert_eq!(refused(&desk, say(text.into())).await.0, ErrorCode::OutOfRange);
    }
    desk.stop().await;
}

#[tokio::test]
async fn it_is_paused_sent_back_skipped_cancelled_and_said_again() {
    let server = counting();
    let mut desk = desk(settings(&[&server]));
    for command in [
        AnnouncerCommand::Skip,
        AnnouncerCommand::Back,
        AnnouncerCommand::Cancel { utterance: 7 },
        AnnouncerCommand::Replay {
            utterance: None,
            last: None,
        },
        AnnouncerCommand::Replay {
            utterance: None,
            last: Some(9),
        },
    ] {
        refused(&desk, command).await;
    }
    record(&desk).await;
    // Paused, and heard whole all the same.
    says(&desk, "100000-196000").await;
    heard_some(&desk).await;
    tell(&desk, AnnouncerCommand::Pause).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(desk.now().await.announcer.speaking.is_some(), "it waits");
    tell(&desk, AnnouncerCommand::Resume).await;
    quiet(&desk).await;
    // From its beginning again, in its middle.
    says(&desk, "300000-396000").await;
    heard_some(&desk).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    tell(&desk, AnnouncerCommand::Back).await;
    quiet(&desk).await;
    // On with the next, and none of what was cancelled.
    let skipped = says(&desk, "500000-980000").await;
    let cancelled = says(&desk, "1000000-1010000").await;
    says(&desk, "1100000-1110000").await;
    tell(&desk, AnnouncerCommand::Cancel { utterance: cancelled }).await;
    heard_some(&desk).await;
    tell(&desk, AnnouncerCommand::Skip).await;
    let now = quiet(&desk).await;
    let outcomes: Vec<_> = now.announcer.history.iter().map(|past| past.outcome.clone()).collect();
    use SpeechOutcome::{Cancelled, Skipped, Spoken};
    assert_eq!(outcomes, [Spoken, Skipped, Spoken, Spoken]);
    assert_eq!(now.announcer.history[1].utterance.id, skipped);
    // Again, without asking the server.
    let asked = server.texts().len();
    tell(
        &desk,
        AnnouncerCommand::Replay {
            utterance: None,
            last: None,
        },
    )
    .await;
    quiet(&desk).await;
    assert_eq!(
        (server.texts().len(), desk.now().await.announcer.history.len()),
        (asked, 4)
    );
    // Silence at once.
    says(&desk, "1200000-1680000").await;
    says(&desk, "1700000-1710000").await;
    heard_some(&desk).await;
    tell(&desk, AnnouncerCommand::CancelAll).await;
    let now = quiet(&desk).await;
    assert!(now.announcer.stopped && now.announcer.history[0].outcome == Cancelled);
    let heard = numbers(&desk).await;
    let count = |range: std::ops::Range<i32>| heard.iter().filter(|n| range.contains(n)).count();
    assert!(
        (95_800..=96_000).contains(&count(100_000..196_000)),
        "{}",
        count(100_000..196_000)
    );
    let back: Vec<i32> = heard
        .iter()
        .copied()
        .filter(|n| (300_000..396_000).contains(n))
        .collect();
    assert!(back.len() > 96_000 + 20_000, "{} frames", back.len());
    // What was stopped later fades through these numbers as well, behind them.
    let mut again = back.iter().enumerate().skip(10_000);
    let again = again.find(|(_, n)| (300_000..300_300).contains(*n));
    let last = again.expect("its beginning").0;
    let behind = back.len() - last;
    assert!(last > 15_000 && behind > 95_000, "{last} before, {behind} behind");
    assert!(count(500_000..980_000) < 400_000);
    assert_eq!(count(1_000_000..1_010_000), 0);
    // Twice: the replay is of 16 bits.
    assert!(
        (19_000..=20_600).contains(&count(1_099_000..1_111_000)),
        "{}",
        count(1_099_000..1_111_000)
    );
    assert!(count(1_200_000..1_680_000) < 400_000);
    assert_eq!(count(1_700_000..1_710_000), 0);
    desk.stop().await;
}

#[tokio::test]
async fn the_next_server_speaks_and_what_cannot_be_said_is_told() {
    let speaks = counting();
    let broken = Server::start(|_, visitor| say(visitor, b"HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\n\r\n"));
    let mut desk = desk(settings(&[&broken, &speaks]));
    says(&desk, "100000-110000").await;
    let now = quiet(&desk).await;
    let past = &now.announcer.history[0];
    assert_eq!(past.outcome, SpeechOutcome::Spoken);
    assert_eq!(past.attempts.len(), 2);
    assert!(
        past.attempts[0]
            .fault
            .as_deref()
            .is_some_and(|fault| fault.contains("500 Oh no"))
    );
    assert_eq!(past.attempts[1].fault, None);
    let only = Box::new(settings(&[&broken]));
    tell(&desk, AnnouncerCommand::Set { settings: only }).await;
    says(&desk, "nobody says this").await;
    let now = quiet(&desk).await;
    assert!(matches!(&now.announcer.history[0].outcome, SpeechOutcome::Failed { reason } if reason.contains("500")));
    assert!(
        now.notices
            .iter()
            .any(|notice| notice.text.contains("nobody says this"))
    );
    // What has come of one that breaks off is heard.
    let cut = Server::start(|_, visitor| {
        say(
            visitor,
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 999999\r\n\r\n",
        );
        say(visitor, &numbered(100_000..104_800));
    });
    tell(
        &desk,
        AnnouncerCommand::Set {
            settings: Box::new(settings(&[&cut])),
        },
    )
    .await;
    record(&desk).await;
    says(&desk, "half of it").await;
    let now = quiet(&desk).await;
    assert!(
        matches!(&now.announcer.history[0].outcome, SpeechOutcome::Failed { reason } if reason.contains("broken off"))
    );
    assert!(numbers(&desk).await == (100_000..104_800).collect::<Vec<i32>>());
    desk.stop().await;
}

#[tokio::test]
async fn a_key_is_kept_and_shown_nowhere_and_settings_that_cannot_be_are_refused() {
    let server = counting();
    let desk = desk(settings(&[&server]));
    let mut events = desk.handle.events();
    let command = AnnouncerCommand::SetKey {
        key: "sk-hackme-42".into(),
    };
    assert!(!format!("{command:?}").contains("hackme"));
    tell(&desk, command).await;
    let now = desk
        .when("the key", |now| now.announcer.key == PasswordState::File)
        .await;
    assert!(!format!("{now:?}").contains("hackme"));
    while let Ok(event) = events.try_recv() {
        assert!(!format!("{event:?}").contains("hackme"));
    }
    let (code, _) = refused(
        &desk,
        AnnouncerCommand::SetKey {
            key: "two words".into(),
        },
    )
    .await;
    assert_eq!(code, ErrorCode::Invalid);
    let mut wrong = settings(&[&server]);
    wrong.speed = 4.5;
    let (code, message) = refused(
        &desk,
        AnnouncerCommand::Set {
            settings: Box::new(wrong),
        },
    )
    .await;
    assert!(
        code == ErrorCode::OutOfRange && message.contains("0.25 to 4"),
        "{message}"
    );
    let mut other = settings(&[&server]);
    (other.speed, other.voice) = (1.25, "alloy".into());
    tell(
        &desk,
        AnnouncerCommand::Set {
            settings: Box::new(other),
        },
    )
    .await;
    says(&desk, "100000-101000").await;
    quiet(&desk).await;
    let asked = server.asked.lock().expect("no panic")[0].clone();
    assert_eq!(
        (asked["speed"].as_f64(), asked["voice"].as_str()),
        (Some(1.25), Some("alloy"))
    );
    let mut desk = desk.restart().await;
    assert_eq!(desk.now().await.announcer.settings.voice, "alloy");
    let text = std::fs::read_to_string(desk.session_file()).expect("saved");
    assert!(text.contains("alloy") && !text.contains("hackme"), "{text}");
    desk.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_speaks_by_spkr_and_what_it_breaks_off_is_heard() {
    use airdesk_station::programs::spkr::write;
    use std::io::BufRead;
    use std::os::unix::net::UnixListener;

    let folder = desk::folder();
    let path = folder.path().join("speak.sock");
    let listener = UnixListener::bind(&path).expect("bound");
    thread::spawn(move || {
        for (n, visitor) in listener.incoming().enumerate() {
            let mut visitor = visitor.expect("a visitor");
            let mut line = String::new();
            std::io::BufReader::new(&visitor).read_line(&mut line).expect("a line");
            let asked: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(
                (asked["method"].as_str(), asked["params"]["text"].as_str()),
                (Some("stream-binary"), Some("hello"))
            );
            let from = 100_000 * (n as i32 + 1);
            let block: Vec<f32> = (from..from + 24_000).map(|n| n as f32 / 8_388_608.0).collect();
            let end = if n == 0 {
                write::end(1)
            } else {
                write::error("out of memory")
            };
            // Who has gone need not hear it.
            let _ = visitor.write_all(&[write::chunk(0, 48_000, &block), end].concat());
        }
    });
    let mut settings = settings(&[]);
    settings.backend = SpeechBackend::Spkr;
    settings.socket = path.to_string_lossy().into_owned();
    let mut desk = desk(settings);
    record(&desk).await;
    for _ in 0..2 {
        says(&desk, "hello").await;
        quiet(&desk).await;
    }
    let history = desk.now().await.announcer.history;
    assert_eq!(history[1].outcome, SpeechOutcome::Spoken);
    assert!(
        matches!(&history[0].outcome, SpeechOutcome::Failed { reason } if reason.contains("out of memory")),
        "{history:?}"
    );
    assert!(numbers(&desk).await == (100_000..124_000).chain(200_000..224_000).collect::<Vec<i32>>());
    desk.stop().await;
}
