//! A strip's and a bus's stages: that they do what they say, and that none of their switches is heard as a click.

use airdesk_dsp::compressor::{CompressorSettings, Ratio};
use airdesk_dsp::de_esser::DeEsserSettings;
use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::gate::GateSettings;
use airdesk_dsp::high_pass::{HighPassSettings, Slope};
use airdesk_dsp::limiter::LimiterSettings;

use super::*;
use crate::chain::Reductions;

fn bands(band: Band) -> EqualiserSettings {
    let mut settings = EqualiserSettings::default();
    settings.bands[1] = band;
    settings
}

fn bell(frequency: f32, gain: f32, q: f32) -> EqualiserSettings {
    bands(Band::new(BandKind::Bell, frequency, gain, q).expect("in range"))
}

fn high_pass(frequency: f32, slope: Slope) -> ChainSettings {
    ChainSettings {
        high_pass: HighPassSettings::new(frequency, slope).expect("in range"),
        ..ChainSettings::default()
    }
}

fn equaliser(equaliser: EqualiserSettings) -> ChainSettings {
    ChainSettings {
        equaliser,
        ..ChainSettings::default()
    }
}

fn gate(threshold_dbfs: f32, range_db: f32) -> ChainSettings {
    ChainSettings {
        gate: GateSettings {
            on: true,
            threshold_dbfs,
            range_db,
            // Slow: how sharply a gate opens was asked for, and is no matter of its switch.
            attack_ms: 30.0,
            ..GateSettings::default()
        },
        ..ChainSettings::default()
    }
}

fn off(mut settings: ChainSettings) -> ChainSettings {
    settings.gate.on = false;
    settings
}

fn compression(threshold_dbfs: f32, ratio: Ratio, make_up_db: f32) -> CompressorSettings {
    CompressorSettings {
        on: true,
        threshold_dbfs,
        ratio,
        make_up_db,
        knee_db: 0.0,
        ..CompressorSettings::default()
    }
}

fn compressor(threshold_dbfs: f32, ratio: Ratio, make_up_db: f32) -> ChainSettings {
    ChainSettings {
        compressor: compression(threshold_dbfs, ratio, make_up_db),
        ..ChainSettings::default()
    }
}

fn de_esser(range_db: f32) -> ChainSettings {
    ChainSettings {
        de_esser: DeEsserSettings {
            on: true,
            frequency_hz: 2000.0,
            threshold_dbfs: -60.0,
            range_db,
        },
        ..ChainSettings::default()
    }
}

/// The loudest click while a tone of 440 Hz at -6 dBFS passes a strip that is set to one after the other, and then to
/// defaults again.
fn click_through(changes: &[ChainSettings]) -> f64 {
    let mut rig = Rig::new();
    let id = rig.strip(0, &sine(440.0, 0.5, 64 * 1000), plain());
    rig.hear(3);
    let mut heard = Vec::new();
    for settings in changes.iter().chain([&ChainSettings::default()]) {
        heard.extend(rig.hear(37).0);
        rig.set_stages(Stages::Strip(id, *settings));
        heard.extend(rig.hear(150).0);
    }
    click_db(&heard)
}

#[test]
fn no_stage_clicks_when_it_is_switched_or_set_in_the_middle_of_a_tone() {
    let loud = bell(440.0, 12.0, 2.0);
    for (name, changes) in [
        (
            "high-pass",
            vec![high_pass(80.0, Slope::Gentle), high_pass(1000.0, Slope::Steep)],
        ),
        (
            "high-pass thrown",
            vec![high_pass(1000.0, Slope::Steep), high_pass(20.0, Slope::Gentle)],
        ),
        ("bell", vec![equaliser(bell(440.0, 6.0, 1.0)), equaliser(loud)]),
        (
            "narrow bell",
            vec![equaliser(bell(3000.0, -18.0, 20.0)), equaliser(bell(100.0, 18.0, 0.5))],
        ),
        (
            "shelves",
            vec![
                equaliser(bands(
                    Band::new(BandKind::LowShelf, 300.0, 12.0, 0.7).expect("in range"),
                )),
                equaliser(bands(
                    Band::new(BandKind::HighShelf, 300.0, 12.0, 0.7).expect("in range"),
                )),
            ],
        ),
        (
            "equaliser's switch",
            vec![equaliser(loud), equaliser(EqualiserSettings { on: false, ..loud })],
        ),
        (
            "gate",
            vec![
                gate(0.0, 20.0),
                gate(-40.0, 20.0),
                gate(0.0, 60.0),
                off(gate(0.0, 60.0)),
            ],
        ),
        (
            "compressor",
            vec![
                compressor(-20.0, Ratio::To(4.0), 0.0),
                compressor(-40.0, Ratio::Limit, 24.0),
                compressor(0.0, Ratio::To(1.0), 0.0),
            ],
        ),
        ("de-esser", vec![de_esser(8.0), de_esser(24.0)]),
    ] {
        let click = click_through(&changes);
        assert!(click < -80.0, "{name}: {click:.1} dBFS");
    }
}

