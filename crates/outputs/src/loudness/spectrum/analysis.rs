//! The spectrum of a signal, block by block: two Fourier transforms of 4096 points under a Hann window.
//!
//! One over 85 ms for 315 Hz and up, and one over 0.7 s of an eighth of the rate for the bands below: there a
//! band is narrower than a bin of the first. (At 88.2 and 96 kHz both have 8192 points.)
//! No thread, no clock; allocates in `new` only.

use std::sync::Arc;

use airdesk_dsp::level::silence_bad_samples;
use airdesk_dsp::{BLOCK_FRAMES, Block, Decibels, SampleRate};
use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::Spectrum;
use super::bands::{BANDS, Band};
use super::decimator::{Decimator, STEP};

/// Points of a transform at 44.1 and 48 kHz.
const POINTS: usize = 4096;
/// Bands below 315 Hz.
const LOW_BANDS: usize = 11;
/// Spectra in a second.
const UPDATES_PER_SECOND: u32 = 20;
/// What is below -140 dBFS is the arithmetic's own noise.
const SILENT_MEAN_SQUARE: f32 = 1e-14;

/// Analyses a stereo signal.
pub(super) struct Analysis {
    reading: Spectrum,
    transform: Transform,
    /// The last frames, left and right.
    recent: [Recent; 2],
    /// Those kept for the low bands.
    recent_low: [Recent; 2],
    decimators: [Decimator; 2],
    bands: [Band; BANDS],
    /// Frames from one spectrum to the next, and to the next one.
    interval: usize,
    frames_left: usize,
}

impl Analysis {
    /// Nothing heard yet. Allocates.
    pub(super) fn new(rate: SampleRate) -> Self {
        // Above 64 kHz everything is doubled, and again above 128: the bins stay as narrow, in Hz.
        let scale = (rate.hz() as usize / 64_000 + 1).next_power_of_two();
        let points = POINTS * scale;
        let bin_hz = f64::from(rate.hz()) / points as f64;
        let low_bin_hz = bin_hz / STEP as f64;
        let transform = Transform::new(points);
        let bins = transform.powers.len();
        let interval = (rate.hz() / UPDATES_PER_SECOND) as usize;
        Self {
            reading: Spectrum::default(),
            recent: std::array::from_fn(|_| Recent::new(points)),
            recent_low: std::array::from_fn(|_| Recent::new(points)),
            decimators: std::array::from_fn(|_| Decimator::new()),
            bands: std::array::from_fn(|band| {
                Band::new(band, if band < LOW_BANDS { low_bin_hz } else { bin_hz }, bins)
            }),
            transform,
            interval,
            frames_left: interval,
        }
    }

    /// Listens to one block. What is no number counts as silence.
    pub(super) fn measure(&mut self, block: &Block) {
        let mut block = *block;
        silence_bad_samples(&mut block);
        for side in 0..2 {
            let samples = block.map(|frame| frame[side]);
            self.recent[side].push(&samples);
            self.recent_low[side].push(&self.decimators[side].process(&samples));
        }
        if self.frames_left > BLOCK_FRAMES {
            self.frames_left -= BLOCK_FRAMES;
        } else {
            self.frames_left += self.interval - BLOCK_FRAMES;
            self.analyse();
        }
    }

    /// Blocks are missing before the next one: what was heard would be joined to it by a step, and is forgotten.
    pub(super) fn lose(&mut self, blocks: u64) {
        let frames_lost = self.reading.frames_lost + blocks * BLOCK_FRAMES as u64;
        self.clear();
        self.reading.frames_lost = frames_lost;
    }

    /// Begins from silence, but for the count of lost frames.
    pub(super) fn clear(&mut self) {
        self.reading.bands = Spectrum::default().bands;
        self.recent.iter_mut().for_each(Recent::clear);
        self.recent_low.iter_mut().for_each(Recent::clear);
        self.decimators.iter_mut().for_each(Decimator::clear);
        self.frames_left = self.interval;
    }

    /// The newest spectrum.
    pub(super) fn reading(&self) -> &Spectrum {
        &self.reading
    }

    fn analyse(&mut self) {
        let (low, high) = self.bands.split_at(LOW_BANDS);
        let (low_levels, high_levels) = self.reading.bands.split_at_mut(LOW_BANDS);
        let halves = [(&self.recent_low, low, low_levels), (&self.recent, high, high_levels)];
        for (recent, bands, levels) in halves {
            self.transform.measure(recent);
            for (band, level) in bands.iter().zip(levels) {
                let power = band.power(&self.transform.powers);
                *level = if power < SILENT_MEAN_SQUARE {
                    Decibels::SILENCE
                } else {
                    Decibels::of_amplitude(power.sqrt())
                };
            }
        }
    }
}

/// The last samples of a channel; a ring.
struct Recent {
    samples: Box<[f32]>,
    place: usize,
}

impl Recent {
    fn new(count: usize) -> Self {
        Self {
            samples: vec![0.0; count].into(),
            place: 0,
        }
    }

    /// Takes as many samples each time as divide what it holds.
    fn push(&mut self, samples: &[f32]) {
        if let Some(oldest) = self.samples.get_mut(self.place..self.place + samples.len()) {
            oldest.copy_from_slice(samples);
        }
        self.place = (self.place + samples.len()) % self.samples.len();
    }

    fn clear(&mut self) {
        self.samples.fill(0.0);
    }

    /// Oldest first.
    fn iter(&self) -> impl Iterator<Item = &f32> {
        let (newer, older) = self.samples.split_at(self.place);
        older.iter().chain(newer)
    }
}

/// The transform and all it works in.
struct Transform {
    plan: Arc<dyn RealToComplex<f32>>,
    window: Box<[f32]>,
    windowed: Box<[f32]>,
    bins: Box<[Complex32]>,
    scratch: Box<[Complex32]>,
    /// Mean square of each bin, the mean of left and right.
    powers: Box<[f32]>,
    /// From the squares of both sides' bins to mean squares.
    scale: f32,
}

impl Transform {
    fn new(points: usize) -> Self {
        let plan = RealFftPlanner::new().plan_fft_forward(points);
        let window: Box<[f32]> = (0..points)
            .map(|n| (0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / points as f64).cos()) as f32)
            .collect();
        // Parseval under a window. A bin stands for its negative frequency too, and half for each side.
        let energy: f64 = window.iter().map(|w| f64::from(*w).powi(2)).sum();
        let scale = (2.0 / (points as f64 * energy) / 2.0) as f32;
        Self {
            windowed: plan.make_input_vec().into(),
            bins: plan.make_output_vec().into(),
            scratch: plan.make_scratch_vec().into(),
            powers: vec![0.0; points / 2 + 1].into(),
            plan,
            window,
            scale,
        }
    }

    /// Leaves the powers of both sides in `powers`.
    fn measure(&mut self, sides: &[Recent; 2]) {
        self.powers.fill(0.0);
        for recent in sides {
            for ((place, sample), weight) in self.windowed.iter_mut().zip(recent.iter()).zip(&self.window) {
                *place = sample * weight;
            }
            let done = self
                .plan
                .process_with_scratch(&mut self.windowed, &mut self.bins, &mut self.scratch);
            debug_assert!(done.is_ok(), "the lengths are those of the plan");
            for (power, bin) in self.powers.iter_mut().zip(&self.bins) {
                *power += bin.norm_sqr() * self.scale;
            }
        }
    }
}
