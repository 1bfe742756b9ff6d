//! The de-esser: sharp consonants are turned down, everything else is left alone.

mod dynamics_signals;

use std::f32::consts::TAU;

use airdesk_dsp::SampleRate;
use airdesk_dsp::de_esser::{DeEsserBank, DeEsserSettings};
use airdesk_dsp::dynamics::PACE;
use airdesk_dsp::lanes::{Arch, LaneBlock, Lanes, SILENT_LANES};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dynamics_signals::{click_db, db, gain, noise, null_db, peak_db, sine, through};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn on() -> DeEsserSettings {
    DeEsserSettings {
        on: true,
        ..DeEsserSettings::default()
    }
}

/// A bank whose strip 1 has arrived at its settings, on silence.
fn bank(arch: Arch, settings: &DeEsserSettings) -> DeEsserBank {
    let mut bank = DeEsserBank::new(arch, SampleRate::DESK);
    bank.set(1, settings).expect("in range");
    for _ in 0..100 {
        bank.process(&mut SILENT_LANES.clone());
    }
    bank
}

/// By how many dB a sine at `level` dBFS is changed, once it has been there for a while.
fn change_db(settings: &DeEsserSettings, hz: f64, level: f64) -> f64 {
    let mut bank = bank(Arch::best(), settings);
    let out = through(750, |n| gain(level) * sine(n, hz, 0.0), |_, block| bank.process(block));
    let rms = |signal: &[f64]| (signal.iter().map(|x| x * x).sum::<f64>() / signal.len() as f64).sqrt();
    db(rms(&out[24_000..]) * 2.0_f64.sqrt()) - level
}

#[test]
fn a_1_khz_sine_is_left_alone_and_a_7_khz_burst_is_cut() {
    assert!(change_db(&on(), 1000.0, -6.0).abs() < 0.1);
    let mut bank = bank(Arch::best(), &on());
    let burst = |n: usize| {
        if (4800..9600).contains(&n) {
            gain(-12.0) * sine(n, 7000.0, 0.0)
        } else {
            0.0
        }
    };
    let out = through(300, burst, |_, block| bank.process(block));
    // From 10 ms on, a little above the frequency: most of the range is there.
    let cut = peak_db(&out[5300..9600]) + 12.0;
    assert!((-8.0..-5.0).contains(&cut), "{cut:.2} dB");
}

#[test]
fn a_1_khz_sine_under_a_loud_sibilant_loses_less_than_a_tenth_of_a_db() {
    let mut bank = bank(Arch::best(), &on());
    let both = |n: usize| 0.25 * sine(n, 1000.0, 0.0) + 0.25 * sine(n, 9000.0, 0.0);
    let out = through(750, both, |_, block| bank.process(block));
    // What is at 1 kHz, over whole waves of both.
    let heard = &out[24_000..43_200];
    let part = |degrees| {
        let sum: f64 = heard
            .iter()
            .enumerate()
            .map(|(n, y)| y * sine(n, 1000.0, degrees))
            .sum();
        2.0 * sum / heard.len() as f64
    };
    let change = db(part(0.0).hypot(part(90.0)) / 0.25);
    assert!(change.abs() < 0.1, "{change:.3} dB");
    assert!(f64::from(bank.reduction(1).db()) < -7.9);
}

#[test]
fn it_cuts_by_the_range_and_no_more_and_not_below_the_threshold() {
    for range_db in [0.0_f32, 6.0, 12.0, 24.0] {
        let settings = DeEsserSettings {
            frequency_hz: 3000.0,
            threshold_dbfs: -50.0,
            range_db,
            ..on()
        };
        // Far above the frequency the shelf is nearly all there.
        let cut = change_db(&settings, 16_000.0, -6.0);
        assert!((cut + f64::from(range_db)).abs() < 0.6, "{range_db} dB: {cut:.2}");
    }
    assert!(change_db(&on(), 9000.0, -36.0).abs() < 0.01);
    // Above the threshold the band is limited: 5 dB over it, 5 dB less.
    let settings = DeEsserSettings {
        frequency_hz: 3000.0,
        threshold_dbfs: -20.0,
        range_db: 24.0,
        ..on()
    };
    assert!((change_db(&settings, 14_000.0, -15.0) + 5.0).abs() < 0.3);
}

#[test]
fn there_is_no_bump_at_the_corner() {
    let settings = DeEsserSettings {
        threshold_dbfs: -60.0,
        range_db: 12.0,
        ..on()
    };
    let mut last = 0.05;
    for hz in [
        500.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 8000.0, 10_000.0, 14_000.0,
    ] {
        let change = change_db(&settings, hz, 0.0);
        assert!(change < last + 0.02, "{hz} Hz: {change:.2} dB after {last:.2}");
        last = change;
    }
}

