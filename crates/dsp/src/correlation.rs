//! How alike left and right are: the phase correlation meter, over 300 ms.
//!
//! +1 is mono, 0 two unrelated signals, -1 the same signal with one side turned over, which vanishes
//! when a listener hears mono. The sum of products over the geometric mean of the energies, block by
//! block. For the engine's thread; allocates in `new` only.

use crate::{BLOCK_FRAMES, Block, SampleRate};

/// The window: steady on music, quick enough to show a wrongly wired cable at once.
pub const WINDOW_SECONDS: f64 = 0.300;

/// Below this mean square, -100 dBFS, a side is silent and there is nothing to compare.
const SILENT_MEAN_SQUARE: f64 = 1e-10;

/// Lanes of the inner loop: independent sums, so that the compiler may use vector registers.
const LANES: usize = 8;

/// Energy of left, energy of right, and their product.
type Moments = [f32; 3];

/// Compares the sides of a stereo signal block by block.
#[derive(Debug, Clone)]
pub struct CorrelationMeter {
    /// Those of the last blocks; a ring.
    moments: Box<[Moments]>,
    place: usize,
    sums: [f64; 3],
}

impl CorrelationMeter {
    /// A meter that has heard silence. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        let blocks = f64::from(rate.hz()) * WINDOW_SECONDS / BLOCK_FRAMES as f64;
        Self {
            moments: vec![[0.0; 3]; blocks.round().max(1.0) as usize].into(),
            place: 0,
            sums: [0.0; 3],
        }
    }

    /// Listens to one block. What is no number, or too large for a square, counts as silence.
    pub fn measure(&mut self, block: &Block) {
        let newest = moments_of(block);
        let newest = if newest.iter().all(|moment| moment.is_finite()) {
            newest
        } else {
            [0.0; 3]
        };
        let Some(oldest) = self.moments.get_mut(self.place) else {
            return;
        };
        for ((sum, new), old) in self.sums.iter_mut().zip(newest).zip(*oldest) {
            *sum += f64::from(new) - f64::from(old);
        }
        *oldest = newest;
        self.place += 1;
        if self.place == self.moments.len() {
            self.place = 0;
            // Once a lap the sums are made anew: what rounding left behind is forgotten.
            self.sums = [0, 1, 2].map(|which| self.moments.iter().map(|moments| f64::from(moments[which])).sum());
        }
    }

    /// From -1 to +1; 0 while a side is silent.
    pub fn correlation(&self) -> f32 {
        let [left, right, product] = self.sums;
        let silent = SILENT_MEAN_SQUARE * (self.moments.len() * BLOCK_FRAMES) as f64;
        if left < silent || right < silent {
            return 0.0;
        }
        (product / (left * right).sqrt()).clamp(-1.0, 1.0) as f32
    }
}

fn moments_of(block: &Block) -> Moments {
    let (mut left, mut right, mut product) = ([0.0_f32; LANES], [0.0_f32; LANES], [0.0_f32; LANES]);
    let (groups, _) = block.as_chunks::<LANES>();
    for frames in groups {
        for (lane, [l, r]) in frames.iter().enumerate() {
            left[lane] += l * l;
            right[lane] += r * r;
            product[lane] += l * r;
        }
    }
    [left, right, product].map(|lanes| lanes.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the meter says after a second of `frame(n)`.
    fn after_a_second(frame: impl Fn(u32) -> [f32; 2]) -> f32 {
        let mut meter = CorrelationMeter::new(SampleRate::DESK);
        for start in (0..48_000).step_by(BLOCK_FRAMES) {
            meter.measure(&std::array::from_fn(|n| frame(start + n as u32)));
        }
        meter.correlation()
    }

    fn sine(n: u32, degrees: f32) -> f32 {
        ((n % 48) as f32 / 48.0 * std::f32::consts::TAU + degrees.to_radians()).sin()
    }

    #[test]
    fn it_reads_the_cosine_of_the_angle_between_two_sines_of_any_level() {
        for degrees in [0.0_f32, 30.0, 60.0, 90.0, 120.0, 180.0] {
            let read = after_a_second(|n| [sine(n, 0.0), 0.01 * sine(n, degrees)]);
            assert!((read - degrees.to_radians().cos()).abs() < 1e-3, "{degrees}°: {read}");
        }
    }

    #[test]
    fn one_side_alone_or_silence_reads_0() {
        assert_eq!(after_a_second(|n| [sine(n, 0.0), 0.0]), 0.0);
        assert_eq!(after_a_second(|_| [0.0; 2]), 0.0);
    }

    #[test]
    fn it_forgets_after_300_ms_and_survives_what_is_no_number() {
        let mut meter = CorrelationMeter::new(SampleRate::DESK);
        meter.measure(&[[f32::NAN, 1.0]; BLOCK_FRAMES]);
        meter.measure(&[[3e37, 3e37]; BLOCK_FRAMES]);
        meter.measure(&[[1.0, -1.0]; BLOCK_FRAMES]);
        assert_eq!(meter.correlation(), -1.0);
        for _ in 0..225 {
            meter.measure(&[[0.1, 0.1]; BLOCK_FRAMES]);
        }
        assert!(meter.correlation() > 0.999_99);
    }
}
