//! How a source that plays ahead of what is heard is started, paused and moved within a block.
//!
//! A deck or a stream keeps seconds of audio in its inlet, so that no slow disk is heard. What it is told must be heard
//! at once all the same: so it says by orders, beside the audio, what becomes of the frames that wait there. Frames are
//! counted from the first that was ever written. Both ends are wait-free.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::inlet::{InletWriter, inlet};
use crate::input::Staged;

/// Orders that can wait: the engine obeys all of them at each block, and nobody gives more in a block.
const ORDERS: usize = 64;

/// What the source asks of the engine's end. Obeyed at the beginning of the next block, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Play what waits. Where the sound was paused in its middle it fades in over a block, else it begins with its first
    /// frame as it is.
    Play,
    /// Fade out over a block and keep what waits.
    Pause,
    /// Pause as soon as all frames before this one were heard, without a fade: the sound ends there by itself.
    PauseAt(u64),
    /// Withdraw a [`Order::PauseAt`].
    PlayOn,
    /// Leave out what waits before this frame: while it plays, one block passes from the one to the other. What is
    /// behind must have been written already, or it is silent until it is.
    JumpTo(u64),
    /// As soon as all frames before `from` were heard, go on with `to`. Without a fade: what is behind is the same
    /// sound, made anew.
    Splice {
        /// The first frame that is left out.
        from: u64,
        /// The first that is heard again.
        to: u64,
    },
}

/// The orders could not be taken: the engine does not run.
#[derive(Debug, thiserror::Error)]
#[error("the engine does not take orders; it has stopped")]
pub struct EngineStands;

/// The source's end: its frames and its orders.
pub struct Transport {
    frames: InletWriter,
    orders: Producer<Order>,
    written: u64,
    heard: Arc<AtomicU64>,
}

/// Makes both ends of a ring that holds `capacity` frames at the desk's rate, `rate` Hz. It is paused.
pub fn transport(rate: f64, capacity: usize) -> (Transport, Staged) {
    let (frames, inlet) = inlet(rate, capacity);
    let (orders, obeyed) = RingBuffer::new(ORDERS);
    let heard = Arc::new(AtomicU64::new(0));
    let transport = Transport {
        frames,
        orders,
        written: 0,
        heard: heard.clone(),
    };
    (transport, Staged::new(inlet, obeyed, heard))
}

impl Transport {
    /// Appends frames; as many as [`Transport::room`] says fit.
    pub fn write(&mut self, frames: &[[f32; 2]]) {
        debug_assert!(frames.len() <= self.room(), "more than there is room for");
        self.frames.write(frames);
        self.written += frames.len() as u64;
    }

    /// Gives an order.
    ///
    /// # Errors
    /// When the engine has not taken any for so long that the ring is full.
    pub fn order(&mut self, order: Order) -> Result<(), EngineStands> {
        self.orders.push(order).map_err(|PushError::Full(_)| EngineStands)
    }

    /// Orders that are taken now.
    pub fn order_room(&self) -> usize {
        self.orders.slots()
    }

    /// Frames that fit now.
    pub fn room(&self) -> usize {
        self.frames.room()
    }

    /// Frames written since the beginning: the number of the next.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// The number of the frame that is heard next: all before it were heard, or left out.
    pub fn heard(&self) -> u64 {
        // Relaxed: a figure; the frames have a ring of their own.
        self.heard.load(Ordering::Relaxed)
    }

    /// The engine has let go of the other end: nobody will hear what is written.
    pub fn is_abandoned(&self) -> bool {
        self.frames.is_abandoned()
    }
}

/// The engine's end of the orders.
pub(crate) type Orders = Consumer<Order>;
