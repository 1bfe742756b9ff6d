//! The broadcast delay: what a listener hears of the programme, and what not.

use std::time::Duration;

use airdesk_station::api::{AirDelayPhase, AirDelaySettings, AudioCommand, ErrorCode, Event};
use airdesk_station::session::Session;
use tokio::time::timeout;

use crate::desk::Desk;

fn delay(seconds: f32) -> AirDelaySettings {
    AirDelaySettings {
        seconds,
        stretch_percent: 10.0,
    }
}

#[tokio::test]
async fn a_delay_builds_up_is_told_and_can_be_dropped() {
    let desk = Desk::with_pads(&["Show"]);
    let mut events = desk.handle.events();
    let (code, _) = desk.refused(AudioCommand::Dump { seconds: None }).await;
    assert_eq!(code, ErrorCode::NotRunning, "nothing is held");
    let settings = delay(0.5);
    desk.ask(AudioCommand::SetAirDelay { settings }).await;
    let held = desk
        .when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
        .await
        .air_delay;
    assert!((0.5..0.54).contains(&held.held), "{held:?}");
    desk.ask(AudioCommand::Dump { seconds: Some(0.2) }).await;
    let dumped = desk.now().await;
    assert_eq!(dumped.air_delay.phase, AirDelayPhase::Building);
    assert!((dumped.air_delay.dumped - 0.2).abs() < 1e-3, "{:?}", dumped.air_delay);
    assert!(
        dumped
            .notices
            .iter()
            .any(|notice| notice.text.contains("0.2 s were dropped"))
    );
    let dump = dumped.air_delay.last_dump.expect("it is told");
    assert_eq!(dump.frames, 9_600);
    let joined = async {
        loop {
            if let Event::AirDelay(state) = events.recv().await.expect("a station")
                && let Some(at) = state.last_dump.and_then(|dump| dump.aired_at)
            {
                return at;
            }
        }
    };
    let aired_at = timeout(Duration::from_secs(5), joined).await.expect("it is joined");
    assert!(aired_at > 0);
    for (seconds, code) in [
        (0.0, ErrorCode::OutOfRange),
        (-1.0, ErrorCode::OutOfRange),
        (f32::NAN, ErrorCode::Invalid),
    ] {
        assert_eq!(
            desk.refused(AudioCommand::Dump { seconds: Some(seconds) }).await.0,
            code
        );
    }
    let settings = delay(30.5);
    assert_eq!(
        desk.refused(AudioCommand::SetAirDelay { settings }).await.0,
        ErrorCode::OutOfRange
    );
    let mut next = desk.restart().await;
    assert_eq!(next.now().await.air_delay.settings, delay(0.5), "the session has it");
    next.stop().await;
}

#[tokio::test]
async fn what_the_desk_airs_goes_on_when_the_engine_is_started_again() {
    let mut desk = Desk::with_pads(&["Show"]);
    let settings = delay(0.5);
    desk.ask(AudioCommand::SetAirDelay { settings }).await;
    desk.when("the delay", |now| now.air_delay.phase == AirDelayPhase::Held)
        .await;
    desk.handle.break_engine().await.expect("a station");
    desk.when("another engine", |now| !now.notices.is_empty()).await;
    let after = desk.now().await.air_delay;
    assert!(after.held >= 0.5, "what was held is held: {after:?}");
    desk.ask(AudioCommand::Dump { seconds: None }).await;
    desk.when("it builds up again", |now| now.air_delay.held > 0.1).await;
    desk.stop().await;
}

#[test]
fn a_session_with_a_delay_that_cannot_be_is_mended() {
    let folder = crate::desk::folder();
    let path = folder.path().join("session.toml");
    let session = |text: &str| {
        std::fs::write(&path, text).expect("a file");
        airdesk_station::session::read_mended(&path).expect("it is mended")
    };
    let (read, told) = session("rate = 48000\n[airDelay]\nseconds = 99.0\nstretchPercent = 5.0\n");
    assert_eq!(
        read.air_delay,
        AirDelaySettings {
            seconds: 0.0,
            stretch_percent: 5.0
        }
    );
    assert!(told.is_some_and(|told| told.contains("broadcast delay in s goes from 0 to 30, not 99")));
    let (read, told) = session("rate = 48000\n[deadAir]\non = true\nfallback = 3\n");
    assert_eq!((read.dead_air.on, read.dead_air.fallback), (true, None));
    assert!(told.is_some_and(|told| told.contains("there is no strip 3")));
    assert_eq!(read.rate, Session::default().rate);
}
