//! The engine in simulated time, and the promise that it never allocates.

use airdesk_dsp::{Decibels, Frame, Pan};
use assert_no_alloc::{AllocDisabler, assert_no_alloc};

use super::*;
use crate::bus::BusId;
use crate::chain::ChainSettings;
use crate::command::Stages;
use crate::id::StripId;
use crate::inlet::{InletWriter, inlet};
use crate::input::{Bridge, Direct, StripInput};
use crate::mix_queue::{MixBlock, Read};
use crate::outlet_clock::{OutletStamp, outlet_clock};
use crate::strip::{Strip, StripControls};
use crate::tap::{TapBlock, TapPoint, tap};
use crate::time::SimulatedTime;

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

fn engine() -> (Engine, EngineLink, SimulatedTime) {
    let (clock, time) = Clock::simulated();
    let (engine, link) = Engine::new(EngineSettings::default(), clock);
    (engine, link, time)
}

/// A microphone with a clock of its own.
struct Microphone {
    writer: InletWriter,
    rate: f64,
    next: f64,
    position: u64,
}

impl Microphone {
    fn capture_until(&mut self, now: f64) {
        while self.next <= now {
            let hz = 1000.0 * std::f64::consts::TAU / self.rate;
            let frames: [Frame; 256] =
                std::array::from_fn(|n| [(0.5 * ((self.position + n as u64) as f64 * hz).sin()) as f32; 2]);
            self.writer.write_stamped(&frames, Nanos::from_seconds(self.next));
            self.position += 256;
            self.next += 256.0 / self.rate;
        }
    }
}

#[test]
fn a_whole_show_is_mixed_without_touching_the_allocator() {
    let (mut engine, mut link, time) = engine();
    let (writer, mic_inlet) = inlet(44_100.0, 44_100);
    let mut microphone = Microphone {
        writer,
        rate: 44_100.0 * 1.000_15,
        next: 0.005,
        position: 0,
    };
    let (mut deck, deck_inlet) = inlet(48_000.0, 48_000);
    let strip = |slot, input| {
        Box::new(Strip::new(
            StripId::new(slot, 1),
            SampleRate::DESK,
            input,
            StripControls::default(),
        ))
    };
    let bridge = Bridge::new(mic_inlet, SampleRate::DESK);
    assert!(
        link.commands
            .push(EngineCommand::AddStrip(strip(0, StripInput::Bridged(bridge))))
            .is_ok()
    );
    let direct = Direct::new(deck_inlet);
    assert!(
        link.commands
            .push(EngineCommand::AddStrip(strip(1, StripInput::Direct(direct))))
            .is_ok()
    );
    let (mut stamper, clock) = outlet_clock();
    let mut spare_clock = Some(Box::new(clock));
    let mut spare_input = Some(Box::new(StripInput::Silent));
    let mut reader = link.programme.reader();
    // One that is read, and one whose reader goes when the strip has it.
    let (writer, mut stem) = tap(64);
    let (spare_writer, spare_stem) = tap(64);
    let mut taps = vec![Box::new(spare_writer), Box::new(writer)];
    let mut spare_stem = Some(spare_stem);
    let (mut tapped, mut stem_blocks) = (TapBlock::default(), 0_u64);
    let (mut block, mut blocks, mut played, mut homecomings) = (MixBlock::default(), 0_u64, 0.0, 0);
    for step in 1..=8000_u32 {
        let now = f64::from(step) * 0.001;
        time.set(Nanos::from_seconds(now));
        microphone.capture_until(now);
        if deck.room() > 480 {
            deck.write(&[[0.1; 2]; 480]);
        }
        let id = StripId::new((step % 2) as usize, 1);
        let command = match step % 50 {
            1 => Some(EngineCommand::SetFader(
                id,
                Decibels::new(-(step as f32 % 60.0)).expect("a level"),
            )),
            2 => Some(EngineCommand::SetPan(
                id,
                Pan::new((step as f32 / 4000.0) - 1.0).expect("a position"),
            )),
            3 => Some(EngineCommand::SetMute(id, step % 100 > 50)),
            4 => Some(EngineCommand::SetSolo(id, step % 200 > 100)),
            5 => Some(EngineCommand::SetBusFader(
                BusId::Programme,
                Decibels::new(-3.0).expect("a level"),
            )),
            6 => spare_clock.take().map(EngineCommand::FollowOutlet),
            7 if step > 4000 => spare_input
                .take()
                .map(|input| EngineCommand::SetInput(StripId::new(1, 1), input)),
            8 if step > 6000 => Some(EngineCommand::RemoveStrip(StripId::new(0, 1))),
            9 if step > 7000 => Some(EngineCommand::FollowMachine),
            10 => taps
                .pop()
                .map(|writer| EngineCommand::AddTap(StripId::new(1, 1), TapPoint::PostFader, writer)),
            _ => None,
        };
        if let Some(command) = command {
            assert!(link.commands.push(command).is_ok());
        }
        if step == 100 {
            drop(spare_stem.take());
        }
        if step % 10 == 0 && spare_clock.is_none() {
            if played == 0.0 {
                played = reader.next_sequence() as f64 * 64.0 - f64::from(stamper.lead());
            }
            played += 480.0;
            let seat = stamper.seat();
            stamper.took(OutletStamp {
                position: played,
                at: Nanos::from_seconds(now),
                missing: 0,
                frames: 480,
                seat,
            });
        }
        assert_no_alloc(|| {
            engine.turn();
            while reader.read(&mut block) != Read::Empty {
                blocks += 1;
            }
            while stem.read(&mut tapped) == Read::Block {
                stem_blocks += 1;
            }
        });
        while link.discards.pop().is_ok() {
            homecomings += 1;
        }
    }
    assert!((5990..=6010).contains(&blocks), "{blocks} blocks in 8 s");
    assert!(
        homecomings >= 4,
        "the input, the strip, the clock and a tap came home: {homecomings}"
    );
    assert_eq!(reader.blocks_lost(), 0);
    assert_eq!((tapped.sequence, stem.blocks_lost()), (block.sequence, 0));
    assert!(stem_blocks > 5900, "{stem_blocks} blocks of the deck's strip");
}

