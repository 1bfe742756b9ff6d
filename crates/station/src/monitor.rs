//! A bus as a host hears it live: block by block from its mix queue, with when each was due and what came too late.
//!
//! Reading never waits; the caller comes by often enough. A quarter of a second is kept for one that is late.

use airdesk_dsp::{Frame, SampleRate};
use airdesk_engine::mix_queue::{MixBlock, MixReader, MixTap, Read};
use airdesk_engine::time::Clock;

/// Blocks taken in one look at the most: 43 ms at 48 kHz.
const LOOK_MAX: usize = 32;

/// One listener's place on a bus.
pub struct BusMonitor {
    tap: MixTap,
    reader: MixReader,
    clock: Clock,
    rate: SampleRate,
    lost: u64,
    /// The first block behind a loss, which the next look begins with.
    held: Option<MixBlock>,
}

/// What was heard in one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// The number of the first frame on this bus, from 0.
    pub frame: u64,
    /// When the desk's clock said the first frame was due, nanoseconds of [`BusMonitor::now`].
    pub due: u64,
    /// Frames lost since the monitor began, those just before this look included.
    pub lost: u64,
}

impl BusMonitor {
    pub(crate) fn new(tap: &MixTap, clock: &Clock, rate: SampleRate) -> Self {
        Self {
            reader: tap.reader(),
            tap: tap.clone(),
            clock: clock.clone(),
            rate,
            lost: 0,
            held: None,
        }
    }

    /// Frames per second.
    pub fn rate(&self) -> u32 {
        self.rate.hz()
    }

    /// The desk's clock, nanoseconds.
    pub fn now(&self) -> u64 {
        self.clock.now().0
    }

    /// Whether another one hears the same: after the engine was started anew, a new one does not.
    pub fn is_same(&self, other: &Self) -> bool {
        self.tap.is_same_bus(&other.tap)
    }

    /// Takes what is there into `frames`, which is emptied first. Ends where frames were lost: the next look begins behind them.
    /// `None`: nothing new.
    pub fn look(&mut self, frames: &mut Vec<Frame>) -> Option<Heard> {
        frames.clear();
        let mut heard: Option<Heard> = None;
        for _ in 0..LOOK_MAX {
            let mut block = MixBlock::default();
            match self.held.take() {
                Some(held) => block = held,
                None => match self.reader.read(&mut block) {
                    Read::Empty => break,
                    Read::Lost(blocks) => {
                        self.lost += blocks * block.frames.len() as u64;
                        if heard.is_some() {
                            self.held = Some(block);
                            break;
                        }
                    }
                    Read::Block => {}
                },
            }
            heard.get_or_insert(Heard {
                frame: (block.sequence - 1) * block.frames.len() as u64,
                due: block.due.0,
                lost: self.lost,
            });
            frames.extend_from_slice(&block.frames);
        }
        heard
    }
}
