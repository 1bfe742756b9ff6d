//! A desk without a sound system: what it answers, tells and keeps.

use std::fs;
use std::time::Duration;

use airdesk_station::api::{
    AudioCommand, ErrorCode, Event, InputState, LimiterSettings, PasswordState, Reply, StripSource, StripState,
};
use airdesk_station::session::{self, Session, SessionStrip};
use airdesk_station::{Station, StationOptions, StripId};
use tokio::time::{sleep, timeout};

use crate::desk::{self, Desk, pad};

#[tokio::test]
async fn the_demo_sounds_by_itself_and_its_levels_arrive() {
    let mut desk = Desk::with(&Session::demo());
    let mut meters = desk.handle.meters();
    let mut peak = 0.0_f32;
    for _ in 0..120 {
        let frame = timeout(Duration::from_secs(5), meters.recv())
            .await
            .expect("levels come")
            .expect("a station");
        assert_eq!(frame.strips.len(), 3);
        peak = peak.max(frame.buses[0].levels.peak[0]);
    }
    assert!(peak > 0.05, "{peak}");
    desk.stop().await;
}

#[tokio::test]
async fn a_change_reaches_every_host_and_the_file_but_a_secret_reaches_neither() {
    let mut desk = Desk::with_pads(&["One"]);
    let mut events = desk.handle.events();
    let strip = desk.first_strip().await;
    let level = airdesk_dsp::Decibels::new(-12.5).expect("a level");
    desk.handle
        .send(AudioCommand::SetFader {
            strip,
            level: Some(level.db()),
        })
        .await
        .expect("done");
    desk.handle
        .send(AudioCommand::SetPassword {
            target: desk.target().await.id,
            password: "hackme-42".into(),
        })
        .await
        .expect("kept");
    let told = async {
        loop {
            if let Event::Strip(state) = events.recv().await.expect("a station")
                && state.controls.fader == level
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(5), told).await.expect("it is told");
    let snapshot = desk.handle.snapshot().await.expect("a snapshot");
    assert_eq!(snapshot.targets[0].password, PasswordState::File);
    assert!(!format!("{snapshot:?}").contains("hackme-42"));
    sleep(Duration::from_millis(1500)).await;
    let text = fs::read_to_string(desk.session_file()).expect("a session");
    assert!(text.contains("fader = -12.5") && !text.contains("hackme-42"), "{text}");
    desk.stop().await;
}

#[tokio::test]
async fn the_limiter_is_set_for_every_host_and_for_the_next_run() {
    let mut desk = Desk::with(&Session::default());
    let mut events = desk.handle.events();
    let settings = LimiterSettings {
        on: false,
        ceiling_dbtp: -3.0,
        release_ms: 250.0,
    };
    let beyond = LimiterSettings {
        ceiling_dbtp: 0.1,
        ..settings
    };
    let refused = desk.handle.send(AudioCommand::SetLimiter { settings: beyond }).await;
    assert_eq!(refused.expect_err("beyond its range").code, ErrorCode::OutOfRange);
    desk.handle
        .send(AudioCommand::SetLimiter { settings })
        .await
        .expect("done");
    let told = async {
        loop {
            if let Event::Limiter(told) = events.recv().await.expect("a station") {
                return told;
            }
        }
    };
    assert_eq!(timeout(Duration::from_secs(5), told).await, Ok(settings));
    desk.stop().await;
    let mut next = desk.restart().await;
    assert_eq!(next.handle.snapshot().await.expect("a snapshot").limiter, settings);
    next.stop().await;
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_code_and_changes_nothing() {
    let mut desk = Desk::with_pads(&["One"]);
    let strip = desk.first_strip().await;
    // Passwords are looked up in turn: from then on it is known that there is none.
    let (target, password) = (desk.target().await.id, "".into());
    desk.ask(AudioCommand::SetPassword { target, password }).await;
    let before = desk.handle.snapshot().await.expect("a snapshot").strips;
    for (command, code) in [
        (AudioCommand::SetTrim { strip, level: -20.5 }, ErrorCode::OutOfRange),
        (
            AudioCommand::SetFader {
                strip,
                level: Some(10.5),
            },
            ErrorCode::OutOfRange,
        ),
        (
            AudioCommand::RenameStrip {
                strip,
                name: " \n ".into(),
            },
            ErrorCode::Invalid,
        ),
        (
            AudioCommand::RenameStrip {
                strip,
                name: "x".repeat(41),
            },
            ErrorCode::Invalid,
        ),
        (
            AudioCommand::SetMute {
                strip: StripId::new(7, 99),
                on: true,
            },
            ErrorCode::NoSuchStrip,
        ),
        (AudioCommand::StopRecording { recorder: None }, ErrorCode::NotRunning),
        (AudioCommand::GoLive { target: None }, ErrorCode::Invalid),
    ] {
        let refused = desk.handle.send(command.clone()).await.expect_err("refused");
        assert_eq!(refused.code, code, "{command:?}: {refused}");
        assert!(!refused.message.is_empty());
    }
    let after = desk.handle.snapshot().await.expect("a snapshot").strips;
    assert_eq!(
        (before[0].controls.trim, before[0].controls.fader, &before[0].name),
        (after[0].controls.trim, after[0].controls.fader, &after[0].name)
    );
    desk.stop().await;
}

#[tokio::test]
async fn the_desk_says_when_it_is_full_and_takes_strips_again_after_one_has_left() {
    let mut desk = Desk::with(&Session::default());
    let add = || AudioCommand::AddStrip {
        name: "Strip".into(),
        source: StripSource::Silent,
    };
    let mut last = None;
    for _ in 0..256 {
        last = Some(desk.handle.send(add()).await.expect("room"));
    }
    let refused = desk.handle.send(add()).await.expect_err("full");
    assert_eq!(refused.code, ErrorCode::TooManyStrips);
    let Some(Reply::Strip { id }) = last else {
        panic!("{last:?}")
    };
    desk.handle
        .send(AudioCommand::RemoveStrip { strip: id })
        .await
        .expect("removed");
    let Reply::Strip { id: next } = desk.handle.send(add()).await.expect("room again") else {
        panic!("no strip")
    };
    assert_ne!(id, next, "an id is never used again");
    desk.stop().await;
}

#[tokio::test]
async fn a_buffer_that_no_device_has_is_refused_with_what_is_possible() {
    let mut desk = Desk::with(&Session {
        strips: vec![pad("One")],
        ..Session::default()
    });
    let strip = desk.handle.snapshot().await.expect("a snapshot").strips[0].id;
    for buffer in [0, 31, 4097] {
        let source = StripSource::Device {
            device: "pipewire:mic".parse().expect("an id"),
            channels: airdesk_station::api::ChannelPick::Mono { channel: 0 },
            resampling: airdesk_station::api::Resampling::default(),
            buffer: Some(buffer),
        };
        let answer = desk.handle.send(AudioCommand::SetSource { strip, source }).await;
        let error = answer.expect_err("it is refused");
        assert_eq!(error.code, ErrorCode::OutOfRange);
        assert!(error.message.contains("32 to 4096"), "{}", error.message);
    }
    desk.stop().await;
}

#[tokio::test]
async fn a_session_with_a_missing_device_and_a_missing_file_runs_and_names_them() {
    let device = StripSource::Device {
        device: "pipewire:usb-mic-7".parse().expect("an id"),
        channels: airdesk_station::api::ChannelPick::Mono { channel: 0 },
        resampling: airdesk_station::api::Resampling::default(),
        buffer: None,
    };
    let file = StripSource::File {
        path: "/nowhere/jingle.wav".into(),
        looped: false,
    };
    let strips = vec![
        SessionStrip::new("Mic", device),
        SessionStrip::new("Jingle", file),
        pad("Music"),
    ];
    let mut desk = Desk::with(&Session {
        strips,
        ..Session::default()
    });
    let settled = async {
        loop {
            let strips = desk.handle.snapshot().await.expect("a snapshot").strips;
            let opening = |strip: &StripState| matches!(strip.input, InputState::Opening);
            if !strips.iter().any(opening) {
                return strips;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let strips = timeout(Duration::from_secs(20), settled)
        .await
        .expect("nothing opens for ever");
    for (strip, name) in [(0, "usb-mic-7"), (1, "/nowhere/jingle.wav")] {
        let InputState::Missing { reason } = &strips[strip].input else {
            panic!("{:?}", strips[strip].input)
        };
        assert!(reason.contains(name), "{reason}");
    }
    assert!(
        matches!(strips[2].input, InputState::Running { .. }),
        "{:?}",
        strips[2].input
    );
    desk.stop().await;
    let kept = session::read(&desk.session_file()).expect("a session");
    assert_eq!(kept.strips.len(), 3, "what is missing is not forgotten");
}

#[tokio::test]
async fn a_recording_is_in_the_file_before_the_answer_and_whole_after_stop() {
    let mut desk = Desk::with_pads(&["One"]);
    let folder = desk.folder.path().join("deep/recordings");
    let settings = airdesk_station::api::RecordingSettings {
        folder: folder.to_string_lossy().into_owned(),
        format: airdesk_station::api::RecordingFormat::Float32,
        ..airdesk_station::api::RecordingSettings::default()
    };
    desk.handle
        .send(AudioCommand::SetRecording {
            recorder: None,
            settings: Box::new(settings),
        })
        .await
        .expect("a folder");
    desk.handle
        .send(AudioCommand::StartRecording { recorder: None })
        .await
        .expect("recording");
    let twice = desk
        .handle
        .send(AudioCommand::StartRecording { recorder: None })
        .await
        .expect_err("one at a time");
    assert_eq!(twice.code, ErrorCode::AlreadyRunning);
    sleep(Duration::from_secs(1)).await;
    desk.handle
        .send(AudioCommand::StopRecording { recorder: None })
        .await
        .expect("stopped");
    let file = fs::read_dir(&folder)
        .expect("the folder")
        .next()
        .expect("a file")
        .expect("an entry")
        .path();
    let reader = hound::WavReader::open(&file).expect("a WAV file");
    assert!(reader.duration() > 30_000, "{}", reader.duration());
    desk.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_as_a_file_is_refused_and_the_desk_goes_on_answering() {
    let mut desk = Desk::with(&Session::default());
    let pipe = desk.folder.path().join("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let path = pipe.to_string_lossy().into_owned();
    let source = StripSource::File {
        path: path.clone(),
        looped: true,
    };
    let add = AudioCommand::AddStrip {
        name: "Pipe".into(),
        source,
    };
    let added = timeout(Duration::from_secs(2), desk.handle.send(add)).await;
    added.expect("an answer").expect("a strip");
    let reason = timeout(Duration::from_secs(5), async {
        loop {
            let strips = desk.handle.snapshot().await.expect("a snapshot").strips;
            if let InputState::Missing { reason } = &strips[0].input {
                return reason.clone();
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("it is said");
    assert!(reason.contains(&path) && reason.contains("WAV"), "{reason}");
    desk.stop().await;
}

#[tokio::test]
async fn a_session_that_is_open_is_not_opened_by_a_second_desk() {
    let mut desk = Desk::with(&Session::default());
    let options = desk.options();
    let Err(refused) = Station::start(options.clone()) else {
        panic!("two desks on one session")
    };
    let message = refused.to_string();
    assert!(
        message.contains("session.toml") && message.contains("another Airdesk"),
        "{message}"
    );
    desk.stop().await;
    let again = Station::start(options).expect("it is free again");
    again.handle().stop().await.expect("saved");
    again.join();
}

#[tokio::test]
async fn a_session_that_cannot_be_saved_is_tried_again_and_said_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let deep = folder.path().join("deep");
    fs::create_dir(&deep).expect("a folder");
    let path = deep.join("session.toml");
    session::SessionFile::new(path.clone())
        .save(&Session::default())
        .expect("a session");
    let station = Station::start(StationOptions {
        session: path.clone(),
        ..desk::options(&folder)
    })
    .expect("a station");
    let handle = station.handle();
    let gone = folder.path().join("gone");
    fs::rename(&deep, &gone).expect("moved");
    fs::write(&deep, "a file where the folder was").expect("written");
    let add = AudioCommand::AddStrip {
        name: "Kept".into(),
        source: StripSource::Silent,
    };
    handle.send(add).await.expect("a strip");
    sleep(Duration::from_secs(1)).await;
    let notices = handle.snapshot().await.expect("a snapshot").notices;
    assert!(
        notices
            .iter()
            .any(|notice| notice.text.contains("make ") && notice.text.contains("writable")),
        "{notices:?}"
    );
    fs::remove_file(&deep).expect("removed");
    fs::rename(&gone, &deep).expect("moved back");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(session::read(&path).expect("a session").strips.len(), 1, "tried again");
    fs::rename(&deep, &gone).expect("moved");
    fs::write(&deep, "a file where the folder was").expect("written");
    let error = handle.stop().await.expect_err("not saved").to_string();
    assert!(error.contains("cannot be saved"), "{error}");
    handle.ended().await;
    station.join();
}
