use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

fn block(value: f32) -> Block {
    [[value; 2]; airdesk_dsp::BLOCK_FRAMES]
}

#[test]
fn a_reader_gets_what_is_published_after_it_joined_and_nothing_else() {
    let (mut writer, tap) = mix_queue(16);
    let mut found = MixBlock::default();
    let mut early = tap.reader();
    assert_eq!(early.read(&mut found), Read::Empty);
    for n in 1..=5 {
        writer.publish(&block(n as f32), Nanos(n));
    }
    for n in 1..=5 {
        assert_eq!(early.read(&mut found), Read::Block);
        assert_eq!((found.sequence, found.due, found.frames[0][0]), (n, Nanos(n), n as f32));
    }
    assert_eq!(early.read(&mut found), Read::Empty);
    let mut late = tap.reader();
    assert_eq!(late.read(&mut found), Read::Empty);
    writer.publish(&block(6.0), Nanos(6));
    assert_eq!(late.read(&mut found), Read::Block);
    assert_eq!(found.sequence, 6);
}

#[test]
fn every_block_is_either_read_or_counted_as_lost() {
    for backlog in 1..200_u64 {
        let (mut writer, tap) = mix_queue(16);
        let mut reader = tap.reader();
        for n in 0..backlog {
            writer.publish(&block(n as f32), Nanos(n));
        }
        let (mut found, mut read, mut lost) = (MixBlock::default(), 0, 0);
        loop {
            match reader.read(&mut found) {
                Read::Block => read += 1,
                Read::Lost(count) => (read, lost) = (read + 1, lost + count),
                Read::Empty => break,
            }
        }
        assert_eq!(read + lost, backlog);
        assert_eq!(lost, reader.blocks_lost());
        assert_eq!(found.sequence, backlog);
        assert!(backlog > 8 || lost == 0, "nothing is lost up to half a ring");
    }
}

#[test]
fn a_reader_that_slept_through_65536_laps_still_knows_what_it_lost() {
    // spmcq counts laps in 16 bits: exactly so many look like none.
    let (mut writer, tap) = mix_queue(16);
    let mut reader = tap.reader();
    let count = 16 * 65_536 + 1;
    for n in 0..count {
        writer.publish(&block(n as f32), Nanos(n));
    }
    assert_eq!(reader.read(&mut MixBlock::default()), Read::Lost(count - 1));
}

#[test]
fn blocks_arrive_whole_on_other_threads() {
    let (mut writer, tap) = mix_queue(16);
    let readers: Vec<_> = (0..2)
        .map(|_| {
            let mut reader = tap.reader();
            thread::spawn(move || {
                let (mut found, mut seen) = (MixBlock::default(), 0);
                while found.sequence < 3000 {
                    match reader.read(&mut found) {
                        Read::Empty => thread::yield_now(),
                        Read::Block => seen += 1,
                        Read::Lost(count) => seen += count + 1,
                    }
                    assert!(found.frames.as_flattened().iter().all(|x| *x == found.sequence as f32));
                }
                seen
            })
        })
        .collect();
    for n in 1..=3000 {
        writer.publish(&block(n as f32), Nanos(n));
    }
    for reader in readers {
        assert_eq!(reader.join().expect("a reader panicked"), 3000);
    }
}

