//! Why a stream is not heard, and what to do about it. Each says which server; none repeats a query, where a token may be.

use std::net::IpAddr;

use super::address::AddressError;

/// Why a stream is not heard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TuneError {
    /// Nobody wants to hear it any more.
    #[error("the strip plays something else")]
    Stopped,
    /// A server or a playlist sends the desk to what is no address.
    #[error("{from} sends the desk elsewhere, and there {error}")]
    Sent {
        /// Who.
        from: String,
        /// What is wrong with it.
        error: AddressError,
    },
    /// No such name, or nobody to ask.
    #[error("{host} is not found; look after how its name is written, and whether this machine reaches the network")]
    NameNotFound {
        /// Whom.
        host: String,
    },
    /// It may not be listened to.
    #[error("{host} is {address}, which a stream may not come from; choose another server{advice}")]
    OutOfReach {
        /// Whom.
        host: String,
        /// What it stands for.
        address: IpAddr,
        /// What else can be done.
        advice: &'static str,
    },
    /// Nobody listens there, or there is no way.
    #[error("{host} cannot be reached: {reason}; {advice}")]
    Unreachable {
        /// Whom.
        host: String,
        /// What the system says.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// A step took too long.
    #[error("{host} {} within {seconds:.0} s; {}", step.words(), step.advice())]
    TimedOut {
        /// Who.
        host: String,
        /// What.
        step: Stage,
        /// The limit.
        seconds: f64,
    },
    /// Its certificate is none that this machine believes.
    #[error("{host} cannot be trusted: {reason}; {advice}")]
    Untrusted {
        /// Who.
        host: String,
        /// Why.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// No encryption could be agreed on, whatever its certificate is.
    #[error("{host} cannot be spoken to in confidence: {reason}; {advice}")]
    Tls {
        /// Who.
        host: String,
        /// Why.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// The connection broke.
    #[error("the connection to {host} was lost: {reason}")]
    Lost {
        /// Whom.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// Nothing has come for too long.
    #[error("{host} has sent nothing for {seconds:.0} s")]
    Stalled {
        /// Who.
        host: String,
        /// How long.
        seconds: f64,
    },
    /// A stream has an end, which a station's has not.
    #[error("{host} has ended the stream")]
    Over {
        /// Who.
        host: String,
    },
    /// A file whose end has not come.
    #[error("{host} has broken off {missing} bytes before the end of the file; begin again when it is whole")]
    CutOff {
        /// Who.
        host: String,
        /// How much.
        missing: u64,
    },
    /// What came is no answer, or has no end.
    #[error("{host} does not answer as a server of streams does: {why}")]
    NoServer {
        /// Who.
        host: String,
        /// What is the matter.
        why: &'static str,
    },
    /// It says no.
    #[error("{host} answers {status} {reason}{advice}")]
    Status {
        /// Who.
        host: String,
        /// Its number.
        status: u16,
        /// Its words.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// It sends the desk from one place to the next.
    #[error("{host} sends the desk in circles; use the address that it ends at")]
    Circles {
        /// Who.
        host: String,
    },
    /// What is sent is packed.
    #[error("{host} sends the stream packed ({encoding}), which no stream is; have it sent as it is")]
    Packed {
        /// Who.
        host: String,
        /// How.
        encoding: String,
    },
    /// It is a page to be read.
    #[error("{host} sends a web page instead of sound; look on that page for the address of the stream itself")]
    Page {
        /// Who.
        host: String,
    },
    /// It is something that the desk does not play.
    #[error(
        "{host} sends {kind}, which cannot be played; choose MP3, AAC-LC, Ogg (Vorbis, Opus, FLAC), WAV, L16 or HLS"
    )]
    Unsupported {
        /// Who.
        host: String,
        /// What.
        kind: String,
    },
    /// It says that it is sound, and none can be made of it.
    #[error(
        "what {host} sends cannot be decoded: {why}; have it sent as MP3, AAC-LC, Ogg (Vorbis, Opus, FLAC), WAV or L16"
    )]
    Undecodable {
        /// Who.
        host: String,
        /// Why.
        why: &'static str,
    },
    /// Its pieces can be read by those who have a key.
    #[error(
        "the pieces of {host} are encrypted ({method}), and the desk has no key; choose a stream that is open to all"
    )]
    Encrypted {
        /// Whose.
        host: String,
        /// How.
        method: String,
    },
    /// Its list names pieces that are not there.
    #[error("{count} pieces of {host} in a row are not there; look after whether all of it is on its server")]
    Missing {
        /// Whose.
        host: String,
        /// How many.
        count: u32,
    },
    /// There is nothing in a playlist that plays.
    #[error("the playlist of {host} leads nowhere: {why}")]
    Playlist {
        /// Who.
        host: String,
        /// What is the matter, of its last entry.
        why: String,
    },
}

