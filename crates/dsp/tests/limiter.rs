//! The limiter, measured by an oversampler that shares nothing with it: sixteen times, in f64.

mod dynamics_signals;

use airdesk_dsp::lanes::Arch;
use airdesk_dsp::limiter::{Limiter, LimiterSettings};
use airdesk_dsp::true_peak::TruePeakMeter;
use airdesk_dsp::{BLOCK_FRAMES, Frame, SILENCE, SampleRate};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dynamics_signals::{click_db, db, gain, noise, sine};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

/// Frames on either side of a point that the measuring oversampler looks at.
const REACH: i32 = 48;

/// The highest point of the wave: a sinc under a Blackman-Harris window, `times` points per frame.
fn true_peak_db(signal: &[f64], times: u32) -> f64 {
    let branches: Vec<Vec<f64>> = (0..times)
        .map(|phase| {
            let offset = f64::from(phase) / f64::from(times);
            let taps: Vec<f64> = (1 - REACH..=REACH)
                .map(|place| {
                    let x = std::f64::consts::PI * (f64::from(place) - offset);
                    let a = x / f64::from(REACH);
                    let window =
                        0.358_75 + 0.488_29 * a.cos() + 0.141_28 * (2.0 * a).cos() + 0.011_68 * (3.0 * a).cos();
                    if x.abs() < 1e-12 { 1.0 } else { x.sin() / x * window }
                })
                .collect();
            taps
        })
        .collect();
    let highest = signal
        .windows(2 * REACH as usize)
        .flat_map(|window| {
            branches
                .iter()
                .map(move |taps| window.iter().zip(taps).map(|(a, b)| a * b).sum::<f64>().abs())
        })
        .fold(0.0, f64::max);
    20.0 * highest.log10()
}

/// What comes out of `limiter` when `signal` goes in, both sides.
fn limited(limiter: &mut Limiter, signal: &[Frame]) -> Vec<Frame> {
    let mut out = Vec::new();
    for frames in signal.chunks(BLOCK_FRAMES) {
        let mut block = SILENCE;
        block[..frames.len()].copy_from_slice(frames);
        limiter.process(&mut block);
        out.extend(block);
    }
    out
}

fn side(signal: &[Frame], side: usize) -> Vec<f64> {
    signal.iter().map(|frame| f64::from(frame[side])).collect()
}

/// Half a second of `sample(n)`, with silence around it.
fn torture(sample: impl Fn(usize) -> f64) -> Vec<Frame> {
    let mut signal = vec![[0.0; 2]; 960];
    signal.extend((0..24_000).map(|n| [sample(n) as f32, -0.5 * sample(n) as f32]));
    signal.extend([[0.0; 2]; 960]);
    signal
}

fn settings(ceiling_dbtp: f32, release_ms: f32) -> LimiterSettings {
    LimiterSettings {
        on: true,
        ceiling_dbtp,
        release_ms,
    }
}

