//! Works out the coefficients of a section in `f64`. Real-time: bounded, no allocation; about 1.5 us.

use super::fit::{Power, fit, reference, warped};
use super::prototype::Prototype;
use super::section::Coefficients;
use crate::SampleRate;

/// The section that sounds like `prototype` at this rate.
pub fn design(prototype: &Prototype, rate: SampleRate) -> Coefficients {
    let rate = f64::from(rate.hz());
    // Low enough, and nothing is left of the frequency axis' bend: a high-pass is within 0.03 dB at 1 kHz.
    if prototype.numerator[0] == 0.0 {
        return realise(&Power::bilinear(prototype), warped(prototype.frequency, rate));
    }
    match fit(prototype, rate) {
        Some(power) => realise(&power, reference(prototype, rate)),
        None => warp(prototype, rate),
    }
}

/// Both resonances put where they belong, each by itself, with the right gain at DC: for resonant shelves
/// next to Nyquist, which no second-order power comes closer to.
fn warp(prototype: &Prototype, rate: f64) -> Coefficients {
    let unit = reference(prototype, rate);
    let place = |c: [f64; 3]| {
        let centre = prototype.frequency * (c[0] / c[2]).sqrt();
        let damping = c[1] / (c[0] * c[2]).sqrt();
        let ratio = unit / warped(centre.min(LIMIT * rate), rate);
        [
            c[0] * c[0],
            c[0] * c[0] * (damping * damping - 2.0) * ratio,
            (c[0] * ratio).powi(2),
        ]
    };
    let (numerator, denominator) = (place(prototype.numerator), place(prototype.denominator));
    let scale = denominator[0].recip();
    let power = Power {
        numerator: numerator.map(|n| n * scale),
        denominator: denominator.map(|d| d * scale),
    };
    realise(&power, unit)
}

/// The part of the rate beyond which no resonance is placed.
const LIMIT: f64 = 0.49;

/// Reads `g`, `k` and the three outputs' shares off a power: with `v = u unit / g²`, the denominator
/// `|s² + k s + 1|²` is `1 + (k² - 2) v + v²`, and the numerator alike.
fn realise(power: &Power, unit: f64) -> Coefficients {
    let [_, d1, d2] = power.denominator;
    let [n0, n1, n2] = power.numerator;
    let v = d2.sqrt().recip(); // u at v = 1
    let g = (unit * v).sqrt();
    let k = (d1 * v + 2.0).max(0.0).sqrt();
    let (low, high) = (n0.sqrt(), n2.sqrt() * v);
    let band = (n1 * v + 2.0 * low * high).max(0.0).sqrt();
    Coefficients::new(g, k, [low, band, high])
}
