//! FLAC frames of 4096 samples a channel (RFC 9639), and the stream information that goes before them.

use airdesk_dsp::{Frame, SampleRate};

use super::libflac::LibFlac;
use super::{Codec, EncoderError, FlacDepth};
use crate::sound_file::Quantiser;

/// Samples of one channel in a FLAC frame: 85 ms at 48 kHz, and what the streamable subset allows at every rate.
pub(crate) const FLAC_BLOCK: usize = 4096;

/// Turns the desk's frames into FLAC frames.
pub(crate) struct FlacFrames {
    /// None before the first FLAC frame is made.
    encoder: Option<LibFlac>,
    depth: FlacDepth,
    rate: SampleRate,
    quantiser: Quantiser,
    /// Samples that are in no FLAC frame yet, left and right in turn.
    samples: Vec<i32>,
    /// How many of them the encoder has: it looks one frame beyond what it gives out.
    ahead: usize,
}

impl FlacFrames {
    pub(crate) fn new(depth: FlacDepth, rate: SampleRate) -> Self {
        Self {
            encoder: None,
            depth,
            rate,
            quantiser: Quantiser::new(),
            samples: Vec::with_capacity(4 * FLAC_BLOCK),
            ahead: 0,
        }
    }

    /// Takes frames, and shows their samples as they will be decoded.
    pub(crate) fn push(&mut self, frames: &[Frame]) -> &[i32] {
        let from = self.samples.len();
        let quantiser = &mut self.quantiser;
        let samples = frames.as_flattened().iter();
        match self.depth {
            FlacDepth::Bits16 => self
                .samples
                .extend(samples.map(|sample| i32::from(quantiser.bits16(*sample)))),
            FlacDepth::Bits24 => self.samples.extend(samples.map(|sample| quantiser.bits24(*sample))),
        }
        &self.samples[from..]
    }

    /// Frames that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.samples.len() / 2
    }

    /// There is enough for a FLAC frame and at least one more.
    pub(crate) fn has_more_than_one(&self) -> bool {
        self.waiting() > FLAC_BLOCK
    }

    /// The next FLAC frame, of [`FLAC_BLOCK`] frames. The last one, of those that are left, which are at least one, ends the
    /// stream: the next after it would be the first of another.
    ///
    /// # Errors
    /// When the codec breaks.
    pub(crate) fn next(&mut self) -> Result<Vec<u8>, EncoderError> {
        let depth = self.depth;
        self.encode()
            .map_err(|error| EncoderError::codec(Codec::Flac(depth), error))
    }

    fn encode(&mut self) -> Result<Vec<u8>, String> {
        let is_last = !self.has_more_than_one();
        let count = self.waiting().min(FLAC_BLOCK);
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(LibFlac::begin(
                self.rate,
                u32::from(self.depth.bits()),
                FLAC_BLOCK as u32,
            )?),
        };
        let seen = if is_last { count } else { count + 1 };
        encoder.take_in(&self.samples[2 * self.ahead..2 * seen])?;
        self.ahead = seen - count;
        if is_last {
            encoder.finish()?;
        }
        let frame = encoder.take();
        if is_last {
            self.encoder = None;
        }
        self.samples.drain(..2 * count);
        Ok(frame)
    }

    /// Counts the FLAC frames from nought again, for a new stream.
    pub(crate) fn restart(&mut self) {
        // What it has beyond its last FLAC frame is still here.
        (self.encoder, self.ahead) = (None, 0);
    }
}

/// The stream information block's body (RFC 9639, 8.2). Nought stands for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    pub(crate) depth: FlacDepth,
    pub(crate) rate: SampleRate,
    /// Frames of the stream.
    pub(crate) frames: u64,
    /// Of all samples, little-endian.
    pub(crate) md5: [u8; 16],
}

impl StreamInfo {
    /// Bytes of the body.
    pub(crate) const BYTES: usize = 34;

    /// Of a stream that nothing is known of yet.
    pub(crate) fn new(depth: FlacDepth, rate: SampleRate) -> Self {
        Self {
            depth,
            rate,
            frames: 0,
            md5: [0; 16],
        }
    }

    /// The body.
    pub(crate) fn body(&self) -> [u8; Self::BYTES] {
        let mut body = [0; Self::BYTES];
        body[..2].copy_from_slice(&(FLAC_BLOCK as u16).to_be_bytes());
        body[2..4].copy_from_slice(&(FLAC_BLOCK as u16).to_be_bytes());
        // 20 bits of rate, 3 of channels and 5 of depth, less one each, 36 of frames.
        let (rate, bits) = (u64::from(self.rate.hz()), u64::from(self.depth.bits()));
        let packed = rate << 44 | 1 << 41 | (bits - 1) << 36 | self.frames & ((1 << 36) - 1);
        body[10..18].copy_from_slice(&packed.to_be_bytes());
        body[18..].copy_from_slice(&self.md5);
        body
    }
}
