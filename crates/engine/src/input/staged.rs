//! A source that prepares what it plays: a deck, a cart, a stream. The engine's side of a [`Transport`].
//!
//! Bit-exact while it plays. It begins with the block after the order, and stops within one. Engine thread, real-time.
//!
//! [`Transport`]: crate::transport::Transport

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use airdesk_dsp::{BLOCK_FRAMES, Block, SILENCE};

use super::{fade_in, fade_out};
use crate::inlet::Inlet;
use crate::report::{InputPhase, InputReport};
use crate::transport::{Order, Orders};

/// Frames to wait for before going on after a gap.
const CUSHION: usize = 1024;

/// What it does between two blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It sounds.
    Sounding,
    /// Nothing is heard, and what waits stays. Where it was stopped midway it comes back softly.
    Paused { midway: bool },
    /// It is to sound as soon as there is something.
    Waiting { midway: bool },
    /// It ran out of audio, and waits for a cushion.
    Starved,
}

/// The engine's side of such a source.
pub struct Staged {
    inlet: Inlet,
    orders: Orders,
    heard: Arc<AtomicU64>,
    /// The number of the frame that is read next.
    place: u64,
    state: State,
    /// Where the sound ends by itself.
    end: Option<u64>,
    splice: Option<Splice>,
    frames_missing: u64,
}

/// From which frame on to go on with which.
#[derive(Debug, Clone, Copy)]
struct Splice {
    from: u64,
    to: u64,
}

impl Staged {
    pub(crate) fn new(inlet: Inlet, orders: Orders, heard: Arc<AtomicU64>) -> Self {
        Self {
            inlet,
            orders,
            heard,
            place: 0,
            state: State::Paused { midway: false },
            end: None,
            splice: None,
            frames_missing: 0,
        }
    }

    pub(super) fn phase(&self) -> InputPhase {
        match self.state {
            _ if self.inlet.is_finished() => InputPhase::Ended,
            State::Sounding => InputPhase::Running,
            State::Paused { .. } => InputPhase::Paused,
            State::Waiting { .. } | State::Starved => InputPhase::Waiting,
        }
    }

    pub(super) fn read(&mut self, block: &mut Block) -> bool {
        let sounded = self.state == State::Sounding;
        let jump = self.obey();
        let heard = match (sounded, self.state, jump) {
            (true, State::Sounding, None) => self.play(block),
            (true, State::Sounding, Some(to)) => {
                self.pass(block, to);
                true
            }
            // What sounded ends softly and where it was, whatever comes then.
            (true, ..) => {
                // What waits behind a jump is not what fades.
                let filled = self.fill(block, jump);
                let heard = filled > 0;
                fade_out(block, if jump.is_some() { filled } else { BLOCK_FRAMES });
                self.jump(jump);
                heard
            }
            (false, ..) => {
                self.jump(jump);
                self.begin(block)
            }
        };
        // Relaxed: a figure; the frames have a ring of their own.
        self.heard.store(self.place, Ordering::Relaxed);
        heard
    }

    /// Takes the orders that have come. Returns where it is to jump to.
    fn obey(&mut self) -> Option<u64> {
        let mut jump = None;
        // As many as wait now: the orders of who goes on giving them are obeyed at the next block.
        for _ in 0..self.orders.slots() {
            match self.orders.pop() {
                Ok(Order::Play) => {
                    if let State::Paused { midway } = self.state {
                        self.state = State::Waiting { midway };
                    }
                }
                Ok(Order::Pause) => {
                    let midway = match self.state {
                        State::Paused { midway } | State::Waiting { midway } => midway,
                        State::Sounding | State::Starved => true,
                    };
                    self.state = State::Paused { midway };
                }
                Ok(Order::PauseAt(frame)) => self.end = Some(frame),
                Ok(Order::PlayOn) => self.end = None,
                Ok(Order::JumpTo(frame)) => {
                    jump = Some(frame);
                    (self.splice, self.end) = (None, None);
                }
                Ok(Order::Splice { from, to }) => self.splice = Some(Splice { from, to }),
                Err(_) => break,
            }
        }
        jump
    }

    /// Leaves out what waits before `to`, while nothing sounds.
    fn jump(&mut self, to: Option<u64>) {
        let Some(to) = to else { return };
        self.leave_out(to);
        match &mut self.state {
            State::Paused { midway } | State::Waiting { midway } => *midway = false,
            State::Sounding | State::Starved => {}
        }
    }

