//! Decks through the station: what they play is heard to the frame, named, kept, and given back.

use std::path::Path;

use airdesk_station::api::{
    AudioCommand, BusName, DeckCommand, DeckPhase, DeckSettings, DeckState, ErrorCode, InputState, ItemSettings,
    LoopPart, RecordingFormat, RecordingSettings, Snapshot, Stems, StripSource,
};
use airdesk_station::session::{Session, SessionDeck, SessionItem, SessionStrip};
use airdesk_station::{HostChoice, StripId};

use crate::desk::{self, Desk};

/// A WAV file of numbered frames, from `first` on, as it is in a sample of 24 bits. Returns its path.
pub(crate) fn numbers(folder: &Path, name: &str, first: u32, frames: u32) -> String {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let path = folder.join(name);
    let mut wave = hound::WavWriter::create(&path, spec).expect("made");
    for frame in first..first + frames {
        wave.write_sample(frame as i32).expect("written");
        wave.write_sample(frame as i32).expect("written");
    }
    wave.finalize().expect("whole");
    path.to_string_lossy().into_owned()
}

/// A desk with one strip, a deck of these files, that records it before its fader.
fn desk_of(files: impl FnOnce(&Path) -> Vec<String>) -> Desk {
    let folder = desk::folder();
    let item = |path| SessionItem {
        path,
        settings: ItemSettings::default(),
    };
    let deck = SessionDeck {
        items: files(folder.path()).into_iter().map(item).collect(),
        ..SessionDeck::default()
    };
    let mut strip = SessionStrip::new("Deck", StripSource::Deck);
    strip.deck = Some(deck);
    let session = Session {
        strips: vec![strip],
        recorders: vec![RecordingSettings {
            folder: folder.path().join("takes").to_string_lossy().into_owned(),
            pattern: "{strip} {index}".into(),
            format: RecordingFormat::Pcm24,
            stems: Stems::BeforeFaders,
            ..RecordingSettings::default()
        }],
        ..Session::default()
    };
    Desk::start(folder, &session, HostChoice::none())
}

fn deck(now: &Snapshot) -> &DeckState {
    &now.decks[0]
}

fn phase(now: &Snapshot) -> DeckPhase {
    deck(now).position.phase
}

async fn tell(desk: &Desk, strip: StripId, command: DeckCommand) {
    desk.ask(AudioCommand::Deck { strip, command }).await;
}

/// The numbers of the frames that the deck's stem has, without the silence around them.
fn heard(desk: &Desk) -> Vec<i32> {
    let file = desk.folder.path().join("takes").join("Deck 01.wav");
    let mut wave = hound::WavReader::open(file).expect("recorded");
    let left: Vec<i32> = wave
        .samples::<i32>()
        .step_by(2)
        .map(|sample| sample.expect("a sample"))
        .collect();
    let first = left.iter().position(|sample| *sample != 0).expect("it is heard");
    let last = left.iter().rposition(|sample| *sample != 0).expect("it is heard");
    left[first..=last].to_vec()
}

#[tokio::test]
async fn a_playlist_is_heard_to_the_frame_and_names_what_is_on() {
    let mut desk = desk_of(|folder| {
        vec![
            numbers(folder, "Bonobo - Kiara.wav", 1_000, 100_000),
            numbers(folder, "Kerala.wav", 2_000_000, 50_000),
        ]
    });
    let strip = desk.first_strip().await;
    let now = desk
        .when("both are known", |now| {
            deck(now).items.iter().all(|item| item.seconds.is_some())
        })
        .await;
    assert_eq!(deck(&now).items[1].title, "Kerala");
    assert_eq!(now.strips[0].input, InputState::Ready);
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    tell(&desk, strip, DeckCommand::Play).await;
    let now = desk.when("the first", |now| phase(now) == DeckPhase::Playing).await;
    assert_eq!(deck(&now).position.item, Some(deck(&now).items[0].id));
    desk.when("its title", |now| now.title.title == "Bonobo - Kiara").await;
    desk.when("the other's", |now| now.title.title == "Kerala").await;
    desk.when("the end", |now| phase(now) == DeckPhase::Ended).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let expected: Vec<i32> = (1_000..101_000).chain(2_000_000..2_050_000).collect();
    assert!(heard(&desk) == expected, "every frame, in order, and none between");
    desk.stop().await;
}