#[test]
fn below_the_threshold_it_passes_to_the_bit() {
    let mut bank = bank(Arch::best(), &on());
    let quiet = |n: usize| 0.5 * sine(n, 300.0, 0.0) + 0.004 * noise(n);
    let out = through(300, quiet, |_, block| bank.process(block));
    assert!(out.iter().enumerate().all(|(n, y)| *y == f64::from(quiet(n) as f32)));
}

/// A voice: vowels and sibilants in turn.
fn voice(n: usize) -> f64 {
    if n % 14_400 < 9600 {
        0.5 * sine(n, 210.0, 0.0)
    } else {
        0.3 * noise(n)
    }
}

/// The same de-esser in f64. The filter is the bilinear transform of the shelf's own fraction, in direct form: what is heard
/// of a shelf that moves slowly is nothing else. Levels after Giannoulis et al., equations 4 and 17.
fn reference(settings: &DeEsserSettings, signal: &[f64]) -> Vec<f64> {
    let warped = (std::f64::consts::PI * 0.7 * f64::from(settings.frequency_hz) / 48_000.0).tan();
    let damping = 2.0_f64.sqrt();
    // (c0 + c1 s + c2 s²) / (1 + k s + s²) with s = (1 - z⁻¹) / (1 + z⁻¹) / warped
    let parts = |c: [f64; 3]| {
        let [c0, c1, c2] = [c[0] * warped * warped, c[1] * warped, c[2]];
        [c0 + c1 + c2, 2.0 * (c0 - c2), c0 - c1 + c2]
    };
    let [a0, a1, a2] = parts([1.0, damping, 1.0]);
    let filtered = |c: [f64; 3]| {
        let b = parts(c);
        let (mut x, mut y) = ([0.0; 2], [0.0; 2]);
        let through = |now: &f64| {
            let next = (b[0] * now + b[1] * x[0] + b[2] * x[1] - a1 * y[0] - a2 * y[1]) / a0;
            (x, y) = ([*now, x[0]], [next, y[0]]);
            next
        };
        signal.iter().map(through).collect::<Vec<f64>>()
    };
    let [low, band, high] = [[1.0, 0.0, 0.0], [0.0, damping, 0.0], [0.0, 0.0, 1.0]].map(filtered);
    let alpha = |ms: f64| (-(PACE as f64) / (ms * 48.0)).exp();
    let (attack, release, knee) = (alpha(1.0), alpha(60.0), 20.0 * 2.0_f64.log10());
    let (mut released, mut smooth, mut last) = (0.0_f64, 0.0_f64, 1.0);
    let mut out = Vec::new();
    for start in (0..signal.len()).step_by(PACE) {
        let run = start..start + PACE;
        let over =
            db(high[run.clone()].iter().fold(1e-30, |a: f64, x| a.max(x.abs()))) - f64::from(settings.threshold_dbfs);
        let wanted = if 2.0 * over < -knee {
            0.0
        } else if 2.0 * over <= knee {
            (over + knee / 2.0).powi(2) / (2.0 * knee)
        } else {
            over
        };
        let wanted = wanted.min(f64::from(settings.range_db));
        released = wanted.max(release * released + (1.0 - release) * wanted);
        smooth = attack * smooth + (1.0 - attack) * released;
        let root = gain(-smooth / 2.0);
        for (n, frame) in run.enumerate() {
            let g = last + (root - last) * (n + 1) as f64 / PACE as f64;
            out.push(low[frame] + g * band[frame] + g * g * high[frame]);
        }
        last = root;
    }
    out
}

/// Singing: a vowel under sibilants that come and go.
fn singing(n: usize) -> f64 {
    let sibilant = (0.5 - 0.5 * sine(n, 3.1, 0.0)).powi(4);
    let vowel = 0.3 * sine(n, 180.0, 0.0) + 0.1 * sine(n, 1900.0, 40.0);
    f64::from((vowel + sibilant * (0.25 * sine(n, 7300.0, 0.0) + 0.2 * noise(n))) as f32)
}

#[test]
fn it_nulls_with_a_reference_in_f64_below_minus_80_dbfs() {
    for (frequency_hz, threshold_dbfs, range_db) in
        [(6000.0, -24.0, 8.0), (2000.0, -40.0, 24.0), (12_000.0, -30.0, 24.0)]
    {
        let settings = DeEsserSettings {
            frequency_hz,
            threshold_dbfs,
            range_db,
            ..on()
        };
        let signal: Vec<f64> = (0..1500 * 64).map(singing).collect();
        let expected = reference(&settings, &signal);
        assert!(null_db(&expected, &signal) > -30.0, "{settings:?} does something");
        for arch in Arch::here() {
            let mut bank = bank(arch, &settings);
            let out = through(1500, singing, |_, block| bank.process(block));
            let left = null_db(&out, &expected);
            assert!(left < -80.0, "{}, {settings:?}: {left:.1} dBFS", arch.name());
        }
    }
}

