//! The announcer: texts that are spoken into a strip, one after the other, by a server or a program that makes the voice.
//!
//! The station keeps the queue and what was said last; each utterance has a worker of its own. A program drives it by commands as the
//! operator does.

mod settings;
mod take;
mod telling;
mod worker;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use airdesk_outputs::icecast::Secret;
use airdesk_sources::stream::machine::Thresholds;
use airdesk_sources::tuner::speech::{self, SpeechLimits, SpeechRequest};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use crate::api::{
    AnnouncerSettings, AnnouncerState, CommandError, ErrorCode, PasswordState, PastUtterance, Speaking, SpeechBackend,
    SpeechFormat, Utterance, UtteranceId,
};
use crate::programs::ProgramInlet;
use crate::recording::Answer;
use crate::secrets::Secrets;
use crate::station::Internal;

pub(crate) use settings::check;
use take::Take;
pub(crate) use worker::AnnouncerNews;
use worker::{Control, Cut, Source};

/// Characters of a text.
const TEXT_LETTERS_MAX: usize = 10_000;
/// Texts that wait.
const QUEUE_MAX: usize = 100;
/// Utterances that are kept to be said again.
const HISTORY_MAX: usize = 8;
/// What the key of servers on the Internet is filed under.
const ACCOUNT: &str = "speech-api-key";
/// Where the environment may have it.
const KEY_VARIABLES: [&str; 2] = ["AIRDESK_SPEECH_API_KEY", "OPENAI_API_KEY"];
/// Below this it is short of audio, seconds.
const MINIMUM: f64 = 0.020;

/// What is known of the key.
pub(crate) struct KeyFound {
    key: Option<Secret>,
    state: PasswordState,
    fault: Option<CommandError>,
    answer: Option<Answer>,
}

/// What waits to be said.
struct Waiting {
    utterance: Utterance,
    /// It was said before.
    take: Option<Arc<Take>>,
}

/// What is being said.
struct Now {
    utterance: Utterance,
    strip: String,
    inlet: ProgramInlet,
    endpoint: Option<String>,
    control: watch::Sender<Control>,
    /// Its beginning is not kept any more.
    forgotten: Arc<AtomicBool>,
}

/// What was said.
struct Past {
    told: PastUtterance,
    take: Arc<Take>,
}

/// The station's announcer.
pub(crate) struct Announcer {
    settings: AnnouncerSettings,
    /// Somebody has set it; else the environment has, or nobody.
    is_set: bool,
    key: Option<(Option<Secret>, PasswordState)>,
    key_asked: bool,
    paused: bool,
    stopped: bool,
    queue: VecDeque<Waiting>,
    now: Option<Now>,
    history: VecDeque<Past>,
    next_id: UtteranceId,
    secrets: Secrets,
    internal: mpsc::UnboundedSender<Internal>,
}

impl Announcer {
    pub(crate) fn new(
        set: Option<AnnouncerSettings>,
        secrets: Secrets,
        internal: mpsc::UnboundedSender<Internal>,
    ) -> Self {
        Self {
            is_set: set.is_some(),
            settings: set.unwrap_or_default(),
            key: None,
            key_asked: false,
            paused: false,
            stopped: false,
            queue: VecDeque::new(),
            now: None,
            history: VecDeque::new(),
            next_id: 1,
            secrets,
            internal,
        }
    }

    /// As a session keeps it.
    pub(crate) fn session(&self) -> Option<AnnouncerSettings> {
        self.is_set.then(|| self.settings.clone())
    }

    pub(crate) fn state(&self) -> AnnouncerState {
        AnnouncerState {
            settings: self.settings.clone(),
            key: self.key.as_ref().map_or(PasswordState::None, |(_, state)| *state),
            paused: self.paused,
            stopped: self.stopped,
            queue: self.queue.iter().map(|waiting| waiting.utterance.clone()).collect(),
            speaking: self.now.as_ref().map(|now| {
                let status = now.inlet.status();
                Speaking {
                    utterance: now.utterance.clone(),
                    endpoint: now.endpoint.clone(),
                    heard: now.endpoint.is_some() && status.metrics.first_audio.is_some(),
                    strip: now.strip.clone(),
                    buffered: status.metrics.buffered as f32,
                }
            }),
            history: self.history.iter().map(|past| past.told.clone()).collect(),
        }
    }

