//! How near the fits come to the analogue circuits, on a grid too fine for impulse responses.

use super::*;

const RATE: f64 = 48_000.0;

fn quadratic(c: [f64; 3], u: f64) -> f64 {
    c[0] + u * (c[1] + u * c[2])
}

/// By how many dB the fit is above and below the circuit at most, between two frequencies in Hz.
fn errors(prototype: &Prototype, rate: f64, from: f64, to: f64) -> [f64; 2] {
    let (power, unit) = (fit(prototype, rate), reference(prototype, rate));
    let even = (0..=60).map(|n| from * (to / from).powf(f64::from(n) / 60.0));
    let around = (-24..=24).map(|n| prototype.frequency * (f64::from(n) / 24.0).exp2());
    let hz = even.chain(around).filter(|hz| (from..to + 1.0).contains(hz));
    hz.fold([0.0; 2], |[above, below], hz| {
        let u = warped(hz, rate) / unit;
        let found = quadratic(power.numerator, u) / quadratic(power.denominator, u);
        let error = 10.0 * (found / prototype.power(hz)).log10();
        assert!(error.is_finite(), "{hz:.0} Hz of {prototype:?}");
        [error.max(above), error.min(below)]
    })
}

type Make = fn(f64, f64, f64) -> Prototype;
const SHELVES: [Make; 2] = [Prototype::low_shelf, Prototype::high_shelf];

/// Every half kilohertz, and some below, each with gains of both signs.
fn every(make: Make, qs: &[f64], mut judge: impl FnMut(&Prototype)) {
    let low = [20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0];
    for hz in low.into_iter().chain((6..=40).map(|n| f64::from(n) * 500.0)) {
        for gain in [-18.0, -9.0, -3.0, -0.1, 0.1, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0] {
            for &q in qs {
                judge(&make(hz, gain, q));
            }
        }
    }
}

fn assert_within(limit: f64, make: Make, qs: &[f64], rate: f64) {
    every(make, qs, |prototype| {
        let [above, below] = errors(prototype, rate, 20.0, 16_000.0);
        assert!(
            above.max(-below) <= limit,
            "{above:+.3} {below:+.3} dB at {rate}: {prototype:?}"
        );
    });
}

/// Close to each other where real resonances turn into complex ones.
const UP_TO_2: [f64; 18] = [
    0.1, 0.15, 0.2, 0.3, 0.4, 0.45, 0.5, 0.51, 0.55, 0.6, 0.65, 0.707, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0,
];

#[test]
fn a_bell_of_any_q_is_within_a_tenth_of_a_db_to_16_khz() {
    assert_within(0.1, Prototype::bell, &UP_TO_2, RATE);
    assert_within(0.1, Prototype::bell, &[3.0, 5.0, 7.0, 10.0, 14.0, 20.0], RATE);
}

#[test]
fn a_shelf_up_to_q_2_is_within_a_tenth_of_a_db_to_16_khz() {
    for make in SHELVES {
        assert_within(0.1, make, &UP_TO_2, RATE);
        assert_within(0.04, make, &UP_TO_2[..15], RATE);
    }
}

#[test]
fn a_resonant_shelf_is_within_what_one_section_can_do() {
    for make in SHELVES {
        for (limit, q) in [(0.16, 3.0), (0.31, 5.0), (0.45, 10.0), (1.7, 20.0)] {
            assert_within(limit, make, &[q], RATE);
        }
    }
}

#[test]
fn other_rates_are_matched_as_well() {
    for rate in [44_100.0, 88_200.0, 96_000.0] {
        assert_within(0.1, Prototype::bell, &[0.1, 0.3, 0.5, 0.6, 1.0, 2.0, 5.0, 20.0], rate);
        for make in SHELVES {
            assert_within(0.1, make, &UP_TO_2[..16], rate);
        }
    }
}

#[test]
fn nothing_near_nyquist_is_lifted_13_db_above_the_circuits_highest() {
    for make in [SHELVES[0], SHELVES[1], Prototype::bell] {
        every(make, &[0.1, 0.5, 0.707, 1.0, 2.0, 5.0, 20.0], |prototype| {
            let highest = (0..=1200).map(|n| prototype.power(20.0 * (f64::from(n) / 100.0).exp2()));
            let highest = highest.fold(0.0, f64::max);
            let (power, unit) = (fit(prototype, RATE), reference(prototype, RATE));
            for n in 0..400 {
                let u = warped(16_000.0 + 20.0 * f64::from(n), RATE) / unit;
                let over = 10.0 * (quadratic(power.numerator, u) / quadratic(power.denominator, u) / highest).log10();
                assert!(over < 13.0, "{over:+.1} dB: {prototype:?}");
            }
        });
    }
}

#[test]
fn a_cut_is_the_inverse_of_its_boost() {
    for (hz, q) in [(50.0, 0.7), (9_000.0, 0.6), (15_000.0, 20.0)] {
        for make in [SHELVES[0], SHELVES[1], Prototype::bell] {
            let (cut, boost) = (fit(&make(hz, -12.0, q), RATE), fit(&make(hz, 12.0, q), RATE));
            for (a, b) in cut.numerator.iter().zip(boost.denominator) {
                let scale = cut.numerator[0] / boost.denominator[0];
                assert!(
                    (a / scale - b).abs() <= 1e-9 * b.abs(),
                    "{hz} Hz, Q {q}: {cut:?} {boost:?}"
                );
            }
        }
    }
}
