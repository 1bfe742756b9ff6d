//! What the tests of the filters measure with. Frequency responses: of an analogue filter by its transfer function, and of a filter under test by
//! the Fourier transform of its impulse response.

// Each test program uses its own part.
#![allow(dead_code)]

pub(crate) mod click;
pub(crate) mod signal;

use std::f64::consts::TAU;

use airdesk_dsp::lanes::{LaneBlock, Lanes, SILENT_LANES};

type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn size(a: Complex) -> f64 {
    a.0.hypot(a.1)
}

/// `(b₀ + b₁ s + b₂ s²) / (a₀ + a₁ s + a₂ s²)` in dB, at `s = j hz / centre`.
pub(crate) fn analogue_db(b: [f64; 3], a: [f64; 3], centre: f64, hz: f64) -> f64 {
    let s = (0.0, hz / centre);
    let at = |c: [f64; 3]| {
        let square = times(s, s);
        size((c[0] + c[1] * s.0 + c[2] * square.0, c[1] * s.1 + c[2] * square.1))
    };
    20.0 * (at(b) / at(a)).log10()
}

/// The response to an impulse in every lane, `frames` long or a little longer.
pub(crate) fn impulse_response(frames: usize, mut process: impl FnMut(&mut LaneBlock)) -> Vec<Lanes> {
    let mut response = Vec::with_capacity(frames + 64);
    let mut block = SILENT_LANES;
    block[0] = Lanes::splat(1.0);
    while response.len() < frames {
        process(&mut block);
        response.extend(block);
        block = SILENT_LANES;
    }
    response
}

/// A lane's magnitude at `hz`, in dB.
pub(crate) fn digital_db(response: &[Lanes], lane: usize, hz: f64, rate: f64) -> f64 {
    let turn = ((TAU * hz / rate).cos(), -(TAU * hz / rate).sin());
    let (mut sum, mut phasor) = ((0.0, 0.0), (1.0, 0.0));
    for lanes in response {
        let sample = f64::from(lanes.0[lane]);
        sum = (sum.0 + sample * phasor.0, sum.1 + sample * phasor.1);
        phasor = times(phasor, turn);
    }
    20.0 * size(sum).log10()
}

/// Frequencies from 20 Hz to 16 kHz, and closer around `centre`.
pub(crate) fn probes(centre: f64) -> Vec<f64> {
    let even = (0..=36).map(|n| 20.0 * 800.0_f64.powf(f64::from(n) / 36.0));
    let around = (-12..=12).map(|n| centre * (f64::from(n) / 12.0).exp2());
    even.chain(around).filter(|hz| (20.0..=16_000.5).contains(hz)).collect()
}
