//! What stretching by 5 % does to tones: their pitch, their level, and what is heard beside them.

use std::f64::consts::TAU;

use airdesk_dsp::air_delay::{AirDelay, AirDelaySettings, Phase};
use airdesk_dsp::{BLOCK_FRAMES, Frame, SILENCE, SampleRate};

const RATE: f64 = 48_000.0;
/// The delay.
const SECONDS: f32 = 1.5;
/// A click of -60 dBFS: one frame of a thousandth of full scale.
const CLICK: f32 = 1e-3;

/// A sum of notes, the right side a little later than the left.
fn notes(notes: &[f64]) -> impl Fn(u64) -> Frame {
    move |n| {
        let side = |later: f64| -> f64 { notes.iter().map(|hz| (TAU * hz * n as f64 / RATE + later).sin()).sum() };
        let level = 0.5 / notes.len() as f64;
        [(side(0.0) * level) as f32, (side(0.7) * level) as f32]
    }
}

/// What is aired while a delay is built up, held, and taken back, at 5 %, in 34 s each.
fn aired(signal: impl Fn(u64) -> Frame) -> Vec<Frame> {
    let mut delay = AirDelay::new(SampleRate::DESK);
    let set = |delay: &mut AirDelay, seconds| {
        delay.make_room(SECONDS);
        delay.set(&AirDelaySettings {
            seconds,
            stretch_percent: 5.0,
        });
    };
    let (mut air, mut out, mut taken) = (SILENCE, Vec::new(), 0);
    for (seconds, wanted, after) in [
        (1, 0.0, Phase::Through),
        (65, 3.0, Phase::Held),
        (65, 0.0, Phase::Through),
    ] {
        set(&mut delay, wanted);
        for _ in 0..seconds * 750 {
            let block = std::array::from_fn(|n| signal(taken + n as u64));
            taken += BLOCK_FRAMES as u64;
            delay.process(&block, &mut air);
            out.extend(air);
        }
        assert_eq!(delay.phase(), after, "{} frames are held", delay.held());
    }
    out
}

/// Amplitude and phase of one note within 150 ms from `from` on, on one side.
fn note(air: &[Frame], from: usize, hz: f64, side: usize) -> (f64, f64) {
    let count = 7_200;
    let (mut re, mut im) = (0.0, 0.0);
    for n in 0..count {
        let window = 1.0 - (TAU * n as f64 / count as f64).cos();
        let (sin, cos) = (TAU * hz * (from + n) as f64 / RATE).sin_cos();
        let sample = f64::from(air[from + n][side]) * window;
        re += sample * sin;
        im += sample * cos;
    }
    ((re * re + im * im).sqrt() * 2.0 / count as f64, im.atan2(re))
}

/// Both ways, each by itself: what one does to the pitch the other must not undo.
fn both_ways(air: &[Frame]) -> [&[Frame]; 2] {
    [&air[..35 * 48_000], &air[35 * 48_000..]]
}

/// The mean pitch against `hz`, cents, and the least and the highest level against `level`, dB.
fn measured(air: &[Frame], hz: f64, level: f64) -> (f64, f64, f64) {
    let (step, mut turned, mut before) = (2_400, 0.0, None);
    let (mut least, mut highest) = (f64::MAX, f64::MIN);
    let places = (0..air.len() - 7_200).step_by(step);
    let count = places.clone().count() - 1;
    for from in places {
        let (amplitude, phase) = note(air, from, hz, 0);
        let db = 20.0 * (amplitude / level).log10();
        (least, highest) = (least.min(db), highest.max(db));
        if let Some(before) = before {
            let turn: f64 = phase - before;
            turned += turn - (turn / TAU).round() * TAU;
        }
        before = Some(phase);
    }
    let off_hz = turned / TAU / (count * step) as f64 * RATE;
    (1_200.0 * (1.0 + off_hz / hz).log2(), least, highest)
}

/// The highest peak of what is above `hz` on the left: a click is there, tones below are not.
fn peak_above(hz: f64, air: &[Frame]) -> f32 {
    const TAPS: usize = 255;
    let filter: Vec<f32> = (0..TAPS)
        .map(|n| {
            let t = n as f64 - 127.0;
            let low = if t == 0.0 {
                2.0 * hz / RATE
            } else {
                (TAU * hz / RATE * t).sin() / (TAU / 2.0 * t)
            };
            // Blackman: tones are 74 dB down.
            let turn = TAU * n as f64 / (TAPS - 1) as f64;
            let window = 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos();
            (f64::from(t == 0.0) - low * window) as f32
        })
        .collect();
    let samples: Vec<f32> = air.iter().map(|frame| frame[0]).collect();
    let heard = samples
        .windows(TAPS)
        .map(|run| -> f32 { run.iter().zip(&filter).map(|(sample, tap)| sample * tap).sum() });
    heard.fold(0.0, |peak, sample| peak.max(sample.abs()))
}

#[test]
fn a_tone_keeps_its_pitch_and_level_and_nobody_hears_a_join() {
    let mut click = vec![[0.0; 2]; 1_000];
    click[500] = [CLICK; 2];
    let allowed = peak_above(4_000.0, &click);
    for hz in [1_000.0, 997.3, 82.41] {
        let air = aired(notes(&[hz]));
        let residual = peak_above(4_000.0, &air);
        assert!(
            residual < allowed,
            "{hz} Hz: {residual} above 4 kHz, a click has {allowed}"
        );
        for air in both_ways(&air) {
            let (cents, least, highest) = measured(air, hz, 0.5);
            assert!(cents.abs() < 1.0, "{hz} Hz: {cents} cents");
            assert!(least > -0.5 && highest < 0.5, "{hz} Hz: {least} to {highest} dB");
        }
    }
}

#[test]
fn every_note_of_a_chord_keeps_its_pitch_and_level() {
    let chord = [220.0, 277.18, 329.63, 440.0];
    let mut click = vec![[0.0; 2]; 1_000];
    click[500] = [CLICK; 2];
    let allowed = peak_above(4_000.0, &click);
    let air = aired(notes(&chord));
    let residual = peak_above(4_000.0, &air);
    for (hz, air) in chord.iter().flat_map(|hz| both_ways(&air).map(|air| (*hz, air))) {
        let (cents, least, highest) = measured(air, hz, 0.5 / chord.len() as f64);
        assert!(cents.abs() < 1.0, "{hz} Hz: {cents} cents");
        assert!(least > -0.5 && highest < 0.5, "{hz} Hz: {least} to {highest} dB");
    }
    assert!(residual < allowed, "{residual} above 4 kHz, a click has {allowed}");
}

#[test]
fn both_sides_stay_in_phase() {
    let air = aired(notes(&[1_000.0]));
    for from in (0..air.len() - 7_200).step_by(2_400) {
        let (left, right) = (note(&air, from, 1_000.0, 0), note(&air, from, 1_000.0, 1));
        let apart = (right.1 - left.1 - 0.7 + TAU).rem_euclid(TAU);
        assert!(apart.min(TAU - apart) < 0.01, "{apart} at {from}");
    }
}
