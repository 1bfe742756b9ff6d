//! What clients send, and why it is refused. A refusal's text is fixed: nothing that a client has sent is ever sent back.

use serde_json::{Value, json};

use super::settings::{Asked, intensity, preset};

/// The longest message, bytes.
pub(super) const BYTES_MAX: usize = 64 * 1024;

/// How samples are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Transport {
    /// A text that says what they are, and a binary message.
    #[default]
    Binary,
    /// One text, with the samples in base64.
    Base64,
}

/// A track and where in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) track: u64,
    /// Seconds from its beginning.
    pub(super) seconds: f64,
    /// Whichever the connection has, unless it is said.
    pub(super) transport: Option<Transport>,
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Inbound {
    Ping,
    Pong,
    Heartbeat,
    PlayNormal(Place),
    PlayEnhanced { place: Place, asked: Asked, force: bool },
    Seek { place: Place, asked: Asked },
    Pause,
    Resume,
    Stop,
    BufferFull,
    BufferReady,
}

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    TooLarge,
    InvalidJson,
    Invalid,
    UnknownType,
    FrameType,
    Rate,
    TrackId,
    Preset,
    Position,
    JobId,
}

impl Refusal {
    fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "message_too_large",
            Self::InvalidJson => "invalid_json",
            Self::Invalid => "validation_error",
            Self::UnknownType => "unknown_message_type",
            Self::FrameType => "unsupported_frame_type",
            Self::Rate => "rate_limit_exceeded",
            Self::TrackId => "invalid_track_id",
            Self::Preset => "invalid_preset",
            Self::Position => "invalid_seek_position",
            Self::JobId => "invalid_job_id",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::TooLarge => "Message is larger than 64 KiB",
            Self::InvalidJson => "Message is not valid JSON",
            Self::Invalid => "Message must be an object with a known type",
            Self::UnknownType => "Message type is not one that clients send",
            Self::FrameType => "Only text messages are understood",
            Self::Rate => "Too many messages; send at most 10 a second",
            Self::TrackId => "track_id must be the number of a track, from 1",
            Self::Preset => "preset must be adaptive, gentle, warm, bright or punchy",
            Self::Position => "position must be a number of seconds, from 0",
            Self::JobId => "There is no such job",
        }
    }

    /// For the wire.
    pub(super) fn to_text(self) -> String {
        let now = jiff::Timestamp::now().to_string();
        json!({ "type": "error", "error": self.code(), "message": self.text(), "timestamp": now }).to_string()
    }
}

/// What the server sends: known, and nothing that it takes.
const OUTPUTS: [&str; 14] = [
    "audio_chunk",
    "audio_chunk_meta",
    "audio_stream_end",
    "audio_stream_error",
    "audio_stream_start",
    "enhancement_settings_changed",
    "error",
    "fingerprint_progress",
    "job_progress",
    "playback_paused",
    "playback_resumed",
    "playback_stopped",
    "player_state",
    "seek_started",
];

impl Inbound {
    /// It is no command and is always taken.
    pub(super) fn is_exempt(&self) -> bool {
        matches!(self, Self::Ping | Self::Pong | Self::Heartbeat)
    }

    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        let message: Value = serde_json::from_str(text).map_err(|_| Refusal::InvalidJson)?;
        let kind = message.get("type").and_then(Value::as_str).ok_or(Refusal::Invalid)?;
        let fields = Fields(&message);
        Ok(match kind {
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            "heartbeat" => Self::Heartbeat,
            "play_normal" => Self::PlayNormal(fields.place()?),
            "play_enhanced" => Self::PlayEnhanced {
                place: fields.place()?,
                asked: fields.asked(),
                force: fields.get("force") == Some(&Value::Bool(true)),
            },
            "seek" => {
                let place = fields.place()?;
                let position = fields.get("position").and_then(Value::as_f64);
                let seconds = position.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
                Self::Seek {
                    place: Place {
                        seconds: seconds.ok_or(Refusal::Position)?,
                        ..place
                    },
                    asked: fields.asked(),
                }
            }
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "stop" => Self::Stop,
            "buffer_full" => Self::BufferFull,
            "buffer_ready" => Self::BufferReady,
            // A desk has no jobs.
            "subscribe_job_progress" => return Err(Refusal::JobId),
            known if OUTPUTS.contains(&known) => return Err(Refusal::UnknownType),
            _ => return Err(Refusal::Invalid),
        })
    }
}

