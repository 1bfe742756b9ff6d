//! What the high-pass does to sound, measured.

mod response;

use airdesk_dsp::SampleRate;
use airdesk_dsp::high_pass::{HighPass, HighPassSettings, Slope};
use airdesk_dsp::lanes::{Arch, Lanes, STRIPS};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use response::click::click_db;
use response::signal::{Dice, noise, null_db, sine};
use response::{analogue_db, digital_db, impulse_response, probes};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn settings(frequency: f32, slope: Slope) -> HighPassSettings {
    HighPassSettings::new(frequency, slope).expect("in range")
}

/// Butterworth's poles, of which each pair is one quotient.
fn wanted_db(settings: &HighPassSettings, hz: f64) -> f64 {
    let order = match settings.slope() {
        Slope::Gentle => 2,
        Slope::Steep => 4,
    };
    (0..order / 2)
        .map(|pair| {
            let angle = std::f64::consts::PI * f64::from(2 * pair + 1) / f64::from(2 * order);
            analogue_db(
                [0.0, 0.0, 1.0],
                [1.0, 2.0 * angle.sin(), 1.0],
                settings.frequency().into(),
                hz,
            )
        })
        .sum()
}

#[test]
fn both_slopes_are_the_analogue_butterworth_within_a_tenth_of_a_db_at_every_rate() {
    for hz in [44_100, 48_000, 96_000] {
        let rate = SampleRate::new(hz).expect("a rate");
        for slope in [Slope::Gentle, Slope::Steep] {
            let four = [20.0, 80.0, 300.0, 1_000.0].map(|frequency| settings(frequency, slope));
            let mut high_pass = HighPass::new(rate);
            for (strip, settings) in four.into_iter().enumerate() {
                high_pass.set(strip, settings);
                high_pass.settle(strip);
            }
            let response = impulse_response(hz as usize, |block| high_pass.process(block));
            for (strip, settings) in four.iter().enumerate() {
                for probe in probes(settings.frequency().into()) {
                    let wanted = wanted_db(settings, probe);
                    // Below that the resolution of `f32` is what is measured.
                    if wanted > -70.0 {
                        let off = digital_db(&response, 2 * strip, probe, hz.into()) - wanted;
                        assert!(off.abs() < 0.1, "{off:+.3} dB at {probe:.0} Hz, {rate}: {settings:?}");
                    }
                }
            }
        }
    }
}

/// What is heard of a sine while `change` turns the controls before each block.
fn heard(blocks: usize, mut change: impl FnMut(usize, &mut HighPass)) -> Vec<f64> {
    let mut high_pass = HighPass::new(SampleRate::DESK);
    let mut heard = Vec::new();
    for block in 0..blocks {
        change(block, &mut high_pass);
        let mut lanes = sine(block, 1_000.0, 0.5);
        high_pass.process(&mut lanes);
        if block > 10 {
            heard.extend(lanes.iter().map(|lanes| f64::from(lanes.0[0])));
        }
    }
    heard
}

#[test]
fn no_sequence_of_settings_clicks_or_leaves_the_numbers() {
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let heard = heard(400, |_, high_pass| {
            if dice.throw() < 0.08 {
                let slope = if dice.throw() > 0.5 {
                    Slope::Steep
                } else {
                    Slope::Gentle
                };
                let frequency = 20.0 * 49.9_f32.powf(dice.throw());
                high_pass.set(0, settings(frequency, slope).switched(dice.throw() > 0.3));
            }
        });
        assert!(heard.iter().all(|sample| sample.is_finite()), "seed {seed}");
        let click = click_db(&heard);
        assert!(click < -80.0, "seed {seed}: {click:.1} dBFS");
    }
}

#[test]
fn off_it_costs_nothing_and_leaves_every_bit_as_it_is() {
    let mut high_pass = HighPass::new(SampleRate::DESK);
    high_pass.set(1, settings(200.0, Slope::Steep));
    let mut dice = Dice(1);
    for _ in 0..30 {
        high_pass.process(&mut noise(&mut dice, 1.0));
    }
    assert!(!high_pass.is_idle());
    high_pass.set(1, settings(200.0, Slope::Steep).switched(false));
    for _ in 0..30 {
        high_pass.process(&mut noise(&mut dice, 1.0));
    }
    assert!(high_pass.is_idle());
    let before = noise(&mut dice, 1.0);
    let mut after = before;
    high_pass.process(&mut after);
    assert_eq!(before, after);
}

/// Noise at -20 dBFS through every slope.
fn through_slopes(arch: Arch) -> Vec<Lanes> {
    let mut high_pass = HighPass::on_arch(SampleRate::DESK, arch);
    for strip in 0..STRIPS {
        let slope = if strip % 2 == 0 { Slope::Steep } else { Slope::Gentle };
        high_pass.set(strip, settings(20.0 + 300.0 * strip as f32, slope));
    }
    let (mut dice, mut heard) = (Dice(8), Vec::new());
    for _ in 0..1500 {
        let mut lanes = noise(&mut dice, 0.1);
        high_pass.process(&mut lanes);
        heard.extend(lanes);
    }
    heard
}

#[test]
fn every_architecture_sounds_like_the_scalar_reference_below_minus_120_dbfs() {
    let reference = through_slopes(Arch::SCALAR);
    for arch in Arch::here().filter(|arch| *arch != Arch::SCALAR) {
        let null = null_db(&reference, &through_slopes(arch));
        assert!(null < -120.0, "{}: {null:.1} dBFS", arch.name());
    }
}

#[test]
fn neither_a_change_nor_a_block_allocates() {
    let mut high_pass = HighPass::new(SampleRate::DESK);
    let mut block = sine(0, 100.0, 0.5);
    assert_no_alloc(|| {
        for n in 0..60 {
            high_pass.set(n % STRIPS, settings(20.0 + n as f32, Slope::Steep));
            high_pass.process(&mut block);
        }
        high_pass.settle(2);
    });
}

#[test]
fn a_frequency_beyond_the_range_is_refused_by_name_also_when_read() {
    let text = r#"{"on":true,"frequency":1200,"slope":"steep"}"#;
    let refused = serde_json::from_str::<HighPassSettings>(text)
        .expect_err("too high")
        .to_string();
    assert!(
        refused.contains("high-pass frequency in Hz goes from 20 to 1000, not 1200"),
        "{refused}"
    );
    let written = serde_json::to_string(&HighPassSettings::default()).expect("written");
    assert_eq!(written, r#"{"on":false,"frequency":80.0,"slope":"gentle"}"#);
}
