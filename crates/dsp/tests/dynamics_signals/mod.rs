//! Signals and ears for the tests of the dynamics, in f64 and independent of the code under test.

// Each file of tests uses its own part.
#![allow(dead_code)]

use airdesk_dsp::lanes::{LaneBlock, SILENT_LANES};

/// Frames per second of these tests.
pub(crate) const RATE: f64 = 48_000.0;

/// White noise, ±1, the same in every run.
pub(crate) fn noise(n: usize) -> f64 {
    let mut x = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// A sine of `hz`.
pub(crate) fn sine(n: usize, hz: f64, degrees: f64) -> f64 {
    (n as f64 * hz / RATE * std::f64::consts::TAU + degrees.to_radians()).sin()
}

/// The linear factor of a level in dB.
pub(crate) fn gain(db: f64) -> f64 {
    10.0_f64.powf(db / 20.0)
}

/// The level in dB of a linear factor.
pub(crate) fn db(gain: f64) -> f64 {
    20.0 * gain.log10()
}

/// What `process` makes of `blocks` blocks of `signal(n)` on the left and right of strip 1; the left side.
pub(crate) fn through(
    blocks: usize,
    signal: impl Fn(usize) -> f64,
    mut process: impl FnMut(usize, &mut LaneBlock),
) -> Vec<f64> {
    let mut heard = Vec::new();
    for block_index in 0..blocks {
        let mut block = SILENT_LANES;
        for (n, frame) in block.iter_mut().enumerate() {
            frame.set_strip(1, signal(block_index * 64 + n) as f32);
        }
        process(block_index, &mut block);
        heard.extend(block.iter().map(|frame| f64::from(frame.0[2])));
    }
    heard
}

/// The loudest thing above 5 kHz: a step is broadband, a 1 kHz sine is not. A linear-phase windowed sinc.
pub(crate) fn click_db(signal: &[f64]) -> f64 {
    let half = 200_i32;
    let cut = 5_000.0 / RATE;
    let taps: Vec<f64> = (-half..=half)
        .map(|n| {
            let x = std::f64::consts::PI * f64::from(n);
            let low = if n == 0 { 2.0 * cut } else { (2.0 * cut * x).sin() / x };
            let a = x / f64::from(half);
            let window = 0.358_75 + 0.488_29 * a.cos() + 0.141_28 * (2.0 * a).cos() + 0.011_68 * (3.0 * a).cos();
            (if n == 0 { 1.0 } else { 0.0 }) - low * window
        })
        .collect();
    let worst = signal
        .windows(taps.len())
        .map(|w| w.iter().zip(&taps).map(|(a, b)| a * b).sum::<f64>().abs())
        .fold(0.0, f64::max);
    db(worst)
}

/// The largest difference between two signals, in dBFS.
pub(crate) fn null_db(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    db(a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
}

/// The highest sample, in dBFS.
pub(crate) fn peak_db(signal: &[f64]) -> f64 {
    db(signal.iter().fold(0.0, |a, b| a.max(b.abs())))
}
