//! What waits for a slow line, and what servers say of their mounts, as Prometheus reads it. What is not known is absent.

use airdesk_station::api::{AirState, ServerStatistics, TargetState};

use super::{labels, put_all};

/// How far each stream is behind, and what its server counts.
pub(super) fn put(text: &mut String, targets: &[TargetState]) {
    let mut put = |name: &str, help: &str, value: fn(&TargetState) -> Option<f64>| {
        let values = targets.iter().filter_map(|target| {
            let (id, called) = (target.id.to_string(), target.settings.called());
            Some((labels(&[("target", &id), ("name", &called)]), value(target)?))
        });
        put_all(text, name, "gauge", help, values);
    };
    put(
        "stream_waiting_seconds",
        "Audio that the server has not acknowledged yet, to the half second.",
        |target| target.seconds_waiting.map(f64::from),
    );
    put(
        "stream_listeners",
        "Listeners now, as the server counts them, without the desk itself.",
        |target| told(target)?.listeners.map(f64::from),
    );
    put(
        "stream_listeners_peak",
        "The most listeners at once, as the server counts them.",
        |target| told(target)?.listeners_peak.map(f64::from),
    );
    put(
        "stream_server_kbit",
        "The bit rate that the server tells, kbit/s.",
        |target| told(target)?.bit_rate.map(f64::from),
    );
}

/// What the server says, while the stream is live.
fn told(target: &TargetState) -> Option<&ServerStatistics> {
    match &target.air {
        AirState::Live { statistics, .. } => statistics.as_ref(),
        _ => None,
    }
}
