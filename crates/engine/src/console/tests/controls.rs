//! The console alone, before its fader and behind it: controls, cue, solo, coming and going.

use airdesk_dsp::{Decibels, Frame, Pan};

use super::*;

#[test]
fn at_unity_hard_left_every_bit_passes() {
    let mut rig = Rig::new();
    let audio: Vec<Frame> = (1..=640).map(|n| [n as f32 / 8_388_608.0, 0.25]).collect();
    rig.strip(
        0,
        &audio,
        StripControls {
            pan: Pan::LEFT,
            ..StripControls::default()
        },
    );
    let (programme, _) = rig.hear(9);
    for (heard, sent) in programme.iter().zip(&audio) {
        assert_eq!(*heard, [sent[0], 0.0]);
    }
}

#[test]
fn trim_fader_and_pan_are_what_they_say() {
    for (trim, fader, pan) in [
        (0.0, 0.0, 0.0_f32),
        (12.0, -6.0, -0.5),
        (-20.0, 10.0, 1.0),
        (40.0, -50.0, 0.25),
    ] {
        let mut rig = Rig::new();
        let audio = sine(997.0, 0.1, 64 * 40);
        let pan_position = Pan::new(pan).expect("a position");
        let controls = StripControls {
            trim: level(trim),
            fader: level(fader),
            pan: pan_position,
            ..Default::default()
        };
        rig.strip(0, &audio, controls);
        let (programme, _) = rig.hear(39);
        let gain = 10_f64.powf(f64::from(trim + fader) / 20.0);
        let angle = (f64::from(pan) + 1.0) * std::f64::consts::FRAC_PI_4;
        let null = null_db(&programme, &audio, [gain * angle.cos(), gain * angle.sin()]);
        assert!(null < -120.0, "trim {trim}, fader {fader}, pan {pan}: {null:.1} dBFS");
    }
}

#[test]
fn controls_moved_while_it_plays_end_where_they_were_sent() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 200);
    let id = rig.strip(0, &audio, StripControls::default());
    rig.hear(10);
    rig.obey(EngineCommand::SetTrim(id, level(6.0)));
    rig.obey(EngineCommand::SetFader(id, level(-12.0)));
    rig.obey(EngineCommand::SetPan(id, Pan::RIGHT));
    rig.hear(30);
    let (programme, _) = rig.hear(20);
    let gain = 10_f64.powf(-6.0 / 20.0);
    assert!(null_db(&programme, &audio[40 * 64..], [0.0, gain]) < -120.0);
    rig.obey(EngineCommand::SetFader(id, Decibels::SILENCE));
    rig.hear(30);
    assert!(rig.hear(5).0.iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn strips_add_up_without_regard_to_their_order() {
    let mut rig = Rig::new();
    let (low, high) = (sine(200.0, 0.3, 64 * 20), sine(3000.0, 0.2, 64 * 20));
    rig.strip(5, &low, StripControls::default());
    rig.strip(2, &high, StripControls::default());
    let (programme, _) = rig.hear(19);
    let sum: Vec<Frame> = low.iter().zip(&high).map(|(a, b)| [a[0] + b[0], a[1] + b[1]]).collect();
    assert!(null_db(&programme, &sum, [CENTRE; 2]) < -120.0);
}

#[test]
fn mute_silences_programme_and_leaves_cue() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 200);
    let id = rig.strip(
        0,
        &audio,
        StripControls {
            cue: true,
            fader: level(-20.0),
            ..Default::default()
        },
    );
    rig.obey(EngineCommand::SetMute(id, true));
    rig.hear(40);
    let (programme, cue) = rig.hear(10);
    assert!(programme.iter().all(|frame| *frame == [0.0; 2]));
    assert!(
        null_db(&cue, &audio[40 * 64..], [1.0, 1.0]) < -120.0,
        "cue is before fader, pan and mute"
    );
    rig.obey(EngineCommand::SetMute(id, false));
    rig.obey(EngineCommand::SetCue(id, false));
    rig.hear(40);
    let (programme, cue) = rig.hear(10);
    assert!(null_db(&programme, &audio[90 * 64..], [CENTRE * 0.1; 2]) < -120.0);
    assert!(cue.iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn solo_in_place_mutes_the_others_but_not_the_safe_ones() {
    let mut rig = Rig::new();
    let audio: Vec<Vec<Frame>> = [300.0, 700.0, 1100.0].map(|hz| sine(hz, 0.2, 64 * 300)).into();
    let ids: Vec<StripId> = (0..3)
        .map(|n| rig.strip(n, &audio[n], StripControls::default()))
        .collect();
    rig.obey(EngineCommand::SetSoloSafe(ids[2], true));
    rig.obey(EngineCommand::SetSolo(ids[0], true));
    rig.hear(40);
    let (programme, _) = rig.hear(10);
    let sum: Vec<Frame> = (0..640)
        .map(|n| [audio[0][2560 + n][0] + audio[2][2560 + n][0]; 2])
        .collect();
    assert!(null_db(&programme, &sum, [CENTRE; 2]) < -120.0);
    rig.obey(EngineCommand::SetSolo(ids[0], false));
    rig.hear(40);
    let (programme, _) = rig.hear(10);
    let all: Vec<Frame> = (0..640)
        .map(|n| [audio.iter().map(|a| a[90 * 64 + n][0]).sum(); 2])
        .collect();
    assert!(null_db(&programme, &all, [CENTRE; 2]) < -120.0);
}

#[test]
fn a_strip_that_comes_while_another_is_soloed_is_not_heard_for_a_moment() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 100);
    let soloed = rig.strip(0, &[], StripControls { solo: true, ..plain() });
    rig.strip(1, &audio, plain());
    assert!(is_silent(&rig.hear(40).0));
    rig.obey(EngineCommand::SetSolo(soloed, false));
    rig.hear(30);
    assert!(null_db(&rig.hear(5).0, &audio[70 * 64..], [1.0; 2]) < -120.0);
}

