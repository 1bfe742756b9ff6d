//! What each stage costs by itself in 64 strips, what a bus's limiter and meters cost, and how long a band takes to be
//! worked out: on every kind of instructions that this machine has, the least of some runs, in processor time.

use std::hint::black_box;

use airdesk_dsp::compressor::{CompressorBank, CompressorSettings};
use airdesk_dsp::de_esser::{DeEsserBank, DeEsserSettings};
use airdesk_dsp::equaliser::{Band, BandKind, Equaliser, EqualiserSettings};
use airdesk_dsp::gate::{GateBank, GateSettings};
use airdesk_dsp::high_pass::{HighPass, HighPassSettings, Slope};
use airdesk_dsp::lanes::{Arch, LaneBlock, Lanes, SILENT_LANES, STRIPS};
use airdesk_dsp::level::LevelMeter;
use airdesk_dsp::limiter::Limiter;
use airdesk_dsp::true_peak::TruePeakMeter;
use airdesk_dsp::{BLOCK_FRAMES, Block, SampleRate};
use airdesk_engine::{EngineCommand, Stages, StripId};

use crate::show::{PERIOD, Show, voice};
use crate::strips::processor_seconds;

const BANKS: usize = 64 / STRIPS;
/// A quarter of a second of sound, and how often it is measured.
const BLOCKS: usize = 188;
const RUNS: usize = 20;
const RATE: SampleRate = SampleRate::DESK;

