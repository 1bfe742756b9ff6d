//! True peak: how high the wave rises between its samples, in units of full scale (1.0 is 0 dBTP).
//!
//! Recommendation ITU-R BS.1770-5, Annex 2: four times oversampling through the 48-tap interpolator
//! printed there, then the largest magnitude. The Annex's filter reads up to 0.6 dB high near half the
//! rate and is prescribed as it is, so that all dBTP meters agree. Above 48 kHz the same filter
//! oversamples further than the Annex asks. For the engine's thread: no allocation, no branch per sample.

use crate::lanes::{Arch, Kernel, Lanes, Vector};
use crate::{BLOCK_FRAMES, Block, Frame};

/// How often the signal is interpolated per frame.
const PHASES: usize = 4;

/// Frames that one interpolated value is made of.
const TAPS: usize = 12;

/// The four polyphase branches of Annex 2, its columns "phase 0" to "phase 3".
const ANNEX_2: [[f32; TAPS]; PHASES] = [
    [
        0.001_708_984_4,
        0.010_986_328,
        -0.019_653_32,
        0.033_203_125,
        -0.059_448_242,
        0.137_329_1,
        0.972_167_97,
        -0.102_294_92,
        0.047_607_42,
        -0.026_611_328,
        0.014_892_578,
        -0.008_300_781,
    ],
    [
        -0.029_174_805,
        0.029_296_875,
        -0.051_757_813,
        0.089_111_33,
        -0.166_503_9,
        0.465_087_9,
        0.779_785_16,
        -0.200_317_38,
        0.101_562_5,
        -0.058_227_54,
        0.033_081_055,
        -0.018_920_898,
    ],
    [
        -0.018_920_898,
        0.033_081_055,
        -0.058_227_54,
        0.101_562_5,
        -0.200_317_38,
        0.779_785_16,
        0.465_087_9,
        -0.166_503_9,
        0.089_111_33,
        -0.051_757_813,
        0.029_296_875,
        -0.029_174_805,
    ],
    [
        -0.008_300_781,
        0.014_892_578,
        -0.026_611_328,
        0.047_607_42,
        -0.102_294_92,
        0.972_167_97,
        0.137_329_1,
        -0.059_448_242,
        0.033_203_125,
        -0.019_653_32,
        0.010_986_328,
        0.001_708_984_4,
    ],
];

/// The phases' coefficients for the oldest frame, then for the next: the Annex writes the newest one's first.
const OLDEST_FIRST: [[f32; PHASES]; TAPS] = oldest_first(&ANNEX_2);

/// Branches written newest frame first, as [`interpolated`] takes them.
pub(crate) const fn oldest_first<const BRANCHES: usize, const TAPS: usize>(
    branches: &[[f32; TAPS]; BRANCHES],
) -> [[f32; BRANCHES]; TAPS] {
    let mut taps = [[0.0; BRANCHES]; TAPS];
    // `for` does not run at compile time.
    let mut tap = 0;
    while tap < TAPS {
        let mut branch = 0;
        while branch < BRANCHES {
            taps[tap][branch] = branches[branch][TAPS - 1 - tap];
            branch += 1;
        }
        tap += 1;
    }
    taps
}

/// Measures the true peak of a stereo signal block by block.
#[derive(Debug, Clone)]
pub struct TruePeakMeter {
    /// The frames before the block that its first values reach back to, then the block.
    heard: [Frame; TAPS - 1 + BLOCK_FRAMES],
    peak: [f32; 2],
    arch: Arch,
}

impl TruePeakMeter {
    /// A meter that has heard silence.
    pub fn new() -> Self {
        Self::on_arch(Arch::best())
    }

    /// The same on these instructions.
    pub fn on_arch(arch: Arch) -> Self {
        Self {
            heard: [[0.0; 2]; TAPS - 1 + BLOCK_FRAMES],
            peak: [0.0; 2],
            arch,
        }
    }

    /// Listens to one block. The values are those of up to [`Self::LATENCY_FRAMES`] earlier.
    pub fn measure(&mut self, block: &Block) {
        remember(&mut self.heard, block);
        let [a, b, c, d, e, f, g, h] = self.arch.run(Highest(&self.heard)).0;
        self.peak = [a.max(c).max(e).max(g), b.max(d).max(f).max(h)];
    }

    /// How far what is measured lies behind what was heard, in frames: half the filter.
    pub const LATENCY_FRAMES: u32 = (TAPS / 2) as u32;

    /// The true peak of the last block, left and right. Linear, full scale 1.0.
    pub fn peak(&self) -> [f32; 2] {
        self.peak
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        *self = Self::on_arch(self.arch);
    }
}

impl Default for TruePeakMeter {
    fn default() -> Self {
        Self::new()
    }
}

/// The highest value of all phases in four frames of each run: left and right in turn.
struct Highest<'a>(&'a [Frame]);

impl Kernel for Highest<'_> {
    type Output = Lanes;
    #[inline(always)]
    fn run<V: Vector>(self) -> Lanes {
        let mut peak = V::splat(0.0);
        for run in 0..BLOCK_FRAMES / RUN {
            for values in interpolated::<V, PHASES, TAPS>(&OLDEST_FIRST, self.0, run) {
                peak = values[0].abs().max(peak);
                peak = values[1].abs().max(peak);
            }
        }
        let mut peaks = Lanes::ZERO;
        peak.store(&mut peaks);
        peaks
    }
}

/// Moves `block` in behind the end of what was heard before.
pub(crate) fn remember<const N: usize>(heard: &mut [Frame; N], block: &Block) {
    heard.copy_within(BLOCK_FRAMES.., 0);
    if let Some(end) = heard.last_chunk_mut::<BLOCK_FRAMES>() {
        *end = *block;
    }
}

/// Frames that are interpolated at a time: the sums of four branches fit the registers of every machine.
pub(crate) const RUN: usize = 8;

/// All branches of a polyphase filter over `heard`, which begins `TAPS - 1` frames before the block: the values of one
/// of the block's runs, interleaved. `taps` holds the branches' coefficients, those of the oldest frame first.
///
/// Multiplied and added in two steps: the same to the bit on every machine.
#[inline(always)]
pub(crate) fn interpolated<V: Vector, const BRANCHES: usize, const TAPS: usize>(
    taps: &[[f32; BRANCHES]; TAPS],
    heard: &[Frame],
    run: usize,
) -> [[V; 2]; BRANCHES] {
    let mut sums = [[V::splat(0.0); 2]; BRANCHES];
    let reach = heard.get(run * RUN..).unwrap_or_default();
    for (frames, coefficients) in reach.windows(RUN).zip(taps) {
        let (samples, _) = frames.as_flattened().as_chunks();
        let [first, second] = samples else { break };
        let (first, second) = (V::load_samples(first), V::load_samples(second));
        for (sums, coefficient) in sums.iter_mut().zip(coefficients) {
            let coefficient = V::splat(*coefficient);
            sums[0] = sums[0].add(coefficient.mul(first));
            sums[1] = sums[1].add(coefficient.mul(second));
        }
    }
    sums
}