#[test]
fn levels_and_health_reach_the_station() {
    let (mut engine, mut link, time) = engine();
    let (mut deck, deck_inlet) = inlet(48_000.0, 96_000);
    deck.write(&[[0.5, -0.25]; 96_000]);
    let id = StripId::new(3, 7);
    let input = StripInput::Direct(Direct::new(deck_inlet));
    let strip = Strip::new(id, SampleRate::DESK, input, StripControls::default());
    assert!(link.commands.push(EngineCommand::AddStrip(Box::new(strip))).is_ok());
    for step in 1..=1200_u32 {
        time.set(Nanos::from_seconds(f64::from(step) * 0.001));
        engine.turn();
    }
    let report = link.reports.latest();
    let strip = report.strips().next().expect("one strip");
    assert_eq!((strip.id, strip.levels.peak), (id, [0.5, 0.25]));
    assert!((strip.levels.rms[0] - 0.5).abs() < 1e-4);
    assert!((report.buses[0].levels.peak[0] - 0.5 * 0.5_f32.sqrt()).abs() < 1e-4);
    assert!(report.health.frames >= 57_000, "{:?}", report.health);
    assert!(!report.health.follows_outlet);
}

#[test]
fn bad_samples_once_counted_stay_counted() {
    let (mut engine, mut link, time) = engine();
    let (mut deck, deck_inlet) = inlet(48_000.0, 48_000);
    deck.write(&[[f32::NAN, 0.1]; 3]);
    deck.write(&[[0.1; 2]; 24_000]);
    let id = StripId::new(0, 1);
    let input = StripInput::Direct(Direct::new(deck_inlet));
    let strip = Strip::new(id, SampleRate::DESK, input, StripControls::default());
    assert!(link.commands.push(EngineCommand::AddStrip(Box::new(strip))).is_ok());
    let mut counted = |commands: Option<EngineCommand>, until: u32| {
        if let Some(command) = commands {
            assert!(link.commands.push(command).is_ok());
        }
        for step in until - 200..=until {
            time.set(Nanos::from_seconds(f64::from(step) * 0.001));
            engine.turn();
        }
        let report = link.reports.latest();
        (report.health.bad_samples, report.strips().count())
    };
    assert_eq!(counted(None, 200), (3, 1));
    assert_eq!(counted(Some(EngineCommand::ClearClips), 400), (3, 1));
    assert_eq!(counted(Some(EngineCommand::RemoveStrip(id)), 600), (3, 0));
}

#[test]
fn after_a_long_sleep_the_desk_goes_on_from_now() {
    let (mut engine, mut link, time) = engine();
    let mut reader = link.programme.reader();
    time.set(Nanos::from_seconds(1.0));
    for _ in 0..20 {
        engine.turn();
    }
    time.set(Nanos::from_seconds(3600.0));
    let next = engine.turn();
    assert!(next >= Nanos::from_seconds(3600.0));
    assert!(matches!(link.notices.pop(), Ok(Notice::Slept(seconds)) if seconds > 3598.0));
    let (mut block, mut blocks) = (MixBlock::default(), 0);
    while reader.read(&mut block) != Read::Empty {
        blocks += 1;
    }
    assert_eq!(blocks, 750, "one second before the sleep, nothing stale after it");
}

