//! MP3 and AAC (ADTS) as they come: frames one after the other, from any byte on. One counts once another like it follows, so
//! that what only looks like a header is none. What is in a tag before them (ID3v2) is left out.

use symphonia::core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP3};

use super::decode::Heard;
use crate::decode::bare::{HEADER_BYTES, Header, Kind, adts_header, mp3_header};
use crate::decode::codec::Codec;

/// Bytes before a tag's own.
const TAG_HEADER: usize = 10;

/// Finds frames in bytes, and decodes them.
pub(super) struct Frames {
    kind: Kind,
    waiting: Vec<u8>,
    /// Bytes of a tag that are still to come.
    skip: usize,
    /// Something has come that is no tag.
    begun: bool,
    /// What the frames have in common, and their decoder.
    codec: Option<(u32, Codec)>,
}

impl Frames {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            waiting: Vec::new(),
            skip: 0,
            begun: false,
            codec: None,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Mp3 => "MP3",
            Kind::Adts => "AAC",
        }
    }

    /// Takes bytes. `is_last`: no others will follow.
    pub(super) fn feed(&mut self, bytes: &[u8], is_last: bool, heard: &mut Heard) -> Result<(), &'static str> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.waiting.extend_from_slice(&bytes[skipped..]);
        if !self.begun && !self.is_past_tag() {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let mut at = 0;
        while let Some(rest) = waiting.get(at..).filter(|rest| rest.len() >= HEADER_BYTES) {
            let Some(header) = self.header(rest) else {
                at += 1;
                continue;
            };
            let Some(frame) = rest.get(..header.bytes) else {
                if is_last {
                    at = waiting.len();
                }
                break; // its end has to come
            };
            let next = &rest[header.bytes..];
            if next.len() < HEADER_BYTES && !is_last {
                break;
            }
            let follows = next.len() < HEADER_BYTES || self.header(next).is_some_and(|next| next.kind == header.kind);
            if follows {
                self.decode(&header, frame, heard)?;
                at += header.bytes;
            } else {
                at += 1;
            }
        }
        self.waiting = waiting;
        self.waiting.drain(..at);
        Ok(())
    }

    /// Leaves a tag out. False: more has to come to tell.
    fn is_past_tag(&mut self) -> bool {
        if !b"ID3".starts_with(&self.waiting[..self.waiting.len().min(3)]) {
            self.begun = true;
            return true;
        }
        let Some(header) = self.waiting.first_chunk::<TAG_HEADER>() else {
            return false;
        };
        let length = header[6..]
            .iter()
            .fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
        let length = TAG_HEADER + length;
        let now = length.min(self.waiting.len());
        self.waiting.drain(..now);
        self.skip = length - now;
        // Another may follow it.
        !self.waiting.is_empty() && self.is_past_tag()
    }

    fn header(&self, bytes: &[u8]) -> Option<Header> {
        match self.kind {
            Kind::Mp3 => mp3_header(bytes),
            Kind::Adts => adts_header(bytes.get(..HEADER_BYTES)?),
        }
    }

    /// A frame that cannot be decoded costs itself.
    fn decode(&mut self, header: &Header, frame: &[u8], heard: &mut Heard) -> Result<(), &'static str> {
        if self.codec.as_ref().is_none_or(|(kind, _)| *kind != header.kind) {
            self.codec = Some((header.kind, codec(self.kind, header)?));
        }
        let Some((_, codec)) = &mut self.codec else {
            return Ok(());
        };
        // What is behind the header, whose checksum is there or not.
        let head = match (self.kind, frame.get(1)) {
            (Kind::Mp3, _) => 0,
            (Kind::Adts, Some(second)) if second & 1 == 0 => 9,
            (Kind::Adts, _) => 7,
        };
        heard.decode(codec, frame.get(head..).unwrap_or_default())
    }
}

fn codec(kind: Kind, header: &Header) -> Result<Codec, &'static str> {
    let mut params = AudioCodecParameters::new();
    params.with_sample_rate(header.rate);
    match (kind, header.channels) {
        (Kind::Mp3, _) => params.for_codec(CODEC_ID_MP3),
        (Kind::Adts, 1) => params.for_codec(CODEC_ID_AAC).with_channels(CHANNEL_LAYOUT_MONO),
        (Kind::Adts, 2) => params.for_codec(CODEC_ID_AAC).with_channels(CHANNEL_LAYOUT_STEREO),
        (Kind::Adts, _) => return Err("it is AAC of more than two channels"),
    };
    Codec::new(&params).map_err(|_| "it is a kind of MP3 or AAC that is not known")
}
