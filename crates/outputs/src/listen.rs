//! The desk's own listener mounts: `/live.mp3` and `/live.opus`, for an HTTP server to hand out.
//!
//! A mount encodes from its first listener on until its last has been gone for a while. A listener begins with
//! the last two seconds, gets titles in the format's own way, and is dropped when it lags: nobody waits for it.

mod feed;
mod hub;
mod icy;

pub use feed::ListenerFeed;
pub use hub::{Introduction, JoinError, ListenSettings, ListenerHub, Mount};
pub use icy::ICY_INTERVAL;
