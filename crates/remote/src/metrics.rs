//! Health for a supervisor, and figures for Prometheus.

use std::fmt::Write;

use airdesk_station::StationHandle;
use airdesk_station::api::{AirState, InputState, RecordingState, Snapshot};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// `GET /health`: 200 while the desk runs, 503 after it has stopped or its engine has broken for good.
pub(crate) async fn health(State(station): State<StationHandle>) -> Response {
    match station.snapshot().await {
        Ok(snapshot) => {
            let broken = snapshot.engine.broken;
            let status = serde_json::json!({
                "status": if broken { "broken" } else { "ok" },
                "version": snapshot.version,
                "onAir": matches!(snapshot.broadcast.air, AirState::Live { .. }),
                "recording": matches!(snapshot.recorder.recording, RecordingState::Recording { .. }),
            });
            let code = if broken {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::OK
            };
            (code, axum::Json(status)).into_response()
        }
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// `GET /metrics`: the Prometheus text format.
pub(crate) async fn metrics(State(station): State<StationHandle>) -> Response {
    match station.snapshot().await {
        Ok(snapshot) => (
            [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
            text(&snapshot),
        )
            .into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

fn text(desk: &Snapshot) -> String {
    let mut text = String::new();
    let mut put = |name: &str, kind: &str, help: &str, value: f64| {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "# HELP airdesk_{name} {help}\n# TYPE airdesk_{name} {kind}\nairdesk_{name} {value}"
        );
    };
    let flag = |on: bool| f64::from(u8::from(on));
    put(
        "mixed_seconds_total",
        "counter",
        "Seconds of programme mixed since start.",
        desk.engine.seconds,
    );
    put(
        "engine_load",
        "gauge",
        "Part of a block's time that mixing takes, mean of a second.",
        desk.engine.load.into(),
    );
    put(
        "engine_load_peak",
        "gauge",
        "The same of the worst block of a second.",
        desk.engine.load_peak.into(),
    );
    put(
        "blocks_late_total",
        "counter",
        "Blocks mixed too late for the main output.",
        desk.engine.blocks_late as f64,
    );
    put(
        "bad_samples_total",
        "counter",
        "Samples that were no number and were silenced.",
        desk.engine.bad_samples as f64,
    );
    put("strips", "gauge", "Strips on the desk.", desk.strips.len() as f64);
    let missing = desk
        .strips
        .iter()
        .filter(|strip| matches!(strip.input, InputState::Missing { .. }))
        .count();
    put(
        "strips_missing",
        "gauge",
        "Strips whose source is missing.",
        missing as f64,
    );
    let (recording, recorded, lost) = match desk.recorder.recording {
        RecordingState::Recording {
            seconds, frames_lost, ..
        } => (true, seconds, frames_lost),
        _ => (false, 0.0, 0),
    };
    put("recording", "gauge", "1 while bytes reach the disk.", flag(recording));
    put(
        "recorded_seconds",
        "gauge",
        "Length of the recording under way.",
        recorded,
    );
    put("recording_lost_frames", "gauge", "Frames missing from it.", lost as f64);
    let (live, sent, dropped, reconnects) = match desk.broadcast.air {
        AirState::Live {
            bytes_sent,
            seconds_dropped,
            reconnects,
            ..
        } => (true, bytes_sent, seconds_dropped, reconnects),
        _ => (false, 0, 0.0, 0),
    };
    put("on_air", "gauge", "1 while the server accepts the stream.", flag(live));
    put(
        "stream_bytes",
        "gauge",
        "Bytes the server has taken since it connected.",
        sent as f64,
    );
    put(
        "stream_dropped_seconds",
        "gauge",
        "Audio dropped because the line was too slow.",
        dropped.into(),
    );
    put(
        "stream_reconnects",
        "gauge",
        "How often the stream came back by itself.",
        reconnects.into(),
    );
    put(
        "listeners",
        "gauge",
        "Listeners of the desk's own mounts.",
        desk.listening.listeners.into(),
    );
    text
}
