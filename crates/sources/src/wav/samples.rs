//! How a WAV file writes its samples, and many of them at a time as frames. Full scale is 1.0.

use airdesk_dsp::Frame;
use hound::{Error, SampleFormat, WavSpec};

/// How one sample is written; all are little-endian.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Width {
    /// Eight bits without a sign, the middle at 128.
    Eight,
    Sixteen,
    TwentyFour,
    /// 24 bits in the lower three of four bytes.
    TwentyFourInFour,
    ThirtyTwo,
    Float,
}

/// How a file's frames are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    channels: usize,
    sample_bytes: usize,
    width: Width,
}

impl Layout {
    /// Refuses widths that Airdesk does not play.
    pub(super) fn new(spec: &WavSpec, sample_bytes: u32) -> Result<Self, Error> {
        let width = match (spec.sample_format, sample_bytes, spec.bits_per_sample) {
            (SampleFormat::Int, 1, 8) => Width::Eight,
            (SampleFormat::Int, 2, 16) => Width::Sixteen,
            (SampleFormat::Int, 3, 24) => Width::TwentyFour,
            (SampleFormat::Int, 4, 24) => Width::TwentyFourInFour,
            (SampleFormat::Int, 4, 32) => Width::ThirtyTwo,
            (SampleFormat::Float, 4, 32) => Width::Float,
            _ => return Err(Error::Unsupported),
        };
        Ok(Self {
            channels: usize::from(spec.channels),
            sample_bytes: sample_bytes as usize,
            width,
        })
    }

    /// Bytes of one frame.
    pub(super) fn frame_bytes(&self) -> usize {
        self.channels * self.sample_bytes
    }

    /// As many frames as there are in `bytes`. One channel is heard on both sides, of more than two the first two.
    pub(super) fn decode(&self, bytes: &[u8], out: &mut [Frame]) {
        match self.width {
            Width::Eight => self.spread(bytes, out, |[byte]| f32::from(i16::from(byte) - 128) / 128.0),
            Width::Sixteen => self.spread(bytes, out, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0),
            // As the upper bits of 32, where their sign is.
            Width::TwentyFour => self.spread(bytes, out, |[low, middle, high]| whole([0, low, middle, high])),
            Width::TwentyFourInFour => self.spread(bytes, out, |[low, middle, high, _]| whole([0, low, middle, high])),
            Width::ThirtyTwo => self.spread(bytes, out, whole),
            Width::Float => self.spread(bytes, out, f32::from_le_bytes),
        }
    }

    fn spread<const N: usize>(&self, bytes: &[u8], out: &mut [Frame], sample: impl Fn([u8; N]) -> f32) {
        let (samples, _) = bytes.as_chunks::<N>();
        match self.channels {
            1 => {
                for (frame, mono) in out.iter_mut().zip(samples) {
                    *frame = [sample(*mono); 2];
                }
            }
            2 => {
                for (frame, sides) in out.iter_mut().zip(samples.as_chunks::<2>().0) {
                    *frame = sides.map(&sample);
                }
            }
            more => {
                for (frame, channels) in out.iter_mut().zip(samples.chunks_exact(more)) {
                    if let [left, right, ..] = channels {
                        *frame = [sample(*left), sample(*right)];
                    }
                }
            }
        }
    }
}

/// 32 bits, rounded to the nearest that a float holds.
fn whole(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}
