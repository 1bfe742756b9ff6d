//! The track library through the station: folders are scanned and found by words, and what decks sound is in the history.

use std::path::Path;
use std::time::Duration;

use airdesk_station::HostChoice;
use airdesk_station::api::{
    AudioCommand, DeckCommand, DeckPhase, ErrorCode, Event, ItemSettings, LibraryCommand, Play, Reply, ScanState,
    Snapshot, StripSource, Track,
};
use airdesk_station::session::{Session, SessionDeck, SessionItem, SessionStrip};
use tokio::sync::broadcast::Receiver;
use tokio::time::{sleep, timeout};

use crate::decks::numbers;
use crate::desk::{self, Desk};

fn tell(command: LibraryCommand) -> AudioCommand {
    AudioCommand::Library { command }
}

async fn search(desk: &Desk, words: &str) -> Vec<Track> {
    let (words, offset, limit) = (words.to_owned(), 0, 200);
    match desk.ask(AudioCommand::SearchTracks { words, offset, limit }).await {
        Reply::Tracks { tracks, .. } => tracks,
        other => panic!("{other:?}"),
    }
}

async fn plays(desk: &Desk) -> Vec<Play> {
    let (before, limit) = (None, 200);
    match desk.ask(AudioCommand::ReadPlays { before, limit }).await {
        Reply::Plays { plays, .. } => plays,
        other => panic!("{other:?}"),
    }
}

/// Waits until the library is made, as the scribe does at its own pace.
async fn made(desk: &Desk) {
    for _ in 0..400 {
        if desk.handle.tracks().open().is_ok() {
            return;
        }
        sleep(Duration::from_millis(25)).await;
    }
    panic!("there is no library");
}

/// What the next scan comes to, and what was told of it meanwhile.
async fn scanned(desk: &Desk) -> (Snapshot, Vec<Event>) {
    let events = desk.handle.events();
    desk.ask(tell(LibraryCommand::Scan)).await;
    let now = desk
        .when("the scan is over", |now| {
            now.library.scan == ScanState::Idle && now.library.last.is_some()
        })
        .await;
    (now, told(events).await)
}

async fn told(mut events: Receiver<Event>) -> Vec<Event> {
    let mut told = Vec::new();
    while let Ok(Ok(event)) = timeout(Duration::from_millis(50), events.recv()).await {
        told.push(event);
    }
    told
}

