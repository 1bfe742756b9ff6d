//! A digital second-order response as close to an analogue one as five free numbers allow.
//!
//! Matching the power response and leaving the phase to follow is the idea of M. Vicanek, "Matched
//! Second Order Digital Filters" (2016). He matches a few frequencies exactly; here all of the range up to
//! 0.4 of the rate is matched, by least squares of the relative error, reweighted by the denominator found
//! last (C. Sanathanan and J. Koerner, 1963). The tests of the equaliser say how close that comes.
//! Powers are quotients of quadratics in `u = tan²(ω/2) / tan²(ω₀/2)`, from which the coefficients of the
//! state-variable filter are read off without going through `z`.

use std::f64::consts::PI;

use super::prototype::Prototype;

/// The part of the sampling rate up to which the response is matched: 19.2 kHz at 48 kHz.
const MATCHED: f64 = 0.40;
/// The part up to which a resonance above that still pulls a little.
const LOOKED_AT: f64 = 0.49;
/// The weight of what lies between the two.
const PULL: f64 = 0.05;
/// Rounds of reweighting: six left the worst bell where three had brought it.
const ROUNDS: usize = 3;
/// How little a held term adds at the highest matched frequency.
const FAR: f64 = 0.002;
/// How firmly it is held.
const HOLD: f64 = 1e6;
/// At most so many frequencies are matched.
const POINTS: usize = 33;

/// `(n₀ + n₁ u + n₂ u²) / (1 + d₁ u + d₂ u²)`: a squared magnitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct Power {
    pub(super) numerator: [f64; 3],
    pub(super) denominator: [f64; 3],
}

/// One frequency that is matched.
#[derive(Debug, Clone, Copy, Default)]
struct Point {
    u: f64,
    power: f64,
    weight: f64,
}

/// `tan²(ω/2)` at `hz`.
pub(super) fn warped(hz: f64, rate: f64) -> f64 {
    (PI * hz / rate).tan().powi(2)
}

/// The frequency to which `u` is relative.
pub(super) fn reference(prototype: &Prototype, rate: f64) -> f64 {
    warped(prototype.frequency.min(0.45 * rate), rate)
}

impl Power {
    /// What the bilinear transform makes of the prototype.
    pub(super) fn bilinear(prototype: &Prototype) -> Self {
        let square = |c: [f64; 3]| [c[0] * c[0], c[1] * c[1] - 2.0 * c[0] * c[2], c[2] * c[2]];
        let (numerator, denominator) = (square(prototype.numerator), square(prototype.denominator));
        let unit = denominator[0].recip();
        Self {
            numerator: numerator.map(|n| n * unit),
            denominator: denominator.map(|d| d * unit),
        }
    }

    /// There is a stable filter with a stable inverse that has this power.
    pub(super) fn is_a_filter(&self) -> bool {
        // Above zero for every `u` above zero, with a margin for the poles.
        let is_positive =
            |c: [f64; 3], least: f64| c[0] > 0.0 && c[2] > least && c[1] + 2.0 * (c[0] * c[2]).sqrt() > least;
        is_positive(self.numerator, 0.0) && is_positive(self.denominator, 1e-12)
    }
}

/// The best fit, or `None` where there is no filter that has it.
///
/// A shelf next to Nyquist may want a slope there that no filter has, as a square term just below zero.
/// Such a term is then held just above zero, and the others are fitted around it.
pub(super) fn fit(prototype: &Prototype, rate: f64) -> Option<Power> {
    let (points, at_dc) = (points(prototype, rate), prototype.power(0.0));
    let beyond = FAR / (warped(MATCHED * rate, rate) / reference(prototype, rate));
    let mut held = [None; 2];
    let mut best = None;
    let mut last = Power::bilinear(prototype);
    for round in 1..=2 * ROUNDS {
        last = least_squares(&points, at_dc, &last, held)?;
        if last.is_a_filter() {
            best = Some(last);
        }
        if round >= ROUNDS {
            if best.is_some() && held == [None; 2] {
                break;
            }
            for (held, c) in held.iter_mut().zip([last.numerator, last.denominator]) {
                *held = (held.is_some() || c[2] <= 0.0).then_some(c[1].abs() * beyond);
            }
        }
    }
    best
}

