//! Health for a supervisor, and figures for Prometheus.

mod air;
mod mounts;
mod streams;
mod tuned;

use std::fmt::Write;

use airdesk_station::StationHandle;
use airdesk_station::api::{
    AirState, InputState, Loss, PlaybackState, RecorderState, RecordingState, Snapshot, StripSource,
};
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
                "onAir": snapshot.targets.iter().any(|target| matches!(target.air, AirState::Live { .. })),
                "recording": snapshot.recorders.iter().any(writes),
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
    let mut put = |name: &str, kind: &str, help: &str, value: f64| put_one(&mut text, name, kind, help, value);
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
    put(
        "listeners",
        "gauge",
        "Listeners of the desk's own mounts.",
        desk.listening.listeners.into(),
    );
    mounts::put(&mut text, desk);
    put_recorders(&mut text, &desk.recorders);
    streams::put(&mut text, &desk.targets);
    tuned::put(&mut text, &desk.streams, &desk.strips);
    air::put_delay(&mut text, &desk.air_delay);
    air::put_dead_air(&mut text, &desk.dead_air, &desk.strips);
    put_losses(&mut text, &desk.engine.losses);
    put_devices(&mut text, desk);
    text
}

/// Bytes reach the disk.
fn writes(recorder: &RecorderState) -> bool {
    matches!(recorder.recording, RecordingState::Recording { .. })
}

/// What every recorder does.
fn put_recorders(text: &mut String, recorders: &[RecorderState]) {
    let mut put = |name: &str, help: &str, value: fn(&RecorderState) -> f64| {
        let values = recorders.iter().map(|recorder| {
            let id = recorder.id.to_string();
            let labels = labels(&[("recorder", &id), ("name", &recorder.settings.name)]);
            (labels, value(recorder))
        });
        put_all(text, name, "gauge", help, values);
    };
    put("recording", "1 while bytes reach the disk.", |recorder| {
        f64::from(u8::from(writes(recorder)))
    });
    put(
        "recorded_seconds",
        "Length of the recording under way, or on its way to the disk.",
        |recorder| length(recorder).0,
    );
    put("recording_lost_frames", "Frames missing from it.", |recorder| {
        length(recorder).1 as f64
    });
}

/// Seconds recorded, and frames missing from them.
fn length(recorder: &RecorderState) -> (f64, u64) {
    match recorder.recording {
        RecordingState::Recording {
            seconds, frames_lost, ..
        }
        | RecordingState::Finishing {
            seconds, frames_lost, ..
        } => (seconds, frames_lost),
        RecordingState::Stalled {
            recorded, frames_lost, ..
        } => (recorded, frames_lost),
        RecordingState::Stopped { .. } | RecordingState::Starting | RecordingState::Failed { .. } => (0.0, 0),
    }
}

/// What was lost, by place.
fn put_losses(text: &mut String, losses: &[Loss]) {
    let lost = losses
        .iter()
        .map(|loss| (labels(&[("where", &loss.place)]), loss.seconds));
    put_all(
        text,
        "lost_seconds_total",
        "counter",
        "Seconds of audio lost since start.",
        lost,
    );
}

/// A device in use: its labels, and how its clock is followed.
struct InUse {
    labels: String,
    ppm: f32,
    error: f32,
    locked: bool,
    frames_lost: u64,
}

/// The devices that strips and outputs use now. Two strips may have one name, so each has its number, too.
fn put_devices(text: &mut String, desk: &Snapshot) {
    let inputs = desk.strips.iter().filter_map(|strip| {
        let StripSource::Device { device, .. } = &strip.source else {
            return None;
        };
        let InputState::Running {
            ppm,
            error,
            locked,
            frames_lost,
            frames_missing,
            ..
        } = strip.input
        else {
            return None;
        };
        let (strip, name, device) = (strip.id.to_string(), &strip.name, device.to_string());
        Some(InUse {
            labels: labels(&[("use", "input"), ("strip", &strip), ("name", name), ("device", &device)]),
            ppm,
            error,
            locked,
            frames_lost: frames_lost + frames_missing,
        })
    });
    let outputs = desk.outputs.iter().filter_map(|output| match &output.playback {
        PlaybackState::Playing {
            name,
            ppm,
            error,
            locked,
            frames_missing,
            ..
        } => Some(InUse {
            labels: labels(&[("use", "output"), ("name", output.output.word()), ("device", name)]),
            ppm: *ppm,
            error: *error,
            locked: *locked,
            frames_lost: *frames_missing,
        }),
        _ => None,
    });
    let devices: Vec<_> = inputs.chain(outputs).collect();
    let mut put = |name: &str, help: &str, value: fn(&InUse) -> f64| {
        let values = devices.iter().map(|device| (device.labels.clone(), value(device)));
        put_all(text, name, "gauge", help, values);
    };
    put(
        "device_clock_ppm",
        "The device's clock against the desk's, parts per million; the main output's against the machine's.",
        |device| device.ppm.into(),
    );
    put(
        "device_delay_error_seconds",
        "By how much the delay through its bridge is off; the main output's callbacks, the desk's clock.",
        |device| device.error.into(),
    );
    put(
        "device_locked",
        "1 while its clock is followed and the ratio hardly moves.",
        |device| f64::from(u8::from(device.locked)),
    );
    put(
        "device_lost_frames",
        "Frames lost or missing since it was opened.",
        |device| device.frames_lost as f64,
    );
}

