//! Parameters that glide to where the operator put them.
//!
//! Three one-pole filters one after the other, of 4.5 ms each: no step, no kink, no leap of the bend, which was heard
//! where a gain of 60 dB came or went; 90 % there in 24 ms. Per decision while anything moves, not at all afterwards.

use super::decay_of;
use crate::lanes::{Lanes, Vector};
use crate::{BLOCK_FRAMES, SampleRate};

/// Time constant of each of the three filters, in seconds.
const STAGE_SECONDS: f64 = 0.004_5;

/// Until what is left of a glide is nothing (-144 dB of it), in seconds.
const LONGEST_SECONDS: f64 = 0.100;

/// `N` parameters of every lane.
#[derive(Debug, Clone)]
pub(crate) struct Glide<const N: usize> {
    target: [Lanes; N],
    /// What the first and the second filter have made of it.
    between: [[Lanes; N]; 2],
    now: [Lanes; N],
    part: f32,
    blocks_left: u32,
    longest: u32,
}

impl<const N: usize> Glide<N> {
    pub(crate) fn new(values: [Lanes; N], rate: SampleRate) -> Self {
        Self {
            target: values,
            between: [values; 2],
            now: values,
            part: 1.0 - decay_of(STAGE_SECONDS, rate),
            blocks_left: 0,
            longest: rate.frames_in(LONGEST_SECONDS).0.div_ceil(BLOCK_FRAMES as u32),
        }
    }

    /// Sends one strip's parameters to new values.
    pub(crate) fn aim(&mut self, strip: usize, values: [f32; N]) {
        for (target, value) in self.target.iter_mut().zip(values) {
            target.set_strip(strip, value);
        }
        if self.target != self.now {
            self.blocks_left = self.longest;
        }
    }

    /// One strip's parameters arrive at once.
    pub(crate) fn settle(&mut self, strip: usize) {
        let [first, second] = &mut self.between;
        for values in [first, second, &mut self.now] {
            for (target, value) in self.target.iter().zip(values) {
                value.set_strip(strip, target.strip(strip));
            }
        }
    }

    /// Where one strip's parameters rest, or go.
    pub(crate) fn settled(&self, strip: usize) -> [f32; N] {
        std::array::from_fn(|n| self.target.get(n).map_or(0.0, |lanes| lanes.strip(strip)))
    }

    /// Something is on its way.
    pub(crate) fn is_moving(&self) -> bool {
        self.blocks_left > 0
    }

    /// To be called after each block.
    pub(crate) fn end_block(&mut self) {
        if self.blocks_left > 0 {
            self.blocks_left -= 1;
            if self.blocks_left == 0 {
                self.between = [self.target; 2];
                self.now = self.target;
            }
        }
    }

    /// The values for a run of frames, in registers.
    #[inline(always)]
    pub(crate) fn start<V: Vector>(&self) -> Gliding<V, N> {
        Gliding {
            target: self.target.map(|lanes| V::load(&lanes)),
            between: self.between.map(|values| values.map(|lanes| V::load(&lanes))),
            now: self.now.map(|lanes| V::load(&lanes)),
            part: V::splat(self.part),
        }
    }

    /// Keeps where the values arrived.
    #[inline(always)]
    pub(crate) fn keep<V: Vector>(&mut self, gliding: &Gliding<V, N>) {
        for n in 0..N {
            gliding.between[0][n].store(&mut self.between[0][n]);
            gliding.between[1][n].store(&mut self.between[1][n]);
            gliding.now[n].store(&mut self.now[n]);
        }
    }
}

/// Parameters in registers.
pub(crate) struct Gliding<V, const N: usize> {
    target: [V; N],
    between: [[V; N]; 2],
    /// The parameters as they are now.
    pub(crate) now: [V; N],
    part: V,
}

impl<V: Vector, const N: usize> Gliding<V, N> {
    /// Moves on by one decision.
    #[inline(always)]
    pub(crate) fn step(&mut self) {
        let [first, second] = &mut self.between;
        for n in 0..N {
            first[n] = self.target[n].sub(first[n]).mul_add(self.part, first[n]);
            second[n] = first[n].sub(second[n]).mul_add(self.part, second[n]);
            self.now[n] = second[n].sub(self.now[n]).mul_add(self.part, self.now[n]);
        }
    }
}
