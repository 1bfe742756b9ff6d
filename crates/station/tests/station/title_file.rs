//! Titles from a text file that another program writes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use airdesk_station::api::{AudioCommand, ErrorCode, Severity, Snapshot, TimelineKind, TitleFileReading};
use airdesk_station::session::{self, Session};
use tokio::time::{sleep, timeout};

use crate::desk::Desk;
use crate::timeline::newest;

fn follow(path: &Path) -> AudioCommand {
    AudioCommand::SetTitleFile {
        path: path.to_string_lossy().into_owned(),
    }
}

fn by_hand(title: &str) -> AudioCommand {
    AudioCommand::SetTitle {
        title: title.into(),
        artist: String::new(),
        show: Some("Night".into()),
    }
}

fn names(title: &'static str, artist: &'static str) -> impl Fn(&Snapshot) -> bool {
    move |now| (now.title.title.as_str(), now.title.artist.as_str()) == (title, artist)
}

fn is_missing(now: &Snapshot) -> bool {
    matches!(now.title_file.reading, TitleFileReading::Missing { .. })
}

fn follows(line: &'static str) -> impl Fn(&Snapshot) -> bool {
    move |now| matches!(&now.title_file.reading, TitleFileReading::Followed { line: read } if read == line)
}

#[tokio::test]
async fn the_first_line_of_a_file_is_what_is_on_until_a_hand_says_otherwise_and_again_when_it_changes() {
    let mut desk = Desk::with(&Session::default());
    let path = desk.folder.path().join("now playing.txt");
    fs::write(&path, "\u{feff}Björk - Jóga\r\nfrom Homogenic\r\n").expect("written");
    desk.ask(by_hand("News")).await;
    desk.ask(follow(&path)).await;
    let now = desk.when("the file's title", names("Jóga", "Björk")).await;
    assert_eq!(now.title.show, "Night", "a file says nothing of the show");
    assert!(follows("Björk - Jóga")(&now), "{:?}", now.title_file);
    let noted = async {
        while newest(&desk, TimelineKind::Title).await.text != "title: Björk - Jóga" {
            sleep(Duration::from_millis(25)).await;
        }
    };
    timeout(Duration::from_secs(5), noted).await.expect("it is aired");

    desk.ask(by_hand("Traffic")).await;
    fs::write(&path, "Björk - Jóga\r\nwritten once more").expect("written");
    sleep(Duration::from_millis(2_500)).await; // so that it is read again
    assert!(names("Traffic", "")(&desk.now().await), "it says the same as before");
    fs::write(&path, "Weather").expect("written");
    desk.when("the next title", names("Weather", "")).await;
    desk.ask(follow(Path::new(""))).await;
    assert_eq!(desk.now().await.title_file.reading, TitleFileReading::Off);
    desk.stop().await;
}

#[tokio::test]
async fn a_file_that_is_gone_or_empty_is_told_once_and_changes_nothing() {
    let mut desk = Desk::with(&Session::default());
    let path = desk.folder.path().join("now.txt");
    let told = |now: &Snapshot| {
        let warnings = now.notices.iter().filter(|notice| notice.severity == Severity::Warning);
        warnings.filter(|notice| notice.text.contains("now.txt")).count()
    };
    desk.ask(follow(&path)).await;
    let now = desk.when("that there is none", is_missing).await;
    assert_eq!(told(&now), 1);
    fs::write(&path, "Ada - Waltz").expect("written");
    desk.when("its title", names("Waltz", "Ada")).await;
    fs::write(&path, "").expect("emptied");
    desk.when("that it is empty", is_missing).await;
    fs::remove_file(&path).expect("removed");
    let reason = "there is no such file";
    let gone =
        |now: &Snapshot| matches!(&now.title_file.reading, TitleFileReading::Missing { reason: why } if why == reason);
    let now = desk.when("that it is gone", gone).await;
    assert!(names("Waltz", "Ada")(&now));
    assert_eq!(told(&now), 2, "once each time: {:?}", now.notices);
    let (code, message) = desk.refused(follow(Path::new("now.txt"))).await;
    assert_eq!(code, ErrorCode::Invalid);
    assert!(message.contains("from the root"), "{message}");
    assert_eq!(desk.now().await.title_file.path, path.to_string_lossy());
    desk.stop().await;
}

#[tokio::test]
async fn a_desk_that_is_started_again_goes_on_with_the_file_and_leaves_a_title_set_by_hand() {
    let desk = Desk::with(&Session::default());
    let path = desk.folder.path().join("now.txt");
    fs::write(&path, "Ada - Waltz").expect("written");
    desk.ask(follow(&path)).await;
    desk.when("its title", names("Waltz", "Ada")).await;
    desk.ask(by_hand("News")).await;
    let mut desk = desk.restart().await;
    let saved = session::read(&desk.session_file()).expect("a session");
    assert_eq!(saved.title_file.taken, "Ada - Waltz");
    let now = desk.when("the file", follows("Ada - Waltz")).await;
    assert!(names("News", "")(&now), "it says what it said before");
    fs::write(&path, "Polka").expect("written");
    desk.when("the next title", names("Polka", "")).await;
    desk.stop().await;
}
