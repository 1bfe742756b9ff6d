//! What of a sound outlives a codec, a change of gain and another sample rate: how the power in twelve bands moves, every
//! 10 ms. Enough to know it again among minutes of others, in 52 bytes. No thread; allocates in `new` only.
//!
//! Both channels go through one complex transform, as its real and its imaginary part: its power is the sum of theirs, so
//! that no phase between them makes a sound vanish. Bands more than 40 dB below the recent peak count as being
//! there: that is where codecs put their own noise.

use std::sync::Arc;

use airdesk_dsp::Frame;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// Features per second.
pub(super) const PER_SECOND: u32 = 100;
/// Bands.
pub(super) const BANDS: usize = 12;
/// Where they begin and end, Hz: what every codec keeps at every bit rate.
const EDGES_HZ: [f32; BANDS + 1] = [
    150.0, 300.0, 450.0, 600.0, 800.0, 1000.0, 1300.0, 1700.0, 2200.0, 2800.0, 3600.0, 4600.0, 6000.0,
];
/// The shortest window, seconds: it is rounded up to a power of two frames.
const WINDOW_SECONDS: f32 = 0.016;
/// How far below the peak a band still counts, dB.
const DEPTH_DB: f32 = 40.0;
/// The least that counts, dBFS.
const FLOOR_DB: f32 = -75.0;
/// How fast the peak is forgotten, dB per feature: 10 dB a second.
const FORGET_DB: f32 = 0.1;
/// The mean that movements are measured from follows within about 150 ms.
const FOLLOW: f32 = 1.0 / 15.0;
/// A movement that is larger than this counts as this, dB: one attack must not outweigh a second of music.
const MOVEMENT_MAX_DB: f32 = 12.0;

/// Of what all bands do together only so much is left out: beats of one tempo are alike, what is in them is not.
const TOGETHER: f32 = 0.7;

/// Ten milliseconds of a sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Feature {
    /// Mean power of both channels: 1.0 is a full-scale square wave on both.
    pub(super) power: f32,
    /// How far each band is from its mean, dB.
    pub(super) bands: [f32; BANDS],
}

impl Feature {
    /// How much it moves, dB²: zero is steady.
    pub(super) fn movement(&self) -> f32 {
        self.bands.iter().map(|band| band * band).sum::<f32>() / BANDS as f32
    }
}

/// Makes features of one signal.
pub(super) struct FeatureMaker {
    rate: u32,
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// The newest frames, oldest first, and how many of them are new since the last feature.
    frames: Vec<Complex<f32>>,
    fresh: usize,
    /// Hundredths of a frame that are left over from the last feature.
    left_over: u32,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    peak_db: f32,
    means: Option<[f32; BANDS]>,
}

