//! MP3 and AAC (ADTS) as they come: frames one after the other, from any byte on. One counts once another like it follows, so
//! that what only looks like a header is none. What is in a tag before or between them (ID3v2) is left out.

use symphonia::core::audio::layouts::{CHANNEL_LAYOUT_MONO, CHANNEL_LAYOUT_STEREO};
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_MP3};

use super::decode::Heard;
use super::id3::{self, TAG};
use crate::decode::bare::{HEADER_BYTES, Header, Kind, adts_header, mp3_header};
use crate::decode::codec::Codec;

/// Finds frames in bytes, and decodes them.
pub(super) struct Frames {
    kind: Kind,
    waiting: Vec<u8>,
    /// Bytes of a tag that are still to come.
    skip: usize,
    /// What comes next stands where a frame or a tag begins: at the beginning, or behind another.
    at_border: bool,
    /// What the frames have in common, and their decoder.
    codec: Option<(u32, Codec)>,
}

impl Frames {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            waiting: Vec::new(),
            skip: 0,
            at_border: true,
            codec: None,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Mp3 => "MP3",
            Kind::Adts => "AAC",
        }
    }

    /// Takes bytes, and decodes until `heard` is full. `is_last`: no others will follow. True: more waits to be decoded.
    pub(super) fn feed(&mut self, bytes: &[u8], is_last: bool, heard: &mut Heard) -> Result<bool, &'static str> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        heard.apart += skipped;
        self.waiting.extend_from_slice(&bytes[skipped..]);
        let waiting = std::mem::take(&mut self.waiting);
        let mut at = 0;
        while let Some(rest) = waiting.get(at..).filter(|rest| rest.len() >= HEADER_BYTES) {
            if heard.is_full() {
                break;
            }
            let step = self.step(rest, is_last, heard)?;
            if step == 0 {
                break; // its end has to come
            }
            at += step;
        }
        self.waiting = waiting;
        self.waiting.drain(..at);
        Ok(heard.is_full() && self.waiting.len() >= HEADER_BYTES)
    }

    /// Goes by a tag, a frame or a byte that is of neither, and says how far that was; 0: more has to come to tell.
    fn step(&mut self, rest: &[u8], is_last: bool, heard: &mut Heard) -> Result<usize, &'static str> {
        if self.at_border && rest.starts_with(TAG) {
            let Some(length) = id3::length(rest) else {
                return Ok(if is_last { rest.len() } else { 0 });
            };
            let now = length.min(rest.len());
            self.skip = length - now;
            heard.apart += now;
            return Ok(now);
        }
        if self.at_border && self.codec.is_none() {
            // A tag stands before AAC as well, and does not say so.
            self.kind = kind_of(rest).unwrap_or(self.kind);
        }
        self.at_border = false;
        let Some(header) = self.header(rest) else {
            return Ok(1);
        };
        let Some(frame) = rest.get(..header.bytes) else {
            return Ok(if is_last { rest.len() } else { 0 });
        };
        let next = &rest[header.bytes..];
        if next.len() < HEADER_BYTES && !is_last {
            return Ok(0);
        }
        let follows = next.len() < HEADER_BYTES
            || next.starts_with(TAG)
            || self.header(next).is_some_and(|next| next.kind == header.kind);
        if !follows {
            return Ok(1);
        }
        self.decode(&header, frame, heard)?;
        self.at_border = true;
        Ok(header.bytes)
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

/// What frames `bytes` begin with; no header is one of both.
fn kind_of(bytes: &[u8]) -> Option<Kind> {
    if adts_header(bytes.get(..HEADER_BYTES)?).is_some() {
        Some(Kind::Adts)
    } else {
        mp3_header(bytes).map(|_| Kind::Mp3)
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
