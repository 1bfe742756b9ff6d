//! The engine breaks: what is heard, recorded and streamed afterwards.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use airdesk_devices::simulated::{Card, Signal, SimulatedCards};
use airdesk_dsp::Decibels;
use airdesk_station::api::{
    AudioCommand, BroadcastSettings, BusName, ChannelPick, ErrorCode, InputState, OutputName, PlaybackState,
    RecordingFormat, RecordingSettings, RecordingState, Resampling, Severity, Snapshot, StripSource,
};
use airdesk_station::session::{self, Session, SessionBus, SessionStrip};
use airdesk_station::{HostChoice, Mount};
use tokio::time::timeout;

use crate::desk::{self, Desk};
use crate::passing::Passing;

/// What the loop of [`constant`] is at, in both channels.
const LEVEL: f32 = 0.5;

fn recorded(snapshot: &Snapshot) -> Option<(&str, f64)> {
    match &snapshot.recorders[0].recording {
        RecordingState::Recording { file, seconds, .. } => Some((file, *seconds)),
        _ => None,
    }
}

/// A desk's session that records into `folder`, with one strip: a loop of [`LEVEL`].
fn constant(folder: &Path) -> Session {
    let path = folder.join("constant.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut wave = hound::WavWriter::create(&path, spec).expect("a file");
    for _ in 0..2 * 48_000 {
        wave.write_sample(LEVEL).expect("written");
    }
    wave.finalize().expect("whole");
    let source = StripSource::File {
        path: path.to_string_lossy().into_owned(),
        looped: true,
    };
    Session {
        buses: vec![SessionBus::new(BusName::Programme)],
        recorders: vec![RecordingSettings {
            folder: folder.join("recordings").to_string_lossy().into_owned(),
            format: RecordingFormat::Float32,
            ..RecordingSettings::default()
        }],
        strips: vec![SessionStrip::new("Constant", source)],
        ..Session::default()
    }
}

/// The left channel of a whole recording.
fn left(file: &str) -> Vec<f32> {
    let mut reader = hound::WavReader::open(file).expect("a WAV file");
    let samples: Vec<f32> = reader.samples().map(|sample| sample.expect("a sample")).collect();
    assert_eq!(
        samples.len(),
        2 * reader.duration() as usize,
        "{file} is as long as it says"
    );
    samples.into_iter().step_by(2).collect()
}

/// A server that takes every stream: connections that sent audio, and the bytes of the newest.
fn server() -> (u16, Arc<Mutex<Vec<usize>>>) {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = socket.local_addr().expect("bound").port();
    let streams = Arc::new(Mutex::new(Vec::new()));
    let counted = streams.clone();
    thread::spawn(move || {
        for mut connection in socket.incoming().flatten() {
            let counted = counted.clone();
            thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while !head.ends_with(b"\r\n\r\n") {
                    match connection.read(&mut byte) {
                        Ok(1) => head.push(byte[0]),
                        _ => return,
                    }
                }
                if !head.starts_with(b"PUT") {
                    return;
                }
                connection
                    .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                    .expect("answered");
                connection.write_all(b"HTTP/1.0 200 OK\r\n\r\n").expect("answered");
                let place = {
                    let mut streams = counted.lock().expect("nobody panics here");
                    streams.push(0);
                    streams.len() - 1
                };
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = connection.read(&mut bytes) {
                    counted.lock().expect("nobody panics here")[place] += count;
                }
            });
        }
    });
    (port, streams)
}

#[tokio::test]
async fn when_the_engine_breaks_the_recording_goes_on_in_a_second_file_with_every_control_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = constant(folder.path());
    let level = Decibels::new(-6.0).expect("a level");
    session.strips[0].controls.fader = level;
    session.buses[0].fader = level;
    session.strips.push(session.strips[0].clone());
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let muted = desk.now().await.strips[1].id;
    desk.ask(AudioCommand::SetMute { strip: muted, on: true }).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    let before = desk
        .when("it records", |now| {
            recorded(now).is_some_and(|(_, seconds)| seconds > 1.0)
        })
        .await;
    let first = recorded(&before).expect("it records").0.to_owned();
    desk.handle.break_engine().await.expect("a station");
    let after = desk
        .when("it records again", |now| {
            recorded(now).is_some_and(|(file, seconds)| file != first && seconds > 1.0)
        })
        .await;
    let second = recorded(&after).expect("it records").0.to_owned();
    assert!(after.engine.seconds > before.engine.seconds, "a total never falls");
    assert_eq!((after.strips[1].id, after.strips[1].controls.mute), (muted, true));
    let texts: Vec<_> = after.notices.iter().map(|notice| &notice.text).collect();
    assert!(
        texts.iter().any(|text| text.contains(&first) && text.contains(&second)),
        "{texts:?}"
    );
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let expected = LEVEL * level.gain().linear().powi(2) * 0.5_f32.sqrt();
    let (first, second) = (left(&first), left(&second));
    assert!(first.len() > 48_000 && second.len() > 48_000);
    for (name, samples) in [("first", &first), ("second", &second)] {
        let end = samples[samples.len() - 1];
        assert!((end - expected).abs() < 1e-4, "{name}: {end} instead of {expected}");
    }
    desk.stop().await;
}

