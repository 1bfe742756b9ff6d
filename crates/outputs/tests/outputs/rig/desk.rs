//! A bus that publishes in real time, as the engine would.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use airdesk_dsp::{BLOCK_FRAMES, Block, Frame, SILENCE};
use airdesk_engine::mix_queue::{MixTap, mix_queue};
use airdesk_engine::time::Nanos;

/// Blocks of the queue: two seconds of leeway on a machine that builds meanwhile.
const QUEUE: usize = 4096;

/// The desk. Stops when dropped.
pub(crate) struct Desk {
    pub(crate) tap: MixTap,
    published: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    /// Publishes what `signal` says about each frame, at 48 kHz.
    pub(crate) fn play(signal: impl FnMut(u64) -> Frame + Send + 'static) -> Self {
        Self::play_at(48_000, signal, |_| {})
    }

    /// Publishes at `rate` Hz, and tells `after` how many frames there are after each block.
    pub(crate) fn play_at(
        rate: u32,
        mut signal: impl FnMut(u64) -> Frame + Send + 'static,
        mut after: impl FnMut(u64) + Send + 'static,
    ) -> Self {
        let (mut writer, tap) = mix_queue(QUEUE);
        let (published, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, asked) = (published.clone(), stop.clone());
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut frames = 0_u64;
            while !asked.load(Ordering::Relaxed) {
                let due = (began.elapsed().as_secs_f64() * f64::from(rate)) as u64;
                while frames < due {
                    let block: Block = std::array::from_fn(|n| signal(frames + n as u64));
                    writer.publish(&block, Nanos(0));
                    frames += BLOCK_FRAMES as u64;
                    counted.store(frames, Ordering::Release);
                    after(frames);
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        Self {
            tap,
            published,
            stop,
            thread: Some(thread),
        }
    }

    /// A sine in the left channel, silence in the right.
    pub(crate) fn tone(hz: f64, amplitude: f32) -> Self {
        Self::play(move |frame| [sine(frame, hz, 48_000) * amplitude, 0.0])
    }

    /// Each frame says which one it is.
    pub(crate) fn index() -> Self {
        Self::play(index_frame)
    }

    /// Frames published.
    pub(crate) fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// Publishes nothing more.
    pub(crate) fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the desk does not panic");
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Full scale of 24 bits.
const FULL: f32 = 8_388_608.0;

/// A frame whose left sample is its number modulo 2^24, and whose right is the number's complement.
pub(crate) fn index_frame(frame: u64) -> Frame {
    let left = (frame % (1 << 24)) as i32 - (1 << 23);
    [left as f32 / FULL, -1.0 - left as f32 / FULL]
}

/// The number that [`index_frame`] wrote into a 24-bit or float sample.
pub(crate) fn index_of(left: f32) -> u64 {
    (left * FULL + FULL) as u64
}

/// One sample of a sine.
pub(crate) fn sine(frame: u64, hz: f64, rate: u32) -> f32 {
    (std::f64::consts::TAU * hz * frame as f64 / f64::from(rate)).sin() as f32
}

/// A queue of `blocks` index-coded blocks, published at once, and its tap from before.
pub(crate) fn burst(capacity: usize) -> (impl FnMut(u64), MixTap) {
    let (mut writer, tap) = mix_queue(capacity);
    let mut frames = 0;
    let publish = move |blocks: u64| {
        for _ in 0..blocks {
            let mut block = SILENCE;
            for (n, frame) in block.iter_mut().enumerate() {
                *frame = index_frame(frames + n as u64);
            }
            writer.publish(&block, Nanos(0));
            frames += BLOCK_FRAMES as u64;
        }
    };
    (publish, tap)
}
