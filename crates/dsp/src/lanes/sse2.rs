//! Eight samples in two SSE registers: what every 64-bit x86 processor has.

use std::arch::x86_64::*;

use super::{LANES, Lanes, Vector};

#[derive(Clone, Copy)]
pub(super) struct Sse2(__m128, __m128);

/// Calls intrinsics.
macro_rules! sse2 {
    ($call:expr) => {
        // SAFETY: every 64-bit x86 processor has SSE2; loads and stores are of `Lanes`, aligned to 32 bytes, or of
        // eight floats by the calls that ask for no alignment.
        unsafe { $call }
    };
}

impl Sse2 {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(__m128, __m128) -> __m128) -> Self {
        Self(f(self.0, other.0), f(self.1, other.1))
    }

    #[inline(always)]
    fn map(self, f: impl Fn(__m128) -> __m128) -> Self {
        Self(f(self.0), f(self.1))
    }
}

impl Vector for Sse2 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        sse2!(Self(_mm_set1_ps(value), _mm_set1_ps(value)))
    }

    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        sse2!({
            let first = lanes.0.as_ptr();
            Self(_mm_load_ps(first), _mm_load_ps(first.add(4)))
        })
    }

    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        sse2!({
            let first = lanes.0.as_mut_ptr();
            _mm_store_ps(first, self.0);
            _mm_store_ps(first.add(4), self.1);
        })
    }

    #[inline(always)]
    fn load_samples(samples: &[f32; LANES]) -> Self {
        sse2!({
            let first = samples.as_ptr();
            Self(_mm_loadu_ps(first), _mm_loadu_ps(first.add(4)))
        })
    }

    #[inline(always)]
    fn store_samples(self, samples: &mut [f32; LANES]) {
        sse2!({
            let first = samples.as_mut_ptr();
            _mm_storeu_ps(first, self.0);
            _mm_storeu_ps(first.add(4), self.1);
        })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        sse2!(Self(_mm_add_ps(self.0, other.0), _mm_add_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        sse2!(Self(_mm_sub_ps(self.0, other.0), _mm_sub_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        sse2!(Self(_mm_mul_ps(self.0, other.0), _mm_mul_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        sse2!(Self(_mm_div_ps(self.0, other.0), _mm_div_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        self.mul(factor).add(addend)
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        sse2!(Self(_mm_min_ps(self.0, other.0), _mm_min_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        sse2!(Self(_mm_max_ps(self.0, other.0), _mm_max_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        sse2!({
            let sign = _mm_set1_ps(-0.0);
            self.map(|x| _mm_andnot_ps(sign, x))
        })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        sse2!(Self(_mm_sqrt_ps(self.0), _mm_sqrt_ps(self.1)))
    }

    #[inline(always)]
    fn round(self) -> Self {
        sse2!(self.map(|x| _mm_cvtepi32_ps(_mm_cvtps_epi32(x))))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        sse2!(Self(_mm_cmpgt_ps(self.0, other.0), _mm_cmpgt_ps(self.1, other.1)))
    }

    #[inline(always)]
    fn select(self, mask: Self, other: Self) -> Self {
        sse2!({
            let chosen = self.zip(mask, |x, mask| _mm_and_ps(mask, x));
            let others = other.zip(mask, |x, mask| _mm_andnot_ps(mask, x));
            chosen.zip(others, |a, b| _mm_or_ps(a, b))
        })
    }

    #[inline(always)]
    fn any(self) -> bool {
        sse2!(_mm_movemask_ps(_mm_or_ps(self.0, self.1)) != 0)
    }

    #[inline(always)]
    fn swap_sides(self) -> Self {
        sse2!(self.map(|x| _mm_shuffle_ps::<0b10_11_00_01>(x, x)))
    }

    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        sse2!({
            let exponent = self.map(|x| {
                let biased = _mm_srli_epi32::<23>(_mm_castps_si128(x));
                _mm_cvtepi32_ps(_mm_sub_epi32(biased, _mm_set1_epi32(127)))
            });
            let fraction = _mm_castsi128_ps(_mm_set1_epi32(0x007f_ffff));
            let mantissa = self.map(|x| _mm_or_ps(_mm_and_ps(x, fraction), _mm_set1_ps(1.0)));
            (exponent, mantissa)
        })
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        sse2!({
            self.map(|n| {
                let biased = _mm_add_epi32(_mm_cvtps_epi32(n), _mm_set1_epi32(127));
                _mm_castsi128_ps(_mm_slli_epi32::<23>(biased))
            })
        })
    }
}
