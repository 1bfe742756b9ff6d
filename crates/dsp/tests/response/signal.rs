//! What is fed to a filter, and what a listener makes of the rest.

use std::f64::consts::TAU;

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_dsp::lanes::{LaneBlock, Lanes};

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Evenly between 0 and 1.
    pub(crate) fn throw(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }
}

/// One block of a sine at 48 kHz, the same in every lane.
pub(crate) fn sine(block: usize, hz: f64, amplitude: f64) -> LaneBlock {
    std::array::from_fn(|n| {
        let phase = (block * BLOCK_FRAMES + n) as f64 * hz / 48_000.0 * TAU;
        Lanes::splat((amplitude * phase.sin()) as f32)
    })
}

/// One block of noise, another in each lane, up to `amplitude`.
pub(crate) fn noise(dice: &mut Dice, amplitude: f32) -> LaneBlock {
    std::array::from_fn(|_| Lanes(std::array::from_fn(|_| amplitude * (2.0 * dice.throw() - 1.0))))
}

/// The largest difference of two signals, in dBFS.
pub(crate) fn null_db(a: &[Lanes], b: &[Lanes]) -> f64 {
    assert_eq!(a.len(), b.len());
    let lanes = a.iter().zip(b).flat_map(|(a, b)| a.0.into_iter().zip(b.0));
    20.0 * lanes.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max).log10()
}