impl FeatureMaker {
    /// For a signal of `rate` Hz. Allocates.
    pub(super) fn new(rate: u32) -> Self {
        let length = ((rate as f32 * WINDOW_SECONDS) as usize).max(64).next_power_of_two();
        let fft = FftPlanner::new().plan_fft_forward(length);
        let hann = |n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / length as f32).cos();
        let zero = Complex::new(0.0, 0.0);
        Self {
            rate,
            window: (0..length).map(hann).collect(),
            frames: vec![zero; length],
            fresh: 0,
            left_over: 0,
            spectrum: vec![zero; length],
            scratch: vec![zero; fft.get_inplace_scratch_len()],
            fft,
            peak_db: FLOOR_DB,
            means: None,
        }
    }

    /// Its signal's rate, Hz.
    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Listens, and hands on each feature that is complete.
    pub(super) fn feed(&mut self, mut frames: &[Frame], mut each: impl FnMut(Feature)) {
        while !frames.is_empty() {
            let hop = ((self.rate + self.left_over) / PER_SECOND).max(1) as usize;
            let (now, rest) = frames.split_at(frames.len().min(hop - self.fresh));
            frames = rest;
            self.take(now);
            if self.fresh == hop {
                self.left_over = (self.rate + self.left_over) % PER_SECOND;
                self.fresh = 0;
                each(self.feature(hop));
            }
        }
    }

    fn take(&mut self, frames: &[Frame]) {
        self.fresh += frames.len();
        let length = self.frames.len();
        let newest = &frames[frames.len().saturating_sub(length)..];
        self.frames.copy_within(newest.len().., 0);
        for (place, [left, right]) in self.frames[length - newest.len()..].iter_mut().zip(newest) {
            let sound = |sample: f32| if sample.is_finite() { sample } else { 0.0 };
            *place = Complex::new(sound(*left), sound(*right));
        }
    }

    fn feature(&mut self, hop: usize) -> Feature {
        let length = self.frames.len();
        let newest = &self.frames[length - hop.min(length)..];
        let power = newest.iter().map(Complex::norm_sqr).sum::<f32>() / (2 * newest.len()) as f32;
        for ((out, frame), window) in self.spectrum.iter_mut().zip(&self.frames).zip(&self.window) {
            *out = frame * window;
        }
        self.fft.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        let levels = self.levels();
        let loudest = levels.iter().copied().fold(FLOOR_DB, f32::max);
        self.peak_db = loudest.max(self.peak_db - FORGET_DB);
        let floor = (self.peak_db - DEPTH_DB).max(FLOOR_DB);
        let levels = levels.map(|level| level.max(floor));
        let means = self.means.get_or_insert(levels);
        let mut bands = [0.0; BANDS];
        for ((band, level), mean) in bands.iter_mut().zip(levels).zip(means) {
            *band = (level - *mean).clamp(-MOVEMENT_MAX_DB, MOVEMENT_MAX_DB);
            *mean += (level - *mean) * FOLLOW;
        }
        let together = TOGETHER * bands.iter().sum::<f32>() / BANDS as f32;
        for band in &mut bands {
            *band -= together;
        }
        Feature { power, bands }
    }

    /// The power in each band, dB.
    fn levels(&self) -> [f32; BANDS] {
        let length = self.spectrum.len();
        let hz = self.rate as f32 / length as f32;
        let bin = |edge: f32| ((edge / hz).round() as usize).min(length / 2);
        // The window's gain, and two channels at two frequencies each.
        let full_scale = (length * length) as f32 / 4.0;
        std::array::from_fn(|band| {
            let bins = bin(EDGES_HZ[band])..bin(EDGES_HZ[band + 1]);
            let power: f32 = bins
                .map(|bin| self.spectrum[bin].norm_sqr() + self.spectrum[(length - bin) % length].norm_sqr())
                .sum();
            10.0 * (power / full_scale + 1e-12).log10()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(rate: u32, frames: &[Frame]) -> Vec<Feature> {
        let (mut maker, mut features) = (FeatureMaker::new(rate), Vec::new());
        for piece in frames.chunks(997) {
            maker.feed(piece, |feature| features.push(feature));
        }
        features
    }

    #[test]
    fn there_are_a_hundred_a_second_at_every_rate() {
        for rate in [8_000, 11_025, 22_050, 44_100, 48_000, 96_000] {
            assert_eq!(
                features(rate, &vec![[0.0; 2]; 3 * rate as usize]).len(),
                300,
                "at {rate} Hz"
            );
        }
    }

    #[test]
    fn a_tone_is_steady_whatever_its_channels_do_to_each_other_and_broken_samples_are_silence() {
        let tone = |n: usize| (n as f32 * 0.05).sin() * 0.1;
        for sides in [[1.0, 1.0], [1.0, -1.0], [1.0, 0.0]] {
            let frames: Vec<Frame> = (0..48_000).map(|n| sides.map(|side| side * tone(n))).collect();
            let found = features(48_000, &frames);
            let (last, power) = (found[99], 0.005 * (sides[0] + sides[1] * sides[1]) / 2.0);
            assert!(last.movement() < 0.01, "{}", last.movement());
            assert!((last.power - power).abs() < power * 0.1, "{}", last.power);
        }
        let broken = features(48_000, &vec![[f32::NAN, f32::INFINITY]; 48_000]);
        assert!(
            broken
                .iter()
                .all(|feature| (feature.power, feature.movement()) == (0.0, 0.0))
        );
    }
}
