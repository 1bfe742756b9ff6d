//! How the announcer is set unless the session says otherwise: by the environment, in the names of the protocols' description
//! (section 3.2) behind `AIRDESK_`; and what can be set.

use std::env;

use airdesk_sources::tuner::Address;

use crate::api::{AnnouncerSettings, CommandError, ErrorCode, SpeechBackend, SpeechFormat};

/// Servers at most.
const SERVERS_MAX: usize = 8;
/// Letters of a voice or a model.
const NAME_LETTERS_MAX: usize = 100;

impl Default for AnnouncerSettings {
    /// As the environment has it, which counts before what is built in.
    fn default() -> Self {
        let built_in = Self::built_in();
        let set = Self::from(built_in.clone(), |name| env::var(format!("AIRDESK_{name}")).ok());
        // A wrong variable is not worth a desk that does not start; the settings show what counts.
        match check(set) {
            Ok(set) => set,
            Err(error) => {
                tracing::warn!("the announcer's environment is not used: {}", error.message);
                built_in
            }
        }
    }
}

impl AnnouncerSettings {
    fn built_in() -> Self {
        Self {
            backend: SpeechBackend::Http,
            base_urls: vec!["http://127.0.0.1:8880/v1".into(), "https://api.openai.com/v1".into()],
            socket: String::new(),
            voice: "af_sky".into(),
            model: "tts-1".into(),
            speed: 1.0,
            format: SpeechFormat::Pcm,
            strip: "Announcer".into(),
            trailing_silence: 0.5,
            buffer_ms: 150.0,
            max_buffer: 2.0,
            chunk_bytes: 4_096,
        }
    }

    fn from(mut settings: Self, variable: impl Fn(&str) -> Option<String>) -> Self {
        let list = |name: &str| {
            let value = variable(name)?;
            let parts: Vec<String> = value.split(',').map(|part| part.trim().to_owned()).collect();
            Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>())
        };
        let number = |name: &str| variable(name)?.trim().parse::<f32>().ok();
        let first = |name: &str| list(name)?.into_iter().next();
        settings.base_urls = list("SPEECH_BASE_URLS").unwrap_or(settings.base_urls);
        settings.voice = first("SPEECH_VOICES").unwrap_or(settings.voice);
        settings.model = first("SPEECH_MODELS").unwrap_or(settings.model);
        settings.speed = number("SPEECH_SPEED").unwrap_or(settings.speed);
        settings.trailing_silence = number("SPEECH_TRAILING_SILENCE").unwrap_or(settings.trailing_silence);
        settings.buffer_ms = number("STREAM_BUFFER_MS").unwrap_or(settings.buffer_ms);
        settings.max_buffer = number("STREAM_MAX_BUFFER").unwrap_or(settings.max_buffer);
        settings.chunk_bytes = number("STREAM_CHUNK_SIZE").map_or(settings.chunk_bytes, |bytes| bytes as u32);
        settings.format = variable("SPEECH_AUDIO_FORMAT")
            .and_then(|name| format_of(name.trim()))
            .unwrap_or(settings.format);
        if let Some(socket) = variable("SPEECH_SPKR_SOCKET").filter(|path| !path.is_empty()) {
            (settings.socket, settings.backend) = (socket, SpeechBackend::Spkr);
        }
        settings
    }

    /// The servers' addresses, which have been checked.
    pub(super) fn addresses(&self) -> Vec<Address> {
        self.base_urls
            .iter()
            .filter_map(|url| Address::parse(url).ok())
            .collect()
    }
}

fn format_of(name: &str) -> Option<SpeechFormat> {
    Some(match name.to_ascii_lowercase().as_str() {
        "pcm" => SpeechFormat::Pcm,
        "wav" => SpeechFormat::Wav,
        "mp3" => SpeechFormat::Mp3,
        "opus" => SpeechFormat::Opus,
        "flac" => SpeechFormat::Flac,
        "aac" => SpeechFormat::Aac,
        _ => return None,
    })
}

