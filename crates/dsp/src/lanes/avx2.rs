//! Eight samples in one AVX register, with fused multiply-add.

use std::arch::x86_64::*;

use super::{LANES, Lanes, Vector};

/// Only [`super::Arch`] names this type, after it has seen that the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

/// Calls intrinsics that want AVX2 or FMA.
macro_rules! avx2 {
    ($call:expr) => {
        // SAFETY: the type is private to `lanes`, and `Arch` runs a kernel on it only where the
        // processor has AVX2 and FMA. Loads and stores are of `Lanes`, aligned to 32 bytes, or of eight floats
        // by the calls that ask for no alignment.
        unsafe { $call }
    };
}

impl Vector for Avx2 {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self(avx2!(_mm256_set1_ps(value)))
    }

    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        Self(avx2!(_mm256_load_ps(lanes.0.as_ptr())))
    }

    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        avx2!(_mm256_store_ps(lanes.0.as_mut_ptr(), self.0));
    }

    #[inline(always)]
    fn load_samples(samples: &[f32; LANES]) -> Self {
        Self(avx2!(_mm256_loadu_ps(samples.as_ptr())))
    }

    #[inline(always)]
    fn store_samples(self, samples: &mut [f32; LANES]) {
        avx2!(_mm256_storeu_ps(samples.as_mut_ptr(), self.0));
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(avx2!(_mm256_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(avx2!(_mm256_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(avx2!(_mm256_mul_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(avx2!(_mm256_div_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(avx2!(_mm256_fmadd_ps(self.0, factor.0, addend.0)))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(avx2!(_mm256_min_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx2!(_mm256_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(avx2!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(avx2!(_mm256_sqrt_ps(self.0)))
    }

    #[inline(always)]
    fn round(self) -> Self {
        Self(avx2!(_mm256_round_ps::<
            { _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC },
        >(self.0)))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        Self(avx2!(_mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0)))
    }

    #[inline(always)]
    fn select(self, mask: Self, other: Self) -> Self {
        Self(avx2!(_mm256_blendv_ps(other.0, self.0, mask.0)))
    }

    #[inline(always)]
    fn any(self) -> bool {
        avx2!(_mm256_movemask_ps(self.0)) != 0
    }

    #[inline(always)]
    fn swap_sides(self) -> Self {
        Self(avx2!(_mm256_permute_ps::<0b10_11_00_01>(self.0)))
    }

    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let exponent = avx2!({
            let biased = _mm256_srli_epi32::<23>(_mm256_castps_si256(self.0));
            _mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)))
        });
        let mantissa = avx2!({
            let fraction = _mm256_castsi256_ps(_mm256_set1_epi32(0x007f_ffff));
            _mm256_or_ps(_mm256_and_ps(self.0, fraction), _mm256_set1_ps(1.0))
        });
        (Self(exponent), Self(mantissa))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(avx2!({
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        }))
    }
}
