//! From the bytes of a stream to frames, whatever it is and wherever they are cut; with the titles that are in Ogg, one logical
//! stream after the other. No thread, no I/O. Untrusted: what cannot be decoded costs itself, and what never can is given up.

use std::collections::VecDeque;

use airdesk_dsp::{Frame, SampleRate};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_FLAC, CODEC_ID_OPUS, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::flac::FlacFrames;
use super::fragments::Fragments;
use super::frames::Frames;
use super::ogg::{Packet, Packets};
use super::sort::{Raw, Sort};
use super::text::title_of_comments;
use super::transport::Transport;
use super::wave;
use crate::decode::bare::Kind as Bare;
use crate::decode::codec::Codec;
use crate::stream::format::{self, RATES, rate_of};

mod fragmented;

use fragmented::Fragmented;

/// Bytes without a frame of sound after which there will be none.
const FRUITLESS_BYTES_MAX: usize = 1 << 20;
/// Bytes of tags and comments between two frames of sound that do not count there: a picture in them is no fault.
const APART_BYTES_MAX: usize = 32 << 20;
/// Frames that are decoded at once, but for the rest of a packet: a few bytes may stand for minutes of silence.
const FRAMES_AT_ONCE: usize = 96_000;
/// Why a stream is given up in which nothing can be heard.
pub(super) const NO_SOUND: &str = "there is no sound in it";
/// Channels that are taken from a header before there is a decoder for them.
const CHANNELS_MAX: u8 = 8;

/// What some bytes have brought.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Frames, by their rates, in order.
    pub(super) pieces: Vec<(SampleRate, Vec<Frame>)>,
    /// The title from here on; an empty one says that there is none.
    pub(super) title: Option<String>,
    /// Packets that could not be decoded.
    pub(super) spoilt: u64,
    /// Bytes of tags and comments.
    pub(super) apart: usize,
}

impl Heard {
    /// How many frames there are.
    pub(super) fn frames(&self) -> usize {
        self.pieces.iter().map(|(_, frames)| frames.len()).sum()
    }

    /// Enough was decoded at once.
    pub(super) fn is_full(&self) -> bool {
        self.frames() >= FRAMES_AT_ONCE
    }

    /// Decodes a packet; a bad one costs itself.
    pub(super) fn decode(&mut self, codec: &mut Codec, packet: &[u8]) -> Result<(), &'static str> {
        let mut frames = Vec::new();
        match codec.decode(packet, &mut frames) {
            Ok(rate) => self.push(rate, frames),
            Err(_) => {
                self.spoilt += 1;
                Ok(())
            }
        }
    }

    fn push(&mut self, rate: u32, mut frames: Vec<Frame>) -> Result<(), &'static str> {
        if frames.is_empty() {
            return Ok(());
        }
        let rate = rate_of(rate).map_err(|_| "its rate is none that can be played")?;
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == rate => piece.append(&mut frames),
            _ => self.pieces.push((rate, frames)),
        }
        Ok(())
    }
}

/// Decodes one connection's bytes.
pub(super) struct Decoder {
    form: Form,
    /// Bytes since the last frame of sound.
    fruitless: usize,
    /// Bytes of tags that may still come before the next.
    apart_left: usize,
}

enum Form {
    Frames(Frames),
    Flac(FlacFrames),
    /// With the packets that have come and wait to be decoded.
    Ogg(Packets, VecDeque<Packet>, Logical),
    /// The header of a WAV, as far as it has come.
    Wave(Vec<u8>),
    Raw(Samples, &'static str),
    /// With what decodes its sound, once that is known.
    Transport(Transport, Option<(Bare, Frames)>),
    Fragments(Box<Fragmented>),
}

/// Samples, and how many bytes of them are left.
struct Samples {
    decoder: format::Decoder,
    big_endian: bool,
    /// Of a sample whose high byte comes first, what has come.
    begun: Vec<u8>,
    left: Option<u64>,
}

impl Decoder {
    pub(super) fn new(sort: Sort) -> Self {
        let form = match sort {
            Sort::Frames(kind) => Form::Frames(Frames::new(kind)),
            Sort::Ogg => Form::Ogg(Packets::default(), VecDeque::new(), Logical::default()),
            Sort::Flac => Form::Flac(FlacFrames::default()),
            Sort::Wave => Form::Wave(Vec::new()),
            Sort::Raw(raw) => Form::Raw(Samples::new(raw, None), "PCM"),
            Sort::Transport => Form::Transport(Transport::default(), None),
            Sort::Fragments => Form::Fragments(Box::new(Fragmented::new(Fragments::default()))),
        };
        Self {
            form,
            fruitless: 0,
            apart_left: APART_BYTES_MAX,
        }
    }

