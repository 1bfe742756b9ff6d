//! Speech from a server that makes it: asked for by HTTP as OpenAI's interface has it, and heard as it comes. One server after
//! the other is tried until one has begun to speak. Blocks; untrusted: what a server sends costs its own utterance.

use std::time::{Duration, Instant};

use airdesk_dsp::{Frame, SampleRate};

use super::address::Address;
use super::body::Body;
use super::connect::connect;
use super::decode::{Decoder, Heard};
use super::error::{Stage, TuneError};
use super::patience::Patience;
use super::reach::Reach;
use super::reply::Reply;
use super::sort::{Raw, Sort, by_beginning, is_page};
use super::text::one_line;
use super::tune::{Connection, answer};
use crate::decode::bare::Kind as Bare;
use crate::stream::format::{Encoding, Format};

/// Samples a second of what is sent without a header.
const PCM_RATE: u32 = 24_000;
/// What has to be there to tell one kind of sound from another.
const FIRST_BYTES: usize = 16;
/// What local servers are given as a key: they want one, and take any.
const NO_KEY: &str = "dummy-key-for-local";

/// How speech is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpeechFormat {
    /// Samples without a header: 16 bits, mono, 24 kHz.
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
    /// AAC (ADTS).
    Aac,
}

impl SpeechFormat {
    /// As servers are told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcm => "pcm",
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Aac => "aac",
        }
    }
}

/// What is asked of a server.
#[derive(Clone)]
pub struct SpeechRequest {
    /// JSON: what is to be said, by whom and how.
    pub body: String,
    /// How it is to be sent.
    pub format: SpeechFormat,
    /// A key for servers on the Internet. It is sent encrypted alone.
    pub key: Option<String>,
    /// How long a server may take.
    pub limits: SpeechLimits,
    /// Bytes that are taken at once.
    pub read_bytes: usize,
    /// Who asks, as servers are told.
    pub agent: String,
}

/// How long a server may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpeechLimits {
    /// To be found, to accept the connection, and to agree on encryption, each.
    pub connect: Duration,
    /// To begin its answer, and between two bytes of it.
    pub silence: Duration,
}

impl Default for SpeechLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(30),
        }
    }
}

/// Some speech as it has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// Frames a second.
    pub rate: SampleRate,
    /// The sound.
    pub frames: Vec<Frame>,
    /// What it was on its way, bytes.
    pub bytes: usize,
    /// Decoding it took so long, seconds.
    pub decoded_in: f64,
}

/// One server that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which, without anything secret.
    pub endpoint: String,
    /// Why it does not speak; none where it did.
    pub fault: Option<String>,
}

/// Why nothing, or not all, was said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpeechError {
    /// Nobody wants to hear it any more.
    #[error("it was stopped")]
    Stopped,
    /// The way to the server, or its answer.
    #[error(transparent)]
    Server(TuneError),
    /// It answers with something that is no sound.
    #[error("{host} answers with {kind} instead of speech; look after its base URL, which usually ends with /v1")]
    NoSpeech {
        /// Who.
        host: String,
        /// What.
        kind: String,
    },
    /// It says no.
    #[error("{host} answers {status} {reason}{advice}")]
    Refused {
        /// Who.
        host: String,
        /// Its number.
        status: u16,
        /// Its words.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// There is nothing in what it sends.
    #[error("{host} has sent no sound")]
    Empty {
        /// Who.
        host: String,
    },
    /// None is configured.
    #[error("no speech server is set; give one a base URL, such as http://127.0.0.1:8880/v1")]
    NoServer,
}

impl From<TuneError> for SpeechError {
    fn from(error: TuneError) -> Self {
        match error {
            TuneError::Stopped => Self::Stopped,
            error => Self::Server(error),
        }
    }
}

