//! Raw samples as they come over a wire, and the frames in them. A stream may be cut anywhere, also within a sample.
//!
//! Full scale is 1.0. One channel is heard on both sides; more than two are mixed down as ITU-R BS.775-4 annex 4 has it,
//! in the order of WAV files (front left, front right, centre, low frequencies, the surrounds), without the low ones. What
//! is no number is silenced and counted. Any thread; allocates only in the vector it is given.

use airdesk_dsp::{Frame, SampleRate};

/// The lowest and the highest rate, Hz.
pub const RATES: (u32, u32) = (8_000, 192_000);
/// The most channels.
const CHANNELS_MOST: usize = 8;
/// The longest sample, bytes.
const SAMPLE_MOST: usize = 4;
/// What is louder is no audio, +144 dBFS: bytes taken for floats that are none.
const LOUDEST: f32 = 16_777_216.0;
/// -3 dB, of the centre and the surrounds.
const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// How one sample is written. All but the shortest are little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Eight bits without a sign, the middle at 128.
    U8,
    /// 16 bits.
    S16,
    /// 24 bits in three bytes.
    S24,
    /// 32 bits, a whole number.
    S32,
    /// 32 bits, a float.
    F32,
}

impl Encoding {
    /// By the number of bits, and whether they are declared to be a float. `None` where there is no such.
    pub fn of(bits: u32, float: bool) -> Option<Self> {
        match (bits, float) {
            (8, false) => Some(Self::U8),
            (16, false) => Some(Self::S16),
            (24, false) => Some(Self::S24),
            (32, false) => Some(Self::S32),
            (32, true) => Some(Self::F32),
            _ => None,
        }
    }

    /// Bytes of one sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
        }
    }
}

/// Why a format cannot be played. The sender declares another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// None, or more than surround has.
    #[error("{0} channels cannot be played; send 1 to {CHANNELS_MOST}")]
    Channels(usize),
    /// Too low or too high.
    #[error("a rate of {0} Hz cannot be played; send {low} to {high} Hz", low = RATES.0, high = RATES.1)]
    Rate(u32),
}

/// What the bytes of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    encoding: Encoding,
    channels: usize,
    rate: SampleRate,
}

impl Format {
    /// Speech as programs send it unless they say otherwise: 24 kHz, one channel, 16 bits.
    pub const SPEECH: Self = Self {
        encoding: Encoding::S16,
        channels: 1,
        rate: SampleRate::SPEECH,
    };

    /// Samples of `channels` channels in turn, `rate` frames a second.
    ///
    /// # Errors
    /// With no channels or more than eight, and with a rate below 8 or above 192 kHz.
    pub fn new(encoding: Encoding, channels: usize, rate: u32) -> Result<Self, FormatError> {
        if !(1..=CHANNELS_MOST).contains(&channels) {
            return Err(FormatError::Channels(channels));
        }
        Ok(Self {
            encoding,
            channels,
            rate: rate_of(rate)?,
        })
    }

    /// Bytes of one sample.
    pub fn sample_bytes(&self) -> usize {
        self.encoding.bytes()
    }

    /// Bytes of one frame.
    pub fn frame_bytes(&self) -> usize {
        self.encoding.bytes() * self.channels
    }

    /// Frames a second.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }
}

/// A rate that a stream may have.
///
/// # Errors
/// Below 8 and above 192 kHz.
pub fn rate_of(hz: u32) -> Result<SampleRate, FormatError> {
    let wrong = FormatError::Rate(hz);
    if !(RATES.0..=RATES.1).contains(&hz) {
        return Err(wrong);
    }
    SampleRate::new(hz).ok_or(wrong)
}

/// Finds the frames in a stream of bytes.
#[derive(Debug, Clone)]
pub struct Decoder {
    format: Format,
    /// The beginning of a frame whose end has not come.
    rest: [u8; CHANNELS_MOST * SAMPLE_MOST],
    held: usize,
    silenced: u64,
}

