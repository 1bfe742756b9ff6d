//! What is measured of the buses: loudness and spectrum.

use std::time::Duration;

use airdesk_station::api::{AudioCommand, BusName, ErrorCode};
use tokio::time::{sleep, timeout};

use crate::desk::Desk;

#[tokio::test]
async fn the_programmes_loudness_is_always_measured_and_that_of_a_bus_on_demand() {
    let mut desk = Desk::with_pads(&["One"]);
    let loud = async {
        loop {
            let loudness = desk.now().await.loudness;
            if loudness
                .first()
                .is_some_and(|state| state.short_term.is_some() && state.seconds > 2.0)
            {
                return loudness;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let loudness = timeout(Duration::from_secs(20), loud).await.expect("it is measured");
    assert_eq!((loudness.len(), loudness[0].bus), (1, BusName::Programme));
    assert!(
        loudness[0].momentary.is_some_and(|lufs| (-60.0..0.0).contains(&lufs)),
        "{loudness:?}"
    );
    let bus = BusName::Programme;
    desk.ask(AudioCommand::ResetLoudness { bus }).await;
    assert!(desk.now().await.loudness[0].seconds < 1.0);
    let (code, message) = desk.refused(AudioCommand::MeasureLoudness { bus, on: false }).await;
    assert!(
        code == ErrorCode::Invalid && message.contains("always measured"),
        "{message}"
    );
    let bus = BusName::Aux1;
    desk.ask(AudioCommand::MeasureLoudness { bus, on: true }).await;
    assert_eq!(desk.now().await.loudness[1].bus, bus);
    desk.ask(AudioCommand::MeasureLoudness { bus, on: false }).await;
    assert_eq!(desk.now().await.loudness.len(), 1);
    assert_eq!(
        desk.refused(AudioCommand::ResetLoudness { bus }).await.0,
        ErrorCode::NotRunning
    );
    desk.stop().await;
}
