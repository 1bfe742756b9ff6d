//! The outputs against what others wrote: a real Icecast, ffmpeg as listener, ffprobe, SoX and libsndfile
//! as readers. Each test starts and ends its own servers.

#![cfg(unix)]

mod rig;

#[cfg(target_os = "linux")]
mod air;
#[cfg(target_os = "linux")]
mod air_chaos;
#[cfg(target_os = "linux")]
mod air_faults;
#[cfg(target_os = "linux")]
mod air_harbor;
#[cfg(target_os = "linux")]
mod air_heard;
#[cfg(target_os = "linux")]
mod air_shared;
#[cfg(target_os = "linux")]
mod air_shoutcast;
#[cfg(target_os = "linux")]
mod air_titles;
#[cfg(target_os = "linux")]
mod air_tls;
mod black_box;
mod delay;
mod disk_full;
mod encoders;
mod four_gib;
mod hls;
mod killed;
#[cfg(all(target_os = "linux", feature = "libshout"))]
mod libshout;
mod loudness;
mod mounts;
#[cfg(target_os = "linux")]
mod players;
mod recording;
mod sound_files;
