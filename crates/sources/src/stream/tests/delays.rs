//! How late a live sender is heard and how often it breaks off, beside a buffer of fixed length and a model of NetEQ's.

use airdesk_dsp::{Frame, SampleRate};

use super::replay::{Replay, Sender, replay, session};
use super::traces;
use crate::stream::jitter::Pace;
use crate::stream::machine::Thresholds;

/// Of each way so many, so long, seconds.
const TRACES: u64 = 20;
const SECONDS: f64 = 180.0;

fn fastest(trace: &traces::Trace) -> f64 {
    let ended = |(n, arrival): (usize, &f64)| arrival - (n + 1) as f64 * traces::CHUNK;
    trace.iter().enumerate().map(ended).fold(f64::INFINITY, f64::min)
}

/// NetEQ's decisions, every 10 ms, where each stretch succeeds and is of 7 ms: mean delay, seconds, gaps, and
/// concealment, seconds. After WebRTC's `delay_manager.cc`, `underrun_optimizer.cc` and `decision_logic.cc`.
fn neteq(trace: &traces::Trace) -> (f64, u32, f64) {
    const TICK: f64 = 0.010;
    let reference = fastest(trace);
    let (mut histogram, mut target, mut interval, mut worst) = (vec![0.0_f64; 100], 0.080, 0.0, 0.0_f64);
    let mut recent: std::collections::VecDeque<(f64, f64)> = std::collections::VecDeque::new();
    let (mut come, mut place, mut level, mut started, mut since) = (0, 0.0, 0.0, false, 0);
    let (mut sum, mut ticks, mut gaps, mut concealed, mut conceals) = (0.0, 0_u32, 0, 0.0, false);
    let mut now = 0.0;
    while come < trace.len() {
        while trace.get(come).is_some_and(|arrival| *arrival <= now) {
            let late = trace[come] - (come + 1) as f64 * traces::CHUNK;
            recent.push_back((now, late));
            while recent.front().is_some_and(|(at, _)| now - at > 2.0) {
                recent.pop_front();
            }
            let least = recent.iter().map(|(_, late)| *late).fold(f64::INFINITY, f64::min);
            worst = worst.max(late - least);
            if now - interval >= 0.5 {
                histogram.iter_mut().for_each(|share| *share *= 0.983);
                histogram[((worst / 0.020) as usize).min(99)] += 1.0 - 0.983;
                let (all, mut part) = (histogram.iter().sum::<f64>(), 0.0);
                let bucket = histogram.iter().position(|share| {
                    part += share;
                    part >= 0.95 * all
                });
                target = (bucket.unwrap_or(0) + 1) as f64 * 0.020;
                (interval, worst) = (now, 0.0);
            }
            come += 1;
        }
        now += TICK;
        let held = come as f64 * traces::CHUNK - place;
        level += (held - level) * 0.1;
        started |= held >= 0.020;
        if !started {
            continue;
        }
        since += 1;
        if held < TICK {
            gaps += u32::from(!conceals);
            (conceals, concealed) = (true, concealed + TICK);
            continue;
        }
        conceals = false;
        place += TICK;
        let low = (0.75 * target).max(target - 0.085);
        let high = target.max(low + 0.020);
        if since >= 5 && level >= high && held > 0.030 {
            (place, since, level) = (place + 0.007, 0, level - 0.007);
        } else if since >= 5 && level < low && held > 0.010 {
            (place, since, level) = (place - 0.007, 0, level + 0.007);
        }
        sum += now - place - reference;
        ticks += 1;
    }
    (sum / f64::from(ticks), gaps, concealed)
}

