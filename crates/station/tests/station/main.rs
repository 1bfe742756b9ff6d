//! The station through its handle: what hosts may rely on.

mod air_delay;
mod aired;
mod answers;
mod black_box;
mod breakdown;
mod carts;
mod console;
mod dead_air;
mod decks;
mod desk;
mod devices;
mod ending;
mod history;
mod library;
mod loudness;
mod on_air;
mod passing;
mod programs;
mod recorders;
mod recording;
mod scenes;
mod spectrum;
mod streams;
mod timeline;
mod title_file;
mod unattended;
