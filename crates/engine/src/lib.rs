//! The console and the one thread it lives on.
//!
//! Strips are mixed into buses block by block; buses are published for any number of listeners;
//! commands come in and what is done with goes home through rings. The engine does not know that a
//! device, a file, a network or a window exists: audio reaches it through an [`inlet`] and leaves it
//! through a [`mix_queue`], or of one strip through a [`tap()`].

// What names the types for TypeScript allocates, and runs in a test of the station alone. The lints look at this crate
// once more without it.
#![cfg_attr(feature = "ts", allow(clippy::disallowed_macros, clippy::disallowed_methods))]
#![cfg_attr(rtsan, feature(sanitize))]

pub mod inlet;
pub mod input;
pub mod mix_queue;
pub mod outlet_clock;
pub mod report;
pub mod time;
pub mod transport;
pub mod wall;

mod bus;
mod chain;
mod command;
mod console;
mod engine;
mod id;
mod levels;
mod mix_minus;
mod pacer;
mod real_time;
mod scope;
mod send;
mod strip;
mod tap;
mod thread;

pub use bus::{BUSES, BusId};
pub use chain::{BusChainSettings, ChainSettings, Reductions};
pub use command::{Discard, EngineCommand, Notice, Stages};
pub use console::{Console, MAX_STRIPS, VCA_GROUPS};
pub use engine::{Engine, EngineLink, EngineSettings};
pub use id::StripId;
pub use levels::{Levels, Needles};
pub use real_time::real_time;
pub use scope::SCOPES;
pub use send::{AUX_BUSES, SendSettings, SendTap};
pub use strip::{PanLaw, Strip, StripControls, Talkover, delay_line};
pub use tap::{TAPS, TapBlock, TapPoint, TapReader, TapWriter, tap};
pub use thread::EngineThread;
