//! A source client for Icecast 2 and what speaks like it, on plain sockets. [`crate::shoutcast`] has the other
//! language, and shares the rest.
//!
//! `PUT` with `Expect: 100-continue`, and the old `SOURCE` where a server does not know it. Nothing waits
//! without a limit: name, connection, handshake and answer each have their seconds, and once on air the
//! connection is watched for progress rather than for errors, because a server that hangs gives none.
//! Every value that goes into a header is one line; the password is never printed.

mod admin;
pub(crate) mod connect;
mod error;
mod fingerprint;
pub(crate) mod line;
mod name;
mod page;
pub(crate) mod patience;
mod progress;
mod pulse;
pub(crate) mod reply;
pub(crate) mod request;
mod secret;
mod sentence;
mod settings;
mod source;
mod statistics;
mod tls;
pub(crate) mod tuned;

pub use admin::TitleClient;
pub use error::SourceError;
pub use fingerprint::{Fingerprint, FingerprintError};
pub use page::StatusPage;
pub use patience::Patience;
pub use secret::Secret;
pub use settings::{Protocol, SourceSettings};
pub use source::Source;
pub use statistics::Statistics;
