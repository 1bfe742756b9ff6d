//! What strips with all that a voice needs cost: four bands of equaliser and a compressor in each.
//!
//! The whole console works: sources are read, every strip is equalised, compressed, metered and mixed, and the
//! programme is limited and published. On every kind of instructions that this machine has, and from one strip to 256.
//! In processor time: what other programs do on the machine meanwhile makes no block worse.

use std::mem::MaybeUninit;

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_dsp::lanes::Arch;
use airdesk_engine::ChainSettings;

use crate::show::{PERIOD, Show, voice};

/// Audio in one run.
const SECONDS: usize = 5;
const BLOCKS: usize = SECONDS * 48_000 / BLOCK_FRAMES;
const RUNS: usize = 5;
/// Where the faders stand, dB: so low that the limiter has nothing to do with any number of strips. Otherwise its work
/// would be a part of what some strips cost.
const FADERS: f32 = -50.0;

/// Prints two tables: instructions, and numbers of strips.
pub(crate) fn cost() {
    println!(
        "strips with 4 bands of equaliser and a compressor, {BLOCK_FRAMES} frames at 48 kHz, the least of {RUNS} runs of {SECONDS} s (processor time):"
    );
    println!(
        "{:>14} {:>8} {:>14} {:>14}",
        "instructions", "strips", "of one core", "p99.9 block"
    );
    for arch in Arch::here() {
        let (mean, high) = run(64, arch, voice());
        println!(
            "{:>14} {:>8} {:>12.2} % {:>12.2} %",
            arch.name(),
            64,
            mean * 100.0,
            high * 100.0
        );
    }
    println!(
        "{:>14} {:>8} {:>14} {:>14} {:>16} {:>18}",
        "instructions", "strips", "of one core", "p99.9 block", "each strip, ns", "without stages, ns"
    );
    let (empty, _) = run(0, Arch::best(), voice());
    for strips in [0, 1, 4, 16, 64, 128, 256] {
        let (mean, high) = run(strips, Arch::best(), voice());
        let (plain, _) = run(strips, Arch::best(), ChainSettings::default());
        let each = |load: f64| (load - empty) * PERIOD * 1e9 / strips.max(1) as f64;
        println!(
            "{:>14} {strips:>8} {:>12.2} % {:>12.2} % {:>16.0} {:>18.0}",
            Arch::best().name(),
            mean * 100.0,
            high * 100.0,
            each(mean),
            each(plain),
        );
    }
}

/// Parts of a block's time: the mean and the 99.9th percentile of the run that was disturbed least.
fn run(strips: usize, arch: Arch, chain: ChainSettings) -> (f64, f64) {
    let runs = (0..RUNS).map(|_| {
        let mut show = Show::new(strips, arch, chain, FADERS);
        let mut loads: Vec<f64> = (0..BLOCKS)
            .map(|_| {
                let begun = processor_seconds();
                show.step();
                (processor_seconds() - begun) / PERIOD
            })
            .collect();
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        loads.sort_by(f64::total_cmp);
        (mean, loads[loads.len() * 999 / 1000])
    });
    runs.fold((f64::INFINITY, f64::INFINITY), |least, run| {
        (least.0.min(run.0), least.1.min(run.1))
    })
}

/// What this thread has had of the processor so far. To ask takes a fraction of a microsecond, which every figure has in it.
pub(crate) fn processor_seconds() -> f64 {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the pointer is to a whole `timespec`, which the call fills; all zeros are one, too.
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, time.as_mut_ptr());
        time.assume_init()
    };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