    fn leave_out(&mut self, to: u64) {
        let wanted = usize::try_from(to.saturating_sub(self.place)).unwrap_or(usize::MAX);
        self.place += self.inlet.leave_out(wanted) as u64;
    }

    /// Begins to sound, if it is to and there is enough.
    fn begin(&mut self, block: &mut Block) -> bool {
        let (wanted, softly) = match self.state {
            State::Paused { .. } | State::Sounding => return false,
            State::Waiting { midway } => (BLOCK_FRAMES, midway),
            State::Starved => (CUSHION, true),
        };
        if self.ready() < wanted && !self.is_whole() {
            if self.state == State::Starved {
                self.frames_missing += BLOCK_FRAMES as u64;
            }
            return false;
        }
        self.state = State::Sounding;
        let heard = self.play(block);
        if softly {
            fade_in(block);
        }
        heard
    }

    /// Plays one block, and stops softly where the next would not be whole.
    fn play(&mut self, block: &mut Block) -> bool {
        if self.fill(block, None) == 0 {
            return false;
        }
        if self.state == State::Sounding && self.ready() < BLOCK_FRAMES && !self.is_whole() {
            fade_out(block, BLOCK_FRAMES);
            self.state = State::Starved;
        }
        true
    }

    /// Passes from what sounds to what waits at `to`, within one block. One minus the other: what is alike stays as loud.
    fn pass(&mut self, block: &mut Block, to: u64) {
        // No further than that: what waits there is faded in.
        let left = usize::try_from(to.saturating_sub(self.place)).unwrap_or(usize::MAX);
        if left == 0 {
            self.play(block); // it is there already
            return;
        }
        let (front, behind) = block.split_at_mut(left.min(BLOCK_FRAMES));
        let count = self.inlet.read(front);
        behind.fill([0.0; 2]);
        self.place += count as u64;
        fade_out(block, left);
        self.leave_out(to);
        let mut next = SILENCE;
        if self.fill(&mut next, None) < BLOCK_FRAMES && self.state == State::Sounding {
            self.state = State::Starved;
        }
        fade_in(&mut next);
        for (frame, next) in block.iter_mut().zip(&next) {
            *frame = [frame[0] + next[0], frame[1] + next[1]];
        }
    }

    /// Fills a block with what is to be heard, no further than `until`, and with silence behind its end. Returns how many
    /// frames were real.
    fn fill(&mut self, block: &mut Block, until: Option<u64>) -> usize {
        let mut filled = 0;
        while filled < BLOCK_FRAMES {
            if let Some(splice) = self.splice.filter(|splice| splice.from <= self.place) {
                self.splice = None;
                self.leave_out(splice.to);
            }
            let border = [until, self.end, self.splice.map(|splice| splice.from)]
                .into_iter()
                .flatten()
                .min();
            let most = border.map_or(u64::MAX, |border| border.saturating_sub(self.place));
            let count = self.inlet.waiting().min(BLOCK_FRAMES - filled);
            let count = usize::try_from(most).unwrap_or(usize::MAX).min(count);
            if count == 0 {
                break;
            }
            let Some(part) = block.get_mut(filled..filled + count) else {
                break;
            };
            self.place += self.inlet.read(part) as u64;
            filled += count;
        }
        if let Some(rest) = block.get_mut(filled..) {
            rest.fill([0.0; 2]);
        }
        if self.end.is_some_and(|end| end <= self.place) {
            (self.end, self.state) = (None, State::Paused { midway: false });
        }
        filled
    }

    /// Frames that can be heard without a gap.
    fn ready(&self) -> usize {
        let waiting = self.inlet.waiting();
        let left_out = self
            .splice
            .map_or(0, |splice| splice.to.saturating_sub(splice.from.max(self.place)));
        waiting.saturating_sub(usize::try_from(left_out).unwrap_or(usize::MAX))
    }

    /// All that is still to come is there.
    fn is_whole(&self) -> bool {
        let ends = self
            .end
            .is_some_and(|end| end <= self.place + self.inlet.waiting() as u64);
        ends || self.inlet.is_abandoned()
    }

