//! Dead air: the alarm, what stands in for the programme, and whose its fader is. With real audio.

use std::path::Path;
use std::time::{Duration, Instant};

use airdesk_station::api::{
    AudioCommand, BusName, DeadAirSettings, DeckCommand, DeckPhase, FallbackState, ItemSettings, RecordingFormat,
    RecordingSettings, SignalState, Snapshot, StripSource, TimelineKind, WatchSettings,
};
use airdesk_station::session::{Session, SessionDeck, SessionItem, SessionStrip};
use airdesk_station::{HostChoice, StripId};

use crate::decks;
use crate::desk::{self, Desk};
use crate::timeline::newest;

const WATCH: WatchSettings = WatchSettings {
    level_dbfs: -50.0,
    seconds: 1.0,
};

async fn stand_by(desk: &Desk, fallback: StripId) {
    desk.fade(fallback, -90.0).await;
    let settings = DeadAirSettings {
        on: true,
        watch: WATCH,
        fallback: Some(fallback),
        fallback_db: -6.0,
    };
    desk.ask(AudioCommand::SetDeadAir { settings }).await;
}

async fn silence(desk: &Desk, strip: StripId, silent: bool) {
    let source = if silent {
        StripSource::Silent
    } else {
        let material = airdesk_station::api::Material::Pad;
        StripSource::Material { material }
    };
    desk.ask(AudioCommand::SetSource { strip, source }).await;
}

#[tokio::test]
async fn a_deck_stands_in_with_its_playlist_and_waits_again_when_the_programme_is_back() {
    let folder = desk::folder();
    let path = decks::numbers(folder.path(), "Ident.wav", 2_000_000, 480_000);
    let mut deck = SessionStrip::new("Fallback", StripSource::Deck);
    deck.deck = Some(SessionDeck {
        items: vec![SessionItem {
            path,
            settings: ItemSettings::default(),
        }],
        ..SessionDeck::default()
    });
    let session = Session {
        strips: vec![desk::pad("Show"), deck],
        ..Session::default()
    };
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    silence(&desk, show, true).await;
    desk.when("it plays", |now| now.decks[0].position.phase == DeckPhase::Playing)
        .await;
    desk.when("its fader", |now| now.strips[1].controls.fader.db() == -6.0)
        .await;
    assert!(desk.peak(BusName::Programme).await > 0.03, "it is heard");
    silence(&desk, show, false).await;
    desk.when("it waits", |now| now.decks[0].position.phase == DeckPhase::Paused)
        .await;
    assert_eq!(desk.now().await.dead_air.fallback, FallbackState::Ready);
    desk.stop().await;
}

#[tokio::test]
async fn a_deck_that_stands_in_begins_again_at_its_end_and_says_once_that_it_has_nothing_to_play() {
    let folder = desk::folder();
    let path = decks::numbers(folder.path(), "Ident.wav", 2_000_000, 24_000);
    let mut deck = SessionStrip::new("Fallback", StripSource::Deck);
    deck.deck = Some(SessionDeck {
        items: vec![SessionItem {
            path,
            settings: ItemSettings::default(),
        }],
        ..SessionDeck::default()
    });
    let session = Session {
        strips: vec![desk::pad("Show"), deck],
        ..Session::default()
    };
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    silence(&desk, show, true).await;
    for _ in 0..3 {
        desk.when("it plays", |now| now.decks[0].position.phase == DeckPhase::Playing)
            .await;
        desk.when("its end", |now| now.decks[0].position.phase == DeckPhase::Ended)
            .await;
    }
    let item = desk.now().await.decks[0].items[0].id;
    let command = DeckCommand::Remove { items: vec![item] };
    desk.ask(AudioCommand::Deck {
        strip: fallback,
        command,
    })
    .await;
    let says = |now: &Snapshot| {
        let told = now.notices.iter().filter(|told| told.text.contains("nothing to play"));
        told.count()
    };
    desk.when("it says so", |now| says(now) == 1).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(says(&desk.now().await), 1, "once");
    desk.stop().await;
}