    /// What it decodes, once that is known.
    pub(super) fn codec(&self) -> Option<&'static str> {
        match &self.form {
            Form::Frames(frames) => Some(frames.name()),
            Form::Flac(_) => Some("FLAC"),
            Form::Ogg(_, _, logical) => logical.name(),
            Form::Wave(_) => Some("WAV"),
            Form::Raw(_, name) => Some(name),
            Form::Transport(_, frames) => frames.as_ref().map(|(_, frames)| frames.name()),
            Form::Fragments(fragments) => fragments.name(),
        }
    }

    /// The next of several pieces begins: what one of them has left unfinished in its wrapping will not go on.
    pub(super) fn next_piece(&mut self) {
        match &mut self.form {
            Form::Transport(transport, _) => transport.next_piece(),
            Form::Fragments(fragments) => fragments.next_piece(),
            Form::Frames(_) | Form::Flac(_) | Form::Ogg(..) | Form::Wave(_) | Form::Raw(..) => {}
        }
    }

    /// Takes bytes as they come; `is_last`: no others will follow. True: `heard` is full, and more is heard without another
    /// byte.
    ///
    /// # Errors
    /// When nothing in them can be decoded.
    pub(super) fn feed(&mut self, bytes: &[u8], is_last: bool, heard: &mut Heard) -> Result<bool, &'static str> {
        let (frames, apart) = (heard.frames(), heard.apart);
        let more = self.decode(bytes, is_last, heard)?;
        self.fruitless += bytes.len();
        let apart = (heard.apart - apart).min(self.apart_left);
        self.apart_left -= apart;
        self.fruitless = self.fruitless.saturating_sub(apart);
        if heard.frames() > frames {
            self.fruitless = 0;
            self.apart_left = APART_BYTES_MAX;
        }
        if self.fruitless > FRUITLESS_BYTES_MAX {
            return Err(NO_SOUND);
        }
        Ok(more)
    }

    fn decode(&mut self, bytes: &[u8], is_last: bool, heard: &mut Heard) -> Result<bool, &'static str> {
        match &mut self.form {
            Form::Frames(frames) => return frames.feed(bytes, is_last, heard),
            Form::Flac(frames) => frames.feed(bytes, is_last, heard)?,
            Form::Ogg(packets, waiting, logical) => {
                waiting.extend(packets.feed(bytes));
                heard.apart += packets.take_apart();
                while !heard.is_full()
                    && let Some(packet) = waiting.pop_front()
                {
                    logical.decode(&packet, heard)?;
                }
                return Ok(!waiting.is_empty());
            }
            Form::Raw(samples, _) => samples.feed(bytes, heard)?,
            Form::Transport(transport, frames) => {
                let brought = transport.feed(bytes)?;
                heard.apart += brought.apart;
                heard.title = brought.title.or(heard.title.take());
                let Some(kind) = transport.kind() else { return Ok(false) };
                if frames.as_ref().is_none_or(|(known, _)| *known != kind) {
                    *frames = Some((kind, Frames::new(kind)));
                }
                if let Some((_, frames)) = frames {
                    return frames.feed(&brought.sound, is_last, heard);
                }
            }
            Form::Fragments(fragments) => return fragments.feed(bytes, heard),
            Form::Wave(first) => {
                first.extend_from_slice(bytes);
                if let Some(head) = wave::head(first)? {
                    let mut samples = Samples::new(head.raw, head.length);
                    samples.feed(&first[head.bytes..], heard)?;
                    self.form = Form::Raw(samples, "WAV");
                }
            }
        }
        Ok(false)
    }
}

impl Samples {
    fn new(raw: Raw, left: Option<u64>) -> Self {
        Self {
            decoder: format::Decoder::new(raw.format),
            big_endian: raw.big_endian,
            begun: Vec::new(),
            left,
        }
    }

    fn feed(&mut self, mut bytes: &[u8], heard: &mut Heard) -> Result<(), &'static str> {
        if let Some(left) = &mut self.left {
            // Behind the samples there may be tags.
            bytes = &bytes[..bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX))];
            *left -= bytes.len() as u64;
        }
        let mut frames = Vec::new();
        let format = self.decoder.format();
        if self.big_endian {
            self.begun.extend_from_slice(bytes);
            let size = format.sample_bytes();
            let whole = self.begun.len() - self.begun.len() % size;
            for sample in self.begun[..whole].chunks_exact_mut(size) {
                sample.reverse();
            }
            self.decoder.decode(&self.begun[..whole], &mut frames);
            self.begun.drain(..whole);
        } else {
            self.decoder.decode(bytes, &mut frames);
        }
        heard.push(format.rate().hz(), frames)
    }
}

/// What an Ogg stream carries at the moment.
#[derive(Default)]
struct Logical {
    codec: Inside,
    /// Granule at the end of the page before, and frames that have come since.
    page: Option<(u64, u64)>,
    /// Frames that are not to be heard.
    skip: usize,
}

