//! The listener mounts and HLS, as Prometheus reads them.

use airdesk_station::api::{HlsWriting, MountState, Snapshot};

use super::{labels, put_all};

/// What every mount counts, and what HLS has written.
pub(super) fn put(text: &mut String, desk: &Snapshot) {
    let mounts = &desk.listening.mounts;
    let mut put = |name: &str, kind: &str, help: &str, value: fn(&MountState) -> f64| {
        let values = mounts
            .iter()
            .map(|mount| (labels(&[("mount", &mount.path)]), value(mount)));
        put_all(text, name, kind, help, values);
    };
    put("mount_open", "gauge", "1 while listeners are let in.", |mount| {
        f64::from(u8::from(mount.open_seconds.is_some()))
    });
    put("mount_listeners", "gauge", "Listeners now.", |mount| {
        mount.listeners.into()
    });
    put(
        "mount_listeners_peak",
        "gauge",
        "The most listeners at once.",
        |mount| mount.peak.into(),
    );
    put(
        "mount_joins_total",
        "counter",
        "How often somebody has begun to listen.",
        |mount| mount.total as f64,
    );
    put(
        "mount_evicted_total",
        "counter",
        "Listeners who were sent away because they were too slow.",
        |mount| mount.evicted as f64,
    );
    put("mount_bytes_total", "counter", "Bytes handed to listeners.", |mount| {
        mount.bytes_sent as f64
    });
    let (writes, segments, lost) = match desk.hls.writing {
        HlsWriting::On {
            segments, seconds_lost, ..
        } => (1.0, segments as f64, seconds_lost),
        HlsWriting::Fault { seconds_lost, .. } => (0.0, 0.0, seconds_lost),
        HlsWriting::Off | HlsWriting::Starting => (0.0, 0.0, 0.0),
    };
    let folder = labels(&[("folder", &desk.hls.folder)]);
    for (name, help, value) in [
        ("hls", "1 while segments reach the folder.", writes),
        ("hls_segments", "Segments written since it was turned on.", segments),
        ("hls_lost_seconds", "Seconds of the programme missing from it.", lost),
    ] {
        put_all(text, name, "gauge", help, std::iter::once((folder.clone(), value)));
    }
}
