//! Talkover: when music steps back, how far, how fast and how softly.

mod dynamics_signals;

use airdesk_dsp::ducker::{DUCK_FRAMES, Ducker, DuckerSettings};
use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE, SampleRate};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use dynamics_signals::{click_db, db, gain, sine};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn on() -> DuckerSettings {
    DuckerSettings {
        on: true,
        ..DuckerSettings::default()
    }
}

/// A ducker with these settings that nobody has spoken to.
fn ducker(settings: &DuckerSettings) -> Ducker {
    let mut ducker = Ducker::new(SampleRate::DESK);
    ducker.set(settings).expect("in range");
    ducker
}

/// A block in which somebody speaks at `level` dBFS, on the right alone.
fn speech(level: f64) -> Block {
    let mut block = SILENCE;
    for frame in &mut block {
        frame[1] = -gain(level) as f32;
    }
    block
}

/// What is left of a constant in `blocks` blocks, in dB for each frame, while `speaks(block)` is on the second key.
fn music_db(ducker: &mut Ducker, blocks: usize, speaks: impl Fn(usize) -> bool) -> Vec<f64> {
    let mut heard = Vec::new();
    for index in 0..blocks {
        let key = if speaks(index) { speech(-20.0) } else { SILENCE };
        ducker.key([&SILENCE, &key]);
        let mut music = [[0.5; 2]; BLOCK_FRAMES];
        ducker.apply(&mut music);
        heard.extend(music.iter().map(|frame| db(f64::from(frame[0]) / 0.5)));
    }
    heard
}

#[test]
fn music_steps_back_by_the_depth_while_any_key_strip_is_above_the_threshold() {
    for depth_db in [0.0_f32, 12.0, 60.0] {
        let mut ducker = ducker(&DuckerSettings { depth_db, ..on() });
        let heard = music_db(&mut ducker, 1500, |_| true);
        let last = heard.last().expect("some");
        assert!((last + f64::from(depth_db)).abs() < 0.01, "{depth_db}: {last}");
        assert!((ducker.reduction().db() + depth_db).abs() < 0.01);
    }
    let mut ducker = ducker(&on());
    for (level, ducks) in [(-41.0, false), (-39.0, true)] {
        for _ in 0..100 {
            ducker.key([&speech(level)]);
        }
        assert_eq!(ducker.reduction().db() < -1.0, ducks, "{level} dBFS");
    }
}

/// The same talkover in f64: two one-pole filters in dB, whose step response `1 - (1 + x) e^-x` is 63 % at x = 2.1462.
fn reference(settings: &DuckerSettings, speaks: impl Fn(usize) -> bool, frames: usize) -> Vec<f64> {
    let steps = |ms: f32| f64::from(ms) * 48.0 / DUCK_FRAMES as f64;
    let (mut first, mut second, mut hold, mut last) = (0.0_f64, 0.0_f64, 0, 1.0);
    let mut gains = Vec::new();
    for start in (0..frames).step_by(DUCK_FRAMES) {
        let loud = (start..start + DUCK_FRAMES).any(&speaks);
        let target = if loud || hold > 0 {
            f64::from(settings.depth_db)
        } else {
            0.0
        };
        hold = if loud {
            steps(settings.hold_ms).ceil() as usize
        } else {
            hold.saturating_sub(1)
        };
        let ms = if target > second {
            settings.attack_ms
        } else {
            settings.release_ms
        };
        let alpha = (-2.1462 / steps(ms)).exp();
        first = alpha * first + (1.0 - alpha) * target;
        second = alpha * second + (1.0 - alpha) * first;
        let next = gain(-second);
        gains.extend((1..=DUCK_FRAMES).map(|n| last + (next - last) * n as f64 / DUCK_FRAMES as f64));
        last = next;
    }
    gains
}

