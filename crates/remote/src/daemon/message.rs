//! What programs say to the playback daemon. Protocol: `docs/programs.md`.
//!
//! What cannot be read, and what is of no known type, is ignored without a word, because that is what its programs rely on.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::base64::BadBase64;
use super::chunk::Chunk;
use super::lenient::{Number, Word, everything_else_is};

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    /// Audio, and what it is where that was said.
    Audio(Vec<u8>, Option<FormatSaid>),
    /// Audio whose base64 is broken.
    Broken(BadBase64),
    /// Something to do.
    Control(Action),
    /// How is it?
    Status,
    /// Is anybody there?
    Heartbeat,
    /// How did it go in time?
    Timing,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    Play,
    Pause,
    Resume,
    Stop,
    End,
    Configure(Params),
    /// One that there is none of: it is answered by the status, as all are.
    Unknown,
}

/// What audio is, as far as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct FormatSaid {
    /// Frames a second.
    pub(super) rate: Option<f64>,
    pub(super) channels: Option<f64>,
    /// Bits of a sample.
    pub(super) bits: Option<f64>,
}

/// What `configure` sets.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Params {
    pub(super) format: Option<FormatSaid>,
    /// Bytes.
    pub(super) buffer: Option<f64>,
    /// Which strip this program plays into from now on.
    pub(super) strip: Option<String>,
}

/// Reads one message; `None` for what is ignored.
pub(super) fn read(text: &str) -> Option<Said> {
    let Message { kind, data } = serde_json::from_str(text).ok()?;
    Some(match kind?.as_str() {
        "audio_chunk" => match data.chunk {
            Chunk::Bytes(bytes) => Said::Audio(bytes, data.format),
            Chunk::Broken(fault) => Said::Broken(fault),
            Chunk::None => return None,
        },
        "control" => {
            let (action, params) = match (data.action, data.nested) {
                (Some(action), _) => (action, data.params),
                (None, Some(nested)) => (nested.action?, nested.params),
                (None, None) => return None,
            };
            Said::Control(match action.as_str() {
                "play" => Action::Play,
                "pause" => Action::Pause,
                "resume" => Action::Resume,
                "stop" => Action::Stop,
                "end_stream" => Action::End,
                "configure" => Action::Configure(params.unwrap_or_default()),
                _ => Action::Unknown,
            })
        }
        "end_stream" => Said::Control(Action::End),
        "start" => Said::Control(Action::Play),
        "stop" => Said::Control(Action::Stop),
        "pause" => Said::Control(Action::Pause),
        "resume" => Said::Control(Action::Resume),
        "status" => Said::Status,
        "heartbeat" => Said::Heartbeat,
        "timing_analysis" => Said::Timing,
        _ => return None,
    })
}

#[derive(Default)]
struct Message {
    kind: Option<String>,
    data: Data,
}

/// What any of the types carries.
#[derive(Default)]
struct Data {
    chunk: Chunk,
    format: Option<FormatSaid>,
    action: Option<String>,
    params: Option<Params>,
    /// Some programs wrap the action once more.
    nested: Option<Box<Data>>,
}

