//! What callgrind counts for `cargo xtask bench counts`: the work of real time, so many turns of it.
//!
//! Started with the name of a workload and a number of turns. The instructions of two runs differ by those of the turns
//! that one of them had more: what it takes to set out is in neither figure. Without arguments it lists what there is.
//! The console's own work runs on what every processor of this kind has, so that all of them count the same.

#[path = "../show.rs"]
mod show;

use std::hint::black_box;
use std::process::ExitCode;

use airdesk_dsp::lanes::Arch;
use airdesk_dsp::limiter::Limiter;
use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SILENCE, SampleRate};
use airdesk_engine::inlet::inlet;
use airdesk_engine::input::{BlockTime, Bridge, StripInput};
use airdesk_engine::mix_queue::{MixBlock, MixWriter, mix_queue};
use airdesk_engine::time::Nanos;
use airdesk_engine::{ChainSettings, Console, EngineCommand, Strip, StripControls, StripId};
use show::{PERIOD, Show, voice};

/// A name, and what one turn of it is.
type Workload = (&'static str, fn(usize));

const WORKLOADS: [Workload; 9] = [
    ("block_of_16_plain_strips", |turns| {
        blocks(16, ChainSettings::default(), turns)
    }),
    ("block_of_64_voices", |turns| blocks(64, voice(), turns)),
    ("block_of_a_bridge", bridges),
    ("block_of_the_limiter", limiters),
    ("block_of_the_limiter_at_rest", limiters_at_rest),
    ("block_of_the_limiter_of_a_faint_sum", limiters_of_faint_sums),
    ("block_through_the_mix_queue", queues),
    ("block_written_for_nobody", written_for_nobody),
    ("block_written_past_readers_that_stand_still", written_past_readers),
];

/// Blocks that pass before a turn is counted: filters and gains have arrived, and a bridge plays.
const FIRST: usize = 600;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, turns] = arguments.as_slice() else {
        // A bridge's resampler chooses by itself.
        println!("{}, resampler on {}", Arch::COMMON.name(), Arch::best().name());
        WORKLOADS.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let workload = WORKLOADS.iter().find(|(known, _)| known == name);
    let (Some((_, work)), Ok(turns)) = (workload, turns.parse::<usize>()) else {
        eprintln!("{name} is no workload, or {turns} no number of turns");
        return ExitCode::FAILURE;
    };
    work(FIRST + turns);
    ExitCode::SUCCESS
}

fn blocks(strips: usize, chain: ChainSettings, turns: usize) {
    let mut show = Show::new(strips, Arch::COMMON, chain, 0.0);
    for _ in 0..turns {
        show.step();
    }
}

/// A console with one strip whose device is bridged, a callback every fourth block.
fn bridges(turns: usize) {
    let (programme, _) = mix_queue(64);
    let mut console = Console::on_arch(SampleRate::DESK, Arch::COMMON, [programme]);
    let (mut writer, reader) = inlet(48_000.0, 9600);
    let input = StripInput::Bridged(Bridge::new(reader, SampleRate::DESK));
    let strip = Strip::new(StripId::new(0, 1), SampleRate::DESK, input, StripControls::default());
    console.obey(EngineCommand::AddStrip(Box::new(strip)));
    let audio: Vec<Frame> = (0..4 * BLOCK_FRAMES)
        .map(|n| [(n as f32 * 0.05).sin() * 0.1; 2])
        .collect();
    for block in 0..turns {
        let due = (block + 1) as f64 * PERIOD;
        if block % 4 == 0 {
            writer.write_stamped(&audio, Nanos::from_seconds(due - 0.000_1));
        }
        console.process(&BlockTime { due, speed: 1.0 });
    }
}

/// A sum that is 6 dB too loud.
fn limiters(turns: usize) {
    let loud: Block = std::array::from_fn(|n| [(n as f32 * 0.05).sin() * 2.0; 2]);
    limit(&loud, turns);
}

/// A sum that stays below the ceiling, and is loud enough to be looked at for peaks.
fn limiters_at_rest(turns: usize) {
    limit(&[[0.5, -0.5]; BLOCK_FRAMES], turns);
}

/// One that is too faint for that: pauses, and most of what is spoken.
fn limiters_of_faint_sums(turns: usize) {
    limit(&[[0.1, -0.1]; BLOCK_FRAMES], turns);
}

fn limit(sum: &Block, turns: usize) {
    let mut limiter = Limiter::on_arch(SampleRate::DESK, Arch::COMMON);
    for _ in 0..turns {
        limiter.process(black_box(&mut sum.clone()));
    }
}

/// What the engine's side of a bus costs where nobody listens.
fn written_for_nobody(turns: usize) {
    let (mut writer, tap) = mix_queue(64);
    write(&mut writer, turns);
    drop(tap);
}

/// The same past readers that never read: nothing may be added by them.
fn written_past_readers(turns: usize) {
    let (mut writer, tap) = mix_queue(64);
    let readers = [(); 4].map(|()| tap.reader());
    write(&mut writer, turns);
    drop(readers);
}

fn write(writer: &mut MixWriter, turns: usize) {
    for turn in 0..turns {
        writer.publish(black_box(&SILENCE), Nanos(turn as u64));
    }
}

/// One writer and as many readers as a desk on air has: speaker, recorder, encoder and loudness.
fn queues(turns: usize) {
    let (mut writer, tap) = mix_queue(64);
    let mut readers = [(); 4].map(|()| tap.reader());
    let mut block = MixBlock::default();
    for turn in 0..turns {
        writer.publish(black_box(&SILENCE), Nanos(turn as u64));
        for reader in &mut readers {
            reader.read(&mut block);
            black_box(&block);
        }
    }
}
