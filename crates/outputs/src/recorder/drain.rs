//! The thread between the sources of a recording and its backlogs. It touches no disk, so it is never late because a disk is.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use airdesk_dsp::BLOCK_FRAMES;

use super::backlog::{Backlog, End};
use super::feed::Feed;
use super::status::Board;

/// How often sources are drained: 30 blocks at 48 kHz, a small part of the shortest queue.
const ROUND: Duration = Duration::from_millis(40);
/// How often, when the last blocks are waited for.
const LAST_ROUND: Duration = Duration::from_millis(2);
/// How long the last blocks of all sources may take to come in when a recording is stopped.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// A source and where its blocks wait.
pub(super) struct Channel {
    pub(super) feed: Feed,
    pub(super) backlog: Arc<Backlog>,
}

impl Channel {
    /// Moves what has come in, and counts what finds no room: the writer may hang, and would find that much later.
    fn drain(&mut self, board: &Board) {
        let refused = self.backlog.push(self.feed.drain());
        board.lost(refused * BLOCK_FRAMES as u64);
        if self.feed.is_gone() {
            self.backlog.note_gone();
        }
    }
}

/// Tells the writer how the blocks end, also where this thread panics.
struct Channels(Vec<Channel>, Arc<Board>);

impl Drop for Channels {
    fn drop(&mut self) {
        self.0.extend(self.1.close_arrivals());
        for channel in &self.0 {
            channel.backlog.close(End::Broke);
        }
    }
}

/// Moves blocks until asked to stop, then those published by then: as many of each source.
pub(super) fn drain(channels: Vec<Channel>, board: &Arc<Board>) {
    let mut channels = Channels(channels, board.clone());
    while !board.asked_to_stop() && !board.over() {
        channels.0.extend(board.arrived());
        channels.0.iter_mut().for_each(|channel| channel.drain(board));
        thread::sleep(ROUND);
    }
    channels.0.extend(board.close_arrivals());
    channels.0.iter_mut().for_each(|channel| channel.drain(board));
    let next = |channel: &Channel| channel.feed.next_sequence();
    let end = channels.0.iter().map(next).max().unwrap_or_default();
    let until = Instant::now() + LAST_WORDS;
    let comes = |channel: &Channel| !channel.feed.is_gone() && channel.feed.next_sequence() < end;
    while channels.0.iter().any(comes) && Instant::now() < until {
        thread::sleep(LAST_ROUND);
        channels.0.iter_mut().for_each(|channel| channel.drain(board));
    }
    for channel in &channels.0 {
        channel.backlog.close(End::Before(end));
    }
}
