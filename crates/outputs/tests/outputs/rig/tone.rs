//! How much of a tone is in what was heard.

/// Amplitude of the sine of `hz` in `samples`, and what is left without it, as a part of its power.
pub(crate) fn measure(samples: &[f32], hz: f64, rate: f64) -> (f64, f64) {
    let step = std::f64::consts::TAU * hz / rate;
    let (mut s, mut c, mut power) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let sample = f64::from(*sample);
        let (sin, cos) = (step * n as f64).sin_cos();
        (s, c, power) = (s + sample * sin, c + sample * cos, power + sample * sample);
    }
    let count = samples.len() as f64;
    let amplitude = 2.0 * s.hypot(c) / count;
    let tone = amplitude * amplitude / 2.0;
    (amplitude, (power / count - tone).max(0.0) / tone)
}

/// Asserts that `left` is a sine of `hz` with `amplitude` (±0.3 dB) and hardly anything else.
pub(crate) fn assert_tone(left: &[f32], hz: f64, amplitude: f64) {
    assert!(left.len() >= 24_000, "only {} samples were heard", left.len());
    let (found, rest) = measure(left, hz, 48_000.0);
    let off_db = 20.0 * (found / amplitude).log10();
    assert!(off_db.abs() < 0.3, "{hz} Hz is {off_db:+.2} dB off");
    assert!(
        rest < 1e-3,
        "beside {hz} Hz there is {:.1} dB of something else",
        10.0 * rest.log10()
    );
}
