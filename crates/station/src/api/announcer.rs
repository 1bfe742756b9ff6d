//! The announcer as a host sets, tells and sees it: text that is spoken into a strip.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{Password, PasswordState};

/// Names an utterance for as long as the desk runs.
pub type UtteranceId = u32;

/// Who makes the voice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SpeechBackend {
    /// A server that is asked by HTTP, as OpenAI's interface has it.
    #[default]
    Http,
    /// A program on this machine that sends SPKR.
    Spkr,
}

/// How a server sends speech.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum SpeechFormat {
    /// Samples: 16 bits, mono, 24 kHz. What is heard soonest.
    #[default]
    Pcm,
    /// WAV.
    Wav,
    /// MP3.
    Mp3,
    /// Opus in Ogg.
    Opus,
    /// FLAC.
    Flac,
    /// AAC.
    Aac,
}

/// How the announcer speaks. Takes effect with the next utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AnnouncerSettings {
    /// Who makes the voice.
    pub backend: SpeechBackend,
    /// Servers, asked in this order until one speaks: 1 to 8 addresses that usually end with `/v1`.
    pub base_urls: Vec<String>,
    /// The socket of the program that sends SPKR: its whole path.
    pub socket: String,
    /// Who speaks, 1 to 100 letters.
    pub voice: String,
    /// What makes the voice, 1 to 100 letters.
    pub model: String,
    /// How fast, 0.25 to 4.
    pub speed: f32,
    /// How a server sends it.
    pub format: SpeechFormat,
    /// The strip that is spoken into, 1 to 40 characters. Put on the desk when it is first wanted, as one that makes music step back.
    pub strip: String,
    /// Silence behind each utterance, 0 to 5 s.
    pub trailing_silence: f32,
    /// What is buffered before it is heard, 20 to 2000 ms.
    pub buffer_ms: f32,
    /// What is taken ahead at most, seconds: the buffer at least, 10 at most.
    pub max_buffer: f32,
    /// Bytes that are taken of an answer at once, 256 to 65536.
    pub chunk_bytes: u32,
}

/// What the announcer is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum AnnouncerCommand {
    /// Say a text behind those that wait: 1 to 10,000 characters, 100 of them at most. Answered with [`super::Reply::Utterance`].
    Say {
        /// What.
        text: String,
        /// Another voice than the usual one.
        #[serde(default)]
        voice: Option<String>,
    },
    /// Say one no more, or not at all.
    Cancel {
        /// Which.
        utterance: UtteranceId,
    },
    /// Be silent, and forget what waits.
    CancelAll,
    /// Go on with the next.
    Skip,
    /// Say what is being said from its beginning.
    Back,
    /// Say again what was said, as it was.
    Replay {
        /// Which; the last ones where none is named.
        #[serde(default)]
        utterance: Option<UtteranceId>,
        /// How many of the last, 1 to 8; one where it is not said.
        #[serde(default)]
        last: Option<u32>,
    },
    /// Be silent within a block, and keep what is to be said.
    Pause,
    /// Go on.
    Resume,
    /// Set it.
    Set {
        /// All of it; what is not given gets its usual value.
        settings: Box<AnnouncerSettings>,
    },
    /// Keep the key of servers on the Internet. It is never shown again.
    SetKey {
        /// The secret; empty forgets it.
        #[ts(type = "string")]
        key: Password,
    },
}

/// The announcer, and what it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncerState {
    /// How it is set.
    pub settings: AnnouncerSettings,
    /// Where its key is; none where it was not needed yet.
    pub key: PasswordState,
    /// It is silent until it is told to go on.
    pub paused: bool,
    /// It was told to be silent, and has said nothing since.
    pub stopped: bool,
    /// What waits, in order.
    pub queue: Vec<Utterance>,
    /// What is being said.
    pub speaking: Option<Speaking>,
    /// What was said last, the newest first; eight at most.
    pub history: Vec<PastUtterance>,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Utterance {
    /// Its id.
    pub id: UtteranceId,
    /// What is said.
    pub text: String,
    /// Who says it.
    pub voice: String,
    /// It was said before.
    pub again: bool,
}

/// What is being said, and its figures as far as they are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Speaking {
    /// What.
    pub utterance: Utterance,
    /// Which server speaks; none while none does.
    pub endpoint: Option<String>,
    /// Some of it is heard.
    pub heard: bool,
    /// The strip.
    pub strip: String,
    /// Seconds that are buffered.
    pub buffered: f32,
}

/// How an utterance ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SpeechOutcome {
    /// It was heard to its end.
    Spoken,
    /// Somebody stopped it.
    Cancelled,
    /// Somebody went on to the next.
    Skipped,
    /// It could not be said, or not to its end.
    Failed {
        /// Why, and what to do.
        reason: String,
    },
}

/// A server that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SpeechAttempt {
    /// Which.
    pub endpoint: String,
    /// Why it does not speak; none where it did.
    pub fault: Option<String>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PastUtterance {
    /// What.
    pub utterance: Utterance,
    /// How it ended.
    pub outcome: SpeechOutcome,
    /// When, by the clock on the wall.
    pub time: String,
    /// Who was asked, in order.
    pub attempts: Vec<SpeechAttempt>,
    /// Seconds of speech that have come.
    pub seconds: f32,
    /// Seconds of it that can be replayed, 60 at most.
    pub kept: f32,
    /// From its turn to the first byte, ms.
    pub time_to_first_byte: Option<f32>,
    /// From its turn to the first frame that was given to be heard, ms.
    pub time_to_first_audio: Option<f32>,
    /// Gaps.
    pub underruns: u32,
    /// Bytes that have come.
    #[ts(type = "number")]
    pub bytes: u64,
}
