//! Arithmetic on blocks of audio.
//!
//! Nothing here starts a thread, touches a file or a device, or allocates after `new`:
//! every type may be used on the engine's thread and inside a device callback.
//! Samples are `f32`, full scale is ±1.0; a [`Frame`] is one sample of both channels.

// What names the types for TypeScript allocates, and runs in a test of the station alone. The lints look at this crate
// once more without it.
#![cfg_attr(feature = "ts", allow(clippy::disallowed_macros, clippy::disallowed_methods))]

pub mod air_delay;
pub mod ballistics;
pub mod callback_sizes;
pub mod compressor;
pub mod correlation;
pub mod de_esser;
pub mod delay;
pub mod delay_locked_loop;
pub mod denormals;
pub mod ducker;
pub mod dynamics;
pub mod enhancer;
pub mod equaliser;
pub mod filter;
pub mod gate;
pub mod high_pass;
pub mod input_matrix;
pub mod lanes;
pub mod level;
pub mod limiter;
pub mod lock;
pub mod margin;
pub mod ramp;
pub mod range;
pub mod resample;
pub mod steering;
pub mod true_peak;
pub mod units;

pub use units::{Decibels, Frames, Gain, Pan, SampleRate};

/// One sample of the left and of the right channel, in that order.
pub type Frame = [f32; 2];

/// Frames in one block of the engine.
pub const BLOCK_FRAMES: usize = 64;

/// The engine's fixed run of frames.
pub type Block = [Frame; BLOCK_FRAMES];

/// A block of silence.
pub const SILENCE: Block = [[0.0; 2]; BLOCK_FRAMES];