/// A desk with a deck of these files.
fn desk_of(files: impl FnOnce(&Path) -> Vec<String>) -> Desk {
    let folder = desk::folder();
    let item = |path| SessionItem {
        path,
        settings: ItemSettings::default(),
    };
    let mut strip = SessionStrip::new("Music", StripSource::Deck);
    strip.deck = Some(SessionDeck {
        items: files(folder.path()).into_iter().map(item).collect(),
        ..SessionDeck::default()
    });
    let session = Session {
        strips: vec![strip],
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

fn music(folder: &Path) -> String {
    let music = folder.join("music");
    std::fs::create_dir_all(&music).expect("made");
    music.to_string_lossy().into_owned()
}

#[tokio::test]
async fn a_folder_is_added_scanned_and_found_by_words_and_outlasts_the_desk() {
    let desk = desk_of(|_| Vec::new());
    let path = music(desk.folder.path());
    numbers(Path::new(&path), "Bonobo - Kiara.wav", 1, 48_000);
    numbers(Path::new(&path), "Kerala.wav", 1, 4_800);
    std::fs::write(Path::new(&path).join("notes.mp3"), "no music\n".repeat(500)).expect("written");
    desk.ask(tell(LibraryCommand::AddFolder { path: path.clone() })).await;
    let now = desk.now().await;
    assert_eq!(
        (now.library.folders.len(), &now.library.folders[0].path),
        (1, &path),
        "it is told with the answer"
    );
    let (now, told) = scanned(&desk).await;
    let last = now.library.last.expect("a summary");
    assert_eq!((last.added, last.unreadable, last.looked), (3, 1, 3));
    assert!(last.faults[0].contains("notes.mp3"), "{:?}", last.faults);
    let is_progress = |event: &Event| matches!(event, Event::Library(state) if state.scan != ScanState::Idle);
    assert!(told.iter().any(is_progress), "{told:?}");
    let now = desk.when("they are counted", |now| now.library.tracks == 3).await;
    assert_eq!(now.library.folders[0].tracks, 3);
    let found = search(&desk, "KIARA").await;
    assert_eq!(
        (found.len(), found[0].title.as_str(), found[0].seconds),
        (1, "Bonobo - Kiara", Some(1.0))
    );
    let track = desk.handle.track(found[0].id).await.expect("read").expect("there");
    assert_eq!(track, found[0]);

    let mut desk = desk.restart().await;
    desk.when("the folder is known", |now| now.library.folders.len() == 1)
        .await;
    assert_eq!(search(&desk, "").await.len(), 3);
    desk.ask(tell(LibraryCommand::RemoveFolder { path })).await;
    assert_eq!(desk.now().await.library.folders, []);
    assert_eq!(search(&desk, "").await, []);
    desk.stop().await;
}

#[tokio::test]
async fn a_scan_is_cancelled_at_once_and_the_next_finds_the_rest() {
    const FILES: usize = 5_000;
    let mut desk = desk_of(|_| Vec::new());
    made(&desk).await;
    let path = music(desk.folder.path());
    let one = numbers(desk.folder.path(), "one.wav", 1, 480);
    for n in 0..FILES {
        std::fs::hard_link(&one, Path::new(&path).join(format!("{n}.wav"))).expect("linked");
    }
    desk.ask(tell(LibraryCommand::AddFolder { path })).await;
    desk.ask(tell(LibraryCommand::Scan)).await;
    let (code, _) = desk.refused(tell(LibraryCommand::Scan)).await;
    assert_eq!(code, ErrorCode::AlreadyRunning);
    desk.ask(tell(LibraryCommand::CancelScan)).await;
    let now = desk.now().await;
    assert_eq!(now.library.scan, ScanState::Idle);
    assert!(now.library.last.is_some_and(|last| last.cancelled));
    desk.ask(tell(LibraryCommand::Scan)).await;
    let now = desk
        .when("the rest is found", |now| {
            now.library.last.as_ref().is_some_and(|last| !last.cancelled)
        })
        .await;
    let last = now.library.last.expect("a summary");
    assert_eq!(
        (last.looked as usize, last.unreadable, last.gone),
        (FILES, 0, 0),
        "{last:?}"
    );
    desk.when("all are counted", |now| now.library.tracks as usize == FILES)
        .await;
    desk.stop().await;
}

#[tokio::test]
async fn what_no_library_can_do_is_refused_with_what_to_do() {
    let mut desk = desk_of(|_| Vec::new());
    made(&desk).await;
    let path = music(desk.folder.path());
    desk.ask(tell(LibraryCommand::AddFolder { path: path.clone() })).await;
    for (command, wanted) in [
        (
            LibraryCommand::AddFolder { path: path.clone() },
            "in the library already",
        ),
        (LibraryCommand::AddFolder { path: "music".into() }, "from the root"),
        (
            LibraryCommand::AddFolder {
                path: format!("{path}/none"),
            },
            "is no folder",
        ),
        (
            LibraryCommand::RemoveFolder { path: "/none".into() },
            "no folder of the library",
        ),
    ] {
        let (code, told) = desk.refused(tell(command)).await;
        assert_eq!(code, ErrorCode::Invalid, "{told}");
        assert!(told.contains(wanted), "{told}");
    }
    let (code, told) = desk.refused(tell(LibraryCommand::CancelScan)).await;
    assert_eq!(code, ErrorCode::NotRunning, "{told}");
    let path = "music/a.wav".to_owned();
    let (_, told) = desk.refused(AudioCommand::ReadWaveform { path }).await;
    assert!(told.contains("from the root"), "{told}");
    let path = "/none/a.wav".to_owned();
    let (_, told) = desk.refused(AudioCommand::ReadWaveform { path }).await;
    assert!(told.contains("/none/a.wav cannot be opened"), "{told}");
    desk.stop().await;
}

#[tokio::test]
async fn what_a_deck_sounds_is_in_the_history_with_how_much_was_heard() {
    let desk = desk_of(|folder| {
        let music = music(folder);
        vec![
            numbers(Path::new(&music), "first.wav", 1, 72_000),
            numbers(Path::new(&music), "second.wav", 1, 960_000),
        ]
    });
    made(&desk).await;
    let strip = desk.first_strip().await;
    let path = music(desk.folder.path());
    desk.ask(tell(LibraryCommand::AddFolder { path })).await;
    scanned(&desk).await;
    assert_eq!(plays(&desk).await, [], "nothing was sounded yet");
    let deck = |command| AudioCommand::Deck { strip, command };
    desk.ask(deck(DeckCommand::Play)).await;
    desk.when("the second", |now| {
        let position = &now.decks[0].position;
        position.item == Some(now.decks[0].items[1].id) && position.seconds > 1.5
    })
    .await;
    // It is written while it is heard.
    let growing = plays(&desk).await;
    assert!(growing[0].seconds > 0.3, "{growing:?}");
    desk.ask(deck(DeckCommand::Pause)).await;
    desk.when("it is paused", |now| now.decks[0].position.phase == DeckPhase::Paused)
        .await;
    let heard = desk.now().await.decks[0].position.seconds;
    sleep(Duration::from_millis(600)).await;
    desk.ask(deck(DeckCommand::Seek { seconds: 15.0 })).await;
    desk.ask(deck(DeckCommand::Eject)).await;
    desk.when("it is off", |now| now.decks[0].position.phase == DeckPhase::Empty)
        .await;

    let mut desk = desk.restart().await;
    let plays = plays(&desk).await;
    let names: Vec<_> = plays
        .iter()
        .map(|play| (play.title.as_str(), play.strip.as_str()))
        .collect();
    assert_eq!(names, [("second", "Music"), ("first", "Music")]);
    let (second, first) = (plays[0].seconds, plays[1].seconds);
    assert!((first - 1.5).abs() < 0.3, "{first} s of 1.5");
    assert!(
        (second - heard).abs() < 0.4,
        "{second} s of {heard}, and nothing of what was jumped over"
    );
    let found = search(&desk, "second").await;
    assert_eq!(
        (found[0].plays, found[0].last_played.as_ref()),
        (1, Some(&plays[0].began))
    );
    assert_eq!(plays[0].track, Some(found[0].id));
    desk.stop().await;
}

#[tokio::test]
async fn a_waveform_is_asked_for_by_several_and_reckoned_for_all() {
    let mut desk = desk_of(|folder| vec![numbers(folder, "a.wav", 4_000_000, 48_000)]);
    let path = desk.now().await.decks[0].items[0].path.clone();
    let asked = (0..5).map(|_| desk.handle.ask(AudioCommand::ReadWaveform { path: path.clone() }));
    let mut seen = Vec::new();
    for answered in asked {
        match answered.await.expect("a station").heard().await {
            Ok(Reply::Waveform { waveform }) => seen.push(waveform),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(
        seen.iter()
            .all(|waveform| *waveform == seen[0] && waveform.peaks.len() == 2_048)
    );
    // 4 000 000 of 8 388 608.
    assert_eq!(seen[0].peaks[1], 61);
    desk.stop().await;
}
