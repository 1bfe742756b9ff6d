//! What a kernel may do with eight samples at once.
//!
//! Comparisons give masks: lanes of all ones or all zeros, only fit for [`Vector::select`] and
//! [`Vector::any`]. Implementations are private to `lanes`: code outside meets them as `V: Vector`
//! in a kernel that [`super::Arch`] runs, so none can be used where the processor lacks it.

use std::f32::consts::{LN_2, LOG2_E, SQRT_2};

use super::{LANES, Lanes};

/// Eight samples in registers. Every method is to be inlined into the kernel.
pub trait Vector: Copy {
    /// The same number in every lane.
    fn splat(value: f32) -> Self;
    /// Reads one sample of every lane.
    fn load(lanes: &Lanes) -> Self;
    /// Writes one sample of every lane.
    fn store(self, lanes: &mut Lanes);
    /// Reads eight samples that lie somewhere in a block: four frames of one signal.
    fn load_samples(samples: &[f32; LANES]) -> Self;
    /// Writes eight samples to somewhere in a block.
    fn store_samples(self, samples: &mut [f32; LANES]);
    /// `self + other`
    fn add(self, other: Self) -> Self;
    /// `self - other`
    fn sub(self, other: Self) -> Self;
    /// `self * other`
    fn mul(self, other: Self) -> Self;
    /// `self / other`
    fn div(self, other: Self) -> Self;
    /// `self * factor + addend`, rounded once where the machine can, else twice.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The lesser. Where either is NaN, `other`.
    fn min(self, other: Self) -> Self;
    /// The greater. Where either is NaN, `other`.
    fn max(self, other: Self) -> Self;
    /// Without its sign.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The nearest whole number, for values within ±2³¹; ties go to the even one.
    fn round(self) -> Self;
    /// Mask of the lanes where `self > other`. Never where either is NaN.
    fn greater(self, other: Self) -> Self;
    /// In each lane `self` where `mask` is set, else `other`.
    fn select(self, mask: Self, other: Self) -> Self;
    /// Some lane of this mask is set.
    fn any(self) -> bool;
    /// Left and right of every strip exchanged: with [`Vector::max`] both sides get the louder one.
    fn swap_sides(self) -> Self;
    /// Exponent and mantissa in 1..2 of positive normal numbers.
    fn split_exponent(self) -> (Self, Self);
    /// Two to a whole number in -126..=127.
    fn power_of_two(self) -> Self;

    /// Between `least` and `greatest`; NaN becomes `least`.
    #[inline(always)]
    fn clamp(self, least: Self, greatest: Self) -> Self {
        self.max(least).min(greatest)
    }

    /// The logarithm to base two, within 2e-7 + 1e-7 of the result. Zero, NaN, negative and subnormal numbers
    /// give -126, which is -758 dB.
    #[inline(always)]
    fn log2(self) -> Self {
        let one = Self::splat(1.0);
        let (exponent, mantissa) = self.max(Self::splat(f32::MIN_POSITIVE)).split_exponent();
        // Into √½..√2, where the series below converges fastest.
        let is_high = mantissa.greater(Self::splat(SQRT_2));
        let mantissa = mantissa.mul(Self::splat(0.5)).select(is_high, mantissa);
        let exponent = exponent.add(one.select(is_high, Self::splat(0.0)));
        // ln m = 2 artanh s, s = (m - 1) / (m + 1); |s| < 0.172, so the term in s⁹ is below 5e-8.
        let s = mantissa.sub(one).div(mantissa.add(one));
        let square = s.mul(s);
        let series = square
            .mul_add(Self::splat(1.0 / 7.0), Self::splat(1.0 / 5.0))
            .mul_add(square, Self::splat(1.0 / 3.0))
            .mul_add(square, one);
        s.mul(Self::splat(2.0 * LOG2_E)).mul_add(series, exponent)
    }

    /// Two to the power of this, within 4e-7 of the result. Below -126 it stays at 2⁻¹²⁶, above 127 at 2¹²⁷.
    #[inline(always)]
    fn exp2(self) -> Self {
        let power = self.clamp(Self::splat(-126.0), Self::splat(127.0));
        let whole = power.round();
        // Taylor of e^x for |x| <= ln 2 / 2: the term in x⁷ is below 1.3e-7.
        let x = power.sub(whole).mul(Self::splat(LN_2));
        let series = x
            .mul_add(Self::splat(1.0 / 720.0), Self::splat(1.0 / 120.0))
            .mul_add(x, Self::splat(1.0 / 24.0))
            .mul_add(x, Self::splat(1.0 / 6.0))
            .mul_add(x, Self::splat(0.5))
            .mul_add(x, Self::splat(1.0))
            .mul_add(x, Self::splat(1.0));
        series.mul(whole.power_of_two())
    }
}