#[tokio::test]
async fn a_loop_is_repeated_to_the_frame_and_a_seek_goes_where_it_says() {
    let mut desk = desk_of(|folder| vec![numbers(folder, "long.wav", 1_000, 960_000)]);
    let strip = desk.first_strip().await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    tell(&desk, strip, DeckCommand::Play).await;
    desk.when("it plays", |now| deck(now).position.seconds > 0.3).await;
    let part = Some(LoopPart { from: 1.0, to: 1.25 });
    tell(&desk, strip, DeckCommand::Loop { part }).await;
    desk.when("it repeats", |now| (1.0..1.25).contains(&deck(now).position.seconds))
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let now = desk.now().await;
    assert!((1.0..1.25).contains(&deck(&now).position.seconds));
    assert_eq!(deck(&now).position.part, part);
    tell(&desk, strip, DeckCommand::Loop { part: None }).await;
    tell(&desk, strip, DeckCommand::Seek { seconds: 19.5 }).await;
    desk.when("the end", |now| phase(now) == DeckPhase::Ended).await;
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    let heard = heard(&desk);
    let once: Vec<i32> = (1_000..61_000).collect();
    assert!(heard[..60_000] == once[..], "up to the end of the part");
    let again: Vec<i32> = (49_000..61_000).collect();
    assert!(
        heard[60_000..72_000] == again[..] && heard[72_000..84_000] == again[..],
        "and again"
    );
    let last: Vec<i32> = (938_000..961_000).collect();
    assert!(heard.ends_with(&last), "from there to the last frame");
    desk.stop().await;
}

#[tokio::test]
async fn what_cannot_be_played_is_told_and_passed_over() {
    let mut desk = desk_of(|folder| {
        let broken = folder.join("notes.mp3");
        std::fs::write(&broken, "no music at all\n".repeat(100)).expect("written");
        vec![
            broken.to_string_lossy().into_owned(),
            numbers(folder, "good.wav", 1_000, 20_000),
        ]
    });
    let strip = desk.first_strip().await;
    let now = desk.when("it is known", |now| deck(now).items[0].fault.is_some()).await;
    let fault = deck(&now).items[0].fault.clone().expect("told");
    assert!(fault.contains("notes.mp3"), "{fault}");
    tell(&desk, strip, DeckCommand::Play).await;
    let now = desk.when("the good one", |now| phase(now) == DeckPhase::Playing).await;
    assert_eq!(deck(&now).position.item, Some(deck(&now).items[1].id));
    desk.stop().await;
}

#[tokio::test]
async fn what_a_playlist_lists_is_added_in_its_place_and_what_is_no_file_is_told() {
    let mut desk = desk_of(|folder| vec![numbers(folder, "last.wav", 1, 1_000)]);
    let folder = desk.folder.path().to_owned();
    numbers(&folder, "first.wav", 1, 1_000);
    numbers(&folder, "second.wav", 1, 1_000);
    let playlist = folder.join("show.m3u");
    std::fs::write(&playlist, "#EXTM3U\nfirst.wav\nhttp://radio.example/live\nsecond.wav\n").expect("written");
    let strip = desk.first_strip().await;
    let before = Some(deck(&desk.now().await).items[0].id);
    let paths = vec![playlist.to_string_lossy().into_owned()];
    tell(&desk, strip, DeckCommand::Add { paths, before }).await;
    let now = desk.when("they are listed", |now| deck(now).items.len() == 3).await;
    let titles: Vec<&str> = deck(&now).items.iter().map(|item| item.title.as_str()).collect();
    assert_eq!(titles, ["first", "second", "last"]);
    assert!(
        now.notices.iter().any(|notice| notice.text.contains("1 of what")),
        "{:?}",
        now.notices
    );
    let paths = vec![folder.join("gone.pls").to_string_lossy().into_owned()];
    tell(&desk, strip, DeckCommand::Add { paths, before: None }).await;
    desk.when("it is told", |now| {
        now.notices
            .iter()
            .any(|notice| notice.text.contains("gone.pls cannot be read"))
    })
    .await;
    desk.stop().await;
}

