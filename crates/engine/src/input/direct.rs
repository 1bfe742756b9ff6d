//! A source that writes at the desk's rate, as fast as it is read: a deck, the built-in material.
//!
//! Bit-exact while it delivers. When it falls behind, the strip fades out over a block and waits for
//! a cushion before it goes on; what was not there in time is counted. Engine thread, real-time.

use airdesk_dsp::{BLOCK_FRAMES, Block};

use super::{fade_in, fade_out};
use crate::inlet::Inlet;
use crate::report::{InputPhase, InputReport};

/// Frames to wait for before going on after a gap.
const CUSHION: usize = 1024;

/// The engine's side of such a source.
pub struct Direct {
    inlet: Inlet,
    phase: InputPhase,
    starved: bool,
    frames_missing: u64,
}

impl Direct {
    /// Plays what arrives at `inlet`, from the first frame on.
    pub fn new(inlet: Inlet) -> Self {
        Self {
            inlet,
            phase: InputPhase::Waiting,
            starved: false,
            frames_missing: 0,
        }
    }

    pub(super) fn phase(&self) -> InputPhase {
        self.phase
    }

    pub(super) fn read(&mut self, block: &mut Block) -> bool {
        let ending = self.inlet.is_abandoned();
        let waiting = self.inlet.waiting();
        match self.phase {
            InputPhase::Running => {}
            InputPhase::Silent | InputPhase::Paused | InputPhase::Ended => return false,
            InputPhase::Waiting => {
                let wanted = if self.starved { CUSHION } else { BLOCK_FRAMES };
                if waiting < wanted && !ending {
                    self.frames_missing += if self.starved { BLOCK_FRAMES as u64 } else { 0 };
                    return false;
                }
                self.phase = InputPhase::Running;
            }
        }
        self.inlet.read(block);
        if std::mem::take(&mut self.starved) {
            fade_in(block);
        }
        let left = waiting.saturating_sub(BLOCK_FRAMES);
        if ending && left == 0 {
            self.phase = InputPhase::Ended;
        } else if left < BLOCK_FRAMES && !ending {
            // The next block will not be whole: stop while there is something to fade.
            fade_out(block, block.len());
            (self.phase, self.starved) = (InputPhase::Waiting, true);
        }
        true
    }

    pub(super) fn report(&self) -> InputReport {
        InputReport {
            phase: self.phase,
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
    use super::*;
    use crate::inlet::inlet;
    use airdesk_dsp::{Frame, SILENCE};

    fn counted(from: usize, count: usize) -> Vec<Frame> {
        (from..from + count).map(|n| [n as f32; 2]).collect()
    }

    #[test]
    fn every_frame_passes_unchanged_and_the_end_is_the_last_frame() {
        let (mut writer, inlet) = inlet(48_000.0, 4096);
        let mut direct = Direct::new(inlet);
        writer.write(&counted(1, 200));
        drop(writer);
        let mut heard = Vec::new();
        for _ in 0..5 {
            let mut block = SILENCE;
            direct.read(&mut block);
            heard.extend(block.map(|frame| frame[0] as usize));
        }
        let expected: Vec<usize> = (1..=200).chain(std::iter::repeat_n(0, 120)).collect();
        assert_eq!(heard, expected);
        assert_eq!(direct.phase(), InputPhase::Ended);
        assert_eq!(direct.report().frames_missing, 0);
    }

    #[test]
    fn a_source_that_falls_behind_fades_out_waits_for_a_cushion_and_is_counted() {
        let (mut writer, inlet) = inlet(48_000.0, 4096);
        let mut direct = Direct::new(inlet);
        writer.write(&[[1.0; 2]; 100]);
        let mut block = SILENCE;
        assert!(direct.read(&mut block));
        assert!(block[63][0].abs() < 1e-6, "faded out");
        assert!(!direct.read(&mut block));
        assert!(!direct.read(&mut block));
        assert_eq!(direct.report().frames_missing, 128);
        writer.write(&[[1.0; 2]; 1024]);
        assert!(direct.read(&mut block));
        assert!(block[0][0] < 0.02 && block[63][0] > 0.99, "faded in");
    }
}
