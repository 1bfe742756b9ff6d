//! Programs that play by SPKR: what they send is heard to the frame, in their turn, and what breaks costs nobody else.
#![cfg(unix)]

use std::path::PathBuf;
use std::time::Duration;

use airdesk_remote::SpkrSocket;
use airdesk_station::api::{
    AudioCommand, RecordingFormat, RecordingSettings, Snapshot, Stems, StreamPhase, StripSource,
};
use airdesk_station::programs::spkr::write;
use airdesk_station::session::{Session, SessionFile, SessionStrip};
use airdesk_station::{HostChoice, Station, StationHandle, StationOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

const RATE: u32 = 48_000;

/// A desk with two strips that programs play into, which are recorded before their faders.
struct Rig {
    folder: TempDir,
    handle: StationHandle,
    station: Option<Station>,
    path: PathBuf,
    _socket: SpkrSocket,
}

impl Rig {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Session {
            strips: ["Voice", "News"]
                .map(|name| SessionStrip::new(name, StripSource::Programs))
                .into(),
            recorders: vec![RecordingSettings {
                folder: folder.path().join("takes").to_string_lossy().into_owned(),
                pattern: "{strip} {index}".into(),
                format: RecordingFormat::Pcm24,
                stems: Stems::BeforeFaders,
                ..RecordingSettings::default()
            }],
            ..Session::default()
        };
        let file = folder.path().join("session.toml");
        SessionFile::new(file.clone()).save(&session).expect("a session");
        let station = Station::start(StationOptions {
            session: file,
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            ..StationOptions::default()
        })
        .expect("a station");
        let handle = station.handle();
        let path = folder.path().join("spkr.sock");
        let socket = SpkrSocket::open(&path, handle.clone()).await.expect("a socket");
        Self {
            folder,
            handle,
            station: Some(station),
            path,
            _socket: socket,
        }
    }

    async fn program(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.expect("it is let in")
    }

    async fn ask(&self, command: AudioCommand) {
        self.handle.send(command).await.expect("obeyed");
    }

    async fn when(&self, what: &str, shows: impl Fn(&Snapshot) -> bool) -> Snapshot {
        for _ in 0..1_200 {
            let now = self.handle.snapshot().await.expect("a snapshot");
            if shows(&now) {
                return now;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!(
            "{what}: {:#?}",
            self.handle.snapshot().await.expect("a snapshot").streams
        )
    }

    /// Waits until a strip has played something and is silent again.
    async fn heard_out(&self, strip: usize) {
        self.when("it plays", |now| now.streams[strip].phase == StreamPhase::Playing)
            .await;
        self.when("its end", |now| now.streams[strip].phase == StreamPhase::Waiting)
            .await;
    }

    async fn record(&self) {
        self.ask(AudioCommand::StartRecording { recorder: None }).await;
    }

    /// The numbers of the frames that were heard of a strip: all that is no silence.
    async fn numbers(&self, strip: &str) -> Vec<i32> {
        self.ask(AudioCommand::StopRecording { recorder: None }).await;
        let file = self.folder.path().join("takes").join(format!("{strip} 01.wav"));
        let mut wave = hound::WavReader::open(file).expect("recorded");
        let left = wave.samples::<i32>().step_by(2).map(|sample| sample.expect("a sample"));
        left.filter(|sample| *sample != 0).collect()
    }

    async fn stop(mut self) {
        self.handle.stop().await.expect("saved");
        if let Some(station) = self.station.take() {
            tokio::task::spawn_blocking(move || station.join())
                .await
                .expect("it ends");
        }
    }
}

/// Frames that carry their numbers.
fn numbered(numbers: std::ops::Range<i32>) -> Vec<f32> {
    numbers.map(|n| n as f32 / 8_388_608.0).collect()
}

async fn send(program: &mut UnixStream, bytes: &[u8]) {
    program.write_all(bytes).await.expect("it takes it");
}

#[tokio::test]
async fn what_a_program_sends_is_heard_to_the_frame_wherever_it_is_cut() {
    let rig = Rig::start().await;
    rig.record().await;
    let mut program = rig.program().await;
    let bytes = [
        write::chunk(0, RATE, &numbered(100_000..200_000)),
        write::chunk(1, RATE, &[]),
        write::chunk(2, RATE, &numbered(200_000..250_000)),
        write::end(3),
    ]
    .concat();
    for piece in bytes.chunks(7_001) {
        send(&mut program, piece).await;
    }
    rig.heard_out(0).await;
    // The same connection says another thing.
    let again = [write::chunk(0, RATE, &numbered(300_000..310_000)), write::end(1)].concat();
    send(&mut program, &again).await;
    rig.heard_out(0).await;
    let expected: Vec<i32> = (100_000..250_000).chain(300_000..310_000).collect();
    assert!(
        rig.numbers("Voice").await == expected,
        "every frame, in order, and none between"
    );
    rig.stop().await;
}

#[tokio::test]
async fn programs_have_their_turns_and_a_line_before_the_first_message_chooses_another_strip() {
    let rig = Rig::start().await;
    rig.record().await;
    let (mut first, mut second, mut third) = (rig.program().await, rig.program().await, rig.program().await);
    send(&mut first, &write::chunk(0, RATE, &numbered(100_000..148_000))).await;
    rig.when("the first's turn", |now| now.streams[0].url == "SPKR").await;
    sleep(Duration::from_millis(200)).await;
    let whole = |numbers| [write::chunk(0, RATE, &numbered(numbers)), write::end(1)].concat();
    send(&mut second, &whole(200_000..224_000)).await;
    send(&mut third, b"{\"strip\": \"News\"}\n").await;
    send(&mut third, &whole(500_000..524_000)).await;
    // Another strip waits for nobody.
    rig.when("the third's end", |now| now.streams[1].time_to_first_audio.is_some())
        .await;
    send(
        &mut first,
        &[write::chunk(1, RATE, &numbered(148_000..150_000)), write::end(2)].concat(),
    )
    .await;
    drop((first, second, third));
    rig.heard_out(0).await;
    rig.when("both", |now| {
        now.streams
            .iter()
            .all(|stream| stream.phase == StreamPhase::Waiting && stream.buffered == 0.0)
    })
    .await;
    sleep(Duration::from_secs(1)).await;
    let file = rig.numbers("Voice").await;
    let expected: Vec<i32> = (100_000..150_000).chain(200_000..224_000).collect();
    assert!(file == expected, "{} of {}", file.len(), expected.len());
    let news = rig.folder.path().join("takes").join("News 01.wav");
    let mut news = hound::WavReader::open(news).expect("recorded");
    let heard = news
        .samples::<i32>()
        .step_by(2)
        .filter(|sample| !matches!(sample, Ok(0)))
        .count();
    assert_eq!(heard, 24_000);
    rig.stop().await;
}

#[tokio::test]
async fn what_breaks_is_told_and_what_had_come_is_heard() {
    let rig = Rig::start().await;
    for (bytes, says) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "Invalid protocol magic: 47455420"),
        (b"{\"strip\": \"Nobody\"}\nSPKR".to_vec(), "no strip called Nobody"),
        (b"{\"strap\": 1}\n".to_vec(), "first line"),
        (vec![b'{'; 5_000], "has no end"),
    ] {
        let rig = Rig::start().await;
        let mut program = rig.program().await;
        send(&mut program, &bytes).await;
        // It is let go.
        let mut rest = Vec::new();
        let read = timeout(Duration::from_secs(20), program.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "{says}");
        let now = rig.when("a notice", |now| !now.notices.is_empty()).await;
        assert!(now.notices[0].text.contains(says), "{says}: {:?}", now.notices);
        rig.stop().await;
    }
    rig.record().await;
    let mut program = rig.program().await;
    let mut broken = numbered(100_000..124_000);
    broken.push(f32::NAN);
    send(&mut program, &write::chunk(0, RATE, &broken)).await;
    rig.heard_out(0).await;
    let now = rig.when("a notice", |now| !now.notices.is_empty()).await;
    assert!(
        now.notices[0].text.contains("sample 24000 of chunk 0 is NaN"),
        "{:?}",
        now.notices
    );
    // The next program is heard as ever.
    let mut next = rig.program().await;
    send(
        &mut next,
        &[
            write::chunk(0, RATE, &numbered(200_000..224_000)),
            write::error("out of breath"),
        ]
        .concat(),
    )
    .await;
    rig.heard_out(0).await;
    let expected: Vec<i32> = (100_000..124_000).chain(200_000..224_000).collect();
    assert!(rig.numbers("Voice").await == expected);
    let now = rig.handle.snapshot().await.expect("a snapshot");
    assert_eq!(
        now.notices.len(),
        1,
        "no more than one in ten seconds: {:?}",
        now.notices
    );
    rig.stop().await;
}