#[test]
fn it_nulls_with_a_reference_in_f64_below_minus_80_dbfs() {
    const BLOCKS: usize = 3000;
    // Words of a third of a second, sentences of two, and a single click.
    let speaks = |n: usize| (n % 96_000 < 60_000 && n % 20_000 < 16_000) || n == 90_007;
    for settings in [
        on(),
        DuckerSettings {
            depth_db: 60.0,
            attack_ms: 5.0,
            hold_ms: 0.0,
            release_ms: 50.0,
            ..on()
        },
        DuckerSettings {
            depth_db: 6.0,
            attack_ms: 500.0,
            hold_ms: 100.0,
            release_ms: 5000.0,
            ..on()
        },
    ] {
        let mut ducker = ducker(&settings);
        let expected = reference(&settings, speaks, BLOCKS * BLOCK_FRAMES);
        let mut worst = 0.0_f64;
        for (block, expected) in expected.chunks(BLOCK_FRAMES).enumerate() {
            let key = std::array::from_fn(|n| [0.0, if speaks(block * BLOCK_FRAMES + n) { 0.1 } else { 0.001 }]);
            ducker.key([&key]);
            let mut music = [[0.5; 2]; BLOCK_FRAMES];
            ducker.apply(&mut music);
            for (frame, expected) in music.iter().zip(expected) {
                worst = worst.max((f64::from(frame[0]) - 0.5 * expected).abs());
            }
        }
        assert!(db(worst) < -80.0, "{settings:?}: {:.1} dBFS", db(worst));
    }
}

#[test]
fn it_goes_and_comes_in_its_times_and_waits_for_the_hold() {
    for (attack_ms, hold_ms, release_ms) in [
        (5.0_f32, 0.0_f32, 50.0_f32),
        (60.0, 500.0, 600.0),
        (500.0, 2000.0, 3000.0),
    ] {
        let settings = DuckerSettings {
            attack_ms,
            hold_ms,
            release_ms,
            ..on()
        };
        let mut ducker = ducker(&settings);
        let part = 12.0 * (1.0 - (-1.0_f64).exp());
        let down = music_db(&mut ducker, 6000, |_| true);
        let took = down.iter().position(|db| *db < -part).expect("it ducks") as f64 / 48.0;
        assert!(
            (took - f64::from(attack_ms)).abs() < 0.1 * f64::from(attack_ms) + 0.4,
            "attack {attack_ms}: {took}"
        );
        let up = music_db(&mut ducker, 20_000, |_| false);
        let leaves = up.iter().position(|db| *db > -11.999).expect("it comes back") as f64 / 48.0;
        assert!(
            (leaves - f64::from(hold_ms)).abs() < 0.02 * f64::from(release_ms) + 1.0,
            "hold {hold_ms}: {leaves}"
        );
        let back =
            up.iter().position(|db| *db > part - 12.0).expect("it comes back") as f64 / 48.0 - f64::from(hold_ms);
        assert!(
            (back / f64::from(release_ms) - 1.0).abs() < 0.1,
            "release {release_ms}: {back}"
        );
    }
}

#[test]
fn a_pause_for_breath_does_not_bring_the_music_back() {
    let mut ducker = ducker(&on());
    // 400 ms of every second are silent.
    let heard = music_db(&mut ducker, 7500, |index| index % 750 < 450);
    assert!(heard[48_000..].iter().all(|db| *db < -11.99));
}

