//! From the desk's samples (f32, full scale ±1.0) to the bytes of a file.

use airdesk_dsp::Frame;

/// Sample format of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SampleFormat {
    /// 16-bit integer, triangular dither.
    Pcm16,
    /// 24-bit integer.
    #[default]
    Pcm24,
    /// 32-bit float: nothing clips.
    Float32,
}

impl SampleFormat {
    /// Bits of one sample.
    pub fn bits(self) -> u16 {
        match self {
            Self::Pcm16 => 16,
            Self::Pcm24 => 24,
            Self::Float32 => 32,
        }
    }

    /// Bytes of one stereo frame.
    pub fn frame_bytes(self) -> u64 {
        u64::from(self.bits()) / 8 * 2
    }
}

/// Makes integers of samples; carries the dither's state from one to the next.
pub(crate) struct Quantiser {
    noise: u64,
}

impl Quantiser {
    pub(crate) fn new() -> Self {
        Self {
            noise: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Sixteen bits, dithered.
    pub(crate) fn bits16(&mut self, sample: f32) -> i16 {
        let dithered = f64::from(sample) * 32_768.0 + self.triangular();
        dithered.round() as i16 // `as` stops at full scale
    }

    /// 24 bits. What was made of 24 bits comes out as it was.
    pub(crate) fn bits24(&mut self, sample: f32) -> i32 {
        (f64::from(sample) * 8_388_608.0)
            .round()
            .clamp(-8_388_608.0, 8_388_607.0) as i32
    }

    /// Noise of triangular density, ±1 least significant bit: the sum of two even ones (xorshift64*).
    fn triangular(&mut self) -> f64 {
        self.noise ^= self.noise >> 12;
        self.noise ^= self.noise << 25;
        self.noise ^= self.noise >> 27;
        let bits = self.noise.wrapping_mul(0x2545_f491_4f6c_dd1d);
        let even = |bits: u32| f64::from(bits) / f64::from(u32::MAX) - 0.5;
        even((bits >> 32) as u32) + even(bits as u32)
    }
}

/// Converts frames.
pub(super) struct Converter {
    format: SampleFormat,
    quantiser: Quantiser,
}

impl Converter {
    pub(super) fn new(format: SampleFormat) -> Self {
        Self {
            format,
            quantiser: Quantiser::new(),
        }
    }

    /// Appends `frames` to `bytes`.
    pub(super) fn convert(&mut self, frames: &[Frame], bytes: &mut Vec<u8>) {
        let samples = frames.as_flattened().iter();
        match self.format {
            SampleFormat::Pcm16 => {
                for sample in samples {
                    bytes.extend(self.quantiser.bits16(*sample).to_le_bytes());
                }
            }
            SampleFormat::Pcm24 => {
                for sample in samples {
                    bytes.extend_from_slice(&self.quantiser.bits24(*sample).to_le_bytes()[..3]);
                }
            }
            SampleFormat::Float32 => bytes.extend(samples.flat_map(|sample| sample.to_le_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(format: SampleFormat, frames: &[Frame]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Converter::new(format).convert(frames, &mut bytes);
        bytes
    }

    #[test]
    fn every_24_bit_value_comes_out_as_it_went_in() {
        for value in [-8_388_608_i32, -1, 0, 1, 77_777, 8_388_607] {
            let bytes = converted(SampleFormat::Pcm24, &[[value as f32 / 8_388_608.0; 2]]);
            assert_eq!(bytes[..3], value.to_le_bytes()[..3]);
            assert_eq!(bytes[3..], value.to_le_bytes()[..3]);
        }
    }

    #[test]
    fn what_is_over_full_scale_stops_there() {
        assert_eq!(
            converted(SampleFormat::Pcm24, &[[2.0, -2.0]]),
            [255, 255, 127, 0, 0, 128]
        );
        assert_eq!(converted(SampleFormat::Pcm16, &[[2.0, -2.0]]), [255, 127, 0, 128]);
    }

    #[test]
    fn the_dither_has_no_mean_and_the_power_of_two_even_noises() {
        let mut quantiser = Quantiser::new();
        let noise: Vec<f64> = (0..100_000).map(|_| quantiser.triangular()).collect();
        let mean = noise.iter().sum::<f64>() / noise.len() as f64;
        let power = noise.iter().map(|x| x * x).sum::<f64>() / noise.len() as f64;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((power - 1.0 / 6.0).abs() < 0.005, "{power}");
        assert!(noise.iter().all(|x| x.abs() <= 1.0));
    }
}
