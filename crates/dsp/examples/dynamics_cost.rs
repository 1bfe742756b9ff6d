//! What the dynamics cost: share of one core, the least of several runs, for every kind of instructions.
//!
//! A copy of all the sound is in each figure: the one with all compressors off.
//! `cargo run --release -p airdesk-dsp --example dynamics_cost`

// A program at a terminal, not the engine: here printing is the point.
#![allow(clippy::disallowed_macros)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use airdesk_dsp::compressor::{CompressorBank, CompressorSettings};
use airdesk_dsp::de_esser::{DeEsserBank, DeEsserSettings};
use airdesk_dsp::gate::{GateBank, GateSettings};
use airdesk_dsp::lanes::{Arch, LaneBlock, Lanes, SILENT_LANES, STRIPS};
use airdesk_dsp::limiter::Limiter;
use airdesk_dsp::true_peak::TruePeakMeter;
use airdesk_dsp::{BLOCK_FRAMES, Block, SampleRate};

/// Stereo strips of the desk that is measured.
const DESK_STRIPS: usize = 64;

/// A second of sound and how often it is measured.
const BLOCKS: usize = 750;
const RUNS: usize = 15;

/// Noise at about -10 dBFS.
fn noise(n: usize) -> f32 {
    let x = (n as u32).wrapping_mul(2_654_435_761);
    let x = (x ^ (x >> 15)).wrapping_mul(0x2C1B_3C6D);
    ((x ^ (x >> 12)) as f32 / u32::MAX as f32 - 0.5) * 1.1
}

fn lanes(seed: usize) -> LaneBlock {
    let mut block = SILENT_LANES;
    for (n, frame) in block.iter_mut().enumerate() {
        *frame = Lanes(std::array::from_fn(|lane| noise(seed * 1009 + n * 8 + lane)));
    }
    block
}

/// Prints the least share of one core that `second`, a second of sound, took.
fn measure(name: &str, mut second: impl FnMut()) {
    let least = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            second();
            start.elapsed()
        })
        .min()
        .unwrap_or(Duration::ZERO);
    let of_sound = BLOCKS as f64 * BLOCK_FRAMES as f64 / f64::from(SampleRate::DESK.hz());
    println!("{name:<42} {:.3} % of one core", 100.0 * least.as_secs_f64() / of_sound);
}

/// A desk's strips through `process`, four at a time, each through a clone of `bank`.
fn measure_desk<B: Clone>(name: &str, bank: &B, mut process: impl FnMut(&mut B, &mut LaneBlock)) {
    let sound: Vec<LaneBlock> = (0..DESK_STRIPS / STRIPS).map(lanes).collect();
    let mut banks = vec![bank.clone(); DESK_STRIPS / STRIPS];
    let mut blocks = sound.clone();
    measure(name, || {
        for _ in 0..BLOCKS {
            for ((bank, block), fresh) in banks.iter_mut().zip(&mut blocks).zip(&sound) {
                *block = *fresh;
                process(bank, black_box(block));
            }
        }
    });
}

fn measure_banks(arch: Arch) {
    let rate = SampleRate::DESK;
    let on = CompressorSettings {
        on: true,
        ..CompressorSettings::default()
    };
    let filtered = CompressorSettings {
        side_high_pass_hz: Some(100.0),
        ..on
    };
    for (what, settings) in [
        ("", &on),
        (" with high-pass", &filtered),
        (" off", &CompressorSettings::default()),
    ] {
        let mut bank = CompressorBank::new(arch, rate);
        (0..STRIPS).for_each(|strip| bank.set(strip, settings).expect("in range"));
        let name = format!("64 compressors{what}, {}", arch.name());
        measure_desk(&name, &bank, CompressorBank::process);
    }
    let mut gate = GateBank::new(arch, rate);
    let settings = GateSettings {
        on: true,
        ..GateSettings::default()
    };
    (0..STRIPS).for_each(|strip| gate.set(strip, &settings).expect("in range"));
    measure_desk(&format!("64 gates, {}", arch.name()), &gate, GateBank::process);
    let mut de_esser = DeEsserBank::new(arch, rate);
    let settings = DeEsserSettings {
        on: true,
        ..DeEsserSettings::default()
    };
    (0..STRIPS).for_each(|strip| de_esser.set(strip, &settings).expect("in range"));
    measure_desk(
        &format!("64 de-essers, {}", arch.name()),
        &de_esser,
        DeEsserBank::process,
    );
}

fn main() {
    Arch::here().for_each(measure_banks);
    let loud: Block = std::array::from_fn(|n| [4.0 * noise(2 * n), 4.0 * noise(2 * n + 1)]);
    let mut limiter = Limiter::new(SampleRate::DESK);
    measure("1 limiter, limiting", || {
        for _ in 0..BLOCKS {
            limiter.process(black_box(&mut loud.clone()));
        }
    });
    let mut meter = TruePeakMeter::new();
    measure("1 true-peak meter", || {
        for _ in 0..BLOCKS {
            meter.measure(black_box(&loud));
        }
        black_box(meter.peak());
    });
}