#[test]
fn music_moves_without_a_step() {
    let mut ducker = ducker(&DuckerSettings { hold_ms: 0.0, ..on() });
    let mut heard = Vec::new();
    for index in 0..3000 {
        if index % 700 == 650 {
            ducker
                .set(&DuckerSettings {
                    on: index % 1400 != 650,
                    depth_db: 30.0,
                    ..on()
                })
                .expect("in range");
        }
        let key = if index % 400 < 200 { speech(0.0) } else { SILENCE };
        ducker.key([&key]);
        let mut music = std::array::from_fn(|n| [(0.5 * sine(index * 64 + n, 1000.0, 0.0)) as f32; 2]);
        ducker.apply(&mut music);
        heard.extend(music.iter().map(|frame| f64::from(frame[0])));
    }
    let click = click_db(&heard);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn the_gains_are_those_that_are_applied() {
    let mut ducker = ducker(&on());
    for _ in 0..30 {
        let last = ducker.gains()[BLOCK_FRAMES / DUCK_FRAMES];
        ducker.key([&speech(0.0)]);
        let mut music = [[1.0; 2]; BLOCK_FRAMES];
        ducker.apply(&mut music);
        assert_eq!(ducker.gains()[0], last);
        for (n, gain) in ducker.gains().iter().enumerate().skip(1) {
            assert!((music[n * DUCK_FRAMES - 1][1] - gain).abs() < 1e-6);
        }
    }
}

#[test]
fn music_passes_to_the_bit_while_nobody_speaks_and_again_afterwards() {
    let mut ducker = ducker(&on());
    music_db(&mut ducker, 500, |_| true);
    music_db(&mut ducker, 10_000, |_| false);
    assert!(music_db(&mut ducker, 10, |_| false).iter().all(|db| *db == 0.0));
    assert_eq!(ducker.reduction().db(), 0.0);
}

#[test]
fn switched_off_it_lets_the_music_back_and_listens_no_more() {
    let mut ducker = ducker(&on());
    music_db(&mut ducker, 500, |_| true);
    ducker.set(&DuckerSettings::default()).expect("in range");
    music_db(&mut ducker, 10_000, |_| true);
    assert!(music_db(&mut ducker, 100, |_| true).iter().all(|db| *db == 0.0));
}

#[test]
fn what_is_demanded_is_done_in_silence_and_while_it_is_off_and_no_longer() {
    let mut ducker = ducker(&DuckerSettings::default());
    ducker.demand(true);
    let heard = music_db(&mut ducker, 1500, |_| false);
    assert!(heard.last().is_some_and(|last| (last + 12.0).abs() < 0.01));
    ducker.demand(false);
    let heard = music_db(&mut ducker, 300, |_| false);
    assert!(
        heard.last().is_some_and(|last| (last + 12.0).abs() < 0.01),
        "it is held"
    );
    music_db(&mut ducker, 10_000, |_| true);
    assert!(music_db(&mut ducker, 10, |_| true).iter().all(|db| *db == 0.0));
}

#[test]
fn what_is_no_number_is_no_speech() {
    let mut ducker = ducker(&on());
    for _ in 0..100 {
        ducker.key([&[[f32::NAN; 2]; BLOCK_FRAMES]]);
        assert_eq!(ducker.gains(), &[1.0; BLOCK_FRAMES / DUCK_FRAMES + 1]);
    }
}

#[test]
fn settings_outside_their_range_are_refused_by_name() {
    let mut ducker = Ducker::new(SampleRate::DESK);
    for (wrong, name) in [
        (
            DuckerSettings {
                threshold_dbfs: 0.1,
                ..on()
            },
            "talkover threshold in dBFS",
        ),
        (DuckerSettings { depth_db: 61.0, ..on() }, "talkover depth in dB"),
        (DuckerSettings { attack_ms: 4.0, ..on() }, "talkover attack in ms"),
        (
            DuckerSettings {
                hold_ms: f32::NAN,
                ..on()
            },
            "talkover hold in ms",
        ),
        (
            DuckerSettings {
                release_ms: 49.0,
                ..on()
            },
            "talkover release in ms",
        ),
    ] {
        assert_eq!(ducker.set(&wrong).expect_err("out of range").name, name);
    }
}

#[test]
fn it_never_allocates() {
    let mut ducker = Ducker::new(SampleRate::DESK);
    let (loud, mut music) = (speech(0.0), SILENCE);
    assert_no_alloc(|| {
        for n in 0..1000_usize {
            ducker
                .set(&DuckerSettings {
                    on: n % 300 < 200,
                    ..on()
                })
                .expect("in range");
            ducker.key([&loud, &SILENCE]);
            ducker.apply(&mut music);
        }
    });
}