/// One metric with one value.
fn put_one(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "# HELP airdesk_{name} {help}\n# TYPE airdesk_{name} {kind}\nairdesk_{name} {value}"
    );
}

/// One metric with a value for each set of labels; nothing while there is none.
fn put_all(text: &mut String, name: &str, kind: &str, help: &str, values: impl Iterator<Item = (String, f64)>) {
    for (n, (labels, value)) in values.enumerate() {
        if n == 0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP airdesk_{name} {help}\n# TYPE airdesk_{name} {kind}");
        }
        let _ = writeln!(text, "airdesk_{name}{{{labels}}} {value}"); // as above
    }
}

/// Labels as the format has them: `name="Mic",device="pipewire:mic"`.
fn labels(labels: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    labels.join(",")
}

#[cfg(test)]
mod tests {
    use airdesk_station::api::{
        ChannelPick, FallbackState, Resampling, ServerStatistics, SignalState, StreamPhase, StripWatch, TitleSeen,
        WatchSettings,
    };
    use airdesk_station::session::{Session, SessionFile, SessionStrip};
    use airdesk_station::{HostChoice, Station, StationOptions};

    use super::*;

    /// What a desk with this strip tells, and nothing runs.
    async fn desk(strip: SessionStrip) -> Snapshot {
        let folder = tempfile::tempdir().expect("a folder");
        let session = folder.path().join("session.toml");
        let strips = vec![strip];
        let begun = Session {
            strips,
            ..Session::default()
        };
        SessionFile::new(session.clone()).save(&begun).expect("a session");
        let station = Station::start(StationOptions {
            session,
            data: folder.path().to_owned(),
            key_store: false,
            hosts: HostChoice::none(),
            refuse_private: false,
        })
        .expect("a station");
        let handle = station.handle();
        let snapshot = handle.snapshot().await.expect("a snapshot");
        handle.stop().await.expect("the session is saved");
        snapshot
    }

