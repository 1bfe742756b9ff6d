//! From the bytes of a stream to what is heard: MP3, and Opus, Vorbis and FLAC in Ogg with the titles that are in it, one
//! logical stream after the other. No thread, no I/O. Untrusted: what cannot be decoded costs itself, and what never can
//! is given up after some bytes.

use std::ops::RangeInclusive;

use airdesk_dsp::Frame;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::{Error, Result as Decoded};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};
use symphonia::default::codecs::{FlacDecoder, MpaDecoder, VorbisDecoder};

use super::mp3::{Frames, Header};
use super::ogg::{Close, Packet, Packets};
use crate::icecast::tuned::title_of_comments;

/// Opus's rate.
const OPUS_RATE: u32 = 48_000;
/// The most frames of an Opus packet: 120 ms.
const OPUS_FRAMES_MAX: usize = 5760;
/// What a broadcast may have: a header may claim any rate, and whoever hears it takes memory in proportion.
const RATES: RangeInclusive<u32> = 8_000..=192_000;
const CHANNELS: RangeInclusive<u8> = 1..=8;
/// Bytes without a frame of sound after which there will be none.
const FRUITLESS_BYTES_MAX: usize = 512 * 1024;

/// Who hears what is decoded.
pub(super) trait Hearer {
    /// Some frames at this rate.
    fn hear(&mut self, rate: u32, frames: &[Frame]);

    /// The title that the stream carries from here on; `None`: it says that it has none.
    fn read(&mut self, title: Option<String>);
}

/// It sends something else than a stream that the desk can decode.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Undecodable;

/// Decodes one connection's bytes.
pub(super) struct Decoder {
    container: Container,
    /// Bytes since the last frame of sound.
    fruitless: usize,
}

enum Container {
    /// The first bytes, while it is not clear what they begin.
    Unknown(Vec<u8>),
    Mp3(Frames, Option<(Header, MpaDecoder)>),
    Ogg(Packets, LogicalStream),
}

/// What an Ogg stream carries at the moment.
#[derive(Default)]
struct LogicalStream {
    codec: OggCodec,
    /// Granule at the end of the page before, and frames that have come since.
    page: Option<(u64, u64)>,
    /// Frames that are not to be heard.
    skip: usize,
}

#[derive(Default)]
enum OggCodec {
    /// Nothing that the desk knows.
    #[default]
    None,
    Opus(opus::Decoder),
    /// The identification header, until the setup is there.
    VorbisHeaders(Vec<u8>),
    Vorbis(Box<VorbisDecoder>),
    Flac(Box<FlacDecoder>),
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            container: Container::Unknown(Vec::new()),
            fruitless: 0,
        }
    }

    /// Takes bytes as they come.
    ///
    /// # Errors
    /// When nothing in them can be decoded.
    pub(super) fn feed(&mut self, bytes: &[u8], hearer: &mut dyn Hearer) -> Result<(), Undecodable> {
        self.fruitless += bytes.len();
        let mut heard = Counted {
            hearer,
            frames: 0,
            is_odd: false,
        };
        self.container.feed(bytes, &mut heard);
        if heard.frames > 0 {
            self.fruitless = 0;
        }
        if heard.is_odd || self.fruitless > FRUITLESS_BYTES_MAX {
            return Err(Undecodable);
        }
        Ok(())
    }
}

impl Container {
    fn feed(&mut self, bytes: &[u8], hearer: &mut Counted<'_>) {
        match self {
            Self::Unknown(first) => {
                first.extend_from_slice(bytes);
                if first.len() < 4 {
                    return;
                }
                let first = std::mem::take(first);
                *self = if first.starts_with(b"OggS") {
                    Self::Ogg(Packets::default(), LogicalStream::default())
                } else {
                    Self::Mp3(Frames::default(), None)
                };
                self.feed(&first, hearer);
            }
            Self::Mp3(frames, decoder) => frames.feed(bytes, |header, frame| mp3(decoder, header, frame, hearer)),
            Self::Ogg(packets, stream) => packets.feed(bytes, |packet| stream.decode(&packet, hearer)),
        }
    }
}

