//! What strips play from an address, as Prometheus reads it.

use airdesk_station::api::{StreamPhase, StreamState, StripState};

use super::{labels, put_all};

/// One value for each strip that is fed so.
pub(super) fn put(text: &mut String, streams: &[StreamState], strips: &[StripState]) {
    let name_of = |stream: &StreamState| {
        let strip = strips.iter().find(|strip| strip.id == stream.strip);
        strip.map_or_else(String::new, |strip| strip.name.clone())
    };
    let mut put = |name: &str, kind: &str, help: &str, value: fn(&StreamState) -> Option<f64>| {
        let values = streams.iter().filter_map(|stream| {
            let labels = labels(&[("strip", &name_of(stream)), ("url", &stream.url)]);
            value(stream).map(|value| (labels, value))
        });
        put_all(text, name, kind, help, values);
    };
    put(
        "strip_stream_playing",
        "gauge",
        "1 while a strip's stream is heard.",
        |stream| Some(f64::from(u8::from(stream.phase == StreamPhase::Playing))),
    );
    put("strip_stream_buffered_seconds", "gauge", "Buffered now.", |stream| {
        Some(stream.buffered.into())
    });
    put(
        "strip_stream_target_seconds",
        "gauge",
        "What should be buffered at least.",
        |stream| Some(stream.target.into()),
    );
    put("strip_stream_underruns_total", "counter", "Gaps.", |stream| {
        Some(stream.underruns as f64)
    });
    put(
        "strip_stream_reconnects_total",
        "counter",
        "How often it was looked for again.",
        |stream| Some(stream.reconnects as f64),
    );
    put(
        "strip_stream_spoilt_packets_total",
        "counter",
        "Packets that could not be decoded.",
        |stream| Some(stream.spoilt as f64),
    );
    put(
        "strip_stream_drift_ppm",
        "gauge",
        "Its clock against the desk's.",
        |stream| Some(stream.drift_ppm.into()),
    );
    put(
        "strip_stream_first_byte_seconds",
        "gauge",
        "From the last attempt to the first byte.",
        |stream| stream.time_to_first_byte.map(|time| f64::from(time) / 1_000.0),
    );
    put(
        "strip_stream_first_audio_seconds",
        "gauge",
        "From the last attempt to the first frame handed on to be heard.",
        |stream| stream.time_to_first_audio.map(|time| f64::from(time) / 1_000.0),
    );
}
