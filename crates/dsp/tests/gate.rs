//! The gate: when it opens and closes, how far and how fast.

mod dynamics_signals;

use airdesk_dsp::dynamics::PACE;
use airdesk_dsp::gate::{GateBank, GateSettings};
use airdesk_dsp::lanes::{Arch, Lanes, SILENT_LANES};
use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dynamics_signals::{db, gain, noise, null_db, sine, through};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn on() -> GateSettings {
    GateSettings {
        on: true,
        hold_ms: 0.0,
        ..GateSettings::default()
    }
}

/// A bank whose strip 1 has arrived at its settings and has long heard `level` dBFS.
fn bank(arch: Arch, settings: &GateSettings, level: f64) -> GateBank {
    let mut bank = GateBank::new(arch, SampleRate::DESK);
    bank.set(1, settings).expect("in range");
    through(4500, |_| gain(level), |_, block| bank.process(block));
    bank
}

/// The gain in dB of each frame of a constant at `level` dBFS.
fn gains(bank: &mut GateBank, blocks: usize, level: f64) -> Vec<f64> {
    let out = through(blocks, |_| gain(level), |_, block| bank.process(block));
    out.iter().map(|y| db(*y) - level).collect()
}

#[test]
fn below_the_threshold_it_turns_down_by_the_ratio_and_at_most_by_the_range() {
    let settings = GateSettings {
        threshold_dbfs: -40.0,
        ratio: 3.0,
        range_db: 20.0,
        ..on()
    };
    for (level, expected) in [
        (-20.0, 0.0),
        (-39.0, 0.0),
        (-45.0, -10.0),
        (-48.0, -16.0),
        (-60.0, -20.0),
        (-75.0, -20.0),
    ] {
        let mut bank = bank(Arch::best(), &settings, level);
        let read = *gains(&mut bank, 10, level).last().expect("some");
        assert!((read - expected).abs() < 0.1, "{level} dBFS: {read:.2} dB");
        assert!((f64::from(bank.reduction(1).db()) - expected).abs() < 0.1, "the meter");
        assert_eq!(bank.is_open(1), expected == 0.0);
        assert_eq!(bank.reduction(0).db(), 0.0);
    }
}

#[test]
fn between_the_thresholds_it_stays_as_it_was() {
    let settings = GateSettings {
        threshold_dbfs: -40.0,
        hysteresis_db: 6.0,
        ..on()
    };
    let mut open = bank(Arch::best(), &settings, -30.0);
    assert!(gains(&mut open, 1500, -44.0).iter().all(|gain| gain.abs() < 0.01));
    assert!(*gains(&mut open, 1500, -47.0).last().expect("some") < -10.0);
    assert!(*gains(&mut open, 1500, -41.0).last().expect("some") < -1.5);
    assert!(gains(&mut open, 1500, -39.0).last().expect("some").abs() < 0.01);
}

#[test]
fn it_stays_open_for_the_hold_time() {
    for hold_ms in [0.0_f32, 50.0, 500.0] {
        let settings = GateSettings {
            threshold_dbfs: -40.0,
            hysteresis_db: 0.0,
            ratio: 100.0,
            release_ms: 5.0,
            hold_ms,
            ..on()
        };
        let mut bank = bank(Arch::best(), &settings, -30.0);
        let gains = gains(&mut bank, 1500, -70.0);
        let closing = gains.iter().position(|gain| *gain < -0.01).expect("it closes") as f64 / 48.0;
        // The detector falls by 10 dB in 5.8 ms first.
        let asked = f64::from(hold_ms) + 5.0 * gain(10.0).ln();
        assert!((closing - asked).abs() < 0.5, "{hold_ms} ms: {closing:.2} ms");
    }
}

#[test]
fn it_opens_and_closes_in_its_times() {
    let at_63 = |gains: &[f64]| {
        let (first, last) = (gains[0], *gains.last().expect("some"));
        let part = 1.0 - (-1.0_f64).exp();
        gains
            .iter()
            .position(|g| (g - first).abs() >= part * (last - first).abs())
            .expect("it arrives") as f64
    };
    for (attack_ms, release_ms) in [(0.1_f32, 5.0_f32), (2.0, 100.0), (100.0, 1000.0)] {
        let settings = GateSettings {
            threshold_dbfs: -40.0,
            ratio: 100.0,
            hysteresis_db: 0.0,
            attack_ms,
            release_ms,
            ..on()
        };
        let mut bank = bank(Arch::best(), &settings, -80.0);
        let opening = at_63(&gains(&mut bank, 1500, -30.0));
        let asked = f64::from(attack_ms) * 48.0;
        assert!(
            (opening - asked).abs() <= (0.1 * asked).max(4.0),
            "attack {attack_ms} ms: {opening} frames"
        );
        let closed = gains(&mut bank, 7500, -80.0);
        let start = closed.iter().position(|gain| *gain < -0.01).expect("it closes");
        let asked = f64::from(release_ms) * 48.0;
        let closing = at_63(&closed[start..]);
        assert!(
            (closing / asked - 1.0).abs() < 0.1,
            "release {release_ms} ms: {closing} frames"
        );
    }
}

