//! The station through its handle: what hosts may rely on.

mod answers;
mod breakdown;
mod console;
mod desk;
mod devices;
mod ending;
mod history;
mod loudness;
mod on_air;
mod passing;
mod recording;
mod scenes;
mod spectrum;
mod timeline;
