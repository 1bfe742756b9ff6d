//! The playback daemon through its port, as the programs use it that were written for the other one: what they sent is
//! compared frame by frame with what the strip sounded.

mod much;
mod playing;
mod rig;
mod serving;
