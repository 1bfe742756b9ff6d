//! The true-peak meter against the tolerances of EBU Tech 3341 and the filter of BS.1770.

mod dynamics_signals;

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_dsp::true_peak::TruePeakMeter;
use dynamics_signals::{RATE, db, sine};

/// The highest reading in dBTP of a second of `sample(n)`, left; silence on the right.
fn reading(sample: impl Fn(usize) -> f64) -> f64 {
    let mut meter = TruePeakMeter::new();
    let mut highest = 0.0_f32;
    for start in (0..RATE as usize).step_by(BLOCK_FRAMES) {
        meter.measure(&std::array::from_fn(|n| [sample(start + n) as f32, 0.0]));
        highest = highest.max(meter.peak()[0]);
        assert_eq!(meter.peak()[1], 0.0);
    }
    db(f64::from(highest))
}

/// A sine that fades in, so that its beginning adds no peak of its own.
fn faded(n: usize, hz: f64, degrees: f64) -> f64 {
    sine(n, hz, degrees) * (n as f64 / 9600.0).min(1.0)
}

#[test]
fn sines_read_within_the_tolerance_of_tech_3341() {
    // Minimum requirements test signals 15 to 18: 0.5 at fs/4, at 0 and 45 degrees, fs/6 and fs/8; all -6 dBTP, +0.2 -0.4.
    for (parts, degrees) in [(4.0, 0.0), (4.0, 45.0), (6.0, 60.0), (8.0, 67.5)] {
        let read = reading(|n| 0.5 * faded(n, RATE / parts, degrees));
        assert!((-6.4..=-5.8).contains(&read), "fs/{parts} at {degrees}: {read:.2} dBTP");
    }
    // Signal 19: amplitude 1.41 at fs/4 and 45 degrees, +3 dBTP, whose samples are at full scale.
    let read = reading(|n| 1.41 * faded(n, RATE / 4.0, 45.0));
    assert!((2.6..=3.2).contains(&read), "{read:.2} dBTP");
}

#[test]
fn a_sine_of_1_khz_reads_its_level() {
    let read = reading(|n| 0.1 * faded(n, 997.0, 0.0));
    assert!((read + 20.0).abs() < 0.1, "{read:.2} dBTP");
}

#[test]
fn a_single_sample_reads_the_largest_coefficient_of_the_annex() {
    // 0.972..., in phases 0 and 3, also when the sample is the last of a block.
    for place in [0, 63, 64, 70] {
        let read = reading(|n| if n == place { 1.0 } else { 0.0 });
        assert!((read - db(0.972_167_968_75)).abs() < 1e-4, "{place}: {read:.4}");
    }
}

#[test]
fn it_forgets_a_peak_and_what_is_no_number_within_two_blocks() {
    let mut meter = TruePeakMeter::new();
    meter.measure(&[[f32::NAN, 1.0]; BLOCK_FRAMES]);
    for _ in 0..2 {
        meter.measure(&[[0.0; 2]; BLOCK_FRAMES]);
    }
    assert_eq!(meter.peak(), [0.0, 0.0]);
}
