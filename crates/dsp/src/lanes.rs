//! Eight signals side by side: four stereo strips, left and right in turn.
//!
//! Each lane holds another channel, so that the recurrence of a filter or of an envelope is no obstacle
//! to vector registers. A [`Kernel`] is written once over [`Vector`]; [`Arch`] runs it on the widest
//! instructions that this machine has. Real-time: nothing here allocates.
//!
//! `std::arch` rather than a crate: some forty intrinsics suffice, behind one macro of `unsafe` a machine.
//! `wide` chooses at compile time; `pulp` and `fearless_simd` vary their width, and the lanes here are eight.

mod arch;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod sse2;
mod vector;

pub use arch::{Arch, Kernel};
pub use vector::Vector;

use crate::{BLOCK_FRAMES, Block, SILENCE};

/// Channels that are processed at once.
pub const LANES: usize = 8;

/// Strips that are processed at once: each has a left and a right lane.
pub const STRIPS: usize = LANES / 2;

/// One sample of every lane: left and right of the first strip, then of the second, and so on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(32))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// Silence, or no gain, in every lane.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// The same number in every lane.
    pub const fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    /// What one strip has: its left lane's. A strip that is not there has 0.
    pub fn strip(&self, strip: usize) -> f32 {
        self.0.get(2 * strip).copied().unwrap_or_default()
    }

    /// Sets both lanes of one strip. A strip that is not there is left out.
    pub fn set_strip(&mut self, strip: usize, value: f32) {
        let (strips, _) = self.0.as_chunks_mut::<2>();
        if let Some(lanes) = strips.get_mut(strip) {
            *lanes = [value; 2];
        }
    }
}

/// One block of four stereo strips.
pub type LaneBlock = [Lanes; BLOCK_FRAMES];

/// A block of silence in every lane.
pub const SILENT_LANES: LaneBlock = [Lanes::ZERO; BLOCK_FRAMES];

/// Lays up to four strips side by side. Lanes without a strip are silent.
pub fn interleave(strips: [Option<&Block>; STRIPS], lanes: &mut LaneBlock) {
    static NOTHING: Block = SILENCE;
    let [first, second, third, fourth] = strips.map(|block| block.unwrap_or(&NOTHING));
    // All four in one go: whole registers are written, not a lane at a time.
    let frames = first.iter().zip(second).zip(third).zip(fourth);
    for (lane, (((first, second), third), fourth)) in lanes.iter_mut().zip(frames) {
        let (places, _) = lane.0.as_chunks_mut();
        for (place, frame) in places.iter_mut().zip([first, second, third, fourth]) {
            *place = *frame;
        }
    }
}

/// Copies one strip's two lanes into its own block. A strip that is not there is silence.
pub fn deinterleave(lanes: &LaneBlock, strip: usize, block: &mut Block) {
    for (frame, lane) in block.iter_mut().zip(lanes) {
        let (strips, _) = lane.0.as_chunks::<2>();
        *frame = strips.get(strip).copied().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
