//! What a server answers to a Shoutcast source's password: one line, in words.

use crate::icecast::{SourceError, SourceSettings};
use crate::title::{cut, one_line};

/// Bytes of a line before it is none.
pub(super) const LINE_BYTES_MAX: usize = 512;

/// What the line means for a source that came to `settings.port`.
pub(super) fn verdict(line: &str, settings: &SourceSettings) -> Result<(), SourceError> {
    let line = cut(&one_line(line), LINE_BYTES_MAX).to_owned();
    let lower = line.to_lowercase();
    let says = |words: &str| lower.contains(words);
    let (host, mount, port) = (settings.host.clone(), settings.mount.clone(), settings.port);
    if lower.starts_with("ok") {
        return Ok(());
    }
    Err(if says("http/1.") || says("ssh-") || says("ftp") {
        SourceError::NotAShoutcast { host, port }
    } else if says("password") || says("denied") || says("unauthorized") {
        SourceError::Unauthorized {
            host,
            user: settings.shoutcast_user().unwrap_or("the source").to_owned(),
        }
    } else if says("in use") || says("already") {
        SourceError::MountInUse { host, mount }
    } else if says("mountpoint") || says("stream id") || says("not found") {
        SourceError::UnknownMount { host, mount }
    } else if says("full") || says("too many") || says("busy") {
        SourceError::Full { host, reason: line }
    } else {
        SourceError::NotAShoutcast { host, port }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recovery;
    use crate::icecast::Protocol;

    #[test]
    fn every_answer_to_a_password_has_words_of_its_own() {
        let settings = SourceSettings {
            protocol: Protocol::Shoutcast { stream: None },
            mount: "/".into(),
            user: String::new(),
            ..SourceSettings::example()
        };
        for (line, words, recovery) in [
            (
                "invalid password",
                "check user name and password",
                Recovery::AskOperator,
            ),
            (
                "Invalid password",
                "check user name and password",
                Recovery::AskOperator,
            ),
            ("No / mountpoint", "knows no mount /", Recovery::AskOperator),
            ("Stream In Use", "already on air from another source", Recovery::Retry),
            (
                "server full",
                "cannot take the stream now: server full;",
                Recovery::Retry,
            ),
            (
                "HTTP/1.0 400 Bad Request",
                "takes no Shoutcast source; give the port that listeners use",
                Recovery::AskOperator,
            ),
            (
                "SSH-2.0-OpenSSH_9.2",
                "takes no Shoutcast source",
                Recovery::AskOperator,
            ),
            ("\u{1}\u{2}\u{fffd}", "takes no Shoutcast source", Recovery::AskOperator),
        ] {
            let error = verdict(line, &settings).expect_err(line);
            assert!(error.to_string().contains(words), "{line}: {error}");
            assert_eq!(error.recovery(), recovery, "{line}");
        }
        assert!(verdict("OK2", &settings).is_ok() && verdict("OK", &settings).is_ok());
    }
}