/// Asks one server after the other until one speaks; `hear` takes what it says, and says false to stop. Also returns who was asked.
/// `heard_from` is told when the first byte of speech has come.
pub fn ask(
    request: &SpeechRequest,
    bases: &[Address],
    patience: &Patience,
    heard_from: &mut dyn FnMut(&str),
    hear: &mut dyn FnMut(Spoken) -> bool,
) -> (Vec<Attempt>, Result<(), SpeechError>) {
    let mut attempts = Vec::new();
    let mut last = Err(SpeechError::NoServer);
    for base in bases {
        let mut spoke = false;
        let asked = one(request, base, patience, heard_from, &mut |spoken| {
            spoke = true;
            hear(spoken)
        });
        attempts.push(Attempt {
            endpoint: base.to_string(),
            fault: asked.as_ref().err().map(ToString::to_string),
        });
        let is_over = asked.is_ok() || spoke || matches!(asked, Err(SpeechError::Stopped));
        last = asked;
        if is_over {
            break;
        }
    }
    (attempts, last)
}

fn one(
    request: &SpeechRequest,
    base: &Address,
    patience: &Patience,
    heard_from: &mut dyn FnMut(&str),
    hear: &mut dyn FnMut(Spoken) -> bool,
) -> Result<(), SpeechError> {
    let address = Address {
        path: format!("{}/audio/speech", base.path.trim_end_matches('/')),
        ..base.clone()
    };
    let limits = request.limits;
    let (mut line, _) = connect(&address, Reach::default(), limits.connect, patience)?;
    let step = patience.step(&address.host, Stage::Answer, limits.silence);
    line.write_all(request.head(&address).as_bytes(), &step)?;
    line.write_all(request.body.as_bytes(), &step)?;
    let (reply, rest) = answer(&mut line, &address, &step)?;
    if reply.status != 200 {
        return Err(refusal(&address, &reply));
    }
    let host = address.to_string();
    if let Some(encoding) = reply.packing() {
        return Err(TuneError::Packed { host, encoding }.into());
    }
    let mut connection = Connection::new(line, Body::of(&reply), host, request.read_bytes);
    let mut bytes = connection.rest(&rest)?;
    let until = Instant::now() + limits.silence;
    while bytes.len() < FIRST_BYTES && !connection.is_over() {
        let left = until.saturating_duration_since(Instant::now());
        match connection.read(&mut bytes, left, patience) {
            Ok(()) => {}
            Err(TuneError::Over { .. } | TuneError::CutOff { .. }) if !bytes.is_empty() => break,
            Err(error) => return Err(error.into()),
        }
    }
    let sort = sort(request.format, &reply, &bytes).map_err(|kind| SpeechError::NoSpeech {
        host: address.to_string(),
        kind,
    })?;
    if !bytes.is_empty() {
        heard_from(&base.to_string());
    }
    listen(request, &mut connection, sort, bytes, patience, hear)
}

fn listen(
    request: &SpeechRequest,
    connection: &mut Connection,
    sort: Sort,
    mut bytes: Vec<u8>,
    patience: &Patience,
    hear: &mut dyn FnMut(Spoken) -> bool,
) -> Result<(), SpeechError> {
    let mut decoder = Decoder::new(sort);
    let mut spoke = false;
    // A server may just close the connection at the end of an answer whose length it has not given.
    let mut closed = connection.is_over();
    loop {
        let began = Instant::now();
        let mut heard = Heard::default();
        let decoded = decoder.feed(&bytes, closed, &mut heard);
        let decoded_in = began.elapsed().as_secs_f64();
        let all: usize = heard.pieces.iter().map(|(_, frames)| frames.len()).sum();
        for (rate, frames) in heard.pieces {
            let share = bytes.len() * frames.len() / all.max(1);
            spoke = true;
            let wanted = hear(Spoken {
                rate,
                frames,
                bytes: share,
                decoded_in,
            });
            if !wanted {
                return Err(SpeechError::Stopped);
            }
        }
        let more = decoded.map_err(|why| connection.undecodable(why))?;
        bytes.clear();
        if more {
            continue; // of what has come already
        }
        if closed {
            break;
        }
        match connection.read(&mut bytes, request.limits.silence, patience) {
            Ok(()) => closed = connection.is_over(),
            Err(TuneError::Over { .. }) if connection.may_end() => closed = true,
            Err(error) => return Err(error.into()),
        }
    }
    if spoke {
        return Ok(());
    }
    Err(SpeechError::Empty {
        host: connection.host().to_owned(),
    })
}

