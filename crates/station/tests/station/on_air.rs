//! What the station tells about the stream to a server: without a server, as most desks begin.

use airdesk_station::HostChoice;
use airdesk_station::api::{
    AirState, AudioCommand, BroadcastSettings, ErrorCode, PasswordState, Severity, Snapshot, Transport,
};
use airdesk_station::session::Session;

use crate::desk::{self, Desk};

#[tokio::test]
async fn what_a_stream_began_with_is_told_until_it_is_off_whatever_is_saved_meanwhile() {
    // Nobody answers there: the stream stays on its way.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let first = BroadcastSettings {
        host: "127.0.0.1".into(),
        port: silent.local_addr().expect("an address").port(),
        mount: "/first.mp3".into(),
        ..BroadcastSettings::default()
    };
    let second = BroadcastSettings {
        mount: "/second.mp3".into(),
        bit_rate: 192,
        ..first.clone()
    };
    let mut desk = Desk::with(&Session::default());
    assert_eq!(desk.target().await.running, None);
    desk.set_target(&first).await;
    assert_eq!(desk.target().await.running, None, "saved, and not on its way");
    desk.ask(AudioCommand::GoLive { target: None }).await;
    let target = desk.target().await.id;
    let settings = Box::new(second.clone());
    desk.ask(AudioCommand::SetTarget { target, settings }).await;
    let told = desk.target().await;
    assert_ne!(told.air, AirState::Off);
    assert_eq!((told.running.as_deref(), &told.settings), (Some(&first), &second));
    assert!(!format!("{told:?}").contains("hackme-42"));
    desk.ask(AudioCommand::GoOffAir { target: None }).await;
    let told = desk.target().await;
    assert_eq!((told.air, told.running), (AirState::Off, None));
    desk.stop().await;
}

#[tokio::test]
async fn every_transport_that_is_told_is_taken_and_every_other_is_refused() {
    let mut desk = Desk::with(&Session::default());
    let told = desk.now().await.transports;
    assert!(told.contains(&Transport::Native));
    for transport in Transport::ALL {
        let settings = Box::new(BroadcastSettings {
            transport,
            ..BroadcastSettings::default()
        });
        let target = desk.target().await.id;
        let answer = desk.handle.send(AudioCommand::SetTarget { target, settings }).await;
        assert_eq!(answer.is_ok(), told.contains(&transport), "{transport:?}: {answer:?}");
    }
    desk.stop().await;
}

#[tokio::test]
async fn a_mount_without_its_slash_is_refused_in_plain_words_for_an_old_target_and_a_new_one() {
    let mut desk = Desk::with(&Session::default());
    let before = desk.target().await;
    for mount in ["live.mp3", "", "/"] {
        let settings = BroadcastSettings {
            mount: mount.into(),
            ..BroadcastSettings::default()
        };
        let target = before.id;
        let changed = AudioCommand::SetTarget {
            target,
            settings: Box::new(settings.clone()),
        };
        let added = AudioCommand::AddTarget {
            settings: Box::new(settings),
        };
        for command in [changed, added] {
            let (code, message) = desk.refused(command).await;
            assert_eq!(code, ErrorCode::Invalid, "{mount:?}: {message}");
            let told = format!("{mount:?} is no mount; begin it with a slash, like /live");
            assert_eq!(message, told);
        }
    }
    let now = desk.now().await.targets;
    assert_eq!(
        (now.len(), &now[0].settings),
        (1, &before.settings),
        "nothing has changed"
    );
    desk.stop().await;
}

#[tokio::test]
async fn a_broken_file_of_passwords_is_told_at_the_start_and_to_whoever_wants_to_go_live() {
    let folder = desk::folder();
    let file = folder.path().join("passwords.toml");
    std::fs::write(&file, "\"stream@localhost\" = \"hackme-42").expect("written");
    let broken = format!("{} is broken; mend it or move it away", file.display());
    let mut desk = Desk::start(folder, &Session::default(), HostChoice::none());
    let now = desk.when("a notice", |now| !now.notices.is_empty()).await;
    let told: Vec<_> = now
        .notices
        .iter()
        .map(|notice| (notice.severity, &notice.text))
        .collect();
    let sentence = format!("no stream password in the file can be used: {broken}");
    assert_eq!(told, [(Severity::Error, &sentence)]);
    assert_eq!(now.targets[0].password, PasswordState::Unreadable);

    let (code, message) = desk.refused(AudioCommand::GoLive { target: None }).await;
    assert_eq!(code, ErrorCode::Storage);
    assert!(
        message.contains(&broken) && message.contains("set the password anew"),
        "{message}"
    );

    std::fs::remove_file(&file).expect("moved away");
    let password = "hackme-42".into();
    let target = desk.target().await.id;
    desk.ask(AudioCommand::SetPassword { target, password }).await;
    assert_eq!(desk.target().await.password, PasswordState::File);
    desk.stop().await;
}

#[tokio::test]
async fn a_stream_that_leaves_the_machine_in_clear_text_is_warned_of_once() {
    // Set aside for documents (RFC 5737): nobody has it.
    let there = BroadcastSettings {
        host: "192.0.2.1".into(),
        ..BroadcastSettings::default()
    };
    let mut desk = Desk::with(&Session::default());
    desk.set_target(&there).await;
    let warnings = |now: &Snapshot| -> Vec<_> {
        let notices = now.notices.iter().filter(|notice| notice.text.contains("clear text"));
        notices.map(|notice| (notice.severity, notice.text.clone())).collect()
    };
    assert_eq!(warnings(&desk.now().await), [], "it is not on its way");
    let sentence = "/live.mp3 at 192.0.2.1: the password and the audio go in clear text to 192.0.2.1; turn on TLS if the \
                    server has it";
    for _ in 0..2 {
        desk.ask(AudioCommand::GoLive { target: None }).await;
        desk.when("a warning", |now| !warnings(now).is_empty()).await;
        // Long enough for it to be said again.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let told = warnings(&desk.now().await);
        assert_eq!(told, [(Severity::Warning, sentence.to_owned())]);
        desk.ask(AudioCommand::GoOffAir { target: None }).await;
    }
    desk.stop().await;
}