/// Refuses what cannot be, of a command, of a session and of the environment.
pub(crate) fn check(mut settings: AnnouncerSettings) -> Result<AnnouncerSettings, CommandError> {
    let refuse = |code, message: String| Err(CommandError { code, message });
    for (name, value, low, high) in [
        ("speed", settings.speed, 0.25, 4.0),
        ("silence behind speech", settings.trailing_silence, 0.0, 5.0),
        ("buffer in ms", settings.buffer_ms, 20.0, 2_000.0),
        (
            "most that is taken ahead",
            settings.max_buffer,
            settings.buffer_ms / 1_000.0,
            10.0,
        ),
        ("piece in bytes", settings.chunk_bytes as f32, 256.0, 65_536.0),
    ] {
        if !(low..=high).contains(&value) {
            let message = format!("the {name} is {value}; choose {low} to {high}");
            return refuse(ErrorCode::OutOfRange, message);
        }
    }
    for (name, text) in [("voice", &mut settings.voice), ("model", &mut settings.model)] {
        *text = text.trim().to_owned();
        let letters = text.chars().count();
        if letters == 0 || letters > NAME_LETTERS_MAX || text.chars().any(char::is_control) {
            let message = format!("a {name} has 1 to {NAME_LETTERS_MAX} letters; choose one that the server knows");
            return refuse(ErrorCode::Invalid, message);
        }
    }
    settings.strip = crate::obey::checked_name(&settings.strip)?;
    if settings.base_urls.len() > SERVERS_MAX {
        let message = format!(
            "{} speech servers are too many; name {SERVERS_MAX} or fewer",
            settings.base_urls.len()
        );
        return refuse(ErrorCode::OutOfRange, message);
    }
    for url in &settings.base_urls {
        if let Err(error) = Address::parse(url) {
            let message = format!("this is no speech server's base URL: {error}");
            return refuse(ErrorCode::Invalid, message);
        }
    }
    let is_http = settings.backend == SpeechBackend::Http;
    if is_http && settings.base_urls.is_empty() {
        let message = "no speech server is named; give a base URL, such as http://127.0.0.1:8880/v1".into();
        return refuse(ErrorCode::Invalid, message);
    }
    if !is_http && !std::path::Path::new(&settings.socket).is_absolute() {
        let message = format!(
            "\"{}\" is no whole path of a speech program's socket; name it from the root",
            settings.socket
        );
        return refuse(ErrorCode::Invalid, message);
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_sets_what_nobody_has_set_and_what_it_says_wrongly_counts_for_nothing() {
        let usual = AnnouncerSettings::built_in();
        let from = |pairs: &[(&str, &str)]| {
            AnnouncerSettings::from(usual.clone(), |name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(from(&[]), usual);
        let set = from(&[
            ("SPEECH_BASE_URLS", "http://one/v1, http://two/v1,"),
            ("SPEECH_VOICES", "alloy,af_sky"),
            ("SPEECH_SPEED", "1.5"),
            ("SPEECH_AUDIO_FORMAT", "Opus"),
            ("STREAM_BUFFER_MS", "200"),
            ("STREAM_CHUNK_SIZE", "8192"),
        ]);
        assert_eq!(set.base_urls, ["http://one/v1", "http://two/v1"]);
        assert_eq!(
            (set.voice.as_str(), set.speed, set.format),
            ("alloy", 1.5, SpeechFormat::Opus)
        );
        assert_eq!((set.buffer_ms, set.chunk_bytes), (200.0, 8_192));
        let spkr = from(&[("SPEECH_SPKR_SOCKET", "/run/speak.sock"), ("SPEECH_SPEED", "fast")]);
        assert_eq!((spkr.backend, spkr.speed), (SpeechBackend::Spkr, 1.0));
        for (settings, words) in [
            (from(&[("SPEECH_SPEED", "5")]), "0.25 to 4"),
            (from(&[("SPEECH_SPEED", "NaN")]), "0.25 to 4"),
            (from(&[("SPEECH_BASE_URLS", "ftp://one")]), "http:// or https:// only"),
            (from(&[("SPEECH_BASE_URLS", " ")]), "no speech server"),
            (from(&[("SPEECH_SPKR_SOCKET", "speak.sock")]), "from the root"),
            (from(&[("STREAM_MAX_BUFFER", "0.1")]), "0.15 to 10"),
        ] {
            let refused = check(settings).expect_err(words).message;
            assert!(refused.contains(words), "{refused} does not say {words}");
        }
    }
}
