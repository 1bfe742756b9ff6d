//! What lies between who feeds a source and the thread that plays it. Held for moments only.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use airdesk_dsp::{Frame, SampleRate};

use super::Status;
use crate::stream::format::Format;
use crate::stream::jitter::Pace;
use crate::stream::machine::Thresholds;

/// What the sender does, in the order of the audio.
pub(super) enum Item {
    /// With the number of the stream that begins.
    Start(u64),
    StartAs(u64, Thresholds, Pace),
    Declare(Format),
    Bytes(Vec<u8>),
    Frames(SampleRate, Vec<Frame>, usize),
    Decoded(f64),
    End,
    Fail(String),
}

impl Item {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Frames(_, frames, _) => size_of_val(frames.as_slice()),
            Self::Start(_) | Self::StartAs(..) | Self::Declare(_) | Self::Decoded(_) | Self::End | Self::Fail(_) => 0,
        }
    }
}

/// What the operator wants, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Resume,
    Cancel,
}

/// What lies between the threads.
pub(super) struct Mail {
    /// When each came, behind how many cancels, and what it is.
    pub(super) items: VecDeque<(f64, u64, Item)>,
    pub(super) waiting: usize,
    pub(super) wishes: Vec<Wish>,
    /// How often somebody cancelled. What is given behind a cancel is not touched by it.
    pub(super) cancels: u64,
    /// Streams that were begun, also those that a cancel took away.
    pub(super) starts: u64,
    /// The worker has nothing to do until something comes.
    pub(super) idle: bool,
    pub(super) gone: bool,
    pub(super) status: Status,
}

pub(super) struct Shared {
    pub(super) mail: Mutex<Mail>,
    pub(super) came: Condvar,
    pub(super) room: Condvar,
    pub(super) began: Instant,
}

impl Shared {
    pub(super) fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    pub(super) fn gone(&self) {
        self.mail().gone = true;
        self.came.notify_all();
        self.room.notify_all();
    }
}
