//! What the dynamics cost: share of one core, the least of several runs, for every kind of instructions.
//!
//! `cargo run --release -p airdesk-dsp --example dynamics_cost`

// A program at a terminal, not the engine: here printing is the point.
#![allow(clippy::disallowed_macros)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use airdesk_dsp::compressor::{CompressorBank, CompressorSettings};
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

fn compressors(arch: Arch, settings: &CompressorSettings) -> Vec<CompressorBank> {
    let mut banks = vec![CompressorBank::new(arch, SampleRate::DESK); DESK_STRIPS / STRIPS];
    for bank in &mut banks {
        for strip in 0..STRIPS {
            bank.set(strip, settings).expect("in range");
        }
    }
    banks
}

fn main() {
    let on = CompressorSettings {
        on: true,
        ..CompressorSettings::default()
    };
    let filtered = CompressorSettings {
        side_high_pass_hz: Some(100.0),
        ..on
    };
    let sound: Vec<LaneBlock> = (0..DESK_STRIPS / STRIPS).map(lanes).collect();
    for arch in Arch::here() {
        for (what, settings) in [
            ("", &on),
            (" with high-pass", &filtered),
            (" off", &CompressorSettings::default()),
        ] {
            let mut banks = compressors(arch, settings);
            let mut blocks = sound.clone();
            measure(&format!("64 compressors{what}, {}", arch.name()), || {
                for _ in 0..BLOCKS {
                    for ((bank, block), fresh) in banks.iter_mut().zip(&mut blocks).zip(&sound) {
                        *block = *fresh;
                        bank.process(black_box(block));
                    }
                }
            });
        }
    }
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
