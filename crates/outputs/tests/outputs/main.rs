//! The outputs against what others wrote: a real Icecast, ffmpeg as listener, ffprobe, SoX and libsndfile
//! as readers. Each test starts and ends its own servers.

#![cfg(unix)]

mod lab;

mod air;
mod air_faults;
mod air_tls;
mod disk_full;
mod encoders;
mod killed;
#[cfg(feature = "libshout")]
mod libshout;
mod loudness;
mod mounts;
mod recording;