#[tokio::test]
async fn a_fallback_is_heard_while_the_programme_is_dead_and_goes_when_it_is_back() {
    let mut desk = Desk::with_pads(&["Show", "Fallback"]);
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    assert!(desk.peak(BusName::Programme).await > 0.05);
    silence(&desk, show, true).await;
    let began = Instant::now();
    let dead = desk
        .when("the fallback is in", |now| now.dead_air.fallback == FallbackState::In)
        .await;
    assert!(matches!(dead.dead_air.programme, SignalState::Dead { .. }), "an alarm");
    assert!(
        dead.notices
            .iter()
            .any(|notice| notice.text.contains("dead air: the programme"))
    );
    assert!(began.elapsed() > Duration::from_millis(900), "not before its time");
    // Within a second it is where it should be, and heard.
    desk.when("its fader", |now| now.strips[1].controls.fader.db() == -6.0)
        .await;
    assert!(desk.peak(BusName::Programme).await > 0.03, "it is heard");
    // What stands in is not what was set: the session has the fader where the operator left it.
    tokio::time::sleep(Duration::from_millis(600)).await;
    silence(&desk, show, false).await;
    let back = desk
        .when("the fallback is out", |now| now.strips[1].controls.fader.db() == -90.0)
        .await;
    assert_eq!(
        back.dead_air.programme,
        SignalState::Alive,
        "the alarm clears by itself"
    );
    assert_eq!(back.dead_air.fallback, FallbackState::Ready);
    assert!(desk.peak(BusName::Programme).await > 0.05, "the show is heard");
    let [came, went] = [TimelineKind::FallbackIn, TimelineKind::FallbackOut];
    let (came, went) = (newest(&desk, came).await, newest(&desk, went).await);
    assert_eq!(came.text, "strip Fallback stands in for the programme");
    assert_eq!(went.cause.as_deref(), Some("the programme is heard again"));
    assert!(came.number < went.number && went.seconds - came.seconds > 0.5);
    desk.stop().await;
}

/// The peak of every hundredth of a second of a recording in 32 bit.
fn peaks(file: &Path) -> Vec<f32> {
    let mut reader = hound::WavReader::open(file).expect("a recording");
    let samples: Vec<f32> = reader.samples().map(|sample| sample.expect("a sample")).collect();
    let peak = |run: &[f32]| run.iter().fold(0.0_f32, |most, sample| most.max(sample.abs()));
    samples.chunks(2 * 480).map(peak).collect()
}

#[tokio::test]
async fn a_recording_has_a_fallback_within_a_second_of_the_alarm() {
    let folder = desk::folder();
    let recorder = RecordingSettings {
        folder: folder.path().to_string_lossy().into_owned(),
        pattern: "show".into(),
        format: RecordingFormat::Float32,
        ..RecordingSettings::default()
    };
    let session = Session {
        strips: ["Show", "Fallback"].map(desk::pad).into(),
        recorders: vec![recorder],
        ..Session::default()
    };
    let mut desk = Desk::start(folder, &session, HostChoice::none());
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    desk.ask(AudioCommand::StartRecording { recorder: None }).await;
    assert!(desk.peak(BusName::Programme).await > 0.05);
    silence(&desk, show, true).await;
    desk.when("its fader", |now| now.strips[1].controls.fader.db() == -6.0)
        .await;
    assert!(desk.peak(BusName::Programme).await > 0.03, "it is heard");
    desk.ask(AudioCommand::StopRecording { recorder: None }).await;
    desk.stop().await;
    let peaks = peaks(&desk.folder.path().join("show.wav"));
    // The watch takes what is below -50 dBFS for silence, the fallback is heard from -30 dBFS on.
    let dead = peaks.windows(50).position(|run| run.iter().all(|peak| *peak < 0.003));
    let dead = dead.expect("it was dead");
    let lasted = peaks[dead..].iter().position(|peak| *peak > 0.03).expect("it is back");
    println!("dead for {} ms", lasted * 10);
    // A second until the alarm and one until it is in; half of one is room for a busy machine.
    assert!((90..=250).contains(&lasted), "{} ms", lasted * 10);
}

