//! HLS (RFC 8216): the programme as short files in a folder, which any web server or CDN can serve.
//!
//! MP3 as it is, Opus and FLAC in fragmented MP4 (CMAF), each with a playlist of its own under one that names them all.
//! One thread for all: it takes what encoders have made, cuts it at their packets' borders, and writes. Every file appears
//! whole. What no disk takes is tried again every second, and the audio goes on meanwhile.

mod boxes;
mod folder;
mod fragment;
mod id3;
mod ogg_page;
mod playlist;
mod segment;
mod settings;
mod state;
mod variant;
mod worker;

pub use settings::{HlsError, HlsSettings, SEGMENT_SECONDS, SEGMENTS};
pub use state::HlsState;
pub use worker::{Ending, Hls};
