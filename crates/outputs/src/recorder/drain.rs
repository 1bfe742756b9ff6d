//! The thread between bus and ring. It touches no disk, so it is never late because a disk is.

use std::sync::Arc;
use std::thread;

use airdesk_dsp::{BLOCK_FRAMES, Block, SampleRate};
use rtrb::Producer;

use super::status::Board;
use crate::follower::{Follower, ROUND};

/// A block on its way to the disk. Blocks that found no room show as a jump of `sequence`.
pub(super) struct Entry {
    pub(super) sequence: u64,
    /// Blocks just before this one that the bus had already dropped.
    pub(super) late: u32,
    pub(super) frames: Block,
}

/// Blocks the ring holds.
///
/// Capacity: 15.1 s, so that a disk may stand still for 15 s; 5.98 MB at 48 kHz.
pub(super) fn ring_blocks(rate: SampleRate) -> usize {
    (u64::from(rate.hz()) * 151 / 10 / BLOCK_FRAMES as u64) as usize
}

/// Moves blocks from the bus into the ring until asked to stop, then those published by then.
pub(super) fn drain(mut follower: Follower, mut ring: Producer<Entry>, board: &Arc<Board>) {
    let mut late = 0_u64;
    loop {
        let last_round = board.asked_to_stop();
        while let Some((block, lost)) = follower.next() {
            late += lost;
            let entry = Entry {
                sequence: block.sequence,
                late: u32::try_from(late).unwrap_or(u32::MAX),
                frames: block.frames,
            };
            if ring.push(entry).is_ok() {
                late = 0;
            }
        }
        if last_round || ring.is_abandoned() {
            break;
        }
        thread::sleep(ROUND);
    }
    board.drained(follower.next_sequence());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_outlasts_a_disk_that_stands_still_for_15_s_and_stays_under_6_mb() {
        let blocks = ring_blocks(SampleRate::DESK);
        assert!(blocks * BLOCK_FRAMES >= 15 * 48_000);
        assert!(blocks * size_of::<Entry>() <= 6_000_000);
    }
}