#[tokio::test]
async fn playlist_settings_and_what_was_on_outlast_the_desk_and_an_undone_removal() {
    let desk = desk_of(|folder| {
        vec![
            numbers(folder, "a.wav", 1, 100_000),
            numbers(folder, "b.wav", 1, 100_000),
        ]
    });
    let strip = desk.first_strip().await;
    let items: Vec<_> = deck(&desk.now().await).items.iter().map(|item| item.id).collect();
    let settings = DeckSettings {
        crossfade: 2.5,
        repeat: true,
        ..DeckSettings::default()
    };
    tell(&desk, strip, DeckCommand::Set { settings }).await;
    let special = ItemSettings {
        stops: true,
        cue_in: 0.5,
        ..ItemSettings::default()
    };
    tell(
        &desk,
        strip,
        DeckCommand::SetItem {
            item: items[0],
            settings: special,
        },
    )
    .await;
    tell(
        &desk,
        strip,
        DeckCommand::Move {
            item: items[0],
            before: None,
        },
    )
    .await;
    tell(
        &desk,
        strip,
        DeckCommand::Load {
            item: items[0],
            play: false,
        },
    )
    .await;
    desk.when("it is on", |now| phase(now) == DeckPhase::Paused).await;
    let mut desk = desk.restart().await;
    let is_as_before = |now: &Snapshot| {
        let deck = deck(now);
        let names: Vec<&str> = deck.items.iter().map(|item| item.title.as_str()).collect();
        names == ["b", "a"]
            && deck.settings == settings
            && deck.items[1].settings == special
            && deck.position.item == Some(deck.items[1].id)
            && deck.position.seconds == 0.5
    };
    desk.when("the same deck", is_as_before).await;
    let strip = desk.first_strip().await;
    desk.ask(AudioCommand::RemoveStrip { strip }).await;
    assert_eq!(desk.now().await.decks, []);
    desk.ask(AudioCommand::Undo).await;
    let now = desk.now().await;
    assert_eq!(deck(&now).items.len(), 2);
    assert_eq!(deck(&now).settings, settings);
    desk.stop().await;
}

#[tokio::test]
async fn a_deck_goes_on_where_it_was_with_the_next_engine_and_does_not_say_that_it_plays_without_one() {
    let mut desk = desk_of(|folder| vec![numbers(folder, "long.wav", 1_000, 960_000)]);
    let strip = desk.first_strip().await;
    tell(&desk, strip, DeckCommand::Play).await;
    desk.when("it plays", |now| deck(now).position.seconds > 0.5).await;
    desk.handle.break_engine().await.expect("a station");
    let now = desk
        .when("the next engine", |now| {
            now.notices.iter().any(|notice| notice.text.contains("started again"))
        })
        .await;
    let before = deck(&now).position.seconds;
    assert!(before > 0.5, "{before} s: not from its beginning");
    desk.when("it plays on", |now| {
        phase(now) == DeckPhase::Playing && deck(now).position.seconds > before + 0.5
    })
    .await;
    assert!(desk.peak(BusName::Programme).await > 0.001, "it is heard");
    desk.handle.break_engine().await.expect("a station");
    let is_missing = |now: &Snapshot| matches!(now.strips[0].input, InputState::Missing { .. });
    desk.when("the engine is gone", is_missing).await;
    desk.when("it does not play", |now| phase(now) == DeckPhase::Paused)
        .await;
    let command = DeckCommand::Play;
    let (code, told) = desk.refused(AudioCommand::Deck { strip, command }).await;
    assert_eq!(code, ErrorCode::Unavailable, "{told}");
    desk.stop().await;
}

#[tokio::test]
async fn what_no_deck_can_do_is_refused_with_what_to_do() {
    let mut desk = desk_of(|folder| vec![numbers(folder, "a.wav", 1, 1_000)]);
    let strip = desk.first_strip().await;
    let items: Vec<_> = deck(&desk.now().await).items.iter().map(|item| item.id).collect();
    let far = DeckSettings {
        crossfade: 21.0,
        ..DeckSettings::default()
    };
    let add = |paths: Vec<String>| DeckCommand::Add { paths, before: None };
    let cases = [
        (add(vec!["music/a.mp3".into()]), "from the root"),
        (add(vec!["/a.mp3".into(); 10_001]), "10000 items at most"),
        (
            DeckCommand::Load {
                item: 99_999,
                play: true,
            },
            "no item 99999",
        ),
        (DeckCommand::Seek { seconds: -1.0 }, "no place in a file"),
        (DeckCommand::Seek { seconds: f64::NAN }, "no place in a file"),
        (
            DeckCommand::Loop {
                part: Some(LoopPart { from: 2.0, to: 2.0 }),
            },
            "10 ms at least",
        ),
        (DeckCommand::Set { settings: far }, "choose 0 to 20"),
        (
            DeckCommand::SetItem {
                item: items[0],
                settings: ItemSettings {
                    cue_in: 3.0,
                    cue_out: Some(2.0),
                    ..ItemSettings::default()
                },
            },
            "choose a later end",
        ),
        (DeckCommand::Remove { items: vec![7_777] }, "no item 7777"),
    ];
    for (command, wanted) in cases {
        let (code, told) = desk.refused(AudioCommand::Deck { strip, command }).await;
        assert_eq!(code, ErrorCode::Invalid, "{told}");
        assert!(told.contains(wanted), "{told}");
    }
    desk.ask(AudioCommand::SetSource {
        strip,
        source: StripSource::Silent,
    })
    .await;
    let (_, told) = desk
        .refused(AudioCommand::Deck {
            strip,
            command: DeckCommand::Play,
        })
        .await;
    assert!(told.contains("is no deck"), "{told}");
    desk.stop().await;
}

