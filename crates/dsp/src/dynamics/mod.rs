//! What the dynamics share: the pace of their gain, the detector, gliding parameters and the gain itself.
//!
//! A strip's dynamics listen to every frame, but make up their mind once in [`PACE`] frames and move their
//! gain in a straight line between: a logarithm and a power cost more than all the rest. At 48 kHz that is
//! 83 µs, so the shortest attack (0.1 ms) is exact to a frame or four, and no gain ever steps.
//! For the engine's thread: nothing here allocates but [`gain_window`]'s constructors.

pub mod gain_window;
pub(crate) mod glide;
pub(crate) mod level;

use crate::lanes::{LaneBlock, Lanes, Vector};
use crate::{BLOCK_FRAMES, SampleRate};

/// Frames between two decisions about the gain.
pub const PACE: usize = 4;

/// Decisions in one block.
pub(crate) const DECISIONS: usize = BLOCK_FRAMES / PACE;

/// One value of every lane for each decision of a block.
pub(crate) type Decisions = [Lanes; DECISIONS];

/// dB in a doubling of the amplitude, `20 log10 2`: levels are kept as logarithms to base two.
pub(crate) const DB_PER_OCTAVE: f32 = 6.020_6;

/// The highest level that is believed, and the largest reduction, in octaves: 120 dB.
pub(crate) const MOST_OCTAVES: f32 = 20.0;

/// What is left of a distance after one decision, for an exponential with this time constant.
pub(crate) fn decay_of(seconds: f64, rate: SampleRate) -> f32 {
    (-(PACE as f64) / (seconds * f64::from(rate.hz()))).exp() as f32
}

/// Multiplies a block by gains that move in a straight line from one decision to the next. Returns the last.
#[inline(always)]
pub(crate) fn apply_gains<V: Vector>(block: &mut LaneBlock, before: V, gains: &Decisions) -> V {
    let part = V::splat(1.0 / PACE as f32);
    let mut gain = before;
    let (runs, _) = block.as_chunks_mut::<PACE>();
    for (run, next) in runs.iter_mut().zip(gains) {
        let next = V::load(next);
        let step = next.sub(gain).mul(part);
        for (n, frame) in run.iter_mut().enumerate() {
            let gain = if n + 1 == PACE {
                next
            } else {
                step.mul_add(V::splat((n + 1) as f32), gain)
            };
            V::load(frame).mul(gain).store(frame);
        }
        gain = next;
    }
    gain
}

/// A state as it is, or zero where it is no number, beyond all audio, or too small to matter.
#[inline(always)]
pub(crate) fn sound<V: Vector>(state: V) -> V {
    let zero = V::splat(0.0);
    let size = state.abs();
    let small_enough = state.select(V::splat(1e6).greater(size), zero);
    small_enough.select(size.greater(V::splat(1e-15)), zero)
}
