//! The programme as it is aired and as it was, both recorded: what was dumped is in the one and not in the other.

use std::path::Path;
use std::time::Duration;

use airdesk_station::HostChoice;
use airdesk_station::api::{
    AirDelayPhase, AirDelaySettings, AudioCommand, BusName, ErrorCode, Material, RecordingFormat, RecordingSettings,
    RecordingSource, RecordingState, Snapshot, Stems, StripSource,
};
use airdesk_station::session::{Session, SessionStrip};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::desk::{self, Desk};

/// A desk that plays chords, under noise of which no two moments are alike, and records the programme and what is aired.
fn desk_with_noise(folder: TempDir) -> Desk {
    let path = folder.path().join("noise.wav");
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).expect("made");
    let mut state = 1_u32;
    for _ in 0..60 * 96_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        writer
            .write_sample((state >> 8) as f32 / 16_777_216.0 * 0.002 - 0.001)
            .expect("written");
    }
    writer.finalize().expect("written");
    let source = StripSource::File {
        path: path.to_string_lossy().into_owned(),
        looped: false,
    };
    let pad = StripSource::Material {
        material: Material::Pad,
    };
    let recorder = |name: &str, source| RecordingSettings {
        name: name.into(),
        source,
        cue_sheets: true,
        ..takes(folder.path())
    };
    let session = Session {
        strips: vec![SessionStrip::new("Noise", source), SessionStrip::new("Pad", pad)],
        recorders: vec![
            recorder("Uncut", RecordingSource::Programme),
            recorder("Aired", RecordingSource::Aired),
        ],
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

fn takes(folder: &Path) -> RecordingSettings {
    RecordingSettings {
        folder: folder.join("takes").to_string_lossy().into_owned(),
        pattern: "{strip}".into(),
        format: RecordingFormat::Float32,
        ..RecordingSettings::default()
    }
}

fn frames(file: &Path) -> Vec<[u32; 2]> {
    let mut reader = hound::WavReader::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let samples: Vec<f32> = reader.samples().map(|sample| sample.expect("a sample")).collect();
    samples
        .as_chunks()
        .0
        .iter()
        .map(|frame: &[f32; 2]| frame.map(f32::to_bits))
        .collect()
}

/// Where a run of frames is, bit for bit.
fn place(of: &[[u32; 2]], within: &[[u32; 2]]) -> Option<usize> {
    within.windows(of.len()).position(|frames| frames == of)
}

fn is_recording(now: &Snapshot) -> bool {
    let recording = |state: &RecordingState| matches!(state, RecordingState::Recording { .. });
    now.recorders.iter().all(|recorder| recording(&recorder.recording))
}

#[tokio::test]
async fn what_was_dumped_is_in_the_uncut_recording_and_not_in_the_aired_one() {
    let mut desk = desk_with_noise(desk::folder());
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when("both", is_recording).await;
    let settings = AirDelaySettings {
        seconds: 1.0,
        stretch_percent: 10.0,
    };
    desk.ask(AudioCommand::SetAirDelay { settings }).await;
    let title = AudioCommand::SetTitle {
        title: "A \"show\"\r\nREM".into(),
        artist: String::new(),
        show: None,
    };
    desk.ask(title).await;
    desk.when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
        .await;
    sleep(Duration::from_secs(2)).await; // so that frames of the programme are aired as they are for a while
    desk.ask(AudioCommand::Dump { seconds: Some(0.5) }).await;
    let dump = desk.now().await.air_delay.last_dump.expect("it is told");
    sleep(Duration::from_secs(3)).await; // so that what follows is aired
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;

    let folder = desk.folder.path().join("takes");
    let (uncut, aired) = (frames(&folder.join("Uncut.wav")), frames(&folder.join("Aired.wav")));
    // Both began somewhere on the programme; the dump is told in its frames. It is marked in the uncut recording.
    let sheet = std::fs::read_to_string(folder.join("Uncut.wav.cue")).expect("a sheet");
    let lines: Vec<&str> = sheet.lines().map(str::trim).collect();
    let at = lines
        .iter()
        .position(|line| *line == "TITLE \"dumped 0.5 s\"")
        .unwrap_or_else(|| panic!("{sheet}"));
    assert_eq!(lines[at + 3], "TITLE \"A 'show'REM\"", "what is on goes on: {sheet}");
    let first = cue_frame(lines[at + 1]);
    let until = cue_frame(lines[at + 4]);
    assert!(until - first >= 36 && until - first <= 38, "0.5 s, in 75ths: {sheet}");
    let first = (first * 640) as usize; // 48,000 / 75, at most that many frames before the dump
    let dropped = &uncut[first + 2_000..first + 2_256];
    assert_eq!(place(dropped, &aired), None, "it was dumped");
    assert_eq!(place(dropped, &uncut), Some(first + 2_000));
    let before = place(&uncut[first - 4_000..first - 3_744], &aired).expect("what came before is aired");
    let after = (0..40).find_map(|n| {
        let from = first + dump.frames as usize + 3_000 + n * 500;
        Some((from, place(&uncut[from..from + 256], &aired)?))
    });
    let (from, after) = after.expect("what came after is aired");
    let apart = (from - (first - 4_000)) as i64 - (after - before) as i64;
    let inserted = 24_000 - apart; // a join takes 30 ms away, or adds as much, many times while the delay fills again
    assert!(
        (-1_440..=12_000).contains(&inserted),
        "{apart} frames less lie between them, but for what fills the delay again"
    );
    let sheet = std::fs::read_to_string(folder.join("Aired.wav.cue")).expect("a sheet");
    assert!(!sheet.contains("dumped") && sheet.contains("A 'show'REM"), "{sheet}");
    desk.stop().await;
}

/// `INDEX 01 mm:ss:ff` in 75ths of a second.
fn cue_frame(line: &str) -> u64 {
    let time = line.strip_prefix("INDEX 01 ").unwrap_or_else(|| panic!("{line}"));
    let figures: Vec<u64> = time
        .split(':')
        .map(|figure| figure.parse().expect("a number"))
        .collect();
    (figures[0] * 60 + figures[1]) * 75 + figures[2]
}

#[tokio::test]
async fn stems_beside_what_is_aired_are_refused_because_they_would_not_lie_beside_it() {
    let desk = desk_with_noise(desk::folder());
    let aired = RecordingSettings {
        source: RecordingSource::Aired,
        ..takes(desk.folder.path())
    };
    let with_stems = RecordingSettings {
        stems: Stems::AfterFaders,
        ..aired.clone()
    };
    let with_buses = RecordingSettings {
        buses: vec![BusName::Aux1],
        ..aired
    };
    for settings in [with_stems, with_buses] {
        let settings = Box::new(settings);
        let (code, told) = desk.refused(AudioCommand::AddRecorder { settings }).await;
        assert_eq!(code, ErrorCode::Invalid);
        assert!(told.contains("would not lie beside it"), "{told}");
    }
}
