//! The thread of a meter: it follows a bus and hands each block to a gauge.
//!
//! Not real-time: the gauge is behind a lock that is held for a fraction of a millisecond, so that whoever
//! reads gets the newest value and a reset is done when it returns.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use airdesk_dsp::Block;
use airdesk_engine::mix_queue::MixTap;

use super::StartError;
use crate::follower::Follower;

/// How often the thread looks at the bus: what it measures is told ten times a second.
const ROUND: Duration = Duration::from_millis(50);
/// Blocks measured under one lock.
const BLOCKS_PER_LOCK: usize = 16;
/// A bus that has published nothing for so long has no level.
const SILENT_AFTER: Duration = Duration::from_millis(500);

/// What is done with a bus.
pub(super) trait Gauge: Send + 'static {
    /// Listens to one block.
    fn measure(&mut self, block: &Block);

    /// Blocks are missing before the next one.
    fn lose(&mut self, blocks: u64);

    /// What comes next is another signal.
    fn join(&mut self);
}

/// A gauge on a thread of its own. Ends when dropped.
pub(super) struct Worker<G> {
    shared: Arc<Shared<G>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared<G> {
    stop: AtomicBool,
    place: Mutex<Place<G>>,
}

struct Place<G> {
    gauge: G,
    follower: Follower,
    heard: Option<Instant>,
}

impl<G: Gauge> Worker<G> {
    /// Measures what the bus publishes from now on.
    pub(super) fn start(name: &str, tap: &MixTap, gauge: G) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            place: Mutex::new(Place {
                gauge,
                follower: Follower::new(tap.reader()),
                heard: None,
            }),
        });
        let followed = shared.clone();
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || followed.follow())
            .map_err(StartError::Thread)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Looks at the gauge or changes it; the flag says whether the bus is publishing.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut G, bool) -> T) -> T {
        let mut place = self.shared.place();
        let alive = place.heard.is_some_and(|heard| heard.elapsed() < SILENT_AFTER);
        look(&mut place.gauge, alive)
    }

    /// Goes on with what another bus publishes from now on.
    pub(super) fn follow(&self, tap: &MixTap) {
        let mut place = self.shared.place();
        place.follower = Follower::new(tap.reader());
        place.heard = None;
        place.gauge.join();
    }
}

impl<G> Drop for Worker<G> {
    fn drop(&mut self) {
        // Relaxed: a wish, it orders nothing.
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("a meter has ended by itself before it was stopped");
            }
        }
    }
}

impl<G: Gauge> Shared<G> {
    fn follow(&self) {
        // Relaxed: a wish, it orders nothing.
        while !self.stop.load(Ordering::Relaxed) {
            if !self.measure_some() {
                thread::park_timeout(ROUND);
            }
        }
    }

    /// Measures what is there, up to a few blocks; says whether there may be more.
    fn measure_some(&self) -> bool {
        let mut place = self.place();
        let Place { gauge, follower, heard } = &mut *place;
        for _ in 0..BLOCKS_PER_LOCK {
            let Some((block, lost)) = follower.next() else {
                return false;
            };
            if lost > 0 {
                gauge.lose(lost);
            }
            gauge.measure(&block.frames);
            *heard = Some(Instant::now());
        }
        true
    }
}

impl<G> Shared<G> {
    fn place(&self) -> MutexGuard<'_, Place<G>> {
        // A panic in the gauge ends its thread; nothing is heard from then on, and that is what the readings say.
        self.place.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
