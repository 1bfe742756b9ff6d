//! How much audio may wait before who sends it has to. Any thread.
//!
//! What waits for a strip is bounded: a program is read from as long as there is room, and its last message may go beyond it.
//! So is what is large, for the whole daemon, because one message may be as long as a clip.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Notify, OwnedSemaphorePermit};

/// What may wait for a strip that sounds, bytes: 87 s of speech as programs usually send it.
const WAITING_MOST: usize = 4 * 1024 * 1024;
/// The same for one that is paused, because who paused it may want to say something after what it has sent: 23 minutes.
const PAUSED_MOST: usize = 64 * 1024 * 1024;

/// The audio that waits for one strip.
#[derive(Debug, Default)]
pub(super) struct Room {
    waits: AtomicUsize,
    paused: AtomicBool,
    freed: Notify,
}

/// Audio that waits. Its room is given back when it is dropped.
#[derive(Debug, Default)]
pub(super) struct Kept {
    room: Option<Arc<Room>>,
    bytes: usize,
    /// Of what is large, for the whole daemon.
    _large: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Waits until another message may be kept.
    pub(super) async fn free(&self) {
        loop {
            let freed = self.freed.notified();
            if self.is_free() {
                return;
            }
            freed.await;
        }
    }

    fn is_free(&self) -> bool {
        // Relaxed: a bound that one message may go beyond anyway.
        let most = if self.paused.load(Ordering::Relaxed) {
            PAUSED_MOST
        } else {
            WAITING_MOST
        };
        self.waits.load(Ordering::Relaxed) < most
    }

    /// The strip is paused, or is not.
    pub(super) fn set_paused(&self, paused: bool) {
        // Relaxed: see `is_free`.
        self.paused.store(paused, Ordering::Relaxed);
        self.freed.notify_waiters();
    }

    /// Keeps so many bytes.
    pub(super) fn keep(self: &Arc<Self>, bytes: usize, large: Option<OwnedSemaphorePermit>) -> Kept {
        // Relaxed: see `is_free`.
        self.waits.fetch_add(bytes, Ordering::Relaxed);
        Kept {
            room: Some(self.clone()),
            bytes,
            _large: large,
        }
    }
}

impl Kept {
    /// So many of them wait no more.
    pub(super) fn used(&mut self, bytes: usize) {
        let used = bytes.min(self.bytes);
        self.bytes -= used;
        if let Some(room) = &self.room {
            // Relaxed: see `Room::is_free`.
            room.waits.fetch_sub(used, Ordering::Relaxed);
            room.freed.notify_waiters();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.used(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn is_free(room: &Room) -> bool {
        timeout(Duration::ZERO, room.free()).await.is_ok()
    }

    #[tokio::test]
    async fn a_full_room_is_free_again_when_some_of_it_was_used_or_while_it_is_paused() {
        let room = Arc::new(Room::default());
        let mut kept = room.keep(WAITING_MOST, None);
        assert!(!is_free(&room).await);
        room.set_paused(true);
        assert!(is_free(&room).await);
        let more = room.keep(PAUSED_MOST - WAITING_MOST, None);
        assert!(!is_free(&room).await);
        room.set_paused(false);
        drop(more);
        let waits = room.free();
        tokio::pin!(waits);
        assert!(timeout(Duration::ZERO, waits.as_mut()).await.is_err());
        kept.used(1);
        waits.await;
        drop(kept);
        assert_eq!(room.waits.load(Ordering::Relaxed), 0);
    }
}