#[derive(Default)]
enum Inside {
    /// Nothing that the desk knows.
    #[default]
    None,
    /// The identification header of Vorbis, until the setup is there.
    Headers(Vec<u8>),
    Vorbis(Codec),
    Opus(Codec),
    Flac(Codec),
}

impl Logical {
    fn name(&self) -> Option<&'static str> {
        match self.codec {
            Inside::None => None,
            Inside::Headers(_) | Inside::Vorbis(_) => Some("Vorbis"),
            Inside::Opus(_) => Some("Opus"),
            Inside::Flac(_) => Some("FLAC"),
        }
    }

    /// By its first packet (RFC 7845; Vorbis I, 4.2; the mapping of FLAC to Ogg).
    fn beginning_with(head: &[u8]) -> Result<Self, &'static str> {
        let mut logical = Self::default();
        if shape(head).is_some_and(is_odd) {
            return Err("its rate or its channels are none that can be played");
        }
        if head.starts_with(b"OpusHead") {
            let pre_skip = head.get(10..12).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
            logical.skip = pre_skip.into();
            logical.codec = codec(CODEC_ID_OPUS, head).map_or(Inside::None, Inside::Opus);
        } else if head.starts_with(b"\x01vorbis") {
            logical.codec = Inside::Headers(head.to_vec());
        } else if head.starts_with(b"\x7fFLAC") {
            let information = head.get(17..51).unwrap_or_default();
            logical.codec = codec(CODEC_ID_FLAC, information).map_or(Inside::None, Inside::Flac);
        }
        Ok(logical)
    }

    fn decode(&mut self, packet: &Packet, heard: &mut Heard) -> Result<(), &'static str> {
        if packet.begins {
            *self = Self::beginning_with(&packet.bytes)?;
            return Ok(());
        }
        let bytes = packet.bytes.as_slice();
        if let Some(comments) = self.comments(bytes) {
            heard.title = Some(title_of_comments(comments).unwrap_or_default());
        } else {
            let mut decoded = Heard::default();
            self.sound(bytes, &mut decoded)?;
            heard.spoilt += decoded.spoilt;
            for (rate, mut frames) in decoded.pieces {
                self.cut_off_end(&mut frames, packet.close);
                let skipped = self.skip.min(frames.len());
                self.skip -= skipped;
                heard.push(rate.hz(), frames.split_off(skipped))?;
            }
        }
        if let Some((granule, _)) = packet.close {
            self.page = Some((granule, 0));
        }
        Ok(())
    }

    /// The end of a logical stream is where its last granule says: its codec gives more.
    fn cut_off_end(&mut self, frames: &mut Vec<Frame>, close: Option<(u64, bool)>) {
        let Some((before, since)) = &mut self.page else { return };
        *since += frames.len() as u64;
        if let Some((granule, true)) = close {
            let too_many = since.saturating_sub(granule.saturating_sub(*before));
            let too_many = usize::try_from(too_many).unwrap_or(usize::MAX);
            frames.truncate(frames.len().saturating_sub(too_many));
        }
    }

    /// What a packet has behind the words that begin a comment header, if it is one.
    fn comments<'packet>(&self, packet: &'packet [u8]) -> Option<&'packet [u8]> {
        match &self.codec {
            Inside::None => None,
            Inside::Opus(_) => packet.strip_prefix(b"OpusTags"),
            Inside::Headers(_) | Inside::Vorbis(_) => packet.strip_prefix(b"\x03vorbis"),
            // A block of metadata: its kind, and its length in three bytes.
            Inside::Flac(_) => packet.get(4..).filter(|_| packet[0] & 0x7f == 4),
        }
    }

    fn sound(&mut self, packet: &[u8], heard: &mut Heard) -> Result<(), &'static str> {
        match &mut self.codec {
            Inside::None => Ok(()),
            Inside::Headers(headers) => {
                if packet.starts_with(b"\x05vorbis") {
                    headers.extend_from_slice(packet);
                    self.codec = codec(CODEC_ID_VORBIS, headers).map_or(Inside::None, Inside::Vorbis);
                }
                Ok(())
            }
            Inside::Flac(_) if packet.first() != Some(&0xff) => Ok(()), // another block of metadata
            Inside::Opus(codec) | Inside::Vorbis(codec) | Inside::Flac(codec) => heard.decode(codec, packet),
        }
    }
}

pub(super) fn codec(id: AudioCodecId, headers: &[u8]) -> Option<Codec> {
    let mut params = AudioCodecParameters::new();
    params.for_codec(id).with_extra_data(headers.into());
    Codec::new(&params).ok()
}

/// Rate and channels as the first packet of Vorbis (Vorbis I, 4.2.2) or FLAC (RFC 9639, 8.2) has them: whoever decodes it takes
/// memory in proportion.
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

pub(super) fn is_odd((rate, channels): (u32, u8)) -> bool {
    !(RATES.0..=RATES.1).contains(&rate) || !(1..=CHANNELS_MAX).contains(&channels)
}

#[cfg(test)]
mod tests;