#[tokio::test]
async fn a_program_that_dies_at_any_byte_has_what_it_sent_heard_and_gives_up_its_turn() {
    let rig = Rig::start().await;
    rig.record().await;
    let bytes = [write::chunk(0, RATE, &numbered(100_000..100_010)), write::end(1)].concat();
    for cut in 0..=bytes.len() {
        let mut program = rig.program().await;
        send(&mut program, &bytes[..cut]).await;
        // Half of the connection is closed, and the desk closes the other.
        program.shutdown().await.expect("closed");
        let closed = timeout(Duration::from_secs(20), program.read_to_end(&mut Vec::new())).await;
        closed.expect("in time").expect("in order");
    }
    let mut last = rig.program().await;
    send(
        &mut last,
        &[write::chunk(0, RATE, &numbered(200_000..248_000)), write::end(1)].concat(),
    )
    .await;
    rig.when("the last", |now| {
        now.streams[0].phase == StreamPhase::Playing && now.streams[0].buffered > 0.1
    })
    .await;
    rig.when("its end", |now| now.streams[0].phase == StreamPhase::Waiting)
        .await;
    sleep(Duration::from_secs(1)).await;
    let heard = rig.numbers("Voice").await;
    let of_those: usize = heard.iter().filter(|n| **n < 200_000).count();
    let expected: usize = (0..=bytes.len()).map(|cut| cut.saturating_sub(16).min(40) / 4).sum();
    assert_eq!(of_those, expected);
    assert_eq!(heard.len() - of_those, 48_000);
    rig.stop().await;
}

