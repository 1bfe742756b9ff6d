//! Strips that other programs play into: in turn, heard to the end, and told.

use airdesk_station::api::{AudioCommand, BusName, ErrorCode, Event, StreamPhase, StripSource};
use airdesk_station::programs::{Encoding, Format, Gone, PROGRAMS_STRIP, Pace, Thresholds, Told};
use airdesk_station::session::{Session, SessionStrip};

use crate::desk::Desk;

fn mono() -> Format {
    Format::new(Encoding::F32, 1, 48_000).expect("a format")
}

/// So many seconds of a tone that nobody misses.
fn tone(seconds: f32) -> Vec<u8> {
    let sample = |n: usize| 0.5 * (n as f32 * 0.13).sin();
    (0..(seconds * 48_000.0) as usize)
        .flat_map(|n| sample(n).to_le_bytes())
        .collect()
}

#[tokio::test]
async fn the_usual_strip_is_there_when_a_program_wants_it_and_what_it_sends_is_heard_to_its_end() {
    let mut desk = Desk::with(&Session::default());
    let inlet = desk.handle.programs(None).await.expect("a way in");
    let now = desk.when("the strip", |now| !now.strips.is_empty()).await;
    assert_eq!(
        (now.strips[0].name.as_str(), &now.strips[0].source),
        (PROGRAMS_STRIP, &StripSource::Programs)
    );
    desk.fade(inlet.strip(), 0.0).await;
    let again = desk
        .handle
        .programs(Some(PROGRAMS_STRIP.into()))
        .await
        .expect("a way in");
    assert_eq!(again.strip(), inlet.strip());

    let turn = inlet.turn("test, a program").await;
    assert!(again.turn_now("another").is_none(), "one at a time");
    let mut told = turn.told();
    turn.start(Thresholds::SPEECH, Pace::Ahead).expect("it plays");
    turn.declare(mono()).expect("it plays");
    turn.bytes(tone(1.0)).await.expect("it plays");
    let now = desk
        .when("it plays", |now| {
            now.streams
                .first()
                .is_some_and(|stream| stream.phase == StreamPhase::Playing)
        })
        .await;
    assert_eq!(now.streams[0].url, "test, a program");
    assert!(desk.peak(BusName::Programme).await > 0.1);
    // It goes away without a word.
    drop(turn);
    while told.recv().await.expect("it says so") != Told::Heard {}
    let frames = desk.now().await.streams[0].clone();
    assert_eq!(frames.underruns, 0, "{frames:?}");
    desk.when("it waits", |now| now.streams[0].phase == StreamPhase::Waiting)
        .await;
    // Another source: hosts are told that nothing plays there.
    let mut events = desk.handle.events();
    let (strip, source) = (inlet.strip(), StripSource::Silent);
    desk.ask(AudioCommand::SetSource { strip, source }).await;
    while events.recv().await.expect("it is told") != Event::StreamRemoved(strip) {}
    desk.stop().await;
}

#[tokio::test]
async fn programs_wait_for_their_turn_and_are_told_when_the_strip_is_gone() {
    let session = Session {
        strips: vec![
            SessionStrip::new("News", StripSource::Programs),
            SessionStrip::new("Music", StripSource::Silent),
        ],
        ..Session::default()
    };
    let mut desk = Desk::with(&session);
    let strip = desk.first_strip().await;
    for name in ["Music", "Nobody"] {
        let refused = desk.handle.programs(Some(name.into())).await.err().expect("refused");
        assert_eq!(refused.code, ErrorCode::NoSuchStrip);
        assert!(
            refused.message.contains(name) && refused.message.contains("News"),
            "{refused:?}"
        );
    }
    let inlet = desk.handle.programs(Some("News".into())).await.expect("a way in");
    let first = inlet.turn("first").await;
    first.start(Thresholds::SPEECH, Pace::Ahead).expect("it plays");
    first.declare(mono()).expect("it plays");
    let waiting = tokio::spawn({
        let inlet = inlet.clone();
        async move {
            let second = inlet.turn("second").await;
            second.start(Thresholds::SPEECH, Pace::Ahead).expect("it plays");
            second.declare(mono()).expect("it plays");
            // More than fits: it waits for room until the strip is gone.
            loop {
                if second.bytes(tone(1.0)).await == Err(Gone) {
                    return second.inlet().is_gone();
                }
            }
        }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(first);
    desk.when("the second's turn", |now| now.streams[0].url == "second")
        .await;
    desk.ask(AudioCommand::RemoveStrip { strip }).await;
    assert!(waiting.await.expect("no panic"));
    desk.stop().await;
}
