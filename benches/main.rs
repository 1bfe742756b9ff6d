//! What the desk costs and how long it takes. Prints tables; compares nothing with a limit, but fails when `clocks` hears
//! a break that is the desk's.
//!
//! `engine`, `strips`, `stages` and `worst` need nothing; `mix` starts the built desk and other mixers, as far as they
//! are there, and so does `air` with those that broadcast and `streams` with those that play; `listeners` the built desk and a crowd; `air`, `targets`, `desk`, `window` and
//! `clocks` start real servers, the built programs and a display.

mod air;
mod clocks;
mod engine;
mod latency;
mod listeners;
mod mix;
mod show;
mod stages;
mod streams;
mod strips;
mod whole;
mod worst;

use std::process::ExitCode;

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if let Some((mix::cost::WORD, program)) = asked.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        return mix::cost::weigh(program);
    }
    let all = asked.is_empty();
    let wants = |name: &str| all || asked.iter().any(|asked| asked == name);
    if wants("engine") {
        engine::load();
        latency::added();
    }
    if wants("strips") {
        strips::cost();
    }
    if wants("stages") {
        stages::cost();
    }
    let given = |name: &str| asked.iter().find_map(|asked| asked.strip_prefix(name));
    // Minutes for each program: only when they are asked for, with the seconds that each is watched.
    if let Some(watch) = given("air=").and_then(|watch| watch.parse().ok()) {
        air::compare(watch, given("beside="));
    }
    if let Some(watch) = given("targets=").and_then(|watch| watch.parse().ok()) {
        air::further(watch);
    }
    // Twenty minutes: only when they are asked for.
    if asked.iter().any(|asked| asked == "worst") {
        worst::blocks();
    }
    if wants("mix") {
        mix::compare();
    }
    if wants("desk") {
        whole::headless();
    }
    // Ten minutes: only when they are asked for, with how often each player is started.
    if let Some(runs) = given("streams=").and_then(|runs| runs.parse().ok()) {
        streams::heard(runs);
    }
    if wants("listeners") {
        listeners::cost();
    }
    if wants("window") {
        whole::window();
        whole::window_at_work();
    }
    if wants("clocks") && !clocks::followed() {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The middle of some figures.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
