//! The engine's block under RealtimeSanitizer, which ends the program at the first call that may block
//! or allocate. Run by `cargo xtask rtsan`; empty without a compiler that has the sanitizer.
#![cfg(rtsan)]
#![feature(sanitize)]

use std::process::Command;

use airdesk_dsp::{Decibels, Frame, Pan, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{Bridge, Direct, StripInput};
use airdesk_engine::mix_queue::{MixBlock, Read};
use airdesk_engine::time::{Clock, Nanos};
use airdesk_engine::{Engine, EngineCommand, EngineSettings, Strip, StripControls, StripId};

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

#[test]
fn a_show_is_mixed_without_a_call_that_may_block() {
    let (clock, time) = Clock::simulated();
    let (mut engine, mut link) = Engine::new(EngineSettings::default(), clock);
    let (mut microphone, mic) = inlet(44_100.0, 44_100);
    let (mut deck, deck_inlet) = inlet(48_000.0, 48_000);
    let inputs = [
        StripInput::Bridged(Bridge::new(mic, SampleRate::DESK)),
        StripInput::Direct(Direct::new(deck_inlet)),
    ];
    for (slot, input) in inputs.into_iter().enumerate() {
        let strip = Strip::new(StripId::new(slot, 1), SampleRate::DESK, input, StripControls::default());
        assert!(link.commands.push(EngineCommand::AddStrip(Box::new(strip))).is_ok());
    }
    let mut reader = link.programme.reader();
    let (mut block, mut blocks) = (MixBlock::default(), 0);
    let frames: Vec<Frame> = vec![[0.1, -0.1]; 480];
    for step in 1..=2000_u32 {
        let now = Nanos::from_seconds(f64::from(step) * 0.002);
        time.set(now);
        if step % 5 == 0 {
            microphone.write_stamped(&frames[..441], now);
            deck.write(&frames);
        }
        let id = StripId::new((step % 2) as usize, 1);
        let command = match step % 40 {
            3 => EngineCommand::SetFader(id, Decibels::new(-6.0).expect("a level")),
            13 => EngineCommand::SetPan(id, Pan::LEFT),
            23 => EngineCommand::SetMute(id, step % 80 > 40),
            33 => EngineCommand::SetCue(id, step % 80 > 40),
            _ => EngineCommand::ClearClips,
        };
        assert!(link.commands.push(command).is_ok());
        engine.turn();
        while reader.read(&mut block) != Read::Empty {
            blocks += 1;
        }
    }
    assert!(blocks > 2900, "{blocks}");
}