#[test]
fn a_bass_note_does_not_make_it_chatter() {
    let settings = GateSettings {
        threshold_dbfs: -20.0,
        ratio: 100.0,
        release_ms: 5.0,
        ..on()
    };
    let mut bank = bank(Arch::best(), &settings, -10.0);
    let tone = |n| gain(-12.0) * sine(n, 50.0, 90.0);
    let out = through(300, tone, |_, block| bank.process(block));
    assert!(out.iter().enumerate().all(|(n, y)| (y - tone(n)).abs() < 1e-6));
}

/// Words and pauses.
fn words(n: usize) -> f64 {
    gain(if n % 30_000 < 12_000 { -12.0 } else { -56.0 }) * noise(n)
}

/// The same gate in f64, from the papers: the expander's curve of DAFX 4.2.3, and the branching detector of Giannoulis et
/// al., equation 16, once in `PACE` frames. It is open, and has long heard `level` dBFS.
fn reference(settings: &GateSettings, level: f64, signal: &[f64]) -> Vec<f64> {
    let decisions = |ms: f64| ms * 48.0 / PACE as f64;
    let alpha = |ms: f64| (-1.0 / decisions(ms)).exp();
    let (threshold, ratio) = (f64::from(settings.threshold_dbfs), f64::from(settings.ratio));
    let closes = threshold - f64::from(settings.hysteresis_db);
    let longest = decisions(f64::from(settings.hold_ms)).ceil() as usize;
    let (mut peak, mut open, mut hold, mut reduction, mut last) = (gain(level), true, longest, 0.0_f64, 1.0);
    let mut out = Vec::new();
    for run in signal.chunks(PACE) {
        let loudest = run.iter().fold(0.0, |a: f64, x| a.max(x.abs()));
        peak = loudest.max(peak * alpha(5.0));
        let heard = db(peak);
        let loud = heard > threshold || (open && heard > closes);
        hold = if loud { longest } else { hold.saturating_sub(1) };
        open = loud || (open && hold > 0);
        let most = f64::from(settings.range_db);
        let wanted = if open {
            0.0
        } else {
            ((ratio - 1.0) * (threshold - heard)).clamp(0.0, most)
        };
        let ms = if wanted > reduction {
            settings.release_ms
        } else {
            settings.attack_ms
        };
        reduction = wanted + (reduction - wanted) * alpha(f64::from(ms));
        let next = gain(-reduction);
        let gains = (1..=PACE).map(|n| last + (next - last) * n as f64 / PACE as f64);
        out.extend(run.iter().zip(gains).map(|(x, gain)| x * gain));
        last = next;
    }
    out
}

/// Words, pauses with a room in them, and a note that fades across both thresholds.
fn show(n: usize) -> f64 {
    let fading = gain(-30.0 - 25.0 * (1.0 + sine(n, 0.7, 0.0)));
    f64::from((0.6 * words(n) + fading * sine(n, 330.0, 0.0)) as f32)
}

#[test]
fn it_nulls_with_a_reference_in_f64_below_minus_80_dbfs() {
    for settings in [
        on(),
        GateSettings {
            threshold_dbfs: -30.0,
            hysteresis_db: 6.0,
            ratio: 100.0,
            range_db: 80.0,
            attack_ms: 0.1,
            hold_ms: 10.0,
            release_ms: 5.0,
            ..on()
        },
        GateSettings {
            threshold_dbfs: -20.0,
            hysteresis_db: 0.0,
            ratio: 2.0,
            range_db: 12.0,
            attack_ms: 100.0,
            hold_ms: 20.0,
            release_ms: 500.0,
            ..on()
        },
    ] {
        let signal: Vec<f64> = (0..3000 * BLOCK_FRAMES).map(show).collect();
        let expected = reference(&settings, -10.0, &signal);
        assert!(null_db(&expected, &signal) > -40.0, "{settings:?} does something");
        for arch in Arch::here() {
            let mut bank = bank(arch, &settings, -10.0);
            let out = through(3000, show, |_, block| bank.process(block));
            let left = null_db(&out, &expected);
            assert!(left < -80.0, "{}, {settings:?}: {left:.1} dBFS", arch.name());
        }
    }
}

#[test]
fn all_instructions_agree_below_minus_110_dbfs() {
    let settings = GateSettings {
        side_high_pass_hz: Some(100.0),
        hold_ms: 20.0,
        ..on()
    };
    let of = |arch| {
        let mut bank = bank(arch, &settings, -80.0);
        through(1500, words, |_, block| bank.process(block))
    };
    let scalar = of(Arch::SCALAR);
    assert!(
        null_db(&scalar, &(0..scalar.len()).map(words).collect::<Vec<_>>()) > -70.0,
        "it works at all"
    );
    for arch in Arch::here() {
        let left = null_db(&of(arch), &scalar);
        assert!(left < -110.0, "{}: {left:.1} dBFS", arch.name());
    }
}