/// Counts what is heard.
struct Counted<'hearer> {
    hearer: &'hearer mut dyn Hearer,
    frames: usize,
    /// A rate or a number of channels came that no broadcast has.
    is_odd: bool,
}

impl Counted<'_> {
    fn hear(&mut self, rate: u32, frames: &[Frame]) {
        if !RATES.contains(&rate) {
            self.is_odd = true;
            return;
        }
        self.frames += frames.len();
        if !frames.is_empty() {
            self.hearer.hear(rate, frames);
        }
    }
}

fn mp3(decoder: &mut Option<(Header, MpaDecoder)>, header: Header, frame: &[u8], hearer: &mut Counted<'_>) {
    let is_same = |(of, _): &(Header, MpaDecoder)| (of.rate, of.is_mono) == (header.rate, header.is_mono);
    if !decoder.as_ref().is_some_and(is_same) {
        let mut params = AudioCodecParameters::new();
        params.for_codec(CODEC_ID_MP3).with_sample_rate(header.rate);
        let codec = MpaDecoder::try_new(&params, &AudioDecoderOptions::default());
        *decoder = codec.ok().map(|codec| (header, codec));
    }
    if let Some((_, codec)) = decoder
        && let Some((rate, frames)) = decoded(codec.decode_ref(&bare(frame)))
    {
        hearer.hear(rate, &frames);
    }
}

impl LogicalStream {
    fn decode(&mut self, packet: &Packet, hearer: &mut Counted<'_>) {
        if packet.begins {
            hearer.is_odd |= shape(&packet.bytes).is_some_and(is_odd);
            *self = Self::beginning_with(&packet.bytes);
            return;
        }
        let bytes = packet.bytes.as_slice();
        if let Some(comments) = self.comments(bytes) {
            hearer.hearer.read(title_of_comments(comments).flatten());
        } else if let Some((rate, mut frames)) = self.sound(bytes) {
            let skipped = self.skip.min(frames.len());
            self.skip -= skipped;
            self.cut_off_end(&mut frames, packet.close);
            hearer.hear(rate, frames.get(skipped..).unwrap_or_default());
        }
        if let Some(Close { granule, .. }) = packet.close {
            self.page = Some((granule, 0));
        }
    }

    /// The end of a logical stream is where its last granule says: its codec gives more.
    fn cut_off_end(&mut self, frames: &mut Vec<Frame>, close: Option<Close>) {
        let Some((before, since)) = &mut self.page else { return };
        *since += frames.len() as u64;
        if let Some(Close { granule, is_last: true }) = close {
            let too_many = since.saturating_sub(granule.saturating_sub(*before));
            let too_many = usize::try_from(too_many).unwrap_or(usize::MAX);
            frames.truncate(frames.len().saturating_sub(too_many));
        }
    }

