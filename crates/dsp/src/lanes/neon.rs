//! Eight samples in two NEON registers: what every 64-bit ARM processor has.

use std::arch::aarch64::*;

use super::{LANES, Lanes, Vector};

#[derive(Clone, Copy)]
pub(super) struct Neon(float32x4_t, float32x4_t);

/// Calls intrinsics.
macro_rules! neon {
    ($call:expr) => {
        // SAFETY: every 64-bit ARM processor has NEON; loads and stores are of eight floats and want no alignment.
        unsafe { $call }
    };
}

impl Neon {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(float32x4_t, float32x4_t) -> float32x4_t) -> Self {
        Self(f(self.0, other.0), f(self.1, other.1))
    }

    #[inline(always)]
    fn map(self, f: impl Fn(float32x4_t) -> float32x4_t) -> Self {
        Self(f(self.0), f(self.1))
    }
}

impl Vector for Neon {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        neon!(Self(vdupq_n_f32(value), vdupq_n_f32(value)))
    }

    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        neon!({
            let first = lanes.0.as_ptr();
            Self(vld1q_f32(first), vld1q_f32(first.add(4)))
        })
    }

    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        neon!({
            let first = lanes.0.as_mut_ptr();
            vst1q_f32(first, self.0);
            vst1q_f32(first.add(4), self.1);
        })
    }

    #[inline(always)]
    fn load_samples(samples: &[f32; LANES]) -> Self {
        neon!({
            let first = samples.as_ptr();
            Self(vld1q_f32(first), vld1q_f32(first.add(4)))
        })
    }

    #[inline(always)]
    fn store_samples(self, samples: &mut [f32; LANES]) {
        neon!({
            let first = samples.as_mut_ptr();
            vst1q_f32(first, self.0);
            vst1q_f32(first.add(4), self.1);
        })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        neon!(Self(vaddq_f32(self.0, other.0), vaddq_f32(self.1, other.1)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        neon!(Self(vsubq_f32(self.0, other.0), vsubq_f32(self.1, other.1)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        neon!(Self(vmulq_f32(self.0, other.0), vmulq_f32(self.1, other.1)))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        neon!(Self(vdivq_f32(self.0, other.0), vdivq_f32(self.1, other.1)))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        neon!({
            Self(
                vfmaq_f32(addend.0, self.0, factor.0),
                vfmaq_f32(addend.1, self.1, factor.1),
            )
        })
    }

    // Not `vminq` and `vmaxq`: those give NaN where either side is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        neon!(self.zip(other, |a, b| vbslq_f32(vcltq_f32(a, b), a, b)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        neon!(self.zip(other, |a, b| vbslq_f32(vcgtq_f32(a, b), a, b)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        neon!(self.map(|x| vabsq_f32(x)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        neon!(self.map(|x| vsqrtq_f32(x)))
    }

    #[inline(always)]
    fn round(self) -> Self {
        neon!(self.map(|x| vrndnq_f32(x)))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        neon!(self.zip(other, |a, b| vreinterpretq_f32_u32(vcgtq_f32(a, b))))
    }

    #[inline(always)]
    fn select(self, mask: Self, other: Self) -> Self {
        neon!({
            Self(
                vbslq_f32(vreinterpretq_u32_f32(mask.0), self.0, other.0),
                vbslq_f32(vreinterpretq_u32_f32(mask.1), self.1, other.1),
            )
        })
    }

    #[inline(always)]
    fn any(self) -> bool {
        neon!({
            let set = vorrq_u32(vreinterpretq_u32_f32(self.0), vreinterpretq_u32_f32(self.1));
            vmaxvq_u32(set) != 0
        })
    }

    #[inline(always)]
    fn swap_sides(self) -> Self {
        neon!(self.map(|x| vrev64q_f32(x)))
    }

    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        neon!({
            let exponent = self.map(|x| {
                let biased = vreinterpretq_s32_u32(vshrq_n_u32::<23>(vreinterpretq_u32_f32(x)));
                vcvtq_f32_s32(vsubq_s32(biased, vdupq_n_s32(127)))
            });
            let mantissa = self.map(|x| {
                let fraction = vandq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x007f_ffff));
                vreinterpretq_f32_u32(vorrq_u32(fraction, vdupq_n_u32(0x3f80_0000)))
            });
            (exponent, mantissa)
        })
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        neon!({
            self.map(|n| {
                let biased = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased))
            })
        })
    }
}
