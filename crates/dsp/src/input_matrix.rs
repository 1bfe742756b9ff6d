//! What becomes of a source's two channels: polarity, mono, one side on both, or the sides swapped.
//!
//! Four factors that glide over 30 ms: a switch is heard as a short cross-fade and never as a click. At
//! rest on plain stereo it costs a comparison. For the engine's thread: nothing allocates.

use serde::{Deserialize, Serialize};

use crate::ramp::{GLIDE_SECONDS, StereoRamp};
use crate::{Block, Gain, SampleRate};

/// Which channels of the source are heard on which side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum ChannelMode {
    /// Left and right as they are.
    #[default]
    Stereo,
    /// The mean of both on both sides: a source that is the same on both keeps its level.
    Mono,
    /// Left and right exchanged.
    Swapped,
    /// The left channel on both sides.
    LeftOnly,
    /// The right channel on both sides.
    RightOnly,
}

impl ChannelMode {
    /// The factors of left and right that make the left side, and those that make the right side.
    fn factors(self) -> [[f32; 2]; 2] {
        match self {
            Self::Stereo => [[1.0, 0.0], [0.0, 1.0]],
            Self::Mono => [[0.5, 0.5], [0.5, 0.5]],
            Self::Swapped => [[0.0, 1.0], [1.0, 0.0]],
            Self::LeftOnly => [[1.0, 0.0], [1.0, 0.0]],
            Self::RightOnly => [[0.0, 1.0], [0.0, 1.0]],
        }
    }
}

/// The matrix.
#[derive(Debug, Clone)]
pub struct InputMatrix {
    mode: ChannelMode,
    inverted: [bool; 2],
    /// Of each side what comes from its own channel, and what from the other one.
    own: StereoRamp,
    other: StereoRamp,
}

impl InputMatrix {
    /// At rest; `inverted` tells which channels of the source have their polarity turned.
    pub fn new(rate: SampleRate, mode: ChannelMode, inverted: [bool; 2]) -> Self {
        let glide = rate.frames_in(GLIDE_SECONDS);
        let mut matrix = Self {
            mode,
            inverted,
            own: StereoRamp::new([Gain::UNITY; 2], glide),
            other: StereoRamp::new([Gain::ZERO; 2], glide),
        };
        matrix.aim();
        matrix.own.settle();
        matrix.other.settle();
        matrix
    }

    /// Glides to another mode.
    pub fn set_mode(&mut self, mode: ChannelMode) {
        self.mode = mode;
        self.aim();
    }

    /// Turns the polarity of the source's left and right channel, before they are mixed.
    pub fn set_inverted(&mut self, inverted: [bool; 2]) {
        self.inverted = inverted;
        self.aim();
    }

    fn aim(&mut self) {
        let [left, right] = self.mode.factors();
        let sign = self.inverted.map(|inverted| if inverted { -1.0 } else { 1.0 });
        self.own.set_factors([left[0] * sign[0], right[1] * sign[1]]);
        self.other.set_factors([left[1] * sign[1], right[0] * sign[0]]);
    }

    /// One block in place.
    pub fn process(&mut self, block: &mut Block) {
        if self.other.is_silent() {
            self.own.apply(block);
            return;
        }
        let swapped = block.map(|[left, right]| [right, left]);
        self.own.apply(block);
        self.other.mix(&swapped, block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Block = [[0.5, -0.25]; crate::BLOCK_FRAMES];

    fn settled(mode: ChannelMode, inverted: [bool; 2]) -> [f32; 2] {
        let mut block = SOURCE;
        InputMatrix::new(SampleRate::DESK, mode, inverted).process(&mut block);
        block[0]
    }

    #[test]
    fn each_mode_puts_the_channels_where_it_says() {
        let plain = [false; 2];
        assert_eq!(settled(ChannelMode::Stereo, plain), [0.5, -0.25]);
        assert_eq!(settled(ChannelMode::Mono, plain), [0.125, 0.125]);
        assert_eq!(settled(ChannelMode::Swapped, plain), [-0.25, 0.5]);
        assert_eq!(settled(ChannelMode::LeftOnly, plain), [0.5, 0.5]);
        assert_eq!(settled(ChannelMode::RightOnly, plain), [-0.25, -0.25]);
        assert_eq!(settled(ChannelMode::Stereo, [true, false]), [-0.5, -0.25]);
        assert_eq!(settled(ChannelMode::Mono, [false, true]), [0.375, 0.375]);
        assert_eq!(settled(ChannelMode::Swapped, [true, false]), [-0.25, -0.5]);
    }

    #[test]
    fn a_switch_glides_and_arrives_exactly() {
        let mut matrix = InputMatrix::new(SampleRate::DESK, ChannelMode::Stereo, [false; 2]);
        matrix.set_mode(ChannelMode::Swapped);
        matrix.set_inverted([true, true]);
        let (mut last, mut largest) = ([0.5, -0.25], 0.0_f32);
        for _ in 0..40 {
            let mut block = SOURCE;
            matrix.process(&mut block);
            for frame in block {
                for side in [0, 1] {
                    largest = largest.max((frame[side] - last[side]).abs());
                }
                last = frame;
            }
        }
        assert_eq!(last, [0.25, -0.5]);
        assert!(largest < 0.002, "a step of {largest}");
    }
}