    pub(super) fn report(&self) -> InputReport {
        InputReport {
            phase: self.phase(),
            // It comes at the desk's own rate.
            locked: true,
            frames_lost: self.inlet.frames_lost(),
            frames_missing: self.frames_missing,
            ..InputReport::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use airdesk_dsp::Frame;

    use super::*;
    use crate::transport::{Transport, transport};

    /// Frames that say where they are from: the left channel counts, the right one is half of it.
    fn counted(from: usize, count: usize) -> Vec<Frame> {
        (from..from + count).map(|n| [n as f32, n as f32 / 2.0]).collect()
    }

    fn deck(frames: usize) -> (Transport, Staged) {
        let (mut transport, staged) = transport(48_000.0, 16_384);
        transport.write(&counted(1, frames));
        (transport, staged)
    }

    /// The left channel of so many blocks.
    fn hear(staged: &mut Staged, blocks: usize) -> Vec<f32> {
        let hear = |_| {
            let mut block = SILENCE;
            staged.read(&mut block);
            block.map(|frame| frame[0])
        };
        (0..blocks).flat_map(hear).collect()
    }

    fn numbers(from: usize, count: usize) -> Vec<f32> {
        (from..from + count).map(|n| n as f32).collect()
    }

    fn give(transport: &mut Transport, order: Order) {
        transport.order(order).expect("there is room for an order");
    }

    #[test]
    fn nothing_is_heard_until_it_is_to_play_and_then_the_first_frame_is_the_first_of_the_next_block() {
        let (mut transport, mut staged) = deck(1_000);
        assert_eq!(hear(&mut staged, 3), [0.0; 192]);
        assert_eq!(staged.phase(), InputPhase::Paused);
        give(&mut transport, Order::Play);
        assert_eq!(hear(&mut staged, 2), numbers(1, 128));
        assert_eq!((staged.phase(), transport.heard()), (InputPhase::Running, 128));
    }

    #[test]
    fn a_pause_fades_out_over_a_block_and_what_was_not_heard_comes_back_softly() {
        let (mut transport, mut staged) = deck(4_000);
        give(&mut transport, Order::Play);
        hear(&mut staged, 1);
        give(&mut transport, Order::Pause);
        let fading = hear(&mut staged, 2);
        assert!(fading[0] > 60.0 && fading[63].abs() < 1e-3, "{fading:?}");
        assert_eq!(fading[64..], [0.0; 64]);
        assert_eq!(transport.heard(), 128);
        give(&mut transport, Order::Play);
        let rising = hear(&mut staged, 2);
        assert!(
            rising[0] < 129.0 / 32.0 && (rising[63] - 192.0).abs() < 1e-3,
            "{rising:?}"
        );
        assert_eq!(rising[64..], numbers(193, 64));
    }

    #[test]
    fn it_ends_with_the_very_frame_that_it_was_told() {
        let (mut transport, mut staged) = deck(100);
        give(&mut transport, Order::PauseAt(100));
        give(&mut transport, Order::Play);
        let heard = hear(&mut staged, 3);
        assert_eq!(heard[..100], numbers(1, 100));
        assert_eq!(heard[100..], [0.0; 92]);
        assert_eq!(
            (staged.phase(), staged.report().frames_missing),
            (InputPhase::Paused, 0)
        );
        // What is written then waits for the next order.
        transport.write(&counted(501, 100));
        give(&mut transport, Order::PauseAt(200));
        assert_eq!(hear(&mut staged, 1), [0.0; 64]);
        give(&mut transport, Order::Play);
        assert_eq!(hear(&mut staged, 2)[..100], numbers(501, 100));
    }

    #[test]
    fn it_jumps_within_a_block_and_passes_from_the_one_sound_to_the_other() {
        let (mut transport, mut staged) = deck(2_000);
        give(&mut transport, Order::Play);
        hear(&mut staged, 2);
        transport.write(&counted(10_001, 2_000));
        give(&mut transport, Order::JumpTo(2_000));
        let heard = hear(&mut staged, 2);
        let (first, last) = (heard[0], heard[63]);
        assert!(
            (first - 129.0).abs() < 200.0 && (last - 10_064.0).abs() < 1.0,
            "{first} to {last}"
        );
        assert_eq!(heard[64..], numbers(10_065, 64));
        assert_eq!(transport.heard(), 2_128);
    }

    #[test]
    fn a_jump_while_it_is_paused_is_heard_from_its_first_frame_without_a_fade() {
        let (mut transport, mut staged) = deck(2_000);
        give(&mut transport, Order::Play);
        hear(&mut staged, 2);
        give(&mut transport, Order::Pause);
        transport.write(&counted(10_001, 2_000));
        give(&mut transport, Order::JumpTo(2_000));
        hear(&mut staged, 1);
        give(&mut transport, Order::Play);
        assert_eq!(hear(&mut staged, 2), numbers(10_001, 128));
    }

    #[test]
    fn not_one_frame_behind_a_jump_is_eaten_by_what_fades_before_it() {
        for pauses in [false, true] {
            // 40 frames of the old are left, less than a block.
            let (mut transport, mut staged) = deck(168);
            transport.write(&counted(10_001, 2_000));
            give(&mut transport, Order::Play);
            hear(&mut staged, 2);
            if pauses {
                give(&mut transport, Order::Pause);
            }
            give(&mut transport, Order::JumpTo(168));
            let passing = hear(&mut staged, 1);
            if pauses {
                assert_eq!(passing[40..], [0.0; 24]);
                give(&mut transport, Order::Play);
                assert_eq!(hear(&mut staged, 2), numbers(10_001, 128));
            } else {
                assert_eq!(passing[63], 10_064.0, "the new, in full at the end of the block");
                assert_eq!(hear(&mut staged, 1), numbers(10_065, 64));
            }
        }
    }

    #[test]
    fn a_splice_goes_on_with_the_same_sound_to_the_frame() {
        let (mut transport, mut staged) = deck(2_000);
        give(&mut transport, Order::Play);
        hear(&mut staged, 2);
        // From the 301st frame on it is made anew.
        transport.write(&counted(301, 2_000));
        give(&mut transport, Order::Splice { from: 300, to: 2_000 });
        assert_eq!(hear(&mut staged, 10), numbers(129, 640));
        assert_eq!(staged.report().frames_missing, 0);
    }

    #[test]
    fn a_splice_that_comes_too_late_goes_on_at_once() {
        let (mut transport, mut staged) = deck(2_000);
        give(&mut transport, Order::Play);
        hear(&mut staged, 2);
        transport.write(&counted(5_001, 2_000));
        give(&mut transport, Order::Splice { from: 64, to: 2_000 });
        assert_eq!(hear(&mut staged, 1), numbers(5_001, 64));
    }

    #[test]
    fn who_falls_behind_is_faded_out_counted_and_comes_back_with_a_cushion() {
        let (mut transport, mut staged) = deck(100);
        give(&mut transport, Order::Play);
        let fading = hear(&mut staged, 1);
        assert!(fading[63].abs() < 1e-3);
        assert_eq!(hear(&mut staged, 2), [0.0; 128]);
        assert_eq!(
            (staged.phase(), staged.report().frames_missing),
            (InputPhase::Waiting, 128)
        );
        transport.write(&counted(101, 500));
        assert_eq!(hear(&mut staged, 1), [0.0; 64], "not enough yet");
        transport.write(&counted(601, 1_000));
        let rising = hear(&mut staged, 2);
        assert!(rising[0] < 2.0, "{rising:?}");
        assert_eq!(rising[64..], numbers(129, 64), "no frame is left out");
    }

    #[test]
    fn a_jump_to_what_is_not_there_yet_waits_for_it() {
        let (mut transport, mut staged) = deck(2_000);
        give(&mut transport, Order::Play);
        hear(&mut staged, 2);
        give(&mut transport, Order::JumpTo(2_000));
        let heard = hear(&mut staged, 2);
        assert!(heard[63].abs() < 1e-3);
        assert_eq!(heard[64..], [0.0; 64]);
        transport.write(&counted(5_001, 3_000));
        assert_eq!(hear(&mut staged, 2)[64..], numbers(5_065, 64));
    }

    #[test]
    fn what_was_written_before_the_source_ended_is_played_to_its_last_frame() {
        let (mut transport, mut staged) = deck(100);
        give(&mut transport, Order::Play);
        drop(transport);
        assert_eq!(hear(&mut staged, 2)[..100], numbers(1, 100));
        assert_eq!(staged.phase(), InputPhase::Ended);
    }

    #[test]
    fn an_end_can_be_withdrawn() {
        let (mut transport, mut staged) = deck(1_000);
        give(&mut transport, Order::PauseAt(100));
        give(&mut transport, Order::Play);
        hear(&mut staged, 1);
        give(&mut transport, Order::PlayOn);
        assert_eq!(hear(&mut staged, 2), numbers(65, 128));
    }
}
