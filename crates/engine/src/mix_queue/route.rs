//! A bus whose blocks come from one queue after another, as what is aired does: from the programme itself, or from the queue
//! of a delay, or from the programme of an engine that was started anew. Its readers notice nothing: their count goes on.
//!
//! The owner says well before a seam where it is, so that every reader finds it in time. A reader that sleeps meanwhile reads
//! the queue before it to its end; that queue's memory is given back when the last one has.
//!
//! Not for a sound device's callbacks: those read a bus.
#![expect(
    clippy::disallowed_types,
    reason = "locked by who joins a route or leaves a leg, never by the engine's thread"
)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::{MixReader, MixTap, Origin, Published, Queue, Ring};

/// One queue's part of a route.
pub(super) struct Leg {
    /// The ring from where readers join it. Locked for as long as it takes to copy a place in it.
    ring: Mutex<Ring>,
    published: Arc<Published>,
    half: u64,
    /// What a block has here is its queue's number and this.
    shift: i64,
    /// The first block that the next leg gives; the last of all numbers while there is none.
    end: AtomicU64,
    next: OnceLock<Arc<Leg>>,
}

impl Leg {
    fn new(queue: Queue, shift: i64) -> Arc<Self> {
        Arc::new(Self {
            ring: Mutex::new(queue.newest()),
            published: queue.published,
            half: queue.half,
            shift,
            end: AtomicU64::new(u64::MAX),
            next: OnceLock::new(),
        })
    }

    fn published(&self) -> u64 {
        self.published.count().saturating_add_signed(self.shift)
    }

    /// The ring from where readers join it.
    fn ring(&self) -> Ring {
        // Copying cannot panic.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The leg after this one, for who has come to `next`.
    fn after(&self, next: u64) -> Option<&Arc<Leg>> {
        // Acquire: whoever sees the end sees what comes after it.
        (next >= self.end.load(Ordering::Acquire))
            .then(|| self.next.get())
            .flatten()
    }

    /// Blocks of the route published so far, for who reads here or later.
    pub(super) fn published_from_here(&self) -> u64 {
        let mut leg = self;
        while let Some(after) = leg.after(leg.published() + 1) {
            leg = after;
        }
        leg.published()
    }
}

/// What all taps of a route share.
pub(super) struct Course(Mutex<Arc<Leg>>);

impl Course {
    /// The leg that gives the next block.
    fn now(&self) -> MutexGuard<'_, Arc<Leg>> {
        // Nothing that could panic is done under this lock.
        let mut leg = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(after) = leg.after(leg.published() + 1).cloned() {
            *leg = after;
        }
        leg
    }

    pub(super) fn reader(&self) -> MixReader {
        let leg = self.now().clone();
        let next = leg.published() + 1;
        let mut ring = leg.ring();
        if leg.published.count() > 0 {
            ring.skip_ahead();
        }
        MixReader {
            ring,
            published: leg.published.clone(),
            half: leg.half,
            next,
            gone: 0,
            blocks_lost: 0,
            leg: Some(leg),
        }
    }

    pub(super) fn published(&self) -> u64 {
        self.now().published()
    }
}

/// The owner's end of a route.
pub struct MixRoute(Arc<Course>);

impl MixRoute {
    /// A route that is `bus` for now, with the same numbers.
    ///
    /// # Panics
    /// If `bus` is a route itself.
    pub fn along(bus: &MixTap) -> Self {
        Self(Arc::new(Course(Mutex::new(Leg::new(queue_of(bus), 0)))))
    }

    /// Follow it as a bus. Stays the same whatever the route does.
    pub fn tap(&self) -> MixTap {
        MixTap(Origin::Route(self.0.clone()))
    }

    /// Blocks published so far.
    pub fn published(&self) -> u64 {
        self.0.published()
    }

    /// From `first` on the blocks are those of `bus`, where that one is called `sequence`. Who has read on beyond `first` by
    /// then goes on there from where it is. Say it once before each seam, and not before the one before has been passed.
    /// Allocates.
    ///
    /// # Panics
    /// If `bus` is a route itself.
    pub fn go_on(&self, bus: &MixTap, first: u64, sequence: u64) {
        let leg = self.last();
        let shift = first as i64 - sequence as i64;
        // The route's owner is the only one who adds a leg.
        let _ = leg.next.set(Leg::new(queue_of(bus), shift));
        // Release: whoever sees the end sees the next leg.
        leg.end.store(first, Ordering::Release);
    }

    /// What is read now has ended before its time, as that of an engine that broke: what comes after it begins at once. Returns
    /// the first block of that.
    pub fn cut_short(&self) -> u64 {
        let leg = self.0.now();
        let first = leg.published() + 1;
        if leg.next.get().is_some() {
            // Release: as in `go_on`.
            leg.end.store(first, Ordering::Release);
        }
        first
    }

    fn last(&self) -> Arc<Leg> {
        let mut leg = self.0.now().clone();
        while let Some(next) = leg.next.get() {
            leg = next.clone();
        }
        leg
    }
}

fn queue_of(bus: &MixTap) -> Queue {
    match &bus.0 {
        Origin::Queue(queue) => queue.clone(),
        Origin::Route(_) => panic!("a route leads along buses, not along routes"),
    }
}

impl MixReader {
    /// The number on this reader's route of a block of the queue that it reads.
    pub(super) fn numbered(&self, sequence: u64) -> u64 {
        self.leg
            .as_ref()
            .map_or(sequence, |leg| sequence.saturating_add_signed(leg.shift))
    }

    /// Changes to the next leg where this one has ended.
    pub(super) fn go_on(&mut self) {
        while let Some(after) = self.leg.as_ref().and_then(|leg| leg.after(self.next)).cloned() {
            self.ring = after.ring();
            self.published = after.published.clone();
            self.half = after.half;
            self.leg = Some(after);
        }
    }

    /// Who skipped ahead beyond the end of a leg has lost the rest of it, and goes on with the next one.
    pub(super) fn has_gone_too_far(&mut self, sequence: u64) -> bool {
        let Some(leg) = &self.leg else { return false };
        // Acquire: whoever sees the end sees what comes after it.
        let end = leg.end.load(Ordering::Acquire);
        if sequence < end {
            return false;
        }
        if self.next < end {
            self.gone += end - self.next;
            self.next = end;
        }
        true
    }
}

#[cfg(test)]
mod tests;
