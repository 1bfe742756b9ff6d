//! The broadcast delay: what a listener hears of the programme, and what not.

use std::f64::consts::TAU;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use airdesk_station::api::{
    AirDelayPhase, AirDelaySettings, AudioCommand, ErrorCode, Event, Happening, StripSource, TimelineKind,
};
use airdesk_station::session::{Session, SessionStrip};
use airdesk_station::{HostChoice, Mount};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::desk::Desk;
use crate::timeline::newest;

fn delay(seconds: f32) -> AirDelaySettings {
    AirDelaySettings {
        seconds,
        stretch_percent: 10.0,
    }
}

#[tokio::test]
async fn a_delay_builds_up_is_told_and_can_be_dropped() {
    let desk = Desk::with_pads(&["Show"]);
    let mut events = desk.handle.events();
    let (code, _) = desk.refused(AudioCommand::Dump { seconds: None }).await;
    assert_eq!(code, ErrorCode::NotRunning, "nothing is held");
    let settings = delay(0.5);
    desk.ask(AudioCommand::SetAirDelay { settings }).await;
    let held = desk
        .when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
        .await
        .air_delay;
    assert!((0.5..0.54).contains(&held.held), "{held:?}");
    desk.ask(AudioCommand::Dump { seconds: Some(0.2) }).await;
    let dumped = desk.now().await;
    assert_eq!(dumped.air_delay.phase, AirDelayPhase::Building);
    assert!((dumped.air_delay.dumped - 0.2).abs() < 1e-3, "{:?}", dumped.air_delay);
    assert!(
        dumped
            .notices
            .iter()
            .any(|notice| notice.text.contains("0.2 s were dropped"))
    );
    let dump = dumped.air_delay.last_dump.expect("it is told");
    assert_eq!(dump.frames, 9_600);
    let joined = async {
        loop {
            if let Event::AirDelay(state) = events.recv().await.expect("a station")
                && let Some(at) = state.last_dump.and_then(|dump| dump.aired_at)
            {
                return at;
            }
        }
    };
    let aired_at = timeout(Duration::from_secs(5), joined).await.expect("it is joined");
    assert!(aired_at > 0);
    for (seconds, code) in [
        (0.0, ErrorCode::OutOfRange),
        (-1.0, ErrorCode::OutOfRange),
        (f32::NAN, ErrorCode::Invalid),
    ] {
        assert_eq!(
            desk.refused(AudioCommand::Dump { seconds: Some(seconds) }).await.0,
            code
        );
    }
    let settings = delay(30.5);
    assert_eq!(
        desk.refused(AudioCommand::SetAirDelay { settings }).await.0,
        ErrorCode::OutOfRange
    );
    let mut next = desk.restart().await;
    assert_eq!(next.now().await.air_delay.settings, delay(0.5), "the session has it");
    next.stop().await;
}

#[tokio::test]
async fn listeners_read_a_title_when_its_sound_is_aired() {
    let mut desk = Desk::with_pads(&["Show"]);
    let settings = delay(1.0);
    desk.ask(AudioCommand::SetAirDelay { settings }).await;
    desk.when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
        .await;
    let title = |title: &str| AudioCommand::SetTitle {
        title: title.into(),
        artist: String::new(),
        show: None,
    };
    let read = || desk.handle.listeners().title().as_str().to_owned();
    let wait_for = async |title: &str| {
        let begun = Instant::now();
        while read() != title {
            assert!(begun.elapsed() < Duration::from_secs(10), "{title} is never read");
            sleep(Duration::from_millis(10)).await;
        }
        begun.elapsed()
    };
    desk.ask(title("One")).await;
    assert_eq!(desk.now().await.title.title, "One", "on the desk at once");
    let later = wait_for("One").await;
    assert!(later > Duration::from_millis(900), "{later:?}");
    let noted = async |title: &str| {
        let expected = Happening::Title { title: title.into() };
        let entry = newest(&desk, TimelineKind::Title).await;
        assert_eq!(entry.happening, expected);
    };
    noted("One").await;
    // What is dumped is no reason to wait.
    desk.ask(title("Two")).await;
    desk.ask(AudioCommand::Dump { seconds: None }).await;
    assert_eq!(read(), "One");
    wait_for("Two").await;
    sleep(Duration::from_millis(500)).await; // for the scribe
    noted("Two").await;
    desk.stop().await;
}

#[tokio::test]
async fn what_the_desk_airs_goes_on_when_the_engine_is_started_again() {
    let mut desk = Desk::with_pads(&["Show"]);
    let settings = delay(0.5);
    desk.ask(AudioCommand::SetAirDelay { settings }).await;
    desk.when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
        .await;
    desk.handle.break_engine().await.expect("a station");
    desk.when("another engine", |now| !now.notices.is_empty()).await;
    let after = desk.now().await.air_delay;
    assert!(after.held >= 0.5, "what was held is held: {after:?}");
    desk.ask(AudioCommand::Dump { seconds: None }).await;
    desk.when("it builds up again", |now| now.air_delay.held > 0.1).await;
    desk.stop().await;
}