/// The case that `spmcq` alone fails by seconds: everybody on one CPU, the writer with real-time
/// priority where the system grants it, readers that never rest.
#[cfg(target_os = "linux")]
#[test]
fn the_writer_never_waits_for_readers_on_its_own_cpu() {
    for poll in [None, Some(Duration::from_micros(20)), Some(Duration::from_micros(500))] {
        let (mut writer, tap) = mix_queue(1024);
        let stop = Arc::new(AtomicBool::new(false));
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (mut reader, stop) = (tap.reader(), stop.clone());
                thread::spawn(move || {
                    pin_to_cpu(0);
                    let mut found = MixBlock::default();
                    while !stop.load(Ordering::Relaxed) {
                        if reader.read(&mut found) == Read::Empty
                            && let Some(pause) = poll
                        {
                            thread::sleep(pause);
                        }
                    }
                })
            })
            .collect();
        let watch = Watch::begin();
        let writes = thread::spawn(move || {
            pin_to_cpu(0);
            // Above the sound servers of other tests, below the watcher.
            let real_time = prefer_this_thread(97);
            let mut writes = Vec::new();
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(2) {
                let (before, faults) = (thread_time(), page_faults());
                let begun = Instant::now();
                writer.publish(&block(1.0), Nanos(0));
                // With ordinary priority the scheduler may take the CPU away, which is no waiting of
                // ours: then the thread's own CPU time counts, in which a spin would show.
                let took = if real_time {
                    begun.elapsed()
                } else {
                    thread_time() - before
                };
                // A page that the kernel has to bring in first, as that of the code itself at the first write, waits for
                // whoever changes the map of the process: no waiting of ours.
                if page_faults() == faults {
                    writes.push((begun, took));
                }
                thread::sleep(Duration::from_micros(1333));
            }
            writes
        })
        .join()
        .expect("the writer panicked");
        stop.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().expect("a reader panicked");
        }
        // A write is a copy of half a kilobyte. A hypervisor may stop the whole machine inside one, or several times.
        let stops = watch.end();
        let waited = |(begun, took): &(Instant, Duration)| {
            let within = |(due, ran): &(Instant, Instant)| {
                let end = (*ran).min(*begun + *took);
                end.saturating_duration_since((*due).max(*begun))
            };
            took.saturating_sub(stops.iter().map(within).sum())
        };
        let mut waits: Vec<Duration> = writes.iter().map(waited).collect();
        waits.sort_unstable();
        let (usual, longest) = (waits[waits.len() * 99 / 100], waits[waits.len() - 1]);
        // A reader that was interrupted in the writer's slot goes on when the writer sleeps, or when the system takes
        // the CPU from it by force: that takes tens of milliseconds at least. The machine's own stops of less than the
        // watcher sees add up to less than one.
        assert!(
            usual <= Duration::from_micros(100) && longest <= Duration::from_millis(1),
            "99 of 100 writes took {usual:?} at most, the longest {longest:?}, with readers polling {poll:?}"
        );
        assert!(writes.len() > 500, "only {} writes in 2 s", writes.len());
    }
}

/// Looks from above everybody else on the same CPU whether the CPU runs at all. Whoever spins below is no stop to it.
#[cfg(target_os = "linux")]
struct Watch {
    end: Arc<AtomicBool>,
    watcher: thread::JoinHandle<Vec<(Instant, Instant)>>,
}

#[cfg(target_os = "linux")]
impl Watch {
    fn begin() -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let ended = end.clone();
        let watcher = thread::spawn(move || {
            pin_to_cpu(0);
            let mut stops = Vec::new();
            if !prefer_this_thread(98) {
                return stops; // from down here nobody can tell
            }
            let (mut due, mut last) = (Instant::now(), Instant::now());
            while !ended.load(Ordering::Relaxed) {
                due += Duration::from_micros(100);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let now = Instant::now();
                if now > due + Duration::from_micros(50) {
                    stops.push((last, now));
                }
                (due, last) = (due.max(now), now);
            }
            stops
        });
        Self { end, watcher }
    }

    /// When it last ran in time, and when it ran again.
    fn end(self) -> Vec<(Instant, Instant)> {
        self.end.store(true, Ordering::Relaxed);
        self.watcher.join().expect("the watcher panicked")
    }
}

#[cfg(target_os = "linux")]
fn pin_to_cpu(cpu: usize) {
    // SAFETY: a zeroed `cpu_set_t` is the empty set, and the call reads it only.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        libc::sched_setaffinity(0, size_of_val(&set), &set)
    };
    assert_eq!(result, 0, "CPU {cpu} is not ours");
}

#[cfg(target_os = "linux")]
fn prefer_this_thread(priority: i32) -> bool {
    let priority = libc::sched_param {
        sched_priority: priority,
    };
    // SAFETY: the structure outlives the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &priority) == 0 }
}

/// Page faults of this thread so far.
#[cfg(target_os = "linux")]
fn page_faults() -> i64 {
    // SAFETY: a zeroed `rusage` is a valid one, and ours to write.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
        usage.ru_minflt + usage.ru_majflt
    }
}

#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the structure is ours to write.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
