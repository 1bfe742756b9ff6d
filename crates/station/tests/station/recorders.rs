//! Several recorders at once: stems that are the programme, seams that lose nothing, what starts without a hand, and what a
//! killed desk leaves behind.

use std::path::Path;

use airdesk_dsp::Decibels;
use airdesk_station::HostChoice;
use airdesk_station::api::{
    AudioCommand, ErrorCode, Material, RecordingFormat, RecordingSettings, RecordingSource, RecordingState, Reply,
    SignalStart, Snapshot, SplitSettings, StartSettings, Stems, StripSource,
};
use airdesk_station::recover::find;
use airdesk_station::session::{Session, SessionStrip};

use crate::desk::{self, Desk};

/// A desk of two strips whose recorders are set by `change`, in a folder of its own.
pub(crate) fn desk_with(change: impl FnOnce(&Path) -> Vec<RecordingSettings>) -> Desk {
    let folder = desk::folder();
    let strip = |name: &str, material, fader: f32| {
        let mut strip = SessionStrip::new(name, StripSource::Material { material });
        strip.controls.fader = Decibels::new(fader).expect("a level");
        strip
    };
    let session = Session {
        strips: vec![
            strip("Rhythm", Material::Rhythm, -24.0),
            strip("Pad", Material::Pad, -20.0),
        ],
        recorders: change(folder.path()),
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

pub(crate) fn into(folder: &Path) -> RecordingSettings {
    RecordingSettings {
        folder: folder.join("takes").to_string_lossy().into_owned(),
        pattern: "{strip} {index}".into(),
        format: RecordingFormat::Float32,
        ..RecordingSettings::default()
    }
}

pub(crate) fn recording(now: &Snapshot, place: usize) -> &RecordingState {
    &now.recorders[place].recording
}

/// Seconds that a recorder has on disk.
pub(crate) fn recorded(now: &Snapshot, place: usize) -> f64 {
    match recording(now, place) {
        RecordingState::Recording { seconds, .. } => *seconds,
        _ => 0.0,
    }
}

pub(crate) fn samples(file: &Path) -> Vec<f32> {
    let mut reader = hound::WavReader::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    reader.samples().map(|sample| sample.expect("a sample")).collect()
}

#[tokio::test]
async fn stems_of_all_parts_add_up_to_the_programme_frame_for_frame() {
    let mut desk = desk_with(|folder| {
        vec![RecordingSettings {
            stems: Stems::AfterFaders,
            ..into(folder)
        }]
    });
    let takes = desk.folder.path().join("takes");
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    for part in 1..3 {
        desk.when("some seconds", |now| recorded(now, 0) > f64::from(part))
            .await;
        desk.ask(AudioCommand::SplitRecording { recorder: None }).await;
        desk.when("another file", |now| now.recorders[0].parts > part).await;
    }
    desk.when("the last part", |now| recorded(now, 0) > 3.0).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    for part in 1..4 {
        let of = |strip: &str| samples(&takes.join(format!("{strip} {part:02}.wav")));
        let [programme, rhythm, pad] = ["Programme", "Rhythm", "Pad"].map(of);
        assert!(programme.len() > 48_000, "part {part}: {}", programme.len());
        assert_eq!([rhythm.len(), pad.len()], [programme.len(); 2], "part {part}");
        let stems = rhythm.iter().zip(&pad).map(|(one, other)| one + other);
        let worst = programme.iter().zip(stems).map(|(mix, sum)| (mix - sum).abs());
        let worst = worst.fold(0.0_f32, f32::max);
        assert!(worst < 1e-6, "part {part}: {worst}");
        assert!(programme.iter().any(|sample| sample.abs() > 1e-3), "it is heard");
    }
    desk.stop().await;
}

#[tokio::test]
async fn a_strip_that_is_added_while_it_is_recorded_has_a_stem_at_once() {
    let mut desk = desk_with(|folder| {
        vec![RecordingSettings {
            stems: Stems::AfterFaders,
            ..into(folder)
        }]
    });
    let takes = desk.folder.path().join("takes");
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when("some audio", |now| recorded(now, 0) > 1.0).await;
    let source = StripSource::Material {
        material: Material::Voice,
    };
    desk.ask(AudioCommand::AddStrip {
        name: "Guest".into(),
        source,
    })
    .await;
    let here = desk.now().await;
    desk.when("more audio", |now| recorded(now, 0) > recorded(&here, 0) + 2.0)
        .await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let of = |strip: &str| samples(&takes.join(format!("{strip} 01.wav")));
    let [programme, rhythm, pad, guest] = ["Programme", "Rhythm", "Pad", "Guest"].map(of);
    assert_eq!([rhythm.len(), pad.len(), guest.len()], [programme.len(); 3]);
    assert!(guest[..96_000].iter().all(|sample| *sample == 0.0), "it was not there");
    assert!(guest.iter().any(|sample| sample.abs() > 1e-3), "it is heard");
    let worst = (0..programme.len()).map(|n| (programme[n] - rhythm[n] - pad[n] - guest[n]).abs());
    let (place, worst) = worst
        .enumerate()
        .fold((0, 0.0), |most, now| if now.1 > most.1 { now } else { most });
    // What it gave in the tick before its tap was there is in the mix alone.
    let begins = guest.iter().position(|sample| *sample != 0.0).expect("it is heard");
    assert!(
        worst < 1e-6 || place < begins + 96,
        "{worst} at {place}, and it begins at {begins}"
    );
    desk.stop().await;
}

#[tokio::test]
async fn the_seconds_before_record_are_in_the_file_with_their_stems_and_without_a_seam() {
    // Longer than what waits for a disk while it is recorded: what comes meanwhile needs its own room.
    let mut desk = desk_with(|folder| {
        let whole = RecordingSettings {
            name: "Whole".into(),
            pattern: "whole".into(),
            ..into(folder)
        };
        let late = RecordingSettings {
            name: "Late".into(),
            stems: Stems::AfterFaders,
            pre_roll: 20.0,
            ..into(folder)
        };
        vec![whole, late]
    });
    let ids: Vec<_> = desk.now().await.recorders.iter().map(|recorder| recorder.id).collect();
    let [whole, late] = ids[..] else {
        panic!("two recorders")
    };
    desk.ask(AudioCommand::StartRecording { recorder: Some(whole) }).await;
    desk.when("the whole show", |now| recorded(now, 0) > 21.0).await;
    desk.ask(AudioCommand::StartRecording { recorder: Some(late) }).await;
    let before = recorded(&desk.now().await, 0);
    desk.when("the show goes on", |now| recorded(now, 0) > before + 2.0)
        .await;
    let now = desk.now().await;
    assert!(matches!(
        recording(&now, 1),
        RecordingState::Recording { frames_lost: 0, .. }
    ));
    desk.ask(AudioCommand::StopRecording { recorder: Some(late) }).await;
    desk.ask(AudioCommand::StopRecording { recorder: Some(whole) }).await;
    desk.stop().await;
    let takes = desk.folder.path().join("takes");
    let whole = samples(&takes.join("whole.wav"));
    let [late, rhythm, pad] = ["Late", "Rhythm", "Pad"].map(|strip| samples(&takes.join(format!("{strip} 01.wav"))));
    let begins = |at: &usize| whole[*at..].starts_with(&late[..48_000]);
    let at = (0..whole.len() - 48_000).step_by(2).find(begins).expect("it is in it");
    let length = whole.len().min(at + late.len()) - at;
    assert!(
        whole[at..at + length] == late[..length],
        "not one frame is lost or doubled"
    );
    let kept = before - at as f64 / 96_000.0;
    assert!((19.0..21.0).contains(&kept), "{kept} s before it was asked for");
    assert_eq!([rhythm.len(), pad.len()], [late.len(); 2]);
    let worst = (0..late.len()).map(|n| (late[n] - rhythm[n] - pad[n]).abs());
    assert!(worst.fold(0.0_f32, f32::max) < 1e-6);
}

#[tokio::test]
async fn recorders_are_added_started_and_taken_away_each_by_itself() {
    let mut desk = desk_with(|folder| vec![into(folder)]);
    let second = RecordingSettings {
        name: "Interview".into(),
        source: RecordingSource::Aux1,
        pattern: "{show}/interview".into(),
        show: "Night/Shift".into(),
        format: RecordingFormat::Flac24,
        start: StartSettings {
            with_button: false,
            ..StartSettings::default()
        },
        ..into(desk.folder.path())
    };
    let settings = Box::new(second);
    let Reply::Recorder { id } = desk.ask(AudioCommand::AddRecorder { settings }).await else {
        panic!("it has no id");
    };
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when("the first alone", |now| recorded(now, 0) > 0.2).await;
    assert!(matches!(
        recording(&desk.now().await, 1),
        RecordingState::Stopped { .. }
    ));
    desk.ask(AudioCommand::StartRecording { recorder: Some(id) }).await;
    desk.when("both", |now| recorded(now, 1) > 0.2).await;
    let (code, told) = desk.refused(AudioCommand::RemoveRecorder { recorder: id }).await;
    assert_eq!(code, ErrorCode::AlreadyRunning);
    assert!(told.contains("Interview is recording; stop it first"), "{told}");
    desk.ask(AudioCommand::StopRecording { recorder: Some(id) }).await;
    assert!(matches!(
        recording(&desk.now().await, 0),
        RecordingState::Recording { .. }
    ));
    let file = desk.folder.path().join("takes/Night_Shift/interview.flac");
    assert!(file.is_file(), "{}", file.display());
    desk.ask(AudioCommand::RemoveRecorder { recorder: id }).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    assert_eq!(desk.now().await.recorders.len(), 1);
    assert!(file.is_file(), "its files stay");
    desk.stop().await;
}

#[tokio::test]
async fn files_are_named_by_the_show_that_the_title_names_from_the_next_file_on() {
    let mut desk = desk_with(|folder| {
        vec![RecordingSettings {
            pattern: "{show} {title}".into(),
            show: "Own".into(),
            ..into(folder)
        }]
    });
    let on = |title: &str, show: &str| AudioCommand::SetTitle {
        title: title.into(),
        artist: String::new(),
        show: Some(show.into()),
    };
    desk.ask(on("One", "")).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when("the first file", |now| recorded(now, 0) > 0.2).await;
    desk.ask(on("Two", "Night")).await;
    desk.ask(AudioCommand::SplitRecording { recorder: None }).await;
    desk.when("another file", |now| now.recorders[0].parts > 1).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let takes = desk.folder.path().join("takes");
    for file in ["Own One.wav", "Night Two.wav"] {
        assert!(takes.join(file).is_file(), "{file}");
    }
    desk.stop().await;
}

#[tokio::test]
async fn recorders_on_one_disk_share_the_hours_that_are_left() {
    let mut desk = desk_with(|folder| {
        let second = RecordingSettings {
            name: "Interview".into(),
            pattern: "interview {index}".into(),
            ..into(folder)
        };
        vec![into(folder), second]
    });
    let hours = |now: &Snapshot, place: usize| now.recorders[place].hours_left.unwrap_or_default();
    let alone = desk
        .when("hours", |now| hours(now, 0) > 0.0 && hours(now, 1) > 0.0)
        .await;
    let alone = hours(&alone, 1);
    // Others may write on the disk meanwhile: about half, and about all.
    let (half, all) = (0.45 * alone..0.55 * alone, 0.9 * alone..1.1 * alone);
    desk.ask(AudioCommand::StartRecording { recorder: Some(1) }).await;
    let now = desk.when("the first", |now| recorded(now, 0) > 0.2).await;
    assert!(half.contains(&hours(&now, 1)), "{} of {alone}", hours(&now, 1));
    assert!(all.contains(&hours(&now, 0)), "it records alone: {}", hours(&now, 0));
    desk.ask(AudioCommand::StartRecording { recorder: Some(2) }).await;
    let now = desk.when("both", |now| recorded(now, 1) > 0.2).await;
    assert!(half.contains(&hours(&now, 0)) && half.contains(&hours(&now, 1)));
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let now = desk.now().await;
    assert!(all.contains(&hours(&now, 0)) && all.contains(&hours(&now, 1)));
    desk.stop().await;
}

#[tokio::test]
async fn signal_starts_a_recording_and_its_end_stops_it() {
    let mut desk = desk_with(|folder| {
        vec![RecordingSettings {
            start: StartSettings {
                signal: Some(SignalStart {
                    level: -70.0,
                    seconds: 1.0,
                }),
                ..StartSettings::default()
            },
            ..into(folder)
        }]
    });
    desk.when("it to begin by itself", |now| recorded(now, 0) > 0.5).await;
    for strip in desk.ids().await {
        desk.ask(AudioCommand::SetMute { strip, on: true }).await;
    }
    let over = desk
        .when("it to end by itself", |now| {
            matches!(recording(now, 0), RecordingState::Stopped { last_file: Some(_) })
        })
        .await;
    let RecordingState::Stopped { last_file: Some(file) } = recording(&over, 0) else {
        panic!("it has a file");
    };
    assert!(!samples(Path::new(file)).is_empty());
    desk.stop().await;
}

#[tokio::test]
async fn files_of_six_seconds_follow_each_other_without_a_frame_lost_or_doubled() {
    let mut desk = desk_with(|folder| {
        let whole = RecordingSettings {
            pattern: "whole".into(),
            ..into(folder)
        };
        let split = SplitSettings {
            minutes: Some(0.1),
            ..SplitSettings::default()
        };
        vec![whole, RecordingSettings { split, ..into(folder) }]
    });
    let ids: Vec<_> = desk.now().await.recorders.iter().map(|recorder| recorder.id).collect();
    let [whole, split] = ids[..] else {
        panic!("two recorders")
    };
    // The one that is whole has all that the other has.
    desk.ask(AudioCommand::StartRecording { recorder: Some(whole) }).await;
    desk.when("the first", |now| recorded(now, 0) > 0.5).await;
    desk.ask(AudioCommand::StartRecording { recorder: Some(split) }).await;
    desk.when("the third file", |now| now.recorders[1].parts == 3).await;
    desk.ask(AudioCommand::StopRecording { recorder: Some(split) }).await;
    desk.ask(AudioCommand::StopRecording { recorder: Some(whole) }).await;
    desk.stop().await;
    let takes = desk.folder.path().join("takes");
    let parts = [1, 2, 3].map(|part| samples(&takes.join(format!("Programme {part:02}.wav"))));
    assert_eq!([parts[0].len(), parts[1].len()], [2 * 6 * 48_000; 2]);
    let (whole, joined) = (samples(&takes.join("whole.wav")), parts.concat());
    let begins = |at: &usize| whole[*at..].starts_with(&joined[..48_000]);
    let at = (0..whole.len()).step_by(2).find(begins).expect("it is in it");
    assert!(whole[at..].starts_with(&joined), "the seams are not heard");
}

fn titled(artist: &str, title: &str) -> AudioCommand {
    AudioCommand::SetTitle {
        title: title.into(),
        artist: artist.into(),
        show: None,
    }
}

/// A value of a WAV file's `LIST INFO`.
fn told(file: &Path, id: &[u8; 4]) -> String {
    let bytes = std::fs::read(file).expect("read");
    let at = bytes.windows(4).position(|name| name == id).expect("it is told");
    let length = u32::from_le_bytes(bytes[at + 4..at + 8].try_into().expect("four bytes")) as usize;
    let value = String::from_utf8_lossy(&bytes[at + 8..at + 8 + length]);
    value.trim_end_matches('\0').to_owned()
}

#[tokio::test]
async fn a_new_title_begins_a_new_file_that_is_named_by_it_without_a_frame_lost_or_doubled() {
    let mut desk = desk_with(|folder| {
        let whole = RecordingSettings {
            pattern: "whole".into(),
            ..into(folder)
        };
        let by_title = RecordingSettings {
            pattern: "{artist} {title}".into(),
            split: SplitSettings {
                titles: true,
                ..SplitSettings::default()
            },
            ..into(folder)
        };
        vec![whole, by_title]
    });
    let ids: Vec<_> = desk.now().await.recorders.iter().map(|recorder| recorder.id).collect();
    let [whole, by_title] = ids[..] else {
        panic!("two recorders")
    };
    desk.ask(titled("Ann", "One")).await;
    // The one that is whole has all that the other has.
    desk.ask(AudioCommand::StartRecording { recorder: Some(whole) }).await;
    desk.when("the first", |now| recorded(now, 0) > 0.5).await;
    desk.ask(AudioCommand::StartRecording {
        recorder: Some(by_title),
    })
    .await;
    for (part, (artist, title)) in [(1, ("Bob", "Two")), (2, ("Cleo", "Three"))] {
        desk.when("a second of it", |now| recorded(now, 1) > f64::from(part))
            .await;
        desk.ask(titled(artist, title)).await;
        desk.when("another file", |now| now.recorders[1].parts == part + 1)
            .await;
        // The same once more is no other title.
        desk.ask(titled(artist, title)).await;
    }
    desk.when("the last part", |now| recorded(now, 1) > 3.0).await;
    assert_eq!(desk.now().await.recorders[1].parts, 3);
    desk.ask(AudioCommand::StopRecording {
        recorder: Some(by_title),
    })
    .await;
    desk.ask(AudioCommand::StopRecording { recorder: Some(whole) }).await;
    desk.stop().await;
    let takes = desk.folder.path().join("takes");
    let mut joined = Vec::new();
    for (artist, title) in [("Ann", "One"), ("Bob", "Two"), ("Cleo", "Three")] {
        let file = takes.join(format!("{artist} {title}.wav"));
        assert_eq!([told(&file, b"INAM"), told(&file, b"IART")], [title, artist]);
        let part = samples(&file);
        assert!(part.len() > 48_000, "{title}: {}", part.len());
        joined.extend(part);
    }
    let whole = samples(&takes.join("whole.wav"));
    let begins = |at: &usize| whole[*at..].starts_with(&joined[..48_000]);
    let at = (0..whole.len()).step_by(2).find(begins).expect("it is in it");
    assert!(whole[at..].starts_with(&joined), "the seams are not heard");
}

#[tokio::test]
async fn a_cue_sheet_credits_every_title_to_its_own_artist() {
    let mut desk = desk_with(|folder| {
        vec![RecordingSettings {
            cue_sheets: true,
            show: "Night".into(),
            ..into(folder)
        }]
    });
    desk.ask(titled("Ann", "One")).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    for (seconds, artist, title) in [(0.6, "Bob", "Two"), (1.2, "", "News"), (1.8, "Ann", "Three")] {
        desk.when("some of it", |now| recorded(now, 0) > seconds).await;
        desk.ask(titled(artist, title)).await;
    }
    desk.when("the last", |now| recorded(now, 0) > 2.4).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    desk.stop().await;
    let sheet = desk.folder.path().join("takes/Programme 01.wav.cue");
    let sheet = std::fs::read_to_string(sheet).expect("a sheet");
    let said: Vec<&str> = sheet
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("TITLE") || line.starts_with("PERFORMER"))
        .collect();
    let expected = [
        "TITLE \"Night\"",
        "TITLE \"One\"",
        "PERFORMER \"Ann\"",
        "TITLE \"Two\"",
        "PERFORMER \"Bob\"",
        "TITLE \"News\"",
        "TITLE \"Three\"",
        "PERFORMER \"Ann\"",
    ];
    assert_eq!(said, expected, "{sheet}");
}

#[tokio::test]
async fn settings_that_no_recording_can_begin_with_are_refused_with_what_to_change() {
    let mut desk = desk_with(|folder| vec![into(folder)]);
    let folder = desk.folder.path().to_owned();
    let with = |change: fn(&mut RecordingSettings)| {
        let mut settings = into(&folder);
        change(&mut settings);
        AudioCommand::SetRecording {
            recorder: None,
            settings: Box::new(settings),
        }
    };
    let cases = [
        (with(|settings| settings.pattern = "{dat}".into()), "there are {date}"),
        (with(|settings| settings.pattern = "../{date}".into()), "leads out of"),
        (with(|settings| settings.folder = "takes".into()), "give its whole path"),
        (with(|settings| settings.pre_roll = 61.0), "from 0 to 60"),
        (with(|settings| settings.split.minutes = Some(0.0)), "from 0.1 to 1440"),
        (
            with(|settings| (settings.format, settings.bit_rate) = (RecordingFormat::Mp3, 512)),
            "MP3 cannot do 512 kbit/s",
        ),
    ];
    for (command, wanted) in cases {
        let (_, told) = desk.refused(command).await;
        assert!(told.contains(wanted), "{told}");
    }
    desk.stop().await;
}

#[tokio::test]
async fn what_a_dead_desk_left_behind_is_told_at_the_next_start_and_stays_as_it_is() {
    let desk = desk_with(|folder| vec![into(folder)]);
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    desk.when("bytes on disk", |now| recorded(now, 0) > 0.2).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let folder = desk.folder.path().join("takes");
    let file = folder.join("Programme 01.wav");
    let before = std::fs::read(&file).expect("read");
    std::fs::write(folder.join("Programme 01.wav.recording"), "left behind").expect("written");
    let folders = [folder.clone()].into_iter().collect();
    assert_eq!(find(&folders).orphans.len(), 1);
    let mut desk = desk.restart().await;
    let told = desk
        .when("it to be told", |now| {
            now.notices
                .iter()
                .any(|notice| notice.text.contains("was not finished by the desk"))
        })
        .await;
    assert!(
        told.notices
            .iter()
            .any(|notice| notice.text.contains("Programme 01.wav"))
    );
    assert!(std::fs::read(&file).expect("read") == before, "not touched");
    assert_eq!(find(&folders).orphans, []);
    desk.stop().await;
}