    /// By its first packet (RFC 7845; Vorbis I, 4.2; the mapping of FLAC to Ogg).
    fn beginning_with(head: &[u8]) -> Self {
        let mut skip = 0;
        let codec = if head.starts_with(b"OpusHead") {
            let pre_skip = head
                .get(10..12)
                .map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]]));
            skip = usize::from(pre_skip);
            // Of more channels than two libopus would need to be told which is which: no broadcast has them.
            let is_stereo = head.get(18) == Some(&0);
            let decoder = is_stereo.then(|| opus::Decoder::new(OPUS_RATE, opus::Channels::Stereo));
            decoder.and_then(Result::ok).map_or(OggCodec::None, OggCodec::Opus)
        } else if head.starts_with(b"\x01vorbis") {
            OggCodec::VorbisHeaders(head.to_vec())
        } else if head.starts_with(b"\x7fFLAC") {
            let information = head.get(17..51).unwrap_or_default();
            let decoder = FlacDecoder::try_new(&params(CODEC_ID_FLAC, information), &AudioDecoderOptions::default());
            decoder.map_or(OggCodec::None, |decoder| OggCodec::Flac(Box::new(decoder)))
        } else {
            OggCodec::None
        };
        Self {
            codec,
            page: None,
            skip,
        }
    }

    /// What a packet has behind the words that begin a comment header, if it is one.
    fn comments<'packet>(&self, packet: &'packet [u8]) -> Option<&'packet [u8]> {
        match &self.codec {
            OggCodec::None => None,
            OggCodec::Opus(_) => packet.strip_prefix(b"OpusTags"),
            OggCodec::VorbisHeaders(_) | OggCodec::Vorbis(_) => packet.strip_prefix(b"\x03vorbis"),
            // A block of metadata: its kind, and its length in three bytes.
            OggCodec::Flac(_) => packet.get(4..).filter(|_| packet[0] & 0x7f == 4),
        }
    }

    fn sound(&mut self, packet: &[u8]) -> Option<(u32, Vec<Frame>)> {
        match &mut self.codec {
            OggCodec::None => None,
            OggCodec::Opus(decoder) => {
                let mut frames = vec![[0.0; 2]; OPUS_FRAMES_MAX];
                let count = decoder.decode_float(packet, frames.as_flattened_mut(), false).ok()?;
                frames.truncate(count);
                Some((OPUS_RATE, frames))
            }
            OggCodec::VorbisHeaders(headers) => {
                if packet.starts_with(b"\x05vorbis") {
                    headers.extend_from_slice(packet);
                    let params = params(CODEC_ID_VORBIS, headers);
                    let decoder = VorbisDecoder::try_new(&params, &AudioDecoderOptions::default());
                    self.codec = decoder.map_or(OggCodec::None, |decoder| OggCodec::Vorbis(Box::new(decoder)));
                }
                None
            }
            OggCodec::Vorbis(decoder) => decoded(decoder.decode_ref(&bare(packet))),
            OggCodec::Flac(decoder) if packet.first() == Some(&0xff) => decoded(decoder.decode_ref(&bare(packet))),
            OggCodec::Flac(_) => None,
        }
    }
}

/// Rate and channels as the first packet of Vorbis (Vorbis I, 4.2.2) or FLAC (RFC 9639, 8.2) has them.
fn shape(head: &[u8]) -> Option<(u32, u8)> {
    if head.starts_with(b"\x01vorbis") {
        let rate = head.get(12..)?.first_chunk()?;
        return Some((u32::from_le_bytes(*rate), *head.get(11)?));
    }
    if head.starts_with(b"\x7fFLAC") {
        let [first, second, third] = *head.get(27..)?.first_chunk()?;
        let rate = u32::from_be_bytes([0, first, second, third]) >> 4;
        return Some((rate, (third >> 1 & 7) + 1));
    }
    None
}

fn is_odd((rate, channels): (u32, u8)) -> bool {
    !RATES.contains(&rate) || !CHANNELS.contains(&channels)
}

fn params(codec: AudioCodecId, headers: &[u8]) -> AudioCodecParameters {
    let mut params = AudioCodecParameters::new();
    params.for_codec(codec).with_extra_data(headers.into());
    params
}

/// A packet without times: they are counted here.
fn bare(bytes: &[u8]) -> PacketRef<'_> {
    PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, bytes)
}

/// Two channels of what has come out, if anything has.
fn decoded(buffer: Decoded<GenericAudioBufferRef<'_>>) -> Option<(u32, Vec<Frame>)> {
    let buffer = match buffer {
        Ok(buffer) => buffer,
        Err(Error::DecodeError(_) | Error::IoError(_)) => return None, // this packet alone
        Err(error) => {
            tracing::debug!(%error, "a packet of a stream cannot be decoded");
            return None;
        }
    };
    let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
    let mut samples: Vec<f32> = Vec::with_capacity(buffer.samples_interleaved());
    buffer.copy_to_vec_interleaved(&mut samples);
    let pair = |frame: &[f32]| {
        let left = frame.first().copied().unwrap_or_default();
        [left, frame.get(1).copied().unwrap_or(left)]
    };
    Some((rate, samples.chunks_exact(channels.max(1)).map(pair).collect()))
}

#[cfg(test)]
mod tests;