    fn push(&mut self, text: String, voice: String, take: Option<Arc<Take>>) -> Result<UtteranceId, CommandError> {
        if self.queue.len() >= QUEUE_MAX {
            return Err(CommandError {
                code: ErrorCode::OutOfRange,
                message: format!("{QUEUE_MAX} texts wait to be said, and no more can; wait, or cancel some"),
            });
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.stopped = false;
        self.queue.push_back(Waiting {
            utterance: Utterance {
                id,
                text,
                voice,
                again: take.is_some(),
            },
            take,
        });
        Ok(id)
    }

    fn say(&mut self, text: &str, voice: Option<String>) -> Result<UtteranceId, CommandError> {
        let text = text.trim();
        let letters = text.chars().count();
        if letters == 0 || letters > TEXT_LETTERS_MAX {
            return Err(CommandError {
                code: ErrorCode::OutOfRange,
                message: format!("a text of {letters} characters cannot be said; give 1 to {TEXT_LETTERS_MAX}"),
            });
        }
        let voice = match voice {
            None => self.settings.voice.clone(),
            Some(voice) => {
                check(AnnouncerSettings {
                    voice,
                    ..self.settings.clone()
                })?
                .voice
            }
        };
        self.push(text.to_owned(), voice, None)
    }

    fn replay(&mut self, utterance: Option<UtteranceId>, last: Option<u32>) -> Result<(), CommandError> {
        let last = last.unwrap_or(1);
        if !(1..=HISTORY_MAX as u32).contains(&last) {
            return Err(CommandError {
                code: ErrorCode::OutOfRange,
                message: format!("the last {last} cannot be said again; choose 1 to {HISTORY_MAX}"),
            });
        }
        let kept = self.history.iter().filter(|past| past.take.seconds() > 0.0);
        let chosen: Vec<_> = match utterance {
            Some(id) => kept.filter(|past| past.told.utterance.id == id).collect(),
            None => kept.take(last as usize).collect(),
        };
        let chosen: Vec<_> = chosen
            .into_iter()
            .rev()
            .map(|past| (past.told.utterance.clone(), past.take.clone()))
            .collect();
        if chosen.is_empty() {
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message: "nothing of that is kept; say it anew".into(),
            });
        }
        for (utterance, take) in chosen {
            self.push(utterance.text, utterance.voice, Some(take))?;
        }
        Ok(())
    }

    fn control(&self, change: impl FnOnce(&mut Control)) -> Result<(), CommandError> {
        let now = self.now.as_ref().ok_or_else(|| CommandError {
            code: ErrorCode::NotRunning,
            message: "nothing is being said".into(),
        })?;
        now.control.send_modify(change);
        Ok(())
    }

    /// Begins what is said again, where all of it up to now is kept.
    fn back(&self) -> Result<(), CommandError> {
        // Relaxed: a flag by itself.
        let is_forgotten = |now: &Now| now.forgotten.load(Ordering::Relaxed);
        if self.now.as_ref().is_some_and(is_forgotten) {
            return Err(CommandError {
                code: ErrorCode::Invalid,
                message: "its beginning is not kept any more, which is for 60 s; skip it and say it again".into(),
            });
        }
        self.control(|control| control.backs += 1)
    }

    fn cancel(&mut self, id: UtteranceId) -> Result<(), CommandError> {
        let before = self.queue.len();
        self.queue.retain(|waiting| waiting.utterance.id != id);
        if self.queue.len() < before {
            return Ok(());
        }
        let is_now = self.now.as_ref().is_some_and(|now| now.utterance.id == id);
        if is_now {
            return self.control(|control| control.cut = control.cut.or(Some(Cut::Cancel)));
        }
        Err(CommandError {
            code: ErrorCode::Invalid,
            message: format!("utterance {id} is neither said nor waiting"),
        })
    }

    fn pause(&mut self, paused: bool) {
        self.paused = paused;
        if let Some(now) = &self.now {
            now.control.send_modify(|control| control.paused = paused);
        }
    }

    /// A server on the Internet is among those that are asked.
    fn wants_key(&self) -> bool {
        self.settings.backend == SpeechBackend::Http
            && self.settings.base_urls.iter().any(|url| url.starts_with("https:"))
    }

    /// Looks the key up, or keeps another, on a thread of its own: a key store may ask its user.
    fn ask_key(&mut self, fresh: Option<Secret>, answer: Option<Answer>) {
        self.key_asked = true;
        let (secrets, internal) = (self.secrets.clone(), self.internal.clone());
        let ask = move || {
            let found = key(&secrets, fresh, answer);
            // A station that has ended does not want to know.
            let _ = internal.send(Internal::Announcer(AnnouncerNews::Key(found)));
        };
        if let Err(error) = std::thread::Builder::new().name("speech key".into()).spawn(ask) {
            tracing::error!("the key of speech servers cannot be looked up: {error}");
            self.key = Some((None, PasswordState::Unreadable));
        }
    }

    fn source(&self, waiting: &Waiting) -> Source {
        let Utterance { text, voice, .. } = &waiting.utterance;
        let settings = &self.settings;
        match (&waiting.take, settings.backend) {
            (Some(take), _) => Source::Take(take.clone()),
            #[cfg(unix)]
            (None, SpeechBackend::Spkr) => {
                let params = json!({
                    "text": text, "model": settings.model, "temperature": 0.5, "speed": settings.speed, "voice": voice,
                });
                let line = json!({
                    "id": format!("airdesk-{}", waiting.utterance.id), "method": "stream-binary", "params": params,
                });
                Source::Spkr {
                    path: settings.socket.clone().into(),
                    line: line.to_string(),
                }
            }
            (None, _) => {
                let format = format_of(settings.format);
                let mut body = json!({
                    "model": settings.model, "input": text, "voice": voice, "response_format": format.name(),
                });
                if settings.speed != 1.0
                    && let Some(body) = body.as_object_mut()
                {
                    body.insert("speed".into(), json!(settings.speed));
                }
                let key = self.key.as_ref().and_then(|(key, _)| key.as_ref());
                Source::Http {
                    request: Box::new(SpeechRequest {
                        body: body.to_string(),
                        format,
                        key: key.map(|key| key.reveal().to_owned()),
                        limits: SpeechLimits::default(),
                        read_bytes: settings.chunk_bytes as usize,
                        agent: concat!("Airdesk/", env!("CARGO_PKG_VERSION")).into(),
                    }),
                    bases: settings.addresses(),
                }
            }
        }
    }

    fn thresholds(&self) -> Thresholds {
        let initial = f64::from(self.settings.buffer_ms) / 1_000.0;
        let most = f64::from(self.settings.max_buffer).max(initial);
        match self.settings.backend {
            SpeechBackend::Spkr => Thresholds::SPKR,
            SpeechBackend::Http => Thresholds::new(initial, MINIMUM, initial, most).unwrap_or(Thresholds::SPEECH),
        }
    }
}

