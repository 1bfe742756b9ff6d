//! Where sounds begin: places that must be heard once, neither twice nor not at all.

use std::collections::VecDeque;

use crate::{BLOCK_FRAMES, Block, SampleRate};

/// A block whose energy is so many times that of the loudest block shortly before it begins a sound: 9 dB.
const RISE: f32 = 8.0;
/// How long "shortly before" is, in seconds: longer than a period of the lowest voice, whose pulses are no beginnings.
const BEFORE_SECONDS: f64 = 0.020;
/// Below this energy of a block, -55 dBFS, nothing begins that anybody hears.
const SILENT: f32 = 3.2e-6 * 2.0 * BLOCK_FRAMES as f32;
/// Capacity: beginnings are at least [`BEFORE_SECONDS`] apart, and 30 s are kept.
const KEPT: usize = 2_048;

/// Listens for beginnings.
#[derive(Debug, Clone)]
pub(super) struct Attacks {
    /// Energies of the last blocks; a ring.
    energies: Box<[f32]>,
    place: usize,
    /// Where they are: the positions of the blocks' first frames.
    found: VecDeque<i64>,
}

impl Attacks {
    /// Allocates.
    pub(super) fn new(rate: SampleRate) -> Self {
        let blocks = f64::from(rate.hz()) * BEFORE_SECONDS / BLOCK_FRAMES as f64;
        Self {
            energies: vec![0.0; blocks.ceil() as usize].into(),
            place: 0,
            found: VecDeque::with_capacity(KEPT),
        }
    }

    /// Listens to the block whose first frame is at `position`. What was before `needed` is forgotten.
    pub(super) fn hear(&mut self, block: &Block, position: i64, needed: i64) {
        let energy = block.as_flattened().iter().map(|sample| sample * sample).sum::<f32>();
        let before = self.energies.iter().copied().fold(SILENT, f32::max);
        if let Some(oldest) = self.energies.get_mut(self.place) {
            *oldest = energy;
        }
        self.place = (self.place + 1) % self.energies.len();
        while self.found.len() == KEPT || self.found.front().is_some_and(|found| *found < needed) {
            self.found.pop_front();
        }
        if energy > RISE * before {
            self.found.push_back(position);
        }
    }

    /// The last one before `position`.
    pub(super) fn last_before(&self, position: i64) -> Option<i64> {
        let first_after = self.found.partition_point(|found| *found < position);
        first_after
            .checked_sub(1)
            .and_then(|place| self.found.get(place).copied())
    }

    /// The first one at or after `position`.
    pub(super) fn first_from(&self, position: i64) -> Option<i64> {
        self.found
            .get(self.found.partition_point(|found| *found < position))
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_is_a_beginning_and_the_pulses_of_a_low_voice_are_none() {
        let mut attacks = Attacks::new(SampleRate::DESK);
        let mut hear = |n: i64, level: f32| attacks.hear(&[[level; 2]; BLOCK_FRAMES], n * 64, 0);
        (0..100).for_each(|n| hear(n, 0.001));
        // 80 Hz: a pulse every ninth block or so, the first of which begins the voice.
        (100..400).for_each(|n| hear(n, if n % 9 == 1 { 0.2 } else { 0.03 }));
        (400..450).for_each(|n| hear(n, if n == 420 { 0.9 } else { 0.03 }));
        assert_eq!(attacks.first_from(0), Some(100 * 64));
        assert_eq!(attacks.first_from(110 * 64), Some(420 * 64));
        assert_eq!(
            attacks.last_before(420 * 64),
            attacks
                .first_from(101 * 64)
                .filter(|at| *at < 420 * 64)
                .or(Some(100 * 64))
        );
        assert_eq!(attacks.first_from(421 * 64), None);
    }
}
