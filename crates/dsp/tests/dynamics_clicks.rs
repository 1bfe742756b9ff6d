//! Gate and compressor, switched and thrown while something sounds: no control may be heard as a click.

mod dynamics_signals;

use airdesk_dsp::SampleRate;
use airdesk_dsp::compressor::{CompressorBank, CompressorSettings, Ratio};
use airdesk_dsp::gate::{GateBank, GateSettings};
use airdesk_dsp::lanes::Arch;
use dynamics_signals::{click_db, gain, noise, peak_db, sine, through};

fn gate() -> GateSettings {
    GateSettings {
        on: true,
        hold_ms: 0.0,
        ..GateSettings::default()
    }
}

#[test]
fn switching_a_gate_and_moving_any_control_of_it_does_not_click() {
    let slow = GateSettings {
        attack_ms: 50.0,
        release_ms: 1000.0,
        ..gate()
    };
    let sets = [
        slow,
        GateSettings {
            threshold_dbfs: 0.0,
            range_db: 80.0,
            ratio: 100.0,
            ..slow
        },
        GateSettings { on: false, ..slow },
        GateSettings {
            threshold_dbfs: -3.0,
            range_db: 40.0,
            ratio: 2.0,
            ..slow
        },
    ];
    let mut bank = GateBank::new(Arch::best(), SampleRate::DESK);
    let out = through(
        3000,
        |n| 0.25 * sine(n, 1000.0, 0.0),
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

/// The loudest click of a tone that swells across the threshold three times a second, while `turn` says every seven
/// blocks (9 ms) what the gate is set to.
fn click_of_turning(hz: f64, turn: impl Fn(usize) -> GateSettings) -> f64 {
    let mut bank = GateBank::new(Arch::best(), SampleRate::DESK);
    let tone = |n: usize| gain(-26.0 + 14.0 * sine(n, 3.0, 0.0)) * sine(n, hz, 0.0);
    let out = through(4000, tone, |index, block| {
        if index % 7 == 0 {
            bank.set(1, &turn(index / 7)).expect("in range");
        }
        bank.process(block);
    });
    click_db(&out[1000..])
}

/// Opens and closes at every swell, by 60 dB and slowly enough to be no click itself.
fn slow() -> GateSettings {
    GateSettings {
        threshold_dbfs: -26.0,
        range_db: 60.0,
        ratio: 4.0,
        attack_ms: 50.0,
        release_ms: 500.0,
        ..gate()
    }
}

/// One end of a range or the other, as a number decides.
fn end(n: usize, least: f32, most: f32) -> f32 {
    if noise(n) > 0.0 { most } else { least }
}

/// None, the lowest or the highest.
fn side_end(n: usize) -> Option<f32> {
    [None, Some(20.0), Some(500.0)][(1.5 * (noise(n) + 1.0)) as usize % 3]
}

#[test]
fn no_control_of_a_gate_that_is_thrown_from_end_to_end_in_mid_sound_clicks() {
    type Turn = fn(usize, &mut GateSettings);
    let turns: [(&str, Turn); 7] = [
        ("threshold", |n, gate| gate.threshold_dbfs = end(n, -80.0, 0.0)),
        ("hysteresis", |n, gate| gate.hysteresis_db = end(n, 0.0, 24.0)),
        ("hold", |n, gate| gate.hold_ms = end(n, 0.0, 2000.0)),
        ("range", |n, gate| gate.range_db = end(n, 0.0, 80.0)),
        ("ratio", |n, gate| gate.ratio = end(n, 1.0, 100.0)),
        ("side chain", |n, gate| gate.side_high_pass_hz = side_end(n)),
        // Times that are no click by themselves: what shorter ones do is in the next test.
        ("all at once", |n, gate| {
            *gate = GateSettings {
                on: noise(9 * n) > -0.8,
                hysteresis_db: end(9 * n + 1, 0.0, 24.0),
                hold_ms: end(9 * n + 2, 0.0, 2000.0),
                range_db: end(9 * n + 3, 0.0, 80.0),
                ratio: end(9 * n + 4, 1.0, 100.0),
                side_high_pass_hz: side_end(9 * n + 5),
                attack_ms: end(9 * n + 6, 20.0, 200.0),
                release_ms: end(9 * n + 7, 50.0, 3000.0),
                ..*gate
            }
        }),
    ];
    for (name, turn) in turns {
        for hz in [220.0, 1000.0] {
            let click = click_of_turning(hz, |n| {
                let mut settings = slow();
                turn(n, &mut settings);
                settings
            });
            assert!(click < -80.0, "{name}, {hz} Hz: {click:.1} dBFS");
        }
    }
}

#[test]
fn times_of_a_gate_that_are_thrown_from_end_to_end_are_no_louder_than_a_gate_with_the_shortest() {
    let attack = |attack_ms| GateSettings { attack_ms, ..slow() };
    let release = |release_ms| GateSettings { release_ms, ..slow() };
    for hz in [220.0, 1000.0] {
        // A gate that opens in 0.1 ms is heard opening. Throwing the attack in mid-way must not add to that.
        let (still, thrown) = (
            click_of_turning(hz, |_| attack(0.1)),
            click_of_turning(hz, |n| attack(end(n, 0.1, 200.0))),
        );
        assert!(
            thrown < still.max(-80.0) + 1.0,
            "attack, {hz} Hz: {thrown:.1}, not {still:.1} dBFS"
        );
        let (still, thrown) = (
            click_of_turning(hz, |_| release(5.0)),
            click_of_turning(hz, |n| release(end(n, 5.0, 3000.0))),
        );
        assert!(
            thrown < still.max(-80.0) + 1.0,
            "release, {hz} Hz: {thrown:.1}, not {still:.1} dBFS"
        );
    }
}

fn compressor() -> CompressorSettings {
    CompressorSettings {
        on: true,
        ..CompressorSettings::default()
    }
}

#[test]
fn switching_a_compressor_and_moving_any_control_of_it_does_not_click() {
    let sets: [CompressorSettings; 6] = [
        compressor(),
        CompressorSettings {
            make_up_db: -20.0,
            ..compressor()
        },
        CompressorSettings::default(),
        CompressorSettings {
            threshold_dbfs: -60.0,
            ratio: Ratio::To(20.0),
            make_up_db: 12.0,
            ..compressor()
        },
        CompressorSettings {
            threshold_dbfs: 0.0,
            knee_db: 24.0,
            ..compressor()
        },
        CompressorSettings {
            threshold_dbfs: -30.0,
            ratio: Ratio::Limit,
            knee_db: 0.0,
            ..compressor()
        },
    ];
    // Slow times, so that what is heard is the controls and not the compressor at work.
    let sets = sets.map(|settings| CompressorSettings {
        attack_ms: 50.0,
        release_ms: 1000.0,
        ..settings
    });
    let mut bank = CompressorBank::new(Arch::best(), SampleRate::DESK);
    let out = through(
        3000,
        |n| 0.25 * sine(n, 1000.0, 0.0),
        |index, block| {
            if index % 83 == 40 {
                bank.set(1, &sets[(index / 83 * 5 + index / 7) % sets.len()])
                    .expect("in range");
            }
            bank.process(block);
        },
    );
    let click = click_db(&out[1000..]);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn an_attack_of_a_compressor_that_is_changed_in_the_middle_of_a_reduction_does_not_click() {
    let settings = |attack_ms| CompressorSettings {
        threshold_dbfs: -60.0,
        ratio: Ratio::Limit,
        attack_ms,
        release_ms: 3000.0,
        make_up_db: 12.0,
        ..compressor()
    };
    for frames in [3000_usize, 3040, 3080, 3120, 3160] {
        let mut bank = CompressorBank::new(Arch::best(), SampleRate::DESK);
        bank.set(1, &settings(200.0)).expect("in range");
        bank.settle(1);
        // It comes softly, and is turned down by 50 dB.
        let level = |n: usize| (n as f64 / 2000.0).min(1.0).powi(2) * (3.0 - 2.0 * (n as f64 / 2000.0).min(1.0));
        let tone = |n: usize| 0.5 * level(n) * sine(n + frames, 220.0, 0.0);
        let out = through(150, tone, |index, block| {
            if index == 45 {
                bank.set(1, &settings(38.0)).expect("in range");
            }
            bank.process(block);
        });
        let click = click_db(&out[2300..]);
        assert!(click < -80.0, "{click:.1} dBFS");
    }
}

/// The loudest click of a tone that swells across the threshold three times a second, while `turn` says every seven
/// blocks (9 ms) what the compressor is set to; of a sound that is made louder than full scale, below its peak.
fn click_of_throwing(hz: f64, turn: impl Fn(usize) -> CompressorSettings) -> f64 {
    let mut bank = CompressorBank::new(Arch::best(), SampleRate::DESK);
    let tone = |n: usize| gain(-14.0 + 14.0 * sine(n, 3.0, 0.0)) * sine(n, hz, 0.0);
    let out = through(4000, tone, |index, block| {
        if index % 7 == 0 {
            bank.set(1, &turn(index / 7)).expect("in range");
        }
        bank.process(block);
    });
    click_db(&out[1000..]) - peak_db(&out[1000..]).max(0.0)
}

/// Turns down by 60 dB, slowly enough to be no click itself.
fn hard() -> CompressorSettings {
    CompressorSettings {
        threshold_dbfs: -60.0,
        ratio: Ratio::Limit,
        knee_db: 0.0,
        attack_ms: 50.0,
        release_ms: 1000.0,
        ..compressor()
    }
}

#[test]
fn no_control_of_a_compressor_that_is_thrown_from_end_to_end_in_mid_sound_clicks() {
    type Turn = fn(usize, &mut CompressorSettings);
    let turns: [(&str, Turn); 8] = [
        ("switch", |n, it| it.on = noise(n) > 0.0),
        ("threshold", |n, it| it.threshold_dbfs = end(n, -60.0, 0.0)),
        ("ratio", |n, it| it.ratio = Ratio::To(end(n, 1.0, 20.0))),
        ("knee", |n, it| it.knee_db = end(n, 0.0, 24.0)),
        ("make-up", |n, it| it.make_up_db = end(n, -20.0, 24.0)),
        ("side chain", |n, it| it.side_high_pass_hz = side_end(n)),
        ("times", |n, it| {
            (it.attack_ms, it.release_ms) = (end(n, 20.0, 200.0), end(7 * n, 50.0, 3000.0));
        }),
        ("all at once", |n, it| {
            *it = CompressorSettings {
                on: noise(9 * n) > -0.5,
                threshold_dbfs: end(9 * n + 1, -60.0, 0.0),
                ratio: Ratio::To(end(9 * n + 2, 1.0, 20.0)),
                knee_db: end(9 * n + 3, 0.0, 24.0),
                make_up_db: end(9 * n + 4, -20.0, 24.0),
                side_high_pass_hz: side_end(9 * n + 5),
                attack_ms: end(9 * n + 6, 20.0, 200.0),
                release_ms: end(9 * n + 7, 50.0, 3000.0),
            }
        }),
    ];
    for (name, turn) in turns {
        for hz in [220.0, 1000.0] {
            let click = click_of_throwing(hz, |n| {
                let mut settings = hard();
                turn(n, &mut settings);
                settings
            });
            assert!(click < -80.0, "{name}, {hz} Hz: {click:.1} dBFS");
        }
    }
}