impl Decoder {
    /// For a stream that begins with a frame.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            rest: [0; CHANNELS_MOST * SAMPLE_MOST],
            held: 0,
            silenced: 0,
        }
    }

    /// What the bytes are.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What comes from here on is another. Bytes of a frame that is not whole are nothing any more; returns how many
    /// there were.
    pub fn change(&mut self, format: Format) -> usize {
        self.format = format;
        std::mem::take(&mut self.held)
    }

    /// Bytes that go into so many frames, after those that are held already.
    pub fn bytes_for(&self, frames: usize) -> usize {
        frames
            .saturating_mul(self.format.frame_bytes())
            .saturating_sub(self.held)
    }

    /// Samples that were no numbers.
    pub fn silenced(&self) -> u64 {
        self.silenced
    }

    /// Appends the frames that `bytes` end; what begins one is kept for the next.
    pub fn decode(&mut self, mut bytes: &[u8], out: &mut Vec<Frame>) {
        let size = self.format.frame_bytes();
        if self.held > 0 {
            let missing = (size - self.held).min(bytes.len());
            let (first, more) = bytes.split_at(missing);
            self.rest[self.held..self.held + missing].copy_from_slice(first);
            self.held += missing;
            bytes = more;
            if self.held < size {
                return;
            }
            self.held = 0;
            let whole = self.rest;
            self.frames(&whole[..size], out);
        }
        let (whole, rest) = bytes.split_at(bytes.len() - bytes.len() % size);
        self.frames(whole, out);
        self.rest[..rest.len()].copy_from_slice(rest);
        self.held = rest.len();
    }

    fn frames(&mut self, bytes: &[u8], out: &mut Vec<Frame>) {
        match self.format.encoding {
            Encoding::U8 => self.spread(bytes, out, |[byte]| f32::from(i16::from(byte) - 128) / 128.0),
            Encoding::S16 => self.spread(bytes, out, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0),
            // As the upper bits of 32, where their sign is.
            Encoding::S24 => self.spread(bytes, out, |[low, middle, high]| whole([0, low, middle, high])),
            Encoding::S32 => self.spread(bytes, out, whole),
            Encoding::F32 => self.spread(bytes, out, f32::from_le_bytes),
        }
    }

    fn spread<const N: usize>(&mut self, bytes: &[u8], out: &mut Vec<Frame>, sample: impl Fn([u8; N]) -> f32) {
        let mut silenced = 0;
        let mut heard = |bytes: &[u8; N]| {
            let value = sample(*bytes);
            // A number that is none is not smaller than anything.
            let is_audio = value.abs() <= LOUDEST;
            silenced += u64::from(!is_audio);
            if is_audio { value } else { 0.0 }
        };
        let (samples, _) = bytes.as_chunks::<N>();
        match self.format.channels {
            1 => out.extend(samples.iter().map(|mono| [heard(mono); 2])),
            2 => out.extend(
                samples
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|[left, right]| [heard(left), heard(right)]),
            ),
            more => out.extend(samples.chunks_exact(more).map(|channels| {
                let mut values = [0.0; CHANNELS_MOST];
                for (value, channel) in values.iter_mut().zip(channels) {
                    *value = heard(channel);
                }
                mixed_down(values, more)
            })),
        }
        self.silenced += silenced;
    }
}

/// Silences what is no audio in frames that somebody else decoded. Returns how many samples.
pub fn silence_what_is_none(frames: &mut [Frame]) -> u64 {
    let mut silenced = 0;
    for sample in frames.as_flattened_mut() {
        if sample.abs() <= LOUDEST {
            continue;
        }
        *sample = 0.0;
        silenced += 1;
    }
    silenced
}

/// Three to eight channels on two sides.
fn mixed_down(c: [f32; CHANNELS_MOST], channels: usize) -> Frame {
    match channels {
        3 => [c[0] + HALF * c[2], c[1] + HALF * c[2]],
        4 => [c[0] + HALF * c[2], c[1] + HALF * c[3]],
        5 => [c[0] + HALF * (c[2] + c[3]), c[1] + HALF * (c[2] + c[4])],
        6 => [c[0] + HALF * (c[2] + c[4]), c[1] + HALF * (c[2] + c[5])],
        // The one behind is in the middle.
        7 => [
            c[0] + HALF * (c[2] + HALF * c[4] + c[5]),
            c[1] + HALF * (c[2] + HALF * c[4] + c[6]),
        ],
        8 => [c[0] + HALF * (c[2] + c[4] + c[6]), c[1] + HALF * (c[2] + c[5] + c[7])],
        _ => [c[0], c[1]],
    }
}

/// 32 bits, rounded to the nearest that a float holds.
fn whole(bytes: [u8; 4]) -> f32 {
    i32::from_le_bytes(bytes) as f32 / 2_147_483_648.0
}

#[cfg(test)]
mod tests {
    use super::super::tests::Dice;
    use super::*;

    const ENCODINGS: [Encoding; 5] = [Encoding::U8, Encoding::S16, Encoding::S24, Encoding::S32, Encoding::F32];

    fn decoder(encoding: Encoding, channels: usize) -> Decoder {
        Decoder::new(Format::new(encoding, channels, 48_000).expect("a format"))
    }

    #[test]
    fn full_scale_and_its_half_are_the_same_in_every_encoding() {
        let half_and_least: [(Encoding, &[u8], f32); 5] = [
            (Encoding::U8, &[192, 0, 129], 1.0 / 128.0),
            (Encoding::S16, &[0, 64, 0, 128, 1, 0], 1.0 / 32_768.0),
            (Encoding::S24, &[0, 0, 64, 0, 0, 128, 1, 0, 0], 1.0 / 8_388_608.0),
            (
                Encoding::S32,
                &[0, 0, 0, 64, 0, 0, 0, 128, 0, 1, 0, 0],
                1.0 / 8_388_608.0,
            ),
            (
                Encoding::F32,
                &[0, 0, 0, 63, 0, 0, 128, 191, 0, 0, 0, 52],
                1.0 / 8_388_608.0,
            ),
        ];
        for (encoding, bytes, least) in half_and_least {
            let mut out = Vec::new();
            decoder(encoding, 1).decode(bytes, &mut out);
            assert_eq!(out, [[0.5; 2], [-1.0; 2], [least; 2]], "{encoding:?}");
            assert_eq!(
                Encoding::of(encoding.bytes() as u32 * 8, encoding == Encoding::F32),
                Some(encoding)
            );
        }
        assert_eq!(
            [Encoding::of(64, true), Encoding::of(16, true), Encoding::of(12, false)],
            [None; 3]
        );
    }