#[test]
fn a_session_with_a_delay_that_cannot_be_is_mended() {
    let folder = crate::desk::folder();
    let path = folder.path().join("session.toml");
    let session = |text: &str| {
        std::fs::write(&path, text).expect("a file");
        airdesk_station::session::read_mended(&path).expect("it is mended")
    };
    let (read, told) = session("rate = 48000\n[airDelay]\nseconds = 99.0\nstretchPercent = 5.0\n");
    assert_eq!(
        read.air_delay,
        AirDelaySettings {
            seconds: 0.0,
            stretch_percent: 5.0
        }
    );
    assert!(told.is_some_and(|told| told.contains("broadcast delay in s goes from 0 to 30, not 99")));
    let (read, told) = session("rate = 48000\n[deadAir]\non = true\nfallback = 3\n");
    assert_eq!((read.dead_air.on, read.dead_air.fallback), (true, None));
    assert!(told.is_some_and(|told| told.contains("there is no strip 3")));
    assert_eq!(read.rate, Session::default().rate);
}

/// A strip that plays a tone for ever.
fn tone(folder: &Path, name: &str, hz: f64) -> SessionStrip {
    let path = folder.join(format!("{name}.wav"));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(&path, spec).expect("a file");
    for n in 0..48_000 {
        let sample = (TAU * hz * f64::from(n) / 48_000.0).sin() * 6_000.0;
        file.write_sample(sample as i16).expect("written");
    }
    file.finalize().expect("a file");
    let path = path.to_string_lossy().into_owned();
    SessionStrip::new(name, StripSource::File { path, looped: true })
}

/// What ffmpeg hears of a stream, mono.
fn decoded(stream: &[u8], folder: &Path) -> Vec<i16> {
    let path = folder.join("heard.mp3");
    std::fs::write(&path, stream).expect("written");
    let heard = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&path)
        .args(["-ac", "1", "-ar", "48000", "-f", "s16le", "-"])
        .output()
        .expect("ffmpeg");
    assert!(heard.status.success(), "{}", String::from_utf8_lossy(&heard.stderr));
    heard
        .stdout
        .as_chunks::<2>()
        .0
        .iter()
        .map(|bytes| i16::from_le_bytes(*bytes))
        .collect()
}

/// The loudest that a tone is in any 50 ms, amplitude.
fn loudest(heard: &[i16], hz: f64) -> f64 {
    let amplitude = |run: &[i16]| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in run.iter().enumerate() {
            let (sin, cos) = (TAU * hz * n as f64 / 48_000.0).sin_cos();
            re += f64::from(*sample) * cos;
            im += f64::from(*sample) * sin;
        }
        2.0 * (re * re + im * im).sqrt() / run.len() as f64
    };
    heard.chunks_exact(2_400).map(amplitude).fold(0.0, f64::max)
}

/// Somebody listens to the desk's own mount from now on.
fn listen(desk: &Desk) -> (JoinHandle<()>, UnboundedReceiver<Vec<u8>>) {
    let mut feed = desk.handle.listeners().join(Mount::Mp3, false).expect("a place");
    let (heard, received) = unbounded_channel();
    let listener = tokio::spawn(async move {
        while let Some(bytes) = feed.next().await {
            // The test may have heard enough.
            let _ = heard.send(bytes.to_vec());
        }
    });
    (listener, received)
}

#[tokio::test]
async fn a_listener_never_hears_what_was_dumped_and_hears_what_was_not() {
    let folder = crate::desk::folder();
    let mut word = tone(folder.path(), "Word", 3_000.0);
    word.controls.mute = true;
    let session = Session {
        strips: vec![tone(folder.path(), "Show", 500.0), word],
        listening: true,
        air_delay: delay(1.5),
        ..Session::default()
    };
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let word = desk.ids().await[1];
    let say = |on: bool| AudioCommand::SetMute { strip: word, on: !on };
    let (listener, mut received) = loop {
        desk.when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
            .await;
        let listener = listen(&desk);
        let began = Instant::now();
        desk.ask(say(true)).await;
        sleep(Duration::from_millis(200)).await;
        desk.ask(say(false)).await;
        // The mute has faded, and is in what is held.
        sleep(Duration::from_millis(200)).await;
        desk.ask(AudioCommand::Dump { seconds: None }).await;
        // A machine that was stopped meanwhile has aired the word before it was dumped: once more, with another listener.
        if began.elapsed() < Duration::from_millis(1_300) {
            break listener;
        }
    };
    sleep(Duration::from_secs(4)).await;
    let mut stream = Vec::new();
    while let Ok(packet) = received.try_recv() {
        stream.extend_from_slice(&packet);
    }
    let heard = decoded(&stream, desk.folder.path());
    assert!(heard.len() > 3 * 48_000, "{} frames", heard.len());
    assert!(loudest(&heard, 500.0) > 2_000.0, "the show is heard");
    let said = loudest(&heard, 3_000.0);
    assert!(said < 30.0, "nothing of the word: {said}");
    desk.ask(say(true)).await;
    sleep(Duration::from_secs(3)).await;
    while let Ok(packet) = received.try_recv() {
        stream.extend_from_slice(&packet);
    }
    assert!(
        loudest(&decoded(&stream, desk.folder.path()), 3_000.0) > 2_000.0,
        "this one is heard"
    );
    listener.abort();
    desk.stop().await;
}