impl SpeechRequest {
    fn head(&self, address: &Address) -> String {
        let key = match &self.key {
            _ if is_local(address) => Some(NO_KEY),
            Some(key) if address.tls => Some(key.as_str()),
            _ => None,
        };
        let key = key
            .map(|key| format!("Authorization: Bearer {key}\r\n"))
            .unwrap_or_default();
        format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nAccept: application/octet-stream\r\n\
             Accept-Encoding: identity\r\nContent-Type: application/json\r\n{key}Content-Length: {}\r\n\
             Connection: close\r\n\r\n",
            address.path,
            address.host_line(),
            self.agent,
            self.body.len(),
        )
    }
}

/// On this machine: no key is worth anything there.
fn is_local(address: &Address) -> bool {
    let host = address.bare_host();
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// What an answer is, or what it is instead of speech.
fn sort(wanted: SpeechFormat, reply: &Reply, first: &[u8]) -> Result<Sort, String> {
    let kind = reply.kind();
    if kind == "text/html" || is_page(first) {
        return Err("a web page".into());
    }
    if kind == "application/json" || kind.starts_with("text/") {
        return Err(one_line(&kind));
    }
    if first.starts_with(b"fLaC") {
        return Ok(Sort::Flac);
    }
    // Samples may look like a frame of MP3 or AAC, and hardly like the four letters of a container.
    let found = by_beginning(first).map_err(str::to_owned)?;
    match (wanted, found) {
        (SpeechFormat::Pcm, Some(Sort::Ogg | Sort::Wave)) => Ok(found.unwrap_or(Sort::Ogg)),
        (SpeechFormat::Pcm, _) if first.starts_with(b"ID3") || kind == "audio/mpeg" => Ok(Sort::Frames(Bare::Mp3)),
        (SpeechFormat::Pcm, _) => pcm(reply),
        (_, Some(sort)) => Ok(sort),
        (SpeechFormat::Mp3, None) => Ok(Sort::Frames(Bare::Mp3)),
        (SpeechFormat::Aac, None) => Ok(Sort::Frames(Bare::Adts)),
        (_, None) if first.starts_with(b"ID3") => Ok(Sort::Frames(Bare::Mp3)),
        (wanted, None) => Err(format!("what is no {}", wanted.name())),
    }
}

fn pcm(reply: &Reply) -> Result<Sort, String> {
    let rate = reply.kind_number("rate").unwrap_or(PCM_RATE);
    let channels = reply.kind_number("channels").unwrap_or(1) as usize;
    let format = Format::new(Encoding::S16, channels, rate).map_err(|error| error.to_string())?;
    Ok(Sort::Raw(Raw {
        format,
        big_endian: false,
    }))
}

fn refusal(address: &Address, reply: &Reply) -> SpeechError {
    SpeechError::Refused {
        host: address.to_string(),
        status: reply.status,
        reason: one_line(&reply.reason),
        advice: match reply.status {
            401 | 403 => ": set its API key, or another one",
            404 | 405 => ": look after its base URL, which usually ends with /v1",
            300..=399 => ": it is somewhere else; set the base URL that it has now",
            400 | 422 => ": it does not know the voice, the model or the format",
            429 => ": it is asked too often, or its account is empty",
            500..=599 => ": it is broken or busy; look after the server",
            _ => "",
        },
    }
}
