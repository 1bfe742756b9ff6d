//! Eight samples, one after the other: the reference that the others are compared with, and what runs
//! on machines that have none of them.

use super::{LANES, Lanes, Vector};

#[derive(Clone, Copy)]
pub(super) struct Scalar([f32; LANES]);

impl Scalar {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut result = self.0;
        for (a, b) in result.iter_mut().zip(other.0) {
            *a = f(*a, b);
        }
        Self(result)
    }
}

fn mask(is_set: bool) -> f32 {
    f32::from_bits(if is_set { u32::MAX } else { 0 })
}

impl Vector for Scalar {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        Self(lanes.0)
    }

    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        lanes.0 = self.0;
    }

    #[inline(always)]
    fn load_samples(samples: &[f32; LANES]) -> Self {
        Self(*samples)
    }

    #[inline(always)]
    fn store_samples(self, samples: &mut [f32; LANES]) {
        *samples = self.0;
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    /// Rounded twice: without the instruction, once would be a slow call.
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        self.mul(factor).add(addend)
    }

    // Not `f32::min` and `max`: those leave NaN out, whichever side it is on.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }

    #[inline(always)]
    fn round(self) -> Self {
        Self(self.0.map(f32::round_ties_even))
    }

    #[inline(always)]
    fn greater(self, other: Self) -> Self {
        self.zip(other, |a, b| mask(a > b))
    }

    #[inline(always)]
    fn select(self, mask: Self, other: Self) -> Self {
        let mut result = other.0;
        for ((lane, own), mask) in result.iter_mut().zip(self.0).zip(mask.0) {
            if mask.to_bits() != 0 {
                *lane = own;
            }
        }
        Self(result)
    }

    #[inline(always)]
    fn any(self) -> bool {
        self.0.iter().any(|lane| lane.to_bits() != 0)
    }

    #[inline(always)]
    fn swap_sides(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0;
        Self([b, a, d, c, f, e, h, g])
    }

    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let exponent = self.0.map(|x| (x.to_bits() >> 23) as f32 - 127.0);
        let mantissa = self.0.map(|x| f32::from_bits(x.to_bits() & 0x007f_ffff | 0x3f80_0000));
        (Self(exponent), Self(mantissa))
    }

    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23)))
    }
}
