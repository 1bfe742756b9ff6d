//! Measurements in real time, and whether the machine kept real time meanwhile.
//!
//! A virtual machine is stopped now and then as a whole, 12 ms at a time when its guests want more than
//! their share. Nothing inside can play through that, and a measurement then says nothing about the desk. A
//! watcher of the highest priority on each processor tells such a stop from a fault of ours. Where that priority
//! is not permitted nobody can tell them apart, and every failure counts. So it does where no device sounds:
//! files, networks and an engine by itself can wait for a few milliseconds.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wait;

/// How often a watcher looks.
const LOOK: Duration = Duration::from_millis(1);
/// Lateness below this is a scheduler's own.
const SCHEDULED: Duration = Duration::from_micros(200);
/// Stops that last longer than this may be more than a desk has to spare, where several programs pass audio on: they can
/// explain a failure.
const HINDERED: Duration = Duration::from_millis(2);
/// Within so long they add up: each of those programs may be met by another one.
const TOGETHER: Duration = Duration::from_millis(10);
/// What is heard so long before a stop may be its doing: a recording's place in time is not known better.
const BEFORE: Duration = Duration::from_millis(500);
/// What is heard so long after a stop may be its doing: buffers run dry later, and then are filled anew.
const AFTER: Duration = Duration::from_secs(2);
/// What the desk tells so long after a stop may be its doing: at once, but it is asked four times a second only.
const TOLD_AFTER: Duration = Duration::from_secs(1);
/// How often a measurement is tried.
const TRIES: u32 = 3;

/// A time in which the machine ran nobody.
#[derive(Debug, Clone, Copy)]
struct Stop {
    begin: Instant,
    end: Instant,
    /// How much of this it ran nobody, in all.
    length: Duration,
}

/// Adds up the stops of one processor.
#[derive(Default)]
struct Account {
    late: VecDeque<(Instant, Duration)>,
}

/// Watches every processor until it is dropped.
pub struct Watch {
    end: Arc<AtomicBool>,
    stops: Arc<Mutex<Vec<Stop>>>,
    watchers: Vec<JoinHandle<()>>,
}

/// Runs a test that listens to a sound device in real time. When it fails and the machine was stopped meanwhile, it says so and
/// runs it again, twice at most; a failure on a machine that kept real time counts at once.
pub fn measure(test: impl Fn()) {
    for attempt in 1.. {
        let watch = Watch::begin();
        let result = catch_unwind(AssertUnwindSafe(&test));
        let longest = watch.longest();
        let Err(panic) = result else { return };
        if longest < HINDERED || attempt == TRIES {
            eprintln!("the machine was stopped for {longest:?} at most: the failure counts");
            resume_unwind(panic);
        }
        note(&format!("the machine was stopped for {longest:?}: measured again"));
    }
}

/// Listens and judges; once more, up to seven times, when that fails and the machine was stopped meanwhile: cheaper than to
/// begin a whole test anew. A failure on a machine that kept real time counts at once.
pub fn judge<T>(mut listen: impl FnMut() -> T, judge: impl Fn(T)) {
    for _ in 0..7 {
        let watch = Watch::begin();
        let heard = listen();
        let result = catch_unwind(AssertUnwindSafe(|| judge(heard)));
        let longest = watch.longest();
        let Err(panic) = result else { return };
        if longest < HINDERED {
            resume_unwind(panic);
        }
        note(&format!("the machine was stopped for {longest:?}: heard again"));
    }
    judge(listen());
}

/// Keeps what was excused, beside showing it: the runner of all tests counts it.
pub fn note(excuse: &str) {
    eprintln!("{excuse}");
    let file = crate::artifact("excused.txt");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let mut file = OpenOptions::new().append(true).create(true).open(file).expect("a file");
    writeln!(file, "{test}: {excuse}").expect("room on the disk");
}

