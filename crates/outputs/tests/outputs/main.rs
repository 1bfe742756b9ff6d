//! The outputs against what others wrote: a real Icecast, ffmpeg as listener, ffprobe, SoX and libsndfile
//! as readers. Each test starts and ends its own servers.

#![cfg(unix)]

mod rig;

#[cfg(target_os = "linux")]
mod air;
#[cfg(target_os = "linux")]
mod air_faults;
#[cfg(target_os = "linux")]
mod air_tls;
mod black_box;
mod disk_full;
mod encoders;
mod killed;
#[cfg(all(target_os = "linux", feature = "libshout"))]
mod libshout;
mod loudness;
mod mounts;
mod recording;
