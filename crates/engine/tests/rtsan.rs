//! The engine's block under RealtimeSanitizer, which ends the program at the first call that may block
//! or allocate. Run by `cargo xtask rtsan`; empty without a compiler that has the sanitizer.
#![cfg(rtsan)]
#![feature(sanitize)]

use std::process::Command;

use airdesk_dsp::delay::DelaySettings;
use airdesk_dsp::ducker::DuckerSettings;
use airdesk_dsp::equaliser::{Band, BandKind, EqualiserSettings};
use airdesk_dsp::high_pass::{HighPassSettings, Slope};
use airdesk_dsp::input_matrix::ChannelMode;
use airdesk_dsp::limiter::LimiterSettings;
use airdesk_dsp::{Decibels, Frame, Gain, Pan, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, Direct, StripInput};
use airdesk_engine::mix_queue::{MixBlock, Read};
use airdesk_engine::time::{Clock, Nanos};
use airdesk_engine::wall::{Start, VoiceKind, wall};
use airdesk_engine::{
    BusChainSettings, BusId, ChainSettings, Engine, EngineCommand, EngineSettings, SendSettings, SendTap, Stages,
    Strip, StripControls, StripId, Talkover, TapBlock, TapPoint, TapWriter, delay_line, tap,
};

/// Tells this program, started anew by a test, to do what the sanitizer must catch.
const MISBEHAVE: &str = "AIRDESK_RTSAN_MISBEHAVE";

#[sanitize(realtime = "nonblocking")]
fn allocates() -> Vec<f32> {
    vec![0.0; 1024]
}

#[test]
fn the_sanitizer_catches_an_allocation() {
    if std::env::var_os(MISBEHAVE).is_some() {
        std::hint::black_box(allocates());
        return;
    }
    let me = std::env::current_exe().expect("this program has a path");
    let child = Command::new(me)
        .args(["the_sanitizer_catches_an_allocation", "--exact", "--nocapture"])
        .env(MISBEHAVE, "1")
        .output()
        .expect("it starts");
    assert!(
        !child.status.success(),
        "an allocation in a nonblocking function went unnoticed"
    );
    assert!(String::from_utf8_lossy(&child.stderr).contains("RealtimeSanitizer"));
}

/// What the operator does at this step of the show. Every part of a strip and of a bus is at work for most of it.
fn wish(step: u32, id: StripId, stem: TapWriter) -> EngineCommand {
    let level = |db| Decibels::new(db).expect("a level");
    let on = step % 80 > 40;
    match step % 40 {
        3 => EngineCommand::SetFader(id, level(-6.0)),
        5 => EngineCommand::SetStages(Box::new(Stages::Strip(id, chain(on)))),
        7 => EngineCommand::SetStages(Box::new(Stages::Bus(BusId::Programme, bus_chain(on)))),
        9 => {
            let settings = SendSettings {
                level: level(-3.0),
                tap: if on { SendTap::PreFader } else { SendTap::PostFader },
            };
            EngineCommand::SetSend(id, 2, settings)
        }
        11 => {
            let delay_ms = if on { 40.0 } else { 10.0 };
            let settings = DelaySettings { delay_ms };
            EngineCommand::SetDelay(id, delay_line(SampleRate::DESK, &settings), settings)
        }
        13 => EngineCommand::SetPan(id, Pan::LEFT),
        15 => EngineCommand::SetMixMinus(1, Some(StripId::new(usize::from(on), 1))),
        17 => EngineCommand::SetVcaOf(id, Some(0)),
        19 => EngineCommand::SetVca(0, level(if on { -10.0 } else { 0.0 })),
        21 => EngineCommand::SetTalkover(StripId::new(0, 1), Talkover::Key),
        23 => EngineCommand::SetMute(id, on),
        25 => EngineCommand::SetTalkover(StripId::new(1, 1), Talkover::Ducked),
        27 => EngineCommand::SetDucker(DuckerSettings {
            on: true,
            ..DuckerSettings::default()
        }),
        29 => EngineCommand::SetLimiter(LimiterSettings {
            ceiling_dbtp: if on { -20.0 } else { -6.0 },
            ..LimiterSettings::default()
        }),
        31 => EngineCommand::SetChannels(id, if on { ChannelMode::Mono } else { ChannelMode::Swapped }),
        33 => EngineCommand::SetCue(id, on),
        35 => {
            let point = if on { TapPoint::PreFader } else { TapPoint::PostFader };
            EngineCommand::AddTap(id, point, Box::new(stem))
        }
        _ => EngineCommand::ClearClips,
    }
}

