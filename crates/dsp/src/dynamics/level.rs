//! How loud a side chain is: the louder side's highest sample of every few frames, after its high-pass.

use super::glide::Glide;
use super::{DECISIONS, Decisions, PACE, sound};
use crate::SampleRate;
use crate::lanes::{LaneBlock, Lanes, STRIPS, Vector};

/// Where the corner goes when there is to be none, Hz: nothing that is heard is lost at that.
const NONE_HZ: f32 = 1.0;

/// A high-pass of second order per strip (Butterworth, 12 dB per octave), or none, before the detector.
///
/// The state-variable filter of V. Zavalishin, "The Art of VA Filter Design" (rev. 2.1.2, 2020), chapter 4, in the form of A. Simper, "Linear
/// trapezoidal integrated SVF" (2013): the same response as the "Audio EQ Cookbook"'s, and its corner can glide, so that
/// no level leaps when it is moved.
#[derive(Debug, Clone)]
pub(crate) struct SideHighPass {
    /// The logarithm to base two of each strip's `tan(π · corner / rate)`.
    corner: Glide<1>,
    /// The tangents themselves once they have arrived; zero, which passes everything, where there is no filter.
    tangents: Lanes,
    states: [Lanes; 2],
    /// Which strips have one, and as a factor those that have one or are about to lose it.
    used: [bool; STRIPS],
    filtered: Lanes,
}

impl SideHighPass {
    pub(crate) fn new(rate: SampleRate) -> Self {
        Self {
            corner: Glide::new([Lanes::splat(tangent(NONE_HZ, rate).log2())], rate),
            tangents: Lanes::ZERO,
            states: [Lanes::ZERO; 2],
            used: [false; STRIPS],
            filtered: Lanes::ZERO,
        }
    }

    /// Sends one strip's corner to so many Hz, or takes it away.
    pub(crate) fn set(&mut self, strip: usize, corner_hz: Option<f32>, rate: SampleRate) {
        self.corner
            .aim(strip, [tangent(corner_hz.unwrap_or(NONE_HZ), rate).log2()]);
        self.tangents
            .set_strip(strip, corner_hz.map_or(0.0, |hz| tangent(hz, rate)));
        if let Some(used) = self.used.get_mut(strip) {
            *used = corner_hz.is_some();
        }
        if corner_hz.is_some() {
            self.filtered.set_strip(strip, 1.0);
        }
    }

    /// Forgets what one strip was: its corner has arrived.
    pub(crate) fn settle(&mut self, strip: usize) {
        self.corner.settle(strip);
        for state in &mut self.states {
            state.set_strip(strip, 0.0);
        }
        let used = self.used.get(strip) == Some(&true);
        self.filtered.set_strip(strip, f32::from(u8::from(used)));
    }

    /// The level, linear, for every decision of a block. Both lanes of a strip get the louder one's.
    #[inline(always)]
    pub(crate) fn levels<V: Vector>(&mut self, block: &LaneBlock) -> Decisions {
        let mut levels = [Lanes::ZERO; DECISIONS];
        let (runs, _) = block.as_chunks::<PACE>();
        let moving = self.corner.is_moving();
        if moving || self.used.contains(&true) {
            let mut corner = self.corner.start::<V>();
            let (one, two, damping) = (V::splat(1.0), V::splat(2.0), V::splat(std::f32::consts::SQRT_2));
            let weights = |tangent: V| {
                let first = one.div(tangent.mul_add(tangent.add(damping), one));
                [first, tangent.mul(first), tangent.mul(tangent.mul(first))]
            };
            let mut weight = weights(V::load(&self.tangents));
            let filtered = V::load(&self.filtered);
            let [mut band, mut low] = self.states.map(|lanes| V::load(&lanes));
            for (run, level) in runs.iter().zip(&mut levels) {
                if moving {
                    corner.step();
                    weight = weights(corner.now[0].exp2().mul(filtered));
                }
                let [first, second, third] = weight;
                let mut highest = V::splat(0.0);
                for frame in run {
                    let x = V::load(frame);
                    let above = x.sub(low);
                    let passed = first.mul_add(band, second.mul(above));
                    let below = second.mul_add(band, third.mul_add(above, low));
                    band = two.mul(passed).sub(band);
                    low = two.mul(below).sub(low);
                    highest = x.sub(damping.mul_add(passed, below)).abs().max(highest);
                }
                highest.max(highest.swap_sides()).store(level);
            }
            sound(band).store(&mut self.states[0]);
            sound(low).store(&mut self.states[1]);
            if moving {
                self.corner.keep(&corner);
                self.end_block();
            }
        } else {
            for (run, level) in runs.iter().zip(&mut levels) {
                let mut highest = V::splat(0.0);
                for frame in run {
                    highest = V::load(frame).abs().max(highest);
                }
                highest.max(highest.swap_sides()).store(level);
            }
        }
        levels
    }

    /// Where a filter has gone, nothing is left of it.
    fn end_block(&mut self) {
        self.corner.end_block();
        if !self.corner.is_moving() {
            for strip in 0..STRIPS {
                if self.used.get(strip) == Some(&false) {
                    self.settle(strip);
                }
            }
        }
    }
}

/// `tan(π · corner / rate)`; never at half the rate, however low that is.
fn tangent(hz: f32, rate: SampleRate) -> f32 {
    let rate = f64::from(rate.hz());
    (std::f64::consts::PI * f64::from(hz).min(0.45 * rate) / rate).tan() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BLOCK_FRAMES;
    use crate::lanes::Arch;

    struct Listen<'a>(&'a mut SideHighPass, &'a LaneBlock);

    impl crate::lanes::Kernel for Listen<'_> {
        type Output = Decisions;

        #[inline(always)]
        fn run<V: Vector>(self) -> Decisions {
            self.0.levels::<V>(self.1)
        }
    }

    #[test]
    fn a_strip_without_a_high_pass_is_heard_to_the_bit_beside_one_that_has_one_and_after_it_had_one() {
        let mut side = SideHighPass::new(SampleRate::DESK);
        let sound = |n: usize| std::array::from_fn(|k| Lanes::splat(((n * BLOCK_FRAMES + k) as f32 * 0.01).sin()));
        let heard = |side: &mut SideHighPass, n| {
            let block: LaneBlock = sound(n);
            (
                Arch::best().run(Listen(side, &block)),
                Arch::best().run(Listen(&mut SideHighPass::new(SampleRate::DESK), &block)),
            )
        };
        for n in 0..600 {
            match n {
                100 => side.set(1, Some(500.0), SampleRate::DESK),
                300 => side.set(1, None, SampleRate::DESK),
                _ => {}
            }
            let (levels, plain) = heard(&mut side, n);
            for (level, plain) in levels.iter().zip(&plain) {
                assert_eq!(level.strip(0), plain.strip(0), "block {n}");
                match n {
                    0..100 | 400.. => assert_eq!(level.strip(1), plain.strip(1), "block {n}"),
                    // 76 Hz are 32 dB down.
                    200..300 => assert!(level.strip(1) < 0.026, "block {n}: {}", level.strip(1)),
                    _ => {}
                }
            }
        }
    }
}
