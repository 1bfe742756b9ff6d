//! Measurements in real time, and whether the machine kept real time meanwhile.
//!
//! A virtual machine is stopped now and then as a whole, 12 ms at a time when its guests want more than
//! their share. Nothing inside can play through that, and a measurement then says nothing about the desk. A
//! watcher of the highest priority on each processor tells such a stop from a fault of ours.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a watcher looks.
const LOOK: Duration = Duration::from_millis(1);
/// Stops longer than this, microseconds, are longer than any desk here has time to spare.
const STOPPED_MICROS: u64 = 5000;
/// How often a measurement is tried.
const TRIES: u32 = 3;

/// Watches every processor until it is dropped.
struct Watch {
    stop: Arc<AtomicBool>,
    /// The longest stop, microseconds.
    longest: Arc<AtomicU64>,
    watchers: Vec<JoinHandle<()>>,
}

/// Runs a test that listens in real time. When it fails and the machine was stopped meanwhile, it says so and
/// runs it again, twice at most; a failure on a machine that kept real time counts at once.
pub fn measure(test: impl Fn()) {
    for attempt in 1.. {
        let watch = Watch::begin();
        let result = catch_unwind(AssertUnwindSafe(&test));
        let longest = watch.end();
        let Err(panic) = result else { return };
        if longest < STOPPED_MICROS || attempt == TRIES {
            eprintln!("the machine was stopped for {longest} us at most: the failure counts");
            resume_unwind(panic);
        }
        eprintln!("the machine was stopped for {longest} us: measured again");
    }
}

impl Watch {
    fn begin() -> Self {
        let (stop, longest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let watchers = (0..processors)
            .map(|processor| {
                let (stop, longest) = (stop.clone(), longest.clone());
                std::thread::spawn(move || watch(processor, &stop, &longest))
            })
            .collect();
        Self {
            stop,
            longest,
            watchers,
        }
    }

    /// The longest stop, microseconds.
    fn end(self) -> u64 {
        // Relaxed, here and below: a flag and a maximum that order nothing else.
        self.stop.store(true, Ordering::Relaxed);
        for watcher in self.watchers {
            // A watcher has nothing to panic about.
            let _ = watcher.join();
        }
        self.longest.load(Ordering::Relaxed)
    }
}

fn watch(processor: usize, stop: &AtomicBool, longest: &AtomicU64) {
    step_before_all(processor);
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        due += LOOK;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let now = Instant::now();
        let late = now.saturating_duration_since(due);
        longest.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
        due = due.max(now);
    }
}

/// Real-time priority above every sound server's, on one processor. Where that is not permitted the watcher
/// sees the machine as any program does.
#[cfg(target_os = "linux")]
fn step_before_all(processor: usize) {
    // SAFETY: plain system calls about the calling thread; the set is a plain bit field, empty when zeroed.
    unsafe {
        let mut processors: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut processors);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &processors);
        let parameters = libc::sched_param { sched_priority: 98 };
        libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameters);
    }
}

#[cfg(not(target_os = "linux"))]
fn step_before_all(_processor: usize) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn what_succeeds_runs_once() {
        let runs = Cell::new(0);
        measure(|| runs.set(runs.get() + 1));
        assert_eq!(runs.get(), 1);
    }

    #[test]
    fn a_failure_is_never_hidden() {
        let runs = Cell::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            measure(|| {
                runs.set(runs.get() + 1);
                panic!("always");
            });
        }));
        assert!(result.is_err() && (1..=TRIES).contains(&runs.get()));
    }
}
