//! Streams: strips that play what is at an address.

use airdesk_engine::StripId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Samples without a header, as the operator says they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RawFormat {
    /// How one sample is written.
    pub encoding: RawEncoding,
    /// Samples of so many channels in turn, 1 to 8.
    pub channels: u8,
    /// Frames a second, 8000 to 192 000.
    pub rate: u32,
    /// The high byte of a sample comes first; the low one unless set.
    #[serde(default)]
    #[ts(as = "Option<bool>", optional)]
    pub big_endian: bool,
}

/// How one sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RawEncoding {
    /// Eight bits without a sign.
    U8,
    /// 16 bits.
    S16,
    /// 24 bits in three bytes.
    S24,
    /// 32 bits, a whole number.
    S32,
    /// 32 bits, a float.
    F32,
}

/// What a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StreamPhase {
    /// It is looked for.
    Connecting,
    /// It comes, and is not enough yet.
    Buffering,
    /// It is heard.
    Playing,
    /// It has run out while it comes.
    Rebuffering,
    /// It has broken off and is looked for again.
    Reconnecting,
    /// It cannot be heard, and is not looked for any more: only the operator can help.
    Failed,
    /// It was a file, and all of it was heard.
    Ended,
    /// Programs may play into the strip, and none does.
    Waiting,
    /// The program that plays into the strip has paused.
    Paused,
}

/// What is known of a strip's stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StreamState {
    /// The strip.
    #[ts(type = "number")]
    pub strip: StripId,
    /// Host and path of its address, without the query. Of a strip that programs play into: who played last.
    pub url: String,
    /// What it does.
    pub phase: StreamPhase,
    /// Why it is not heard.
    pub reason: Option<String>,
    /// What is on, as the stream says.
    pub title: Option<String>,
    /// What the station calls itself.
    pub station: Option<String>,
    /// What it is: MP3, AAC, Vorbis, Opus, FLAC, WAV or PCM.
    pub codec: Option<String>,
    /// As the server says or as it comes, kbit/s.
    pub kbits: Option<u32>,
    /// Buffered now, seconds.
    pub buffered: f32,
    /// What should be buffered at least, seconds: more after a gap.
    pub target: f32,
    /// Gaps since the strip has had this source.
    #[ts(type = "number")]
    pub underruns: u64,
    /// How often it was looked for again.
    #[ts(type = "number")]
    pub reconnects: u64,
    /// Packets that could not be decoded.
    #[ts(type = "number")]
    pub spoilt: u64,
    /// Its clock against the desk's, parts per million; positive is fast. 0 while it is not known.
    pub drift_ppm: f32,
    /// From the last attempt to the first byte of it, milliseconds.
    pub time_to_first_byte: Option<f32>,
    /// And to the first frame that was handed on to be heard.
    pub time_to_first_audio: Option<f32>,
}
