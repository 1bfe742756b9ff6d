//! From a packet to frames. Symphonia's codecs, and for Opus libopus.

use airdesk_dsp::Frame;
use symphonia::core::audio::{AudioSpec, Position};
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::{Error, unsupported_error};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::stereo::Downmix;

/// Opus's rate.
const OPUS_RATE: u32 = 48_000;
/// The most frames of an Opus packet: 120 ms.
const OPUS_FRAMES_MAX: usize = 5760;

/// Decodes packets of one stream.
pub(crate) enum Codec {
    Symphonia {
        decoder: Box<dyn AudioDecoder>,
        samples: Vec<f32>,
        downmix: Option<(AudioSpec, Downmix)>,
    },
    Opus(Opus),
}

/// libopus, and what the identification header says (RFC 7845, 5.1).
pub(crate) struct Opus {
    decoder: OpusDecoder,
    samples: Vec<f32>,
    channels: usize,
    downmix: Downmix,
}

enum OpusDecoder {
    Plain(opus::Decoder),
    Several(opus::MSDecoder),
}

impl Codec {
    /// For a stream with these parameters.
    ///
    /// # Errors
    /// When there is no decoder for it.
    pub(crate) fn new(params: &AudioCodecParameters) -> Result<Self, Error> {
        if params.codec == CODEC_ID_OPUS {
            return Opus::new(params.extra_data.as_deref().unwrap_or_default()).map(Self::Opus);
        }
        // Where a file begins and ends is counted here: an estimate of its length would cut it.
        let options = AudioDecoderOptions::default().gapless(false);
        Ok(Self::Symphonia {
            decoder: symphonia::default::get_codecs().make_audio_decoder(params, &options)?,
            samples: Vec::new(),
            downmix: None,
        })
    }

    /// Decodes a packet, appends its frames to `out` and returns their rate.
    ///
    /// # Errors
    /// When it cannot be decoded.
    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<Frame>) -> Result<u32, Error> {
        match self {
            Self::Symphonia {
                decoder,
                samples,
                downmix,
            } => {
                let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, packet);
                let buffer = decoder.decode_ref(&packet)?;
                if downmix.as_ref().is_none_or(|(spec, _)| spec != buffer.spec()) {
                    *downmix = Some((buffer.spec().clone(), Downmix::new(buffer.spec().channels())));
                }
                buffer.copy_to_vec_interleaved(samples);
                if let Some((_, downmix)) = downmix {
                    downmix.apply(samples, out);
                }
                Ok(buffer.spec().rate())
            }
            Self::Opus(opus) => opus.decode(packet, out),
        }
    }

    /// Forgets what went through, before another place.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Symphonia { decoder, .. } => decoder.reset(),
            Self::Opus(opus) => opus.reset(),
        }
    }
}

/// By how many frames before a place a codec has to begin to give there what it gives when it has played through.
pub(super) fn pre_roll(params: &AudioCodecParameters) -> u64 {
    match params.codec {
        // Whatever holds less than 32 frames of 1152 in its reservoir of bits, and the overlap.
        CODEC_ID_MP3 => 32 * 1152,
        CODEC_ID_AAC => 3 * 1024,
        // RFC 7845 asks for 80 ms, after which music is still 22 dB off: what is predicted from before dies away slowly. After
        // two seconds music is exact, and what was encoded as speech within -46 dB (a steady tone, the worst there is).
        CODEC_ID_OPUS => 96_000,
        // Two of the longest blocks.
        CODEC_ID_VORBIS => 2 * 8192,
        CODEC_ID_FLAC | CODEC_ID_ALAC => 0,
        _ => 0,
    }
}

/// What an Opus stream has at its beginning that is not to be heard, in frames at 48 kHz.
pub(super) fn opus_pre_skip(params: &AudioCodecParameters) -> u64 {
    match (params.codec, params.extra_data.as_deref()) {
        (CODEC_ID_OPUS, Some([_, _, _, _, _, _, _, _, _, _, low, high, ..])) => {
            u16::from_le_bytes([*low, *high]).into()
        }
        _ => 0,
    }
}

