//! Sound devices: list them, open them, and notice when they are gone.
//!
//! A [`Scanner`] lists what there is. A [`CaptureStream`] carries a device's channels into inlets of
//! the engine, a [`PlaybackStream`] carries a bus to a device: the main output, whose callbacks are the
//! desk's clock, or a bridged one with a clock of its own. All of CPAL stays in this crate. Hosts have
//! been seen to hang while listing, opening and closing, so each of these happens on a thread that may,
//! under a time limit. Device callbacks are real-time: they move frames, stamp the time and count.

pub mod mac;
#[cfg(feature = "simulated")]
pub mod simulated;

mod capture;
mod device;
mod error;
mod hosts;
mod id;
mod jack_ports;
mod listing;
mod playback;
mod sample;
mod scanner;
mod stream;

pub use capture::{CaptureRequest, CaptureStream, ChannelPick, MAX_FEEDS};
pub use device::{Device, DeviceList, HostCause, HostNotice};
pub use error::{AttachError, OpenError, Recovery};
pub use hosts::HostChoice;
pub use id::{BadDeviceId, DeviceId};
pub use playback::{DeviceChoice, PlaybackRequest, PlaybackStats, PlaybackStream};
pub use scanner::{ScanSettings, Scanner, list};
pub use stream::OpenStream;
pub use stream::health::{LossReason, StreamHealth, StreamStats};
