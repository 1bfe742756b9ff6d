//! The broadcast delay and the dead-air watch, in figures.

use airdesk_station::api::{AirDelayState, DeadAirState, FallbackState, SignalState, StripState};

use super::{labels, put_all, put_one};

/// How late the air is, and what was never aired.
pub(super) fn put_delay(text: &mut String, delay: &AirDelayState) {
    let mut put = |name: &str, kind: &str, help: &str, value: f64| put_one(text, name, kind, help, value);
    put(
        "air_delay_seconds",
        "gauge",
        "By how much the air is later than the programme.",
        delay.held,
    );
    put(
        "air_delay_wanted_seconds",
        "gauge",
        "How long the broadcast delay is to be.",
        delay.settings.seconds.into(),
    );
    put(
        "air_dumped_seconds_total",
        "counter",
        "Seconds that were dropped and never aired.",
        delay.dumped,
    );
    put(
        "air_late_frames_total",
        "counter",
        "Frames of the programme that came too late for the delay: silent on air.",
        delay.frames_late as f64,
    );
}

/// What is watched, and whether it is dead. What is not watched is not told.
pub(super) fn put_dead_air(text: &mut String, watch: &DeadAirState, strips: &[StripState]) {
    let programme = (
        labels(&[("signal", "programme"), ("name", "Programme")]),
        &watch.programme,
    );
    let of_strips = watch.strips.iter().map(|watched| {
        let name = strips.iter().find(|strip| strip.id == watched.strip);
        let (id, name) = (watched.strip.to_string(), name.map_or("", |strip| &strip.name));
        (
            labels(&[("signal", "strip"), ("strip", &id), ("name", name)]),
            &watched.signal,
        )
    });
    let signals = std::iter::once(programme).chain(of_strips);
    let dead = signals.filter_map(|(labels, signal)| match signal {
        SignalState::Unwatched => None,
        SignalState::Alive => Some((labels, 0.0)),
        SignalState::Dead { .. } => Some((labels, 1.0)),
    });
    put_all(
        text,
        "dead_air",
        "gauge",
        "1 while it has been silent for too long.",
        dead,
    );
    let stands_in = matches!(watch.fallback, FallbackState::In | FallbackState::Taken);
    put_one(
        text,
        "fallback_in",
        "gauge",
        "1 while the fallback stands in for the programme.",
        f64::from(u8::from(stands_in)),
    );
}