impl Watch {
    /// Watches from now on.
    pub fn begin() -> Self {
        let (end, stops) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let watchers = (0..processors)
            .map(|processor| {
                let (end, stops) = (end.clone(), Arc::clone(&stops));
                std::thread::spawn(move || watch(processor, &end, &stops))
            })
            .collect();
        Self { end, stops, watchers }
    }

    /// Calls `look` four times a second until `length` has passed beside the times in which it says that something went
    /// wrong. Most stops do no harm: what is played through them counts.
    ///
    /// Panics when four times as much is over: nothing can be said about a desk on such a machine.
    pub fn keep_watching(&self, length: Duration, mut look: impl FnMut() -> bool) {
        let begun = Instant::now();
        let (mut wrong, mut looked) = (Vec::new(), begun);
        wait::until("the machine to keep real time", length * 4, || {
            std::thread::sleep(Duration::from_millis(250));
            let (begin, harmed) = (looked, look());
            looked = Instant::now();
            wrong.extend(harmed.then(|| Stop::between(begin, looked)));
            (kept(begun, looked, wrong.clone()) >= length).then_some(())
        });
    }

    /// What is left of the time between two moments beside the stops whose doing `heard` may be.
    pub fn judged(&self, begin: Instant, end: Instant, heard: &[Instant]) -> Duration {
        let mut stops = self.stops();
        stops.retain(|stop| heard.iter().any(|moment| stop.heard(*moment)));
        kept(begin, end, stops)
    }

    /// Takes the time from `begin` until now for a stop: a sound server has been late by itself.
    pub fn count_as_stop(&self, begin: Instant) {
        let stop = Stop::between(begin, Instant::now());
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).push(stop);
    }

    /// Whether what was heard at that moment may be the doing of a stop.
    pub fn may_be_a_stop(&self, moment: Instant) -> bool {
        self.stops().iter().any(|stop| stop.heard(moment))
    }

    /// Whether what the desk has just told may be the doing of a stop.
    pub fn explains_now(&self) -> bool {
        self.stops().iter().any(|stop| stop.end.elapsed() < TOLD_AFTER)
    }

    /// The last stop so far, in words.
    pub fn last_stop(&self) -> String {
        self.stops().last().map_or("no stop so far".into(), |stop| {
            format!("the last stop, of {:?}, was {:?} ago", stop.length, stop.end.elapsed())
        })
    }

    /// How many stops there were so far, on any processor.
    pub fn count(&self) -> usize {
        self.stops().len()
    }

    fn longest(&self) -> Duration {
        let longest = self.stops().iter().map(|stop| stop.length).max();
        longest.unwrap_or_default()
    }

    fn stops(&self) -> Vec<Stop> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Stop {
    fn between(begin: Instant, end: Instant) -> Self {
        Self {
            begin,
            end,
            length: end - begin,
        }
    }

    fn heard(&self, moment: Instant) -> bool {
        (self.begin - BEFORE..self.end + AFTER).contains(&moment)
    }
}

/// What of the time between two moments is left when that is taken out in which a stop can be heard.
fn kept(begin: Instant, end: Instant, mut stops: Vec<Stop>) -> Duration {
    stops.sort_by_key(|stop| stop.begin);
    let (mut from, mut kept) = (begin, Duration::ZERO);
    for stop in stops {
        kept += (stop.begin - BEFORE).saturating_duration_since(from);
        from = from.max(stop.end + AFTER);
    }
    kept + end.saturating_duration_since(from)
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed); // a flag that orders nothing else
        for watcher in self.watchers.drain(..) {
            // A watcher has nothing to panic about.
            let _ = watcher.join();
        }
    }
}

impl Account {
    /// A watcher that was to wake when it was `due` did so `now`. Returns the stop that this makes full.
    fn woke(&mut self, due: Instant, now: Instant) -> Option<Stop> {
        let late = now.saturating_duration_since(due);
        if late < SCHEDULED {
            return None;
        }
        self.late.push_back((due, late));
        self.late.retain(|(begin, late)| now - (*begin + *late) < TOGETHER);
        let length = self.late.iter().map(|(_, late)| *late).sum();
        let begin = self.late.front().map_or(due, |(begin, _)| *begin);
        (length > HINDERED).then(|| {
            self.late.clear();
            Stop {
                begin,
                end: now,
                length,
            }
        })
    }
}

