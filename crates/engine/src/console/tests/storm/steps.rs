//! One throw of any control after the other, before the last has arrived, on two low tones: none is heard as a step.

use airdesk_dsp::compressor::CompressorSettings;
use airdesk_dsp::equaliser::{Band, EqualiserSettings};

use super::*;

/// Throws of one storm.
const THROWS: usize = 150;

/// Frames before a throw that its window takes in: the filter that listens is so long.
const BEFORE: usize = 450;

/// What is turned down within a millisecond is heard as such, and rightly: not so fast here.
fn slow(settings: CompressorSettings) -> CompressorSettings {
    CompressorSettings {
        attack_ms: settings.attack_ms.max(20.0),
        release_ms: settings.release_ms.max(300.0),
        ..settings
    }
}

/// Treble that is turned up turns up what this test listens for, and rightly: no more of it than this, dB.
fn dull(mut settings: EqualiserSettings) -> EqualiserSettings {
    for band in &mut settings.bands {
        let gain = band.gain().min(3.0);
        *band = Band::new(band.kind(), band.frequency(), gain, band.q())
            .expect("in range")
            .switched(band.is_on());
    }
    settings
}

fn slow_chain(mut chain: ChainSettings) -> ChainSettings {
    chain.equaliser = dull(chain.equaliser);
    chain.gate.attack_ms = chain.gate.attack_ms.max(20.0);
    chain.gate.release_ms = chain.gate.release_ms.max(300.0);
    chain.compressor = slow(chain.compressor);
    // Its times are fixed, and a low tone has nothing for it.
    chain.de_esser.on = false;
    chain
}

fn throw(dice: &mut Dice) -> (&'static str, EngineCommand) {
    let id = StripId::new(dice.roll(2), 1);
    match dice.roll(19) {
        0 => ("channels", EngineCommand::SetChannels(id, dice.channels())),
        1 => ("polarity", EngineCommand::SetInverted(id, [dice.coin(), dice.coin()])),
        2 => ("trim", EngineCommand::SetTrim(id, level(dice.within((-20.0, 10.0))))),
        3 => {
            let settings = dice.delay();
            let line = delay_line(SampleRate::DESK, &settings);
            ("delay", EngineCommand::SetDelay(id, line, settings))
        }
        4 => {
            let chain = slow_chain(dice.chain());
            (
                "stages of a strip",
                EngineCommand::SetStages(Box::new(Stages::Strip(id, chain))),
            )
        }
        5 => {
            let (equaliser, compressor) = (dull(dice.equaliser()), slow(dice.compressor()));
            let chain = BusChainSettings { equaliser, compressor };
            let stages = Stages::Bus(dice.bus(), chain);
            ("stages of a bus", EngineCommand::SetStages(Box::new(stages)))
        }
        6 => ("fader", EngineCommand::SetFader(id, dice.fader())),
        7 => ("pan", EngineCommand::SetPan(id, dice.pan())),
        8 => ("pan law", EngineCommand::SetPanLaw(id, dice.pan_law())),
        9 => ("send", EngineCommand::SetSend(id, 0, dice.send())),
        10 => ("VCA of a strip", EngineCommand::SetVcaOf(id, dice.vca())),
        11 => ("VCA", EngineCommand::SetVca(dice.roll(VCA_GROUPS) as u8, dice.fader())),
        12 => ("mute", EngineCommand::SetMute(id, dice.roll(4) == 0)),
        13 => ("solo", EngineCommand::SetSolo(id, dice.roll(4) == 0)),
        14 => ("cue", EngineCommand::SetCue(id, dice.roll(4) > 0)),
        15 => ("bus fader", EngineCommand::SetBusFader(dice.bus(), dice.fader())),
        16 => ("talkover", EngineCommand::SetTalkover(id, dice.talkover())),
        17 => ("ducker", EngineCommand::SetDucker(dice.ducker())),
        _ => ("mix-minus", EngineCommand::SetMixMinus(0, dice.coin().then_some(id))),
    }
}

/// The loudest of what is no low tone, dBFS; where more than full scale is heard, below that.
fn step_db(heard: &[Frame]) -> f64 {
    let peak = 20.0 * f64::from(highest(heard)).max(1e-12).log10();
    click_db(heard) - peak.max(0.0)
}

#[test]
fn no_throw_in_a_storm_is_heard_as_a_step() {
    for seed in 0..8 {
        let (mut rig, mut dice) = (Rig::new(), Dice(seed));
        let frames = BLOCK_FRAMES * (SETTLED + THROWS * 40);
        for (slot, hz) in [(0, 220.0), (1, 150.0)] {
            rig.strip(slot, &sine(hz, 0.1, frames), StripControls::default());
        }
        let mut heard: Vec<Vec<Frame>> = rig.hear_all(SETTLED);
        for number in 0..THROWS {
            let (what, command) = throw(&mut dice);
            drop(rig.obey(command));
            // Most are overtaken by the next one: a glide takes 23 blocks.
            let blocks = 1 + dice.roll(20);
            let more = rig.hear_all(blocks);
            while rig.console.retire().is_some() {}
            for (bus, (heard, more)) in heard.iter_mut().zip(more).enumerate().take(3) {
                let start = heard.len() - BEFORE;
                heard.extend(more);
                let step = step_db(&heard[start..]);
                assert!(
                    step < -80.0,
                    "seed {seed}, throw {number}, bus {bus}: {step:.1} dBFS after {what}"
                );
            }
        }
    }
}