#[test]
fn all_instructions_agree_below_minus_110_dbfs() {
    let of = |arch| {
        let mut bank = bank(arch, &on());
        through(1500, voice, |_, block| bank.process(block))
    };
    let scalar = of(Arch::SCALAR);
    for arch in Arch::here() {
        let left = null_db(&of(arch), &scalar);
        assert!(left < -110.0, "{}: {left:.1} dBFS", arch.name());
    }
}

#[test]
fn switching_and_moving_any_control_does_not_click() {
    let sets = [
        on(),
        DeEsserSettings {
            range_db: 24.0,
            threshold_dbfs: -60.0,
            frequency_hz: 2000.0,
            ..on()
        },
        DeEsserSettings::default(),
        DeEsserSettings {
            range_db: 12.0,
            threshold_dbfs: -60.0,
            frequency_hz: 12_000.0,
            ..on()
        },
    ];
    let mut bank = DeEsserBank::new(Arch::best(), SampleRate::DESK);
    let out = through(
        3000,
        |n| 0.5 * sine(n, 1000.0, 0.0),
        |index, block| {
            if index % 83 == 40 {
                bank.set(1, &sets[(index / 83 * 3 + index / 500) % 4])
                    .expect("in range");
            }
            bank.process(block);
        },
    );
    let click = click_db(&out[1000..]);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn no_sequence_of_settings_and_signals_makes_a_number_that_is_none() {
    let mut bank = DeEsserBank::new(Arch::best(), SampleRate::DESK);
    let random = |n: usize, least: f64, most: f64| (least + (most - least) * (noise(n) + 1.0) / 2.0) as f32;
    for index in 0..3000 {
        let n = index * 16;
        let settings = DeEsserSettings {
            on: noise(n) > -0.5,
            frequency_hz: random(n + 1, 2000.0, 12_000.0),
            threshold_dbfs: random(n + 2, -60.0, 0.0),
            range_db: random(n + 3, 0.0, 24.0),
        };
        bank.set(index % 4, &settings).expect("in range");
        let mut block = SILENT_LANES;
        for (k, frame) in block.iter_mut().enumerate() {
            frame.0 = std::array::from_fn(|lane| noise(n + k * 8 + lane) as f32);
        }
        if index % 100 == 98 {
            block[5].set_strip(index % 3, f32::NAN);
            block[9].set_strip(index % 3, f32::INFINITY);
            bank.process(&mut block);
            continue;
        }
        bank.process(&mut block);
        for sample in block.iter().flat_map(|frame| frame.0) {
            assert!(sample.abs() < 4.0, "block {index}: {sample}");
        }
    }
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let mut bank = DeEsserBank::new(Arch::best(), SampleRate::DESK);
    for (wrong, name) in [
        (
            DeEsserSettings {
                frequency_hz: 1999.0,
                ..on()
            },
            "de-esser frequency in Hz",
        ),
        (
            DeEsserSettings {
                threshold_dbfs: 1.0,
                ..on()
            },
            "de-esser threshold in dBFS",
        ),
        (
            DeEsserSettings {
                range_db: f32::NAN,
                ..on()
            },
            "de-esser range in dB",
        ),
    ] {
        assert_eq!(bank.set(0, &wrong).expect_err("out of range").name, name);
    }
    assert!(bank.is_idle());
}

#[test]
fn it_never_allocates() {
    let mut bank = DeEsserBank::new(Arch::best(), SampleRate::DESK);
    let mut block = SILENT_LANES;
    assert_no_alloc(|| {
        for n in 0..1000_usize {
            block[n % 64].set_strip(n % 4, (n % 3) as f32);
            bank.set(
                n % 4,
                &DeEsserSettings {
                    on: n % 300 < 200,
                    ..on()
                },
            )
            .expect("in range");
            bank.process(&mut block);
        }
    });
}

/// A block of a loud 8 kHz tone on all strips.
fn sharp() -> LaneBlock {
    std::array::from_fn(|frame| Lanes::splat((frame as f32 * TAU / 6.0).sin()))
}

#[test]
fn a_strip_that_settles_is_new_while_its_neighbour_works_on() {
    let mut bank = bank(Arch::best(), &on());
    bank.set(2, &on()).expect("in range");
    for _ in 0..200 {
        bank.process(&mut sharp());
    }
    assert!(bank.reduction(1).db() < -3.0, "{:?}", bank.reduction(1));
    bank.set(1, &DeEsserSettings::default()).expect("in range");
    bank.settle(1);
    let before = sharp();
    let mut block = before;
    bank.process(&mut block);
    for (frame, (out, heard)) in block.iter().zip(&before).enumerate() {
        assert_eq!(out.0[2..4], heard.0[2..4], "frame {frame}");
    }
    assert_eq!(bank.reduction(1).db(), 0.0);
}
