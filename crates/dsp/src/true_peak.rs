//! True peak: how high the wave rises between its samples, in units of full scale (1.0 is 0 dBTP).
//!
//! Recommendation ITU-R BS.1770-5, Annex 2: four times oversampling through the 48-tap interpolator
//! printed there, then the largest magnitude. The Annex's filter reads up to 0.6 dB high near half the
//! rate and is prescribed as it is, so that all dBTP meters agree. Above 48 kHz the same filter
//! oversamples further than the Annex asks. For the engine's thread: no allocation, no branch per sample.

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

/// Measures the true peak of a stereo signal block by block.
#[derive(Debug, Clone)]
pub struct TruePeakMeter {
    /// The frames before the block that its first values reach back to, then the block.
    heard: [Frame; TAPS - 1 + BLOCK_FRAMES],
    peak: [f32; 2],
}

impl TruePeakMeter {
    /// A meter that has heard silence.
    pub fn new() -> Self {
        Self {
            heard: [[0.0; 2]; TAPS - 1 + BLOCK_FRAMES],
            peak: [0.0; 2],
        }
    }

    /// Listens to one block. The values are those of up to [`Self::LATENCY_FRAMES`] earlier.
    pub fn measure(&mut self, block: &Block) {
        remember(&mut self.heard, block);
        let mut peak = [0.0_f32; STRIDE];
        for branch in &ANNEX_2 {
            for values in interpolated(branch, &self.heard) {
                for (peak, value) in peak.iter_mut().zip(values) {
                    let size = value.abs();
                    *peak = if size > *peak { size } else { *peak };
                }
            }
        }
        let (frames, _) = peak.as_chunks::<2>();
        self.peak = frames.iter().fold([0.0; 2], |a, b| [a[0].max(b[0]), a[1].max(b[1])]);
    }

    /// How far what is measured lies behind what was heard, in frames: half the filter.
    pub const LATENCY_FRAMES: u32 = (TAPS / 2) as u32;

    /// The true peak of the last block, left and right. Linear, full scale 1.0.
    pub fn peak(&self) -> [f32; 2] {
        self.peak
    }

    /// Forgets what was heard.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl Default for TruePeakMeter {
    fn default() -> Self {
        Self::new()
    }
}

/// Samples that the inner loop makes at a time: eight frames, four SSE2 or two AVX registers.
const STRIDE: usize = 16;

/// Moves `block` in behind the end of what was heard before.
pub(crate) fn remember<const N: usize>(heard: &mut [Frame; N], block: &Block) {
    heard.copy_within(BLOCK_FRAMES.., 0);
    if let Some(end) = heard.last_chunk_mut::<BLOCK_FRAMES>() {
        *end = *block;
    }
}

/// One branch of a polyphase filter over `heard`, which begins `T - 1` frames before the block:
/// eight frames of the block at a time, interleaved.
pub(crate) fn interpolated<'a, const T: usize>(
    branch: &'a [f32; T],
    heard: &'a [Frame],
) -> impl Iterator<Item = [f32; STRIDE]> + 'a {
    let samples = heard.as_flattened();
    (0..BLOCK_FRAMES * 2 / STRIDE).map(move |place| {
        let mut sums = [0.0_f32; STRIDE];
        let reach = samples.get(place * STRIDE..).unwrap_or_default();
        // The newest frame meets the first coefficient, as the Annex writes it.
        for (tap, coefficient) in branch.iter().rev().enumerate() {
            let Some(frames) = reach.get(tap * 2..).and_then(|rest| rest.first_chunk::<STRIDE>()) else {
                break;
            };
            for (sum, sample) in sums.iter_mut().zip(frames) {
                *sum += coefficient * sample;
            }
        }
        sums
    })
}
