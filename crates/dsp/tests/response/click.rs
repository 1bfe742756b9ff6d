//! How loud a click is in what ought to be a smooth sine.

use std::f64::consts::PI;

/// The loudest thing above 5 kHz, in dBFS: a step or a kink is broadband, a 1 kHz sine whose level glides is
/// not. A linear-phase windowed sinc, 120 dB deep.
pub(crate) fn click_db(signal: &[f64]) -> f64 {
    let half = 200_i32;
    let cut = 5_000.0 / 48_000.0;
    let taps: Vec<f64> = (-half..=half)
        .map(|n| {
            let x = PI * f64::from(n);
            let low = if n == 0 { 2.0 * cut } else { (2.0 * cut * x).sin() / x };
            let a = x / f64::from(half);
            let window = 0.358_75 + 0.488_29 * a.cos() + 0.141_28 * (2.0 * a).cos() + 0.011_68 * (3.0 * a).cos();
            (if n == 0 { 1.0 } else { 0.0 }) - low * window
        })
        .collect();
    let loudest = signal
        .windows(taps.len())
        .map(|window| window.iter().zip(&taps).map(|(a, b)| a * b).sum::<f64>().abs())
        .fold(0.0, f64::max);
    20.0 * loudest.log10()
}
