//! The streams to servers, as Prometheus reads them: what the desk sends, what servers say of it, and what listeners hear. What
//! is not known is absent.

use airdesk_station::api::{AirState, ListenBackState, ServerStatistics, TargetState};

use super::{labels, put_all};

/// How each stream is going. Two targets may have one name, so each has its number, too.
pub(super) fn put(text: &mut String, targets: &[TargetState]) {
    let mut put = |name: &str, help: &str, value: fn(&TargetState) -> Option<f64>| {
        let values = targets.iter().filter_map(|target| {
            let (id, called) = (target.id.to_string(), target.settings.called());
            Some((labels(&[("target", &id), ("name", &called)]), value(target)?))
        });
        put_all(text, name, "gauge", help, values);
    };
    put("on_air", "1 while the server accepts the stream.", |target| {
        Some(f64::from(u8::from(matches!(target.air, AirState::Live { .. }))))
    });
    put(
        "stream_bytes",
        "Bytes the server has taken since it connected.",
        |target| match &target.air {
            AirState::Live { bytes_sent, .. } => Some(*bytes_sent as f64),
            _ => Some(0.0),
        },
    );
    put(
        "stream_dropped_seconds",
        "Audio dropped because the line was too slow.",
        |target| match &target.air {
            AirState::Live { seconds_dropped, .. } => Some((*seconds_dropped).into()),
            _ => Some(0.0),
        },
    );
    put(
        "stream_reconnects",
        "How often the stream came back by itself.",
        |target| match &target.air {
            AirState::Live { reconnects, .. } => Some((*reconnects).into()),
            _ => Some(0.0),
        },
    );
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
    put(
        "listeners_hear_stream",
        "1 while listeners hear what is sent, under its title; 0 while they do not.",
        |target| match target.listen_back.as_ref()? {
            ListenBackState::Heard { .. } => Some(1.0),
            heard => heard.alarm().map(|_| 0.0),
        },
    );
    put(
        "listeners_delay_seconds",
        "From the bus to the ear of a listener who plays at once.",
        |target| match target.listen_back.as_ref()? {
            ListenBackState::Heard { delay, .. } | ListenBackState::OldTitle { delay, .. } => Some((*delay).into()),
            _ => None,
        },
    );
    put(
        "listeners_loudness_lufs",
        "How loud listeners hear it, over 3 s.",
        |target| match target.listen_back.as_ref()? {
            ListenBackState::Heard { loudness, .. } | ListenBackState::OldTitle { loudness, .. } => {
                loudness.map(f64::from)
            }
            _ => None,
        },
    );
}

/// What the server says, while the stream is live.
fn told(target: &TargetState) -> Option<&ServerStatistics> {
    match &target.air {
        AirState::Live { statistics, .. } => statistics.as_ref(),
        _ => None,
    }
}
