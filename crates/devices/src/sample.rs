//! Between a device's samples and the desk's: `f32`, full scale ±1.0. Real-time.
//!
//! Integer formats of up to 24 bits pass in both directions without a change in any bit; 32-bit ones
//! keep their upper 24. Out of range is clipped, not wrapped; NaN becomes silence in integer formats.

use cpal::{I24, SampleFormat, SizedSample, U24};

/// A sample as a device has it.
pub(crate) trait DeviceSample: SizedSample + Send + 'static {
    /// To the desk.
    fn to_desk(self) -> f32;
    /// From the desk.
    fn of_desk(sample: f32) -> Self;
}

const FULL_8: f32 = 128.0;
const FULL_16: f32 = 32_768.0;
const FULL_24: f32 = 8_388_608.0;
const FULL_32: f64 = 2_147_483_648.0;

/// The integer nearest to `sample` on a scale of `full`, clipped.
fn step(sample: f32, full: f32) -> i32 {
    (sample * full).round().clamp(-full, full - 1.0) as i32
}

impl DeviceSample for i8 {
    fn to_desk(self) -> f32 {
        f32::from(self) / FULL_8
    }

    fn of_desk(sample: f32) -> Self {
        step(sample, FULL_8) as Self
    }
}

impl DeviceSample for u8 {
    fn to_desk(self) -> f32 {
        (f32::from(self) - FULL_8) / FULL_8
    }

    fn of_desk(sample: f32) -> Self {
        (step(sample, FULL_8) + 128) as Self
    }
}

impl DeviceSample for i16 {
    fn to_desk(self) -> f32 {
        f32::from(self) / FULL_16
    }

    fn of_desk(sample: f32) -> Self {
        step(sample, FULL_16) as Self
    }
}

impl DeviceSample for u16 {
    fn to_desk(self) -> f32 {
        (f32::from(self) - FULL_16) / FULL_16
    }

    fn of_desk(sample: f32) -> Self {
        (step(sample, FULL_16) + 32_768) as Self
    }
}

impl DeviceSample for I24 {
    fn to_desk(self) -> f32 {
        // Devices leave anything in the upper byte: the sign is in bit 23.
        ((self.inner() << 8) >> 8) as f32 / FULL_24
    }

    fn of_desk(sample: f32) -> Self {
        Self::new_unchecked(step(sample, FULL_24))
    }
}

impl DeviceSample for U24 {
    fn to_desk(self) -> f32 {
        ((self.inner() & 0x00ff_ffff) - 0x0080_0000) as f32 / FULL_24
    }

    fn of_desk(sample: f32) -> Self {
        Self::new_unchecked(step(sample, FULL_24) + 0x0080_0000)
    }
}

impl DeviceSample for i32 {
    fn to_desk(self) -> f32 {
        (f64::from(self) / FULL_32) as f32
    }

    fn of_desk(sample: f32) -> Self {
        // The cast saturates.
        (f64::from(sample) * FULL_32).round() as Self
    }
}

impl DeviceSample for u32 {
    fn to_desk(self) -> f32 {
        ((f64::from(self) - FULL_32) / FULL_32) as f32
    }

    fn of_desk(sample: f32) -> Self {
        i32::of_desk(sample).cast_unsigned() ^ 0x8000_0000
    }
}

impl DeviceSample for f32 {
    fn to_desk(self) -> f32 {
        self
    }

    fn of_desk(sample: f32) -> Self {
        sample
    }
}

impl DeviceSample for f64 {
    fn to_desk(self) -> f32 {
        self as f32
    }

    fn of_desk(sample: f32) -> Self {
        Self::from(sample)
    }
}

/// How much a format is liked: the least loss first. `None`: it is not known here.
pub(crate) fn rank(format: SampleFormat) -> Option<u8> {
    match format {
        SampleFormat::F32 => Some(0),
        SampleFormat::I32 => Some(1),
        SampleFormat::I24 => Some(2),
        SampleFormat::F64 => Some(3),
        SampleFormat::U32 => Some(4),
        SampleFormat::U24 => Some(5),
        SampleFormat::I16 => Some(6),
        SampleFormat::U16 => Some(7),
        SampleFormat::I8 => Some(8),
        SampleFormat::U8 => Some(9),
        _ => None,
    }
}

/// Calls `$method::<T>($arguments)` with the type of `$format`; an unknown format calls nothing.
macro_rules! with_sample_type {
    ($format:expr, $object:ident . $method:ident ( $($argument:expr),* )) => {
        match $format {
            cpal::SampleFormat::I8 => $object.$method::<i8>($($argument),*),
            cpal::SampleFormat::U8 => $object.$method::<u8>($($argument),*),
            cpal::SampleFormat::I16 => $object.$method::<i16>($($argument),*),
            cpal::SampleFormat::U16 => $object.$method::<u16>($($argument),*),
            cpal::SampleFormat::I24 => $object.$method::<cpal::I24>($($argument),*),
            cpal::SampleFormat::U24 => $object.$method::<cpal::U24>($($argument),*),
            cpal::SampleFormat::I32 => $object.$method::<i32>($($argument),*),
            cpal::SampleFormat::U32 => $object.$method::<u32>($($argument),*),
            cpal::SampleFormat::F32 => $object.$method::<f32>($($argument),*),
            cpal::SampleFormat::F64 => $object.$method::<f64>($($argument),*),
            _ => {}
        }
    };
}
pub(crate) use with_sample_type;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_16_and_24_bit_value_passes_through_the_desk_unchanged() {
        for value in i16::MIN..=i16::MAX {
            assert_eq!(i16::of_desk(value.to_desk()), value);
            let unsigned = value.cast_unsigned();
            assert_eq!(u16::of_desk(unsigned.to_desk()), unsigned);
        }
        for value in (-8_388_608..=8_388_607).step_by(7).chain([8_388_607]) {
            assert_eq!(I24::of_desk(I24::new_unchecked(value).to_desk()).inner(), value);
            let unsigned = U24::new_unchecked(value + 8_388_608);
            assert_eq!(U24::of_desk(unsigned.to_desk()).inner(), unsigned.inner());
            let upper = value << 8;
            assert_eq!(i32::of_desk(upper.to_desk()), upper);
            assert_eq!(u32::of_desk(upper.cast_unsigned().to_desk()), upper.cast_unsigned());
        }
        for value in 0..=u8::MAX {
            assert_eq!(u8::of_desk(value.to_desk()), value);
            assert_eq!(i8::of_desk(value.cast_signed().to_desk()), value.cast_signed());
        }
    }

    #[test]
    fn rubbish_in_the_upper_byte_of_24_bits_is_ignored() {
        assert_eq!(I24::new_unchecked(0x00ff_ffff).to_desk(), -1.0 / FULL_24);
        assert_eq!(I24::new_unchecked(0x7f00_0001).to_desk(), 1.0 / FULL_24);
    }

    #[test]
    fn too_loud_is_clipped_and_not_wrapped() {
        assert_eq!((i16::of_desk(1.5), i16::of_desk(-1.5)), (i16::MAX, i16::MIN));
        assert_eq!((i32::of_desk(1.5), i32::of_desk(-1.5)), (i32::MAX, i32::MIN));
        assert_eq!((u8::of_desk(1.5), u8::of_desk(-1.5)), (u8::MAX, u8::MIN));
        assert_eq!(I24::of_desk(9.0).inner(), 8_388_607);
        assert_eq!((i16::of_desk(f32::NAN), u32::of_desk(f32::NAN)), (0, 0x8000_0000));
    }
}
