//! Streams by HTTP, from real servers and from bad ones, as they are heard out of a strip.
#![cfg(target_os = "linux")]

mod faults;
mod first_audio;
mod hls;
mod real_servers;
mod rig;
mod speech;