#[test]
fn a_strip_that_is_removed_fades_out_and_comes_home_with_its_solo_undone() {
    let mut rig = Rig::new();
    let audio = sine(440.0, 0.5, 64 * 300);
    let first = rig.strip(
        0,
        &audio,
        StripControls {
            solo: true,
            ..Default::default()
        },
    );
    rig.strip(1, &audio, StripControls::default());
    rig.obey(EngineCommand::RemoveStrip(first));
    assert!(rig.console.retire().is_none(), "it still sounds");
    rig.hear(30);
    assert!(matches!(rig.console.retire(), Some(Discard::Strip(strip)) if strip.id() == first));
    let (programme, _) = rig.hear(10);
    assert!(
        null_db(&programme, &audio[30 * 64..], [CENTRE; 2]) < -120.0,
        "the other strip is heard again"
    );
    assert!(
        rig.obey(EngineCommand::SetMute(first, true)).is_none(),
        "a command for nobody does nothing"
    );
}

#[test]
fn a_source_is_changed_through_silence_and_the_old_one_comes_home() {
    let mut rig = Rig::new();
    let id = rig.strip(0, &sine(440.0, 0.5, 64 * 300), StripControls::default());
    rig.hear(10);
    let (mut writer, inlet) = inlet(48_000.0, 64 * 300);
    let next = sine(880.0, 0.25, 64 * 300);
    writer.write(&next);
    let command = EngineCommand::SetInput(id, Box::new(StripInput::Direct(Direct::new(inlet))));
    assert!(rig.obey(command).is_none());
    rig.hear(23);
    assert!(matches!(rig.console.retire(), Some(Discard::Input(_))));
    rig.hear(40);
    let (programme, _) = rig.hear(10);
    assert!(null_db(&programme, &next[40 * 64..], [CENTRE; 2]) < -120.0);
}

#[test]
fn what_is_no_number_never_reaches_a_bus() {
    let mut rig = Rig::new();
    let mut audio = sine(440.0, 0.5, 64 * 30);
    audio[100][0] = f32::NAN;
    audio[200][1] = f32::INFINITY;
    rig.strip(0, &audio, StripControls::default());
    let (programme, _) = rig.hear(29);
    assert!(programme.as_flattened().iter().all(|sample| sample.is_finite()));
    let mut report = Report::default();
    rig.console.report(&mut report, true);
    assert_eq!(report.health.bad_samples, 2);
}

