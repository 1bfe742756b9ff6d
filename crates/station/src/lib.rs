//! What Airdesk does, for any host: it owns the desk's whole state, obeys commands, keeps devices,
//! recorder and stream going, and tells everybody what is true.
//!
//! A host (window, browser, headless) sends [`api::AudioCommand`]s through a [`StationHandle`] and draws
//! the [`api::Snapshot`] and [`api::Event`]s it gets back. It touches no audio type.

pub mod api;
pub mod automation;
pub mod config;
pub mod crash;
pub mod delivery;
pub mod logging;
pub mod memory;
pub mod monitor;
pub mod programs;
pub mod render;
pub mod secrets;
pub mod session;
pub mod timeline;

mod air_delay;
mod aired_later;
mod announcer;
pub mod black_box;
mod breakdown;
mod broadcast;
mod captures;
mod carts;
mod console;
mod control;
mod dead_air;
mod decks;
mod desk;
mod doubts;
mod ending;
mod fades;
mod folders;
mod handle;
mod history;
mod hls;
mod keeping;
mod library;
mod listening;
mod losses;
mod loudness;
mod material;
mod notices;
mod obey;
mod overview;
mod password;
mod playback;
mod range;
mod readers;
mod recording;
pub mod recover;
mod scenes;
mod station;
mod streams;
mod strips;
mod title_file;
pub mod tracks;

pub use airdesk_devices::{Device, DeviceId, DeviceList, HostChoice};
pub use airdesk_engine::StripId;
pub use airdesk_outputs::listen::{JoinError, LAG_MAX, ListenerFeed, ListenerHub, Mount};
pub use folders::{data_folder, runtime_folder};
pub use handle::{Answered, StationHandle, Unavailable};
pub use library::{LibraryError, Recovery as LibraryRecovery};
pub use station::{StartError, Station, StationOptions};

/// Looks once and says what sound devices this machine has. Blocks, some seconds at most.
pub fn list_devices() -> DeviceList {
    airdesk_devices::list(&HostChoice::default(), std::time::Duration::from_secs(5))
}
