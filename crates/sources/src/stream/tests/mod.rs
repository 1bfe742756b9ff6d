//! What the tests of a stream share: dice, sounds that can be told apart, and what a click measures.

use std::f64::consts::TAU;

use airdesk_dsp::Frame;

mod anything;
mod buffer;
mod conversion;
mod delays;
mod replay;
mod sources;
mod traces;

/// The same throws each time. A linear congruential generator (Knuth's MMIX constants).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 24
    }

    /// From 0 up to, and without, `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    /// Evenly from 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.below(1 << 24) as f64 / f64::from(1 << 24)
    }

    /// Evenly from -1 to 1.
    pub(crate) fn noise(&mut self) -> f32 {
        (2.0 * self.share() - 1.0) as f32
    }
}

/// A sine at half of full scale, from its frame `from` on.
pub(super) fn tone(hz: f64, rate: f64, from: usize, count: usize) -> Vec<Frame> {
    let at = |n: usize| [(0.5 * (TAU * hz * n as f64 / rate).sin()) as f32; 2];
    (from..from + count).map(at).collect()
}

/// The loudest thing above 5 kHz, dBFS: a step or a kink is broadband, a tone of 1 kHz is not. The filter is a
/// linear-phase windowed sinc, independent of the code under test.
pub(super) fn click_db(frames: &[Frame]) -> f64 {
    let half = 200_i32;
    let cut = 5_000.0 / 48_000.0;
    let taps: Vec<f64> = (-half..=half)
        .map(|n| {
            let x = std::f64::consts::PI * f64::from(n);
            let low = if n == 0 { 2.0 * cut } else { (2.0 * cut * x).sin() / x };
            let a = x / f64::from(half);
            let window = 0.358_75 + 0.488_29 * a.cos() + 0.141_28 * (2.0 * a).cos() + 0.011_68 * (3.0 * a).cos();
            (if n == 0 { 1.0 } else { 0.0 }) - low * window
        })
        .collect();
    let worst = frames
        .windows(taps.len())
        .map(|w| {
            w.iter()
                .zip(&taps)
                .map(|(frame, b)| f64::from(frame[0]) * b)
                .sum::<f64>()
                .abs()
        })
        .fold(0.0, f64::max);
    20.0 * worst.max(1e-12).log10()
}

/// The frequency of a tone near `hz`, by the turn of its phase between both halves of `frames`.
pub(super) fn frequency(frames: &[Frame], hz: f64, rate: f64) -> f64 {
    let half = frames.len() / 2;
    let phase = |from: usize| {
        let (mut s, mut c) = (0.0, 0.0);
        for (n, frame) in frames.iter().enumerate().skip(from).take(half) {
            // A window, so that what is beside the tone does not turn it.
            let window = 0.5 - 0.5 * (TAU * (n - from) as f64 / half as f64).cos();
            let (sin, cos) = (TAU * hz * n as f64 / rate).sin_cos();
            s += window * f64::from(frame[0]) * sin;
            c += window * f64::from(frame[0]) * cos;
        }
        c.atan2(s)
    };
    let turn = (phase(half) - phase(0) + std::f64::consts::PI).rem_euclid(TAU) - std::f64::consts::PI;
    hz + turn / TAU * rate / half as f64
}
