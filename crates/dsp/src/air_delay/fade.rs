//! From one signal to another without a step in either, and without a step in loudness, however alike the two are.

use std::f64::consts::FRAC_PI_2;

use crate::{BLOCK_FRAMES, Block, Frame};

/// How far a cross-fade has got, and what the loudness of both together needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fade {
    /// What fades out.
    pub(super) tail: Tail,
    likeness: f32,
    done: usize,
}

/// What fades out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tail {
    /// The programme, from this position on.
    Programme(i64),
    /// What was kept aside for it.
    Aside,
}

impl Fade {
    /// Begins. `likeness` of both: 1 the same, 0 unrelated.
    pub(super) fn new(tail: Tail, likeness: f32) -> Self {
        Self {
            tail,
            likeness: likeness.clamp(0.0, 1.0),
            done: 0,
        }
    }

    /// Frames it has gone.
    pub(super) fn done(&self) -> usize {
        self.done
    }

    /// Fades one block of `tail` into `head`.
    pub(super) fn apply(&mut self, shape: &[f32], tail: &Block, head: &mut Block) {
        let shape = shape.iter().skip(self.done);
        for ((tail, head), &come) in tail.iter().zip(head.iter_mut()).zip(shape) {
            let go = 1.0 - come;
            // The power of the sum of two signals of the same power is that of each.
            let even = (go * go + come * come + 2.0 * self.likeness * go * come).sqrt().recip();
            *head = mix(*tail, go * even, *head, come * even);
        }
        self.done += BLOCK_FRAMES;
    }
}

fn mix(tail: Frame, go: f32, head: Frame, come: f32) -> Frame {
    [tail[0] * go + head[0] * come, tail[1] * go + head[1] * come]
}

/// What comes, over `frames`: 0 to 1 along a squared sine. Allocates.
pub(super) fn shape(frames: usize) -> Box<[f32]> {
    let at = |n: usize| (n as f64 + 0.5) / frames as f64;
    (0..frames).map(|n| (FRAC_PI_2 * at(n)).sin().powi(2) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_signals_stay_as_they_are_and_unlike_ones_keep_their_power() {
        let shape = shape(768);
        let mut fade = Fade::new(Tail::Aside, 1.0);
        for _ in 0..12 {
            let mut head = [[0.5, -0.5]; BLOCK_FRAMES];
            fade.apply(&shape, &[[0.5, -0.5]; BLOCK_FRAMES], &mut head);
            assert!(
                head.iter()
                    .all(|frame| (frame[0] - 0.5).abs() < 1e-6 && frame[1] == -frame[0])
            );
        }
        // One side each: unrelated, so that powers add.
        let mut fade = Fade::new(Tail::Aside, 0.0);
        for _ in 0..12 {
            let mut head = [[0.0, 0.5]; BLOCK_FRAMES];
            fade.apply(&shape, &[[0.5, 0.0]; BLOCK_FRAMES], &mut head);
            assert!(
                head.iter()
                    .all(|[out, come]| (out * out + come * come - 0.25).abs() < 1e-6)
            );
        }
    }
}
