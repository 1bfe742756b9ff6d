//! The console and the one thread it lives on.
//!
//! Strips are mixed into buses block by block; buses are published for any number of listeners;
//! commands come in and what is done with goes home through rings. The engine does not know that a
//! device, a file, a network or a window exists: audio reaches it through an [`inlet`] and leaves it
//! through a [`mix_queue`].

#![cfg_attr(rtsan, feature(sanitize))]

pub mod inlet;
pub mod input;
pub mod mix_queue;
pub mod outlet_clock;
pub mod report;
pub mod time;

mod bus;
mod command;
mod console;
mod engine;
mod id;
mod levels;
mod pacer;
mod real_time;
mod strip;
mod thread;

pub use bus::BusId;
pub use command::{Discard, EngineCommand, Notice};
pub use console::{Console, MAX_STRIPS};
pub use engine::{Engine, EngineLink, EngineSettings};
pub use id::StripId;
pub use levels::Levels;
pub use real_time::real_time;
pub use strip::{Strip, StripControls};
pub use thread::EngineThread;