#[test]
fn no_sequence_of_settings_and_signals_makes_a_number_that_is_none() {
    let mut bank = GateBank::new(Arch::best(), SampleRate::DESK);
    let random = |n: usize, least: f64, most: f64| (least + (most - least) * (noise(n) + 1.0) / 2.0) as f32;
    for index in 0..3000 {
        let n = index * 16;
        let settings = GateSettings {
            on: noise(n) > -0.5,
            threshold_dbfs: random(n + 1, -80.0, 0.0),
            hysteresis_db: random(n + 2, 0.0, 24.0),
            range_db: random(n + 3, 0.0, 80.0),
            ratio: random(n + 4, 1.0, 100.0),
            attack_ms: random(n + 5, 0.1, 200.0),
            hold_ms: random(n + 6, 0.0, 2000.0),
            release_ms: random(n + 7, 5.0, 3000.0),
            side_high_pass_hz: (noise(n + 8) > 0.0).then_some(random(n + 9, 20.0, 500.0)),
        };
        bank.set(index % 4, &settings).expect("in range");
        let size = gain(f64::from(random(n + 10, -200.0, 60.0)));
        let mut block = SILENT_LANES;
        for (k, frame) in block.iter_mut().enumerate() {
            frame.0 = std::array::from_fn(|lane| (size * noise(n + k * 8 + lane)) as f32);
        }
        if index % 100 == 99 {
            block[5].set_strip(index % 3, f32::NAN);
            block[9].set_strip(index % 3, f32::INFINITY);
            bank.process(&mut block);
            continue;
        }
        bank.process(&mut block);
        for sample in block.iter().flat_map(|frame| frame.0) {
            assert!(f64::from(sample.abs()) <= size * 1.001, "block {index}: {sample}");
        }
    }
}

#[test]
fn off_is_untouched_to_the_bit() {
    let mut bank = bank(Arch::best(), &on(), -80.0);
    bank.set(1, &GateSettings::default()).expect("in range");
    through(200, words, |_, block| bank.process(block));
    assert!(bank.is_idle());
    let out = through(500, words, |_, block| bank.process(block));
    assert!(out.iter().enumerate().all(|(n, y)| *y == f64::from(words(n) as f32)));
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let mut bank = GateBank::new(Arch::best(), SampleRate::DESK);
    for (wrong, name) in [
        (
            GateSettings {
                threshold_dbfs: -81.0,
                ..on()
            },
            "gate threshold in dBFS",
        ),
        (
            GateSettings {
                hysteresis_db: 25.0,
                ..on()
            },
            "gate hysteresis in dB",
        ),
        (
            GateSettings {
                range_db: f32::NAN,
                ..on()
            },
            "gate range in dB",
        ),
        (GateSettings { ratio: 0.5, ..on() }, "gate ratio"),
        (GateSettings { attack_ms: 0.0, ..on() }, "gate attack in ms"),
        (GateSettings { hold_ms: -1.0, ..on() }, "gate hold in ms"),
        (
            GateSettings {
                release_ms: 1.0,
                ..on()
            },
            "gate release in ms",
        ),
        (
            GateSettings {
                side_high_pass_hz: Some(600.0),
                ..on()
            },
            "gate side-chain high-pass in Hz",
        ),
    ] {
        assert_eq!(bank.set(0, &wrong).expect_err("out of range").name, name);
    }
    assert!(bank.is_idle());
}

#[test]
fn it_never_allocates() {
    let mut bank = GateBank::new(Arch::best(), SampleRate::DESK);
    let mut block = SILENT_LANES;
    assert_no_alloc(|| {
        for n in 0..1000_usize {
            block[n % 64].set_strip(n % 4, (n % 3) as f32);
            bank.set(
                n % 4,
                &GateSettings {
                    on: n % 300 < 200,
                    ..on()
                },
            )
            .expect("in range");
            bank.process(&mut block);
        }
    });
}

#[test]
fn a_strip_that_settles_is_new_while_its_neighbour_works_on() {
    let mut bank = bank(Arch::best(), &on(), -80.0);
    bank.set(2, &on()).expect("in range");
    for _ in 0..200 {
        bank.process(&mut [Lanes::splat(1e-4); BLOCK_FRAMES]);
    }
    assert!(bank.reduction(1).db() < -3.0, "{:?}", bank.reduction(1));
    bank.set(1, &GateSettings::default()).expect("in range");
    bank.settle(1);
    let before = [Lanes::splat(1e-4); BLOCK_FRAMES];
    let mut block = before;
    bank.process(&mut block);
    for (frame, (out, heard)) in block.iter().zip(&before).enumerate() {
        assert_eq!(out.0[2..4], heard.0[2..4], "frame {frame}");
    }
    assert_eq!(bank.reduction(1).db(), 0.0);
}
