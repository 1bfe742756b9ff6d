//! Traces replayed through a session in virtual time, by a reader that takes a block whenever one has passed.

use std::collections::VecDeque;

use airdesk_dsp::{BLOCK_FRAMES, Frame, SampleRate};

use super::traces::{CHUNK, Trace};
use crate::stream::jitter::Pace;
use crate::stream::machine::Thresholds;
use crate::stream::session::{Session, Setup};

/// What a replay left behind.
pub(crate) struct Replay {
    pub(crate) session: Session,
    /// What was heard, silence included, when it was to be kept.
    pub(crate) heard: Vec<Frame>,
    /// Mean of the delay while it sounded, seconds, and the longest and shortest after the first minute.
    pub(crate) delay: f64,
    pub(crate) delays: (f64, f64),
    /// The most that was offered and not taken, frames.
    pub(crate) waited: usize,
}

pub(crate) struct Sender<'a> {
    pub(crate) rate: SampleRate,
    pub(crate) trace: &'a Trace,
    /// What frame `n` of the sender is.
    pub(crate) sound: &'a dyn Fn(usize) -> Frame,
    pub(crate) keep: bool,
}

pub(crate) fn session(rate: SampleRate, thresholds: Thresholds, pace: Pace) -> Session {
    let setup = Setup { rate, thresholds, pace };
    Session::new(&setup).expect("within its memory")
}

/// Plays the whole trace and what is left behind it. What a session does not take waits, as in a socket.
pub(crate) fn replay(mut session: Session, sender: &Sender) -> Replay {
    let hz = f64::from(sender.rate.hz());
    let chunk = (CHUNK * hz) as usize;
    let (mut heard, mut socket, mut block) = (Vec::new(), VecDeque::new(), [[0.0; 2]; BLOCK_FRAMES]);
    let (mut made, mut blocks, mut sum, mut count, mut waited) = (0, 0_u64, 0.0, 0_u32, 0);
    let mut delays = (f64::INFINITY, 0.0_f64);
    session.start(0.0);
    let mut ended = false;
    while !session.state().is_terminal() {
        let now = blocks as f64 * BLOCK_FRAMES as f64 / hz;
        while sender.trace.get(made).is_some_and(|arrival| *arrival <= now) {
            socket.extend((made * chunk..(made + 1) * chunk).map(|n| (sender.sound)(n)));
            made += 1;
        }
        if !socket.is_empty() {
            let taken = session.push_frames(now, sender.rate, socket.make_contiguous(), 0);
            socket.drain(..taken);
            waited = waited.max(socket.len());
        }
        if made == sender.trace.len() && socket.is_empty() && !ended {
            session.end(now);
            ended = true;
        }
        let frames = session.pull(now, &mut block);
        if sender.keep {
            heard.extend(
                &block[..if session.state().is_terminal() {
                    frames
                } else {
                    BLOCK_FRAMES
                }],
            );
        }
        if let Some(delay) = session.jitter().delay().filter(|_| frames > 0) {
            sum += delay;
            count += 1;
            if now > 60.0 {
                delays = (delays.0.min(delay), delays.1.max(delay));
            }
        }
        blocks += 1;
        assert!(blocks < 20_000_000, "it never ends: {:?}", session.metrics());
    }
    Replay {
        session,
        heard,
        delay: sum / f64::from(count.max(1)),
        delays,
        waited,
    }
}