type Signal = (&'static str, Box<dyn Fn(usize) -> f64>);

/// Signals that hurt a limiter, each far above the ceiling at some time.
fn tortures() -> Vec<Signal> {
    vec![
        (
            "a quarter of the rate at 45 degrees",
            Box::new(|n| 1.414 * sine(n, 12_000.0, 45.0)),
        ),
        (
            "a full-scale square",
            Box::new(|n| if n % 48 < 24 { 1.0 } else { -1.0 }),
        ),
        ("a fast square", Box::new(|n| if n % 7 < 3 { 2.0 } else { -2.0 })),
        ("clicks", Box::new(|n| if n % 997 == 0 { 4.0 } else { 0.0 })),
        (
            "double clicks",
            Box::new(|n| [4.0, 4.0, 0.0, 0.0, -4.0][(n % 901).min(3) + usize::from(n % 901 == 7)]),
        ),
        (
            "noise bursts",
            Box::new(|n| if n % 4800 < 960 { 4.0 * noise(n) } else { 0.1 * noise(n) }),
        ),
        ("loud noise", Box::new(|n| 8.0 * noise(n))),
        (
            "plus and minus one in turn",
            Box::new(|n| if n % 2 == 0 { 1.0 } else { -1.0 }),
        ),
        ("11 kHz, near a quarter", Box::new(|n| 3.0 * sine(n, 11_025.0, 10.0))),
        ("19 kHz", Box::new(|n| 3.0 * sine(n, 19_001.0, 0.0))),
        (
            "a bass that swells",
            Box::new(|n| n as f64 / 2400.0 * sine(n, 43.0, 0.0)),
        ),
        (
            "two tones that beat",
            Box::new(|n| 2.0 * sine(n, 5_000.0, 0.0) + 2.0 * sine(n, 7_300.0, 0.0)),
        ),
        ("a step", Box::new(|n| if n > 9_000 { 3.0 } else { 0.01 })),
        (
            "a tone switched on and off",
            Box::new(|n| {
                if n % 2000 < 700 {
                    5.0 * sine(n, 997.0, 90.0)
                } else {
                    0.0
                }
            }),
        ),
    ]
}

/// A limiter whose ceiling has glided to its place.
fn limiter(ceiling: f32, release: f32) -> Limiter {
    let mut limiter = Limiter::new(SampleRate::DESK);
    limiter.set(&settings(ceiling, release)).expect("in range");
    limited(&mut limiter, &[[0.0; 2]; 4800]);
    limiter
}

/// Loud and quiet in turn, so that the limiter comes to rest and is woken again.
fn loud_now_and_then(n: usize) -> f64 {
    if n % 9000 < 700 { 3.0 * noise(n) } else { 0.2 * noise(n) }
}

#[test]
fn it_limits_to_the_same_bit_on_every_kind_of_instructions() {
    let signal = torture(loud_now_and_then);
    let on = |arch| limited(&mut Limiter::on_arch(SampleRate::DESK, arch), &signal);
    let expected = on(Arch::SCALAR);
    for arch in Arch::here() {
        assert!(on(arch) == expected, "{}", arch.name());
    }
}

#[test]
fn what_comes_out_does_not_depend_on_where_blocks_begin() {
    let signal = torture(loud_now_and_then);
    let expected = limited(&mut limiter(-3.0, 10.0), &signal);
    for earlier in [1, 17, 40, 63] {
        let moved = [&vec![[0.0; 2]; earlier], signal.as_slice()].concat();
        let heard = limited(&mut limiter(-3.0, 10.0), &moved);
        assert!(
            heard[earlier..].starts_with(&expected[..24_000]),
            "{earlier} frames earlier"
        );
    }
}

#[test]
fn nothing_rises_above_the_ceiling_by_more_than_a_tenth_of_a_db() {
    for (name, sample) in tortures() {
        for (ceiling, release) in [(-1.0, 100.0), (-6.0, 10.0), (0.0, 1000.0), (-20.0, 50.0)] {
            let out = limited(&mut limiter(ceiling, release), &torture(&sample));
            for times in [4, 16] {
                let over = true_peak_db(&side(&out, 0), times) - f64::from(ceiling);
                assert!(over < 0.1, "{name}, {times} times: {over:+.3} dB over {ceiling} dBTP");
            }
        }
    }
}

#[test]
fn the_loudest_that_it_takes_in_is_held_too() {
    // +119 dBFS: gains of a ten-millionth, which are no difference to unity any more.
    for hz in [50.0, 997.0, 7001.0] {
        let signal = torture(|n| 9e5 * sine(n, hz, 0.0));
        for ceiling in [0.0, -20.0] {
            let heard = limited(&mut limiter(ceiling, 50.0), &signal);
            let over = true_peak_db(&side(&heard, 0), 4) - f64::from(ceiling);
            assert!(over <= 0.1, "{hz} Hz is {over:.2} dB over {ceiling} dBTP");
        }
    }
}

#[test]
fn the_tortures_would_be_over_the_ceiling_without_it() {
    for (name, sample) in tortures() {
        let before = true_peak_db(&side(&torture(&sample), 0), 16);
        assert!(before > 0.9, "{name}: {before:.2} dBTP");
    }
}

#[test]
fn what_stays_below_the_ceiling_passes_to_the_bit_and_late_by_the_latency() {
    let mut limiter = limiter(-1.0, 100.0);
    // -1.1 dBTP, between the samples too.
    let level = gain(-1.1);
    let signal: Vec<Frame> = (0..48_000)
        .map(|n| {
            [
                (level * sine(n, 12_000.0, 45.0)) as f32,
                (level * sine(n, 997.0, 0.0)) as f32,
            ]
        })
        .collect();
    let out = limited(&mut limiter, &signal);
    let late = limiter.latency().0 as usize;
    assert_eq!(late, 143);
    assert!(out[late..] == signal[..signal.len() - late], "not to the bit");
    assert_eq!(limiter.reduction().db(), 0.0);
}

#[test]
fn after_limiting_it_is_transparent_to_the_bit_again() {
    let mut limiter = limiter(-1.0, 100.0);
    limited(&mut limiter, &torture(|n| 8.0 * noise(n)));
    limited(&mut limiter, &vec![[0.0; 2]; 96_000]);
    let signal: Vec<Frame> = (0..6400).map(|n| [(0.2 * noise(n)) as f32, 0.25]).collect();
    let out = limited(&mut limiter, &signal);
    let late = limiter.latency().0 as usize;
    assert!(out[late..] == signal[..signal.len() - late], "not to the bit");
}

#[test]
fn both_sides_get_the_same_gain_and_the_meter_shows_it() {
    let mut limiter = limiter(-6.0, 100.0);
    let signal: Vec<Frame> = (0..19_200)
        .map(|n| [sine(n, 1000.0, 0.0) as f32, (0.1 * sine(n, 1000.0, 0.0)) as f32])
        .collect();
    let out = limited(&mut limiter, &signal);
    for frame in &out[9600..] {
        assert!((frame[1] - 0.1 * frame[0]).abs() < 1e-6, "{frame:?}");
    }
    assert!((limiter.reduction().db() + 6.0).abs() < 0.05, "{}", limiter.reduction());
}

#[test]
fn the_release_is_as_long_as_it_says() {
    for release in [50.0_f32, 400.0] {
        let mut limiter = limiter(-6.0, release);
        // Loud for long, then a quiet tone that shows the gain.
        let loud = 4.0 / gain(6.0);
        limited(&mut limiter, &vec![[(loud * gain(6.0)) as f32; 2]; 9600]);
        let out = limited(&mut limiter, &vec![[0.01; 2]; 96_000]);
        let gains: Vec<f64> = out.iter().map(|frame| f64::from(frame[0]) / 0.01).collect();
        let start = gains.iter().rposition(|g| *g > 1.01).map_or(0, |n| n + 1);
        let lowest = gains[start..].iter().position(|g| *g > 0.126).expect("it comes back") + start;
        let at = gains[start..]
            .iter()
            .position(|g| *g > 1.0 - 0.875 * 0.367_9)
            .expect("it comes back")
            + start;
        let seconds = (at - lowest) as f64 / 48_000.0;
        assert!(
            (seconds * 1000.0 / f64::from(release) - 1.0).abs() < 0.1,
            "{release} ms: {seconds} s"
        );
    }
}

#[test]
fn switching_it_or_moving_its_ceiling_does_not_click() {
    let mut limiter = limiter(-1.0, 1000.0);
    let signal: Vec<Frame> = (0..64_000).map(|n| [(0.9 * sine(n, 1000.0, 0.0)) as f32; 2]).collect();
    let mut out = Vec::new();
    for (n, frames) in signal.chunks(6400).enumerate() {
        let new = [settings(-12.0, 1000.0), settings(0.0, 1000.0), settings(-20.0, 1000.0)][n % 3];
        limiter
            .set(&LimiterSettings { on: n % 4 != 3, ..new })
            .expect("in range");
        out.extend(limited(&mut limiter, frames));
    }
    let click = click_db(&side(&out[1000..], 0));
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn a_switch_that_is_thrown_back_half_way_does_not_click() {
    for half_way in [64, 448, 704, 1024, 1408] {
        let mut limiter = limiter(-12.0, 100.0);
        let signal: Vec<Frame> = (0..24_064).map(|n| [(0.9 * sine(n, 150.0, 0.0)) as f32; 2]).collect();
        let (before, after) = signal.split_at(12_032 + half_way);
        let on = settings(-12.0, 100.0);
        let mut out = limited(&mut limiter, &before[..12_032]);
        let bends = click_db(&side(&out[2000..], 0));
        limiter.set(&LimiterSettings { on: false, ..on }).expect("in range");
        out.extend(limited(&mut limiter, &before[12_032..]));
        limiter.set(&on).expect("in range");
        out.extend(limited(&mut limiter, after));
        let click = click_db(&side(&out[2000..], 0));
        assert!(
            click < bends.max(-80.0),
            "{half_way} frames: {click:.1} dBFS, and {bends:.1} before"
        );
    }
}

#[test]
fn switched_off_it_only_delays() {
    let mut limiter = Limiter::new(SampleRate::DESK);
    let off = LimiterSettings {
        on: false,
        ..settings(-1.0, 100.0)
    };
    limiter.set(&off).expect("in range");
    limited(&mut limiter, &[[0.0; 2]; 4800]);
    let signal = torture(|n| 4.0 * noise(n));
    let out = limited(&mut limiter, &signal);
    let late = limiter.latency().0 as usize;
    assert!(
        out[late..signal.len()] == signal[..signal.len() - late],
        "not to the bit"
    );
}

#[test]
fn what_is_no_number_is_silence_and_leaves_nothing_behind() {
    let mut limiter = limiter(-1.0, 10.0);
    let mut bad = SILENCE;
    bad[3] = [f32::NAN, f32::INFINITY];
    bad[9] = [f32::NEG_INFINITY, 1e30];
    limiter.process(&mut bad);
    let signal = vec![[0.5; 2]; 9600];
    let out = limited(&mut limiter, &signal);
    assert!(out.as_flattened().iter().all(|sample| sample.is_finite()));
    assert_eq!(out[2000..], signal[2000..]);
}

#[test]
fn it_holds_the_ceiling_at_every_rate_of_the_desk() {
    for hz in [44_100, 88_200, 96_000] {
        let mut limiter = Limiter::new(SampleRate::new(hz).expect("a rate"));
        let out = limited(&mut limiter, &torture(|n| 4.0 * noise(n)));
        let over = true_peak_db(&side(&out, 0), 16) + 1.0;
        assert!(over < 0.1, "{hz} Hz: {over:+.3} dB");
    }
}

#[test]
fn a_bs_1770_meter_behind_it_reads_at_most_its_own_error_above_the_ceiling() {
    // The Annex's filter itself reads up to 0.7 dB high near half the rate; below 8 kHz it agrees.
    let mut limiter = limiter(-1.0, 100.0);
    let mut meter = TruePeakMeter::new();
    let out = limited(
        &mut limiter,
        &torture(|n| 3.0 * sine(n, 997.0, 20.0) + 1.5 * sine(n, 6001.0, 0.0)),
    );
    let mut highest = 0.0_f32;
    for frames in out.as_chunks::<BLOCK_FRAMES>().0 {
        meter.measure(frames);
        highest = highest.max(meter.peak()[0]);
    }
    let read = db(f64::from(highest));
    assert!((-1.2..-0.7).contains(&read), "{read:.2} dBTP");
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let mut limiter = Limiter::new(SampleRate::DESK);
    for (wrong, name) in [
        (settings(0.1, 100.0), "limiter ceiling in dBTP"),
        (settings(f32::NAN, 100.0), "limiter ceiling in dBTP"),
        (settings(-1.0, 9.0), "limiter release in ms"),
    ] {
        assert_eq!(limiter.set(&wrong).expect_err("out of range").name, name);
    }
}

#[test]
fn it_never_allocates() {
    let mut limiter = Limiter::new(SampleRate::DESK);
    let mut block = SILENCE;
    assert_no_alloc(|| {
        for n in 0..1000_usize {
            block[n % 64] = [(n % 17) as f32; 2];
            limiter.set(&settings(-((n % 20) as f32), 100.0)).expect("in range");
            limiter.process(&mut block);
        }
    });
}
