//! How loud a block is: sample peak, RMS over 300 ms and samples at full scale.
//!
//! The engine measures; how fast a bar falls is the eye's business and lives in the console.

use crate::lanes::{Arch, Kernel, Lanes, Vector};
use crate::{BLOCK_FRAMES, Block, SampleRate};

/// The RMS window: long enough to be steady on speech, short enough to follow it.
pub const RMS_SECONDS: f64 = 0.300;

/// Measures a stereo signal block by block. Levels are linear, full scale 1.0.
#[derive(Debug, Clone)]
pub struct LevelMeter {
    /// Energy of the last blocks, left and right; a ring.
    energies: Box<[[f32; 2]]>,
    place: usize,
    sums: [f64; 2],
    peak: [f32; 2],
    clips: u32,
    arch: Arch,
}

impl LevelMeter {
    /// A meter that has heard silence. Allocates.
    pub fn new(rate: SampleRate) -> Self {
        let blocks = (f64::from(rate.hz()) * RMS_SECONDS / BLOCK_FRAMES as f64)
            .round()
            .max(1.0) as usize;
        Self {
            energies: vec![[0.0; 2]; blocks].into(),
            place: 0,
            sums: [0.0; 2],
            peak: [0.0; 2],
            clips: 0,
            arch: Arch::best(),
        }
    }

    /// Measures on these instructions from now on: the same to the bit.
    pub fn set_arch(&mut self, arch: Arch) {
        self.arch = arch;
    }

    /// Listens to one block.
    pub fn measure(&mut self, block: &Block) {
        let clips = self.measure_levels(block);
        self.clips = self.clips.saturating_add(clips);
    }

    /// Listens to one block as it goes out, and counts the clips of what it was before something brought it below
    /// full scale.
    pub fn measure_limited(&mut self, before: &Block, block: &Block) {
        self.measure_levels(block);
        self.clips = self.clips.saturating_add(clips(before));
    }

    /// Takes in levels. Returns how many samples were at or above full scale.
    fn measure_levels(&mut self, block: &Block) -> u32 {
        let (peak, energy, clips) = self.arch.run(Sums(block));
        self.peak = peak;
        let Some(oldest) = self.energies.get_mut(self.place) else {
            return clips;
        };
        for side in 0..2 {
            self.sums[side] += f64::from(energy[side]) - f64::from(oldest[side]);
        }
        *oldest = energy;
        self.place += 1;
        if self.place == self.energies.len() {
            self.place = 0;
            // Once a lap the sum is made anew: what rounding left behind, or a monstrous block, is forgotten.
            self.sums = [0, 1].map(|side| self.energies.iter().map(|energy| f64::from(energy[side])).sum());
        }
        clips
    }

    /// The highest sample of the last block, of either sign, left and right.
    pub fn peak(&self) -> [f32; 2] {
        self.peak
    }

    /// Root of the mean square over the window, left and right.
    pub fn rms(&self) -> [f32; 2] {
        let frames = (self.energies.len() * BLOCK_FRAMES) as f64;
        // A sum of differences may end a hair below zero after silence returns.
        self.sums.map(|sum| (sum.max(0.0) / frames).sqrt() as f32)
    }

    /// Samples at or above full scale, before a limiter where there is one, since [`LevelMeter::clear_clips`].
    pub fn clips(&self) -> u32 {
        self.clips
    }

    /// Counts clips from zero again.
    pub fn clear_clips(&mut self) {
        self.clips = 0;
    }
}

/// Peak, energy and clipped samples of one block, left and right: four sums a side, the same to the bit on every
/// machine.
struct Sums<'a>(&'a Block);

impl Kernel for Sums<'_> {
    type Output = ([f32; 2], [f32; 2], u32);

    #[inline(always)]
    fn run<V: Vector>(self) -> Self::Output {
        let (mut peak, mut energy) = (V::splat(0.0), V::splat(0.0));
        let (fours, _) = self.0.as_flattened().as_chunks();
        for samples in fours {
            let size = V::load_samples(samples).abs();
            peak = size.max(peak);
            energy = energy.add(size.mul(size));
        }
        let (mut peaks, mut energies) = (Lanes::ZERO, Lanes::ZERO);
        peak.store(&mut peaks);
        energy.store(&mut energies);
        let [a, b, c, d, e, f, g, h] = peaks.0;
        let peaks = [a.max(c).max(e).max(g), b.max(d).max(f).max(h)];
        let [a, b, c, d, e, f, g, h] = energies.0;
        // Clips are rare: whether there are any is known now.
        let clips = if peaks.iter().any(|peak| *peak >= 1.0) {
            clips(self.0)
        } else {
            0
        };
        (peaks, [a + c + e + g, b + d + f + h], clips)
    }
}