#[tokio::test]
async fn a_thousand_messages_in_a_row_are_heard_in_order() {
    let rig = Rig::start().await;
    rig.record().await;
    let mut program = rig.program().await;
    let sending = async {
        for n in 0..1_000 {
            let first = 100_000 + 480 * n;
            let message = [write::chunk(0, RATE, &numbered(first..first + 480)), write::end(1)].concat();
            send(&mut program, &message).await;
        }
    };
    timeout(Duration::from_secs(100), sending).await.expect("it takes them");
    let last = rig
        .when("the end", |now| now.streams[0].phase == StreamPhase::Waiting)
        .await;
    assert!(last.notices.is_empty(), "{:?}", last.notices);
    sleep(Duration::from_secs(2)).await;
    let heard = rig.numbers("Voice").await;
    assert!(
        heard == (100_000..580_000).collect::<Vec<i32>>(),
        "{} frames",
        heard.len()
    );
    rig.stop().await;
}

#[tokio::test]
async fn every_block_is_heard_at_its_own_rate() {
    let rig = Rig::start().await;
    rig.record().await;
    let mut program = rig.program().await;
    let rates = [24_000, 48_000, 16_000];
    let second = |id: usize| write::chunk(id as u32, rates[id], &vec![0.25; rates[id] as usize]);
    send(&mut program, &[second(0), second(1), second(2), write::end(3)].concat()).await;
    rig.heard_out(0).await;
    let heard = rig.numbers("Voice").await;
    assert!((143_000..145_000).contains(&heard.len()), "{} frames", heard.len());
    rig.stop().await;
}
