//! What one network source holds: measured by an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use airdesk_dsp::SampleRate;
use airdesk_sources::stream::format::{Encoding, Format};
use airdesk_sources::stream::jitter::Pace;
use airdesk_sources::stream::machine::Thresholds;
use airdesk_sources::stream::session::{Session, Setup};

/// Counts what is allocated, and the most there was.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all work is the system's; only sums are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Relaxed: one thread's sums are looked at by itself.
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// One test: others would be counted with it.
#[test]
fn a_source_holds_less_than_ten_megabytes_whatever_it_is_sent() {
    const BYTES: usize = 48_000;
    let bytes = vec![0x3c; BYTES];
    for (rate, seconds, pace) in [
        (48_000, 20.0, Pace::Ahead),
        (48_000, 20.0, Pace::Live),
        (96_000, 10.0, Pace::Live),
        (48_000, 2.0, Pace::Ahead),
    ] {
        let before = HELD.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let setup = Setup {
            rate: SampleRate::new(rate).expect("a rate"),
            thresholds: Thresholds::new(0.5, 0.1, 0.5, seconds).expect("in order"),
            pace,
        };
        let mut session = Session::new(&setup).expect("not too long");
        let mut out = [[0.0; 2]; 64];
        let mut now = 0.0;
        for rates in [24_000, 192_000, 44_100, 8_000, 96_000, 48_000, 22_050] {
            // As much as it takes, at every rate, 4 times as fast as it is heard.
            session.declare(Format::new(Encoding::F32, 2, rates).expect("a format"));
            session.start(now);
            for _ in 0..(10 * rate as usize / 64) {
                session.push_bytes(
                    now,
                    &bytes[..BYTES.min(64 * 4 * 8 * rates as usize / rate as usize / 8 * 8)],
                );
                session.pull(now, &mut out);
                now += 64.0 / f64::from(rate);
            }
        }
        let most = MOST.load(Ordering::Relaxed) - before;
        let expected = (seconds * f64::from(rate)) as usize * 8;
        println!("{rate} Hz, {seconds} s, {pace:?}: {:.2} MB", most as f64 / 1e6);
        assert!(
            most < 10_000_000 && most < expected + 1_500_000,
            "{most} bytes of {expected}"
        );
    }
}