/// Samples at or above full scale.
fn clips(block: &Block) -> u32 {
    block
        .as_flattened()
        .iter()
        .map(|sample| u32::from(sample.abs() >= 1.0))
        .sum()
}

/// Above this, +120 dBFS, a sample is no audio: its square would not fit a meter, nor a filter.
pub(crate) const LARGEST_SAMPLE: f32 = 1e6;

/// Replaces samples that are no number, or beyond all audio, by silence. Returns how many there were.
pub fn silence_bad_samples(block: &mut Block) -> u32 {
    let samples = block.as_flattened_mut();
    // Among floats without their sign, what is larger has larger bits, and what is no number the largest.
    let is_bad = |sample: &f32| sample.abs().to_bits().cast_signed() > LARGEST_SAMPLE.to_bits().cast_signed();
    // One pass that only looks, and vectorises: bad samples are rare.
    if !samples.iter().fold(false, |bad, sample| bad | is_bad(sample)) {
        return 0;
    }
    let bad = samples.iter_mut().filter(|sample| is_bad(sample));
    bad.map(|sample| *sample = 0.0).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SILENCE;

    #[test]
    fn a_full_scale_sine_reads_0_dbfs_peak_and_minus_3_db_rms() {
        let mut meter = LevelMeter::new(SampleRate::DESK);
        let mut peak = 0.0_f32;
        for block_index in 0..300 {
            let mut block = SILENCE;
            for (n, frame) in block.iter_mut().enumerate() {
                let phase = (block_index * BLOCK_FRAMES + n) as f32 * std::f32::consts::TAU / 48.0;
                *frame = [phase.sin(), 0.5 * phase.sin()];
            }
            meter.measure(&block);
            peak = peak.max(meter.peak()[0]);
        }
        assert!((peak - 1.0).abs() < 1e-3, "{peak}");
        assert!((meter.rms()[0] - 0.5_f32.sqrt()).abs() < 1e-3, "{:?}", meter.rms());
        assert!((meter.rms()[1] - 0.5 * 0.5_f32.sqrt()).abs() < 1e-3);
    }

    #[test]
    fn rms_forgets_after_300_ms() {
        let mut meter = LevelMeter::new(SampleRate::DESK);
        meter.measure(&[[1.0; 2]; BLOCK_FRAMES]);
        for _ in 0..225 {
            meter.measure(&SILENCE);
        }
        assert_eq!(meter.rms(), [0.0, 0.0]);
    }

    #[test]
    fn a_monstrous_block_is_forgotten_too() {
        let mut meter = LevelMeter::new(SampleRate::DESK);
        meter.measure(&[[3e37; 2]; BLOCK_FRAMES]);
        for _ in 0..450 {
            meter.measure(&[[0.5; 2]; BLOCK_FRAMES]);
        }
        assert!((meter.rms()[0] - 0.5).abs() < 1e-4, "{:?}", meter.rms());
    }

    #[test]
    fn clips_are_counted_until_they_are_cleared() {
        let mut meter = LevelMeter::new(SampleRate::DESK);
        let mut block = SILENCE;
        block[3] = [1.0, -1.0];
        block[63] = [0.999, 1.5];
        meter.measure(&block);
        meter.measure(&SILENCE);
        assert_eq!(meter.clips(), 3);
        meter.clear_clips();
        assert_eq!(meter.clips(), 0);
    }

    #[test]
    fn behind_a_limiter_clips_are_those_before_it_and_levels_those_after_it() {
        let mut meter = LevelMeter::new(SampleRate::DESK);
        meter.measure_limited(&[[1.5, 0.5]; BLOCK_FRAMES], &[[0.75, 0.25]; BLOCK_FRAMES]);
        assert_eq!((meter.clips(), meter.peak()), (BLOCK_FRAMES as u32, [0.75, 0.25]));
    }

    #[test]
    fn a_block_measures_the_same_to_the_bit_on_every_kind_of_instructions() {
        let block = std::array::from_fn(|n| [(n as f32).sin() * 1.1, (n as f32 * 0.7).cos() * 0.3]);
        let expected = Arch::SCALAR.run(Sums(&block));
        assert!(expected.2 > 0 && expected.0[0] > 1.0, "{expected:?}");
        for arch in Arch::here() {
            assert_eq!(arch.run(Sums(&block)), expected, "{}", arch.name());
        }
    }

    #[test]
    fn what_is_no_number_becomes_silence_and_is_counted() {
        let mut block = [[0.5, -0.5]; BLOCK_FRAMES];
        block[0][0] = f32::NAN;
        block[63][1] = f32::NEG_INFINITY;
        block[7][0] = 1e30;
        assert_eq!(silence_bad_samples(&mut block), 3);
        assert_eq!(block[7], [0.0, -0.5]);
        assert_eq!((block[0], block[63]), ([0.0, -0.5], [0.5, 0.0]));
    }
}
