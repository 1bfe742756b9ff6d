//! Why a stream does not reach its server, and who can do something about it.

use super::Fingerprint;
use crate::Recovery;
use crate::encode::EncoderError;

/// Why the stream does not reach the server.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The settings cannot work with any server.
    #[error("{0}")]
    Settings(String),
    /// The host's name leads nowhere. The network may be away.
    #[error("the server {host} was not found; check its name and the network")]
    NameNotFound {
        /// The host.
        host: String,
    },
    /// Nothing listens there. The server may be restarting.
    #[error("nothing answers at {host} port {port}; start the server, or check its name and port")]
    Refused {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The network does not lead there.
    #[error("{host} cannot be reached: {reason}; check the network")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// The server did not do its part in time.
    #[error("{host} took longer than {seconds} s to {step}; check the network and the server")]
    TimedOut {
        /// The host.
        host: String,
        /// What was waited for: "connect", "answer".
        step: &'static str,
        /// How long.
        seconds: u64,
    },
    /// Something else is listening there: it answered, and not as a server does.
    #[error(
        "what answers at {host} port {port} is no Icecast server; check the port, and whether it is a Shoutcast server"
    )]
    NotAnIcecast {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// Wrong user or password.
    #[error("{host} refused the login of {user:?}; check user name and password")]
    Unauthorized {
        /// The host.
        host: String,
        /// The user.
        user: String,
    },
    /// Wrong user or password, or another source holds the mount: the transport does not tell one from the other.
    #[error(
        "{host} refused the login of {user:?}; check user name and password, or {mount} is on air already from \
         another source: stop that one or choose another mount"
    )]
    RefusedOrInUse {
        /// The host.
        host: String,
        /// The user.
        user: String,
        /// The mount.
        mount: String,
    },
    /// Another source holds the mount. It may let go.
    #[error("{mount} of {host} is already on air from another source; stop that one or choose another mount")]
    MountInUse {
        /// The host.
        host: String,
        /// The mount.
        mount: String,
    },
    /// The server has no such mount.
    #[error("{host} knows no mount {mount}; check its name")]
    UnknownMount {
        /// The host.
        host: String,
        /// The mount.
        mount: String,
    },
    /// The server does not allow this stream.
    #[error("{host} does not allow a stream on {mount}: {reason}; ask its owner, or choose another mount")]
    Forbidden {
        /// The host.
        host: String,
        /// The mount.
        mount: String,
        /// What it says.
        reason: String,
    },
    /// The server takes no stream of this kind.
    #[error("{host} takes no {content_type}; choose another codec, or ask its owner")]
    FormatRefused {
        /// The host.
        host: String,
        /// What it was offered.
        content_type: &'static str,
    },
    /// The server sends sources elsewhere. It is not followed: the password is for this one.
    #[error("{host} sends its sources to {location}; set that server if you trust it")]
    Moved {
        /// The host.
        host: String,
        /// Where to.
        location: String,
    },
    /// Something else than a Shoutcast server's port for sources is there.
    #[error(
        "what answers at {host} port {port} takes no Shoutcast source; give the port that listeners use: the source's is the next higher"
    )]
    NotAShoutcast {
        /// The host.
        host: String,
        /// The port that was tried.
        port: u16,
    },
    /// The server hung up when it was told the password. Icecast does so when it is the wrong one; one that starts
    /// again behind a proxy may do so too.
    #[error("{host} closed the connection at the password without a word; check the password if it stays so")]
    PasswordUnanswered {
        /// The host.
        host: String,
    },
    /// It did so every time and was never on air: it is the password.
    #[error(
        "{host} hung up on the password {times} times in a row and said nothing else; check the password and go live again"
    )]
    PasswordRefused {
        /// The host.
        host: String,
        /// How often.
        times: u32,
    },
    /// The server is full or in trouble.
    #[error("{host} cannot take the stream now: {status} {reason}; ask its owner if it stays so")]
    Busy {
        /// The host.
        host: String,
        /// Its status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// The server has no place left. It said so in words alone, as Shoutcast servers do.
    #[error("{host} cannot take the stream now: {reason}; ask its owner if it stays so")]
    Full {
        /// The host.
        host: String,
        /// What it says.
        reason: String,
    },
    /// The server answered what a source client cannot use.
    #[error("{host} answered {status} {reason}; check server and mount")]
    Rejected {
        /// The host.
        host: String,
        /// Its status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// Nobody vouches for the server's certificate.
    #[error("the certificate of {host} is not trusted ({reason}); if it is the right one, trust it")]
    UntrustedCertificate {
        /// The host.
        host: String,
        /// The certificate it showed.
        presented: Fingerprint,
        /// What is wrong with it.
        reason: String,
    },
    /// The server shows another certificate than the one that was trusted.
    #[error("{host} shows another certificate than the one you trusted; ask its owner before trusting this one")]
    CertificateChanged {
        /// The host.
        host: String,
        /// The certificate it showed.
        presented: Fingerprint,
    },
    /// No encryption could be agreed on.
    #[error("{host} port {port} does not speak TLS as it should ({reason}); check the port, or stream without TLS")]
    Tls {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What went wrong.
        reason: String,
    },
    /// The connection broke, or was closed without an answer. The server may be restarting behind a proxy.
    #[error("the connection to {host} was lost: {reason}; check the network if it stays so")]
    Disconnected {
        /// The host.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// The connection stands and nothing gets through.
    #[error("{host} has taken nothing for {seconds} s; check the network, or lower the bit rate")]
    Stalled {
        /// The host.
        host: String,
        /// How long.
        seconds: u64,
    },
    /// The server takes the stream, and listeners do not hear it.
    #[error("{mount} of {host} was connected anew: {reason}")]
    NotHeard {
        /// The mount.
        mount: String,
        /// The host.
        host: String,
        /// What they hear.
        reason: String,
    },
    /// The server did not take a title.
    #[error("{host} did not take the title: {reason}; ask its owner if it stays so")]
    TitleRefused {
        /// The host.
        host: String,
        /// What it says.
        reason: String,
    },
    /// The server took a title and cannot show it: the mount's character set lacks letters.
    #[error("{host} cannot show every letter of the title; set <charset>UTF-8</charset> for {mount} there")]
    TitleMangled {
        /// The host.
        host: String,
        /// The mount.
        mount: String,
    },
    /// The title cannot be read where listeners read it.
    #[error("the title of {mount} cannot be read at {host}: {reason}")]
    TitleUnread {
        /// The host.
        host: String,
        /// The mount.
        mount: String,
        /// Why.
        reason: String,
    },
    /// There is nothing to send.
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    /// It was asked to stop meanwhile.
    #[error("stopped")]
    Stopped,
}

impl SourceError {
    /// Every variant is listed: a new failure must decide its own recovery.
    pub fn recovery(&self) -> Recovery {
        match self {
            Self::NameNotFound { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::MountInUse { .. }
            | Self::Busy { .. }
            | Self::Full { .. }
            | Self::Disconnected { .. }
            | Self::Stalled { .. }
            | Self::NotHeard { .. }
            | Self::TitleRefused { .. }
            | Self::TitleUnread { .. }
            | Self::PasswordUnanswered { .. }
            | Self::Stopped => Recovery::Retry,
            Self::Settings(_)
            | Self::NotAnIcecast { .. }
            | Self::Unauthorized { .. }
            | Self::RefusedOrInUse { .. }
            | Self::UnknownMount { .. }
            | Self::Forbidden { .. }
            | Self::TitleMangled { .. }
            | Self::Rejected { .. }
            | Self::FormatRefused { .. }
            | Self::Moved { .. }
            | Self::NotAShoutcast { .. }
            | Self::PasswordRefused { .. }
            | Self::UntrustedCertificate { .. }
            | Self::CertificateChanged { .. }
            | Self::Tls { .. } => Recovery::AskOperator,
            Self::Encoder(error) => error.recovery(),
        }
    }

    /// The certificate that the operator would have to trust, where that is what is missing.
    pub fn certificate(&self) -> Option<Fingerprint> {
        match self {
            Self::UntrustedCertificate { presented, .. } | Self::CertificateChanged { presented, .. } => {
                Some(*presented)
            }
            _ => None,
        }
    }
}