/// Frequencies spread over the range and gathered around both resonances.
fn points(prototype: &Prototype, rate: f64) -> [Point; POINTS] {
    let mut points = [Point::default(); POINTS];
    let top = MATCHED * rate;
    let spread = (1..=8).map(|n| top * f64::from(n) / 8.0);
    let around = [0.03, 0.1, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0, 10.0, 30.0].map(|part| prototype.frequency * part);
    let resonances = [prototype.denominator, prototype.numerator].into_iter().flat_map(|c| {
        let centre = prototype.frequency * (c[0] / c[2]).sqrt();
        let q = ((c[0] * c[2]).sqrt() / c[1]).max(0.7);
        [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0].map(|part: f64| centre * (part * 0.7 / q).exp2())
    });
    let reference = reference(prototype, rate);
    let frequencies = spread
        .chain(around.into_iter().filter(|hz| *hz < top))
        .chain(resonances);
    for (point, hz) in points.iter_mut().zip(frequencies.filter(|hz| *hz < LOOKED_AT * rate)) {
        *point = Point {
            u: warped(hz, rate) / reference,
            power: prototype.power(hz),
            weight: if hz <= top { 1.0 } else { PULL },
        };
    }
    points
}

/// One linear least-squares fit of `n₁ n₂ d₁ d₂`, exact at DC, weighted by the last round's denominator, with
/// `n₂` and `d₂` held at the numbers given.
fn least_squares(points: &[Point; POINTS], at_dc: f64, last: &Power, held: [Option<f64>; 2]) -> Option<Power> {
    let (mut matrix, mut right) = ([[0.0; 4]; 4], [0.0; 4]);
    let [d0, d1, d2] = last.denominator;
    for point in points.iter().filter(|point| point.weight > 0.0) {
        let Point { u, power, weight } = *point;
        let weight = weight / (power * (d0 + u * (d1 + u * d2)).abs().max(1e-9));
        let row = [u, u * u, -power * u, -power * u * u].map(|term| term * weight);
        for (i, a) in row.into_iter().enumerate() {
            for (j, b) in row.into_iter().enumerate() {
                matrix[i][j] += a * b;
            }
            right[i] += a * (power - at_dc) * weight;
        }
    }
    for (i, held) in [1, 3].into_iter().zip(held) {
        if let Some(held) = held {
            let weight = HOLD * matrix[i][i];
            matrix[i][i] += weight;
            right[i] += weight * held;
        }
    }
    // Unit diagonal: `u` spans twelve decades.
    let scale: [f64; 4] = std::array::from_fn(|i| matrix[i][i].sqrt());
    for i in 0..4 {
        for j in 0..4 {
            matrix[i][j] /= scale[i] * scale[j];
        }
        right[i] /= scale[i];
    }
    let found = solve(matrix, right)?;
    let [n1, n2, d1, d2] = std::array::from_fn(|i| found[i] / scale[i]);
    Some(Power {
        numerator: [at_dc, n1, n2],
        denominator: [1.0, d1, d2],
    })
}

/// Gauss's elimination with pivots. `None` where there is no one solution.
fn solve(mut matrix: [[f64; 4]; 4], mut right: [f64; 4]) -> Option<[f64; 4]> {
    for i in 0..4 {
        let pivot = (i..4).max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs()))?;
        matrix.swap(i, pivot);
        right.swap(i, pivot);
        let top = matrix[i];
        if top[i] == 0.0 || !top[i].is_finite() {
            return None;
        }
        for j in i + 1..4 {
            let factor = matrix[j][i] / top[i];
            for (cell, above) in matrix[j].iter_mut().zip(top) {
                *cell -= factor * above;
            }
            right[j] -= factor * right[i];
        }
    }
    for i in (0..4).rev() {
        let known: f64 = (i + 1..4).map(|k| matrix[i][k] * right[k]).sum();
        right[i] = (right[i] - known) / matrix[i][i];
    }
    Some(right)
}
