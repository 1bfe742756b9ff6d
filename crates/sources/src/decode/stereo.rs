//! Two channels of however many there are: ITU-R BS.775-3, annex 4, table 2. Not scaled down: what is in front keeps its
//! level, so six full channels come out up to 8 dB above full scale, and the desk mixes beyond that.

use std::f32::consts::FRAC_1_SQRT_2;

use airdesk_dsp::Frame;
use symphonia::core::audio::{ChannelLabel, Channels, Position};

/// How much of each channel goes to the left and to the right.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Downmix(Vec<Frame>);

impl Downmix {
    /// By the positions of the channels; where they are not known, the first two.
    pub(super) fn new(channels: &Channels) -> Self {
        let positions: Option<Vec<Position>> = match channels {
            Channels::Positioned(positions) => Some(positions.iter().collect()),
            Channels::Custom(labels) => labels.iter().map(position).collect(),
            _ => None,
        };
        match positions {
            Some(positions) => Self::of(&positions),
            None => Self::first_two(channels.count()),
        }
    }

    /// By the positions of the channels, in the order in which they come.
    pub(super) fn of(positions: &[Position]) -> Self {
        match positions.len() {
            ..3 => Self::first_two(positions.len()),
            _ => Self(positions.iter().copied().map(share).collect()),
        }
    }

    /// The first two of so many, or the only one on both sides.
    pub(super) fn first_two(count: usize) -> Self {
        if count == 1 {
            return Self(vec![[1.0; 2]]);
        }
        let sides = [[1.0, 0.0], [0.0, 1.0]].into_iter();
        Self(sides.chain(std::iter::repeat([0.0; 2])).take(count).collect())
    }

    /// Appends frames of interleaved samples to `out`.
    pub(super) fn apply(&self, samples: &[f32], out: &mut Vec<Frame>) {
        match self.0.len() {
            0 => {}
            1 => out.extend(samples.iter().map(|sample| [*sample; 2])),
            2 => out.extend_from_slice(samples.as_chunks().0),
            count => out.extend(samples.chunks_exact(count).map(|channels| self.frame(channels))),
        }
    }

    fn frame(&self, channels: &[f32]) -> Frame {
        let pairs = channels.iter().zip(&self.0);
        pairs.fold([0.0; 2], |[left, right], (sample, share)| {
            [left + sample * share[0], right + sample * share[1]]
        })
    }
}

fn position(label: &ChannelLabel) -> Option<Position> {
    match label {
        ChannelLabel::Positioned(position) => Some(*position),
        _ => None,
    }
}

/// What of a channel is heard left and right.
fn share(position: Position) -> Frame {
    const LEFT: Frame = [1.0, 0.0];
    const RIGHT: Frame = [0.0, 1.0];
    const SURROUND_LEFT: Frame = [FRAC_1_SQRT_2, 0.0];
    const SURROUND_RIGHT: Frame = [0.0, FRAC_1_SQRT_2];
    const MIDDLE: Frame = [FRAC_1_SQRT_2; 2];
    match position {
        Position::FRONT_LEFT | Position::FRONT_LEFT_CENTER | Position::FRONT_LEFT_WIDE => LEFT,
        Position::FRONT_RIGHT | Position::FRONT_RIGHT_CENTER | Position::FRONT_RIGHT_WIDE => RIGHT,
        Position::FRONT_CENTER => MIDDLE,
        Position::REAR_CENTER => [0.5; 2],
        Position::REAR_LEFT
        | Position::SIDE_LEFT
        | Position::TOP_FRONT_LEFT
        | Position::TOP_REAR_LEFT
        | Position::TOP_SIDE_LEFT => SURROUND_LEFT,
        Position::REAR_RIGHT
        | Position::SIDE_RIGHT
        | Position::TOP_FRONT_RIGHT
        | Position::TOP_REAR_RIGHT
        | Position::TOP_SIDE_RIGHT => SURROUND_RIGHT,
        // The low-frequency effects, and what hardly any file has.
        _ => [0.0; 2],
    }
}

#[cfg(test)]
mod tests {
    use symphonia::core::audio::layouts;

    use super::*;

    #[test]
    fn five_channels_and_a_subwoofer_become_two_as_the_standard_says() {
        let downmix = Downmix::new(&layouts::CHANNEL_LAYOUT_5P1);
        let mut out = Vec::new();
        // Left, right, centre, low frequencies, left and right surround.
        downmix.apply(&[0.1, 0.2, 0.3, 9.0, 0.4, 0.5], &mut out);
        let [left, right] = out[0];
        assert!((left - (0.1 + FRAC_1_SQRT_2 * (0.3 + 0.4))).abs() < 1e-6, "{left}");
        assert!((right - (0.2 + FRAC_1_SQRT_2 * (0.3 + 0.5))).abs() < 1e-6, "{right}");
    }

    #[test]
    fn one_channel_is_heard_on_both_sides_and_of_unknown_ones_the_first_two() {
        let mut out = Vec::new();
        Downmix::new(&layouts::CHANNEL_LAYOUT_MONO).apply(&[0.25, 0.5], &mut out);
        assert_eq!(out, [[0.25; 2], [0.5; 2]]);
        out.clear();
        Downmix::new(&Channels::Discrete(3)).apply(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], &mut out);
        assert_eq!(out, [[0.1, 0.2], [0.4, 0.5]]);
    }
}