fn chain(on: bool) -> ChainSettings {
    let mut chain = ChainSettings {
        high_pass: HighPassSettings::new(80.0, Slope::Steep)
            .expect("in range")
            .switched(on),
        equaliser: equaliser(on),
        ..ChainSettings::default()
    };
    chain.gate.on = on;
    chain.compressor.on = true;
    chain.compressor.side_high_pass_hz = on.then_some(120.0);
    chain.de_esser.on = on;
    chain
}

fn bus_chain(on: bool) -> BusChainSettings {
    let mut chain = BusChainSettings {
        equaliser: equaliser(on),
        ..BusChainSettings::default()
    };
    chain.compressor.on = on;
    chain
}

fn equaliser(on: bool) -> EqualiserSettings {
    let mut settings = EqualiserSettings::default();
    let hz = if on { 200.0 } else { 4000.0 };
    settings.bands[1] = Band::new(BandKind::Bell, hz, 6.0, 1.0).expect("in range");
    settings
}

#[test]
fn a_show_is_mixed_without_a_call_that_may_block() {
    let (clock, time) = Clock::simulated();
    let (mut engine, mut link) = Engine::new(EngineSettings::default(), clock);
    let (mut microphone, mic) = inlet(44_100.0, 44_100);
    let (mut deck, deck_inlet) = inlet(48_000.0, 48_000);
    let (mut wall, voices) = wall();
    let inputs = [
        StripInput::Bridged(Bridge::new(mic, SampleRate::DESK)),
        StripInput::Direct(Direct::new(deck_inlet)),
        StripInput::Carts(voices),
    ];
    for (slot, input) in inputs.into_iter().enumerate() {
        let strip = Strip::new(StripId::new(slot, 1), SampleRate::DESK, input, StripControls::default());
        assert!(link.commands.push(EngineCommand::AddStrip(Box::new(strip))).is_ok());
    }
    let mut reader = link.programme.reader();
    let (mut block, mut blocks, mut last_stem) = (MixBlock::default(), 0, None);
    let frames: Vec<Frame> = vec![[0.1, -0.1]; 480];
    for step in 1..=2000_u32 {
        let now = Nanos::from_seconds(f64::from(step) * 0.002);
        time.set(now);
        if step % 5 == 0 {
            microphone.write_stamped(&frames[..441], now);
            deck.write(&frames);
        }
        if step % 3 == 0 {
            let start = Start {
                sound: frames.as_slice().into(),
                gain: Gain::UNITY,
                pad: (step / 3 % 24) as u16,
                kind: if step % 2 == 0 {
                    VoiceKind::Looped
                } else {
                    VoiceKind::Once
                },
                group: (step % 5) as u8,
                ducks: true,
            };
            assert!(wall.start(start).is_ok());
        }
        let id = StripId::new((step / 80 % 2) as usize, 1);
        let (writer, stem) = tap(1024);
        assert!(link.commands.push(wish(step, id, writer)).is_ok());
        if step % 40 == 35 {
            // Some are not read, and go home when the next one comes.
            last_stem = Some(stem);
        }
        engine.turn();
        while link.discards.pop().is_ok() {}
        while reader.read(&mut block) != Read::Empty {
            blocks += 1;
        }
    }
    assert!(blocks > 2900, "{blocks}");
    assert!(last_stem.is_some_and(|mut stem| stem.read(&mut TapBlock::default()) == Read::Block));
}
