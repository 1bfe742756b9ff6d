//! Part of a block's time that mixing it takes, with every strip bridged and moving.

use std::time::Instant;

use airdesk_dsp::{BLOCK_FRAMES, Decibels, Frame, SampleRate};
use airdesk_engine::inlet::{InletWriter, inlet};
use airdesk_engine::input::{BlockTime, Bridge, Direct, StripInput};
use airdesk_engine::mix_queue::mix_queue;
use airdesk_engine::time::Nanos;
use airdesk_engine::{Console, EngineCommand, Strip, StripControls, StripId};

const SECONDS: usize = 10;
const BLOCKS: usize = SECONDS * 48_000 / BLOCK_FRAMES;

/// Prints a table: strips, files or devices, mean and 99.9th percentile of the load.
pub(crate) fn load() {
    println!("engine load, {SECONDS} s of audio, blocks of {BLOCK_FRAMES} frames at 48 kHz (1.333 ms):");
    println!("{:>8} {:>10} {:>10} {:>10}", "strips", "input", "mean", "p99.9");
    for bridged in [false, true] {
        for strips in [2, 16, 64, 256] {
            let mut loads: Vec<f64> = Vec::with_capacity(3 * BLOCKS);
            for _ in 0..3 {
                loads.extend(run(strips, bridged));
            }
            loads.sort_by(f64::total_cmp);
            let mean = loads.iter().sum::<f64>() / loads.len() as f64;
            let high = loads[loads.len() * 999 / 1000];
            let input = if bridged { "device" } else { "file" };
            println!("{strips:>8} {input:>10} {:>9.2}% {:>9.2}%", mean * 100.0, high * 100.0);
        }
    }
}

/// The load of each block, as a part of its time.
fn run(strips: usize, bridged: bool) -> Vec<f64> {
    let (programme, _tap) = mix_queue(64);
    let (cue, _cue_tap) = mix_queue(64);
    let mut console = Console::new(SampleRate::DESK, [programme, cue]);
    let mut writers: Vec<InletWriter> = Vec::new();
    for slot in 0..strips {
        let (writer, reader) = inlet(48_000.0, 9600);
        writers.push(writer);
        let input = if bridged {
            StripInput::Bridged(Bridge::new(reader, SampleRate::DESK))
        } else {
            StripInput::Direct(Direct::new(reader))
        };
        let strip = Strip::new(StripId::new(slot, 1), SampleRate::DESK, input, StripControls::default());
        console.obey(EngineCommand::AddStrip(Box::new(strip)));
    }
    let audio: Vec<Frame> = (0..256).map(|n| [(n as f32 * 0.05).sin() * 0.1; 2]).collect();
    let mut loads = Vec::with_capacity(BLOCKS);
    for block in 0..BLOCKS {
        let due = (block + 1) as f64 * BLOCK_FRAMES as f64 / 48_000.0;
        if block % 4 == 0 {
            for writer in &mut writers {
                writer.write_stamped(&audio, Nanos::from_seconds(due - 0.000_1));
            }
        }
        if block % 25 == 0 {
            // A hand on a fader.
            let level = Decibels::new(-((block / 25 % 20) as f32)).expect("a level");
            console.obey(EngineCommand::SetFader(StripId::new(block % strips, 1), level));
        }
        let begun = Instant::now();
        console.process(&BlockTime { due, speed: 1.0 });
        loads.push(begun.elapsed().as_secs_f64() * 48_000.0 / BLOCK_FRAMES as f64);
    }
    loads
}