fn watch(processor: usize, end: &AtomicBool, stops: &Mutex<Vec<Stop>>) {
    if !step_before_all(processor) {
        return;
    }
    let (mut due, mut account) = (Instant::now(), Account::default());
    while !end.load(Ordering::Relaxed) {
        due += LOOK;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let now = Instant::now();
        if let Some(stop) = account.woke(due, now) {
            stops.lock().unwrap_or_else(PoisonError::into_inner).push(stop);
        }
        due = due.max(now);
    }
}

/// Real-time priority above every sound server's, on one processor; false where that is not permitted.
#[cfg(target_os = "linux")]
fn step_before_all(processor: usize) -> bool {
    // SAFETY: plain system calls about the calling thread; the set is a plain bit field, empty when zeroed.
    unsafe {
        let mut processors: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut processors);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &processors);
        let parameters = libc::sched_param { sched_priority: 98 };
        libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameters) == 0
    }
}

#[cfg(not(target_os = "linux"))]
fn step_before_all(_processor: usize) -> bool {
    false
}

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
    fn what_is_heard_near_a_stop_does_not_count_and_all_else_does() {
        let begin = Instant::now() + Duration::from_secs(60);
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        let stop = |begin: f64, end: f64| Stop::between(at(begin), at(end));
        for (moment, heard) in [(9.4, false), (9.5, true), (12.0, true), (12.2, false)] {
            assert_eq!(stop(10.0, 10.1).heard(at(moment)), heard, "{moment} s");
        }
        // Two processors saw the second stop, and the last one is in the wake of it.
        let stops = vec![stop(20.0, 21.0), stop(10.0, 10.1), stop(20.0, 20.9), stop(21.5, 21.6)];
        let kept = kept(begin, at(30.0), stops).as_secs_f64();
        let expected = 9.5 + (19.5 - 12.1) + (30.0 - 23.6);
        assert!((kept - expected).abs() < 1e-6, "{kept} s");
    }

    #[test]
    fn short_stops_that_follow_each_other_add_up_and_others_do_not() {
        let begin = Instant::now();
        let at = |us: u64| begin + Duration::from_micros(us);
        let mut account = Account::default();
        let mut woke = |due, now| account.woke(at(due), at(now)).map(|stop| stop.length.as_micros());
        assert_eq!(woke(0, 2_100), Some(2_100));
        assert_eq!(woke(3_000, 4_200), None);
        assert_eq!(woke(6_000, 6_900), Some(2_100), "and nothing is counted twice");
        assert_eq!(
            (woke(8_000, 9_800), woke(20_000, 21_500)),
            (None, None),
            "too far from each other"
        );
        assert_eq!((woke(22_000, 22_100), woke(24_000, 24_600)), (None, Some(2_100)));
    }

    #[test]
    fn a_server_that_was_late_excuses_what_is_heard_then_and_nothing_else() {
        let watch = Watch {
            end: Arc::default(),
            stops: Arc::default(),
            watchers: Vec::new(),
        };
        let now = Instant::now();
        assert!(!watch.may_be_a_stop(now));
        watch.count_as_stop(now);
        assert!(watch.may_be_a_stop(now) && !watch.may_be_a_stop(now + AFTER * 2));
    }

    #[test]
    fn what_is_judged_right_is_heard_once_and_what_is_wrong_at_most_eight_times() {
        let heard = Cell::new(0);
        let listen = || heard.set(heard.get() + 1);
        super::judge(listen, |()| {});
        assert_eq!(heard.get(), 1);
        heard.set(0);
        let result = catch_unwind(AssertUnwindSafe(|| super::judge(listen, |()| panic!("always"))));
        assert!(result.is_err() && (1..=8).contains(&heard.get()), "{}", heard.get());
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