    #[tokio::test]
    async fn every_device_in_use_is_measured_with_its_name() {
        let device = "pipewire:mic".parse().expect("an id");
        let mut desk = desk(SessionStrip::new(
            "The \"good\" one",
            StripSource::Device {
                device,
                channels: ChannelPick::Mono { channel: 0 },
                resampling: Resampling::default(),
                buffer: None,
            },
        ))
        .await;
        assert!(!text(&desk).contains("airdesk_device"), "it is not there");
        desk.strips[0].input = InputState::Running {
            latency: 0.01,
            ppm: -12.5,
            error: 0.25,
            locked: true,
            frames_lost: 3,
            frames_missing: 64,
        };
        let place = "recording Show".into();
        desk.engine.losses = vec![Loss { place, seconds: 1.5 }];
        let told = text(&desk);
        let id = desk.strips[0].id;
        let mic = format!(r#"{{use="input",strip="{id}",name="The \"good\" one",device="pipewire:mic"}}"#);
        for line in [
            "# TYPE airdesk_device_clock_ppm gauge".to_owned(),
            format!("airdesk_device_clock_ppm{mic} -12.5"),
            format!("airdesk_device_delay_error_seconds{mic} 0.25"),
            format!("airdesk_device_locked{mic} 1"),
            format!("airdesk_device_lost_frames{mic} 67"),
            r#"airdesk_lost_seconds_total{where="recording Show"} 1.5"#.to_owned(),
        ] {
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
    }

    #[tokio::test]
    async fn a_stream_tells_what_waits_and_what_its_server_counts_while_it_is_live() {
        let mut desk = desk(SessionStrip::new("Mic", StripSource::Silent)).await;
        assert!(!text(&desk).contains("airdesk_stream_waiting"), "it is off air");
        desk.targets[0].air = AirState::Live {
            seconds: 60.0,
            bytes_sent: 960_000,
            seconds_dropped: 0.0,
            reconnects: 0,
            title: TitleSeen::NotSet,
            statistics: Some(ServerStatistics {
                listeners: Some(12),
                listeners_peak: None,
                server: None,
                bit_rate: Some(128),
            }),
        };
        desk.targets[0].seconds_waiting = Some(4.5);
        let told = text(&desk);
        let target = format!(
            r#"{{target="{}",name="{}"}}"#,
            desk.targets[0].id,
            desk.targets[0].settings.called()
        );
        for line in [
            format!("airdesk_stream_waiting_seconds{target} 4.5"),
            format!("airdesk_stream_listeners{target} 12"),
            format!("airdesk_stream_server_kbit{target} 128"),
        ] {
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
        assert!(
            !told.contains("stream_listeners_peak"),
            "the server does not say: {told}"
        );
    }

    #[tokio::test]
    async fn a_strip_that_plays_an_address_tells_how_that_goes() {
        let url = "http://127.0.0.1:9/live.mp3?token=secret".into();
        let source = StripSource::Stream {
            url,
            raw: None,
            titles: false,
        };
        let mut desk = desk(SessionStrip::new("Relay", source)).await;
        let told = text(&desk);
        assert!(!told.contains("secret") && !told.contains("first_byte"), "{told}");
        let stream = &mut desk.streams[0];
        stream.phase = StreamPhase::Playing;
        (stream.buffered, stream.target, stream.drift_ppm) = (2.5, 0.25, -12.5);
        (stream.underruns, stream.reconnects, stream.spoilt) = (3, 4, 5);
        (stream.time_to_first_byte, stream.time_to_first_audio) = (Some(125.0), Some(250.0));
        let told = text(&desk);
        let labels = r#"{strip="Relay",url="127.0.0.1:9/live.mp3"}"#;
        for (name, kind, value) in [
            ("playing", "gauge", "1"),
            ("buffered_seconds", "gauge", "2.5"),
            ("target_seconds", "gauge", "0.25"),
            ("underruns_total", "counter", "3"),
            ("reconnects_total", "counter", "4"),
            ("spoilt_packets_total", "counter", "5"),
            ("drift_ppm", "gauge", "-12.5"),
            ("first_byte_seconds", "gauge", "0.125"),
            ("first_audio_seconds", "gauge", "0.25"),
        ] {
            for line in [
                format!("# TYPE airdesk_strip_stream_{name} {kind}"),
                format!("airdesk_strip_stream_{name}{labels} {value}"),
            ] {
                assert!(told.lines().any(|told| told == line), "{line}: {told}");
            }
        }
        desk.streams[0].phase = StreamPhase::Reconnecting;
        let line = format!("airdesk_strip_stream_playing{labels} 0");
        assert!(text(&desk).lines().any(|told| told == line));
    }

    #[tokio::test]
    async fn a_delay_and_dead_air_are_told_of_what_is_watched() {
        let mut desk = desk(SessionStrip::new("Mic", StripSource::Silent)).await;
        assert!(!text(&desk).contains("airdesk_dead_air"), "nothing is watched");
        desk.air_delay.held = 7.5;
        desk.air_delay.dumped = 2.0;
        desk.dead_air.programme = SignalState::Dead {
            since: "22:41:07".into(),
        };
        let strip = desk.strips[0].id;
        desk.dead_air.strips = vec![StripWatch {
            strip,
            settings: WatchSettings::default(),
            signal: SignalState::Alive,
        }];
        desk.dead_air.fallback = FallbackState::In;
        let told = text(&desk);
        for line in [
            "airdesk_air_delay_seconds 7.5".to_owned(),
            "airdesk_air_dumped_seconds_total 2".to_owned(),
            r#"airdesk_dead_air{signal="programme",name="Programme"} 1"#.to_owned(),
            format!(r#"airdesk_dead_air{{signal="strip",strip="{strip}",name="Mic"}} 0"#),
            "airdesk_fallback_in 1".to_owned(),
        ] {
            assert!(told.lines().any(|told| told == line), "{line}: {told}");
        }
    }

    #[tokio::test]
    async fn a_recording_that_stalls_or_is_finished_keeps_its_length() {
        let mut desk = desk(SessionStrip::new("Silent", StripSource::Silent)).await;
        let file = || "/a.wav".to_owned();
        for recording in [
            RecordingState::Stalled {
                file: file(),
                seconds: 2.0,
                recorded: 90.5,
                bytes: 26_064_068,
                frames_lost: 7,
                gaps_logged: true,
            },
            RecordingState::Finishing {
                file: file(),
                seconds: 90.5,
                bytes: 26_064_068,
                frames_lost: 7,
                gaps_logged: true,
            },
        ] {
            desk.recorders[0].recording = recording;
            let told = text(&desk);
            for line in [
                r#"airdesk_recording{recorder="1",name="Programme"} 0"#,
                r#"airdesk_recorded_seconds{recorder="1",name="Programme"} 90.5"#,
                r#"airdesk_recording_lost_frames{recorder="1",name="Programme"} 7"#,
            ] {
                assert!(told.lines().any(|told| told == line), "{line}: {told}");
            }
        }
    }
}