/// A stage of all strips: its name, and its share of one core.
type Stage = (&'static str, fn(Arch) -> f64);

const STAGES: [Stage; 8] = [
    ("nothing: the sound is laid out", |_| banks(|| (), |_, (), _| {})),
    ("high-pass, steep", high_passes),
    ("gate", gates),
    ("equaliser, 4 bands", |arch| equalisers(arch, false)),
    ("equaliser, all bands gliding", |arch| equalisers(arch, true)),
    ("compressor", |arch| compressors(arch, None)),
    ("compressor that hears from 100 Hz", |arch| {
        compressors(arch, Some(100.0))
    }),
    ("de-esser", de_essers),
];

/// Of one bus.
const BUS: [Stage; 4] = [
    ("limiter, limiting", |arch| limiters(arch, 4.0)),
    ("limiter at rest", |arch| limiters(arch, 0.1)),
    ("level meter", |arch| {
        let mut meter = LevelMeter::new(RATE);
        meter.set_arch(arch);
        bus(1.0, |block| meter.measure(block))
    }),
    ("true-peak meter", |arch| {
        let mut meter = TruePeakMeter::on_arch(arch);
        bus(1.0, |block| meter.measure(block))
    }),
];

/// Prints a table with a column for each kind of instructions.
pub(crate) fn cost() {
    println!("stages by themselves, blocks of {BLOCK_FRAMES} frames at 48 kHz, share of one core (processor time):");
    print!("{:>36}", "64 strips");
    Arch::here().for_each(|arch| print!("{:>10}", arch.name()));
    println!();
    STAGES.iter().for_each(row);
    println!("{:>36}", "one bus");
    BUS.iter().for_each(row);
    println!("a band of the equaliser is worked out in {:.1} us", design(bands));
    println!("a resonant shelf next to half the rate in {:.1} us", design(resonant));
    println!("all stages of a strip are set in {:.1} us", obeying());
}

fn row((name, share): &Stage) {
    print!("{name:>36}");
    Arch::here().for_each(|arch| print!("{:>8.3} %", 100.0 * share(arch)));
    println!();
}

fn high_passes(arch: Arch) -> f64 {
    let settings = HighPassSettings::new(80.0, Slope::Steep).expect("within its range");
    banks(
        || {
            let mut bank = HighPass::on_arch(RATE, arch);
            (0..STRIPS).for_each(|strip| bank.set(strip, settings));
            bank
        },
        |_, bank, block| bank.process(block),
    )
}

fn gates(arch: Arch) -> f64 {
    let settings = GateSettings {
        on: true,
        ..GateSettings::default()
    };
    banks(
        || {
            let mut bank = GateBank::new(arch, RATE);
            (0..STRIPS).for_each(|strip| bank.set(strip, &settings).expect("within its ranges"));
            bank
        },
        |_, bank, block| bank.process(block),
    )
}

/// Gliding bands set out for other gains whenever they have arrived; to work those out is in the figure.
fn equalisers(arch: Arch, gliding: bool) -> f64 {
    banks(
        || {
            let mut bank = Equaliser::on_arch(RATE, arch);
            (0..STRIPS).for_each(|strip| bank.set(strip, bands(6.0)));
            bank
        },
        |turn, bank, block| {
            if gliding && turn.is_multiple_of(24) {
                let settings = bands(if turn.is_multiple_of(48) { 6.0 } else { 3.0 });
                (0..STRIPS).for_each(|strip| bank.set(strip, settings));
            }
            bank.process(block);
        },
    )
}

fn compressors(arch: Arch, side_high_pass_hz: Option<f32>) -> f64 {
    let settings = CompressorSettings {
        on: true,
        side_high_pass_hz,
        ..CompressorSettings::default()
    };
    banks(
        || {
            let mut bank = CompressorBank::new(arch, RATE);
            (0..STRIPS).for_each(|strip| bank.set(strip, &settings).expect("within its ranges"));
            bank
        },
        |_, bank, block| bank.process(block),
    )
}

fn de_essers(arch: Arch) -> f64 {
    let settings = DeEsserSettings {
        on: true,
        ..DeEsserSettings::default()
    };
    banks(
        || {
            let mut bank = DeEsserBank::new(arch, RATE);
            (0..STRIPS).for_each(|strip| bank.set(strip, &settings).expect("within its ranges"));
            bank
        },
        |_, bank, block| bank.process(block),
    )
}

fn limiters(arch: Arch, size: f32) -> f64 {
    let mut limiter = Limiter::on_arch(RATE, arch);
    bus(size, |block| limiter.process(&mut block.clone()))
}

fn bands(gain: f32) -> EqualiserSettings {
    let band = |kind, frequency| Band::new(kind, frequency, gain, 1.0).expect("within its ranges");
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

/// The share of one core that `process` takes of the banks of all strips. It is told which turn it is.
fn banks<B>(make: impl Fn() -> B, process: impl Fn(usize, &mut B, &mut LaneBlock)) -> f64 {
    let sound: Vec<LaneBlock> = (0..BANKS).map(lanes).collect();
    let mut blocks = sound.clone();
    let mut banks: Vec<B> = (0..BANKS).map(|_| make()).collect();
    least(|turn| {
        for ((bank, block), fresh) in banks.iter_mut().zip(&mut blocks).zip(&sound) {
            *block = *fresh;
            process(turn, bank, black_box(block));
        }
    })
}

/// The same of one bus, with noise up to `size`.
fn bus(size: f32, mut process: impl FnMut(&Block)) -> f64 {
    let sound: Block = std::array::from_fn(|n| [size * noise(2 * n), size * noise(2 * n + 1)]);
    least(|_| process(black_box(&sound)))
}

/// The least share of one core that a turn takes on the average of a run. What glides first has arrived by then.
fn least(mut turn: impl FnMut(usize)) -> f64 {
    let runs = (0..RUNS).map(|_| {
        let begun = processor_seconds();
        (0..BLOCKS).for_each(&mut turn);
        (processor_seconds() - begun) / (BLOCKS as f64 * PERIOD)
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// Shelves whose shape is fitted, which takes longest.
fn resonant(gain: f32) -> EqualiserSettings {
    let band = |kind| Band::new(kind, 19_000.0, gain, 20.0).expect("within its ranges");
    EqualiserSettings {
        on: true,
        bands: [
            BandKind::LowShelf,
            BandKind::HighShelf,
            BandKind::LowShelf,
            BandKind::HighShelf,
        ]
        .map(band),
    }
}

/// The least time, in microseconds, in which one band is worked out.
fn design(settings: impl Fn(f32) -> EqualiserSettings) -> f64 {
    let mut equaliser = Equaliser::new(RATE);
    let mut least = f64::INFINITY;
    for turn in 1..1000 {
        let settings = settings((1 + turn % 7) as f32);
        let begun = processor_seconds();
        equaliser.set(0, black_box(settings));
        least = least.min((processor_seconds() - begun) / settings.bands.len() as f64);
    }
    least * 1e6
}

/// The least mean time, in microseconds, in which a scene's stages are obeyed for one of 64 strips, all four bands and the
/// dynamics other than before.
fn obeying() -> f64 {
    let mut show = Show::new(64, Arch::best(), voice(), -50.0);
    let runs = (1..=RUNS).map(|run| {
        let mut chain = voice();
        chain.equaliser = bands(run as f32 / 2.0);
        chain.compressor.threshold_dbfs -= run as f32;
        chain.gate.on = run % 2 == 0;
        let stages = |slot| Box::new(Stages::Strip(StripId::new(slot, 1), chain));
        let commands: Vec<_> = (0..64).map(|slot| EngineCommand::SetStages(stages(slot))).collect();
        let begun = processor_seconds();
        commands
            .into_iter()
            .for_each(|command| drop(show.console.obey(command)));
        let took = processor_seconds() - begun;
        (0..BLOCKS).for_each(|_| show.step());
        took / 64.0 * 1e6
    });
    runs.fold(f64::INFINITY, f64::min)
}

fn lanes(seed: usize) -> LaneBlock {
    let mut block = SILENT_LANES;
    for (n, frame) in block.iter_mut().enumerate() {
        *frame = Lanes(std::array::from_fn(|lane| 0.5 * noise(seed * 1009 + n * 8 + lane)));
    }
    block
}

/// Noise between -1 and 1, the same each time.
fn noise(n: usize) -> f32 {
    let x = (n as u32).wrapping_mul(2_654_435_761);
    let x = (x ^ (x >> 15)).wrapping_mul(0x2C1B_3C6D);
    (x ^ (x >> 12)) as f32 / u32::MAX as f32 * 2.0 - 1.0
}
