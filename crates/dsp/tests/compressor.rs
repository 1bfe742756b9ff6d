//! The compressor against the paper: its static curve, its times, and a second one written in f64.

mod dynamics_signals;

use airdesk_dsp::compressor::{CompressorBank, CompressorSettings, Ratio};
use airdesk_dsp::dynamics::PACE;
use airdesk_dsp::lanes::{Arch, LaneBlock, Lanes, SILENT_LANES};
use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dynamics_signals::{db, gain, noise, null_db, peak_db, sine, through};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn on() -> CompressorSettings {
    CompressorSettings {
        on: true,
        ..CompressorSettings::default()
    }
}

/// A bank whose strip 1 has arrived at its settings, on silence.
fn bank(arch: Arch, settings: &CompressorSettings) -> CompressorBank {
    let mut bank = CompressorBank::new(arch, SampleRate::DESK);
    bank.set(1, settings).expect("in range");
    for _ in 0..100 {
        bank.process(&mut SILENT_LANES.clone());
    }
    bank
}

/// The gain computer of Giannoulis et al. 2012, equation 4, all in dB.
fn curve(input: f64, threshold: f64, slope: f64, knee: f64) -> f64 {
    let over = input - threshold;
    if 2.0 * over < -knee {
        input
    } else if 2.0 * over.abs() <= knee && knee > 0.0 {
        input - slope * (over + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        input - slope * over
    }
}

#[test]
fn the_static_curve_is_the_formula_within_a_tenth_of_a_db() {
    for (ratio, slope) in [
        (Ratio::To(1.0), 0.0),
        (Ratio::To(2.0), 0.5),
        (Ratio::To(20.0), 0.95),
        (Ratio::Limit, 1.0),
    ] {
        for (threshold, knee) in [
            (-18.0_f32, 0.0_f32),
            (-40.0, 12.0),
            (-10.0, 24.0),
            (0.0, 6.0),
            (-60.0, 24.0),
        ] {
            let settings = CompressorSettings {
                threshold_dbfs: threshold,
                ratio,
                knee_db: knee,
                attack_ms: 1.0,
                make_up_db: 3.0,
                ..on()
            };
            for input in [-70.0, -45.0, -30.0, -20.0, -18.0, -12.0, -6.0, -1.0, 6.0] {
                let mut bank = bank(Arch::best(), &settings);
                // A constant: its level is no matter of opinion.
                let out = through(100, |_| gain(input), |_, block| bank.process(block));
                let read = db(*out.last().expect("some"));
                let expected = curve(input, f64::from(threshold), slope, f64::from(knee)) + 3.0;
                assert!(
                    (read - expected).abs() < 0.1,
                    "{settings:?} at {input}: {read:.2}, not {expected:.2}"
                );
                let reduction = f64::from(bank.reduction(1).db());
                assert!(
                    (reduction - (expected - 3.0 - input)).abs() < 0.1,
                    "the meter says {reduction:.2}"
                );
                assert_eq!(bank.reduction(0).db(), 0.0);
            }
        }
    }
}

#[test]
fn a_bass_note_is_compressed_as_much_as_a_high_one() {
    for hz in [40.0, 400.0, 997.0, 10_007.0] {
        let mut bank = bank(Arch::best(), &CompressorSettings { knee_db: 0.0, ..on() });
        let out = through(750, |n| sine(n, hz, 0.0), |_, block| bank.process(block));
        let read = peak_db(&out[24_000..]);
        assert!((read + 12.0).abs() < 0.7, "{hz} Hz: {read:.2} dBFS");
    }
}

/// The gain in dB of each frame, for a level that jumps from `before` to `after` dBFS at half a second.
fn step_response(settings: &CompressorSettings, before: f64, after: f64, blocks: usize) -> Vec<f64> {
    let mut bank = bank(Arch::best(), settings);
    let level = |n: usize| gain(if n < 24_000 { before } else { after });
    let out = through(blocks, level, |_, block| bank.process(block));
    out.iter()
        .enumerate()
        .skip(24_000)
        .map(|(n, y)| db(y / level(n)))
        .collect()
}

/// Frames until 63 % of the way from the first to the last gain is done.
fn frames_to_63(gains: &[f64]) -> f64 {
    let (first, last) = (gains[0], *gains.last().expect("some"));
    let place = gains
        .iter()
        .position(|g| (g - first).abs() >= (1.0 - (-1.0_f64).exp()) * (last - first).abs());
    place.expect("it arrives") as f64
}

#[test]
fn the_attack_does_63_percent_of_the_reduction_in_its_time() {
    for attack_ms in [0.1_f32, 1.0, 10.0, 50.0, 200.0] {
        let settings = CompressorSettings {
            attack_ms,
            release_ms: 3000.0,
            ratio: Ratio::To(4.0),
            ..on()
        };
        let frames = frames_to_63(&step_response(&settings, -60.0, 0.0, 1500));
        let asked = f64::from(attack_ms) * 48.0;
        // To the pace of the decisions, as documented.
        assert!(
            (frames - asked).abs() <= (0.1 * asked).max(PACE as f64),
            "{attack_ms} ms: {frames} frames"
        );
    }
}

#[test]
fn the_release_does_63_percent_of_the_way_back_in_its_time() {
    for release_ms in [5.0_f32, 50.0, 300.0, 1000.0] {
        // A short attack: the decoupled detector adds it to the release.
        let settings = CompressorSettings {
            attack_ms: 0.1,
            release_ms,
            ratio: Ratio::To(4.0),
            ..on()
        };
        let frames = frames_to_63(&step_response(&settings, 0.0, -60.0, 6000));
        let asked = f64::from(release_ms) * 48.0;
        assert!((frames / asked - 1.0).abs() < 0.1, "{release_ms} ms: {frames} frames");
    }
}

/// The same compressor in f64, written from the paper: equations 4 and 17 once in `PACE` frames.
fn reference(settings: &CompressorSettings, blocks: usize, signal: impl Fn(usize) -> f64) -> Vec<f64> {
    let slope = match settings.ratio {
        Ratio::To(ratio) => 1.0 - 1.0 / f64::from(ratio),
        Ratio::Limit => 1.0,
    };
    let alpha = |ms: f32| (-(PACE as f64) / (f64::from(ms) * 48.0)).exp();
    let (attack, release) = (alpha(settings.attack_ms), alpha(settings.release_ms));
    let (mut y1, mut yl, mut last) = (0.0_f64, 0.0_f64, gain(f64::from(settings.make_up_db)));
    let mut out = Vec::new();
    for start in (0..blocks * 64).step_by(PACE) {
        let frames: Vec<f64> = (start..start + PACE).map(|n| f64::from(signal(n) as f32)).collect();
        let level = frames.iter().fold(1e-30, |a: f64, x| a.max(x.abs()));
        let xg = db(level);
        let xl = xg
            - curve(
                xg,
                f64::from(settings.threshold_dbfs),
                slope,
                f64::from(settings.knee_db),
            );
        y1 = xl.max(release * y1 + (1.0 - release) * xl);
        yl = attack * yl + (1.0 - attack) * y1;
        let next = gain(f64::from(settings.make_up_db) - yl);
        for (n, x) in frames.iter().enumerate() {
            out.push(x * (last + (next - last) * (n + 1) as f64 / PACE as f64));
        }
        last = next;
    }
    out
}

/// Loud and quiet passages of tones and noise.
fn programme(n: usize) -> f64 {
    let swell = 0.5 - 0.49 * sine(n, 1.7, 90.0);
    swell * (0.5 * sine(n, 220.0, 0.0) + 0.3 * sine(n, 3001.0, 20.0) + 0.2 * noise(n))
}

#[test]
fn it_nulls_with_a_reference_in_f64_below_minus_80_dbfs() {
    for settings in [
        on(),
        CompressorSettings {
            attack_ms: 0.1,
            release_ms: 5.0,
            ratio: Ratio::Limit,
            threshold_dbfs: -40.0,
            knee_db: 0.0,
            ..on()
        },
        CompressorSettings {
            attack_ms: 200.0,
            release_ms: 3000.0,
            ratio: Ratio::To(20.0),
            knee_db: 24.0,
            make_up_db: 6.0,
            ..on()
        },
    ] {
        for arch in Arch::here() {
            let mut bank = bank(arch, &settings);
            let out = through(1500, programme, |_, block| bank.process(block));
            let left = null_db(&out, &reference(&settings, 1500, programme));
            assert!(left < -80.0, "{}, {settings:?}: {left:.1} dBFS", arch.name());
        }
    }
}

#[test]
fn all_instructions_agree_below_minus_110_dbfs() {
    let settings = CompressorSettings {
        side_high_pass_hz: Some(120.0),
        ..on()
    };
    let of = |arch| {
        let mut bank = bank(arch, &settings);
        through(1500, programme, |_, block| bank.process(block))
    };
    let scalar = of(Arch::SCALAR);
    for arch in Arch::here() {
        let left = null_db(&of(arch), &scalar);
        assert!(left < -110.0, "{}: {left:.1} dBFS", arch.name());
    }
}

#[test]
fn both_sides_get_the_gain_of_the_louder_one_and_other_strips_nothing() {
    let mut bank = bank(Arch::best(), &on());
    let mut block = SILENT_LANES;
    for _ in 0..200 {
        for frame in &mut block {
            frame.0 = [1.0, 1.0, 1.0, 0.1, 1.0, 1.0, -1.0, 1.0];
        }
        bank.process(&mut block);
    }
    let [a, b, left, right, c, d, e, f] = block[63].0;
    assert!((right / left - 0.1).abs() < 1e-6 && left < 0.3, "{left} {right}");
    assert_eq!([a, b, c, d, e, f], [1.0, 1.0, 1.0, 1.0, -1.0, 1.0]);
}

#[test]
fn the_high_pass_keeps_a_bass_from_turning_the_strip_down() {
    let reduction = |hz: f64, side_high_pass_hz| {
        let mut bank = bank(
            Arch::best(),
            &CompressorSettings {
                side_high_pass_hz,
                knee_db: 0.0,
                ..on()
            },
        );
        through(300, |n| 0.5 * sine(n, hz, 0.0), |_, block| bank.process(block));
        f64::from(bank.reduction(1).db())
    };
    assert!(reduction(50.0, None) < -7.5);
    // Two octaves below the corner: 24 dB less for the detector, so below the threshold.
    assert_eq!(reduction(50.0, Some(200.0)), 0.0);
    assert!((reduction(2000.0, Some(200.0)) - reduction(2000.0, None)).abs() < 0.1);
}

#[test]
fn no_sequence_of_settings_and_signals_makes_a_number_that_is_none() {
    let mut bank = CompressorBank::new(Arch::best(), SampleRate::DESK);
    let random = |n: usize, least: f64, most: f64| (least + (most - least) * (noise(n) + 1.0) / 2.0) as f32;
    for index in 0..3000 {
        let n = index * 16;
        let settings = CompressorSettings {
            on: noise(n) > -0.5,
            threshold_dbfs: random(n + 1, -60.0, 0.0),
            ratio: if noise(n + 2) > 0.6 {
                Ratio::Limit
            } else {
                Ratio::To(random(n + 3, 1.0, 20.0))
            },
            knee_db: random(n + 4, 0.0, 24.0),
            attack_ms: random(n + 5, 0.1, 200.0),
            release_ms: random(n + 6, 5.0, 3000.0),
            make_up_db: random(n + 7, -20.0, 24.0),
            side_high_pass_hz: (noise(n + 8) > 0.0).then_some(random(n + 9, 20.0, 500.0)),
        };
        bank.set(index % 4, &settings).expect("in range");
        let size = gain(f64::from(random(n + 10, -200.0, 60.0)));
        let mut block = SILENT_LANES;
        for (k, frame) in block.iter_mut().enumerate() {
            frame.0 = std::array::from_fn(|lane| (size * noise(n + k * 8 + lane)) as f32);
        }
        bank.process(&mut block);
        for sample in block.iter().flat_map(|frame| frame.0) {
            // At most the make-up.
            assert!(f64::from(sample.abs()) <= size * 16.0, "block {index}: {sample}");
        }
    }
}

#[test]
fn it_recovers_from_what_is_no_number() {
    let settings = CompressorSettings {
        side_high_pass_hz: Some(100.0),
        ..on()
    };
    let (mut hurt, mut whole) = (bank(Arch::best(), &settings), bank(Arch::best(), &settings));
    let mut bad = SILENT_LANES;
    bad[7].set_strip(1, f32::NAN);
    bad[30].set_strip(1, f32::INFINITY);
    hurt.process(&mut bad);
    let hear = |bank: &mut CompressorBank| through(3000, programme, |_, block| bank.process(block));
    let (hurt, whole) = (hear(&mut hurt), hear(&mut whole));
    assert!(hurt.iter().all(|sample| sample.is_finite()));
    let left = null_db(&hurt[144_000..], &whole[144_000..]);
    assert!(left < -60.0, "{left:.1} dBFS");
}

#[test]
fn off_is_untouched_to_the_bit() {
    let mut bank = bank(Arch::best(), &on());
    bank.set(1, &CompressorSettings::default()).expect("in range");
    through(200, programme, |_, block| bank.process(block));
    assert!(bank.is_idle());
    let out = through(200, programme, |_, block| bank.process(block));
    assert!(
        out.iter()
            .enumerate()
            .all(|(n, y)| *y == f64::from(programme(n) as f32))
    );
    assert_eq!(bank.reduction(1).db(), 0.0);
}

#[test]
fn settings_outside_their_range_are_refused_by_name_and_change_nothing() {
    let mut bank = CompressorBank::new(Arch::best(), SampleRate::DESK);
    for (wrong, name) in [
        (
            CompressorSettings {
                threshold_dbfs: -60.1,
                ..on()
            },
            "compressor threshold in dBFS",
        ),
        (
            CompressorSettings {
                ratio: Ratio::To(0.9),
                ..on()
            },
            "compressor ratio",
        ),
        (
            CompressorSettings {
                knee_db: f32::NAN,
                ..on()
            },
            "compressor knee in dB",
        ),
        (CompressorSettings { attack_ms: 0.0, ..on() }, "compressor attack in ms"),
        (
            CompressorSettings {
                release_ms: 3001.0,
                ..on()
            },
            "compressor release in ms",
        ),
        (
            CompressorSettings {
                make_up_db: 24.5,
                ..on()
            },
            "compressor make-up in dB",
        ),
        (
            CompressorSettings {
                side_high_pass_hz: Some(19.0),
                ..on()
            },
            "compressor side-chain high-pass in Hz",
        ),
    ] {
        assert_eq!(bank.set(0, &wrong).expect_err("out of range").name, name);
    }
    assert!(bank.is_idle());
}

#[test]
fn settings_are_written_in_camel_case_and_missing_ones_are_the_defaults() {
    let settings: CompressorSettings =
        serde_json::from_str(r#"{"on":true,"thresholdDbfs":-24.0,"ratio":"limit"}"#).expect("settings");
    assert_eq!(
        settings,
        CompressorSettings {
            threshold_dbfs: -24.0,
            ratio: Ratio::Limit,
            ..on()
        }
    );
    let written = serde_json::to_string(&CompressorSettings::default()).expect("written");
    assert!(written.contains(r#""ratio":{"to":3.0}"#), "{written}");
    assert!(serde_json::from_str::<CompressorSettings>(r#"{"treshold":-3}"#).is_err());
}

#[test]
fn it_never_allocates() {
    let mut bank = CompressorBank::new(Arch::best(), SampleRate::DESK);
    let mut block: LaneBlock = SILENT_LANES;
    assert_no_alloc(|| {
        for n in 0..1000_usize {
            block[n % 64].set_strip(n % 4, (n % 3) as f32);
            let settings = CompressorSettings {
                on: n % 300 < 200,
                make_up_db: (n % 20) as f32,
                ..on()
            };
            bank.set(n % 4, &settings).expect("in range");
            bank.process(&mut block);
        }
    });
}

#[test]
fn a_strip_that_settles_is_new_while_its_neighbour_works_on() {
    let mut bank = bank(
        Arch::best(),
        &CompressorSettings {
            threshold_dbfs: -40.0,
            release_ms: 3000.0,
            ..on()
        },
    );
    bank.set(2, &on()).expect("in range");
    for _ in 0..200 {
        bank.process(&mut [Lanes::splat(0.5); BLOCK_FRAMES]);
    }
    assert!(bank.reduction(1).db() < -3.0, "{:?}", bank.reduction(1));
    bank.set(1, &CompressorSettings::default()).expect("in range");
    bank.settle(1);
    let before = [Lanes::splat(0.1); BLOCK_FRAMES];
    let mut block = before;
    bank.process(&mut block);
    for (frame, (out, heard)) in block.iter().zip(&before).enumerate() {
        assert_eq!(out.0[2..4], heard.0[2..4], "frame {frame}");
    }
    assert_eq!(bank.reduction(1).db(), 0.0);
}