/// What a message says, under `data` or beside its type.
struct Fields<'a>(&'a Value);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        let within = self.0.get("data").and_then(|data| data.get(name));
        within.or_else(|| self.0.get(name)).filter(|value| !value.is_null())
    }

    fn place(&self) -> Result<Place, Refusal> {
        let track = self.get("track_id").and_then(Value::as_u64);
        let start = self.get("start_position").and_then(Value::as_f64);
        Ok(Place {
            track: track.filter(|track| *track > 0).ok_or(Refusal::TrackId)?,
            seconds: start.filter(|start| start.is_finite()).unwrap_or(0.0).max(0.0),
            transport: match self.get("transport").and_then(Value::as_str) {
                Some("base64") => Some(Transport::Base64),
                Some("binary") => Some(Transport::Binary),
                _ => None,
            },
        })
    }

    fn asked(&self) -> Asked {
        Asked {
            preset: self.get("preset").map(preset),
            intensity: self.get("intensity").map(intensity),
        }
    }
}

#[cfg(test)]
mod tests {
    use airdesk_station::delivery::Preset;

    use super::*;

    #[test]
    fn each_message_is_taken_or_refused_with_its_code_and_none_of_its_words() {
        let large = format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(BYTES_MAX - 22));
        let deep = format!(r#"{{"type":"ping","x":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        let table = [
            ("", "invalid_json"),
            ("evil", "invalid_json"),
            (r#"{"type":"ping"#, "invalid_json"),
            (&deep, "invalid_json"),
            ("[]", "validation_error"),
            ("7", "validation_error"),
            ("{}", "validation_error"),
            (r#"{"type":7}"#, "validation_error"),
            (r#"{"type":"evil"}"#, "validation_error"),
            (r#"{"type":"player_state"}"#, "unknown_message_type"),
            (r#"{"type":"subscribe_job_progress","job_id":"evil"}"#, "invalid_job_id"),
            (r#"{"type":"play_normal"}"#, "invalid_track_id"),
            (r#"{"type":"play_normal","data":{"track_id":0}}"#, "invalid_track_id"),
            (r#"{"type":"play_normal","data":{"track_id":-1}}"#, "invalid_track_id"),
            (r#"{"type":"play_normal","data":{"track_id":true}}"#, "invalid_track_id"),
            (
                r#"{"type":"play_normal","data":{"track_id":"evil"}}"#,
                "invalid_track_id",
            ),
            (r#"{"type":"play_normal","data":{"track_id":1.5}}"#, "invalid_track_id"),
            (r#"{"type":"seek","data":{"position":1}}"#, "invalid_track_id"),
            (r#"{"type":"seek","data":{"track_id":1}}"#, "invalid_seek_position"),
            (
                r#"{"type":"seek","data":{"track_id":1,"position":-1}}"#,
                "invalid_seek_position",
            ),
            (
                r#"{"type":"seek","data":{"track_id":1,"position":"1"}}"#,
                "invalid_seek_position",
            ),
        ];
        for (text, code) in table {
            let refusal = Inbound::read(text).expect_err(text);
            let answer = refusal.to_text();
            let answer: Value = serde_json::from_str(&answer).expect("JSON");
            assert_eq!(
                (answer["type"].as_str(), answer["error"].as_str()),
                (Some("error"), Some(code)),
                "{text}"
            );
            assert!(!answer.to_string().contains("evil"), "{answer}");
            assert!(
                answer["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')),
                "{answer}"
            );
        }
        assert_eq!(large.len(), BYTES_MAX);
        assert_eq!(Inbound::read(&large), Ok(Inbound::Ping), "as long as may be");
        assert_eq!(Inbound::read(&format!("{large} ")), Err(Refusal::TooLarge));
    }

    #[test]
    fn what_a_message_asks_for_is_found_under_data_or_beside_its_type() {
        let place = |seconds, transport| Place {
            track: 7,
            seconds,
            transport,
        };
        for (text, expected) in [
            (
                r#"{"type":"play_normal","data":{"track_id":7}}"#,
                Inbound::PlayNormal(place(0.0, None)),
            ),
            (
                r#"{"type":"play_normal","track_id":7,"start_position":2.5,"more":[1]}"#,
                Inbound::PlayNormal(place(2.5, None)),
            ),
            (
                r#"{"type":"play_normal","data":{"track_id":7,"start_position":"x","transport":"base64"}}"#,
                Inbound::PlayNormal(place(0.0, Some(Transport::Base64))),
            ),
            (
                r#"{"type":"play_enhanced","data":{"track_id":7,"preset":"Warm","intensity":true,"force":true}}"#,
                Inbound::PlayEnhanced {
                    place: place(0.0, None),
                    asked: Asked {
                        preset: Some(Some(Preset::Warm)),
                        intensity: Some(None),
                    },
                    force: true,
                },
            ),
            (
                r#"{"type":"seek","data":{"track_id":7,"position":3}}"#,
                Inbound::Seek {
                    place: place(3.0, None),
                    asked: Asked::default(),
                },
            ),
        ] {
            assert_eq!(Inbound::read(text), Ok(expected), "{text}");
        }
    }
}