/// Reads an object: the named fields, and all others to their end. What is no object is the default.
macro_rules! lenient_object {
    ($type:ty, $visitor:ident, |$object:ident, $map:ident| { $($name:literal => $read:expr),* $(,)? }) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($visitor)
            }
        }

        struct $visitor;

        impl<'de> Visitor<'de> for $visitor {
            type Value = $type;

            everything_else_is!(<$type>::default(); bool i64 u64 f64 str unit seq);

            fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$type, A::Error> {
                let mut $object = <$type>::default();
                while let Some(Word(name)) = $map.next_key()? {
                    match name.as_deref() {
                        $(Some($name) => $read,)*
                        _ => {
                            $map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok($object)
            }
        }
    };
}

lenient_object!(Message, MessageVisitor, |message, map| {
    "type" => message.kind = map.next_value::<Word>()?.0,
    "data" => message.data = map.next_value()?,
});

lenient_object!(Data, DataVisitor, |data, map| {
    "chunk" => data.chunk = map.next_value()?,
    "format" => data.format = map.next_value::<FormatSaid>()?.or_nothing(),
    "action" => data.action = map.next_value::<Word>()?.0,
    "params" => data.params = Some(map.next_value()?),
    "data" => data.nested = Some(Box::new(map.next_value()?)),
});

lenient_object!(FormatSaid, FormatVisitor, |format, map| {
    "sampleRate" => format.rate = map.next_value::<Number>()?.0,
    "channels" => format.channels = map.next_value::<Number>()?.0,
    "bitDepth" => format.bits = map.next_value::<Number>()?.0,
});

lenient_object!(Params, ParamsVisitor, |params, map| {
    "format" => params.format = map.next_value::<FormatSaid>()?.or_nothing(),
    "bufferSize" => params.buffer = map.next_value::<Number>()?.0,
    "strip" => params.strip = map.next_value::<Word>()?.0,
});

impl FormatSaid {
    /// `None` where nothing was said.
    fn or_nothing(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_the_protocol_is_read() {
        let format = FormatSaid {
            rate: Some(44_100.0),
            channels: Some(2.0),
            bits: Some(24.0),
        };
        for (text, said) in [
            (
                r#"{"type":"audio_chunk","timestamp":1,"data":{"chunk":"AQI=","format":{"format":"pcm","sampleRate":44100,"channels":2,"bitDepth":24,"bytesPerSample":3},"sequence":0}}"#,
                Said::Audio(vec![1, 2], Some(format)),
            ),
            (
                r#"{"data":{"chunk":{"0":1,"1":2},"format":null},"timestamp":0.5,"type":"audio_chunk"}"#,
                Said::Audio(vec![1, 2], None),
            ),
            (
                r#"{"type":"audio_chunk","data":{"chunk":"A*"}}"#,
                Said::Broken(BadBase64::Character { at: 1 }),
            ),
            (
                r#"{"type":"control","data":{"action":"play"}}"#,
                Said::Control(Action::Play),
            ),
            (
                r#"{"type":"control","data":{"action":"pause"}}"#,
                Said::Control(Action::Pause),
            ),
            (
                r#"{"type":"control","data":{"action":"resume"}}"#,
                Said::Control(Action::Resume),
            ),
            (
                r#"{"type":"control","data":{"action":"stop"}}"#,
                Said::Control(Action::Stop),
            ),
            (
                r#"{"type":"control","data":{"data":{"action":"end_stream"}}}"#,
                Said::Control(Action::End),
            ),
            (
                r#"{"type":"control","data":{"action":"ping"}}"#,
                Said::Control(Action::Unknown),
            ),
            (
                r#"{"type":"control","data":{"action":"configure","params":{"format":{"sampleRate":44100,"channels":2,"bitDepth":24},"bufferSize":524288,"strip":"News"}}}"#,
                Said::Control(Action::Configure(Params {
                    format: Some(format),
                    buffer: Some(524_288.0),
                    strip: Some("News".into()),
                })),
            ),
            (
                r#"{"type":"control","data":{"action":"configure"}}"#,
                Said::Control(Action::Configure(Params::default())),
            ),
            (r#"{"type":"end_stream","data":{}}"#, Said::Control(Action::End)),
            (r#"{"type":"end_stream"}"#, Said::Control(Action::End)),
            (r#"{"type":"start","data":{"x":1}}"#, Said::Control(Action::Play)),
            (r#"{"type":"stop"}"#, Said::Control(Action::Stop)),
            (r#"{"type":"pause","data":null}"#, Said::Control(Action::Pause)),
            (r#"{"type":"resume","data":7}"#, Said::Control(Action::Resume)),
            (r#"{"type":"status","id":"a"}"#, Said::Status),
            (r#"{"type":"heartbeat","timestamp":1}"#, Said::Heartbeat),
            (r#"{"type":"timing_analysis"}"#, Said::Timing),
        ] {
            assert_eq!(read(text), Some(said), "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_ignored() {
        let deep = format!(
            r#"{{"type":"dance","data":{}{}}}"#,
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        for text in [
            "",
            " ",
            "hello",
            "{",
            "[]",
            "7",
            "null",
            "{}",
            r#"{"type":7}"#,
            r#"{"type":"dance"}"#,
            r#"{"type":"audio_chunk"}"#,
            r#"{"type":"audio_chunk","data":"AQI="}"#,
            r#"{"type":"audio_chunk","data":{"chunk":[1,2]}}"#,
            r#"{"type":"audio_chunk","data":{"chunk":{"a":1}}}"#,
            r#"{"type":"control"}"#,
            r#"{"type":"control","data":{"action":7}}"#,
            r#"{"type":"control","data":{"data":{"data":{"action":"play"}}}}"#,
            r#"{"type":"flow_control","data":{"pause":true}}"#,
            deep.as_str(),
        ] {
            assert_eq!(read(text), None, "{}", &text[..text.len().min(80)]);
        }
    }

    #[test]
    fn fields_of_other_kinds_than_expected_are_as_if_they_were_not_there() {
        for format in [r#""pcm""#, "16", "[]", "{}", r#"{"sampleRate":"24000"}"#, "true"] {
            let text = format!(r#"{{"type":"audio_chunk","data":{{"chunk":"AQ","format":{format}}}}}"#);
            assert_eq!(read(&text), Some(Said::Audio(vec![1], None)), "{text}");
        }
        let text =
            r#"{"type":"control","data":{"action":"configure","params":{"format":"x","bufferSize":null,"strip":3}}}"#;
        assert_eq!(read(text), Some(Said::Control(Action::Configure(Params::default()))));
    }
}
