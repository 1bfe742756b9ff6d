//! What a host and the station say to each other: commands in, events and snapshots out.
//!
//! These types cross every boundary of the product (Tauri, WebSocket, session file), so they are
//! plain data with serde, and `ui/src/bindings.ts` is generated from them. On the wire a level that
//! is off is `null`; ids are numbers; enums carry a `type` or a `state` tag.

mod broadcast;
mod command;
mod event;
mod meters;
mod number;
mod recorder;
mod state;

pub use broadcast::*;
pub use command::*;
pub use event::*;
pub use meters::*;
pub use recorder::*;
pub use state::*;