#[tokio::test]
async fn a_fader_that_is_touched_meanwhile_belongs_to_the_operator() {
    let mut desk = Desk::with_pads(&["Show", "Fallback"]);
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    silence(&desk, show, true).await;
    desk.when("the fallback is in", |now| now.strips[1].controls.fader.db() == -6.0)
        .await;
    desk.fade(fallback, -20.0).await;
    assert_eq!(desk.now().await.dead_air.fallback, FallbackState::Taken);
    let taken = newest(&desk, TimelineKind::FallbackOut).await;
    assert_eq!(taken.cause.as_deref(), Some("its fader or mute was set otherwise"));
    // It is the programme now: that is heard, and the alarm is over.
    let heard = desk
        .when("the programme is heard", |now| {
            now.dead_air.programme == SignalState::Alive
        })
        .await;
    assert_eq!(heard.strips[1].controls.fader.db(), -20.0);
    silence(&desk, show, false).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let after = desk.now().await;
    assert_eq!(after.strips[1].controls.fader.db(), -20.0, "nobody else has moved it");
    assert_eq!(after.dead_air.fallback, FallbackState::Ready);
    desk.stop().await;
}

#[tokio::test]
async fn undo_of_something_else_leaves_a_fallback_where_it_stands_in() {
    let desk = Desk::with_pads(&["Show", "Fallback"]);
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    silence(&desk, show, true).await;
    desk.when("the fallback is in", |now| now.strips[1].controls.fader.db() == -6.0)
        .await;
    desk.ask(AudioCommand::SetPan { strip: show, pan: 0.5 }).await;
    desk.ask(AudioCommand::Undo).await;
    let now = desk.now().await;
    assert_eq!(
        (now.strips[0].controls.pan.position(), now.strips[1].controls.fader.db()),
        (0.0, -6.0)
    );
    assert_eq!(now.dead_air.fallback, FallbackState::In);
    // A desk that is started anew has the fader where the operator left it.
    let mut next = desk.restart().await;
    assert_eq!(next.faders().await, [0.0, -90.0]);
    assert_eq!(next.now().await.dead_air.settings.fallback, Some(next.ids().await[1]));
    next.stop().await;
}

#[tokio::test]
async fn a_muted_fallback_stays_muted_and_the_desk_says_so() {
    let mut desk = Desk::with_pads(&["Show", "Fallback"]);
    let [show, fallback] = desk.ids().await[..] else {
        panic!("two strips")
    };
    stand_by(&desk, fallback).await;
    let mute = |on| AudioCommand::SetMute { strip: fallback, on };
    desk.ask(mute(true)).await;
    silence(&desk, show, true).await;
    let unable = FallbackState::Unable {
        reason: "Fallback is muted".into(),
    };
    desk.when("it cannot", |now| now.dead_air.fallback == unable).await;
    desk.ask(mute(false)).await;
    desk.when("it is in", |now| now.dead_air.fallback == FallbackState::In)
        .await;
    desk.stop().await;
}

#[tokio::test]
async fn a_strip_that_is_watched_dies_and_comes_back_before_its_fader() {
    let mut desk = Desk::with_pads(&["Show", "Line"]);
    let [_, line] = desk.ids().await[..] else {
        panic!("two strips")
    };
    desk.fade(line, -90.0).await;
    let watch = Some(WATCH);
    desk.ask(AudioCommand::SetStripWatch { strip: line, watch }).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let alive = desk.now().await.dead_air;
    assert_eq!(alive.strips[0].signal, SignalState::Alive, "its fader is no matter");
    silence(&desk, line, true).await;
    let is_dead = |signal: &SignalState| matches!(signal, SignalState::Dead { .. });
    let dead = desk
        .when("it is dead", |now| is_dead(&now.dead_air.strips[0].signal))
        .await;
    assert!(
        dead.notices
            .iter()
            .any(|notice| notice.text.contains("dead air: strip Line"))
    );
    assert_eq!(dead.dead_air.programme, SignalState::Unwatched);
    silence(&desk, line, false).await;
    desk.when("it is back", |now| now.dead_air.strips[0].signal == SignalState::Alive)
        .await;
    desk.ask(AudioCommand::RemoveStrip { strip: line }).await;
    assert!(desk.now().await.dead_air.strips.is_empty());
    desk.stop().await;
}
