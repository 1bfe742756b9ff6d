//! What a host and the station say to each other: commands in, events and snapshots out.
//!
//! These types cross every boundary of the product (Tauri, WebSocket, session file), so they are
//! plain data with serde, and `ui/src/bindings.ts` is generated from them. On the wire a level that
//! is off is `null`; ids are numbers; enums carry a `type` or a `state` tag.

mod air_delay;
mod announcer;
mod black_box;
mod broadcast;
mod bus;
mod carts;
mod command;
mod dead_air;
mod deck;
mod event;
mod hls;
mod listen_back;
mod listening;
mod loudness;
mod meters;
mod number;
mod password;
mod recorder;
mod reply;
mod state;
mod stream;
mod strip;
mod timeline;
mod title_file;
mod tracks;

pub use air_delay::*;
pub use airdesk_dsp::air_delay::AirDelaySettings;
pub use airdesk_dsp::delay::DelaySettings;
pub use airdesk_dsp::ducker::DuckerSettings;
pub use airdesk_dsp::input_matrix::ChannelMode;
pub use airdesk_dsp::limiter::LimiterSettings;
pub use airdesk_dsp::resample::Quality as Resampling;
pub use airdesk_engine::{BusChainSettings, ChainSettings, PanLaw, SendSettings, SendTap, StripControls, Talkover};
pub use announcer::*;
pub use black_box::*;
pub use broadcast::*;
pub use bus::*;
pub use carts::*;
pub use command::*;
pub use dead_air::*;
pub use deck::*;
pub use event::*;
pub use hls::*;
pub use listen_back::*;
pub use listening::*;
pub use loudness::*;
pub use meters::*;
pub use password::*;
pub use recorder::*;
pub use reply::*;
pub use state::*;
pub use stream::*;
pub use strip::*;
pub use timeline::*;
pub use title_file::*;
pub use tracks::*;