/// A buffer of fixed length on a trace: mean delay in the same terms, seconds, gaps, and silence, seconds.
fn naive(trace: &traces::Trace, fixed: f64) -> (f64, u32, f64) {
    let fastest = fastest(trace);
    // It starts with `fixed` buffered, and becomes longer with each gap.
    let first = (fixed / traces::CHUNK).ceil().max(1.0) as usize - 1;
    let mut start = trace[first];
    let (mut sum, mut gaps, mut silence) = (0.0, 0, 0.0);
    for (n, arrival) in trace.iter().enumerate() {
        let due = start + n as f64 * traces::CHUNK;
        if *arrival > due {
            start += arrival - due;
            silence += arrival - due;
            gaps += 1;
        }
        sum += start - fastest;
    }
    (sum / trace.len() as f64, gaps, silence)
}

#[test]
#[ignore = "prints a table"]
fn delay_and_gaps_beside_a_fixed_buffer() {
    // A rate at which many traces are short.
    let rate = SampleRate::new(8_000).expect("a rate");
    let limits = Thresholds::new(0.04, 0.01, 0.04, 3.0).expect("in order");
    type Way = fn(u64) -> traces::Trace;
    let ways: [(&str, Way); 3] = [
        ("steady", |seed| traces::steady(SECONDS, 0.0, seed)),
        ("wifi", |seed| traces::wifi(SECONDS, seed)),
        ("mobile", |seed| traces::mobile(SECONDS, seed)),
    ];
    println!(
        "{:>8} {:>16} {:>12} {:>10} {:>14}",
        "way", "buffer", "delay, ms", "gaps", "silence, ms"
    );
    for (name, make) in ways {
        let traces: Vec<traces::Trace> = (1..=TRACES).map(make).collect();
        for fixed in [0.02, 0.04, 0.06, 0.1, 0.2, 0.3, 0.5, 1.0] {
            let all: Vec<(f64, u32, f64)> = traces.iter().map(|trace| naive(trace, fixed)).collect();
            let mean = |figure: &dyn Fn(&(f64, u32, f64)) -> f64| all.iter().map(figure).sum::<f64>() / TRACES as f64;
            println!(
                "{name:>8} {:>13} ms {:>12.1} {:>10.1} {:>14.1}",
                fixed * 1e3,
                mean(&|one| one.0 * 1e3),
                mean(&|one| f64::from(one.1)),
                mean(&|one| one.2 * 1e3)
            );
        }
        let all: Vec<(f64, u32, f64)> = traces.iter().map(neteq).collect();
        let mean = |figure: &dyn Fn(&(f64, u32, f64)) -> f64| all.iter().map(figure).sum::<f64>() / TRACES as f64;
        println!(
            "{name:>8} model of NetEQ   {:>12.1} {:>10.1} {:>14.1}",
            mean(&|one| one.0 * 1e3),
            mean(&|one| f64::from(one.1)),
            mean(&|one| one.2 * 1e3)
        );
        for (material, sound) in [("tone", &tone as &dyn Fn(usize) -> Frame), ("noise", &hiss)] {
            let all: Vec<Replay> = traces
                .iter()
                .map(|trace| {
                    let sender = Sender {
                        rate,
                        trace,
                        sound,
                        keep: false,
                    };
                    replay(session(rate, limits, Pace::Live), &sender)
                })
                .collect();
            let mean = |figure: &dyn Fn(&Replay) -> f64| all.iter().map(figure).sum::<f64>() / TRACES as f64;
            println!(
                "{name:>8} adaptive, {material:>6} {:>12.1} {:>10.1} {:>14.1}",
                mean(&|one| one.delay * 1e3),
                mean(&|one| one.session.metrics().underruns as f64),
                mean(&|one| one.session.metrics().frames_missing as f64 / 8.0)
            );
        }
    }
}

fn tone(n: usize) -> Frame {
    let phase = std::f64::consts::TAU * 440.0 * n as f64 / 8_000.0;
    [(0.5 * phase.sin()) as f32; 2]
}

/// Noise that is the same each time: nothing in it can be cut.
fn hiss(n: usize) -> Frame {
    let mut dice = super::Dice::new(n as u64 * 0x9e37_79b9);
    dice.noise();
    [0.3 * dice.noise(); 2]
}
