//! A source client for Icecast 2 and what speaks like it, on plain sockets.
//!
//! `PUT` with `Expect: 100-continue`, and the old `SOURCE` where a server does not know it. Nothing waits
//! without a limit: name, connection, handshake and answer each have their seconds, and once on air the
//! connection is watched for progress rather than for errors, because a server that hangs gives none.
//! Every value that goes into a header is one line; the password is never printed.

mod admin;
mod connect;
mod error;
mod fingerprint;
mod line;
mod name;
mod patience;
mod progress;
mod pulse;
mod reply;
mod request;
mod secret;
mod settings;
mod source;
mod tls;

pub use admin::TitleClient;
pub use error::SourceError;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use patience::Patience;
pub use secret::Secret;
pub use settings::SourceSettings;
pub use source::Source;
