//! What the desk costs and how long it takes. Prints tables; compares nothing with a limit.
//!
//! `engine` needs nothing; `desk` and `window` start real servers, the built programs and a display.

mod engine;
mod latency;
mod whole;

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let all = asked.is_empty();
    let wants = |name: &str| all || asked.iter().any(|asked| asked == name);
    if wants("engine") {
        engine::load();
        latency::added();
    }
    if wants("desk") {
        whole::headless();
    }
    if wants("window") {
        whole::window();
        whole::window_at_work();
    }
}

/// The middle of some figures.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
