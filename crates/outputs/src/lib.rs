//! What listens to a bus: recorder, encoders, Icecast, the built-in listener mount; and what delays it on its way there.
//!
//! Each output has its own [`airdesk_engine::mix_queue::MixReader`] and its own threads, so that a slow
//! disk or a dead server costs that output and nothing else. Nothing here runs on the audio thread;
//! everything here may allocate and block, on threads of its own. States are told as they are:
//! "recording" when bytes have reached the file, "live" when the server has acknowledged audio.

pub mod black_box;
pub mod broadcast;
pub mod delay;
pub mod encode;
pub mod hls;
pub mod icecast;
pub mod listen;
pub mod listen_back;
pub mod loudness;
pub mod recorder;
pub mod shoutcast;
pub mod sound_file;
pub mod title;

mod follower;
mod recovery;

pub use recovery::Recovery;
