//! Test tones: made, and found again in what was recorded.
//!
//! A level is measured by fitting sines of known frequencies together (least squares), so that one tone does not
//! leak into the measurement of another. Levels are in dB relative to a sine of full scale.

use std::f64::consts::TAU;

/// The rate of all test material, Hz.
pub const RATE: u32 = 48_000;

/// A frequency at which the loss of any few frames shifts the phase visibly: one period is 26.18 frames,
/// the ratio that is worst to approximate by fractions.
pub const TONE: f64 = 1833.4;

/// A second one, far from the first and its harmonics.
pub const OTHER_TONE: f64 = 700.3;

/// A sine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sine {
    /// Frequency, Hz.
    pub hz: f64,
    /// Level, dB relative to full scale.
    pub db: f64,
}

impl Sine {
    /// Its value at one frame.
    pub fn at(self, frame: u64) -> f32 {
        (amplitude(self.db) * (TAU * self.hz * frame as f64 / f64::from(RATE)).sin()) as f32
    }
}

/// The linear factor of a level.
pub fn amplitude(db: f64) -> f64 {
    10.0_f64.powf(db / 20.0)
}

/// The level of a linear factor.
pub fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-12).log10()
}

/// The gain of the desk's pan law, constant power: left and right, in dB.
pub fn pan_law(pan: f64) -> [f64; 2] {
    let (right, left) = ((pan + 1.0) * std::f64::consts::FRAC_PI_4).sin_cos();
    [decibels(left), decibels(right)]
}

/// Sines of given frequencies, fitted to a run of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Amplitude and phase (radians, at the first sample) of each.
    pub sines: Vec<(f64, f64)>,
    /// Root mean square of what remains when they are taken away: noise, distortion, clicks.
    pub residual: f64,
}

/// Fits sines of known frequencies, and an offset, to runs of one length.
pub struct Fitter {
    /// For each frame the offset's 1, then sine and cosine of each frequency, and both once more growing
    /// evenly from the middle: a clock a little off, or a level on its way, is no noise beside the tone and none in
    /// the place of another.
    basis: Vec<Vec<f64>>,
    /// The inverse of the normal equations' matrix.
    inverse: Vec<Vec<f64>>,
}

impl Fitter {
    /// For runs of `length` frames and sines of the frequencies `hz`.
    pub fn new(length: usize, hz: &[f64]) -> Self {
        let basis: Vec<_> = (0..length).map(|frame| row(frame, length, hz)).collect();
        let size = 4 * hz.len() + 1;
        let mut matrix = vec![vec![0.0; 2 * size]; size];
        for (i, line) in matrix.iter_mut().enumerate() {
            for (j, value) in line[..size].iter_mut().enumerate() {
                *value = basis.iter().map(|row| row[i] * row[j]).sum();
            }
            line[size + i] = 1.0;
        }
        Self {
            basis,
            inverse: invert(matrix),
        }
    }

    /// Fits them to one run.
    pub fn fit(&self, samples: &[f32]) -> Fit {
        assert_eq!(
            samples.len(),
            self.basis.len(),
            "a run of the length that was asked for"
        );
        let mut projected = vec![0.0; self.inverse.len()];
        for (sample, row) in samples.iter().zip(&self.basis) {
            projected
                .iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += value * f64::from(*sample));
        }
        let solution: Vec<f64> = self.inverse.iter().map(|line| dot(line, &projected)).collect();
        let differences = samples
            .iter()
            .zip(&self.basis)
            .map(|(sample, row)| f64::from(*sample) - dot(row, &solution));
        let power: f64 = differences.map(|difference| difference.powi(2)).sum();
        Fit {
            sines: solution[1..]
                .chunks(4)
                .map(|four| (four[0].hypot(four[1]), four[1].atan2(four[0])))
                .collect(),
            residual: (power / samples.len() as f64).sqrt(),
        }
    }
}

fn row(frame: usize, length: usize, hz: &[f64]) -> Vec<f64> {
    let grown = frame as f64 / length as f64 - 0.5;
    let angles = hz.iter().map(|hz| TAU * hz * frame as f64 / f64::from(RATE));
    let waves = angles.map(f64::sin_cos);
    [1.0]
        .into_iter()
        .chain(waves.flat_map(|(sine, cosine)| [sine, cosine, grown * sine, grown * cosine]))
        .collect()
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Gauss and Jordan's elimination with pivots: takes `[A | 1]`, returns the inverse of `A`.
fn invert(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let size = matrix.len();
    for column in 0..size {
        let by_size = |a: &usize, b: &usize| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs());
        let pivot = (column..size).max_by(by_size).expect("the range is not empty");
        matrix.swap(column, pivot);
        let scale = matrix[column][column];
        matrix[column].iter_mut().for_each(|value| *value /= scale);
        let line = matrix[column].clone();
        for (_, other) in matrix.iter_mut().enumerate().filter(|(index, _)| *index != column) {
            let factor = other[column];
            other
                .iter_mut()
                .zip(&line)
                .for_each(|(value, taken)| *value -= factor * taken);
        }
    }
    matrix.into_iter().map(|line| line[size..].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(sines: &[Sine], count: u64) -> Vec<f32> {
        (0..count)
            .map(|frame| sines.iter().map(|sine| sine.at(frame)).sum())
            .collect()
    }

    #[test]
    fn two_tones_are_measured_apart_to_a_thousandth_of_a_decibel() {
        let mixed = samples(
            &[
                Sine { hz: TONE, db: -12.0 },
                Sine {
                    hz: OTHER_TONE,
                    db: -40.0,
                },
            ],
            4800,
        );
        let fit = Fitter::new(4800, &[TONE, OTHER_TONE]).fit(&mixed);
        assert!((decibels(fit.sines[0].0) + 12.0).abs() < 0.001);
        assert!((decibels(fit.sines[1].0) + 40.0).abs() < 0.001);
        assert!(decibels(fit.residual) < -140.0, "{}", decibels(fit.residual));
    }

    #[test]
    fn a_clock_a_little_off_is_not_heard_as_another_tone() {
        let fast = samples(
            &[Sine {
                hz: TONE * 1.0005,
                db: -12.0,
            }],
            2400,
        );
        let fit = Fitter::new(2400, &[TONE, OTHER_TONE]).fit(&fast);
        assert!(
            (decibels(fit.sines[0].0) + 12.0).abs() < 0.05,
            "{}",
            decibels(fit.sines[0].0)
        );
        assert!(decibels(fit.sines[1].0) < -95.0, "{}", decibels(fit.sines[1].0));
    }

    #[test]
    fn distortion_remains_after_the_fit() {
        let clipped: Vec<_> = samples(&[Sine { hz: TONE, db: 0.0 }], 4800)
            .iter()
            .map(|s| s.clamp(-0.9, 0.9))
            .collect();
        assert!(decibels(Fitter::new(4800, &[TONE]).fit(&clipped).residual) > -40.0);
    }

    #[test]
    fn silence_has_no_tone() {
        assert!(decibels(Fitter::new(480, &[TONE]).fit(&[0.0; 480]).sines[0].0) < -200.0);
    }
}