/// What takes its time until a stream comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The look-up of the host's name.
    Name,
    /// The connection.
    Connect,
    /// The agreement on encryption.
    Encrypt,
    /// The answer.
    Answer,
}

impl Stage {
    /// What did not happen.
    fn words(self) -> &'static str {
        match self {
            Self::Name => "was not found by name",
            Self::Connect => "did not accept the connection",
            Self::Encrypt => "did not agree on encryption",
            Self::Answer => "did not begin to answer",
        }
    }

    /// What to do about it.
    fn advice(self) -> &'static str {
        match self {
            Self::Name => "look after the name server of this machine",
            Self::Connect => "look after the address and its port, and whether a firewall stands between",
            Self::Encrypt => "look after whether the port is one for TLS, or write http://",
            Self::Answer => "look after whether the port is the server's, or ask whoever runs it",
        }
    }
}

/// What to do when a stream is not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Tune in again soon.
    Retry,
    /// Tune in again every half a minute: it is there some time, perhaps.
    RetrySlowly,
    /// The operator alone can help.
    AskOperator,
    /// Nothing: it is not wanted.
    Nothing,
}

impl TuneError {
    /// Every variant is listed: a new failure must decide its own recovery.
    ///
    /// Icecast answers 404 while the mount has no source, so a stream that is not there yet may come. What has been heard
    /// before (`heard`) was right once: a server that answers with a page now is being mended.
    pub fn recovery(&self, heard: bool) -> Recovery {
        let usual = match self {
            Self::Stopped => return Recovery::Nothing,
            Self::NameNotFound { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Lost { .. }
            | Self::Stalled { .. }
            | Self::Over { .. } => return Recovery::Retry,
            Self::Status { status, .. } => match status {
                408 | 429 | 500..=599 => return Recovery::Retry,
                404 | 410 if heard => return Recovery::Retry,
                404 => Recovery::RetrySlowly,
                _ => Recovery::AskOperator,
            },
            // Whether a file is whole is not for us to find out by playing it again and again.
            Self::CutOff { .. } => return Recovery::AskOperator,
            Self::Playlist { .. } => Recovery::RetrySlowly,
            Self::Sent { .. }
            | Self::OutOfReach { .. }
            | Self::Untrusted { .. }
            | Self::Tls { .. }
            | Self::NoServer { .. }
            | Self::Circles { .. }
            | Self::Packed { .. }
            | Self::Encrypted { .. }
            | Self::Missing { .. }
            | Self::Page { .. }
            | Self::Unsupported { .. }
            | Self::Undecodable { .. } => Recovery::AskOperator,
        };
        if heard { Recovery::RetrySlowly } else { usual }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> TuneError {
        TuneError::Status {
            host: "radio".into(),
            status,
            reason: String::new(),
            advice: "",
        }
    }

    #[test]
    fn what_cannot_help_is_not_done_and_a_stream_that_was_heard_may_come_back() {
        use Recovery::{AskOperator, Retry, RetrySlowly};
        for (number, first, later) in [
            (401, AskOperator, RetrySlowly),
            (403, AskOperator, RetrySlowly),
            (404, RetrySlowly, Retry),
            (410, AskOperator, Retry),
            (429, Retry, Retry),
            (503, Retry, Retry),
        ] {
            let error = status(number);
            assert_eq!(
                (error.recovery(false), error.recovery(true)),
                (first, later),
                "{number}"
            );
        }
        let page = TuneError::Page { host: "radio".into() };
        assert_eq!((page.recovery(false), page.recovery(true)), (AskOperator, RetrySlowly));
    }
}