impl Opus {
    fn new(head: &[u8]) -> Result<Self, Error> {
        let [b'O', b'p', b'u', b's', b'H', b'e', b'a', b'd', _, channels, rest @ ..] = head else {
            return unsupported_error("Opus without its header");
        };
        let [_, _, _, _, _, _, gain_low, gain_high, family, rest @ ..] = rest else {
            return unsupported_error("Opus with half a header");
        };
        let channels = usize::from(*channels);
        let gain = i32::from(i16::from_le_bytes([*gain_low, *gain_high]));
        let wrong = |_| Error::Unsupported("Opus with a wrong header");
        let mut decoder = match (family, channels, rest) {
            (0, 1, _) => OpusDecoder::Plain(opus::Decoder::new(OPUS_RATE, opus::Channels::Mono).map_err(wrong)?),
            (0, 2, _) => OpusDecoder::Plain(opus::Decoder::new(OPUS_RATE, opus::Channels::Stereo).map_err(wrong)?),
            (1.., 1.., [streams, coupled, mapping @ ..]) if mapping.len() >= channels => {
                let mapping = &mapping[..channels];
                let decoder = opus::MSDecoder::new(OPUS_RATE, *streams, *coupled, mapping);
                OpusDecoder::Several(decoder.map_err(wrong)?)
            }
            _ => return unsupported_error("Opus with a wrong header"),
        };
        match &mut decoder {
            OpusDecoder::Plain(decoder) => decoder.set_gain(gain).map_err(wrong)?,
            OpusDecoder::Several(decoder) => decoder.set_gain(gain).map_err(wrong)?,
        }
        Ok(Self {
            decoder,
            samples: vec![0.0; OPUS_FRAMES_MAX * channels],
            channels,
            downmix: match (family, vorbis_order(channels)) {
                (1, Some(positions)) => Downmix::of(positions),
                _ => Downmix::first_two(channels),
            },
        })
    }

    fn decode(&mut self, packet: &[u8], out: &mut Vec<Frame>) -> Result<u32, Error> {
        if packet.is_empty() {
            return Err(Error::DecodeError("an empty packet")); // libopus would take it for a lost one
        }
        let frames = match &mut self.decoder {
            OpusDecoder::Plain(decoder) => decoder.decode_float(packet, &mut self.samples, false),
            OpusDecoder::Several(decoder) => decoder.decode_float(packet, &mut self.samples, false),
        };
        let frames = frames.map_err(|_| Error::DecodeError("an Opus packet that is none"))?;
        self.downmix.apply(&self.samples[..frames * self.channels], out);
        Ok(OPUS_RATE)
    }

    fn reset(&mut self) {
        // It cannot fail: the decoder exists.
        let _ = match &mut self.decoder {
            OpusDecoder::Plain(decoder) => decoder.reset_state(),
            OpusDecoder::Several(decoder) => decoder.reset_state(),
        };
    }
}

/// The order of channels in Vorbis and Opus (Vorbis I, 4.3.9).
fn vorbis_order(channels: usize) -> Option<&'static [Position]> {
    const FL: Position = Position::FRONT_LEFT;
    const FR: Position = Position::FRONT_RIGHT;
    const FC: Position = Position::FRONT_CENTER;
    const RL: Position = Position::REAR_LEFT;
    const RR: Position = Position::REAR_RIGHT;
    const SL: Position = Position::SIDE_LEFT;
    const SR: Position = Position::SIDE_RIGHT;
    const RC: Position = Position::REAR_CENTER;
    const LFE: Position = Position::LFE1;
    Some(match channels {
        1 => &[FC],
        2 => &[FL, FR],
        3 => &[FL, FC, FR],
        4 => &[FL, FR, RL, RR],
        5 => &[FL, FC, FR, RL, RR],
        6 => &[FL, FC, FR, RL, RR, LFE],
        7 => &[FL, FC, FR, SL, SR, RC, LFE],
        8 => &[FL, FC, FR, SL, SR, RL, RR, LFE],
        _ => return None,
    })
}