#[tokio::test]
async fn the_playlist_of_a_strip_that_plays_something_else_outlasts_the_desk() {
    let folder = desk::folder();
    let path = numbers(folder.path(), "Jingle.wav", 0, 48_000);
    let mut strip = SessionStrip::new("Music", StripSource::Silent);
    strip.deck = Some(SessionDeck {
        items: vec![SessionItem {
            path: path.clone(),
            settings: ItemSettings::default(),
        }],
        ..SessionDeck::default()
    });
    let session = Session {
        strips: vec![strip],
        ..Session::default()
    };
    let desk = Desk::start(folder, &session, HostChoice::none());
    assert!(desk.now().await.decks.is_empty());
    desk.fade(desk.first_strip().await, -3.0).await;
    let mut desk = desk.restart().await;
    let strip = desk.first_strip().await;
    let source = StripSource::Deck;
    desk.ask(AudioCommand::SetSource { strip, source }).await;
    let looked_up = |now: &Snapshot| now.decks[0].items.first().is_some_and(|item| item.seconds.is_some());
    let now = desk.when("its playlist", looked_up).await;
    assert_eq!(now.decks[0].items[0].path, path);
    desk.stop().await;
}

#[tokio::test]
async fn what_follows_the_item_that_is_on_follows_also_when_that_is_taken_off_the_playlist() {
    let mut desk = desk_of(|folder| {
        vec![
            numbers(folder, "a.wav", 1_000, 72_000),
            numbers(folder, "b.wav", 1_000, 9_000),
            numbers(folder, "c.wav", 1_000, 960_000),
        ]
    });
    let strip = desk.first_strip().await;
    let items: Vec<_> = deck(&desk.now().await).items.iter().map(|item| item.id).collect();
    tell(&desk, strip, DeckCommand::Play).await;
    desk.when("it plays", |now| phase(now) == DeckPhase::Playing).await;
    let both = |from: usize, to: usize| items[from..to].to_vec();
    tell(&desk, strip, DeckCommand::Remove { items: both(0, 1) }).await;
    tell(&desk, strip, DeckCommand::Remove { items: both(1, 2) }).await;
    desk.when("what is left", |now| {
        phase(now) == DeckPhase::Playing && deck(now).position.item == Some(items[2])
    })
    .await;
    desk.stop().await;
}

#[tokio::test]
async fn files_on_a_disk_that_comes_back_are_played_and_nobody_has_to_ask() {
    let mut desk = desk_of(|folder| {
        let disk = folder.join("disk");
        std::fs::create_dir(&disk).expect("made");
        let mut files = vec![numbers(folder, "here.wav", 1_000, 48_000)];
        files.extend(["b.wav", "c.wav"].map(|name| numbers(&disk, name, 1_000, 960_000)));
        std::fs::rename(&disk, folder.join("away")).expect("taken off");
        files
    });
    let strip = desk.first_strip().await;
    desk.when("they are missed", |now| {
        deck(now).items[1..].iter().all(|item| item.fault.is_some())
    })
    .await;
    tell(&desk, strip, DeckCommand::Play).await;
    desk.when("the end", |now| phase(now) == DeckPhase::Ended).await;
    let folder = desk.folder.path().to_owned();
    std::fs::rename(folder.join("away"), folder.join("disk")).expect("put back");
    desk.when("the disk", |now| {
        let back = &deck(now).items[1];
        phase(now) == DeckPhase::Playing && deck(now).position.item == Some(back.id) && back.fault.is_none()
    })
    .await;
    desk.stop().await;
}

#[tokio::test]
async fn play_behind_the_end_goes_on_with_what_was_added_since() {
    let mut desk = desk_of(|folder| vec![numbers(folder, "a.wav", 1_000, 24_000)]);
    let strip = desk.first_strip().await;
    tell(&desk, strip, DeckCommand::Play).await;
    desk.when("the end", |now| phase(now) == DeckPhase::Ended).await;
    let paths = vec![numbers(desk.folder.path(), "b.wav", 1_000, 960_000)];
    tell(&desk, strip, DeckCommand::Add { paths, before: None }).await;
    tell(&desk, strip, DeckCommand::Play).await;
    let now = desk.when("it plays", |now| phase(now) == DeckPhase::Playing).await;
    assert_eq!(deck(&now).position.item, Some(deck(&now).items[1].id));
    desk.stop().await;
}
