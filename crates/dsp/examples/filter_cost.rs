//! What the filters cost: share of one core for 64 stereo strips, the least of several runs, for every
//! kind of instructions. `cargo run --release -p airdesk-dsp --example filter_cost`

// A program at a terminal, not the engine: here printing is the point.
#![allow(clippy::disallowed_macros)]

use std::hint::black_box;
use std::time::Instant;

use airdesk_dsp::equaliser::{Band, BandKind, Equaliser, EqualiserSettings};
use airdesk_dsp::high_pass::{HighPass, HighPassSettings, Slope};
use airdesk_dsp::lanes::{Arch, LaneBlock, Lanes, STRIPS};
use airdesk_dsp::{BLOCK_FRAMES, SampleRate};

const BANKS: usize = 64 / STRIPS;
const RUNS: usize = 40;
const BLOCKS: usize = 200;

fn main() {
    println!("64 stereo strips, blocks of {BLOCK_FRAMES} frames at 48 kHz: share of one core");
    println!(
        "{:>8} {:>12} {:>12} {:>12}",
        "", "equaliser", "all gliding", "high-pass"
    );
    for arch in Arch::here() {
        let settled = equalisers(arch, |_, _| {});
        // Every 27 ms; working the bands out is not in the figure.
        let gliding = equalisers(arch, |block, equaliser| {
            (0..STRIPS).for_each(|strip| equaliser.set(strip, four_bands((block / 20) as f32)));
        });
        let high_pass = high_passes(arch);
        println!(
            "{:>8} {settled:>11.2}% {gliding:>11.2}% {high_pass:>11.2}%",
            arch.name()
        );
    }
    println!("one band worked out: {:.1} us", design());
}

/// The least time, in microseconds, in which one band is worked out.
fn design() -> f64 {
    let mut equaliser = Equaliser::new(SampleRate::DESK);
    let mut least = f64::INFINITY;
    for turn in 1..1000 {
        let settings = four_bands((turn % 7) as f32);
        let begun = Instant::now();
        equaliser.set(0, black_box(settings));
        least = least.min(begun.elapsed().as_secs_f64() / settings.bands.len() as f64);
    }
    least * 1e6
}

fn four_bands(turn: f32) -> EqualiserSettings {
    let gain = 6.0 + turn % 10.0;
    let band = |kind, frequency| Band::new(kind, frequency, gain, 1.0).expect("in range");
    EqualiserSettings {
        on: true,
        bands: [
            band(BandKind::LowShelf, 80.0),
            band(BandKind::Bell, 400.0),
            band(BandKind::Bell, 2_500.0),
            band(BandKind::HighShelf, 12_000.0),
        ],
    }
}

fn equalisers(arch: Arch, mut turn: impl FnMut(usize, &mut Equaliser)) -> f64 {
    let mut banks: Vec<_> = (0..BANKS).map(|_| Equaliser::on_arch(SampleRate::DESK, arch)).collect();
    for bank in &mut banks {
        for strip in 0..STRIPS {
            bank.set(strip, four_bands(0.0));
            bank.settle(strip);
        }
    }
    let banks = std::cell::RefCell::new(banks);
    least(
        |block| {
            if block % 20 == 0 {
                banks.borrow_mut().iter_mut().for_each(|bank| turn(block, bank));
            }
        },
        |lanes| {
            banks
                .borrow_mut()
                .iter_mut()
                .zip(lanes)
                .for_each(|(bank, lanes)| bank.process(lanes))
        },
    )
}

fn high_passes(arch: Arch) -> f64 {
    let mut banks: Vec<_> = (0..BANKS).map(|_| HighPass::on_arch(SampleRate::DESK, arch)).collect();
    for bank in &mut banks {
        for strip in 0..STRIPS {
            bank.set(strip, HighPassSettings::new(80.0, Slope::Steep).expect("in range"));
            bank.settle(strip);
        }
    }
    least(
        |_| {},
        |lanes| {
            banks
                .iter_mut()
                .zip(lanes)
                .for_each(|(bank, lanes)| bank.process(lanes))
        },
    )
}

/// The least share of one core, in per cent, that `process` took for a block of all banks in some run.
fn least(mut prepare: impl FnMut(usize), mut process: impl FnMut(&mut [LaneBlock])) -> f64 {
    let noise: Vec<LaneBlock> = (0..BANKS)
        .map(|bank| std::array::from_fn(|n| Lanes::splat(((n * 7919 + bank * 31) % 101) as f32 / 1010.0 - 0.05)))
        .collect();
    let mut lanes = noise.clone();
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let mut seconds = 0.0;
        for block in 0..BLOCKS {
            lanes.copy_from_slice(&noise);
            prepare(block);
            let begun = Instant::now();
            process(black_box(&mut lanes));
            seconds += begun.elapsed().as_secs_f64();
        }
        least = least.min(seconds / BLOCKS as f64);
    }
    least * 48_000.0 / BLOCK_FRAMES as f64 * 100.0
}
