//! A stand-in for the engine: it publishes blocks whose every frame tells which one it is.
#![allow(dead_code, reason = "each test file uses its part")]

use airdesk_dsp::BLOCK_FRAMES;
use airdesk_engine::mix_queue::{MixTap, MixWriter, mix_queue};
use airdesk_engine::outlet_clock::{OutletClock, OutletStamp};
use airdesk_engine::time::Nanos;

/// Frames after which the phase of a [`Desk`] repeats.
pub(crate) const TURN: f64 = 65_536.0;

/// Publishes `content(frame)`.
pub(crate) struct Desk {
    writer: MixWriter,
    pub(crate) tap: MixTap,
    content: fn(u64) -> [f32; 2],
    pub(crate) hz: f64,
}

/// Frame `n` is `n + 1` on the left, minus that on the right: exact, and never silence.
pub(crate) fn counted(frame: u64) -> [f32; 2] {
    [(frame + 1) as f32, -((frame + 1) as f32)]
}

/// Frame `n` is a place on a slow circle: survives a resampler, and tells its position to a thousandth.
pub(crate) fn circled(frame: u64) -> [f32; 2] {
    let (sine, cosine) = ((frame as f64 / TURN).fract() * std::f64::consts::TAU).sin_cos();
    [(0.5 * sine) as f32, (0.5 * cosine) as f32]
}

/// The position on the circle, 0 to [`TURN`].
pub(crate) fn place(frame: &[f32]) -> f64 {
    let turns = f64::from(frame[0]).atan2(f64::from(frame[1])) / std::f64::consts::TAU;
    turns.rem_euclid(1.0) * TURN
}

/// `a - b` on the circle, the short way.
pub(crate) fn apart(a: f64, b: f64) -> f64 {
    (a - b + TURN / 2.0).rem_euclid(TURN) - TURN / 2.0
}

/// The largest step from one frame played to the next, on either side.
pub(crate) fn largest_step(played: &[f32]) -> f32 {
    let sides = played.iter().zip(played.iter().skip(2));
    sides.map(|(before, after)| (after - before).abs()).fold(0.0, f32::max)
}

impl Desk {
    /// A queue of `blocks` at 48 kHz.
    pub(crate) fn new(blocks: usize, content: fn(u64) -> [f32; 2]) -> Self {
        let (writer, tap) = mix_queue(blocks);
        Self {
            writer,
            tap,
            content,
            hz: 48_000.0,
        }
    }

    /// Frames published.
    pub(crate) fn published(&self) -> u64 {
        self.writer.published() * BLOCK_FRAMES as u64
    }

    /// Publishes one block, due at `due`.
    pub(crate) fn publish(&mut self, due: Nanos) {
        let first = self.published();
        let frames = std::array::from_fn(|n| (self.content)(first + n as u64));
        self.writer.publish(&frames, due);
    }

    /// Publishes whole blocks up to `position`.
    pub(crate) fn publish_to(&mut self, position: f64, now: Nanos) {
        while (self.published() + BLOCK_FRAMES as u64) as f64 <= position {
            self.publish(now);
        }
    }

    /// Publishes what a desk on a perfect clock has mixed by `now`, and says when the next block is due.
    pub(crate) fn turn(&mut self, now: Nanos) -> Nanos {
        let hz = self.hz;
        let due = |blocks: u64| Nanos::from_seconds((blocks * BLOCK_FRAMES as u64) as f64 / hz);
        while due(self.writer.published() + 1) <= now {
            self.publish(due(self.writer.published() + 1));
        }
        due(self.writer.published() + 1)
    }

    /// Publishes `lead` ahead of what an output has read, as the engine does. Returns the newest stamp.
    pub(crate) fn follow(&mut self, outlet: &mut OutletClock, lead: u32, now: Nanos) -> Option<OutletStamp> {
        let mut newest = None;
        while let Some(stamp) = outlet.stamp() {
            newest = Some(stamp);
            self.publish_to(stamp.position + f64::from(lead), now);
        }
        newest
    }
}
