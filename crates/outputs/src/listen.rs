//! The desk's own listener mounts: `/live.mp3`, `/live.opus`, `/live.ogg` and `/live.flac`, for an HTTP server to hand out.
//!
//! A mount encodes from its first listener on until its last has been gone for a while, with an encoder that servers
//! of the same settings share. A listener begins with the last seconds, as many as are set and have been encoded, the first
//! one with four at most; gets titles in the format's own way, and is sent away when it lags: nobody waits for it.

mod feed;
mod flow;
mod hub;
mod icy;
mod mount;
mod trail;

pub use feed::{LAG_MAX, ListenerFeed};
pub use hub::{JoinError, ListenerHub, MountStatistics};
pub use icy::ICY_INTERVAL;
pub use mount::{BURST_MAX, Introduction, LISTENERS_MAX, ListenSettings, ListenSettingsError, Mount, MountPlan};