#[test]
fn a_bus_does_not_click_either() {
    let mut rig = Rig::with_limiter();
    rig.strip(0, &sine(440.0, 0.5, 64 * 1400), plain());
    let mut heard = rig.hear(40).0;
    let settings = BusChainSettings {
        equaliser: bell(440.0, -6.0, 1.0),
        compressor: compression(-30.0, Ratio::To(2.0), 6.0),
    };
    let limiter = |on, ceiling_dbtp| {
        let settings = LimiterSettings::default();
        EngineCommand::SetLimiter(LimiterSettings {
            on,
            ceiling_dbtp,
            ..settings
        })
    };
    rig.set_stages(Stages::Bus(BusId::Programme, settings));
    heard.extend(rig.hear(150).0);
    rig.set_stages(Stages::Bus(BusId::Programme, BusChainSettings::default()));
    heard.extend(rig.hear(150).0);
    for change in [
        limiter(true, -12.0),
        limiter(false, -12.0),
        limiter(true, -20.0),
        limiter(true, 0.0),
    ] {
        rig.obey(change);
        heard.extend(rig.hear(150).0);
    }
    rig.obey(EngineCommand::SetBusFader(BusId::Programme, level(-40.0)));
    heard.extend(rig.hear(150).0);
    let click = click_db(&heard[300..]);
    assert!(click < -80.0, "{click:.1} dBFS");
}

#[test]
fn a_band_changes_the_level_at_its_centre_by_its_gain() {
    for (hz, gain, q) in [
        (100.0, 6.0, 1.0),
        (1000.0, -12.0, 4.0),
        (8000.0, 18.0, 0.5),
        (16_000.0, -6.0, 1.0),
    ] {
        let mut rig = Rig::new();
        let id = rig.strip(0, &sine(hz, 0.1, 64 * 700), plain());
        rig.set_stages(Stages::Strip(id, equaliser(bell(hz as f32, gain, q))));
        rig.hear(2 * SETTLED);
        let heard = tone_db(&rig.hear(450).0, hz);
        let change = heard + 20.0;
        assert!(
            (change - f64::from(gain)).abs() < 0.1,
            "{hz} Hz, {gain} dB: {change:.2} dB"
        );
    }
}

#[test]
fn a_high_pass_is_3_db_down_where_it_says() {
    for slope in [Slope::Gentle, Slope::Steep] {
        let mut rig = Rig::new();
        let id = rig.strip(0, &sine(400.0, 0.1, 64 * 700), plain());
        rig.set_stages(Stages::Strip(id, high_pass(400.0, slope)));
        rig.hear(2 * SETTLED);
        let change = tone_db(&rig.hear(450).0, 400.0) + 20.0;
        assert!((change + 3.0103).abs() < 0.05, "{slope:?}: {change:.3} dB");
    }
}

#[test]
fn a_compressor_turns_down_what_is_above_its_threshold_and_the_report_says_by_how_much() {
    let mut rig = Rig::new();
    let id = rig.strip(3, &sine(1000.0, 0.5, 64 * 2000), plain());
    // -6.02 dBFS is 13.98 dB above: a quarter of that is left, and 2 dB are added.
    rig.set_stages(Stages::Strip(id, compressor(-20.0, Ratio::To(4.0), 2.0)));
    rig.hear(1200);
    let heard = tone_db(&rig.hear(450).0, 1000.0);
    let taken = -13.98 * 0.75;
    assert!((heard - (-6.02 + taken + 2.0)).abs() < 0.1, "{heard:.2} dBFS");
    let report = rig.report();
    let strip = report.strips().next().expect("a strip");
    assert!(
        (f64::from(strip.reductions.compressor) - taken).abs() < 0.1,
        "{:?}",
        strip.reductions
    );
    assert_eq!((strip.reductions.gate, strip.reductions.de_esser), (0.0, 0.0));
}