    #[test]
    fn a_hundred_thousand_ways_to_cut_the_stream_give_what_one_piece_gives() {
        let mut dice = Dice::new(0x0c07_ed5e);
        let bytes: Vec<u8> = (0..301).map(|_| dice.below(256) as u8).collect();
        let mut ways = 0;
        let mut out = Vec::with_capacity(400);
        for encoding in ENCODINGS {
            for channels in [1, 2, 3, 6, 8] {
                let (mut expected, mut whole) = (Vec::new(), decoder(encoding, channels));
                whole.decode(&bytes, &mut expected);
                for _ in 0..4_000 {
                    let mut decoder = decoder(encoding, channels);
                    out.clear();
                    let mut rest = bytes.as_slice();
                    // From single bytes to a few hundred.
                    let most = 1 << (1 + dice.below(7));
                    while !rest.is_empty() {
                        let (piece, more) = rest.split_at((dice.below(most) as usize).min(rest.len()));
                        decoder.decode(piece, &mut out);
                        rest = more;
                    }
                    ways += 1;
                    assert!(out == expected, "{encoding:?}, {channels} channels, up to {most} bytes");
                    assert_eq!((decoder.silenced(), decoder.held), (whole.silenced(), whole.held));
                }
            }
        }
        assert_eq!(ways, 100_000);
    }

    #[test]
    fn what_is_no_number_is_silenced_and_counted() {
        let values = [f32::NAN, 0.25, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 16_777_215.0];
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut out = Vec::new();
        let mut decoder = decoder(Encoding::F32, 2);
        decoder.decode(&bytes, &mut out);
        assert_eq!(out, [[0.0, 0.25], [0.0, 0.0], [0.0, 16_777_215.0]]);
        assert_eq!(decoder.silenced(), 4);
        let mut frames = [[f32::NAN, 0.5], [-f32::INFINITY, 1.0]];
        assert_eq!(silence_what_is_none(&mut frames), 2);
        assert_eq!(frames, [[0.0, 0.5], [0.0, 1.0]]);
    }

    #[test]
    fn more_channels_than_two_are_mixed_down_by_their_places() {
        let heard = |samples: &[i16]| {
            let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            let mut out = Vec::new();
            decoder(Encoding::S16, samples.len()).decode(&bytes, &mut out);
            out[0].map(|sample| (sample * 32_768.0).round())
        };
        assert_eq!(heard(&[1_000, 0, 0]), [1_000.0, 0.0]);
        assert_eq!(heard(&[0, 0, 1_000]), [707.0; 2]);
        assert_eq!(heard(&[0, 0, 1_000, 0]), [707.0, 0.0]);
        assert_eq!(heard(&[0, 0, 0, 0, 1_000]), [0.0, 707.0]);
        assert_eq!(heard(&[0, 0, 0, 1_000, 0, 0]), [0.0; 2], "low frequencies");
        assert_eq!(heard(&[0, 0, 0, 0, 1_000, 0]), [707.0, 0.0]);
        assert_eq!(heard(&[0, 0, 0, 0, 1_000, 0, 0]), [500.0; 2], "behind");
        assert_eq!(heard(&[0, 0, 0, 0, 0, 0, 0, 1_000]), [0.0, 707.0]);
    }

    #[test]
    fn formats_that_cannot_be_played_are_refused_and_a_change_starts_with_a_whole_frame() {
        assert_eq!(Format::new(Encoding::S16, 0, 48_000), Err(FormatError::Channels(0)));
        assert_eq!(Format::new(Encoding::S16, 9, 48_000), Err(FormatError::Channels(9)));
        for rate in [0, 7_999, 192_001] {
            assert_eq!(Format::new(Encoding::S16, 1, rate), Err(FormatError::Rate(rate)));
        }
        let mut decoder = decoder(Encoding::S16, 2);
        let mut out = Vec::new();
        decoder.decode(&[0, 64, 0, 64, 9], &mut out);
        assert_eq!(decoder.bytes_for(2), 7);
        assert_eq!(
            decoder.change(Format::new(Encoding::U8, 1, 8_000).expect("a format")),
            1
        );
        decoder.decode(&[192], &mut out);
        assert_eq!(out, [[0.5; 2]; 2]);
    }
}
