//! Sections of the filters against direct-form biquads in `f64`.

mod response;

use airdesk_dsp::SampleRate;
use airdesk_dsp::filter::{Cascade, Coefficients, Leap};
use airdesk_dsp::lanes::{Arch, Lanes};
use response::signal::{Dice, noise};

/// A biquad of the second direct form, by the bilinear transform `s = (1 - z⁻¹) / (g (1 + z⁻¹))` of
/// `(low + band s + high s²) / (1 + k s + s²)`.
struct Biquad {
    numerator: [f64; 3],
    denominator: [f64; 3],
    memory: [f64; 2],
}

impl Biquad {
    fn new(g: f64, k: f64, [low, band, high]: [f64; 3]) -> Self {
        let transform = |[c0, c1, c2]: [f64; 3]| {
            let (c0, c1) = (c0 * g * g, c1 * g);
            [c0 + c1 + c2, 2.0 * (c0 - c2), c0 - c1 + c2]
        };
        let (numerator, denominator) = (transform([low, band, high]), transform([1.0, k, 1.0]));
        Self {
            numerator: numerator.map(|b| b / denominator[0]),
            denominator: denominator.map(|a| a / denominator[0]),
            memory: [0.0; 2],
        }
    }

    fn next(&mut self, input: f64) -> f64 {
        let ([b0, b1, b2], [_, a1, a2]) = (self.numerator, self.denominator);
        let inner = input - a1 * self.memory[0] - a2 * self.memory[1];
        let output = b0 * inner + b1 * self.memory[0] + b2 * self.memory[1];
        self.memory = [inner, self.memory[0]];
        output
    }
}

#[test]
fn a_section_in_f32_is_the_biquad_in_f64_below_minus_100_dbfs() {
    for hz in [20.0, 1_000.0, 15_000.0] {
        for q in [0.1, 1.0, 20.0] {
            let g = (std::f64::consts::PI * hz / 48_000.0).tan();
            // A bell of +12 dB, and a high-pass.
            for shares in [[1.0, 4.0 / q, 1.0], [0.0, 0.0, 1.0]] {
                let mut biquad = Biquad::new(g, 1.0 / q, shares);
                let mut cascade = Cascade::<1>::new(SampleRate::DESK, Arch::SCALAR, Leap::Glides);
                cascade.set_target(0, 0, Coefficients::new(g, 1.0 / q, shares));
                cascade.settle(0);
                let (mut dice, mut worst) = (Dice(11), 0.0_f64);
                for _ in 0..1500 {
                    let mut lanes = noise(&mut dice, 0.1);
                    let sent = lanes.map(|Lanes(lanes)| f64::from(lanes[0]));
                    cascade.process(&mut lanes);
                    for (found, sent) in lanes.iter().zip(sent) {
                        worst = worst.max((f64::from(found.0[0]) - biquad.next(sent)).abs());
                    }
                }
                let null = 20.0 * worst.log10();
                assert!(null < -100.0, "{hz} Hz, Q {q}, {shares:?}: {null:.1} dBFS");
            }
        }
    }
}