#[test]
fn a_peak_is_reported_until_somebody_has_seen_it() {
    let mut rig = Rig::new();
    let mut audio = vec![[0.0; 2]; 64 * 30];
    audio[70] = [0.5, -0.9];
    rig.strip(0, &audio, StripControls::default());
    let mut report = Report::default();
    rig.hear(2);
    rig.console.report(&mut report, false);
    rig.hear(2);
    rig.console.report(&mut report, false);
    assert_eq!(report.strips().next().expect("a strip").levels.peak, [0.5, 0.9]);
    rig.hear(2);
    rig.console.report(&mut report, true);
    assert_eq!(report.strips().next().expect("a strip").levels.peak, [0.0, 0.0]);
}

#[test]
fn no_control_thrown_from_end_to_end_is_heard_as_a_step() {
    type Throw = fn(StripId, bool) -> EngineCommand;
    let throws: [(&str, f64, Throw); 9] = [
        ("trim", 0.005, |id, up| {
            EngineCommand::SetTrim(id, level(if up { 40.0 } else { -20.0 }))
        }),
        ("fader", 0.15, |id, up| {
            EngineCommand::SetFader(id, if up { level(10.0) } else { Decibels::SILENCE })
        }),
        ("pan", 0.5, |id, up| {
            EngineCommand::SetPan(id, if up { Pan::RIGHT } else { Pan::LEFT })
        }),
        ("mute", 0.5, |id, up| EngineCommand::SetMute(id, up)),
        ("solo of another", 0.5, |_, up| {
            EngineCommand::SetSolo(StripId::new(1, 1), up)
        }),
        ("solo safe", 0.5, |id, up| EngineCommand::SetSoloSafe(id, up)),
        ("cue", 0.5, |id, up| EngineCommand::SetCue(id, up)),
        ("programme fader", 0.15, |_, up| {
            EngineCommand::SetBusFader(BusId::Programme, if up { level(10.0) } else { Decibels::SILENCE })
        }),
        ("cue fader", 0.15, |_, up| {
            EngineCommand::SetBusFader(BusId::Cue, if up { level(10.0) } else { Decibels::SILENCE })
        }),
    ];
    for (control, amplitude, throw) in throws {
        let mut rig = Rig::new();
        let audio = sine(220.0, amplitude, 64 * 400);
        let cue = control == "cue fader";
        let id = rig.strip(0, &audio, StripControls { cue, ..plain() });
        rig.strip(1, &[], StripControls::default());
        // Solo safe is heard where somebody else is soloed.
        rig.obey(EngineCommand::SetSolo(StripId::new(1, 1), control == "solo safe"));
        let (mut programme, mut phones) = rig.hear(40);
        let before = [programme.len(), phones.len()].map(|length| length - 1);
        for round in 0..8 {
            rig.obey(throw(id, round % 2 == 0));
            // Turned back on its way, too.
            let (more, cue) = rig.hear(if round < 4 { 30 } else { 7 });
            programme.extend(more);
            phones.extend(cue);
        }
        let heard = [&programme[before[0] - 2_000..], &phones[before[1] - 2_000..]];
        let moves = heard.iter().any(|heard| !is_silent(heard));
        assert!(moves, "{control}: nothing was heard");
        for heard in heard {
            let click = click_db(heard);
            assert!(click < -80.0, "{control}: {click:.1} dBFS");
        }
    }
}

#[test]
fn needle_meters_of_a_bus_read_what_it_publishes() {
    let mut rig = Rig::new();
    let audio = sine(997.0, 0.5, 64 * 800);
    rig.strip(0, &audio, plain());
    rig.obey(EngineCommand::SetBusFader(BusId::Programme, level(-6.0)));
    rig.hear(700);
    let (first, second) = (rig.report(), {
        rig.hear(75);
        rig.report()
    });
    let [programme, cue, ..] = second.buses;
    for reading in [
        programme.needles.quasi_peaks.type_i,
        programme.needles.quasi_peaks.type_iia,
    ] {
        assert!((reading[0] - 0.2506).abs() < 0.004, "{reading:?}");
    }
    let mean = (programme.needles.rectified[0] - first.buses[0].needles.rectified[0]) / 0.1;
    assert!((mean - 0.2506 * std::f64::consts::FRAC_2_PI).abs() < 0.001, "{mean}");
    assert_eq!(cue.needles, crate::levels::Needles::default(), "nobody is cued");
}
