//! The last seconds of what the mounts play, kept while nobody listens: what the first listener is given at once.
//!
//! Nothing is encoded for it. The blocks are in the bus's queue anyway; a thread lets a reader stay behind there.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use airdesk_dsp::{BLOCK_FRAMES, SampleRate};
use airdesk_engine::mix_queue::{MixBlock, MixReader, MixTap, Read};

/// How often the reader moves on.
const ROUND: Duration = Duration::from_millis(250);
/// The most that is kept: a bus's queue holds more, but not much.
const KEPT_MAX: Duration = Duration::from_secs(4);

/// A reader that stays behind. Dropped, it does no more.
pub(super) struct Trail {
    reader: Arc<Mutex<MixReader>>,
    _stop: Sender<()>,
}

impl Trail {
    /// Stays `burst` behind this bus, at `rate` Hz, or as far as its queue allows. Without a thread it stays where it is
    /// until it is lapped, and then gives what is played now.
    pub(super) fn behind(tap: &MixTap, burst: Duration, rate: SampleRate) -> Self {
        let reader = Arc::new(Mutex::new(tap.reader()));
        let (stop, stopped) = mpsc::channel::<()>();
        let blocks = burst.min(KEPT_MAX).as_secs_f64() * f64::from(rate.hz()) / BLOCK_FRAMES as f64;
        let (kept, moved) = (blocks as u64, reader.clone());
        let spawned = thread::Builder::new().name("mounts' trail".into()).spawn(move || {
            while stopped.recv_timeout(ROUND) == Err(RecvTimeoutError::Timeout) {
                move_on(&mut lock(&moved), kept);
            }
        });
        if let Err(error) = spawned {
            tracing::debug!(%error, "the first listener of a mount is given nothing at once");
        }
        Self { reader, _stop: stop }
    }

    /// A reader from that place on.
    pub(super) fn reader(&self) -> MixReader {
        lock(&self.reader).clone()
    }
}

/// Leaves out what is older than so many blocks.
fn move_on(reader: &mut MixReader, kept: u64) {
    let mut block = MixBlock::default();
    while reader.waiting() > kept {
        if reader.read(&mut block) == Read::Empty {
            return;
        }
    }
}

fn lock(reader: &Mutex<MixReader>) -> MutexGuard<'_, MixReader> {
    // A reader is whole after each block.
    reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::SILENCE;
    use airdesk_engine::mix_queue::mix_queue;
    use airdesk_engine::time::Nanos;

    use super::*;

    #[test]
    fn what_is_older_than_it_keeps_is_left_out_and_a_clone_begins_there() {
        let (mut writer, tap) = mix_queue(1_024);
        let mut reader = tap.reader();
        for n in 0..400 {
            writer.publish(&SILENCE, Nanos(n));
        }
        move_on(&mut reader, 100);
        let mut first = reader.clone();
        let mut block = MixBlock::default();
        assert_eq!((first.read(&mut block), block.sequence), (Read::Block, 301));
        assert_eq!((reader.waiting(), reader.blocks_lost()), (100, 0), "the other stays");
    }
}
