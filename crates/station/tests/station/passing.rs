//! Time that passes for simulated cards as it does for the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use airdesk_devices::simulated::SimulatedCards;

/// Lets time pass until it is dropped.
pub(crate) struct Passing {
    ended: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Passing {
    pub(crate) fn for_cards(cards: &SimulatedCards) -> Self {
        let (cards, ended) = (cards.clone(), Arc::new(AtomicBool::new(false)));
        let end = ended.clone();
        let thread = thread::spawn(move || {
            let (began, mut seconds) = (Instant::now(), 0.0);
            while !end.load(Ordering::Relaxed) {
                let now = began.elapsed().as_secs_f64();
                cards.advance(now - seconds);
                seconds = now;
                thread::sleep(Duration::from_millis(2));
            }
        });
        Self {
            ended,
            thread: Some(thread),
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A card that panicked has failed the test already.
            let _ = thread.join();
        }
    }
}