fn format_of(format: SpeechFormat) -> speech::SpeechFormat {
    match format {
        SpeechFormat::Pcm => speech::SpeechFormat::Pcm,
        SpeechFormat::Wav => speech::SpeechFormat::Wav,
        SpeechFormat::Mp3 => speech::SpeechFormat::Mp3,
        SpeechFormat::Opus => speech::SpeechFormat::Opus,
        SpeechFormat::Flac => speech::SpeechFormat::Flac,
        SpeechFormat::Aac => speech::SpeechFormat::Aac,
    }
}

fn key(secrets: &Secrets, fresh: Option<Secret>, answer: Option<Answer>) -> KeyFound {
    let in_environment = KEY_VARIABLES
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|key| !key.is_empty()));
    let mut fault = None;
    if let Some(fresh) = &fresh {
        let kept = match &in_environment {
            Some(_) => Err(format!(
                "{} is set and goes before any other; start Airdesk without it",
                KEY_VARIABLES.join(" or ")
            )),
            None => secrets
                .keep(ACCOUNT, fresh)
                .map(drop)
                .map_err(|error| error.to_string()),
        };
        fault = kept.err().map(|message| CommandError {
            code: ErrorCode::Storage,
            message: format!("the key was not kept: {message}"),
        });
    }
    if let Some(key) = in_environment {
        return KeyFound {
            key: Some(Secret::new(key)),
            state: PasswordState::Environment,
            fault,
            answer,
        };
    }
    let found = secrets.kept(ACCOUNT);
    KeyFound {
        key: found.secret,
        state: found.state,
        fault,
        answer,
    }
}