#[test]
fn a_gate_and_a_de_esser_say_by_how_much_they_turn_down() {
    let mut rig = Rig::new();
    let quiet = rig.strip(0, &sine(1000.0, 0.001, 64 * 2000), plain());
    let sharp = rig.strip(1, &sine(8000.0, 0.5, 64 * 2000), plain());
    rig.set_stages(Stages::Strip(quiet, gate(-40.0, 12.0)));
    rig.set_stages(Stages::Strip(sharp, de_esser(6.0)));
    rig.hear(1500);
    let (programme, _) = rig.hear(450);
    assert!((tone_db(&programme, 1000.0) - (-60.0 - 12.0)).abs() < 0.1);
    assert!((tone_db(&programme, 8000.0) - (-6.02 - 6.0)).abs() < 0.2);
    let report = rig.report();
    let reductions: Vec<Reductions> = report.strips().map(|strip| strip.reductions).collect();
    assert!((reductions[0].gate + 12.0).abs() < 0.1, "{reductions:?}");
    assert!((reductions[1].de_esser + 6.0).abs() < 0.1, "{reductions:?}");
}

#[test]
fn settings_that_are_as_they_were_change_no_bit() {
    let settings = ChainSettings {
        high_pass: HighPassSettings::new(80.0, Slope::Steep).expect("in range"),
        gate: GateSettings {
            on: true,
            side_high_pass_hz: Some(300.0),
            ..GateSettings::default()
        },
        equaliser: bell(440.0, 6.0, 1.0),
        compressor: CompressorSettings {
            side_high_pass_hz: Some(300.0),
            ..compression(-40.0, Ratio::To(4.0), 0.0)
        },
        de_esser: DeEsserSettings {
            on: true,
            ..DeEsserSettings::default()
        },
    };
    let on_bus = BusChainSettings {
        equaliser: settings.equaliser,
        compressor: settings.compressor,
    };
    let [once, again] = [false, true].map(|again| {
        let mut rig = Rig::new();
        let id = rig.strip(0, &sine(60.0, 0.9, 64 * 700), plain());
        let mut heard = Vec::new();
        for round in 0..20 {
            if round == 0 || again {
                rig.set_stages(Stages::Strip(id, settings));
                rig.set_stages(Stages::Bus(BusId::Programme, on_bus));
            }
            heard.extend(rig.hear(29).0);
        }
        heard
    });
    assert_eq!(difference_at(&again, &once), None);
}

#[test]
fn stages_of_a_strip_and_of_a_bus_leave_their_neighbours_alone() {
    let mut rig = Rig::new();
    let (low, high) = (sine(300.0, 0.3, 64 * 300), sine(2000.0, 0.2, 64 * 300));
    rig.strip(0, &low, StripControls { cue: true, ..plain() });
    let id = rig.strip(1, &high, plain());
    rig.set_stages(Stages::Strip(id, high_pass(1000.0, Slope::Steep)));
    rig.set_stages(Stages::Bus(
        BusId::Programme,
        BusChainSettings {
            equaliser: bell(300.0, 12.0, 1.0),
            ..BusChainSettings::default()
        },
    ));
    let (_, cue) = rig.hear(250);
    assert_eq!(difference_at(&cue, &low), None, "the strip and the bus beside them");
}

#[test]
fn a_strip_in_the_place_of_another_has_none_of_its_filters() {
    let mut rig = Rig::new();
    let mut loud = equaliser(bell(440.0, 18.0, 20.0));
    loud.high_pass = high_pass(300.0, Slope::Steep).high_pass;
    let first = rig.strip(0, &sine(440.0, 0.1, 64 * 400), StripControls { chain: loud, ..plain() });
    rig.hear(100);
    rig.obey(EngineCommand::RemoveStrip(first));
    rig.hear(30);
    assert!(matches!(rig.console.retire(), Some(Discard::Strip(_))));
    let next = sine(500.0, 0.1, 64 * 40);
    let (mut writer, inlet) = inlet(48_000.0, next.len());
    writer.write(&next);
    let input = StripInput::Direct(Direct::new(inlet));
    let strip = Strip::new(StripId::new(0, 2), SampleRate::DESK, input, plain());
    assert!(rig.obey(EngineCommand::AddStrip(Box::new(strip))).is_none());
    let (programme, _) = rig.hear(38);
    assert_eq!(difference_at(&programme, &next), None);
}
