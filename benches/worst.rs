//! The worst blocks of a long show: as many strips as a large desk has, with equaliser and compressor or with every stage
//! at work, and the limiter.
//!
//! Paced as on air: a block, then sleep until the next one is due, with real-time priority where the system grants it.
//! By the clock on the wall, as a listener's speakers would have it, and beside it in processor time, which leaves out
//! what else the machine did meanwhile.

use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_dsp::denormals::Flushed;
use airdesk_dsp::lanes::Arch;
use airdesk_engine::ChainSettings;

use crate::show::{PERIOD, Show, voice};
use crate::strips::processor_seconds;

const STRIPS: usize = 64;
/// Of each.
const MINUTES: usize = 10;
const BLOCKS: usize = MINUTES * 60 * 48_000 / BLOCK_FRAMES;

/// Prints mean, 99.9th percentile and largest of the blocks' loads.
pub(crate) fn blocks() {
    for (stages, chain) in [
        ("four bells and a compressor", voice()),
        ("all five stages", every_stage()),
    ] {
        println!(
            "{STRIPS} strips with {stages} at work, a limiter that limits, {MINUTES} min in real time; load of the machine {}",
            machine_load()
        );
        pace(chain);
    }
}

/// One such show.
fn pace(chain: ChainSettings) {
    let priority = if take_priority() { "with" } else { "without" };
    // As the engine's thread does.
    let _flushed = Flushed::begin();
    let mut show = Show::new(STRIPS, Arch::best(), chain, 0.0);
    let mut wall = Vec::with_capacity(BLOCKS);
    let mut processor = Vec::with_capacity(BLOCKS);
    let begun = Instant::now();
    for block in 0..BLOCKS {
        let due = Duration::from_secs_f64(block as f64 * PERIOD);
        thread::sleep(due.saturating_sub(begun.elapsed()));
        show.bring();
        let (clock, own) = (Instant::now(), processor_seconds());
        show.mix();
        processor.push((processor_seconds() - own) / PERIOD);
        wall.push(clock.elapsed().as_secs_f64() / PERIOD);
    }
    println!(
        "{priority} real-time priority; load of the machine at the end {}",
        machine_load()
    );
    println!(
        "{:>16} {:>10} {:>10} {:>10} {:>10}",
        "of the period", "mean", "p99", "p99.9", "largest"
    );
    for (name, mut loads) in [("wall", wall), ("processor time", processor)] {
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        loads.sort_by(f64::total_cmp);
        let at = |part: f64| loads[((loads.len() - 1) as f64 * part) as usize] * 100.0;
        println!(
            "{name:>16} {:>8.2} % {:>8.2} % {:>8.2} % {:>8.2} %",
            mean * 100.0,
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
}

/// A voice with every stage that a strip has.
fn every_stage() -> ChainSettings {
    let mut chain = voice();
    chain.high_pass = chain.high_pass.switched(true);
    chain.gate.on = true;
    chain.de_esser.on = true;
    chain
}

/// Asks for the priority that the engine's thread has on air. False when the system refuses.
fn take_priority() -> bool {
    let parameter = libc::sched_param { sched_priority: 10 };
    // SAFETY: the pointer is to a whole `sched_param`, which the call only reads; 0 is the calling thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameter) == 0 }
}

/// Programs that wanted to run in the last minute.
fn machine_load() -> String {
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    loads.split(' ').next().unwrap_or("unknown").to_owned()
}