#[test]
fn a_sleep_that_is_made_up_for_costs_no_reader_a_block() {
    for slept in [0.5, 4.0, 5.0, 5.5, 6.0, 8.5, 60.0] {
        let (mut engine, link, time) = engine();
        let mut reader = link.programme.reader();
        time.set(Nanos::from_seconds(1.0));
        while engine.turn() < Nanos::from_seconds(1.0) {}
        let woken = Nanos::from_seconds(1.0 + slept);
        time.set(woken);
        // A recorder that looks for the first time when all of it has been made up for.
        while engine.turn() < woken {}
        let (mut block, mut lost) = (MixBlock::default(), 0);
        loop {
            match reader.read(&mut block) {
                Read::Empty => break,
                Read::Lost(blocks) => lost += blocks,
                Read::Block => {}
            }
        }
        assert_eq!(lost, 0, "after {slept} s");
    }
}

#[test]
fn a_full_discard_ring_makes_commands_wait_and_loses_none() {
    let (mut engine, mut link, time) = engine();
    let id = StripId::new(0, 1);
    let add = || {
        EngineCommand::AddStrip(Box::new(Strip::new(
            id,
            SampleRate::DESK,
            StripInput::Silent,
            StripControls::default(),
        )))
    };
    for _ in 0..2000 {
        assert!(link.commands.push(add()).is_ok());
    }
    time.set(Nanos::from_seconds(0.1));
    for _ in 0..100 {
        engine.turn();
    }
    assert!(link.discards.slots() >= 1023);
    let mut home = 0;
    for _ in 0..100 {
        while link.discards.pop().is_ok() {
            home += 1;
        }
        engine.turn();
    }
    assert_eq!(home, 1999);
}

#[test]
fn a_scene_for_all_strips_is_obeyed_in_some_turns_and_holds_no_block_up() {
    let (mut engine, mut link, time) = engine();
    let waiting = |link: &EngineLink| 4096 - link.commands.slots();
    for slot in 0..256 {
        let stages = Stages::Strip(StripId::new(slot, 1), ChainSettings::default());
        for command in [
            EngineCommand::SetFader(StripId::new(slot, 1), Decibels::UNITY),
            EngineCommand::SetStages(Box::new(stages)),
        ] {
            assert!(link.commands.push(command).is_ok());
        }
    }
    let mut turns = 0;
    while waiting(&link) > 0 {
        let (before, blocks) = (waiting(&link), engine.blocks);
        turns += 1;
        time.set(Nanos::from_seconds(f64::from(turns) / 375.0));
        engine.turn();
        assert!(before - waiting(&link) <= 2 * 32, "turn {turns}");
        assert!(engine.blocks > blocks, "turn {turns} mixed nothing");
        while link.discards.pop().is_ok() {}
    }
    assert_eq!(turns, 9);
    // Faders alone do not wait.
    for _ in 0..500 {
        let fader = EngineCommand::SetFader(StripId::new(0, 1), Decibels::UNITY);
        assert!(link.commands.push(fader).is_ok());
    }
    engine.turn();
    assert_eq!(waiting(&link), 0);
}

#[test]
fn an_engine_that_nobody_waits_for_wakes_for_eight_blocks_and_loses_none() {
    let (mut engine, mut link, time) = engine();
    let mut reader = link.programme.reader();
    let (mut block, mut next) = (MixBlock::default(), 1);
    let mut now = 0.0;
    let mut turns_in_a_second = |prompt| {
        assert!(link.commands.push(EngineCommand::SetPrompt(prompt)).is_ok());
        let end = now + 1.0;
        let mut turns = 0;
        while now < end {
            now = engine.turn().seconds() + 1e-6;
            time.set(Nanos::from_seconds(now));
            turns += 1;
            while reader.read(&mut block) != Read::Empty {
                assert_eq!(block.sequence, next);
                next += 1;
            }
        }
        turns
    };
    for (prompt, expected) in [(true, 375), (false, 94), (true, 375)] {
        let turns: i32 = turns_in_a_second(prompt);
        assert!(
            (turns - expected).abs() < 8,
            "{turns} turns instead of {expected}, prompt: {prompt}"
        );
    }
    assert!(next > 2_240, "{next} blocks in three seconds");
}
