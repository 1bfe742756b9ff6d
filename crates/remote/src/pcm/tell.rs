//! What a stream tells its client, in the protocol's words.

use airdesk_station::delivery::Preset;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use super::message::Transport;
use super::outbox::Part;

/// Numbers in one message at the most, 300 KiB of them.
const FLOATS_MAX: usize = 76_800;

/// What is true of every message of a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Teller {
    pub(super) track: u64,
    pub(super) epoch: u64,
    /// With which preset and intensity; `None`: plain.
    pub(super) enhanced: Option<(Preset, f64)>,
    /// The client has asked for a place in it.
    pub(super) sought: bool,
    pub(super) transport: Transport,
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Completed,
    Stopped,
    Errored,
}

impl Teller {
    pub(super) fn kind(&self) -> &'static str {
        if self.enhanced.is_some() { "enhanced" } else { "normal" }
    }

    fn say(kind: &str, data: Value) -> Part {
        Part::Text(json!({ "type": kind, "data": data }).to_string())
    }

    /// `more` is what a seek has beside.
    pub(super) fn start(&self, mut data: Value, more: Option<Value>) -> Part {
        let (preset, intensity) = self
            .enhanced
            .map_or(("none", 1.0), |(preset, intensity)| (preset.name(), intensity));
        data["track_id"] = self.track.into();
        data["preset"] = preset.into();
        data["intensity"] = intensity.into();
        data["stream_type"] = self.kind().into();
        data["stream_epoch"] = self.epoch.into();
        if let (Some(Value::Object(more)), Some(data)) = (more, data.as_object_mut()) {
            data.extend(more);
        }
        Self::say("audio_stream_start", data)
    }

    pub(super) fn end(&self, frames: u64, rate: u64, end: End) -> Part {
        let reason = match end {
            End::Completed => "completed",
            End::Stopped => "stopped",
            End::Errored => "errored",
        };
        Self::say(
            "audio_stream_end",
            json!({
                "track_id": self.track,
                "total_samples": frames,
                "duration": frames as f64 / rate as f64,
                "stream_type": self.kind(),
                "stream_epoch": self.epoch,
                "reason": reason,
            }),
        )
    }

    /// `again` is the second of the track to go on from.
    pub(super) fn error(&self, text: &str, again: Option<f64>) -> Part {
        let code = if self.sought { "SEEK_ERROR" } else { "STREAMING_ERROR" };
        self.error_of(code, text, again)
    }

    pub(super) fn error_of(&self, code: &str, text: &str, again: Option<f64>) -> Part {
        let mut data = json!({
            "track_id": self.track,
            "error": text,
            "code": code,
            "stream_type": self.kind(),
        });
        if let Some(seconds) = again {
            data["recovery_position"] = seconds.into();
        }
        Self::say("audio_stream_error", data)
    }

    /// That the track's loudness is measured, or has been.
    pub(super) fn measuring(&self, status: &str, text: &str) -> Part {
        Self::say(
            "fingerprint_progress",
            json!({ "track_id": self.track, "status": status, "message": text, "stream_type": self.kind() }),
        )
    }

    /// A chunk in messages, with the number of the first.
    pub(super) fn frames(&self, chunk: Chunk, channels: usize, first: u64) -> Vec<Part> {
        let most = FLOATS_MAX / channels * channels * 4;
        let count = chunk.samples.len().div_ceil(most);
        let cut = |n: usize| chunk.samples.slice(n * most..chunk.samples.len().min((n + 1) * most));
        (0..count)
            .map(|n| {
                let samples = cut(n);
                let mut data = json!({
                    "seq": first + n as u64,
                    "track_id": self.track,
                    "stream_epoch": self.epoch,
                    "chunk_index": chunk.index,
                    "chunk_count": chunk.count,
                    "frame_index": n,
                    "frame_count": count,
                    "sample_count": samples.len() / 4,
                    "stream_type": self.kind(),
                });
                match self.transport {
                    Transport::Binary => Part::Frame {
                        about: json!({ "type": "audio_chunk_meta", "data": data }).to_string(),
                        samples,
                    },
                    Transport::Base64 => {
                        data["samples"] = STANDARD.encode(&samples).into();
                        data["crossfade_samples"] = 0.into();
                        Self::say("audio_chunk", data)
                    }
                }
            })
            .collect()
    }
}

/// A chunk as it is sent: 32-bit floats, little-endian, channels in turn.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) index: u64,
    /// Of the track.
    pub(super) count: u64,
    pub(super) samples: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(transport: Transport, floats: usize, channels: usize) -> Vec<(Value, usize)> {
        let teller = Teller {
            track: 1,
            epoch: 2,
            enhanced: None,
            sought: false,
            transport,
        };
        let chunk = Chunk {
            index: 3,
            count: 4,
            samples: vec![0; floats * 4].into(),
        };
        let parts = teller.frames(chunk, channels, 100);
        let size = |part: &Part| match part {
            Part::Frame { about, samples } => (serde_json::from_str(about).expect("JSON"), samples.len()),
            Part::Text(text) => {
                let message: Value = serde_json::from_str(text).expect("JSON");
                let samples = message["data"]["samples"].as_str().expect("samples");
                let length = STANDARD.decode(samples).expect("base64").len();
                (message, length)
            }
        };
        parts.iter().map(size).collect()
    }

    #[test]
    fn a_chunk_is_cut_at_76800_numbers_and_counted() {
        for transport in [Transport::Binary, Transport::Base64] {
            let parts = sizes(transport, 76_800 * 2 + 2, 2);
            assert_eq!(
                parts.iter().map(|part| part.1).collect::<Vec<_>>(),
                [307_200, 307_200, 8]
            );
            for (n, (message, bytes)) in parts.iter().enumerate() {
                let data = &message["data"];
                assert_eq!(data["seq"], 100 + n);
                assert_eq!((&data["frame_index"], &data["frame_count"]), (&n.into(), &3.into()));
                assert_eq!(data["sample_count"], bytes / 4);
            }
            assert!(sizes(transport, 0, 2).is_empty());
        }
    }
}
