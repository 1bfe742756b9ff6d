//! What is on disk when a desk has ended, and that no disk holds up a desk that runs.

use std::fs;
use std::time::Duration;

use airdesk_station::api::{AudioCommand, RecordingFormat, RecordingSettings, Reply};
use airdesk_station::session::{self};
use tokio::time::{sleep, timeout};

use crate::desk::Desk;

#[tokio::test]
async fn a_desk_that_ends_while_a_recording_is_being_closed_waits_until_it_is_whole() {
    let mut desk = Desk::with_pads(&["One"]);
    let folder = desk.folder.path().join("recordings");
    let settings = RecordingSettings {
        folder: folder.to_string_lossy().into_owned(),
        format: RecordingFormat::Float32,
        ..RecordingSettings::default()
    };
    let set = AudioCommand::SetRecording {
        recorder: None,
        settings: Box::new(settings),
    };
    desk.handle.send(set).await.expect("a folder");
    // Twice: once while it runs, once while its file is still being made.
    desk.handle
        .send(AudioCommand::StartRecording { recorder: None })
        .await
        .expect("recording");
    sleep(Duration::from_millis(500)).await;
    let stop = desk.handle.send(AudioCommand::StopRecording { recorder: None });
    assert_eq!(stop.await.expect("it is whole"), Reply::Done);
    let (started, stopped, ended) = tokio::join!(
        desk.handle.send(AudioCommand::StartRecording { recorder: None }),
        desk.handle.send(AudioCommand::StopRecording { recorder: None }),
        desk.handle.stop()
    );
    assert_eq!(started.expect("recording"), Reply::Done);
    assert_eq!(stopped.expect("it is whole"), Reply::Done);
    ended.expect("the session is saved");
    let files: Vec<_> = fs::read_dir(&folder).expect("the folder").flatten().collect();
    assert_eq!(files.len(), 2);
    for file in files {
        hound::WavReader::open(file.path()).expect("a whole WAV file");
    }
    desk.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_takes_no_session_holds_nothing_up_and_the_last_change_is_saved_at_the_end() {
    let mut desk = Desk::with_pads(&["One"]);
    // Whoever opens this to write waits until somebody reads.
    let pipe = desk.folder.path().join("session.new.toml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let strip = desk.first_strip().await;
    let rename = |name: &str| AudioCommand::RenameStrip {
        strip,
        name: name.into(),
    };
    desk.handle.send(rename("Two")).await.expect("done");
    sleep(Duration::from_secs(1)).await; // now it is being saved
    let last = timeout(Duration::from_secs(2), desk.handle.send(rename("Three"))).await;
    last.expect("an answer").expect("done");
    let mut meters = desk.handle.meters();
    let frame = timeout(Duration::from_secs(2), meters.recv()).await;
    frame.expect("levels come").expect("a station");
    desk.handle
        .send(AudioCommand::SetListening { on: true })
        .await
        .expect("done");
    // The disk takes it now, and the next save finds an ordinary disk: the pipe is out of its way before anybody reads.
    let aside = desk.folder.path().join("aside");
    fs::rename(&pipe, &aside).expect("renamed");
    let released = std::thread::spawn(move || {
        let mut file = fs::File::open(&aside).expect("a pipe");
        std::io::copy(&mut file, &mut std::io::sink()).expect("read")
    });
    desk.stop().await;
    assert!(released.join().expect("read") > 0, "a save was under way");
    let kept = session::read(&desk.session_file()).expect("a session");
    assert_eq!((kept.strips[0].name.as_str(), kept.listening), ("Three", true));
}
