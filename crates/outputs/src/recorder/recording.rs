//! A recording in progress, as its owner holds it.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use airdesk_dsp::SampleRate;

use super::backlog::{Backlog, Limit};
use super::drain::Channel;
use super::feed::Feed;
use super::gap_log::GapCause;
use super::marks::Place;
use super::status::Board;
use super::write::Order;
use super::{RecordingStatus, Summary};
use crate::title::Title;

/// A recording in progress. Dropped, it stops like [`Recording::stop`] but nobody waits for it.
pub struct Recording {
    rate: SampleRate,
    board: Arc<Board>,
    orders: mpsc::Sender<Order>,
    writer: Option<JoinHandle<()>>,
}

impl Recording {
    pub(super) fn new(
        rate: SampleRate,
        board: Arc<Board>,
        orders: mpsc::Sender<Order>,
        writer: JoinHandle<()>,
    ) -> Self {
        Self {
            rate,
            board,
            orders,
            writer: Some(writer),
        }
    }

    /// The truth, now. Never waits for a disk.
    pub fn status(&self) -> RecordingStatus {
        self.board.status(self.rate)
    }

    /// Goes on in new files from the next block that is written.
    pub fn split(&self) {
        self.order(Order::Split);
    }

    /// Something begins in the recording just now: it is marked in files whose format has marks.
    pub fn mark(&self, title: impl Into<Title>) {
        self.order(Order::Mark {
            place: Place::At(Instant::now()),
            title: title.into(),
        });
    }

    /// Something begins at this frame of the bus, counted from the first block that it ever published. What began in a file
    /// that is whole already is marked at the beginning of the one that is written now.
    pub fn mark_at(&self, frame: u64, title: impl Into<Title>) {
        self.order(Order::Mark {
            place: Place::Frame(frame),
            title: title.into(),
        });
    }

    /// Notes in the gap log that `source` gave nothing to the mix for so many frames, just now. The file lacks nothing else:
    /// they do not count as lost.
    pub fn note_short(&self, source: &str, frames: u64) {
        self.order(Order::Note {
            frames,
            cause: GapCause::Source(source.to_owned()),
        });
    }

    /// Notes that the machine slept for so long, just now: the file goes on behind it.
    pub fn note_slept(&self, seconds: f64) {
        self.order(Order::Note {
            frames: (seconds * f64::from(self.rate.hz())) as u64,
            cause: GapCause::Slept,
        });
    }

    /// One more source has a file of its own from now on, which begins with silence, with the same frame as the others. False:
    /// the recording is over.
    pub fn join(&self, feed: Feed) -> bool {
        let (name, backlog) = (feed.name.clone(), Arc::new(Backlog::new(Limit::recording(self.rate))));
        let channel = Channel {
            feed,
            backlog: backlog.clone(),
        };
        let drained = self.board.arrive(channel);
        if drained {
            self.order(Order::Join { name, backlog });
        }
        drained
    }

    fn order(&self, order: Order) {
        // A recording that has stopped by itself takes no orders any more.
        let _ = self.orders.send(order);
    }

    /// Records the blocks published by now, finishes the files and says what they came to. Blocks for as long as the disk
    /// takes.
    pub fn stop(mut self) -> Summary {
        self.board.ask_to_stop();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join(); // a writer that panicked has told it as it went, and the files are valid
        }
        self.board.summary()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.board.ask_to_stop();
    }
}
