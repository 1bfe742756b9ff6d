//! The programme's limiter behind everything else: however hot the sum, nothing leaves above the ceiling.

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::true_peak::TruePeakMeter;

use super::*;
use crate::send::{SendSettings, SendTap};

/// The highest true peak in dBTP.
fn true_peak_db(heard: &[Frame]) -> f64 {
    let mut meter = TruePeakMeter::new();
    let (blocks, _) = heard.as_chunks::<BLOCK_FRAMES>();
    let worst = blocks.iter().fold(0.0_f32, |worst, block| {
        meter.measure(block);
        worst.max(meter.peak()[0]).max(meter.peak()[1])
    });
    20.0 * f64::from(worst).log10()
}

/// Four loud strips: tones whose peaks lie between the samples, and bursts.
fn hot(rig: &mut Rig) -> Vec<StripId> {
    let frames = 48_000 * 3;
    let mut burst = sine(997.0, 0.9, frames);
    for (n, frame) in burst.iter_mut().enumerate() {
        if n / 7001 % 2 == 0 {
            *frame = [0.0; 2];
        }
    }
    let audio = [
        sine(55.0, 0.8, frames),
        sine(440.0, 0.9, frames),
        sine(11_999.0, 0.5, frames),
        burst,
    ];
    audio
        .iter()
        .enumerate()
        .map(|(n, audio)| rig.strip(n, audio, plain()))
        .collect()
}

fn limit(ceiling_dbtp: f32) -> EngineCommand {
    EngineCommand::SetLimiter(LimiterSettings {
        ceiling_dbtp,
        ..LimiterSettings::default()
    })
}

#[test]
fn a_hot_sum_never_leaves_above_the_ceiling() {
    for ceiling in [-1.0, -9.0] {
        let mut rig = Rig::with_limiter();
        rig.obey(limit(ceiling));
        rig.hear(40); // the ceiling glides there
        let ids = hot(&mut rig);
        let mut heard = rig.hear(500).0;
        rig.obey(EngineCommand::SetTrim(ids[1], level(20.0)));
        heard.extend(rig.hear(500).0);
        rig.obey(EngineCommand::SetBusFader(BusId::Programme, level(10.0)));
        heard.extend(rig.hear(500).0);
        let peak = true_peak_db(&heard);
        assert!(peak < f64::from(ceiling) + 0.1, "{peak:.2} dBTP, ceiling {ceiling}");
        assert!(
            peak > f64::from(ceiling) - 1.0,
            "{peak:.2} dBTP: it does not throw level away"
        );
    }
}

#[test]
fn the_report_says_by_how_much_it_limits_and_only_the_programme_is_limited() {
    let mut rig = Rig::with_limiter();
    let mut controls = StripControls {
        fader: level(10.0),
        ..plain()
    };
    controls.sends[0] = SendSettings {
        level: level(10.0),
        tap: SendTap::PreFader,
    };
    rig.strip(0, &sine(1000.0, 1.0, 64 * 800), controls);
    rig.hear(300);
    rig.report(); // the beginning, where it does more, has been seen
    let buses = rig.hear_all(75);
    let report = rig.report();
    // +10 dBFS under a ceiling of -1 dBTP.
    assert!(
        (report.buses[0].limiter + 11.0).abs() < 0.1,
        "{}",
        report.buses[0].limiter
    );
    assert!((tone_db(&buses[0], 1000.0) + 1.0).abs() < 0.1);
    assert!(report.buses[0].levels.peak[0] <= 0.9, "the meter shows what leaves");
    assert!((tone_db(&buses[2], 1000.0) - 10.0).abs() < 0.01);
    assert!(report.buses.iter().skip(1).all(|bus| bus.limiter == 0.0));
    rig.obey(EngineCommand::SetBusFader(BusId::Programme, level(-20.0)));
    rig.hear(1500);
    rig.report();
    rig.hear(10);
    assert_eq!(rig.report().buses[0].limiter, 0.0);
}

#[test]
fn switched_off_it_is_as_late_as_before_and_leaves_every_bit() {
    let mut rig = Rig::with_limiter();
    let latency = rig.console.latency().0 as usize;
    rig.obey(EngineCommand::SetLimiter(LimiterSettings {
        on: false,
        ..LimiterSettings::default()
    }));
    rig.hear(40);
    let audio = sine(1000.0, 4.0, 64 * 80);
    rig.strip(0, &audio, plain());
    let (programme, _) = rig.hear(70);
    assert!(is_silent(&programme[..latency]));
    assert_eq!(difference_at(&programme[latency..], &audio), None);
    assert_eq!(rig.console.latency().0 as usize, latency);
    assert_eq!(rig.report().buses[0].limiter, 0.0);
}
