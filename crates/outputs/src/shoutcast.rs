//! A source client for Shoutcast 1, which Shoutcast 2 understands too, and Icecast and Liquidsoap where they are told to.
//!
//! The source goes to the port above the listeners': a password on the first line, "OK2" for an answer, headers that
//! begin with `icy-`, and audio. Titles are told at the listeners' port by `admin.cgi`. MP3 alone. What is sent, and how
//! it is watched, is the same as in [`crate::icecast`]. Blocks for some seconds at most.

mod answer;
mod hello;
mod words;

pub(crate) use hello::connect;
pub(crate) use words::title_head;