#[tokio::test]
async fn when_the_engine_breaks_stream_and_listeners_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = constant(folder.path());
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let (port, streams) = server();
    let settings = BroadcastSettings {
        host: "127.0.0.1".into(),
        port,
        ..BroadcastSettings::default()
    };
    desk.set_target(&settings).await;
    desk.ask(AudioCommand::SetListening { on: true }).await;
    desk.ask(AudioCommand::GoLive { target: None }).await;
    let sent = |stream: usize| {
        let streams = streams.clone();
        move |_: &Snapshot| {
            let streams = streams.lock().expect("nobody panics here");
            streams.get(stream).is_some_and(|bytes| *bytes > 20_000)
        }
    };
    desk.when("it is on air", sent(0)).await;
    let mut listener = desk.handle.listeners().join(Mount::Mp3, false).expect("a seat");
    assert!(listener.next().await.is_some(), "it is heard");
    desk.handle.break_engine().await.expect("a station");
    desk.when("it is on air again", sent(1)).await;
    let ended = async { while listener.next().await.is_some() {} };
    timeout(Duration::from_secs(10), ended)
        .await
        .expect("the old stream ends");
    let mut listener = desk.handle.listeners().join(Mount::Mp3, false).expect("a seat");
    let heard = async {
        let mut bytes = 0;
        while bytes < 20_000 {
            bytes += listener.next().await.expect("the new stream goes on").len();
        }
    };
    timeout(Duration::from_secs(20), heard)
        .await
        .expect("it is heard again");
    desk.stop().await;
}

#[tokio::test]
async fn when_the_engine_breaks_a_microphone_is_soon_heard_again_on_the_speakers() {
    let cards = SimulatedCards::new();
    cards.add(Card {
        signal: Signal::Tone {
            hz: 440.0,
            amplitude: 0.5,
        },
        ..Card::input("mic")
    });
    cards.add(Card::output("speakers"));
    let device = StripSource::Device {
        device: SimulatedCards::device("mic"),
        channels: ChannelPick::Mono { channel: 0 },
        resampling: Resampling::default(),
        buffer: None,
    };
    let session = Session {
        strips: vec![SessionStrip::new("Mic", device)],
        ..Session::default()
    };
    let loud = AtomicUsize::new(0);
    let _time = Passing::for_cards(&cards);
    let mut desk = Desk::start(desk::folder(), &session, cards.hosts());
    // Loud for half a second on end: it has come to stay.
    let heard = |_: &Snapshot| {
        let played = cards.take_played("speakers");
        let peak = played.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let on_end = if peak > 0.3 {
            loud.load(Ordering::Relaxed) + 1
        } else {
            0
        };
        loud.store(on_end, Ordering::Relaxed);
        on_end > 10
    };
    desk.when("it is heard", heard).await;
    loud.store(0, Ordering::Relaxed);
    desk.handle.break_engine().await.expect("a station");
    desk.when("it is noticed", |now| !now.notices.is_empty()).await;
    desk.when("it is heard again", heard).await;
    let now = desk.now().await;
    assert!(
        matches!(now.strips[0].input, InputState::Running { .. }),
        "{:?}",
        now.strips[0]
    );
    let main = &now.outputs[OutputName::Main as usize].playback;
    assert!(matches!(main, PlaybackState::Playing { .. }), "{main:?}");
    desk.stop().await;
}

#[tokio::test]
async fn an_engine_that_breaks_again_at_once_stays_down_and_nothing_looks_as_if_it_worked() {
    let folder = tempfile::tempdir().expect("a folder");
    let session = constant(folder.path());
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    desk.ask(AudioCommand::SetListening { on: true }).await;
    desk.handle.break_engine().await.expect("a station");
    desk.when("it is noticed", |now| !now.notices.is_empty()).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    let before = desk
        .when("it records", |now| {
            recorded(now).is_some_and(|(_, seconds)| seconds > 0.5)
        })
        .await;
    let file = recorded(&before).expect("it records").0.to_owned();
    desk.handle.break_engine().await.expect("a station");
    let now = desk
        .when("it is down", |now| {
            matches!(now.recorders[0].recording, RecordingState::Stopped { .. })
        })
        .await;
    let said = now.notices.last().expect("it is said");
    assert!(
        said.severity == Severity::Error && said.text.contains("again") && said.text.contains("Restart"),
        "{said:?}"
    );
    assert!(left(&file).len() > 20_000);
    assert!(
        matches!(now.strips[0].input, InputState::Missing { .. }),
        "{:?}",
        now.strips[0]
    );
    assert_eq!((now.engine.load, now.engine.real_time), (0.0, false));
    assert!(now.engine.seconds >= before.engine.seconds);
    assert!(now.engine.broken && !before.engine.broken);
    assert!(!now.listening.on);
    let strip = now.strips[0].id;
    for command in [
        AudioCommand::StartRecording { recorder: None },
        AudioCommand::GoLive { target: None },
        AudioCommand::SetListening { on: true },
        AudioCommand::SetMute { strip, on: true },
        AudioCommand::SetOutput {
            output: OutputName::Cue,
            device: None,
        },
    ] {
        let refused = desk.handle.send(command.clone()).await.expect_err("refused");
        assert_eq!(refused.code, ErrorCode::Unavailable, "{command:?}: {refused}");
    }
    let frame = timeout(Duration::from_secs(5), desk.handle.meters().recv()).await;
    let frame = frame.expect("levels come").expect("a station");
    assert_eq!(frame.buses[0].levels.peak, [0.0; 2], "silence is shown as silence");
    let path: PathBuf = desk.session_file();
    desk.stop().await;
    let kept = session::read(&path).expect("a session");
    assert_eq!(
        (kept.strips.len(), kept.listening),
        (1, true),
        "the next start has it all"
    );
}
